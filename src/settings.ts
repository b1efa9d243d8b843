import { isIP } from 'node:net';
import type { Rate } from '#core/limits.ts';
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
  SIGNUP: setting('invite', 'Who may make an account: invite, open or closed.', oneOf('invite', 'open', 'closed')),
  SESSION_IDLE_MINUTES: setting(
    '10080',
    'Minutes without use after which a session ends. After 30 days it ends in any case.',
    whole(1, 43_200),
  ),
  STOCK_URL: setting('https://stooq.com/q/l/', 'The quote service, without a query.', neededAddress),
  DISCORD_TOKEN: setting('', 'The Discord bot’s token: docs/discord.md. Without it Discord is skipped.', optional),
  DISCORD_API_URL: setting(
    'https://discord.com/api',
    'Discord’s API, without the version.',
    service('https:', 'http:'),
  ),
  SLACK_BOT_TOKEN: setting(
    '',
    'The Slack app’s bot token, xoxb-…: docs/slack.md. Without it Slack is skipped.',
    optional,
  ),
  SLACK_APP_TOKEN: setting('', 'For Socket Mode: the app-level token, xapp-…', optional),
  SLACK_SIGNING_SECRET: setting('', 'For events over HTTP at /slack/events, instead of SLACK_APP_TOKEN.', optional),
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
    'How much is written down: debug, info, warn, error or silent.',
    oneOf('debug', 'info', 'warn', 'error', 'silent'),
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
