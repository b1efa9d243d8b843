import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { firstCommunity } from '#storage/communities.ts';
import { keepChosen } from '#storage/feature-settings.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call, type Answer } from '#test/support/person.ts';

let hall: OpenHall;
let ann: Somebody;
let mod: Somebody;
let bob: Somebody;
let community: string;

before(async () => {
  hall = await openHall();
  ann = await somebody(hall.storage, 'ann', 'admin');
  mod = await somebody(hall.storage, 'mod', 'moderator');
  bob = await somebody(hall.storage, 'bob');
  community = (await firstCommunity(hall.storage.db)).id;
});
after(() => hall.close());

interface Seen {
  version: number;
  fields: { name: string; value: unknown; declared: unknown }[];
  wrong?: Record<string, string>;
  code?: string;
  detail?: string;
}

const at = (rest: string): string => `/v1/communities/${community}/features${rest}`;
const look = async (who = ann): Promise<Seen> =>
  (await call<Seen>(hall, { method: 'GET', path: at('/stock/settings'), token: who.token })).body;
const save = (body: unknown, { who = ann, feature = 'stock' } = {}): Promise<Answer<Seen>> =>
  call<Seen>(hall, { method: 'PUT', path: at(`/${feature}/settings`), body, token: who.token });
const change = async (values: unknown): Promise<Answer<Seen>> => save({ version: (await look()).version, values });
const marketOf = ({ fields }: Seen): unknown => fields.find(({ name }) => name === 'market')?.value;
const entries = () =>
  hall.storage.db
    .selectFrom('audit')
    .selectAll()
    .where('action', '=', 'feature.settings')
    .orderBy('id', 'desc')
    .execute();

describe('what a community sets about features, over HTTP', () => {
  test('members see which features there are, and how much of them is the community’s own', async () => {
    const { body } = await call<{ features: { name: string; settings: unknown }[] }>(hall, {
      method: 'GET',
      path: at(''),
      token: bob.token,
    });
    const names = body.features.map(({ name }) => name);
    assert.ok(names.includes('moderation') && names.includes('stock'), names.join());
    const stock = body.features.find(({ name }) => name === 'stock');
    const about = 'What /stock does with what people type, and what it says meanwhile.';
    const settings = { title: 'Stock quotes', about, fields: 2, changed: 0 };
    assert.deepEqual(stock, { name: 'stock', commands: ['stock'], settings });
    assert.equal(body.features.find(({ name }) => name === 'moderation')?.settings, null);
  });

  test('moderators see what holds and what is declared; members are told who may', async () => {
    assert.equal(marketOf(await look(mod)), '');
    assert.equal((await look(mod)).version, 0);
    const told = await call(hall, { method: 'GET', path: at('/stock/settings'), token: bob.token });
    assert.deepEqual([told.status, told.body.code], [403, 'not-allowed']);
    assert.equal((await save({ version: 0, values: { market: 'us' } }, { who: mod })).status, 403);
  });

  test('an admin changes a field; the others stay, and null takes it back', async () => {
    const told = await change({ market: 'us' });
    assert.equal(told.status, 200, told.text);
    assert.equal(marketOf(told.body), 'us');
    await change({ tells: false });
    assert.equal(marketOf(await look()), 'us');
    assert.equal(marketOf((await change({ market: null, tells: null })).body), '');
  });

  test('of two admins who looked at the same settings the second is told, and undoes nothing', async () => {
    const { version } = await look();
    const [one, other] = await Promise.all([
      save({ version, values: { market: 'de' } }),
      save({ version, values: { market: 'uk' } }),
    ]);
    const [good, late] = one.status === 200 ? [one, other] : [other, one];
    assert.equal(good.status, 200, good.text);
    assert.deepEqual([late.status, late.body.code], [409, 'changed-meanwhile']);
    assert.equal(marketOf(await look()), marketOf(good.body));
    assert.equal((await save({ version, values: { market: null } })).status, 409);
    await change({ market: null });
    assert.equal((await save({ version, values: { market: 'us' } })).status, 409, 'as declared again is no way back');
  });

  test('each change stands in the audit, from what to what; a save that changes nothing does not', async () => {
    await change({ market: 'us' });
    const [entry, ...before] = await entries();
    const told = [entry?.community_id, entry?.account_id, entry?.subject, entry?.detail];
    assert.deepEqual(told, [community, ann.account, 'stock', '{"market":{"from":"","to":"us"}}']);
    const { version } = await look();
    assert.equal((await change({ market: 'us' })).body.version, version);
    assert.equal((await entries()).length, before.length + 1);
    await change({ market: null });
  });

  test('what is wrong is told by field, and then nothing is changed', async () => {
    const before = await look();
    const { status, body } = await change({ market: 'toolong', tells: 'yes', colour: 'blue' });
    assert.deepEqual([status, body.code], [400, 'wrong-settings']);
    assert.deepEqual(Object.keys(body.wrong ?? {}), ['market', 'tells', 'colour']);
    assert.match(body.detail ?? '', /^Nothing was changed\. Default market: .* colour: There is no such setting\.$/);
    assert.deepEqual(await look(), before);
    assert.deepEqual((await change({ tells: false, market: 'u.s' })).body.wrong, {
      market: 'A market is 1 to 4 letters without the dot, such as us.',
    });
    assert.deepEqual(await look(), before);
  });

  for (const body of [{}, { version: 0 }, { values: {} }, { version: -1, values: {} }, { version: 0, values: [] }])
    test(`${JSON.stringify(body)} is refused`, async () => assert.equal((await save(body)).status, 400));

  test('a field that the body does not have is refused', async () =>
    assert.match((await save({ version: 0, values: {}, colour: 'blue' })).body.detail ?? '', /colour/));

  test('a feature without settings, and one that is gone, have none to see', async () => {
    const chosen = { values: { market: 'us' }, version: 3 };
    await hall.storage.write((tx) => keepChosen(tx.db, { community, feature: 'gone', chosen }));
    for (const feature of ['moderation', 'gone', 'constructor'])
      assert.equal((await save({ version: 3, values: {} }, { feature })).status, 404, feature);
    const listed = await call<{ features: { name: string }[] }>(hall, {
      method: 'GET',
      path: at(''),
      token: ann.token,
    });
    assert.ok(!listed.body.features.some(({ name }) => name === 'gone'));
  });
});
