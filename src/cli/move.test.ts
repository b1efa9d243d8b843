import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import pg from 'pg';
import { lockFolder, openFolder } from '#src/data-folder.ts';
import { newId } from '#core/ids.ts';
import { migrationsOf } from '#storage/migrate.ts';
import { seeProcess } from '#storage/processes.ts';
import { openPostgres } from '#storage/postgres.ts';
import { backTo } from '#test/support/older-version.ts';
import { temporaryFolder, type Ends } from '#test/contracts/fixtures.ts';
import { fullHall } from '#test/support/full-hall.ts';
import { startGuildhall } from '#test/support/guildhall.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { eventually } from '#test/support/wait.ts';
import { tableNames, tableShapes } from './table-shapes.ts';

const start = (data: string, words: string[], env: NodeJS.ProcessEnv = {}) =>
  startGuildhall(dirname(data), words, { env: { GUILDHALL_DATA: data, ...env } });

const move = (data: string, ...words: string[]) => start(data, ['move', ...words]).ended;

/** Asks the target; the first value of each row. */
async function ask<T>(url: string, statement: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows.map((row) => Object.values(row)[0] as T);
  } finally {
    await client.end();
  }
}

const countAt = async (url: string, table: string): Promise<number> =>
  Number((await ask<string>(url, `select count(*) from ${table}`))[0]);

const stateAt = async (url: string): Promise<string | undefined> =>
  (await ask<string>(url, `select value::json ->> 'state' from instance where key = 'move'`))[0];

const change = (data: string, statement: string): void => changeWith(data, (db) => db.exec(statement));

const changeWith = (data: string, work: (db: DatabaseSync) => void): void => {
  const db = new DatabaseSync(join(data, 'hall.db'));
  work(db);
  db.close();
};

const hashOf = (data: string): string =>
  createHash('sha256')
    .update(readFileSync(join(data, 'hall.db')))
    .digest('hex');

const found = await startPostgres();
const postgres = found as Postgres;
after(() => found?.stop());

