import { isIP } from 'node:net';
import type { Rate } from '#core/limits.ts';
import { readAddress } from '#core/mail.ts';
import { isLoopback } from '#core/loopback.ts';
import type { WrongSetting } from './config.ts';

/** What a setting is: its default as it would be written, what it means, and how its text is read. A reader returns the wrong as a sentence. */
interface Setting<T> {
  fallback: string;
  meaning: string;
  read(text: string, name: string): T | { wrong: string[] };
}

const SETTINGS = {
  PORT: setting('3000', 'The port. 0 takes any free one.', whole(0, 65_535)),
  HOST: setting('127.0.0.1', 'The address to listen on. Another than loopback needs TLS or TRUSTED_PROXIES.', text),
  PUBLIC_URL: setting(
    '',
    'Where people reach the hall, such as https://hall.example.org. Links and the origin check use it.',
    address,
  ),
  GUILDHALL_DATA: setting('./data', 'The folder of all data. Made where absent, for one process at a time.', text),
  DATABASE_URL: setting(
    '',
    'PostgreSQL instead of the file in GUILDHALL_DATA: postgres://user:password@host/database?sslmode=verify-full',
    engine(['postgres:', 'postgresql:'], isEncryptedPostgres),
  ),
  AMQP_URL: setting(
    '',
    'RabbitMQ, which joins several processes: amqps://user:password@host/vhost',
    engine(['amqps:', 'amqp:'], (url) => url.protocol === 'amqps:'),
  ),
  REDIS_URL: setting(
    '',
    'Redis, which counts for several processes: rediss://user:password@host/0',
    engine(['rediss:', 'redis:'], (url) => url.protocol === 'rediss:'),
  ),
  ENGINE_CA: setting('', 'A PEM file with the authority that signed the three engines’ certificates.', optional),
  VAULT_LISTEN: setting(
    '',
    'For --role vault: the address and port that it listens on, such as 0.0.0.0:7443.',
    listening,
  ),
  VAULT_URL: setting(
    '',
    'The vault in a process of its own: https://vault:7443. Without it the vault is a child of this process.',
    vaultAddress,
  ),
  SERVICE_CERT: setting(
    '',
    'For VAULT_URL and VAULT_LISTEN: this role’s certificate, PEM. To make it: npm run -s guildhall -- certs DIR',
    optional,
  ),
  SERVICE_KEY: setting('', 'Its key, PEM.', optional),
  SERVICE_CA: setting('', 'The authority that signed the certificates of all roles, PEM.', optional),
  TORN_URL: setting('https://api.torn.com', 'Torn’s API, without the version.', service('https:', 'http:')),
  BACKUP_PASSPHRASE: setting(
    '',
    'What backups are sealed with, 12 characters at least. Without it the first backup makes one and says where it is.',
    passphrase,
  ),
  AUDIT_DAYS: setting(
    '365',
    'Days that the audit is kept: who did what, where, when and with what result.',
    whole(1, 3_650),
  ),
  SIGNUP: setting('invite', 'Who may make an account: invite, open or closed.', oneOf('invite', 'open', 'closed')),
  COMMUNITIES: setting('operator', 'Who may make a community: operator or anyone.', oneOf('operator', 'anyone')),
  OIDC_CLIENT_ID: setting(
    '',
    'Sign-in with Google or another issuer: the client’s id there. Without it people sign in by password: docs/signing-in.md.',
    optional,
  ),
  OIDC_CLIENT_SECRET: setting('', 'The client’s secret.', optional),
  OIDC_ISSUER: setting(
    'https://accounts.google.com',
    'The issuer, as it calls itself: an OpenID Connect provider.',
    service('https:', 'http:'),
  ),
  SMTP_URL: setting(
    '',
    'The mail server: smtps://user:password@host, or smtp:// with STARTTLS. Without it mails are shown on the terminal.',
    engine(['smtps:', 'smtp:'], () => true),
  ),
  MAIL_FROM: setting('', 'Whom mails are from, such as Our Hall <hall@example.org>. Needed with SMTP_URL.', sender),
  LIST_SOURCES: setting(
    '',
    'A JSON file that names databases which lists of people may come from: docs/verification.md.',
    optional,
  ),
  SESSION_IDLE_MINUTES: setting(
    '10080',
    'Minutes without use after which a session ends. After 30 days it ends in any case.',
    whole(1, 43_200),
  ),
  STOCK_URL: setting('https://stooq.com/q/l/', 'The quote service, without a query.', neededAddress),
  STOCK_BRIDGE: setting(
    'off',
    'on: quotes come from another program over RabbitMQ instead of STOCK_URL: docs/stock.md.',
    oneOf('off', 'on'),
  ),
  DISCORD_TOKEN: setting('', 'The Discord bot’s token: docs/discord.md. Without it Discord is skipped.', optional),
  DISCORD_API_URL: setting(
    'https://discord.com/api',
    'Discord’s API, without the version.',
    service('https:', 'http:'),
  ),
  DISCORD_CLIENT_ID: setting('', 'The Discord application’s id, for linking by Discord: docs/identities.md.', optional),
  DISCORD_CLIENT_SECRET: setting('', 'The Discord application’s client secret.', optional),
  SLACK_BOT_TOKEN: setting(
    '',
    'The Slack app’s bot token in your own workspace, xoxb-…: docs/slack.md. Not needed where workspaces are added.',
    optional,
  ),
  SLACK_APP_TOKEN: setting('', 'For Socket Mode: the app-level token, xapp-…', optional),
  SLACK_SIGNING_SECRET: setting('', 'For events over HTTP at /slack/events, instead of SLACK_APP_TOKEN.', optional),
  SLACK_CLIENT_ID: setting(
    '',
    'The Slack app’s client id, for linking by Slack and “Add to Slack”: docs/identities.md, docs/slack.md.',
    optional,
  ),
  SLACK_CLIENT_SECRET: setting('', 'The Slack app’s client secret.', optional),
  SLACK_API_URL: setting('https://slack.com/api/', 'Slack’s Web API.', service('https:', 'http:')),
  TWITCH_CLIENT_ID: setting('', 'The Twitch application’s id: docs/twitch.md. Without it Twitch is skipped.', optional),
  TWITCH_CLIENT_SECRET: setting('', 'The Twitch application’s secret.', optional),
  TWITCH_BOT_REFRESH_TOKEN: setting('', 'The refresh token of the bot’s Twitch account.', optional),
  TWITCH_CHANNELS: setting('', 'The Twitch channels to be in, with commas between.', channels),
  TWITCH_IRC_URL: setting('wss://irc-ws.chat.twitch.tv:443', 'Twitch’s chat.', service('wss:', 'ws:')),
  TWITCH_API_URL: setting('https://api.twitch.tv/helix', 'Twitch’s API.', service('https:', 'http:')),
  TWITCH_AUTH_URL: setting('https://id.twitch.tv/oauth2', 'Twitch’s sign-in.', service('https:', 'http:')),
  CORS_ORIGINS: setting('', 'Origins whose pages may call with a Bearer token, with commas between.', origins),
  TRUSTED_PROXIES: setting(
    '',
    'Addresses or networks of your proxies, with commas between: their word on a caller’s address counts.',
    networks,
  ),
  TLS: setting('off', 'HTTPS: off, self (a certificate of its own) or files.', oneOf('off', 'self', 'files')),
  TLS_CERT: setting('', 'For TLS=files: the certificate and its chain, PEM.', optional),
  TLS_KEY: setting('', 'For TLS=files: the key, PEM.', optional),
  METRICS_TOKEN: setting('', 'A Bearer token that may read /metrics from other machines.', optional),
  LOG_LEVEL: setting(
    'warn',
    'How much is written down: trace, debug, info, warn, error or silent.',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
  ),
  POST_LIMIT: setting('30/10', 'Posts of one person: uses, a slash, seconds.', rate),
  COMMAND_LIMIT: setting('30/60', 'Commands of one person.', rate),
  SIGNUP_LIMIT: setting('10/3600', 'New accounts from one address.', rate),
  READ_LIMIT: setting('600/60', 'Requests of one person.', rate),
} satisfies Record<string, Setting<unknown>>;

