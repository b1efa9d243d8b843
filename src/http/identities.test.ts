import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { codeForPerson } from '#auth/link-codes.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call, type Answer } from '#test/support/person.ts';

let hall: OpenHall;
let ann: Somebody;
let bob: Somebody;

before(async () => {
  hall = await openHall();
  [ann, bob] = [await somebody(hall.storage, 'ann'), await somebody(hall.storage, 'bob')];
});
after(() => hall.close());

const ask = (method: string, path = '', more: { who?: Somebody; body?: unknown } = {}): Promise<Answer> =>
  call(hall, { method, path: `/v1/me/identities${path}`, body: more.body, token: (more.who ?? ann).token });
const list = async (who = ann) => (await ask('GET', '', { who })).body['identities'] as Record<string, unknown>[];

/** A code that Mia was shown on a platform. */
async function shownTo(platformId: string, platform = 'discord'): Promise<string> {
  const parts = { storage: hall.storage, clock: Date.now, rates: memoryRates(Date.now) };
  return (await codeForPerson(parts, { platform, platformId, name: 'Mia' })).code;
}

describe('a person’s names on platforms, over HTTP', () => {
  test('are linked by a code that was shown there, listed, and unlinked', async () => {
    const linked = await ask('POST', '', { body: { code: await shownTo('1') } });
    assert.equal(linked.status, 201);
    const { linkedAt, ...rest } = linked.body;
    assert.deepEqual(rest, { platform: 'discord', platformId: '1', name: 'Mia', proof: 'code' });
    assert.match(String(linkedAt), /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.deepEqual(await list(), [linked.body]);
    assert.deepEqual(await list(bob), []);
    assert.equal((await ask('DELETE', '/discord/1', { who: bob })).status, 404);
    assert.equal((await ask('DELETE', '/discord/1')).status, 204);
    assert.equal((await ask('DELETE', '/discord/1')).body.code, 'unknown-identity');
    assert.deepEqual(await list(), []);
  });

  test('a code for a platform is shown once, in ten characters, for ten minutes', async () => {
    const made = await ask('POST', '/codes');
    assert.equal(made.status, 201);
    assert.match(String(made.body['code']), /^[0-9A-Z]{5}-[0-9A-Z]{5}$/);
    const minutes = (Date.parse(String(made.body['expiresAt'])) - Date.now()) / 60_000;
    assert.ok(minutes > 9 && minutes <= 10, `${minutes} minutes`);
    assert.equal((await ask('POST', '/codes', { body: { platform: 'twitch', name: '@Mia' } })).status, 201);
    const nobodys = await ask('POST', '/codes', { body: { platform: 'twitch' } });
    assert.deepEqual([nobodys.status, nobodys.body.code], [400, 'name-needed']);
    for (const body of [{ platform: 'irc' }, { name: 'two words' }, { more: 1 }])
      assert.equal((await ask('POST', '/codes', { body })).status, 400);
  });

  test('what another account has is refused with what to do', async () => {
    await ask('POST', '', { body: { code: await shownTo('2') }, who: bob });
    const code = await shownTo('3');
    await ask('POST', '', { body: { code }, who: bob });
    const again = await ask('POST', '', { body: { code } });
    assert.deepEqual([again.status, again.body.code], [409, 'code-used']);
  });

  test('five wrong codes, and the next one waits', async () => {
    const carla = await somebody(hall.storage, 'carla');
    const type = (code: string): Promise<Answer> => ask('POST', '', { body: { code }, who: carla });
    for (let n = 0; n < 5; n++) assert.equal((await type('AAAAA-AAAAA')).body.code, 'unknown-code');
    const refused = await type(await shownTo('4'));
    assert.deepEqual([refused.status, refused.body.code], [429, 'too-many-codes']);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
  });

  test('without a session there is nothing to see', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/codes'],
      ['POST', ''],
      ['DELETE', '/discord/1'],
    ] as const) {
      const body = path === '' && method === 'POST' ? { code: 'AAAAA-AAAAA' } : undefined;
      assert.equal((await call(hall, { method, path: `/v1/me/identities${path}`, body })).status, 401);
    }
  });
});
