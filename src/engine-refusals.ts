/** An engine as its setting names it. */
export interface EngineAddress {
  /** Such as `PostgreSQL`. */
  name: string;
  /** Such as `DATABASE_URL`. */
  setting: string;
  url: string;
}

/** Why an engine could not be used, in sentences: what is wrong, then what would mend it. Never holds the password. */
export function explainEngine(error: unknown, engine: EngineAddress): string[] {
  const { code, message } = rootOf(error);
  const place = placeOf(engine.url);
  const known = REASONS.find(({ says }) => says.test(code) || says.test(message));
  if (known) return known.lines(place, engine);
  return [`${engine.name} at ${place.at}: ${withoutPassword(message, engine.url)}`];
}

/** Where an address leads, as it may be shown. */
export interface Place {
  /** `host:port`, or the folder of a socket. */
  at: string;
  host: string;
  user: string;
  /** Database, vhost or number, without its slash. */
  path: string;
}

/** Reads what may be shown of an engine's address. */
export function placeOf(url: string): Place {
  const { host, hostname, username, pathname, searchParams, protocol } = new URL(url);
  const socket = searchParams.get('host');
  const port = /:\d+$/.test(host) ? '' : (PORTS[protocol] ?? '');
  const at = hostname === '' || socket !== null ? (socket ?? 'the local socket') : host + port;
  return { at, host: hostname, user: decodeURIComponent(username), path: decodeURIComponent(pathname.slice(1)) };
}

const PORTS: Record<string, string> = {
  'postgres:': ':5432',
  'postgresql:': ':5432',
  'amqp:': ':5672',
  'amqps:': ':5671',
  'redis:': ':6379',
  'rediss:': ':6379',
};

/** What the network, TLS and the engines say, and what it means to who set it up. The first that fits. */
const REASONS: { says: RegExp; lines(place: Place, engine: EngineAddress): string[] }[] = [
  {
    says: /^(ECONNREFUSED|ENOENT|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$|time(d )?-?out/i,
    lines: ({ at }, { name, setting, url }) => [
      `Nobody answers at ${at}.`,
      `Is ${name} started there${isSecure(url) ? ' with TLS' : ''}, and is the way open? ${setting} names it.`,
    ],
  },
  {
    says: /^ECONNRESET$|Connection is closed/,
    lines: ({ at }, { name, setting }) => [
      `What answers at ${at} ends the connection. Is that ${name}?`,
      `${setting} names it.`,
    ],
  },
  {
    says: /^(ENOTFOUND|EAI_AGAIN)$/,
    lines: ({ host }, { setting }) => [`There is no machine called ${host}.`, `${setting} names it.`],
  },
  {
    says: /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/,
    lines: ({ at }) => [
      `The certificate at ${at} is signed by an authority that is not known here.`,
      'Name its PEM file in ENGINE_CA.',
    ],
  },
  {
    says: /ERR_TLS_CERT_ALTNAME_INVALID/,
    lines: ({ at, host }, { setting }) => [
      `The certificate at ${at} is for another name than ${host}.`,
      `Name the machine in ${setting} as its certificate does.`,
    ],
  },
  {
    says: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    lines: ({ at }) => [`The certificate at ${at} is not valid today.`, 'Renew it, or set the clock.'],
  },
  {
    says: /does not support SSL|WRONG_VERSION_NUMBER|EPROTO|packet length too long/,
    lines: ({ at }, { name }) => [`${name} at ${at} does not speak TLS.`, 'Switch TLS on there: docs/deploying.md'],
  },
  {
    says: /^(28P01|28000|ACCESS_REFUSED)$|WRONGPASS|NOAUTH|invalid password/,
    lines: ({ at, user }, { name, setting }) => [
      `${name} at ${at} does not let ${user === '' ? 'us' : `“${user}”`} in: another password, or no right to come from here.`,
      `${setting} has user and password.`,
    ],
  },
  {
    says: /^3D000$/,
    lines: ({ path, user }) => [
      `There is no database “${path}”.`,
      `Make it: createdb ${user === '' ? '' : `--owner=${user} `}${path}`,
    ],
  },
  {
    says: /^NOT_ALLOWED$|vhost .* not found/,
    lines: ({ path, user }) => [
      `There is no vhost “${path || '/'}”, or “${user}” may not use it.`,
      'See: npm run -s guildhall -- broker-policy',
    ],
  },
  {
    says: /^53300$/,
    lines: ({ at }) => [
      `PostgreSQL at ${at} has no connection left.`,
      'Raise max_connections, or stop what holds them.',
    ],
  },
  {
    says: /^42501$|permission denied/,
    lines: ({ user, path }) => [
      `“${user}” may not make or use tables in “${path}”.`,
      `Give it the database: alter database ${path} owner to ${user}`,
    ],
  },
];

function isSecure(url: string): boolean {
  return /^(amqps|rediss):|[?&]sslmode=(require|verify)/.test(url);
}

/** The error below what was made of it. Where several addresses were tried, that of the first. */
function rootOf(error: unknown): { code: string; message: string } {
  let at = error as NodeJS.ErrnoException & { errors?: unknown[] };
  for (let deep = 0; deep < DEEPEST; deep++) {
    const inner = at.cause ?? (at.code === undefined ? at.errors?.[0] : undefined);
    if (!(inner instanceof Error)) break;
    at = inner;
  }
  return { code: String(at.code ?? ''), message: at.message || String(at.code ?? at) };
}

/** Causes below causes: ours over the driver's over the network's. */
const DEEPEST = 5;

function withoutPassword(message: string, url: string): string {
  const { password } = new URL(url);
  const hidden = [password, decodeURIComponent(password)].filter(Boolean);
  return hidden.reduce((text, secret) => text.replaceAll(secret, '…'), message);
}