type Name = keyof typeof SETTINGS;
type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** All settings, read. */
export type Settings = { [N in Name]: ValueOf<(typeof SETTINGS)[N]> };

export interface ReadSettings {
  settings: Settings;
  wrong: WrongSetting[];
  set: number;
}

/** Reads every setting; an empty text is as good as none. */
export function readSettings(given: Record<string, string | undefined>): ReadSettings {
  const wrong: WrongSetting[] = [];
  let set = 0;
  const entries = Object.entries(SETTINGS).map(([name, one]: [string, Setting<unknown>]) => {
    const asked = given[name]?.trim();
    if (asked) set++;
    const value = one.read(asked || one.fallback, name);
    if (!isWrong(value)) return [name, value];
    wrong.push({ name, lines: value.wrong });
    return [name, one.read(one.fallback, name)];
  });
  return { settings: Object.fromEntries(entries) as Settings, wrong, set };
}

/** The text of `.env.example`: every setting with its default and meaning. */
export function envExample(): string {
  const parts = Object.entries(SETTINGS).map(([name, one]) => `# ${one.meaning}\n# ${name}=${one.fallback}\n`);
  return [
    '# Copy to .env and take away the # of what you change. The environment wins over this file.\n',
    ...parts,
  ].join('\n');
}

/** The setting whose name is most like a mistyped one. */
export function nearest(name: string): string {
  const bare = name.replace(/^GUILDHALL_/, '');
  if (Object.hasOwn(SETTINGS, bare)) return bare;
  return closest(name, Object.keys(SETTINGS));
}

