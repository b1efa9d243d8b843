import { createHash, createHmac, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BROKER_VHOST, brokerDefinitions, brokerUser } from '#src/broker-definitions.ts';
import { issueCertificates, type CertificateWish } from '#src/certs.ts';

/**
 * `node ops/prepare.ts DIR [--host NAME=HOST]… [--renew]`: makes all secrets of `ops/compose.split.yaml` in one folder:
 * certificates, passwords, the engines' users, and for each role a file with its own settings. Run again it keeps
 * passwords and whatever a person wrote, and makes what is missing. As root it gives each file to the user that the
 * container runs as.
 */
const PLATFORMS = {
  discord: ['DISCORD_TOKEN'],
  slack: ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET', 'SLACK_CLIENT_ID'],
  twitch: ['TWITCH_CLIENT_ID', 'TWITCH_CLIENT_SECRET', 'TWITCH_BOT_REFRESH_TOKEN', 'TWITCH_CHANNELS'],
};

/** What a person may fill in for the vault: for leases of Twitch it asks in the application's name. */
const FOR_VAULT = ['TWITCH_CLIENT_ID', 'TWITCH_CLIENT_SECRET'];

/** The roles that reach the engines. */
const ROLES = ['hall', 'bot', 'worker', ...Object.keys(PLATFORMS)];

/** The first line of a file that is made anew each time. */
const MADE_BY = '# Made by ops/prepare.ts, and made again by it: settings of your own go elsewhere.';

/** User and group of the program's image: `ops/Dockerfile`. */
const PROGRAM = 10_001;

/** User and group of the engines' official images for Debian and Ubuntu, each of which makes its user with this number. */
const ENGINE = 999;

const ENGINES = new Set(['postgres', 'rabbitmq', 'redis']);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: 'string', multiple: true, default: [] },
    renew: { type: 'boolean', default: false },
  },
});
if (positionals.length !== 1) throw new Error('Name one folder: node ops/prepare.ts DIR [--host NAME=HOST]… [--renew]');
const folder = resolve(positionals[0] as string);
await prepare();

async function prepare(): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  put('.gitignore', '*\n', { mode: 0o644 });
  const hosts = values.host.map(readHost);
  await certificates({ hosts, renew: values.renew });
  const passwordOf = passwords();
  const at = (engine: string): string => hosts.find(({ holder }) => holder === engine)?.host ?? engine;
  for (const role of ROLES) put(`engines/${role}.env`, engineSettings(role, { passwordOf, at }));
  for (const [platform, names] of Object.entries({ ...PLATFORMS, vault: FOR_VAULT }))
    if (!existsSync(join(folder, `tokens/${platform}.env`))) put(`tokens/${platform}.env`, template(names));
  put('vault/vault.env', `${MADE_BY}\nMETRICS_TOKEN=${passwordOf('metrics')}\n`);
  put('bridge/stock-bot.env', stockBot({ passwordOf, at }));
  put('postgres/superuser', passwordOf('postgres superuser'), { owner: ENGINE });
  put('postgres/guildhall', passwordOf('postgres'), { owner: ENGINE });
  put('rabbitmq/definitions.json', definitions(passwordOf), { owner: ENGINE });
  put('redis/users.acl', redisUsers(passwordOf('redis')), { owner: ENGINE });
  process.stdout.write(`${folder} is ready. Tokens of platforms go to ${folder}/tokens/.\n`);
}

function readHost(given: string): { host: string; holder: string } {
  const [holder, host] = given.split('=');
  if (!holder || !host) throw new Error(`--host is NAME=HOST, such as postgres=db.example.org, and not "${given}".`);
  return { holder, host };
}

async function certificates(wish: CertificateWish): Promise<void> {
  const where = join(folder, 'certs');
  const issued = await issueCertificates(where, wish);
  for (const { name } of issued.filter((one) => one.name !== 'authority')) {
    const own = join(where, name);
    for (const path of [own, ...readdirSync(own).map((file) => join(own, file))])
      give(path, ENGINES.has(name) ? ENGINE : PROGRAM);
  }
  for (const { name, made, daysLeft } of issued)
    if (made) process.stdout.write(`certificate of ${name} made, ${daysLeft} days\n`);
}

