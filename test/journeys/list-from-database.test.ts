import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { systemClock } from '#core/clock.ts';
import type { By } from '#core/moderation.ts';
import type { AppError } from '#core/errors.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { verifyFeature } from '#features/verify/index.ts';
import { readConfig } from '#src/config.ts';
import { listDatabases } from '#src/list-sources.ts';
import { verifyParts } from '#src/verifying.ts';
import { firstCommunity } from '#storage/communities.ts';
import type { Storage } from '#storage/storage.ts';
import { freshStorage, somebody, temporaryFolder, type Ends } from '#test/contracts/fixtures.ts';
import { startMaria, type Maria } from '#test/support/maria.ts';
import { startPostgres } from '#test/support/postgres.ts';

const QUERY =
  "select id as user_id, email, full_name as name, paid_until as until from customers where kind = 'member'";

interface Shop {
  url: string;
  run(statement: string): Promise<void>;
}

/** A story, told on each kind of database: a shop's customers are a community's list. */
for (const kind of ['PostgreSQL', 'MariaDB'] as const)
  describe(`a list from a database of ${kind}`, { concurrency: 1 }, () => {
    const ends: (() => Promise<void> | void)[] = [];
    const t: Ends = { after: (act) => void ends.push(act) };
    let shop: Shop | undefined;
    let storage: Storage;
    let by: By;
    let file: string;
    const now = { at: 0 };

    before(async () => {
      shop = await (kind === 'PostgreSQL' ? inPostgres(t) : inMaria(t));
      storage = await freshStorage(t);
      const community = (await firstCommunity(storage.db)).id;
      by = { account: (await somebody(storage, 'olga', 'owner')).account, role: 'owner', community };
      file = join(temporaryFolder(t), 'sources.json');
      if (shop) write([{ name: 'shop', url: shop.url, query: QUERY, communities: [community] }]);
      now.at = systemClock();
    });
    after(async () => {
      for (const end of ends.toReversed()) await end();
    });

    const write = (sources: object[]): void => writeFileSync(file, JSON.stringify(sources));
    const list = () => {
      const config = readConfig({ LIST_SOURCES: file }, '/nowhere');
      const clock = () => now.at;
      const chat = { storage, clock, bus: { announce: () => undefined } };
      const parts = verifyParts({ ...chat, rates: memoryRates(clock), config });
      const { verification } = verifyFeature(() => parts);
      assert.ok(verification);
      return verification.list;
    };
    const names = async (): Promise<string[]> =>
      (await list().entries(by, { limit: 50 })).entries.map((one) => `${one.userId} ${one.name} ${one.source}`);
    const hour = (): void => void (now.at += 3_600_000);

    test('its first list is looked through and waits for a yes; what changes later is taken by itself', async (t) => {
      if (!shop) return t.skip(`no ${kind} here`);
      const first = await list().sync({ by, name: 'shop' });
      assert.deepEqual(first.counts, { added: 4, changed: 0, same: 0, removed: 0, bad: 1 });
      assert.deepEqual(
        first.report.map(({ field }) => field),
        ['email'],
      );
      assert.deepEqual(await names(), []);
      await list().confirm({ by, id: first.id, skipBad: true });
      assert.deepEqual(await names(), ['1 Ann sql', '12345678901 Bob sql', '3 Zoë sql', '5 Eve sql']);
      const [ann] = (await list().entries(by, { limit: 1 })).entries;
      assert.equal(ann?.until, Date.UTC(2099, 1, 1), 'a day holds until it is over');
      await shop.run("insert into customers values (6, 'fay@example.org', 'Fay', null, 'member')");
      await shop.run('delete from customers where id = 5');
      await list().askSources();
      assert.equal((await names()).length, 4, 'its time has not come');
      hour();
      await list().askSources();
      assert.deepEqual(await names(), ['1 Ann sql', '12345678901 Bob sql', '3 Zoë sql', '6 Fay sql']);
      const [seen] = await list().sources(by);
      assert.match(seen?.result ?? '', /1 new, 0 changed, 1 removed, 1 wrong\. All good rows are in force\./);
    });

    test('where more than half would go, somebody has to say yes first; what came otherwise stays', async (t) => {
      if (!shop) return t.skip(`no ${kind} here`);
      async function* mine() {
        const entry = { userId: 'own', email: 'own@example.org', name: 'Own', until: null };
        yield { line: 1, key: 'own', entry };
      }
      await list().put({ by, rows: mine(), missing: 'keep', skipBad: false });
      await shop.run('delete from customers where id in (1, 3, 6)');
      hour();
      await list().askSources();
      assert.equal((await names()).length, 5);
      const waiting = (await list().imports(by)).find(({ state }) => state === 'preview');
      assert.equal(waiting?.counts.removed, 3);
      await list().confirm({ by, id: waiting.id, skipBad: true });
      assert.deepEqual(await names(), ['12345678901 Bob sql', 'own Own http']);
    });

    test('a query that writes, or fails, changes nothing there and here, and is told without the address', async (t) => {
      if (!shop) return t.skip(`no ${kind} here`);
      const { community: one } = by;
      const tried = [
        ["insert into customers values (9, 'x', 'x', null, 'member')", /gave no list/],
        ['drop table customers', /gave no list/],
        ['select id as user_id from customers', /gives no column email/],
        ['select nothing', /its query fails/],
      ] as const;
      for (const [query, words] of tried) {
        write([{ name: 'shop', url: shop.url, query, communities: [one] }]);
        await assert.rejects(list().sync({ by, name: 'shop' }), (error: AppError) => {
          assert.deepEqual([error.status, error.code], [502, 'source-failed']);
          assert.match(error.message, words);
          assert.ok(!error.message.includes('127.0.0.1') && !error.message.includes('secret'));
          return true;
        });
      }
      const left = "select id as user_id, email, full_name as name from customers where kind <> 'member' or id = 9";
      write([{ name: 'shop', url: shop.url, query: left, communities: [one] }]);
      const { counts } = await list().sync({ by, name: 'shop' });
      assert.deepEqual([counts.added, counts.bad], [1, 0], 'the table is there, and has no row more');
      assert.deepEqual(await names(), ['12345678901 Bob sql', 'own Own http']);
    });

    test('another community cannot choose it, and whoever leaves it keeps what came', async (t) => {
      if (!shop) return t.skip(`no ${kind} here`);
      const stranger: By = { ...by, community: 'comm_other' };
      assert.deepEqual(await list().sources(stranger), []);
      await assert.rejects(list().sync({ by: stranger, name: 'shop' }), { code: 'unknown-source' });
      await list().leaveSource({ by, name: 'shop' });
      assert.equal((await names()).length, 2);
      await assert.rejects(list().leaveSource({ by, name: 'shop' }), { code: 'unknown-source' });
    });
  });

