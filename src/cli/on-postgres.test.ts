import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { sql } from 'kysely';
import { readConfig } from '#src/config.ts';
import { RESTORED } from '#src/housekeeping.ts';
import { LAST_BACKUP } from '#storage/backups.ts';
import { openPostgres } from '#storage/postgres.ts';
import { backTo } from '#test/support/older-version.ts';
import { temporaryFolder, type Ends } from '#test/contracts/fixtures.ts';
import { changeBackup, inPlain } from '#test/support/change-backup.ts';
import { fullHall } from '#test/support/full-hall.ts';
import { startGuildhall } from '#test/support/guildhall.ts';
import { PASSWORD } from '#test/support/person.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { backup, restore } from './backup.ts';
import type { CommandLine } from './command-line.ts';
import { move } from './move.ts';
import { inTransaction, postgresTables } from './postgres-tables.ts';
import { sqliteTables } from './sqlite-tables.ts';
import { tableShapes, type Row, type Tables } from './table-shapes.ts';

/** Everything that is carried, by table; without what a restore leaves as its mark. */
type Rows = Record<string, Row[]>;

const BACKUP_PASSPHRASE = 'a heron on one leg';

const found = await startPostgres();
const postgres = found as Postgres;
after(() => found?.stop());

describe('the command line on PostgreSQL', { concurrency: 2, skip: found ? false : 'no PostgreSQL here' }, () => {
  /** Runs commands in an empty folder, on a database: as processes of their own, as an operator does. */
  const typed = (t: Ends, url: string) => {
    const folder = temporaryFolder(t);
    const run = (words: string, input = '') =>
      startGuildhall(folder, words.split(' '), { input, env: { DATABASE_URL: url } }).ended;
    const done = async (words: string, input = ''): Promise<string> => {
      const { code, said } = await run(words, input);
      assert.equal(code, 0, said);
      return said;
    };
    return { folder, run, done };
  };

  /** A database with a hall in it that has something in every table, and the folder that it came from. */
  const filled = async (t: Ends) => {
    const data = await fullHall(temporaryFolder(t));
    const url = await postgres.freshDatabase();
    await on({ DATABASE_URL: url, GUILDHALL_DATA: data }, move);
    return { url, data, folder: temporaryFolder(t) };
  };

  test('every command works on the database that is named, and no data folder is made', async (t) => {
    const url = await postgres.freshDatabase();
    const { folder, run, done } = typed(t, url);
    assert.match(await done('account create olga --owner --password-stdin', PASSWORD), /olga made, owner and operator/);
    assert.match(await done('invite --uses 3'), /\/join\//);
    assert.match(await done('command set stock --off --allow olga'), /stock.*off · for olga/);
    assert.match(await done('command list'), /stock.*off · for olga/);
    assert.match(await done('space list'), /none yet/);
    assert.match(await done('account role olga admin'), /olga is admin now/);
    const again = await run('account create OLGA', PASSWORD);
    assert.deepEqual([again.code, /username-taken/.test(again.said)], [1, true], again.said);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('a database that cannot be reached is told with its address, and not with the password', async (t) => {
    const { folder, run } = typed(t, 'postgres://olga:geheim@127.0.0.1:1/hall');
    const { code, said } = await run('invite');
    assert.deepEqual([code, /Nobody answers at 127\.0\.0\.1:1.*DATABASE_URL names it/.test(said)], [1, true], said);
    assert.doesNotMatch(said, /geheim/);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('a backup is one file, for its owner alone, that holds every row', async (t) => {
    const { url, data, folder } = await filled(t);
    const file = join(folder, 'evening.db');
    assert.match(await on({ DATABASE_URL: url }, backup, file), /3 messages, 6 accounts.*Read back: whole\./);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['evening.db']);
    const rows = await inPlain(file, BACKUP_PASSPHRASE, rowsOfFile);
    assert.deepEqual(rows, await rowsOfFile(join(data, 'hall.db')));
    assert.equal(readFileSync(file).includes('SQLite format'), false);
    await assert.rejects(on({ DATABASE_URL: url }, backup, file), /is there already/);
  });

  test('a backup of the one database can be restored into the other, and back', async (t) => {
    const { url, data, folder } = await filled(t);
    const [first, second] = [join(folder, 'first.db'), join(folder, 'second.db')];
    const home = { GUILDHALL_DATA: join(folder, 'home') };
    await on({ DATABASE_URL: url }, backup, first);
    await on(home, restore, first);
    assert.deepEqual(await rowsOfFile(join(home.GUILDHALL_DATA, 'hall.db')), await rowsOfFile(join(data, 'hall.db')));
    await on(home, backup, second);
    const other = await postgres.freshDatabase();
    await on({ DATABASE_URL: other }, restore, second);
    assert.deepEqual(await rowsOfPostgres(other, data), await rowsOfPostgres(url, data));
  });

  test('a restore puts back what was, and takes what came after; a running hall is told', async (t) => {
    const { url, data, folder } = await filled(t);
    const file = join(folder, 'then.db');
    await on({ DATABASE_URL: url }, backup, file);
    const [before, mark] = [await rowsOfPostgres(url, data), await markOf(url)];
    await changeAt(
      url,
      `update messages set text = 'changed'; delete from spaces; delete from accounts where id like 'B%';
       insert into communities values ('comm_later', 'Later', 9)`,
    );
    await on({ DATABASE_URL: url }, restore, file);
    assert.deepEqual(await rowsOfPostgres(url, data), before);
    const now = await markOf(url);
    assert.ok(now !== undefined && now !== mark, 'a running hall sees no restore');
  });

  test('a restore gets its turn beside a hall that writes all the time, in another order', async (t) => {
    const { url, data, folder } = await filled(t);
    const file = join(folder, 'then.db');
    await on({ DATABASE_URL: url }, backup, file);
    const before = await rowsOfPostgres(url, data);
    const writing = new AbortController();
    const hall = hallThatWrites(url, writing.signal);
    await on({ DATABASE_URL: url }, restore, file).finally(() => writing.abort());
    assert.ok((await hall) > 0, 'nobody wrote');
    await on({ DATABASE_URL: url }, restore, file);
    assert.deepEqual(await rowsOfPostgres(url, data), before);
  });

  test('what cannot be restored is refused, and nothing has changed', async (t) => {
    const { url, data, folder } = await filled(t);
    const [newer, zero, picture] = ['newer.db', 'zero.db', 'picture.png'].map((name) => join(folder, name)) as Three;
    for (const file of [newer, zero]) await on({ DATABASE_URL: url }, backup, file);
    await changeIn(newer, "insert into kysely_migration values ('9999-later', '2027-01-01T00:00:00.000Z')");
    // The restore meets it in its middle.
    await changeIn(zero, "update messages set text = 'a' || char(0) || 'b' where seq = 3");
    writeFileSync(picture, 'no database at all'.repeat(100));
    const before = await rowsOfPostgres(url, data);
    const refusals: [string, RegExp][] = [
      [newer, /of another version/],
      [zero, /text of the row .* in messages holds the character U\+0000/s],
      [picture, /not a whole backup of a hall/],
      [join(folder, 'none.db'), /There is no file/],
    ];
    for (const [file, why] of refusals) {
      await assert.rejects(on({ DATABASE_URL: url }, restore, file), why);
      assert.deepEqual(await rowsOfPostgres(url, data), before, file);
    }
  });

  test('a backup of an older version is brought up to date on its way back', async (t) => {
    const { url, data, folder } = await filled(t);
    const file = join(folder, 'older.db');
    await on({ DATABASE_URL: url }, backup, file);
    await changeBackup(file, await backTo('0002-platforms'), BACKUP_PASSPHRASE);
    const older = Object.entries(await inPlain(file, BACKUP_PASSPHRASE, rowsOfFile));
    await changeAt(url, 'delete from messages');
    await on({ DATABASE_URL: url }, restore, file);
    const now = await rowsOfPostgres(url, data);
    // New columns stand behind those that there were.
    const asThen = older.map(([table, rows]) => [table, now[table]?.map((row) => row.slice(0, rows[0]?.length))]);
    assert.deepEqual(asThen, older);
    assert.deepEqual(readdirSync(folder), ['older.db']);
  });
});

type Three = [string, string, string];

/** Runs one command here, with these settings; gives what it said, or throws what it throws. */
async function on(
  settings: NodeJS.ProcessEnv,
  command: (line: CommandLine) => Promise<number>,
  ...words: string[]
): Promise<string> {
  const lines: string[] = [];
  const print = (_what: string, ...told: string[]): void => void lines.push(told.join(' '));
  const say = { ok: print, note: print, wrong: print, plain: print };
  assert.equal(await command({ config: readConfig({ BACKUP_PASSPHRASE, ...settings }, '/nowhere'), say, words }), 0);
  return lines.join('\n');
}

/** Changes two tables, the last one that a restore takes first, again and again; resolves to how often that was committed. */
async function hallThatWrites(url: string, ends: AbortSignal): Promise<number> {
  const storage = openPostgres(url);
  let written = 0;
  while (!ends.aborted) {
    const work = storage.write(async ({ db }) => {
      for (const table of ['spaces', 'rooms'] as const) {
        await db
          .updateTable(table)
          .set({ name: `${table} ${written}` })
          .execute();
        await sql`select pg_sleep(0.02)`.execute(db);
      }
    });
    await work.then(
      () => written++,
      () => undefined,
    );
  }
  await storage.close();
  return written;
}

function changeIn(file: string, statements: string): Promise<void> {
  return changeBackup(file, (db) => db.exec(statements), BACKUP_PASSPHRASE);
}

async function changeAt(url: string, statements: string): Promise<void> {
  const storage = openPostgres(url);
  try {
    await storage.maintain((db) => sql.raw(statements).execute(db));
  } finally {
    await storage.close();
  }
}

async function markOf(url: string): Promise<string | undefined> {
  const storage = openPostgres(url);
  try {
    const asked = storage.db.selectFrom('instance').select('value').where('key', '=', RESTORED);
    return (await asked.executeTakeFirst())?.value;
  } finally {
    await storage.close();
  }
}

async function rowsOfFile(file: string): Promise<Rows> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return await rowsOf(sqliteTables(db), db);
  } finally {
    db.close();
  }
}

/** `data`: a folder whose SQLite file says which tables there are. */
async function rowsOfPostgres(url: string, data: string): Promise<Rows> {
  const db = new DatabaseSync(join(data, 'hall.db'), { readOnly: true });
  const storage = openPostgres(url);
  try {
    return await storage.maintain((pool) =>
      pool
        .connection()
        .execute((connection) =>
          inTransaction(connection, 'read only', async () =>
            rowsOf(await postgresTables(connection, tableShapes(db)), db),
          ),
        ),
    );
  } finally {
    db.close();
    await storage.close();
  }
}

async function rowsOf(tables: Tables, db: DatabaseSync): Promise<Rows> {
  const rows: Rows = {};
  for (const shape of tableShapes(db)) {
    const all: Row[] = [];
    for await (const batch of tables.batches(shape)) all.push(...batch);
    // What is noted of backups and restores themselves is in none.
    const noted: unknown[] = shape.name === 'instance' ? [RESTORED, LAST_BACKUP] : [];
    rows[shape.name] = all.filter(([key]) => !noted.includes(key));
  }
  return rows;
}
