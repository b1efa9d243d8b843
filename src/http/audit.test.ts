import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newId } from '#core/ids.ts';
import { insertAccount } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { firstCommunity } from '#storage/communities.ts';
import { openHall, roomOf, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call, type Answer } from '#test/support/person.ts';

let hall: OpenHall;
let ann: Somebody;
let bob: Somebody;
let community: string;

before(async () => {
  hall = await openHall();
  [ann, bob] = [await somebody(hall.storage, 'ann', 'admin'), await somebody(hall.storage, 'bob', 'moderator')];
  community = (await firstCommunity(hall.storage.db)).id;
});
after(() => hall.close());

interface Entry {
  at: string;
  who: { id: string; name: string | null; username: string | null } | null;
  identity: { platform: string; id: string } | null;
  platform: string | null;
  action: string;
  subject: { id: string; name: string | null } | null;
  place: { id: string; name: string | null } | null;
  result: string;
}
interface Page {
  entries: Entry[];
  after: string | null;
  days: number;
}

const ask = (query = '', who = ann): Promise<Answer<Page>> =>
  call<Page>(hall, { method: 'GET', path: `/v1/communities/${community}/audit${query}`, token: who.token });
const post = (path: string, body: unknown, who = bob): Promise<Answer> =>
  call(hall, { method: 'POST', path, body, token: who.token });

describe('the audit of a community over HTTP', () => {
  test('tells who did what, where and with what result, by their names', async () => {
    const room = (await post('/v1/rooms', { name: 'ladders' })).body as { id: string };
    await post('/v1/commands/help', { room: room.id });
    await post('/v1/commands/nothing', {});
    await post('/v1/commands/stock', { room: room.id, args: { symbol: 'not a code at all' } });
    const { entries, days } = (await ask()).body;
    assert.equal(days, 365);
    const told = entries.map(({ who, action, place, result }) => [who?.name, action, place?.name ?? null, result]);
    for (const line of [
      ['bob', 'room.create', 'ladders', 'done'],
      ['bob', 'command.help', 'ladders', 'done'],
      ['bob', 'command.stock', 'ladders', 'bad-argument'],
    ])
      assert.ok(
        told.some((one) => JSON.stringify(one) === JSON.stringify(line)),
        `${line.join(' ')} in ${JSON.stringify(told)}`,
      );
    assert.ok(entries.some(({ who }) => who?.username === 'bob'));
  });

  test('is asked by person, kind, result, thing and time, and read page by page', async () => {
    await Promise.all(Array.from({ length: 12 }, () => post('/v1/commands/help', {})));
    const actions = async (query: string): Promise<string[]> => {
      const { body } = await ask(query);
      return [...new Set(body.entries.map(({ action }) => action))].toSorted();
    };
    assert.deepEqual(await actions('?action=room.create'), ['room.create']);
    assert.deepEqual(await actions('?action=room.create,room.delete'), ['room.create']);
    assert.deepEqual(await actions('?action=command.*&result=done'), ['command.help']);
    assert.deepEqual(await actions('?who=bob&result=refused'), ['command.stock', 'command.unknown']);
    assert.deepEqual(await actions(`?who=${bob.account}&action=room.create`), ['room.create']);
    assert.deepEqual(await actions('?who=nobody'), []);
    assert.deepEqual(await actions('?to=2001-01-01T00:00:00Z'), []);
    const first = (await ask('?limit=5&who=bob')).body;
    assert.equal(first.entries.length, 5);
    await post('/v1/commands/help', {});
    const second = (await ask(`?limit=200&who=bob&after=${first.after}`)).body;
    assert.equal(second.after, null);
    const seen = [...first.entries, ...second.entries].map((entry) => (entry as unknown as { id: string }).id);
    assert.equal(new Set(seen).size, seen.length);
  });

  test('a place that is no place, and other nonsense, is said so', async () => {
    const tries = ['?after=nonsense', '?limit=0', '?action=What', '?from=yesterday', '?colour=red'];
    for (const query of tries) assert.equal((await ask(query)).status, 400, query);
  });

  test('is for admins: a moderator is told who may, a stranger that there is no such community', async () => {
    const refused = await ask('', bob);
    assert.deepEqual([refused.status, (refused.body as unknown as { code: string }).code], [403, 'not-allowed']);
    const path = '/v1/communities/comm_none/audit';
    assert.equal((await call(hall, { method: 'GET', path, token: ann.token })).status, 404);
    assert.equal((await call(hall, { method: 'GET', path: `${path}/export`, token: ann.token })).status, 404);
  });

  test('names no private room to an admin who is not in it', async () => {
    const room = await roomOf(hall.storage, bob, true);
    await post('/v1/commands/help', { room: room.id });
    const { entries } = (await ask('?action=command.help&limit=1')).body;
    assert.deepEqual(entries[0]?.place, { id: room.id, name: null });
  });

  test('is exported whole as lines of JSON, and that is written down', async () => {
    const at = Date.now() - 10_000;
    const entry = { community, account: 'twitch:8', action: 'command.help', detail: 'x'.repeat(100), at };
    await hall.storage.write(async (tx) => {
      for (let n = 0; n < 3_000; n++) await record(tx.db, { ...entry, subject: newId('evt') });
    });
    const path = `/v1/communities/${community}/audit/export`;
    const told = await call(hall, { method: 'GET', path: `${path}?who=twitch:8`, token: ann.token });
    assert.match(told.headers.get('content-type') ?? '', /^application\/x-ndjson/);
    const lines = told.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    assert.equal(lines.length, 3_000);
    assert.deepEqual(lines[0]?.identity, { platform: 'twitch', id: '8', name: null });
    assert.equal((await ask('?action=audit.export')).body.entries[0]?.who?.name, 'ann');
  });

  test('still says which platform a deleted person’s command came from', async () => {
    const by = { account: bob.account, identity: 'discord:5', action: 'command.stock' };
    await hall.storage.write(async (tx) => {
      await record(tx.db, { ...by, community, at: Date.now() + 1000 });
      await tx.db.updateTable('audit').set({ platform_id: null }).where('platform_id', '=', '5').execute();
    });
    const [entry] = (await ask('?action=command.stock&limit=1')).body.entries;
    assert.deepEqual([entry?.identity, entry?.platform], [null, 'discord']);
  });

  test('what belongs to no community is the operator’s to see', async () => {
    const path = '/v1/operator/audit';
    assert.equal((await call(hall, { method: 'GET', path, token: ann.token })).status, 403);
    const olga = await somebody(hall.storage, 'olga', 'owner');
    await hall.storage.write(async (tx) => {
      const made = { username: 'gone', name: 'Gone', passwordHash: '', operator: false, at: 1 };
      const gone = await insertAccount(tx.db, made);
      await record(tx.db, {
        community: null,
        account: null,
        action: 'account.disable',
        subject: gone?.id ?? '',
        at: 5,
      });
    });
    const { body } = await call<Page>(hall, { method: 'GET', path, token: olga.token });
    assert.deepEqual(
      body.entries.map(({ action, who, subject }) => [action, who, subject?.name]),
      [['account.disable', null, 'Gone']],
    );
  });
});
