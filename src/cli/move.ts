import { parseArgs } from 'node:util';
import type { Storage } from '#storage/storage.ts';
import { WrongSettings } from '#src/config.ts';
import { placeOf } from '#src/engine-refusals.ts';
import { openStorage } from '#src/engines.ts';
import { readSettings } from '#src/settings.ts';
import { hasKeys } from '#src/vault-reach.ts';
import { WrongUse, type CommandLine } from './command-line.ts';
import type { Progress } from './copy-tables.ts';
import { openMoveSource, type MoveSource } from './move-source.ts';
import { fillTarget, lookAtTarget } from './move-target.ts';
import { explainAway, isAway } from './open-data.ts';

/**
 * `move [--to postgres://…] [--dry-run]`: carries the hall in GUILDHALL_DATA over to an empty PostgreSQL database, `--to` or
 * DATABASE_URL, and compares every row. Cut off, it goes on where it was when it is run again. The folder stays as it is.
 */
export async function move(line: CommandLine): Promise<number> {
  const { config } = line;
  const { url, dryRun } = readWords(line);
  const source = await openMoveSource(config.GUILDHALL_DATA);
  const storage = await openStorage({ ...config, DATABASE_URL: url }, { database: '', role: 'move' });
  try {
    line.say.ok('source', `${config.GUILDHALL_DATA}, ${counted(source.rows)}`);
    await (dryRun ? look : carry)({ ...line, url, source, storage });
    return 0;
  } catch (error) {
    throw isAway(error) ? new Error(`${explainAway(error, url).message} ${AGAIN}`, { cause: error }) : error;
  } finally {
    await storage.close();
    source.close();
  }
}

const AGAIN = 'Run it again then: it goes on where it was.';

interface Move extends CommandLine {
  url: string;
  source: MoveSource;
  storage: Storage;
}

async function look({ say, url, source, storage }: Move): Promise<void> {
  const found = await lookAtTarget({ source, storage });
  say.ok('target', `${shown(url)}, ${STANDING[found]}`);
  say.plain(`Nothing was changed. Without --dry-run ${counted(source.rows)} are carried over.`);
}

const STANDING = {
  empty: 'empty',
  'under way': 'filled in part by this hall; a move goes on there',
  done: 'filled from this hall before',
};

async function carry(moving: Move): Promise<void> {
  const { say, url, source, storage } = moving;
  say.note('target', shown(url));
  const compared = await fillTarget({ source, storage, say, told: tell(moving) });
  say.ok('compared', `${counted(compared.rows)} are the same on both sides. SHA-256 ${compared.hash.slice(0, 16)}`);
  tellNext(moving);
}

/** A line a table that holds something; a large one tells how far it is every other second. */
function tell({ say }: Move): Progress {
  let last = performance.now();
  return (table, rows, done) => {
    const now = performance.now();
    if (done && rows > 0) say.ok(table, counted(rows));
    else if (!done && now - last > TELL_EVERY) say.note(table, `${counted(rows)} so far`);
    else return;
    last = now;
  };
}

/** ms between two lines of one table. */
const TELL_EVERY = 2_000;

function tellNext({ say, config, url }: Move): void {
  const folder = config.GUILDHALL_DATA;
  say.plain(`The hall is carried over; ${folder} is as it was. What to do now:`);
  const steps = [
    ...(config.DATABASE_URL === url ? [] : ['Set DATABASE_URL to the address that you gave as --to.']),
    'Start the hall, sign in and look around.',
    'Make a backup of it: npm run -s guildhall -- backup FILE',
    `Then remove hall.db from ${folder}, so that nobody starts the old hall by mistake.`,
    ...(hasKeys(config) ? [`Keep ${folder}/vault: the keys of all secrets are there and were not carried over.`] : []),
  ];
  steps.forEach((step, at) => say.plain(`  ${at + 1}. ${step}`));
}

function readWords({ config, words }: CommandLine): { url: string; dryRun: boolean } {
  const { to, 'dry-run': dryRun } = parse(words);
  if (to === undefined && config.DATABASE_URL === undefined)
    throw new WrongUse('Where to? Set DATABASE_URL in .env, or give --to postgres://user:password@host/database');
  if (to === undefined) return { url: config.DATABASE_URL as string, dryRun };
  const { settings, wrong } = readSettings({ DATABASE_URL: to });
  if (settings.DATABASE_URL === undefined) throw new WrongSettings(wrong.map(({ lines }) => ({ name: '--to', lines })));
  return { url: settings.DATABASE_URL, dryRun };
}

function parse(words: string[]): { to?: string | undefined; 'dry-run': boolean } {
  try {
    const options = { to: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } } as const;
    return parseArgs({ args: words, options }).values;
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

function shown(url: string): string {
  const { at, path } = placeOf(url);
  return `PostgreSQL at ${at}, database ${path}`;
}

function counted(rows: number): string {
  return `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;
}