describe('the file of databases', () => {
  test('what is wrong with it is told by the source’s name, and no address is shown', (t) => {
    const file = join(temporaryFolder({ after: (act) => t.after(act) }), 'sources.json');
    const good = {
      name: 'shop',
      url: 'postgres://u:secret@127.0.0.1/shop',
      query: 'select 1',
      communities: ['comm_1'],
    };
    const told = (sources: unknown): string => {
      writeFileSync(file, typeof sources === 'string' ? sources : JSON.stringify(sources));
      try {
        listDatabases({ LIST_SOURCES: file });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.equal(told([good]), '');
    for (const [sources, words] of [
      ['nonsense', /is not JSON/],
      [[{ ...good, url: 'http://u:secret@x/' }], /0\.url: is not an address/],
      [
        [{ ...good, url: 'postgres://u:secret@db.example.org/shop?sslmode=disable' }],
        /shop: the database is on another machine/,
      ],
      [[{ ...good, url: 'mysql://u:secret@db.example.org/shop?ssl=false' }], /behind \?/],
      [[{ ...good, every: 1 }], /every/],
      [[{ ...good, communities: [] }], /communities/],
      [[good, good], /Two sources are called shop/],
      [[{ ...good, ca: '/no/such.pem' }], /there is no file/],
    ] as const) {
      const said = told(sources);
      assert.match(said, words);
      assert.ok(!said.includes('secret'), said);
    }
    assert.match(
      ((): string => {
        try {
          listDatabases({ LIST_SOURCES: '/no/such.json' });
          return '';
        } catch (error) {
          return (error as Error).message;
        }
      })(),
      /There is no file/,
    );
  });
});

const TABLE = [
  'create table customers (id bigint primary key, email varchar(100), full_name varchar(100), paid_until date, kind varchar(20))',
  "insert into customers values (1, 'Ann@example.org', 'Ann', '2099-01-31', 'member'), (12345678901, 'bob@example.org', 'Bob', null, 'member'), (3, 'zoe@example.org', 'Zoë', null, 'member'), (4, 'no address', 'Dan', null, 'member'), (5, 'eve@example.org', 'Eve', null, 'member'), (7, 'guest@example.org', 'Guest', null, 'guest')",
];

async function inPostgres(t: Ends): Promise<Shop | undefined> {
  const server = await startPostgres();
  if (!server) return undefined;
  t.after(() => server.stop());
  const url = await server.freshDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  const run = async (statement: string): Promise<void> => void (await client.query(statement));
  for (const statement of TABLE) await run(statement);
  return { url, run };
}

async function inMaria(t: Ends): Promise<Shop | undefined> {
  const server: Maria | undefined = await startMaria();
  if (!server) return undefined;
  t.after(() => server.stop());
  for (const statement of TABLE) await server.run(statement);
  return server;
}
