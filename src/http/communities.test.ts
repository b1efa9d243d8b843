import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { insertAccount } from '#storage/accounts.ts';
import { firstCommunity } from '#storage/communities.ts';
import { ensureSpace, findSpace } from '#storage/spaces.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call, type Answer } from '#test/support/person.ts';

let hall: OpenHall;
let ann: Somebody;
let bob: Somebody;
let community: string;

before(async () => {
  hall = await openHall();
  [ann, bob] = [await somebody(hall.storage, 'ann', 'admin'), await somebody(hall.storage, 'bob')];
  community = (await firstCommunity(hall.storage.db)).id;
});
after(() => hall.close());

interface Rules {
  name: string;
  on: boolean;
  allow: string | string[];
  cooldownSeconds: number | null;
  limit: { uses: number; perSeconds: number };
  symbol: string | null;
  declared: unknown;
}

const set = (change: unknown, name = 'stock', who = ann): Promise<Answer> =>
  call(hall, { method: 'PUT', path: `/v1/communities/${community}/commands/${name}`, body: change, token: who.token });
const list = async (who = bob): Promise<Rules[]> => {
  const path = `/v1/communities/${community}/commands`;
  return (await call<{ commands: Rules[] }>(hall, { method: 'GET', path, token: who.token })).body.commands;
};
const rulesOfStock = async (who = ann): Promise<Rules> =>
  (await list(who)).find(({ name }) => name === 'stock') as Rules;
const help = (who: Somebody): Promise<Answer> =>
  call(hall, { method: 'POST', path: '/v1/commands/help', body: {}, token: who.token });
const audit = (action: string) =>
  hall.storage.db.selectFrom('audit').selectAll().where('action', '=', action).orderBy('id', 'desc').execute();
const NONE = { on: null, allow: null, cooldownSeconds: null, limit: null, symbol: null };