function setting<T>(fallback: string, meaning: string, read: Setting<T>['read']): Setting<T> {
  return { fallback, meaning, read };
}

function isWrong(value: unknown): value is { wrong: string[] } {
  return typeof value === 'object' && value !== null && 'wrong' in value;
}

function text(value: string): string {
  return value;
}

function optional(value: string): string | undefined {
  return value || undefined;
}

/** With a name before the address, or without. */
function sender(value: string): string | undefined | { wrong: string[] } {
  if (value === '') return undefined;
  const address = /^[^<>@]*<([^<>]*)>$/.exec(value)?.[1] ?? value;
  if (readAddress(address) !== undefined) return value;
  return { wrong: [`"${value}" is not an address such as Our Hall <hall@example.org>`] };
}

/** It is never shown, not even where it is refused. */
function passphrase(value: string): string | undefined | { wrong: string[] } {
  if (value === '' || value.length >= LEAST_PASSPHRASE) return value || undefined;
  return { wrong: [`is shorter than ${LEAST_PASSPHRASE} characters.`] };
}

/** Characters of a passphrase at least: as of a password. */
export const LEAST_PASSPHRASE = 12;

function whole(least: number, most: number): Setting<number>['read'] {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    return { wrong: [`"${value}" is not a whole number from ${least} to ${most}.`] };
  };
}

function oneOf<const C extends readonly string[]>(...choices: C): Setting<C[number]>['read'] {
  return (value, name) => {
    if (choices.includes(value)) return value as C[number];
    return {
      wrong: [`"${value}" is not one of: ${choices.join(', ')}.`, `Did you mean ${name}=${closest(value, choices)}?`],
    };
  };
}

function rate(value: string, name: string): Rate | { wrong: string[] } {
  const [uses, perSeconds, ...rest] = value.split('/').map(Number);
  if (value.split('/').length === 1)
    return { wrong: [`"${value}" has no time. Uses, a slash, seconds: ${name}=30/10`] };
  const good = rest.length === 0 && /^\d+\/\d+$/.test(value) && isCount(uses) && isCount(perSeconds);
  return good
    ? { uses: uses as number, perSeconds: perSeconds as number }
    : { wrong: [`"${value}" is not uses, a slash, seconds: ${name}=30/10`] };
}

function isCount(value: number | undefined): boolean {
  return value !== undefined && Number.isSafeInteger(value) && value > 0;
}

function address(value: string): string | undefined | { wrong: string[] } {
  if (value === '') return undefined;
  const read = neededAddress(value);
  if (typeof read !== 'string' || new URL(read).origin === read) return read;
  return { wrong: [`"${value}" has a path; the hall is at the top of its address: ${new URL(read).origin}`] };
}

function neededAddress(value: string): string | { wrong: string[] } {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const good =
    url &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.search === '' &&
    url.hash === '' &&
    url.username + url.password === '';
  if (!good) return { wrong: [`"${value}" is not an address such as https://hall.example.org, without a query.`] };
  return url.pathname === '/' ? url.origin : value;
}

