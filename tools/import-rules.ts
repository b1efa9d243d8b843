import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { importsOf } from './scripts-of.ts';
import { filesOf, isCode, type Report, type TreeFile } from './tree.ts';

/** Stands for those files, for the command line, which opens the same data folder as the hall. */
const TOP = 'the files directly in src/, but not roles.ts';

/**
 * Who may import whom. `folders` are those that a layer may use beside itself; `packages` are the only packages it may
 * use where the list is given; `node` says which of Node's own modules: all, none, or all but the network.
 * A layer that is not here may not exist: a new folder in src/ needs a line, and so a decision.
 */
const LAYERS: Record<string, Layer> = {
  contracts: { folders: [], packages: ['zod', '@hpke/core'], node: 'none' },
  core: { folders: [], packages: ['zod'], node: 'none' },
  storage: { folders: ['core'] },
  bus: { folders: ['core'] },
  clients: { folders: ['core', 'contracts'] },
  chat: { folders: ['core', 'storage', 'bus'] },
  bot: { folders: ['core', 'storage', 'bus'] },
  worker: { folders: ['core', 'storage', 'bus'] },
  bridge: { folders: ['core', 'storage', 'bus', 'worker'], packages: ['zod', 'rabbitmq-client'] },
  auth: { folders: ['core', 'storage', 'clients'] },
  secrets: { folders: ['core', 'storage', 'clients', 'contracts'] },
  spaces: { folders: ['core', 'storage', 'auth', 'clients', 'contracts', 'secrets'] },
  http: { folders: ['core', 'chat', 'auth', 'contracts', 'spaces'] },
  'connectors/webchat': { folders: ['core', 'bus', 'chat'], packages: ['zod'] },
  'connectors/http': { folders: ['core', 'bus'], packages: ['zod'] },
  'connectors/discord': {
    folders: ['core', 'bus'],
    packages: ['@discordjs/rest', '@discordjs/ws', 'discord-api-types'],
  },
  'connectors/slack': { folders: ['core', 'bus'], packages: ['@slack/bolt'] },
  'connectors/twitch': {
    folders: ['core', 'bus'],
    packages: ['@twurple/auth', '@twurple/api', '@twurple/chat', '@twurple/eventsub-ws'],
  },
  features: { folders: ['core', 'storage'], packages: ['zod', 'kysely'], node: 'no network' },
  expiring: { folders: ['core'], packages: ['ioredis'] },
  mail: { folders: ['core'], packages: ['nodemailer', 'fastify'] },
  cluster: { folders: ['core', 'storage', 'bus'] },
  parts: {
    folders: [
      'core',
      'storage',
      'bus',
      'cluster',
      'chat',
      'bot',
      'worker',
      'bridge',
      'auth',
      'clients',
      'secrets',
      'spaces',
      'mail',
      'http',
      'connectors',
      TOP,
    ],
    packages: ['fastify'],
  },
  'services/vault': { folders: ['contracts'], packages: ['zod', '@hpke/core'] },
  web: { folders: ['contracts'] },
  'test/simulators': { folders: [] },
  settings: { folders: ['core', 'config.ts', 'settings.ts'] },
  cli: { folders: ['core', 'storage', 'auth', 'clients', 'secrets', TOP] },
};

/** Checks every import of the tree at `root` against the table. */
export function checkImports(root: string): Report {
  const all = filesOf(root);
  const names = all.filter((file) => posix.basename(file.path) === 'package.json').flatMap(namesOf);
  const files = all.filter((file) => isCode(file.path));
  return { looked: files.length, findings: files.flatMap((file) => findingsOf(file, names)) };
}

interface Layer {
  folders: string[];
  packages?: string[];
  node?: 'none' | 'no network';
}

/** A # name: the folder of the package.json that gives it, what it begins with, and where that leads. */
interface Name {
  scope: string;
  prefix: string;
  folder: string;
}

const NETWORK = ['http', 'https', 'http2', 'net', 'tls', 'dgram', 'dns', 'dns/promises', 'timers', 'timers/promises'];

/** Files directly in src/ put the program together and may use everything; these two only say what the settings are. */
const SETTINGS = new Set(['src/config.ts', 'src/settings.ts']);

/** A name that the interface's bundler knows, and nobody else. */
const WEB: Name = { scope: '', prefix: '#web/', folder: 'web/' };

