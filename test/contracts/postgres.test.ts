import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import pg from 'pg';
import { generate } from 'selfsigned';
import type { AppError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { readFact, writeFact } from '#storage/instance.ts';
import { pageOfMessages } from '#storage/messages.ts';
import { checkServer } from '#storage/migrate.ts';
import type { PostDraft } from '#storage/post.ts';
import { openPostgres, type PostgresOptions } from '#storage/postgres.ts';
import { findRoomFor } from '#storage/rooms.ts';
import type { Storage } from '#storage/storage.ts';
import { brokenLine } from '#test/support/broken-line.ts';
import { ownPostgres, type OwnPostgres } from '#test/support/own-postgres.ts';
import { askPostgres } from '#test/support/postgres.ts';
import { eventually } from '#test/support/wait.ts';
import { prepare, roomOf, somebody, type Ends } from './fixtures.ts';

describe('a PostgreSQL that has trouble', () => {
  let server: OwnPostgres;
  before(async () => (server = await ownPostgres()));
  after(() => server.remove());

  /** A hall's storage on a database of its own, closed when the test ends. */
  async function hall(t: Ends, more: PostgresOptions = {}): Promise<{ storage: Storage; url: string }> {
    const url = await server.freshDatabase();
    const storage = open(t, url, more);
    await prepare(storage);
    return { storage, url };
  }

  test('a database that is killed makes everything fail with 503 at once; back again, all works by itself and nothing told is lost', async (t) => {
    const { storage } = await hall(t);
    const { draft, room, account } = await poster(storage);
    const told: number[] = [];
    const posting = Array.from({ length: 8 }, async () => {
      for (;;) {
        const seq = await storage.post(draft()).catch((error: unknown) => error as AppError);
        if (typeof seq === 'number') told.push(seq);
        else if (seq instanceof Error) return seq;
      }
    });
    await eventually('some posts', () => (told.length > 100 ? true : undefined));
    await server.kill();
    for (const error of await Promise.all(posting)) assertNotStored(error);
    assertNotStored(await failureOf(storage.write((tx) => writeFact(tx.db, 'a', 'b'))));
    assertNotStored(await failureOf(storage.post(draft())));
    const read = await failureOf(findRoomFor(storage.db, account, room));
    assert.deepEqual([read.status, read.code], [503, 'not-ready']);
    assert.ok(read.cause instanceof Error, 'the log says why');

    await server.startAgain();
    const next = await storage.post(draft());
    const kept = (await pageOfMessages(storage.db, { room, limit: 100_000, after: 0 })).map(({ seq }) => seq);
    assert.deepEqual(kept, upTo(next as number), 'no number is left out or given twice');
    for (const seq of told) assert.ok(kept.includes(seq), `${seq} was told`);
    await storage.write((tx) => writeFact(tx.db, 'a', 'c'));
    assert.equal(await readFact(storage.db, 'a'), 'c');
  });

  test('a database that stands still fails writes and reads within their time, those that wait in line too, and goes on after it', async (t) => {
    const { storage } = await hall(t, { bounds: SHORT });
    const { draft, room, account } = await poster(storage);
    await storage.post(draft());
    server.freeze();
    t.after(() => server.thaw());
    const began = performance.now();
    const many = Array.from({ length: 10_000 }, () => storage.post(draft()));
    const errors = await Promise.all([
      ...many.map(failureOf),
      ...Array.from({ length: 10_000 }, () => failureOf(storage.write((tx) => writeFact(tx.db, 'a', 'b')))),
    ]);
    errors.forEach(assertNotStored);
    assert.equal((await failureOf(findRoomFor(storage.db, account, room))).status, 503);
    assert.ok(
      performance.now() - began < 10 * SHORT.query_timeout,
      'nobody waits for others to fail one after the other',
    );
    server.thaw();
    await eventually('a post', () => storage.post(draft()));
    await storage.write((tx) => writeFact(tx.db, 'a', 'c'));
    const kept = (await pageOfMessages(storage.db, { room, limit: 100_000, after: 0 })).map(({ seq }) => seq);
    assert.deepEqual(kept, upTo(kept.length));
  });

  test('a connection ended in the middle of a commit is a failure, and the post sent again is stored once, under the next number', async (t) => {
    const { storage, url } = await hall(t);
    const { draft, room } = await poster(storage);
    assert.equal(await storage.post(draft()), 1);
    await slowCommits(storage, room);
    const mine = draft();
    const first = failureOf(storage.post(mine));
    await eventually('the commit to begin', () => inCommit(url));
    await askPostgres(url, `select pg_terminate_backend(pid) from pg_stat_activity where ${IN_COMMIT}`);
    assertNotStored(await first);
    assert.equal(await storage.post({ ...mine, id: newId('msg') }), 2);
    assert.equal(await storage.post({ ...mine, id: newId('msg') }), 'repeated');
  });

  test('a commit whose answer is lost on the way is a failure that does not say "nothing was changed", and the post sent again is found', async (t) => {
    const line = await brokenLine(server.port);
    t.after(() => line.close());
    const { storage: straight, url } = await hall(t);
    const storage = open(t, Object.assign(new URL(url), { port: String(line.port) }).href);
    const { draft, room } = await poster(straight);
    await slowCommits(straight, room);
    const mine = draft();
    const first = failureOf(storage.post(mine));
    await eventually('the commit to begin', () => inCommit(url));
    line.cut();
    const error = await first;
    assertNotStored(error);
    assert.match(error.message, /may be there or not/);
    assert.equal(await storage.post({ ...mine, id: newId('msg') }), 'repeated');
    const page = await pageOfMessages(straight.db, { room, limit: 10 });
    assert.deepEqual(
      page.map(({ id, seq }) => [id, seq]),
      [[mine.id, 1]],
    );
  });

  test('two halls that wait for each other’s rows both get through', async (t) => {
    const { storage, url } = await hall(t);
    const other = open(t, url);
    for (const key of ['a', 'b']) await storage.write((tx) => writeFact(tx.db, key, 'old'));
    const held = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const cross = (from: Storage, keys: string[], me: number): Promise<void> =>
      from.write(async (tx) => {
        await writeFact(tx.db, keys[0]!, `by ${me}`);
        held[me]!.resolve();
        await held[1 - me]!.promise;
        await writeFact(tx.db, keys[1]!, `by ${me}`);
      });
    await Promise.all([cross(storage, ['a', 'b'], 0), cross(other, ['b', 'a'], 1)]);
    assert.equal(await readFact(storage.db, 'a'), await readFact(storage.db, 'b'), 'one after the other');
  });

  test('a row that somebody holds for too long fails the batch in its time, and others wait no longer than it', async (t) => {
    const { storage, url } = await hall(t, { bounds: SHORT });
    await storage.write((tx) => writeFact(tx.db, 'held', 'old'));
    const client = new pg.Client(url);
    await client.connect();
    t.after(() => client.end());
    await client.query('begin');
    await client.query("update instance set value = 'mine' where key = 'held'");
    const began = performance.now();
    const many = Array.from({ length: 30 }, (_, n) => storage.write((tx) => writeFact(tx.db, 'held', `${n}`)));
    (await Promise.all(many.map(failureOf))).forEach(assertNotStored);
    assert.ok(performance.now() - began < 10 * SHORT.lock_timeout);
    await client.query('rollback');
    await storage.write((tx) => writeFact(tx.db, 'held', 'new'));
  });

  test('a work that hides its own failed statement is not told that it is stored', async (t) => {
    const { storage } = await hall(t);
    const hiding = storage.write(async (tx) => {
      await writeFact(tx.db, 'a', 'b');
      await sql`insert into no_such_table values (1)`.execute(tx.db).catch(() => undefined);
    });
    assertNotStored(await failureOf(hiding));
    assert.equal(await readFact(storage.db, 'a'), undefined);
  });

  test('who listens is woken by commits of other processes that hold outbox rows, and by them alone', async (t) => {
    const { storage, url } = await hall(t);
    const other = open(t, url);
    const listeners = (): Promise<string> =>
      askPostgres(url, "select count(*) from pg_stat_activity where query = 'listen guildhall_outbox'");
    assert.equal(await listeners(), '0', 'nobody listens before somebody asks');
    let woken = 0;
    const stop = storage.onElsewhere(() => (woken += 1));
    await eventually('the line to stand', () => (woken === 1 ? true : undefined));
    await other.write((tx) => writeFact(tx.db, 'a', 'b'));
    await other.write((tx) => tx.publish('jobs', 1));
    await eventually('a call', () => (woken === 2 ? true : undefined));
    await askPostgres(
      url,
      "select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen guildhall_outbox'",
    );
    await eventually('a call on the new line', () => (woken === 3 ? true : undefined));
    await other.write((tx) => tx.publish('jobs', 2));
    await eventually('a call', () => (woken === 4 ? true : undefined));
    stop();
    await eventually('the line to end', async () => ((await listeners()) === '0' ? true : undefined));
  });

  test('reading connections cannot write, and every session has its name and its bounds', async (t) => {
    const { storage } = await hall(t, { role: 'bot' });
    const writing = storage.db.insertInto('instance').values({ key: 'a', value: 'b' }).execute();
    await assert.rejects(writing, (error: AppError) => /read-only/.test(String(error.cause)));
    for (const db of [storage.db, storage.writer]) {
      const { rows } = await sql<Record<string, string>>`
        select current_setting('application_name') as name, current_setting('statement_timeout') as statement,
          current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle
      `.execute(db);
      assert.deepEqual(rows, [{ name: 'guildhall bot', statement: '5s', lock: '4s', idle: '3s' }]);
    }
  });

  test('statements that are kept survive a migration that adds a column', async (t) => {
    const { storage } = await hall(t);
    const look = async (): Promise<unknown[]> => [
      await readFact(storage.db, 'a'),
      await storage.db.selectFrom('instance').selectAll().where('key', '=', 'a').execute(),
    ];
    await storage.write((tx) => writeFact(tx.db, 'a', 'b'));
    for (let n = 0; n < 20; n++) await look();
    const names = await sql`select name from pg_prepared_statements`.execute(storage.db);
    assert.ok(names.rows.length > 0, 'some are kept');
    await storage.maintain((db) => sql`alter table instance add column more text default 'x'`.execute(db));
    assert.deepEqual(await look(), ['b', [{ key: 'a', value: 'b', more: 'x' }]]);
  });

  test('four programs that start at once on an empty database prepare it once: the schema, the community, the room', async () => {
    const url = await server.freshDatabase();
    const program = `
      import { migrate } from '#storage/migrate.ts';
      import { openPostgres } from '#storage/postgres.ts';
      import { openFirstRoom } from '#chat/first-room.ts';
      import { ensureCommunity } from '#storage/communities.ts';
      const storage = openPostgres(process.argv[1]);
      console.log(JSON.stringify(await migrate(storage)));
      await storage.write((tx) => ensureCommunity(tx.db, 'Guildhall', Date.now()));
      await openFirstRoom(storage, Date.now);
      await storage.close();`;
    const run = promisify(execFile);
    const words = ['--input-type=module', '--eval', program, url];
    const told = await Promise.all(
      upTo(4).map(() => run(process.execPath, words, { cwd: join(import.meta.dirname, '../..'), timeout: 30_000 })),
    );
    const [first, ...others] = told.map(({ stdout }) => stdout.trim());
    assert.match(first ?? '', /^\{"schema":\d+,"newer":false\}$/);
    assert.deepEqual(new Set(others), new Set([first]));
    const [done, schema] = [await askPostgres(url, 'select count(*) from kysely_migration'), JSON.parse(first!).schema];
    assert.equal(done, String(schema));
    for (const table of ['communities', 'rooms'])
      assert.equal(await askPostgres(url, `select count(*) from ${table}`), '1', table);
  });

  test('a server older than 14 is refused in a sentence', () => {
    assert.throws(() => checkServer(130_014), /^Error: The server is PostgreSQL 13\. Guildhall needs 14 or newer/);
    assert.doesNotThrow(() => checkServer(140_000));
  });
});

describe('a PostgreSQL that is far away', () => {
  let server: OwnPostgres;
  let certificate: { cert: string; private: string };
  before(async () => {
    // For the name alone, not for 127.0.0.1.
    const extensions = [{ name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: 'localhost' }] }];
    certificate = await generate([{ name: 'commonName', value: 'localhost' }], { algorithm: 'sha256', extensions });
    server = await ownPostgres({ tls: { cert: certificate.cert, key: certificate.private } });
  });
  after(() => server.remove());

  const address = async (host: string): Promise<string> =>
    `${(await server.freshDatabase()).replace('127.0.0.1', host)}?sslmode=verify-full`;

  test('is spoken to in TLS where it is who the certificate says', async (t) => {
    const storage = open(t, await address('localhost'), { ca: certificate.cert });
    await prepare(storage);
    for (const db of [storage.db, storage.writer]) {
      const { rows } = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db);
      assert.deepEqual(rows, [{ ssl: true }]);
    }
    let woken = 0;
    storage.onElsewhere(() => (woken += 1));
    await eventually('the listening line', () => (woken > 0 ? true : undefined));
  });

  test('is not spoken to where nobody we know signed its certificate, or where it has another name', async (t) => {
    const unsigned = open(t, await address('localhost'));
    const misnamed = open(t, await address('127.0.0.1'), { ca: certificate.cert });
    const causes = await Promise.all(
      [unsigned, misnamed].map(async (storage) => (await failureOf(readFact(storage.db, 'a'))).cause),
    );
    assert.deepEqual(
      causes.map((cause) => (cause as { code: string }).code),
      ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    );
  });
});

