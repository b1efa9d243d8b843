import type { Connector, ConnectorPorts, PlatformHealth } from '#core/platform.ts';
import type { Config } from './config.ts';

/** A platform as the settings have it: with its connector, or why it is skipped. */
export interface Platform {
  name: string;
  /** Loads the vendor's library and makes the connector. Undefined where the platform is skipped. */
  open?(ports: ConnectorPorts): Promise<Connector>;
  /** It may run in several processes at once: the platform calls us, and no connection is to be shared. */
  anywhere?: boolean;
  /** Why it is skipped, for the terminal. `half`: some of its settings are there and others are missing. */
  skipped?: { why: string; half: boolean; missing: string[] };
}

/** Discord, Slack and Twitch, each by its settings. A platform without a token costs nothing: its library is not even loaded. */
export function platforms(config: Config): Platform[] {
  return [
    platform('discord', config, [['DISCORD_TOKEN']], async (ports) => {
      const { discordApplications } = await import('#connectors/discord/applications.ts');
      return discordApplications({ token: text(config.DISCORD_TOKEN), apiUrl: config.DISCORD_API_URL }, ports);
    }),
    platform('slack', config, slackNeeds(config), async (ports) => {
      const { slackConnector } = await import('#connectors/slack/index.ts');
      return slackConnector(
        {
          ...(config.SLACK_BOT_TOKEN !== undefined && { botToken: config.SLACK_BOT_TOKEN }),
          apiUrl: config.SLACK_API_URL,
          ...(config.SLACK_APP_TOKEN
            ? { appToken: config.SLACK_APP_TOKEN }
            : { signingSecret: text(config.SLACK_SIGNING_SECRET) }),
        },
        ports,
      );
    }),
    platform(
      'twitch',
      config,
      TWITCH.map((name) => [name]),
      async (ports) => {
        const { twitchConnector } = await import('#connectors/twitch/index.ts');
        return twitchConnector(
          {
            clientId: text(config.TWITCH_CLIENT_ID),
            clientSecret: text(config.TWITCH_CLIENT_SECRET),
            refreshToken: text(config.TWITCH_BOT_REFRESH_TOKEN),
            channels: config.TWITCH_CHANNELS,
            ircUrl: config.TWITCH_IRC_URL,
            apiUrl: config.TWITCH_API_URL,
            authUrl: config.TWITCH_AUTH_URL,
          },
          ports,
        );
      },
    ),
  ];
}

type Name = keyof Config & string;

const TWITCH: Name[] = ['TWITCH_CLIENT_ID', 'TWITCH_CLIENT_SECRET', 'TWITCH_BOT_REFRESH_TOKEN', 'TWITCH_CHANNELS'];

/** With a client id workspaces join by "Add to Slack", and the operator needs none. Alone it is for linking. */
function slackNeeds({ SLACK_APP_TOKEN, SLACK_SIGNING_SECRET }: Config): Name[][] {
  const hears = SLACK_APP_TOKEN !== undefined || SLACK_SIGNING_SECRET !== undefined;
  return [
    ['SLACK_BOT_TOKEN', ...(hears ? (['SLACK_CLIENT_ID'] as const) : [])],
    ['SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET'],
  ];
}

/** `needed`: one of each list has to be set. Where none is, the platform is not wanted, and the first is named. */
function platform(name: string, config: Config, needed: Name[][], open: NonNullable<Platform['open']>): Platform {
  const missing = needed.filter((any) => !any.some((one) => isSet(config[one])));
  if (missing.length === 0) return { name, open, anywhere: name === 'slack' && !isSet(config.SLACK_APP_TOKEN) };
  const half = missing.length < needed.length;
  const words = missing.map((any) => any.join(' or ')).join(', ');
  return {
    name,
    skipped: {
      half,
      missing: missing.map((any) => any[0] as string),
      why: half ? `skipped, still missing: ${words}. See docs/${name}.md` : `skipped, ${needed[0]?.[0]} is not set`,
    },
  };
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function text(value: string | undefined): string {
  return value ?? '';
}

const LOOK_MS = 500;

/** Tells every change of a platform's state, until it is stopped. */
export function watchPlatforms(
  connectors: () => readonly Connector[],
  tell: (health: PlatformHealth) => void,
): { stop(): void } {
  const seen = new Map<string, string>();
  const look = (): void => {
    for (const connector of connectors()) {
      const health = connector.health();
      const state = `${health.state} ${health.why ?? ''}`;
      if (seen.get(connector.platform) === state) continue;
      const first = !seen.has(connector.platform);
      seen.set(connector.platform, state);
      if (!(first && health.state === 'starting')) tell(health);
    }
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  look();
  return { stop: () => clearInterval(timer) };
}
