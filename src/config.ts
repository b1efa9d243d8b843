import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { isLoopback } from '#core/loopback.ts';
import { nearest, readSettings, type Settings } from './settings.ts';

/** What one process runs: everything, or one part of it beside others. */
export const ROLES = ['all', 'hall', 'bot', 'worker', 'discord', 'slack', 'twitch', 'vault'] as const;

export type ProcessRole = (typeof ROLES)[number];

export type Config = Settings & {
  /** Whether a .env file was read, and how many settings came from it or the environment. */
  source: { envFile: boolean; set: number };
};

/** One refused setting: its name, what is wrong and what would be right. */
export interface WrongSetting {
  name: string;
  lines: string[];
}

/** Thrown with every wrong setting at once. Nothing has been started or written. */
export class WrongSettings extends Error {
  readonly wrong: WrongSetting[];

  constructor(wrong: WrongSetting[]) {
    super(wrong.map(({ name, lines }) => `${name}: ${lines.join(' ')}`).join('\n'));
    this.wrong = wrong;
  }
}

/** Reads `.env` in `folder`, then `env`, which wins; gives what the role needs and no secret of another. Throws `WrongSettings`. */
export function readConfig(env: NodeJS.ProcessEnv, folder: string, role: ProcessRole = 'all'): Config {
  const path = `${folder}/.env`;
  const envFile = existsSync(path);
  const given: Record<string, string | undefined> = {
    ...(envFile ? parseEnv(readFileSync(path, 'utf8')) : {}),
    ...env,
  };
  const { settings, wrong, set } = readSettings(given);
  const all = [
    ...unknownSettings(given),
    ...wrong,
    // Slack's connector needs to know that workspaces are added, and the hall alone does it.
    ...together(settings, wrong).filter(({ name }) => !(role === 'slack' && name === 'SLACK_CLIENT_SECRET')),
    ...engines(settings, { role, wrong }),
    ...vault(settings, { role, wrong }),
  ];
  if (all.length > 0) throw new WrongSettings(all);
  return { ...settings, ...withoutSecretsOfOthers(role), source: { envFile, set } };
}

/** What only these may know. A hall asks other services who somebody is there. */
const SECRETS = {
  hall: ['OIDC_CLIENT_SECRET', 'DISCORD_CLIENT_SECRET', 'SLACK_CLIENT_SECRET', 'TWITCH_CLIENT_SECRET', 'SMTP_URL'],
  discord: ['DISCORD_TOKEN'],
  slack: ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET'],
  twitch: ['TWITCH_CLIENT_SECRET', 'TWITCH_BOT_REFRESH_TOKEN'],
  // It asks for tokens in the application's name, and has nothing to do with the database.
  vault: ['TWITCH_CLIENT_SECRET'],
  // For the command line, which reads as the role all.
  operator: ['BACKUP_PASSPHRASE'],
} as const satisfies Record<string, readonly (keyof Settings)[]>;

function withoutSecretsOfOthers(role: ProcessRole): Partial<Settings> {
  if (role === 'all') return {};
  const mine: readonly string[] = SECRETS[role as keyof typeof SECRETS] ?? [];
  const others = Object.values(SECRETS)
    .flat()
    .filter((name) => !mine.includes(name));
  const engines = role === 'vault' ? ENGINES : [];
  return Object.fromEntries([...others, ...engines].map((name) => [name, undefined]));
}

const ENGINES = ['DATABASE_URL', 'AMQP_URL', 'REDIS_URL'] as const;

/** One process may have a database of its own; several share all three engines. */
function engines(
  settings: Settings,
  { role, wrong: already }: { role: ProcessRole; wrong: WrongSetting[] },
): WrongSetting[] {
  const told = new Set<string>(already.map(({ name }) => name));
  if (role === 'vault') return [];
  const several = role !== 'all' || settings.AMQP_URL !== undefined;
  const why = role === 'all' ? 'AMQP_URL joins several processes' : `--role ${role} is one of several processes`;
  const missing = several ? ENGINES.filter((name) => settings[name] === undefined && !told.has(name)) : [];
  const wrong: WrongSetting[] = missing.map((name) => ({
    name,
    lines: [`is not set. ${why}, and they share all of`, ENGINES.join(', ')],
  }));
  if (settings.STOCK_BRIDGE === 'on' && settings.AMQP_URL === undefined)
    wrong.push({
      name: 'STOCK_BRIDGE',
      lines: ['is on, and AMQP_URL is not set: the bridge is two queues of RabbitMQ.'],
    });
  if (settings.ENGINE_CA !== undefined && !existsSync(settings.ENGINE_CA))
    wrong.push({ name: 'ENGINE_CA', lines: [`There is no file ${settings.ENGINE_CA}.`] });
  return wrong;
}