function namesOf(manifest: TreeFile): Name[] {
  const { imports = {} }: { imports?: Record<string, string> } = JSON.parse(manifest.read());
  const scope = manifest.path.replace(/[^/]*$/, '');
  const plain = (text: string): string => text.replace(/^\.\//, '').replace(/\*$/, '');
  const names = Object.entries(imports).map(([name, to]) => ({
    scope,
    prefix: plain(name),
    folder: scope + plain(to),
  }));
  return scope === '' ? [WEB, ...names] : names;
}

function findingsOf(file: TreeFile, names: Name[]): string[] {
  return importsOf(file).flatMap((specifier) => {
    const says = refusal(file.path, specifier, names);
    return says ? [`${file.path} imports ${specifier}: ${says}`] : [];
  });
}

function refusal(path: string, specifier: string, names: Name[]): string | undefined {
  if (specifier.split('/').includes('..')) return "'../' is banned, use the folder's # name";
  const target = targetOf(path, specifier, names);
  if (target === undefined) return 'no such # name in package.json';
  if (isFree(path)) return undefined;
  const layer = layerOf(path);
  if (!layer) return `${posix.dirname(path)} is not in the table of tools/import-rules.ts`;
  return target.startsWith('./') ? refusedFolder(layer, target.slice(2)) : refusedPackage(layer, target);
}

/** A file of ours as './path' from the root; a package or a module of Node as it stands; undefined for a # nobody gave. */
function targetOf(path: string, specifier: string, names: Name[]): string | undefined {
  if (specifier.startsWith('./')) return `./${posix.join(posix.dirname(path), specifier)}`;
  if (specifier.startsWith('/')) return `.${specifier}`;
  if (!specifier.startsWith('#')) return specifier;
  const name = names.find((one) => one.scope === scopeOf(path, names) && specifier.startsWith(one.prefix));
  return name && `./${name.folder}${specifier.slice(name.prefix.length)}`;
}

/** Node reads # names from the nearest package.json above a file, and from that one alone. */
function scopeOf(path: string, names: Name[]): string {
  const scopes = names.map((name) => name.scope).filter((scope) => path.startsWith(scope));
  return scopes.reduce((longest, scope) => (scope.length > longest.length ? scope : longest), '');
}

/** Tests, tools and benchmarks may look at everything; so may what composes the program. Stand-ins may not. */
function isFree(path: string): boolean {
  if (path.startsWith('test/simulators/')) return false;
  if (path.endsWith('.test.ts') || (/^src\/[^/]+$/.test(path) && !SETTINGS.has(path))) return true;
  return !['src', 'web', 'contracts', 'services'].includes(path.split('/')[0] ?? '');
}

interface Place {
  name: string;
  home: string;
  rule: Layer;
}

/** The layer a file lives in; `home` is the folder within which it may import freely. */
function layerOf(path: string): Place | undefined {
  if (/^test\/simulators\/.*\.test\.ts$/.test(path)) return standInTest;
  const parts = SETTINGS.has(path) ? ['settings'] : path.replace(/^src\//, '').split('/');
  const two = parts.slice(0, 2).join('/');
  const name = [two, parts[0] ?? ''].find((one) => one in LAYERS);
  const rule = name === undefined ? undefined : LAYERS[name];
  if (name === undefined || !rule) return undefined;
  return { name, rule, home: name === 'features' ? two : name };
}

/** A stand-in is proved by the vendor's own library; its test may wait as other tests do, and knows nothing of the program. */
const standInTest: Place = {
  name: 'test of a stand-in',
  home: 'test/simulators',
  rule: { folders: ['test/support/wait.ts'] },
};

function refusedFolder(place: Place, target: string): string | undefined {
  const inside = target.replace(/^src\//, '');
  const free = [place.home, ...place.rule.folders].some(
    (folder) => inside === folder || inside.startsWith(`${folder}/`),
  );
  const top = place.rule.folders.includes(TOP) && /^src\/[^/]+$/.test(target) && target !== 'src/roles.ts';
  if (free || top) return undefined;
  return `${place.name} may import ${['itself', ...place.rule.folders].join(', ')} only`;
}

function refusedPackage(place: Place, target: string): string | undefined {
  const bare = target.replace(/^node:/, '');
  if (target.startsWith('node:') || builtinModules.includes(target)) return refusedNode(place, bare);
  const name = bare
    .split('/')
    .slice(0, bare.startsWith('@') ? 2 : 1)
    .join('/');
  if (!place.rule.packages || place.rule.packages.includes(name)) return undefined;
  return `${place.name} may use these packages only: ${place.rule.packages.join(', ') || 'none'}`;
}

function refusedNode(place: Place, module: string): string | undefined {
  if (place.rule.node === 'none') return `${place.name} is pure: none of Node's own modules`;
  if (place.rule.node === 'no network' && NETWORK.includes(module))
    return 'the network and the clock arrive as arguments';
  return undefined;
}