/** Every password follows from one secret, so that a lost or new file comes out as it was. */
function passwords(): (whose: string) => string {
  const path = join(folder, 'master');
  if (!existsSync(path)) put('master', randomBytes(32).toString('base64url'));
  const master = readFileSync(path, 'utf8');
  return (whose) => createHmac('sha256', master).update(whose).digest('base64url').slice(0, 32);
}

interface Engines {
  passwordOf(whose: string): string;
  at(engine: string): string;
}

function engineSettings(role: string, { passwordOf, at }: Engines): string {
  return [
    MADE_BY,
    `DATABASE_URL=postgres://guildhall:${passwordOf('postgres')}@${at('postgres')}:5432/guildhall?sslmode=verify-full`,
    `AMQP_URL=${brokerUrl(role, { passwordOf, at })}`,
    `REDIS_URL=rediss://guildhall:${passwordOf('redis')}@${at('redis')}:6379/0`,
    `VAULT_URL=https://${at('vault')}:7443`,
    `METRICS_TOKEN=${passwordOf('metrics')}`,
    // Where the operator's commands are run: docs/deploying.md.
    ...(role === 'hall' ? [`BACKUP_PASSPHRASE=${passwordOf('backup')}`] : []),
    '',
  ].join('\n');
}

function brokerUrl(role: string, { passwordOf, at }: Engines): string {
  const login = `${brokerUser(role)}:${passwordOf(`rabbitmq ${role}`)}`;
  return `amqps://${login}@${at('rabbitmq')}:5671/${encodeURIComponent(BROKER_VHOST)}`;
}

/** For whoever writes a stock bot: its user may do no more than docs/stock.md says. */
function stockBot(engines: Engines): string {
  return `# For a stock bot of somebody else’s, with STOCK_BRIDGE=on: docs/stock.md\nAMQP_URL=${brokerUrl('bridge', engines)}\n`;
}

/** A name begins with whose it is; the vault's are Twitch's. */
function template(names: string[]): string {
  const page = names[0]?.split('_')[0]?.toLowerCase();
  return [`# docs/${page}.md tells where they come from.`, ...names.map((name) => `${name}=`), ''].join('\n');
}

/** Users with the rights of their roles, and all queues. https://www.rabbitmq.com/docs/definitions */
function definitions(passwordOf: (whose: string) => string): string {
  return JSON.stringify(
    brokerDefinitions({ passwordOf: (role) => rabbitHash(passwordOf(`rabbitmq ${role}`)) }),
    null,
    2,
  );
}

/** How RabbitMQ keeps a password. https://www.rabbitmq.com/docs/passwords#computing-password-hash */
function rabbitHash(password: string): string {
  const salt = randomBytes(4);
  const hashed = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, hashed]).toString('base64');
}

/**
 * The program's user reaches its own keys by the commands of `src/expiring/` alone; the health check's pings; there is
 * no other. https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
 */
function redisUsers(password: string): string {
  const hash = createHash('sha256').update(password).digest('hex');
  const may = ['auth', 'hello', 'select', 'ping', 'script|load', 'evalsha', 'time', 'get', 'set', 'del'];
  return [
    'user default off',
    `user guildhall on #${hash} resetchannels ~guildhall:* -@all ${may.map((one) => `+${one}`).join(' ')}`,
    'user health on nopass resetchannels resetkeys -@all +ping',
    '',
  ].join('\n');
}

/** Writes one file that its owner alone may read: whoever owns the folder, or the user of a container. */
function put(path: string, text: string, { mode = 0o600, owner }: { mode?: number; owner?: number } = {}): void {
  const whole = join(folder, path);
  const above = dirname(whole);
  mkdirSync(above, { recursive: true, mode: 0o700 });
  writeFileSync(whole, text, { mode });
  if (above !== folder) give(above, owner);
  give(whole, owner);
}

function give(path: string, owner?: number): void {
  const { uid, gid } = statSync(folder);
  if (process.getuid?.() === 0) chownSync(path, owner ?? uid, owner ?? gid);
}