/** ms; for a test that waits for each of them. */
const SHORT = { connectionTimeoutMillis: 500, statement_timeout: 600, lock_timeout: 400, query_timeout: 800 };

function open(t: Ends, url: string, more: PostgresOptions = {}): Storage {
  const storage = openPostgres(url, more);
  t.after(() => storage.close().catch(() => undefined));
  return storage;
}

/** Somebody with a room, and posts of theirs that are all different. */
async function poster(storage: Storage): Promise<{ draft(): PostDraft; room: string; account: string }> {
  const { account } = await somebody(storage, 'ann');
  const { id: room } = await roomOf(storage, { account });
  let n = 0;
  const draft = (): PostDraft => ({
    id: newId('msg'),
    room,
    author: account,
    text: 'hello',
    clientId: `c${(n += 1)}`,
    createdAt: 1,
  });
  return { draft, room, account };
}

/** Makes the first commit of a message in the room take a second, so that a test can come in between. */
async function slowCommits(storage: Storage, room: string): Promise<void> {
  await storage.maintain(async (db) => {
    await sql`create function wait_at_commit() returns trigger language plpgsql as $$ begin perform pg_sleep(1); return null; end $$`.execute(
      db,
    );
    await sql`create constraint trigger slow after insert on messages deferrable initially deferred for each row
      when (new.room_id = ${sql.lit(room)}) execute function wait_at_commit()`.execute(db);
  });
}

const IN_COMMIT = "wait_event = 'PgSleep' and datname = current_database()";

async function inCommit(url: string): Promise<true | undefined> {
  return (await askPostgres(url, `select count(*) from pg_stat_activity where ${IN_COMMIT}`)) === '0'
    ? undefined
    : true;
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  return work.then(
    (value) => assert.fail(`it did not fail: ${JSON.stringify(value)}`),
    (error: AppError) => error,
  );
}

function assertNotStored(error: AppError): void {
  assert.deepEqual([error.status, error.code, error.fault], [503, 'not-stored', 'ours'], String(error.stack));
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
