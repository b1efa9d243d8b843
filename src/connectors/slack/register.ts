import { usage, type AnyCommand } from '#core/command.ts';
import { MANIFEST, SCOPES, UMBRELLA } from './slack.external.ts';
import { TEXTS } from './texts.ts';

export interface ManifestOptions {
  commands: Iterable<AnyCommand>;
  /** Where people reach the hall, without a slash at the end. HTTP needs it, Socket Mode does not. */
  publicUrl?: string;
  socketMode: boolean;
}

/** What api.slack.com/apps takes under “From a manifest”: the app with its rights, events and commands. */
export function slackManifest({ commands, publicUrl, socketMode }: ManifestOptions): object {
  const url = socketMode ? undefined : `${publicUrl ?? 'https://hall.example.org'}/slack/events`;
  return {
    display_information: { name: 'Guildhall', description: TEXTS.manifest.description },
    features: {
      app_home: { home_tab_enabled: false, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: 'Guildhall', always_online: true },
      slash_commands: slashCommands([...commands], url),
    },
    // Where people come back to who link their name, or add a workspace.
    oauth_config: { ...(publicUrl !== undefined && { redirect_urls: redirects(publicUrl) }), scopes: { bot: SCOPES } },
    settings: {
      event_subscriptions: {
        ...(url && { request_url: url }),
        bot_events: ['app_mention', 'app_uninstalled', 'message.im', 'tokens_revoked', 'user_change'],
      },
      interactivity: { is_enabled: false },
      org_deploy_enabled: false,
      socket_mode_enabled: socketMode,
      token_rotation_enabled: false,
    },
  };
}

const redirects = (base: string): string[] => [`${base}/v1/slack/callback`, `${base}/v1/me/identities/slack/callback`];

interface SlashCommand {
  command: string;
  description: string;
  usage_hint: string;
  should_escape: boolean;
  url?: string;
}

function slashCommands(commands: AnyCommand[], url: string | undefined): SlashCommand[] {
  const sorted = commands.toSorted((a, b) => a.name.localeCompare(b.name));
  const all = sorted.map((one) => usage(one).slice(1)).join(' | ');
  const own = sorted
    .filter(({ name }) => isFree(name))
    .map((one) => slashCommand(`/${one.name}`, one.summary, hint(one)));
  return [slashCommand(UMBRELLA, TEXTS.manifest.umbrella, all), ...own]
    .slice(0, MANIFEST.commands)
    .map((one) => ({ ...one, ...(url && { url }) }));
}

/** Without `should_escape` people and channels arrive as they were typed. */
function slashCommand(command: string, description: string, usageHint: string): SlashCommand {
  return {
    command,
    description: description.slice(0, MANIFEST.description),
    usage_hint: usageHint.slice(0, MANIFEST.usage),
    should_escape: false,
  };
}

const hint = (one: AnyCommand): string =>
  usage(one)
    .slice(one.name.length + 1)
    .trim();

function isFree(name: string): boolean {
  return name.length < MANIFEST.command && !TAKEN.has(name);
}

/** Slack's own commands cannot be had. https://slack.com/help/articles/201259356-Slash-commands-in-Slack */
const TAKEN = new Set(
  (
    'active apps archive away call canvas collapse dm dnd expand feed feedback files genie help huddle invite invite_people ' +
    'join kick leave list me msg mute open part people pref prefs remind remove rename search shortcuts shrug star status ' +
    'topic unarchive who workflow'
  ).split(' '),
);