describe(
  'moving a hall from SQLite to PostgreSQL',
  { concurrency: 2, skip: found ? false : 'no PostgreSQL here' },
  () => {
    /** A hall with something in every table, and an empty database to go to. */
    const ready = async (t: Ends, messages?: number) => ({
      data: await fullHall(temporaryFolder(t), messages),
      to: await postgres.freshDatabase(),
    });

    test('every row of every table is carried over, and the numbers go on where they were', async (t) => {
      const { data, to } = await ready(t);
      const before = hashOf(data);
      const { code, said } = await move(data, '--to', to);
      assert.equal(code, 0, said);
      assert.match(said, /are the same on both sides/);
      for (const [table, rows] of countsOf(data)) {
        assert.ok(rows >= 3, `nothing was tried of ${table}`);
        assert.equal((await countAt(to, table)) - (table === 'instance' ? 1 : 0), rows, table);
      }
      assert.deepEqual(await valuesOf(to), valuesIn(data));
      const [next] = await ask<string>(
        to,
        `insert into outbox (channel, body, created_at) values ('x', 'y', 1) returning n`,
      );
      assert.equal(Number(next), 4712);
      assert.equal(hashOf(data), before, 'the source stays as it is');
      assert.ok(!readdirSync(data).some((name) => name.includes('moving')));
    });

    test('what to do next says that the vault’s keys stay in the folder, where there are keys', async (t) => {
      const { data, to } = await ready(t, 1);
      assert.doesNotMatch((await move(data, '--to', to)).said, /vault/);
      mkdirSync(join(data, 'vault'));
      writeFileSync(join(data, 'vault/keys.json'), '');
      const { code, said } = await move(data, '--to', to);
      assert.deepEqual([code, said.includes(`Keep ${data}/vault: the keys of all secrets`)], [0, true], said);
    });

    test('no table is forgotten: what PostgreSQL has is what is carried over', async (t) => {
      const { data, to } = await ready(t);
      assert.equal((await move(data, '--to', to)).code, 0);
      const there = await ask<string>(to, `select tablename from pg_tables where schemaname = 'public'`);
      const db = new DatabaseSync(join(data, 'hall.db'), { readOnly: true });
      const shapes = tableShapes(db);
      db.close();
      const stay = ['kysely_migration', 'kysely_migration_lock', 'leases', 'processes'];
      assert.deepEqual(there.toSorted(), [...shapes.map(({ name }) => name), ...stay].toSorted());
      for (const { name, key } of shapes) assert.ok(key.length > 0, `${name} has no key to be compared by`);
      const done = await ask<string>(to, 'select name from kysely_migration order by name');
      assert.deepEqual(done, migrationsIn(data));
    });

    test('a database that was made for a language is compared by bytes all the same', async (t) => {
      const { data, to } = await ready(t);
      const name = `${new URL(to).pathname.slice(1)}_en`;
      const [version] = await ask<number>(to, `select current_setting('server_version_num')::int`);
      if ((version ?? 0) < 150_000) return t.skip('PostgreSQL 14 knows no such database');
      await ask(
        to,
        `create database ${name} template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US'`,
      );
      t.after(() => ask(to, `drop database ${name} with (force)`).then(() => undefined));
      const url = Object.assign(new URL(to), { pathname: `/${name}` }).href;
      const { code, said } = await move(data, '--to', url);
      assert.equal(code, 0, said);
    });

    test('killed at any point and run again, everything is there once', async (t) => {
      const { data, to } = await ready(t, 40_000);
      for (const least of [0, 5_000, 20_000]) {
        const run = start(data, ['move', '--to', to]);
        await eventually('rows to come', async () => ((await countAt(to, 'messages')) > least ? true : undefined));
        run.child.kill('SIGKILL');
        await run.ended;
        const there = await countAt(to, 'messages');
        assert.ok(there < 40_000 && (await stateAt(to)) === 'under way', `it was killed too late: ${there}`);
      }
      const { code, said } = await move(data, '--to', to);
      assert.equal(code, 0, said);
      assert.doesNotMatch(said, /anew/);
      assert.equal(await countAt(to, 'messages'), 40_000);
      assert.equal(await stateAt(to), 'done');
    });

    test('while it is half done no command works on the target, and what was written since the kill begins it anew', async (t) => {
      const { data, to } = await ready(t);
      assert.equal((await move(data, '--to', to)).code, 0);
      await ask(to, `update instance set value = replace(value, 'done', 'under way') where key = 'move'`);
      const invite = await start(data, ['invite'], { DATABASE_URL: to }).ended;
      assert.deepEqual([invite.code, /not at its end/.test(invite.said)], [1, true], invite.said);
      change(data, "update messages set text = 'edited meanwhile' where seq = 1; delete from spaces");
      const again = await move(data, '--to', to);
      assert.equal(again.code, 0, again.said);
      assert.match(again.said, /carried over anew/);
      assert.deepEqual(await valuesOf(to), valuesIn(data));
    });

    test('run again after its end it compares, and refuses where one of both was used since', async (t) => {
      const { data, to } = await ready(t);
      assert.equal((await move(data, '--to', to)).code, 0);
      assert.match((await move(data, '--to', to)).said, /are the same on both sides/);
      await ask(to, `update messages set text = 'later' where seq = 2`);
      const { code, said } = await move(data, '--to', to);
      assert.deepEqual([code, /used since.*Nothing was changed/.test(said)], [1, true], said);
      assert.deepEqual(await ask(to, 'select text from messages where seq = 2'), ['later']);
    });

    test('--dry-run looks at both sides and changes nothing', async (t) => {
      const { data, to } = await ready(t);
      const { code, said } = await start(data, ['move', '--dry-run'], { DATABASE_URL: to }).ended;
      assert.deepEqual([code, /, empty/.test(said), /Nothing was changed/.test(said)], [0, true, true], said);
      assert.equal(await countAt(to, `pg_tables where schemaname = 'public'`), 0);
    });

    test('a hall of an older version is carried over in today’s form', async (t) => {
      const { data, to } = await ready(t);
      changeWith(data, await backTo('0002-platforms'));
      const before = hashOf(data);
      const { code, said } = await move(data, '--to', to);
      assert.equal(code, 0, said);
      assert.equal(await countAt(to, 'kysely_migration'), Object.keys(migrationsOf('postgres')).length);
      assert.equal(hashOf(data), before);
      assert.ok(!existsSync(join(data, 'hall.db.moving')));
    });

    test('a hall that runs on the source is told to be stopped first', async (t) => {
      const { data, to } = await ready(t);
      const lock = lockFolder(openFolder(data));
      const { code, said } = await move(data, '--to', to);
      lock.release();
      assert.deepEqual([code, /A hall runs on .* Stop it first/.test(said)], [1, true], said);
      assert.equal(await countAt(to, `pg_tables where schemaname = 'public'`), 0);
    });

    test('no hall starts on the source while it is carried over', async (t) => {
      const { data, to } = await ready(t, 20_000);
      const run = start(data, ['move', '--to', to]);
      await eventually('rows to come', async () => ((await countAt(to, 'messages')) > 0 ? true : undefined));
      assert.throws(() => lockFolder(openFolder(data)), /in use by process/);
      assert.equal((await run.ended).code, 0);
      lockFolder(openFolder(data)).release();
    });

    describe('is refused, and nothing has changed, where the target', () => {
      const refused = async (data: string, to: string, why: RegExp): Promise<void> => {
        const before = await tablesAt(to);
        const { code, said } = await move(data, '--to', to);
        assert.equal(code, 1, said);
        assert.match(said, why);
        assert.match(said, /Nothing was changed/);
        assert.deepEqual(await tablesAt(to), before);
      };

      test('holds another hall', async (t) => {
        const { data, to } = await ready(t);
        const other = await fullHall(temporaryFolder(t));
        change(other, "insert into communities (id, name, created_at) values ('comm_other', 'Elsewhere', 0)");
        assert.equal((await move(other, '--to', to)).code, 0);
        await refused(data, to, /holds another hall/);
      });

      test('holds tables of another program', async (t) => {
        const { data, to } = await ready(t);
        await ask(to, 'create table accounts (id int)');
        await refused(data, to, /tables of something else: accounts/);
      });

      test('is one on which a hall runs', async (t) => {
        const { data, to } = await ready(t);
        assert.equal((await move(data, '--to', to)).code, 0);
        const storage = openPostgres(to);
        await seeProcess(storage, { id: newId('hall'), role: 'hall', version: '0', health: [] });
        await storage.close();
        await refused(data, to, /A hall runs on that database \(hall\)/);
      });

      test('gives its user no right to make tables', async (t) => {
        const { data, to } = await ready(t);
        const name = new URL(to).pathname.slice(1);
        await ask(to, `create role ${name} login password 'p'`);
        t.after(() => ask(to, `drop role ${name}`).then(() => undefined));
        await ask(to, 'revoke create on schema public from public');
        const url = Object.assign(new URL(to), { username: name, password: 'p' }).href;
        await refused(data, url, /may not make tables/);
      });

      test('is being filled by another move', async (t) => {
        const { data, to } = await ready(t);
        const other = new pg.Client({ connectionString: to });
        await other.connect();
        await other.query(`select pg_advisory_lock(hashtext('guildhall move'))`);
        await refused(data, to, /Another move into this database is under way/).finally(() => other.end());
      });
    });

    const wrong: [words: string[], code: number, says: RegExp][] = [
      [[], 64, /Where to\?/],
      [['--to', 'mysql://127.0.0.1/x'], 78, /"what":"--to".*not an address/],
      [['--to', 'postgres://u:geheim@db.example.org/x'], 78, /"what":"--to".*not encrypted/],
      [['--to', 'postgres://u:geheim@127.0.0.1:1/x'], 1, /Nobody answers at 127\.0\.0\.1:1.*Run it again then/],
      [['--from', 'x'], 64, /--from/],
    ];
    for (const [words, code, says] of wrong) {
      test(`“move ${words.join(' ')}” ends with ${code}, says why, and tells no password`, async (t) => {
        const told = await move(await fullHall(temporaryFolder(t)), ...words);
        assert.equal(told.code, code, told.said);
        assert.match(told.said, says);
        assert.doesNotMatch(told.said, /geheim/);
      });
    }

    test('where there is no hall it says so, and makes none', async (t) => {
      const data = join(temporaryFolder(t), 'nothing');
      const { code, said } = await move(data, '--to', await postgres.freshDatabase());
      assert.deepEqual([code, /There is no hall in/.test(said)], [1, true], said);
      assert.ok(!existsSync(data));
    });
  },
);

