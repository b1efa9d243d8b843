import { posix } from 'node:path';
import { parse } from 'yaml';
import { ROLES } from '#src/config.ts';
import { envExample } from '#src/settings.ts';
import type { TreeFile } from './tree.ts';

/** Checks one compose file: what every service must have, and that what it names is there. Gives a line for each finding. */
export function checkCompose(file: TreeFile, paths: ReadonlySet<string>): string[] {
  const read = readCompose(file);
  if (typeof read === 'string') return [`${file.path} cannot be read: ${read}`];
  const services = Object.entries(read.services ?? {});
  const built = new Set(services.flatMap(([, { build, image }]) => (build && image ? [image] : [])));
  const at: At = { folder: posix.dirname(file.path), paths, built };
  const found = services.flatMap(([name, service]) =>
    RULES.flatMap((rule) => rule(service, { ...at, name })).map((says) => `${name}: ${says}`),
  );
  return [...found, ...shared(read, services), ...complete(services, at)].map((says) => `${file.path} ${says}`);
}

/** The part of https://github.com/compose-spec/compose-spec that our files use. */
interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  privileged?: boolean;
  network_mode?: string;
  pid?: string;
  restart?: string;
  stop_grace_period?: string;
  profiles?: string[];
  ports?: string[];
  volumes?: string[];
  networks?: string[] | Record<string, unknown>;
  env_file?: string[];
  environment?: Record<string, unknown>;
  healthcheck?: { test?: string[]; disable?: boolean };
  command?: string[];
}

interface Compose {
  services?: Record<string, Service>;
  volumes?: Record<string, unknown>;
  networks?: Record<string, unknown>;
}

interface At {
  folder: string;
  paths: ReadonlySet<string>;
  /** Images that a service of the file builds. */
  built: ReadonlySet<string>;
}

type Rule = (service: Service, at: At & { name: string }) => string[];

/** What may be more than nothing, and why it must be. */
const CAPABILITIES: Record<string, string[]> = {
  // The program's file in the image carries it and is not started without.
  caddy: ['NET_BIND_SERVICE'],
  // Gives each secret to the user that reads it, and ends.
  prepare: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
};

/** Runs once, as root, without a network. */
const ONCE = new Set(['prepare']);

/** Folders that are made on the operator's machine. */
const MADE = /^\.\/secrets(\/|$)/;

const RULES: Rule[] = [
  ({ image }, { built }) =>
    image && (built.has(image) || isPinned(image)) ? [] : [`the image ${image} is not pinned`],
  ({ read_only: readOnly }) => (readOnly === true ? [] : ['read_only is not true']),
  ({ cap_drop: drop }) => (String(drop) === 'ALL' ? [] : ['cap_drop is not [ALL]']),
  ({ cap_add: add = [] }, { name }) =>
    add.filter((one) => !CAPABILITIES[name]?.includes(one)).map((one) => `cap_add ${one} is not agreed on`),
  ({ security_opt: options = [] }) =>
    options.includes('no-new-privileges:true') ? [] : ['security_opt has no no-new-privileges:true'],
  ({ user = '' }, { name }) =>
    ONCE.has(name) || /^[1-9]\d*:[1-9]\d*$/.test(user) ? [] : [`user "${user}" is not a number other than 0`],
  ({ privileged, pid, network_mode: mode = '' }) =>
    privileged || pid || /host|container/.test(mode) ? ['shares something of the host'] : [],
  ({ healthcheck }, { name }) =>
    ONCE.has(name) || healthcheck?.test?.length ? [] : ['has no healthcheck with a test'],
  ({ restart = '' }, { name }) => (ONCE.has(name) || restart === 'unless-stopped' ? [] : ['does not restart']),
  ({ image = '', stop_grace_period: grace = '' }, { built }) =>
    !built.has(image) || Number.parseInt(grace, 10) >= 25 ? [] : ['stop_grace_period is under 25s'],
  ({ ports = [] }, { name }) =>
    ports.filter((port) => name !== 'caddy' && !port.startsWith('127.0.0.1:')).map((port) => `opens ${port} to all`),
  ({ volumes = [] }) => volumes.filter((one) => one.includes('docker.sock')).map(() => 'holds the engine’s socket'),
  missingFiles,
  wrongSettings,
  secretValues,
];