const SERVICE_FILES = ['SERVICE_CERT', 'SERVICE_KEY', 'SERVICE_CA'] as const;

/** Who reaches the vault in another process, and the vault there, need a certificate each. */
function vault(
  settings: Settings,
  { role, wrong: already }: { role: ProcessRole; wrong: WrongSetting[] },
): WrongSetting[] {
  const told = new Set<string>(already.map(({ name }) => name));
  if (role !== 'vault' && settings.VAULT_URL === undefined) return [];
  const why = role === 'vault' ? '--role vault' : 'VAULT_URL';
  const needed = role === 'vault' ? (['VAULT_LISTEN', ...SERVICE_FILES] as const) : SERVICE_FILES;
  const missing = needed.filter((name) => settings[name] === undefined && !told.has(name));
  const lost = SERVICE_FILES.filter((name) => settings[name] !== undefined && !existsSync(settings[name]));
  return [
    ...missing.map((name) => ({
      name,
      lines: [`is not set, and ${why} needs it. To make certificates: npm run -s guildhall -- certs DIR`],
    })),
    ...lost.map((name) => ({ name, lines: [`There is no file ${settings[name]}.`] })),
  ];
}

function unknownSettings(given: Record<string, string | undefined>): WrongSetting[] {
  return Object.keys(given)
    .filter((name) => name.startsWith('GUILDHALL_') && name !== 'GUILDHALL_DATA')
    .map((name) => ({
      name,
      lines: [`is not a setting. Did you mean ${nearest(name)}?`, 'All settings: .env.example'],
    }));
}

/** What an application is known by at another service: one without the other is of no use. */
const CLIENTS = [
  ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'A sign-in with another service needs both: docs/signing-in.md'],
  ['DISCORD_CLIENT_ID', 'DISCORD_CLIENT_SECRET', 'Linking by Discord needs both: docs/identities.md'],
  ['SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET', 'Linking by Slack, and “Add to Slack”, need both: docs/slack.md'],
] as const;

/** What is wrong only together with another setting. */
function together(settings: Settings, already: WrongSetting[]): WrongSetting[] {
  const wrong: WrongSetting[] = [];
  const names = new Set(already.map(({ name }) => name));
  if (
    !names.has('HOST') &&
    !names.has('TLS') &&
    !isLoopback(settings.HOST) &&
    settings.TLS === 'off' &&
    settings.TRUSTED_PROXIES.length === 0
  ) {
    wrong.push({
      name: 'HOST',
      lines: [
        `${settings.HOST} lets other machines in, and TLS is off.`,
        'Set TLS=self or TLS=files, or name your proxy in',
        'TRUSTED_PROXIES. HOST=127.0.0.1 keeps it to this machine.',
      ],
    });
  }
  for (const [id, secret, why] of CLIENTS) {
    if ((settings[id] === undefined) === (settings[secret] === undefined)) continue;
    wrong.push({ name: settings[id] === undefined ? id : secret, lines: [`is not set. ${why}`] });
  }
  if (settings.SMTP_URL !== undefined) {
    if (settings.MAIL_FROM === undefined)
      wrong.push({ name: 'MAIL_FROM', lines: ['is not set, and SMTP_URL needs it.'] });
    if (settings.PUBLIC_URL === undefined && !isLoopback(settings.HOST))
      wrong.push({ name: 'PUBLIC_URL', lines: ['is not set. Mails hold links, which need it.'] });
  }
  for (const name of ['TLS_CERT', 'TLS_KEY'] as const) {
    if (settings.TLS === 'files' && !settings[name])
      wrong.push({ name, lines: ['is not set, and TLS=files needs it: the path of a PEM file.'] });
    else if (settings.TLS === 'files' && !existsSync(settings[name] as string))
      wrong.push({ name, lines: [`There is no file ${settings[name]}.`] });
  }
  return wrong;
}

/** Where people reach the hall, as far as the settings tell; without a slash at the end. */
export function baseOf(config: Pick<Settings, 'PUBLIC_URL' | 'TLS' | 'HOST' | 'PORT'>): string {
  if (config.PUBLIC_URL !== undefined) return config.PUBLIC_URL;
  const everywhere = config.HOST === '0.0.0.0' || config.HOST === '::';
  const host = everywhere ? 'localhost' : config.HOST;
  return `${config.TLS === 'off' ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${config.PORT}`;
}
