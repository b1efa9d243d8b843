import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SECRET_BYTES } from '#contracts/vault.ts';
import { firstCommunity } from '#storage/communities.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call, type Answer } from '#test/support/person.ts';

const CANARY = 'CANARY-9f2c';

let hall: OpenHall;
let ann: Somebody;
let bob: Somebody;
let olga: Somebody;
let community: string;

before(async () => {
  hall = await openHall();
  [ann, bob, olga] = [
    await somebody(hall.storage, 'ann', 'admin'),
    await somebody(hall.storage, 'bob'),
    await somebody(hall.storage, 'olga', 'owner'),
  ];
  community = (await firstCommunity(hall.storage.db)).id;
});
after(() => hall.close());

const ask = (method: string, path: string, more: { who?: Somebody; body?: unknown } = {}): Promise<Answer> =>
  call(hall, { method, path: `/v1/${path}`, body: more.body, token: (more.who ?? ann).token });
const set = (purpose: string, value: unknown, who = ann): Promise<Answer> =>
  ask('PUT', `me/secrets/${purpose}`, { who, body: { value } });
const purposes = async (path: string, who = ann): Promise<string[]> => {
  const { body } = await ask('GET', path, { who });
  return (body['secrets'] as { purpose: string }[]).map(({ purpose }) => purpose);
};

describe('secrets over HTTP', () => {
  test('are stored, listed without their value, checked and forgotten', async () => {
    assert.equal((await set('torn', CANARY)).status, 204);
    const listed = await ask('GET', 'me/secrets');
    assert.equal(listed.status, 200);
    const { secrets, vault } = listed.body as { secrets: Record<string, unknown>[]; vault: unknown };
    assert.deepEqual(vault, { state: 'ready' });
    assert.deepEqual(Object.keys(secrets[0] ?? {}), ['purpose', 'setAt', 'lastUsedAt', 'lastUsedBy']);
    assert.match(String(secrets[0]?.['setAt']), /^\d{4}-.*Z$/);
    assert.equal((await ask('POST', 'me/secrets/torn/check')).status, 204);
    const [used] = (await ask('GET', 'me/secrets')).body['secrets'] as Record<string, unknown>[];
    assert.equal(used?.['lastUsedBy'], 'check');
    assert.equal((await ask('DELETE', 'me/secrets/torn')).status, 204);
    for (const [method, path] of [
      ['POST', 'me/secrets/torn/check'],
      ['DELETE', 'me/secrets/torn'],
    ] as const)
      assert.deepEqual(problemOf(await ask(method, path)), [404, 'unknown-secret']);
  });

  test('are each person’s own: another’s are neither listed, checked nor forgotten', async () => {
    await set('torn', 'of ann');
    assert.deepEqual(await purposes('me/secrets', bob), []);
    assert.equal((await ask('POST', 'me/secrets/torn/check', { who: bob })).status, 404);
    assert.equal((await ask('DELETE', 'me/secrets/torn', { who: bob })).status, 404);
    assert.deepEqual(await purposes('me/secrets'), ['torn']);
  });

  test('of a community are for its admins alone, and are not their own', async () => {
    const path = `communities/${community}/secrets`;
    assert.equal((await ask('PUT', `${path}/feed`, { body: { value: 'x' } })).status, 204);
    assert.deepEqual(await purposes(path, olga), ['feed']);
    assert.deepEqual(await purposes('me/secrets'), ['torn']);
    for (const [method, rest] of [
      ['GET', ''],
      ['PUT', '/feed'],
      ['POST', '/feed/check'],
      ['DELETE', '/feed'],
    ] as const) {
      const body = method === 'PUT' ? { body: { value: 'x' } } : {};
      assert.deepEqual(problemOf(await ask(method, path + rest, { who: bob, ...body })), [403, 'not-allowed']);
    }
    assert.equal((await ask('POST', `${path}/feed/check`)).status, 204);
  });

  test('a row that was changed in the database is 409 cannot-open', async () => {
    await set('moved', 'x');
    await hall.storage.write((tx) =>
      tx.db.updateTable('secrets').set({ owner: bob.account }).where('purpose', '=', 'moved').execute(),
    );
    assert.deepEqual(problemOf(await ask('POST', 'me/secrets/moved/check', { who: bob })), [409, 'cannot-open']);
  });

  test('one whose key the vault has not is listed as lost, until it is typed anew', async () => {
    await set('older', 'x');
    const listed = async () => {
      const { body } = await ask('GET', 'me/secrets');
      return (body['secrets'] as { purpose: string; lost?: true }[]).find(({ purpose }) => purpose === 'older')?.lost;
    };
    assert.equal(await listed(), undefined);
    await hall.storage.write((tx) =>
      tx.db.updateTable('secrets').set({ key_id: 'ofAnother' }).where('purpose', '=', 'older').execute(),
    );
    assert.equal(await listed(), true);
    await set('older', 'y');
    assert.equal(await listed(), undefined);
  });

  test('a value is text of one byte to 8 KiB, counted in bytes', async () => {
    for (const good of ['x', ' ', '\n', 'é'.repeat(SECRET_BYTES / 2), 'x'.repeat(SECRET_BYTES)]) {
      const answer = await set('size', good);
      assert.equal(answer.status, 204, answer.text);
      assert.equal((await ask('POST', 'me/secrets/size/check')).status, 204);
    }
    for (const bad of ['', 'x'.repeat(SECRET_BYTES + 1), 'é'.repeat(SECRET_BYTES / 2 + 1), '\ud800', 7, null, ['x']])
      assert.deepEqual(problemOf(await set('size', bad)), [400, 'bad-request'], JSON.stringify(bad).slice(0, 40));
  });

  test('a purpose is a name such as torn', async () => {
    for (const bad of ['Torn', 'a_b', '-a', 'a-', 'a%20b', 'x'.repeat(41), '%C3%A9'])
      assert.deepEqual(problemOf(await set(bad, 'x')), [400, 'bad-request'], bad);
    assert.equal((await set('x'.repeat(40), 'x')).status, 204);
  });

  test('no refusal quotes what was sent, wherever in the body it stood', async () => {
    const long = CANARY.repeat(1_000);
    const bodies: unknown[] = [
      { [CANARY]: 'x' },
      { value: CANARY, [CANARY]: 1 },
      { value: { a: CANARY } },
      { value: [CANARY] },
      { value: long },
      { value: `${CANARY}\ud800` },
      [CANARY],
      CANARY,
      Buffer.from(`{"value": "${CANARY}`),
      Buffer.from(`${CANARY}`),
      Buffer.from([0x22, ...Buffer.from(CANARY), 0xff, 0x22]),
    ];
    for (const body of bodies) {
      const answer = await ask('PUT', 'me/secrets/torn', { body });
      assert.equal(answer.status, 400, answer.text);
      assert.doesNotMatch(answer.text, /CANARY/);
    }
  });

  test('no session is 401, a community that is not there 404', async () => {
    assert.equal((await call(hall, { method: 'GET', path: '/v1/me/secrets' })).status, 401);
    assert.equal((await ask('GET', 'communities/comm_none/secrets')).status, 404);
  });
});

function problemOf({ status, body }: Answer): [number, unknown] {
  return [status, body['code']];
}
