import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import pino from 'pino';
import { ownerCode } from '#auth/sign-up.ts';
import { baseOf, readConfig, ROLES, WrongSettings, type Config, type ProcessRole } from './config.ts';
import { lockFolder, openFolder, type DataFolder } from './data-folder.ts';
import { whenOrphaned } from './orphaned.ts';
import { explainRefusal } from './refusals.ts';
import type { Mail } from '#core/mail.ts';
import type { PlatformHealth } from '#core/platform.ts';
import { platforms } from './platforms.ts';
import { startRole, type Running } from './roles.ts';
import type { HallPart } from '#parts/hall.ts';
import { terminal } from './terminal.ts';
import { certificate } from './tls.ts';
import { startVault } from './vault-role.ts';
import { VERSION } from './version.ts';

const say = terminal();

/** Starts a role and says how it went. Wrong settings end with 78 (EX_CONFIG), any other refusal with 1. */
export async function serve(): Promise<void> {
  const began = performance.now();
  try {
    const role = readRole(process.argv.slice(2));
    const config = readConfig(process.env, process.cwd(), role);
    needPlatform(config, role);
    say.plain(`\nGuildhall ${VERSION}, ${role === 'all' ? 'all roles in one process' : `role ${role}`}`);
    if (!config.source.envFile)
      say.ok(
        'settings',
        config.source.set === 0 ? '.env not found, defaults used' : '.env not found, the environment is used',
      );
    const data = takeFolder(config, role);
    if (role === 'vault') await serveVault(config, data);
    else await serveRole(config, role, data);
    say.plain(`Open in ${((performance.now() - began) / 1000).toFixed(1)} s. Stop with Ctrl C.`);
  } catch (error) {
    refuse(error);
  }
}

async function serveRole(config: Config, role: ProcessRole, data: Data): Promise<void> {
  const stopWaiting = stopWhileWaiting();
  const running = await open(config, role, data.folder);
  stopWaiting();
  stopWithGrace(running, data);
  running.startVault();
  await tellHow(running, config);
}

/** The vault has no engine: only its folder, and a little server that tells its health. */
async function serveVault(config: Config, data: Data): Promise<void> {
  const tls = await certificate(config, data.folder?.path ?? '');
  const logger = pino({ level: config.LOG_LEVEL }, pino.destination(2));
  const running = await startVault(config, { logger, onReady: tellVault, ...(tls && { tls }) });
  stopWithGrace(running, data);
  const address = await running.listen();
  say.ok('health', `${address}/health/ready`);
  tellEngines(running);
}

function readRole(words: string[]): ProcessRole {
  const { values } = parseArgs({ args: words, options: { role: { type: 'string', default: 'all' } } });
  const role = ROLES.find((one) => one === values.role);
  if (role === undefined) throw new Error(`There is no role "${values.role}". Roles: ${ROLES.join(', ')}`);
  return role;
}

/** A role that is a platform has nothing to do without its settings. */
function needPlatform(config: Config, role: ProcessRole): void {
  const mine = platforms(config).find(({ name }) => name === role);
  const wrong = (mine?.skipped?.missing ?? []).map((name) => ({
    name,
    lines: [`is not set, and --role ${role} needs it. See docs/${role}.md`],
  }));
  if (wrong.length > 0) throw new WrongSettings(wrong);
}

interface Data {
  folder: DataFolder | undefined;
  release(): void;
}

/** The data folder, where something is kept in it: the database, a certificate of our own, or the vault's keys. */
function takeFolder(config: Config, role: ProcessRole): Data {
  const isVault = role === 'vault';
  if (!isVault && config.DATABASE_URL !== undefined && config.TLS !== 'self')
    return { folder: undefined, release: () => undefined };
  const database = !isVault && config.DATABASE_URL === undefined;
  const folder = openFolder(config.GUILDHALL_DATA, { database });
  const lock = lockFolder(folder);
  return { folder, release: () => lock.release() };
}

