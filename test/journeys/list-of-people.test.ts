import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { SeenImport } from '#core/verification-list.ts';
import { systemClock } from '#core/clock.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { verifyFeature } from '#features/verify/index.ts';
import { verifyParts } from '#src/verifying.ts';
import { LIMITS } from '#core/limits.ts';
import { firstCommunity, roleIn } from '#storage/communities.ts';
import { listNow } from '#storage/list-people.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startMail, type Arrived, type MailServer } from '#test/simulators/mail/index.ts';
import { eventually } from '#test/support/wait.ts';

interface Entry {
  user_id: string;
  email: string;
  name: string;
  until: string | null;
  state: string;
}

/** A story: a school keeps its list of students by files, by a shop's program, and writes to who has not come yet. */
describe('a community’s list of people', { concurrency: 1 }, () => {
  let mail: MailServer;
  let hall: OpenHall;
  let olga: Somebody;
  let base: string;
  let community: string;

  before(async () => {
    mail = await startMail();
    hall = await openHall({
      SMTP_URL: mail.url,
      MAIL_FROM: 'hall@example.org',
      PUBLIC_URL: 'https://hall.example.org',
    });
    olga = await somebody(hall.storage, 'olga', 'owner');
    community = (await firstCommunity(hall.storage.db)).id;
    base = `/v1/communities/${community}`;
    await sends('PATCH', '/verification', { on: true });
  });
  after(async () => {
    await hall?.close();
    await mail?.stop();
  });
  beforeEach(() => void (mail.mails.length = 0));

  interface Told {
    status: number;
    body: Record<string, unknown>;
    text: string;
    headers: Headers;
  }

  const sends = async (method: string, path: string, body?: unknown, token = olga.token): Promise<Told> => {
    const csv = typeof body === 'string';
    const answer = await fetch(hall.url + base + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': csv ? 'text/csv' : 'application/json' }),
      },
      ...(body !== undefined && { body: csv ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    const { status, headers } = answer;
    return { status, text, headers, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
  };
  const imported = (told: Told): SeenImport => {
    assert.ok(told.status < 300, told.text);
    return told.body as unknown as SeenImport;
  };
  const people = async (query = ''): Promise<Entry[]> =>
    (await sends('GET', `/verification/list${query}`)).body['entries'] as Entry[];
  const ids = async (query = ''): Promise<string[]> => (await people(query)).map((one) => one.user_id);
  const csv = (...rows: string[]): string => ['user_id,email,name,until', ...rows].join('\n');
  const verified = async (username: string, userId: string): Promise<Somebody> => {
    const one = await somebody(hall.storage, username);
    const told = await sends('POST', '/verification/people', { userId, subject: one.account });
    assert.equal(told.status, 204, told.text);
    return one;
  };
  const role = (one: Somebody) => roleIn(hall.storage.db, community, one.account);
  const sweep = async (): Promise<void> => {
    // What another process of the hall does each minute.
    const { storage, config } = hall;
    const clock = systemClock;
    const chat = { storage, clock, bus: { announce: () => undefined } };
    const parts = verifyParts({ ...chat, rates: memoryRates(clock), config });
    await verifyFeature(() => parts).verification?.sweep();
  };

  test('a file is looked through, and nothing is on the list before somebody says yes', async () => {
    const file = csv(
      '1,ann@example.org,Ann',
      '2,bob@example.org,Bob,',
      '3,cleo at example.org,Cleo,',
      '2,b@example.org,B,',
    );
    const looked = imported(await sends('POST', '/verification/imports', file));
    assert.deepEqual(looked.counts, { added: 1, changed: 0, same: 0, removed: 0, bad: 3 });
    assert.deepEqual(
      looked.report.map(({ line, field }) => [line, field]),
      [
        [2, null],
        [4, 'email'],
        [5, 'user_id'],
      ],
    );
    assert.deepEqual(await ids(), []);
    const confirm = `/verification/imports/${looked.id}/confirm`;
    const refused = await sends('POST', confirm, {});
    assert.deepEqual([refused.status, refused.body['code']], [409, 'bad-rows']);
    assert.match(String(refused.body['detail']), /3 rows are wrong, so nothing was imported.*Row 4, email:/);
    assert.deepEqual(await ids(), []);
    const done = imported(await sends('POST', confirm, { skipBad: true }));
    assert.deepEqual([done.state, done.report.length], ['done', 3], 'what was wrong stays in the report');
    assert.deepEqual(await ids(), ['2']);
    assert.equal((await sends('POST', confirm, { skipBad: true })).body['code'], 'import-over');
  });

  test('a better file changes what was there, and a list that was changed meanwhile is told', async () => {
    const file = csv('1,ann@example.org,Ann,', ' 2 ,bob@example.org,Robert,2099-01-31');
    const first = imported(await sends('POST', '/verification/imports', file));
    assert.deepEqual([first.counts.added, first.counts.changed], [1, 1]);
    assert.deepEqual(
      first.sample.changed.map(({ name }) => name),
      ['Robert'],
    );
    assert.equal((await sends('PATCH', '/people/2', { email: 'robert@example.org' })).status, 200);
    const stale = await sends('POST', `/verification/imports/${first.id}/confirm`, {});
    assert.deepEqual([stale.status, stale.body['code']], [409, 'list-changed']);
    assert.deepEqual(await ids(), ['2']);
    const again = imported(await sends('POST', '/verification/imports', file));
    imported(await sends('POST', `/verification/imports/${again.id}/confirm`, {}));
    const [, robert] = await people();
    assert.deepEqual(
      [robert?.name, robert?.email, robert?.until],
      ['Robert', 'bob@example.org', '2099-02-01T00:00:00.000Z'],
    );
    const dropped = imported(await sends('POST', '/verification/imports', file));
    assert.equal((await sends('DELETE', `/verification/imports/${dropped.id}`)).status, 204);
    assert.equal((await sends('POST', `/verification/imports/${dropped.id}/confirm`, {})).status, 409);
  });

  test('a program with a token for it adds, changes and removes people: all of a list, or nothing', async () => {
    const made = async (scopes: string[]): Promise<string> => {
      const answer = await fetch(`${hall.url}/v1/me/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${olga.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'shop', scopes, days: 30 }),
      });
      return String(((await answer.json()) as Record<string, unknown>)['token']);
    };
    const [shop, other] = [await made(['people']), await made(['read', 'post'])];
    const rows = [{ user_id: '3', email: 'cleo@example.org', name: 'Cleo', until: '2099-01-01T00:00:00Z' }];
    assert.equal((await sends('PUT', '/people', rows, other)).body['code'], 'scope-missing');
    assert.equal(imported(await sends('PUT', '/people', rows, shop)).counts.added, 1);
    const wrong = await sends(
      'PUT',
      '/people',
      [...rows, { user_id: '4', email: 'none', name: 'Dan' }, { user_id: '5', email: 'eve@example.org', name: 'Eve' }],
      shop,
    );
    assert.deepEqual([wrong.status, wrong.body['code']], [409, 'bad-rows']);
    assert.deepEqual(await ids(), ['1', '2', '3']);
    const some = imported(
      await sends(
        'PUT',
        '/people?skip_bad=1',
        [
          { user_id: '4', email: 'none', name: 'Dan' },
          { user_id: '5', email: 'eve@example.org', name: 'Eve' },
        ],
        shop,
      ),
    );
    assert.deepEqual([some.counts.added, some.counts.bad], [1, 1]);
    assert.equal((await sends('PATCH', '/people/3', { until: null }, shop)).body['until'], null);
    assert.equal((await sends('PATCH', '/people/3', { until: 'soon' }, shop)).body['code'], 'bad-entry');
    assert.equal((await sends('GET', '/people/%203%20', undefined, shop)).body['name'], 'Cleo');
    assert.equal((await sends('DELETE', '/people/5', undefined, shop)).status, 204);
    assert.equal((await sends('DELETE', '/people/5', undefined, shop)).status, 404);
    assert.equal((await sends('PUT', '/people', '{"not": "a list"}', shop)).body['code'], 'bad-list');
  });

  test('who is taken off, or whose time ends, may speak no more from that moment; who is back may', async () => {
    const [ann, bob, cleo] = [await verified('ann', '1'), await verified('bob', '2'), await verified('cleo', '3')];
    assert.equal((await sends('DELETE', '/people/1')).status, 204);
    assert.equal(await role(ann), 'guest');
    assert.equal((await sends('PATCH', '/people/2', { until: '2001-01-01' })).status, 200);
    assert.equal(await role(bob), 'guest');
    assert.deepEqual(
      (await people('?state=over')).map((one) => one.user_id),
      ['2'],
    );
    const rows = [
      { user_id: '1', email: 'ann@example.org', name: 'Ann' },
      { user_id: '2', email: 'bob@example.org', name: 'Bob' },
    ];
    const told = imported(await sends('PUT', '/people?missing=remove', rows));
    assert.deepEqual(told.counts, { added: 1, changed: 1, same: 0, removed: 1, bad: 0 });
    assert.deepEqual([await role(ann), await role(bob), await role(cleo)], ['member', 'member', 'guest']);
    const gone = await sends('GET', '/people/3');
    assert.equal(gone.status, 404);
  });

  test('moderators find people by name, address, id and how they stand; what is exported can be sent again', async () => {
    imported(
      await sends('PUT', '/people', csv('=2+5,odd@example.org,"Lee, ""Odd""",', '77,zoe@example.org,Zoe,2099-01-31')),
    );
    assert.deepEqual(await ids('?query=ZOE'), ['77']);
    assert.deepEqual(await ids('?query=odd@'), ['=2+5']);
    assert.deepEqual(await ids('?state=verified'), ['1', '2']);
    assert.deepEqual(await ids('?state=unverified'), ['77', '=2+5']);
    const paged = (await sends('GET', '/verification/list?limit=3')).body;
    assert.equal(String(paged['next']), '77');
    assert.deepEqual(await ids('?limit=3&after=77'), ['=2+5']);
    const exported = await sends('GET', '/verification/list/export');
    assert.match(exported.headers.get('content-type') ?? '', /^text\/csv/);
    assert.match(exported.text, /^user_id,email,name,until,state\r\n1,ann@example.org,Ann,,verified\r\n/);
    assert.match(exported.text, /\r\n'=2\+5,/, 'no table program takes it for a formula');
    const again = imported(await sends('PUT', '/people?missing=remove', exported.text));
    assert.deepEqual(again.counts, { added: 0, changed: 0, same: 4, removed: 0, bad: 0 });
  });

  test('a large list is written beside the one before, and is in force as a whole or not at all', async () => {
    const many = LIMITS.listAtOnce * 2 + 7;
    const rows = Array.from({ length: many }, (_, n) => `n${n},n${n}@example.org,Number ${n},`);
    const looked = imported(await sends('POST', '/verification/imports', csv(...rows)));
    assert.equal(looked.counts.added, many);
    const confirming = sends('POST', `/verification/imports/${looked.id}/confirm`, {});
    const seen = new Set<number>();
    let over = false;
    void confirming.finally(() => (over = true));
    while (!over) {
      const { count } = await hall.storage.db
        .selectFrom('list_people')
        .select((e) => e.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      seen.add(Number(count));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(imported(await confirming).state, 'done');
    assert.deepEqual(
      [...seen].filter((count) => count !== 4 && count !== many + 4),
      [],
      'never a part of it',
    );
    assert.equal((await ids('?query=n&limit=200')).length, 200);
    await sweep();
    const left = await hall.storage.db.selectFrom('list_rows').select('key').execute();
    assert.equal(left.length, many + 4, 'nothing is left of the list before');
    const staged = await hall.storage.db.selectFrom('list_import_rows').select('key').execute();
    assert.equal(staged.length, 0);
    const few = csv('1,ann@example.org,Ann,', '2,bob@example.org,Bob,', '77,zoe@example.org,Zoe,');
    assert.equal(imported(await sends('PUT', '/people?missing=remove', few)).counts.removed, many + 1);
    assert.deepEqual(await ids(), ['1', '2', '77']);
    await sweep();
  });

  test('an import whose process ended while it was written changes nothing, and leaves nothing behind', async () => {
    const rows = Array.from({ length: LIMITS.listAtOnce + 1 }, (_, n) => `k${n},k${n}@example.org,K,`);
    const looked = imported(await sends('POST', '/verification/imports', csv(...rows)));
    const killed = Date.now() - LIMITS.listWriteMinutes * 60_000;
    await hall.storage.write(async ({ db }) => {
      const { generation } = await listNow(db, community);
      await db
        .updateTable('list_imports')
        .set({ state: 'writing', state_at: killed })
        .where('id', '=', looked.id)
        .execute();
      await db
        .updateTable('lists')
        .set({ newest: generation + 1, untidy: 1 })
        .execute();
      const half = { email: 'k@example.org', name: 'K', until: null, source: 'file', changed_at: 1 };
      const row = { community_id: community, generation: generation + 1, key: 'k1', user_id: 'k1', ...half };
      await db.insertInto('list_rows').values(row).execute();
    });
    await sweep();
    assert.deepEqual(await ids(), ['1', '2', '77']);
    assert.equal((await hall.storage.db.selectFrom('list_rows').select('key').execute()).length, 3);
    assert.equal(imported(await sends('GET', `/verification/imports/${looked.id}`)).state, 'dropped');
  });

  test('who is not verified is written to once a day at most, and never again after one click', async () => {
    imported(await sends('PUT', '/people', csv('88,yan@example.org,Yan,', '99,xi@example.org,Xi,2001-01-01')));
    const begun = await sends('POST', '/verification/reach-out', undefined);
    assert.deepEqual([begun.status, begun.body['sent'], begun.body['state']], [201, 2, 'done'], begun.text);
    await eventually('both mails', () => (mail.mails.length === 2 ? true : undefined));
    const to = (): string[] => mail.mails.flatMap((one) => one.to).toSorted();
    assert.deepEqual(to(), ['yan@example.org', 'zoe@example.org']);
    const zoe = mail.mails.find((one) => one.to.includes('zoe@example.org')) as Arrived;
    assert.match(zoe.text, /type \/verify 77/);
    assert.match(zoe.raw, /List-Unsubscribe-Post: List-Unsubscribe=One-Click/);
    const [, door] = /List-Unsubscribe:\s*<https:\/\/hall\.example\.org(\/unsubscribe\/[\w-]+)>/.exec(zoe.raw) ?? [];
    assert.equal((await sends('POST', '/verification/reach-out')).body['sent'], 0, 'not twice within a day');
    for (const method of ['GET', 'HEAD']) assert.equal((await fetch(hall.url + door, { method })).status, 200);
    await hall.storage.write(({ db }) =>
      db
        .deleteFrom('list_reached')
        .execute()
        .then(() => undefined),
    );
    mail.mails.length = 0;
    const click = await fetch(hall.url + door, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'List-Unsubscribe=One-Click',
    });
    assert.equal(click.status, 200);
    assert.equal((await sends('POST', '/verification/reach-out')).body['sent'], 1);
    await eventually('one mail', () => (mail.mails.length > 0 ? true : undefined));
    assert.deepEqual(to(), ['yan@example.org']);
    assert.equal((await fetch(`${hall.url}/unsubscribe/wrong`, { method: 'POST' })).status, 404);
  });

  test('a letter to many goes out some at a time, goes on where it was, and stops when it is told to', async () => {
    const many = LIMITS.reachOutMails * 2;
    const rows = Array.from({ length: many + 5 }, (_, n) => `r${n},r${n}@example.org,R,`);
    imported(await sends('PUT', '/people?missing=remove', csv(...rows)));
    const begun = await sends('POST', '/verification/reach-out');
    assert.deepEqual([begun.body['sent'], begun.body['state']], [LIMITS.reachOutMails, 'going']);
    assert.equal((await sends('POST', '/verification/reach-out')).body['code'], 'reaching-out');
    await sweep();
    const going = (await sends('GET', '/verification/reach-out')).body['reachOut'] as Record<string, unknown>;
    assert.deepEqual([going['sent'], going['state']], [many, 'going']);
    assert.equal((await sends('DELETE', '/verification/reach-out')).status, 204);
    await sweep();
    await eventually('all mails', () => (mail.mails.length >= many ? true : undefined));
    assert.equal(new Set(mail.mails.flatMap((one) => one.to)).size, many);
    assert.equal(mail.mails.length, many);
  });
});
