import { chmodSync, existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import pino from 'pino';
import { ownerCode } from '#auth/sign-up.ts';
import { baseOf, readConfig, WrongSettings, type Config } from './config.ts';
import { lockFolder, openFolder, type DataFolder } from './data-folder.ts';
import { whenOrphaned } from './orphaned.ts';
import { explainRefusal } from './refusals.ts';
import type { PlatformHealth } from '#core/platform.ts';
import { platforms } from './platforms.ts';
import { startHall, type RunningHall } from './roles.ts';
import { terminal } from './terminal.ts';
import { certificate } from './tls.ts';
import { VERSION } from './version.ts';

const say = terminal();

/** Starts the hall and says how it went. Wrong settings end with 78 (EX_CONFIG), any other refusal with 1. */
export async function serve(): Promise<void> {
  const began = performance.now();
  try {
    checkRole(process.argv.slice(2));
    const config = readConfig(process.env, process.cwd());
    say.plain(`\nGuildhall ${VERSION}, all roles in one process`);
    if (!config.source.envFile)
      say.ok(
        'settings',
        config.source.set === 0 ? '.env not found, defaults used' : '.env not found, the environment is used',
      );
    const folder = openFolder(config.GUILDHALL_DATA);
    const lock = lockFolder(folder);
    const hall = await open(config, folder);
    stopWithGrace(hall, lock);
    await tellHow(hall, config);
    say.plain(`Open in ${((performance.now() - began) / 1000).toFixed(1)} s. Stop with Ctrl C.`);
  } catch (error) {
    refuse(error);
  }
}

/** `--role all` is the one role there is; a process for each part comes with the engines that join them. */
function checkRole(words: string[]): void {
  const { values } = parseArgs({ args: words, options: { role: { type: 'string', default: 'all' } } });
  if (values.role !== 'all')
    throw new Error(`There is no role "${values.role}". This version runs everything in one process: --role all`);
}

async function open(config: Config, folder: DataFolder): Promise<RunningHall> {
  const tls = await certificate(config, folder.path);
  const logger = pino({ level: config.LOG_LEVEL }, pino.destination(2));
  const hall = await startHall(config, {
    database: folder.database,
    logger,
    onPlatform: tellPlatform,
    ...(tls && { tls }),
  });
  for (const end of ['', '-wal', '-shm'])
    if (existsSync(folder.database + end)) chmodSync(folder.database + end, 0o600);
  say.ok(
    'data',
    folder.made
      ? `${config.GUILDHALL_DATA} made (0700), database at schema ${hall.schema}`
      : `${config.GUILDHALL_DATA}, schema ${hall.schema}`,
  );
  const address = await hall.listen();
  const shown = config.PUBLIC_URL ?? address;
  say.ok(
    'web',
    tls
      ? `${shown} (TLS ${config.TLS === 'self' ? 'by a certificate of its own' : 'from files'}, ${tls.daysLeft} days left)`
      : shown,
  );
  return hall;
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

async function tellHow(hall: RunningHall, config: Config): Promise<void> {
  tellSkipped(config);
  const code = await ownerCode(hall.auth);
  if (code === undefined) return;
  const port = (hall.server.app.server.address() as { port: number }).port;
  const base = baseOf({ ...config, PORT: port });
  say.plain('\nThis hall has no owner yet. Make the owner here; the link works once:\n');
  say.plain(`  ${base}/first/${code}\n`);
}

function stopWithGrace(hall: RunningHall, lock: { release(): void }): void {
  const { close } = closeWithGrace({ delay: 20_000, logger: false }, async ({ err }) => {
    if (err) say.wrong('hall', `stops: ${err.message}`);
    else say.plain('\nStopping. Answers under way are finished first, 15 s at most. Ctrl C again stops at once.');
    await hall.stop();
    lock.release();
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