describe('a community’s commands over HTTP', () => {
  test('are listed with what holds and what is declared', async () => {
    const declared = { allow: 'member', limit: { uses: 10, perSeconds: 60 } };
    const plain = { on: true, cooldownSeconds: null, symbol: null };
    const rules = await list();
    assert.deepEqual(
      rules.map(({ name }) => name),
      [
        'ban',
        'connect',
        'help',
        'kick',
        'link',
        'lockdown',
        'mute',
        'report',
        'slow',
        'stock',
        'unban',
        'unlink',
        'unmute',
        'unverify',
        'verify',
      ],
    );
    const summary = 'Latest price of a share';
    assert.deepEqual(rules[9], { name: 'stock', summary, ...plain, ...declared, declared });
  });

  test('are changed field by field, and null takes a field back', async () => {
    const limit = { uses: 2, perSeconds: 60 };
    const told = await set({ on: false, allow: [bob.account, 'discord:5'], cooldownSeconds: 30, limit, symbol: '$' });
    assert.equal(told.status, 200);
    const whole = { on: false, allow: [bob.account, 'discord:5'], cooldownSeconds: 30, limit, symbol: '$' };
    const { name: _name, summary: _summary, declared: _declared, ...set1 } = told.body;
    assert.deepEqual(set1, whole);
    assert.deepEqual(await rulesOfStock(), told.body, 'what is told is what is listed');
    const again = (await set({ cooldownSeconds: null })).body;
    assert.deepEqual([again.cooldownSeconds, again.on, again.symbol], [null, false, '$']);
    const back = (await set(NONE)).body;
    assert.deepEqual([back.on, back.allow, back.limit], [true, 'member', { uses: 10, perSeconds: 60 }]);
  });

  test('who is named is for admins to know: others learn whether they are', async () => {
    const carla = await somebody(hall.storage, 'carla', 'moderator');
    const allow = [bob.account, 'discord:5'];
    await set({ allow });
    assert.deepEqual((await rulesOfStock()).allow, allow);
    assert.deepEqual((await rulesOfStock(bob)).allow, [bob.account]);
    assert.deepEqual((await rulesOfStock(carla)).allow, []);
    await set(NONE);
    assert.equal((await rulesOfStock(bob)).allow, 'member');
  });

  test('a change of nothing changes nothing, and the name is known in any case', async () => {
    await set({ cooldownSeconds: 5 });
    assert.equal((await set({}, 'STOCK')).body.cooldownSeconds, 5);
    await set(NONE);
  });

  test('of two admins who change different fields at once neither undoes the other', async () => {
    const eve = await somebody(hall.storage, 'eve', 'admin');
    await Promise.all([set({ on: false }), set({ cooldownSeconds: 30 }, 'stock', eve), set({ symbol: '?' })]);
    const { on, cooldownSeconds, symbol } = await rulesOfStock();
    assert.deepEqual([on, cooldownSeconds, symbol], [false, 30, '?']);
    await set(NONE);
  });

  test('a change is seen by the next use', async () => {
    await set({ cooldownSeconds: 600 }, 'help');
    assert.equal((await help(bob)).status, 200);
    const late = await help(bob);
    assert.deepEqual([late.status, late.body.code], [429, 'too-fast']);
    assert.match(String(late.headers.get('retry-after')), /^(600|59\d)$/);
    assert.match(String(late.body.rule), /^\/help: a cooldown of 10 minutes; an admin or owner can change it$/);
    assert.match(String(late.body.detail), /^\/help has a cooldown of 10 minutes here\. Try again in 10 minutes\./);
    await set({ allow: [ann.account] }, 'help');
    assert.equal((await help(bob)).body.code, 'not-allowed');
    await set(NONE, 'help');
    assert.equal((await help(bob)).status, 200);
  });

  test('each change stands in the audit, with who made it', async () => {
    await set({ cooldownSeconds: 7 });
    const [entry] = await audit('command.settings');
    const told = [entry?.community_id, entry?.account_id, entry?.subject, entry?.detail];
    assert.deepEqual(told, [community, ann.account, 'stock', '{"cooldownSeconds":7}']);
    await set(NONE);
  });

  test('help cannot be switched off, but may be for some alone', async () => {
    const told = await set({ on: false }, 'help');
    assert.deepEqual([told.status, told.body.code], [403, 'help-stays-on']);
    assert.match(String(told.body.rule), /^help cannot be switched off/);
    assert.equal((await set({ on: true, allow: 'member' }, 'help')).status, 200);
    await set(NONE, 'help');
  });

  test('who is named must be a member, and a refused change changes nothing', async () => {
    const row = { username: 'carl', name: 'Carl', passwordHash: 'none', operator: false, at: 1 };
    const carl = await hall.storage.write((tx) => insertAccount(tx.db, row));
    const before = await audit('command.settings');
    for (const stranger of [carl?.id, 'acct_01KAG2V8Q5M4Z7T9C3XW6YRN8B']) {
      const told = await set({ on: false, allow: [bob.account, stranger] });
      assert.deepEqual([told.status, told.body.code], [400, 'not-a-member'], told.text);
      assert.ok(String(told.body.detail).startsWith(`${stranger} is not a member`));
    }
    assert.equal((await rulesOfStock()).on, true);
    assert.equal((await audit('command.settings')).length, before.length);
  });

  const wrong: [what: string, change: unknown, says: RegExp][] = [
    ['a field that is not known', { off: true }, /off/],
    ['a cooldown beyond a month', { cooldownSeconds: 2_592_001 }, /^cooldownSeconds: /],
    ['a cooldown that is text', { cooldownSeconds: '30' }, /^cooldownSeconds: /],
    ['too many uses', { limit: { uses: 100_001, perSeconds: 60 } }, /^limit\.uses: /],
    ['a window beyond a month', { limit: { uses: 1, perSeconds: 2_592_001 } }, /^limit\.perSeconds: /],
    ['half a limit', { limit: { uses: 1 } }, /^limit\.perSeconds: /],
    [
      'a role that there is not',
      { allow: 'king' },
      /^allow: is one of guest, member, moderator, admin, owner, or a list/,
    ],
    ['nobody', { allow: [] }, /^allow: /],
    ['too many people', { allow: Array.from({ length: 201 }, (_, n) => `discord:${n}`) }, /^allow: /],
    ['a symbol that is a letter', { symbol: 'x' }, /^symbol: is 1 to 3 signs/],
    ['a symbol that Twitch takes', { symbol: '/' }, /^symbol: is 1 to 3 signs/],
    ['no object', [], /./],
  ];
  for (const [what, change, says] of wrong) {
    test(`${what} is refused with a sentence, and nothing changes`, async () => {
      const plain = (await set(NONE)).body;
      const told = await set(change);
      assert.deepEqual([told.status, told.body.code], [400, 'bad-request'], told.text);
      assert.match(String(told.body.detail), says);
      assert.deepEqual(await rulesOfStock(), plain);
    });
  }

  test('an unknown command, an unknown community and a member’s wish are refused', async () => {
    assert.equal((await set({ on: false }, 'nope')).body.code, 'unknown-command');
    assert.equal((await set({ on: false }, 'constructor')).body.code, 'unknown-command');
    const path = '/v1/communities/comm_none/commands/stock';
    const elsewhere = await call(hall, { method: 'PUT', path, body: { on: false }, token: ann.token });
    assert.deepEqual([elsewhere.status, elsewhere.body.code], [404, 'unknown-community']);
    const refused = await set({ on: false }, 'stock', bob);
    assert.deepEqual([refused.status, refused.body.code], [403, 'not-allowed']);
    assert.match(String(refused.body.rule), /^command\.change: admin and up/);
  });

  test('who is in another community alone sees and changes nothing here', async () => {
    const { account, token } = await somebody(hall.storage, 'mallory', 'owner');
    await hall.storage.write(async (tx) => {
      await tx.db.insertInto('communities').values({ id: 'comm_b', name: 'B', created_at: 9e15 }).execute();
      await tx.db.updateTable('members').set({ community_id: 'comm_b' }).where('account_id', '=', account).execute();
    });
    const mallory = { ...bob, account, token };
    assert.equal((await set({ on: false }, 'stock', mallory)).status, 404);
    for (const what of ['commands', 'spaces']) {
      const path = `/v1/communities/${community}/${what}`;
      assert.equal((await call(hall, { method: 'GET', path, token })).body.code, 'unknown-community');
    }
  });
});