/** The address of a service that gets our tokens: encrypted, except on this machine. */
function service(secure: string, plain: string): Setting<string>['read'] {
  return (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url?.protocol === secure || (url?.protocol === plain && isLoopback(url.hostname))) return value;
    if (url?.protocol === plain)
      return {
        wrong: [`"${value}" is not encrypted, and tokens go there: ${secure}//… (${plain} on this machine alone)`],
      };
    return { wrong: [`"${value}" is not an address such as ${secure}//service.example.org`] };
  };
}

/** `host:port`; the port is needed, as there is no usual one. */
function listening(value: string): { host: string; port: number } | undefined | { wrong: string[] } {
  if (value === '') return undefined;
  const url = URL.canParse(`tcp://${value}`) ? new URL(`tcp://${value}`) : undefined;
  if (!url || url.port === '' || url.host !== value)
    return { wrong: [`"${value}" is not an address and a port such as 0.0.0.0:7443`] };
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) };
}

function vaultAddress(value: string): string | undefined | { wrong: string[] } {
  const read = address(value);
  if (typeof read !== 'string' || read.startsWith('https://')) return read;
  return { wrong: [`"${value}" is not https: who the caller is stands in its certificate.`] };
}

/** One of the engines: encrypted, except on this machine. The address is never shown, as it holds a password. */
function engine(protocols: string[], isEncrypted: (url: URL) => boolean): Setting<string | undefined>['read'] {
  const example = `${protocols[0]}//…`;
  return (value) => {
    if (value === '') return undefined;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !protocols.includes(url.protocol)) return { wrong: [`is not an address such as ${example}`] };
    if (!isDecodable(url))
      return { wrong: ['holds a % that stands for nothing. In user, password and path a % is written %25.'] };
    if (isEncrypted(url) || isLoopback(url.hostname) || isSocket(url)) return value;
    return {
      wrong: [
        `${url.hostname} is another machine, and the connection is not encrypted.`,
        protocols.includes('postgres:') ? 'Add ?sslmode=verify-full' : `Use ${example}`,
      ],
    };
  };
}

function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    for (const part of [username, password, pathname]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** A socket in the file system: https://www.postgresql.org/docs/current/libpq-connect.html */
function isSocket(url: URL): boolean {
  return url.hostname === '' && (url.searchParams.get('host') ?? '/').startsWith('/');
}

/** https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
function isEncryptedPostgres(url: URL): boolean {
  return ['require', 'verify-ca', 'verify-full'].includes(url.searchParams.get('sslmode') ?? '');
}

/** Twitch names: https://dev.twitch.tv/docs/irc/ , in any case and with or without the # of IRC. */
function channels(value: string): string[] | { wrong: string[] } {
  const list = split(value).map((one) => one.replace(/^#/, '').toLowerCase());
  const bad = list.find((one) => !/^[a-z0-9_]{1,25}$/.test(one));
  return bad === undefined ? list : { wrong: [`"${bad}" is not the name of a Twitch channel.`] };
}

function origins(value: string): string[] | { wrong: string[] } {
  const list = split(value);
  const bad = list.find((one) => !URL.canParse(one) || new URL(one).origin !== one);
  return bad === undefined ? list : { wrong: [`"${bad}" is not an origin such as https://app.example.org`] };
}

function networks(value: string): string[] | { wrong: string[] } {
  const list = split(value);
  const bad = list.find((one) => !isNetwork(one));
  return bad === undefined
    ? list
    : { wrong: [`"${bad}" is not an address such as 10.0.0.7 or a network such as 10.0.0.0/8`] };
}

/** An address, a network, or a name that Fastify knows. https://fastify.dev/docs/latest/Reference/Server/#trustproxy */
function isNetwork(value: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(value)) return true;
  const [base = '', mask, ...rest] = value.split('/');
  const version = isIP(base);
  if (version === 0 || rest.length > 0) return false;
  return mask === undefined || (/^\d{1,3}$/.test(mask) && Number(mask) <= (version === 4 ? 32 : 128));
}

function split(value: string): string[] {
  return value
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
}

function closest(word: string, among: readonly string[]): string {
  return among.toSorted((a, b) => distance(word, a) - distance(word, b))[0] ?? '';
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