function readCompose(file: TreeFile): Compose | string {
  try {
    return parse(file.read(), { merge: true }) as Compose;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A registry, and a version to its last number or a digest. */
function isPinned(image: string): boolean {
  return /^[a-z0-9.-]+\.[a-z]+\/[a-z0-9./_-]+(:\d+\.\d+(\.\d+)?[a-z0-9.-]*|@sha256:[0-9a-f]{64})$/.test(image);
}

function missingFiles(service: Service, { folder, paths }: At): string[] {
  const { build } = service;
  const context = build ? posix.normalize(posix.join(folder, build.context)) : '';
  const sources = (service.volumes ?? [])
    .map((one) => one.split(':')[0] as string)
    .filter((one) => one.startsWith('.'));
  const named = [...sources, ...(service.env_file ?? [])].filter((one) => !MADE.test(one));
  return [
    ...named.map((one) => posix.normalize(posix.join(folder, one))),
    ...(build ? [posix.normalize(posix.join(context, build.dockerfile))] : []),
  ]
    .filter((path) => !paths.has(path))
    .map((path) => `there is no ${path}`);
}

/** Names that `src/settings.ts` knows. */
const SETTINGS = new Set([...envExample().matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name as string));

function wrongSettings({ image = '', environment = {} }: Service, { built }: At): string[] {
  if (!built.has(image)) return [];
  return Object.keys(environment)
    .filter((name) => !SETTINGS.has(name))
    .map((name) => `${name} is not a setting`);
}

/** A secret stands in a file, and never in the compose file. */
function secretValues({ environment = {} }: Service): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => /PASS|TOKEN|SECRET|_URL$/.test(name) && isSecret(name, String(value ?? '')))
    .map(([name]) => `${name} has a value here`);
}

function isSecret(name: string, value: string): boolean {
  return value !== '' && !name.endsWith('_FILE') && name !== 'PUBLIC_URL';
}

/** Volumes and networks that are used are declared, and the other way round. */
function shared({ volumes = {}, networks = {} }: Compose, services: [string, Service][]): string[] {
  const used = services.flatMap(([, one]) => (one.volumes ?? []).map((volume) => volume.split(':')[0] as string));
  const joined = services.flatMap(([, { networks: names = ['default'] }]) =>
    Array.isArray(names) ? names : Object.keys(names),
  );
  return [
    ...differences('volume', { used: used.filter((one) => !/^[./]/.test(one)), declared: Object.keys(volumes) }),
    ...differences('network', {
      used: joined.filter((one) => one !== 'default'),
      declared: Object.keys(networks).filter((one) => one !== 'default'),
    }),
  ];
}

function differences(what: string, { used, declared }: { used: string[]; declared: string[] }): string[] {
  return [
    ...new Set(used.filter((one) => !declared.includes(one)).map((one) => `uses the ${what} ${one} and has none`)),
    ...declared.filter((one) => !used.includes(one)).map((one) => `has a ${what} ${one} that nobody uses`),
  ];
}

/** Where everything runs in one service it is given every setting; where roles are split there is a service for each. */
function complete(services: [string, Service][], { built }: At): string[] {
  const roles = services.flatMap(([, { image = '', command }]) =>
    built.has(image) && command?.[0] === '--role' ? [command[1]] : [],
  );
  if (roles.length > 0)
    return ROLES.filter((role) => role !== 'all' && !roles.includes(role)).map((role) => `has no service for ${role}`);
  const given = new Set(services.flatMap(([, { environment = {} }]) => Object.keys(environment)));
  return [...SETTINGS]
    .filter((name) => !given.has(name) && !IN_FRONT.has(name))
    .map((name) => `does not pass ${name} on: name it under environment, without a value`);
}

/** In one service HTTPS is the work of a proxy in front, and the vault is a child of the process. */
const IN_FRONT = new Set('TLS TLS_CERT TLS_KEY VAULT_LISTEN VAULT_URL SERVICE_CERT SERVICE_KEY SERVICE_CA'.split(' '));
