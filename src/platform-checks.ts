import type { AnyCommand } from '#core/command.ts';
import type { PlatformAction } from '#core/platform.ts';
import type { Config } from './config.ts';
import { platforms } from './platforms.ts';

/** What a look at one platform's settings found, as lines for the terminal. */
export interface PlatformCheck {
  name: string;
  state: 'ok' | 'wrong' | 'skipped';
  lines: string[];
}

/** Tries each platform's tokens with the platform itself. `needed`: the actions that the hall's features ask for. */
export function checkPlatforms(config: Config, needed: PlatformAction[]): Promise<PlatformCheck[]> {
  return Promise.all(
    platforms(config).map(async ({ name, skipped }): Promise<PlatformCheck> => {
      if (skipped) return { name, state: skipped.half ? 'wrong' : 'skipped', lines: [skipped.why] };
      const lines = await (CHECKS[name] as Check)(config, needed);
      return { name, ...lines };
    }),
  );
}

/** With the page that explains it, where the sentence does not name it itself. */
function explained(why: string, name: string): string[] {
  const page = `docs/${name}.md`;
  return why.includes(page) ? [why] : [why, `See ${page}`];
}

type Check = (config: Config, needed: PlatformAction[]) => Promise<Pick<PlatformCheck, 'state' | 'lines'>>;

const CHECKS: Record<string, Check> = {
  async discord(config, needed) {
    const { checkDiscord } = await import('#connectors/discord/check.ts');
    const { inviteLink } = await import('#connectors/discord/invite.ts');
    const { PERMISSION_WORDS } = await import('#connectors/discord/texts.ts');
    const found = await checkDiscord({ token: config.DISCORD_TOKEN ?? '', apiUrl: config.DISCORD_API_URL });
    if (!found.ok) return { state: 'wrong', lines: explained(found.why, 'discord') };
    const link = inviteLink(found.appId, needed);
    const open = found.open ? ['Anybody may add it to a server of theirs: docs/discord.md says how to end that.'] : [];
    const rights = [...new Set(needed.map((action) => PERMISSION_WORDS[action]))].join(', ');
    const asks = rights === '' ? [] : [`For what its features do its role needs: ${rights}.`];
    return { state: 'ok', lines: [found.name, ...open, ...asks, 'Invite it, with what is switched on now:', link] };
  },
  async slack(config) {
    const { checkSlack } = await import('#connectors/slack/check.ts');
    const found = await checkSlack({
      apiUrl: config.SLACK_API_URL,
      ...(config.SLACK_BOT_TOKEN !== undefined && { botToken: config.SLACK_BOT_TOKEN }),
      ...(config.SLACK_APP_TOKEN !== undefined && { appToken: config.SLACK_APP_TOKEN }),
    });
    if (!found.ok) return { state: 'wrong', lines: explained(found.why, 'slack') };
    if (found.missing.length > 0)
      return { state: 'wrong', lines: [`These scopes are missing: ${found.missing.join(', ')}.`, 'See docs/slack.md'] };
    const own =
      found.team === undefined ? 'for workspaces that are added' : `${found.name} in ${found.team}, all scopes`;
    return { state: 'ok', lines: [own] };
  },
  async twitch(config) {
    const { checkTwitch } = await import('#connectors/twitch/check.ts');
    const found = await checkTwitch({
      clientId: config.TWITCH_CLIENT_ID ?? '',
      clientSecret: config.TWITCH_CLIENT_SECRET ?? '',
      refreshToken: config.TWITCH_BOT_REFRESH_TOKEN ?? '',
      authUrl: config.TWITCH_AUTH_URL,
    });
    if (!found.ok) return { state: 'wrong', lines: explained(found.why, 'twitch') };
    if (found.missing.length > 0)
      return {
        state: 'wrong',
        lines: [`These scopes are missing: ${found.missing.join(', ')}.`, 'See docs/twitch.md'],
      };
    return { state: 'ok', lines: [`${found.login}, in ${config.TWITCH_CHANNELS.join(', ')}`] };
  },
};

/** The Slack app as Slack wants it described. */
export async function slackManifestOf(
  { PUBLIC_URL }: Config,
  app: { commands: AnyCommand[]; socketMode: boolean },
): Promise<object> {
  const { slackManifest } = await import('#connectors/slack/register.ts');
  return slackManifest({ ...app, ...(PUBLIC_URL !== undefined && { publicUrl: PUBLIC_URL }) });
}
