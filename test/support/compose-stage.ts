import { execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { ROOT } from './child.ts';

/**
 * Starts services of `ops/compose.split.yaml` without an engine of containers: each in a network namespace with a place
 * in its networks, on a root of its own with the mounts, the user and the rights that the file gives it. The programs are
 * those of this machine. Runs as root in namespaces of its own (`unshare --net --mount --pid`), which end with it:
 * `node compose-stage.ts FOLDER SERVICE…`. In FOLDER are `ops` with its secrets; logs go to `logs`.
 */
const [folder = '', ...wanted] = process.argv.slice(2);
const ops = join(folder, 'ops');

interface Service {
  user: string;
  read_only?: boolean;
  cap_add?: string[];
  tmpfs?: string[];
  volumes?: string[];
  networks: string[] | Record<string, { ipv4_address?: string } | null>;
  env_file?: string[];
  environment?: Record<string, string | null>;
  command?: string[];
  healthcheck: { test: string[] };
}

interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { ipam?: { config: { subnet: string }[] } } | null>;
}

/** One container to be: `hall-2` of the service `hall`, with its address in each network. */
interface Instance {
  name: string;
  kind: string;
  service: Service;
  addresses: Record<string, string>;
}

const compose = parse(readFileSync(join(ops, 'compose.split.yaml'), 'utf8'), { merge: true }) as Compose;
const networks = Object.keys(compose.networks);

const instances: Instance[] = [];

function open(): void {
  run('mount', '--make-rprivate', '/');
  run('mount', '-t', 'tmpfs', 'tmpfs', '/run');
  run('ip', 'link', 'set', 'lo', 'up');
  mkdirSync(join(folder, 'logs'), { recursive: true });
  for (const name of networks) {
    run('ip', 'link', 'add', `br-${name}`, 'type', 'bridge');
    run('ip', 'link', 'set', `br-${name}`, 'up');
  }
  instances.push(...wanted.map((kind, index) => instanceOf(kind, index)));
  for (const one of instances) enter(one);
  joinWorld();
  for (const one of instances) start(one);
  const placed = instances.map(({ service: { user, healthcheck }, ...one }) => ({
    ...one,
    user,
    test: healthcheck.test,
    env: settingsOf(one.kind),
  }));
  writeFileSync(join(folder, 'instances.json'), JSON.stringify(placed), { mode: 0o600 });
  process.stdout.write('started\n');
  process.stdin.resume().once('end', () => process.exit(0));
}

function instanceOf(kind: string, index: number): Instance {
  const service = compose.services[kind];
  if (!service) throw new Error(`there is no service ${kind}`);
  const named = Array.isArray(service.networks)
    ? Object.fromEntries(service.networks.map((one) => [one, null]))
    : service.networks;
  const addresses = Object.entries(named).map(([network, own]) => [
    network,
    own?.ipv4_address ?? `${prefixOf(network)}.${index + 130}`,
  ]);
  const nth = wanted.slice(0, index).filter((one) => one === kind).length + 1;
  return { name: `${kind}-${nth}`, kind, service, addresses: Object.fromEntries(addresses) as Record<string, string> };
}

/** The first three numbers of a network's range; where the file leaves it to the engine, one of ours. */
function prefixOf(network: string): string {
  const subnet = compose.networks[network]?.ipam?.config[0]?.subnet ?? `10.77.${networks.indexOf(network)}.0/24`;
  return subnet.split('.').slice(0, 3).join('.');
}

function enter({ name, addresses }: Instance): void {
  run('ip', 'netns', 'add', name);
  run('ip', '-n', name, 'link', 'set', 'lo', 'up');
  for (const [network, address] of Object.entries(addresses)) plug(name, network, address);
}

/** Somebody outside: in the network that Caddy shows itself to, and in no other. */
function joinWorld(): void {
  run('ip', 'netns', 'add', 'world');
  run('ip', '-n', 'world', 'link', 'set', 'lo', 'up');
  plug('world', 'front', `${prefixOf('front')}.2`);
}