describe('a community’s places on platforms', () => {
  const change = (space: string, body: unknown, who = ann) =>
    call(hall, { method: 'PATCH', path: `/v1/communities/${community}/spaces/${space}`, body, token: who.token });
  const spaces = async () => {
    const path = `/v1/communities/${community}/spaces`;
    return (await call<{ spaces: { symbol: string | null }[] }>(hall, { method: 'GET', path, token: bob.token })).body
      .spaces;
  };

  test('are listed, and each has a symbol of its own that can be set and taken back', async () => {
    assert.deepEqual(await spaces(), []);
    const at = Date.UTC(2026, 10, 21);
    const place = { platform: 'twitch', platformId: '44', name: 'ann_live', community, at };
    const { id } = await hall.storage.write((tx) => ensureSpace(tx.db, place));
    const shown = {
      id,
      platform: 'twitch',
      platformId: '44',
      name: 'ann_live',
      symbol: null,
      seenAt: '2026-11-21T00:00:00.000Z',
    };
    const why = 'No process of this hall serves Twitch now. The operator can start one.';
    const whole = { ...shown, health: { state: 'off', why }, connectedAt: null, connectedBy: null };
    assert.deepEqual(await spaces(), [whole]);
    assert.deepEqual((await change(id, { symbol: '?!' })).body, { ...shown, symbol: '?!' });
    assert.deepEqual(await spaces(), [{ ...whole, symbol: '?!' }]);
    const [entry] = await audit('space.symbol');
    assert.deepEqual([entry?.account_id, entry?.subject, entry?.detail], [ann.account, id, '{"symbol":"?!"}']);
    for (const symbol of ['', 'a', '/', '.', ' ', '!!!!', 5]) assert.equal((await change(id, { symbol })).status, 400);
    for (const body of [{}, { symbol: '?', name: 'x' }]) assert.equal((await change(id, body)).status, 400);
    assert.equal((await change(id, { symbol: '?' }, bob)).status, 403);
    assert.equal((await change('space_none', { symbol: '?' })).body.code, 'unknown-space');
    assert.equal((await change(id, { symbol: null })).body.symbol, null);
  });

  test('a place of another community is unknown, whoever asks', async () => {
    const { id } = await hall.storage.write(async (tx) => {
      await tx.db.insertInto('communities').values({ id: 'comm_c', name: 'C', created_at: 9e15 }).execute();
      return ensureSpace(tx.db, { platform: 'twitch', platformId: '45', name: 'ben_live', community: 'comm_c', at: 1 });
    });
    assert.deepEqual((await spaces()).length, 1);
    const told = await change(id, { symbol: '?' });
    assert.deepEqual([told.status, told.body.code], [404, 'unknown-space']);
    const kept = await findSpace(hall.storage.db, 'twitch', '45');
    assert.equal(kept?.symbol, null);
  });
});