/** Names and columns of what stands there, and how many rows. */
async function tablesAt(url: string): Promise<string[]> {
  const columns = `select table_name || '.' || column_name as c from information_schema.columns where table_schema = 'public'`;
  const rows = `select relname || ' ' || n_live_tup from pg_stat_user_tables`;
  return [...(await ask<string>(url, columns)), ...(await ask<string>(url, rows))].toSorted();
}

function reading<T>(data: string, look: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(data, 'hall.db'), { readOnly: true });
  try {
    return look(db);
  } finally {
    db.close();
  }
}

/** What this test reads by itself of the one and of the other: words of every kind, in no order. */
const WORDS = 'select text from messages union all select id from deliveries union all select key from instance';

function valuesIn(data: string): unknown[] {
  return reading(data, (db) =>
    db
      .prepare(WORDS)
      .all()
      .map((row) => row['text']),
  ).toSorted();
}

async function valuesOf(url: string): Promise<unknown[]> {
  return (await ask<string>(url, WORDS)).filter((word) => word !== 'move').toSorted();
}

function countsOf(data: string): [table: string, rows: number][] {
  return reading(data, (db) =>
    tableNames(db)
      .filter((name) => name !== 'leases' && name !== 'processes')
      .map((name) => [name, Number(db.prepare(`select count(*) as rows from "${name}"`).get()?.['rows'])]),
  );
}

function migrationsIn(data: string): unknown[] {
  return reading(data, (db) =>
    db
      .prepare('select name from kysely_migration order by name')
      .all()
      .map(({ name }) => name),
  );
}