/** Nothing is under way while the start waits for the database. */
function stopWhileWaiting(): () => void {
  const stop = (): void => {
    say.plain('\nStopped before it was open.');
    process.exit(0);
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.once(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

async function open(config: Config, role: ProcessRole, folder: DataFolder | undefined): Promise<Running> {
  const tls = await certificate(config, folder?.path ?? '');
  const logger = pino({ level: config.LOG_LEVEL }, pino.destination(2));
  const running = await startRole(config, role, {
    database: folder?.database ?? '',
    logger,
    onPlatform: tellPlatform,
    onWaiting: (what, why) => say.note(what, `waits: ${why}`),
    onTakenOver: endTakenOver,
    onVault: tellVault,
    onMail: tellMail,
    ...(tls && { tls }),
  });
  tellData(running, config, folder);
  const address = await running.listen();
  const shown = config.PUBLIC_URL ?? address;
  const how =
    tls && ` (TLS ${config.TLS === 'self' ? 'by a certificate of its own' : 'from files'}, ${tls.daysLeft} days left)`;
  if (running.hall) say.ok('web', `${shown}${how ?? ''}`);
  else say.ok('health', `${address}/health/ready${how ?? ''}`);
  return running;
}

/** Without a mail server the operator passes on what people need. */
function tellMail({ to, subject, text }: Mail): void {
  say.note('mail', `to ${to}: ${subject}`);
  say.plain(`\n${text}`);
}

/** What is sealed with a key that is lost opens nowhere else. */
function tellVault({ made, why, folder }: { made: boolean; why?: string; folder: string }): void {
  if (why !== undefined) say.wrong('vault', why);
  if (!made) return;
  say.ok(
    'vault',
    `master key made at ${join(folder, 'keys.json')} (0600).`,
    'Back it up: npm run -s guildhall -- vault export-key FILE',
  );
}

/** Two that believe to be alone would each do half of everything. */
function endTakenOver(): never {
  say.wrong('database', 'Another process runs on this database now, as this one could not be reached. This one ends.');
  process.exit(1);
}

function tellData({ schema, newer }: Running, config: Config, folder: DataFolder | undefined): void {
  const shown = `schema ${schema}${newer ? ', one newer than this program knows: it works with that' : ''}`;
  if (config.DATABASE_URL !== undefined || !folder) return say.ok('database', `PostgreSQL, ${shown}`);
  for (const end of ['', '-wal', '-shm'])
    if (existsSync(folder.database + end)) chmodSync(folder.database + end, 0o600);
  const { GUILDHALL_DATA: name } = config;
  say.ok('data', folder.made ? `${name} made (0700), database at ${shown}` : `${name}, ${shown}`);
}

/** A platform that came up, went down or refuses its token; also while the hall runs. */
function tellPlatform({ platform, state, why }: PlatformHealth): void {
  if (state === 'up' && why === undefined) say.ok(platform, 'connected');
  else if (state === 'starting') say.note(platform, 'connecting');
  else say.wrong(platform, why ?? state);
}

function tellSkipped(config: Config): void {
  for (const { name, skipped } of platforms(config)) {
    if (skipped?.half) say.wrong(name, skipped.why);
    else if (skipped) say.note(name, skipped.why);
  }
}

async function tellHow(running: Running, config: Config): Promise<void> {
  tellEngines(running);
  const { hall } = running;
  if (!hall) return;
  if (running.role === 'all') tellSkipped(config);
  // Of several halls one shows it: each new link ends the ones before.
  await new Promise<void>((resolve) => {
    running.inOne('first-link', () => tellFirst(hall, config).finally(resolve));
    if (config.AMQP_URL !== undefined) resolve();
  });
}

async function tellFirst({ auth, server }: HallPart, config: Config): Promise<void> {
  const code = await ownerCode(auth);
  if (code === undefined) return;
  const port = (server.app.server.address() as { port: number }).port;
  const base = baseOf({ ...config, PORT: port });
  say.plain('\nThis hall has no owner yet. Make the owner here; the link works once:\n');
  say.plain(`  ${base}/first/${code}\n`);
}

/** ms between two looks at RabbitMQ and Redis. */
const LOOK_MS = 1_000;

/** An engine that is there, that is waited for, or that went away; also while the process runs. */
function tellEngines(running: Pick<Running, 'engines' | 'ended'>): void {
  const seen = new Map<string, string>();
  const look = (): void => {
    for (const { name, state, why } of running.engines()) {
      const now = `${state} ${why ?? ''}`;
      if (seen.get(name) === now) continue;
      if (state === 'up') say.ok(name, 'connected');
      else if (seen.has(name)) say.wrong(name, why ?? state);
      else say.note(name, `waits: ${why ?? state}`);
      seen.set(name, now);
    }
  };
  // What is only being connected to is not told.
  const timer = setInterval(look, LOOK_MS).unref();
  running.ended.addEventListener('abort', () => clearInterval(timer));
}

function stopWithGrace(running: Pick<Running, 'stop'>, data: Data): void {
  const { close } = closeWithGrace({ delay: 20_000, logger: false }, async ({ err }) => {
    if (err) say.wrong('process', `stops: ${err.message}`);
    else say.plain('\nStopping. Answers under way are finished first, 12 s at most. Ctrl C again stops at once.');
    await running.stop();
    data.release();
    say.plain('Stopped. Nothing was lost.');
  });
  whenOrphaned(close);
}

function refuse(error: unknown): never {
  if (error instanceof WrongSettings) {
    for (const { name, lines } of error.wrong) say.wrong(name, ...lines);
    say.plain('Nothing was started.');
    process.exit(78);
  }
  const [what, ...lines] = explainRefusal(error);
  say.wrong(what, ...lines);
  say.plain('Nothing was started.');
  process.exit(1);
}