test('all of it is in the OpenAPI document', async () => {
  const { body } = await call<{ paths: Record<string, Record<string, { requestBody?: unknown }>> }>(hall, {
    method: 'GET',
    path: '/openapi.json',
  });
  const named = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((one) => `${one} ${path}`),
  );
  const commands = '/v1/communities/{id}/commands';
  const spaces = '/v1/communities/{id}/spaces';
  for (const one of [`get ${commands}`, `put ${commands}/{name}`, `get ${spaces}`, `patch ${spaces}/{space}`])
    assert.ok(named.includes(one), one);
  const fields = JSON.stringify(body.paths[`${commands}/{name}`]?.['put']?.requestBody);
  for (const field of ['on', 'allow', 'cooldownSeconds', 'limit', 'symbol'])
    assert.ok(fields.includes(`"${field}"`), field);
});

describe('why somebody is refused a command', () => {
  interface Why {
    rules: { rule: string; state: string; says?: string; change?: string }[];
    last: { result: string } | null;
  }
  const why = (person: string, who = ann): Promise<Answer<Why>> =>
    call<Why>(hall, {
      method: 'GET',
      path: `/v1/communities/${community}/commands/stock/why?person=${person}`,
      token: who.token,
    });
  const put = (body: unknown): Promise<Answer> =>
    call(hall, { method: 'PUT', path: `/v1/communities/${community}/commands/stock`, body, token: ann.token });
  const use = (): Promise<Answer> =>
    call(hall, { method: 'POST', path: '/v1/commands/stock', body: { args: { symbol: 'aapl.us' } }, token: bob.token });

  test('the rule that refuses is told with the bot’s own words, who can change it, and when it was', async () => {
    await put({ allow: 'moderator' });
    const { body: refused } = await use();
    const { rules, last } = (await why(bob.account)).body;
    const states = Object.fromEntries(rules.map(({ rule, state }) => [rule, state]));
    assert.deepEqual(states, { house: 'passes', account: 'passes', on: 'passes', who: 'refuses', pace: 'open' });
    const who = rules.find(({ rule }) => rule === 'who');
    assert.equal(who?.says, (refused as { detail: string }).detail);
    assert.match(who?.change ?? '', /admin or owner/);
    assert.ok(last);
  });

  test('two rules that refuse are both told', async () => {
    await put({ on: false });
    const { rules } = (await why(bob.account)).body;
    assert.deepEqual(
      rules.filter(({ state }) => state === 'refuses').map(({ rule }) => rule),
      ['on', 'who'],
    );
    await put({ on: null, allow: null });
    assert.ok((await why(bob.account)).body.rules.every(({ state }) => state !== 'refuses'));
  });

  test('of somebody known on a platform alone the role is open: it comes with what they ask', async () => {
    const { rules } = (await why('discord:100200300')).body;
    assert.equal(rules.find(({ rule }) => rule === 'who')?.state, 'open');
  });

  test('a stranger is not found, and a member may not ask', async () => {
    assert.equal((await why('acct_none')).status, 404);
    assert.equal((await why(bob.account, bob)).status, 403);
  });
});