function plug(name: string, network: string, address: string): void {
  const index = networks.indexOf(network);
  const [here, there] = [`${name}.${index}`, `eth${index}`];
  run('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
  run('ip', 'link', 'set', here, 'master', `br-${network}`, 'up');
  run('ip', '-n', name, 'address', 'add', `${address}/24`, 'dev', there);
  run('ip', '-n', name, 'link', 'set', there, 'up');
}

function start(one: Instance): void {
  const script = [...rootOf(one), ...mountsOf(one), ...lastOf(one)].join('\n');
  const log = createWriteStream(join(folder, 'logs', `${one.name}.log`));
  const child = spawn(
    'ip',
    ['netns', 'exec', one.name, 'unshare', '--mount', 'sh', '-euc', script, 'sh', ...commandOf(one)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    },
  );
  child.stdout.pipe(log);
  child.stderr.pipe(log);
}

/** This machine's files with a layer of memory over them, in the place of an image. */
function rootOf({ name, kind, service }: Instance): string[] {
  const at = join(folder, 'roots', name);
  mkdirSync(at, { recursive: true });
  const [uid] = service.user.split(':');
  const users = `root:x:0:0::/root:/bin/sh\\n${kind}:x:${uid}:${uid}::/tmp:/bin/sh\\n`;
  return [
    'mount --make-rprivate /',
    `mount -t tmpfs tmpfs ${at}`,
    `mkdir ${at}/upper ${at}/work ${at}/root`,
    `mount -t overlay overlay -o lowerdir=/,upperdir=${at}/upper,workdir=${at}/work ${at}/root`,
    `cd ${at}/root`,
    'mount --rbind /proc proc',
    'mount --rbind /dev dev',
    `printf '${users}' > etc/passwd`,
    `printf '${hostsOf(name)}' > etc/hosts`,
    ': > etc/resolv.conf',
  ];
}

/** The names that an engine's own name server would give: who shares a network, by each address there. */
function hostsOf(name: string): string {
  const own = instances.find((one) => one.name === name);
  const lines = instances.flatMap(({ kind, addresses }) =>
    Object.entries(addresses)
      .filter(([network]) => own?.addresses[network])
      .map(([, address]) => `${address} ${kind}`),
  );
  return ['127.0.0.1 localhost', ...lines, ''].join('\\n');
}

function mountsOf({ service }: Instance): string[] {
  const [uid = 0, gid = 0] = service.user.split(':').map(Number);
  const volumes = (service.volumes ?? []).flatMap((volume) => {
    const [source = '', target = '', mode] = volume.split(':');
    const from = source.startsWith('.') ? join(ops, source) : ownVolume(source, uid, gid);
    const to = target.slice(1);
    const place = statSync(from).isDirectory() ? `mkdir -p ${to}` : `mkdir -p $(dirname ${to}); touch ${to}`;
    return [place, `mount --bind ${from} ${to}`, ...(mode === 'ro' ? [`mount -o remount,bind,ro ${to}`] : [])];
  });
  const memory = (service.tmpfs ?? []).flatMap((one) => {
    const [target = '', options = 'rw'] = one.split(':');
    const mount = [`mkdir -p ${target.slice(1)}`, `mount -t tmpfs -o ${options} tmpfs ${target.slice(1)}`];
    return ROOT.startsWith(`${target}/`) ? [...mount, ...PROGRAM] : mount;
  });
  return [...memory, ...volumes, ...(service.read_only ? ['mount -o remount,ro .'] : [])];
}

/** The program itself, where it lies below a place that is memory in the container. */
const PROGRAM = [`mkdir -p ${ROOT.slice(1)}`, `mount --bind ${ROOT} ${ROOT.slice(1)}`];

function ownVolume(name: string, uid: number, gid: number): string {
  const path = join(folder, 'volumes', name);
  mkdirSync(path, { recursive: true });
  chownSync(path, uid, gid);
  return path;
}

function lastOf(one: Instance): string[] {
  const [uid, gid] = one.service.user.split(':');
  const kept = (one.service.cap_add ?? []).map((name) => `,+${name.toLowerCase()}`).join('');
  const rights = `--reuid ${uid} --regid ${gid} --clear-groups --inh-caps=-all --bounding-set=-all${kept} --no-new-privs`;
  const settings = Object.entries(settingsOf(one.kind)).map(([name, value]) => `'${name}=${value}'`);
  return [`exec chroot . setpriv ${rights} env -i ${settings.join(' ')} "$@"`];
}

function settingsOf(kind: string): Record<string, string> {
  const service = compose.services[kind] as Service;
  const files = (service.env_file ?? []).map((file) => parseEnv(readFileSync(join(ops, file), 'utf8')));
  const given = Object.entries(service.environment ?? {}).flatMap(([name, value]) =>
    value === null ? [] : [[name, String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1')]],
  );
  return {
    ...IMAGES[kind]?.env,
    ...Object.assign({}, ...files),
    ...(Object.fromEntries(given) as Record<string, string>),
  };
}

/** What the official images bring: their environment, and what they start before the command. */
interface Image {
  env: Record<string, string>;
  entry: string[];
}

function commandOf({ kind, service }: Instance): string[] {
  const image = IMAGES[kind] ?? { entry: [process.execPath, join(ROOT, 'src/main.ts')] };
  return [...image.entry, ...(service.command ?? [])];
}

/** https://github.com/docker-library/postgres/blob/master/docker-entrypoint.sh, the part that makes the database. */
const MAKE_DATABASE = `
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  chmod 0700 "$PGDATA"
  initdb --no-sync --username postgres --pwfile "$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
  own=$(shift; echo "$@")
  pg_ctl --options "$own -c listen_addresses=" --wait start
  for file in /docker-entrypoint-initdb.d/*; do sh "$file"; done
  pg_ctl --mode fast --wait stop
fi
exec "$@"`;

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

function newestPostgres(): string {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  return `/usr/lib/postgresql/${versions.toSorted((a, b) => Number(b) - Number(a))[0]}/bin`;
}

const IMAGES: Record<string, Image> = {
  postgres: {
    env: { PATH: `${newestPostgres()}:${PATH}`, PGDATA: '/var/lib/postgresql/data', HOME: '/tmp' },
    entry: ['sh', '-euc', MAKE_DATABASE, 'sh'],
  },
  rabbitmq: {
    env: { PATH: `/usr/lib/rabbitmq/bin:${PATH}`, HOME: '/var/lib/rabbitmq' },
    entry: ['rabbitmq-server'],
  },
  redis: { env: { PATH }, entry: [] },
  caddy: {
    env: { PATH, HOME: '/tmp', XDG_DATA_HOME: '/data', XDG_CONFIG_HOME: '/config' },
    entry: ['caddy', 'run', '--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile'],
  },
};

function run(program: string, ...words: string[]): void {
  execFileSync(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
}

open();
