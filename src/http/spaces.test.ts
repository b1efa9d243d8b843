import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { newId } from '#core/ids.ts';
import type { Role } from '#core/roles.ts';
import { addMember, firstCommunity } from '#storage/communities.ts';
import { ensureSpace, findSpace, noteRoles } from '#storage/spaces.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call, type Answer, type Fields } from '#test/support/person.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { startSlack, type SlackSimulator as Slack } from '#test/simulators/slack/index.ts';
import { startTwitch, type Twitch } from '#test/simulators/twitch/index.ts';
import { eventually } from '#test/support/wait.ts';

let discord: Discord;
let slack: Slack;
let twitch: Twitch;
let hall: OpenHall;
let olga: Somebody;
let first: string;
let second: string;

before(async () => {
  [discord, slack, twitch] = await Promise.all([startDiscord(), startSlack(), startTwitch()]);
  hall = await openHall({ ...discord.env, ...slack.env, ...twitch.env } as Record<string, string>);
  olga = await somebody(hall.storage, 'olga', 'owner');
  first = (await firstCommunity(hall.storage.db)).id;
  second = await community('Second', olga);
  await eventually('the guild to be told its commands', () => discord.commands().guild.length > 0 || undefined);
  await eventually('all platforms', async () => {
    const { platforms } = await list(first);
    return platforms.every(({ health }) => health.state === 'live') || undefined;
  });
});
after(async () => {
  await hall.close();
  await Promise.all([discord, slack, twitch].map((one) => one.stop()));
});

/** Another community, with its owner. */
async function community(name: string, owner: Somebody): Promise<string> {
  const id = newId('comm');
  await hall.storage.write(async (tx) => {
    await tx.db
      .insertInto('communities')
      .values({ id, name, created_at: Date.now(), settings: null, made_by: null })
      .execute();
    await addMember(tx.db, { community: id, account: owner.account, role: 'owner', at: Date.now() });
  });
  return id;
}

interface Listed extends Fields {
  spaces: {
    id: string;
    platform: string;
    platformId: string;
    name: string;
    connectedBy: Fields | null;
    health: { state: string };
  }[];
  platforms: { platform: string; invite?: string; health: { state: string } }[];
  next?: string;
}

const ask = <Shape = Fields>(method: string, path: string, body?: unknown, who = olga): Promise<Answer<Shape>> =>
  call<Shape>(hall, { method, path: `/v1/communities/${path}`, token: who.token, ...(body !== undefined && { body }) });
const list = async (of: string, query = ''): Promise<Listed> => (await ask<Listed>('GET', `${of}/spaces${query}`)).body;
const codeFor = async (of: string, platform = 'discord'): Promise<string> => {
  const told = await ask<{ code: string }>('POST', `${of}/spaces`, { platform });
  assert.equal(told.status, 201, told.text);
  return told.body.code;
};
const spaceOf = () => findSpace(hall.storage.db, 'discord', discord.guildId);
const audit = async (action: string) =>
  hall.storage.db.selectFrom('audit').selectAll().where('action', '=', action).orderBy('id').execute();

/** What the bot answers to one who uses /connect in the guild. */
async function typed(code: string, who = 'olga'): Promise<string> {
  const said = (): string[] =>
    discord.seen('square', who).flatMap(({ author, text }) => (author.bot && text ? [text] : []));
  const before = said().length;
  await discord.say(who, 'square', `/connect ${code}`);
  return eventually('an answer', () => said()[before]);
}

describe('a guild that the bot is in', () => {
  beforeEach(async () => {
    const space = await spaceOf();
    if (space?.connectedAt) await ask('DELETE', `${space.community}/spaces/${space.id}`);
  });

  test('belongs to the first community by itself, and is told with how it is', async () => {
    const { spaces, platforms } = await list(first);
    const [space] = spaces;
    assert.deepEqual([space?.platform, space?.connectedBy, space?.health.state], ['discord', null, 'live']);
    assert.deepEqual(
      platforms.map(({ platform, health }) => `${platform} ${health.state}`),
      ['discord live', 'slack live', 'twitch live'],
    );
    assert.match(platforms[0]?.invite ?? '', /^https:\/\/discord\.com\/oauth2\/authorize\?client_id=\d+&/);
    assert.deepEqual((await list(second)).spaces, []);
  });

  test('comes to the community whose code its owner types there, and nobody else’s', async () => {
    const code = await codeFor(second);
    assert.match(await typed(code, 'mia'), /Only the owner of the server, or somebody with the right Administrator/);
    assert.equal(await typed(code), 'Done. This place belongs to Second now: its commands and rules hold here.');
    const [space] = (await list(second)).spaces;
    assert.deepEqual([space?.platformId, space?.connectedBy?.['name']], [discord.guildId, 'olga']);
    assert.deepEqual((await list(first)).spaces, []);
    assert.match(await typed(code), /was used already/);
    const [entry] = (await audit('space.connect')).slice(-1);
    assert.deepEqual([entry?.community_id, entry?.account_id, entry?.platform], [second, olga.account, 'discord']);
    assert.equal((await audit('space.leave')).at(-1)?.community_id, first);
  });

  test('goes back where it came from, and nobody vouches for it then', async () => {
    await typed(await codeFor(second));
    const [space] = (await list(second)).spaces;
    assert.equal((await ask('DELETE', `${first}/spaces/${space?.id}`)).status, 404, 'by its own community alone');
    assert.equal((await ask('DELETE', `${second}/spaces/${space?.id}`)).status, 204);
    assert.deepEqual((await list(second)).spaces, []);
    const [back] = (await list(first)).spaces;
    assert.deepEqual([back?.id, back?.connectedBy], [space?.id, null]);
    const again = await ask('DELETE', `${first}/spaces/${space?.id}`);
    assert.deepEqual([again.status, again.body['code']], [409, 'not-connected']);
  });

  test('takes the new community’s commands within seconds', async () => {
    await ask('PUT', `${second}/commands/stock`, { on: false });
    await typed(await codeFor(second));
    const names = (): string[] => discord.commands().guild.map((one) => (one as { name: string }).name);
    await eventually('the guild without /stock', () => !names().includes('stock') || undefined);
  });

  test('is not asked for by who may not, for a platform that there is not, or with anything else in the body', async () => {
    const bob = await somebody(hall.storage, `bob-${newId('acct').slice(-6).toLowerCase()}`);
    assert.equal((await ask('POST', `${first}/spaces`, { platform: 'discord' }, bob)).status, 403);
    assert.equal((await ask('POST', `${second}/spaces`, { platform: 'discord' }, bob)).status, 404);
    assert.equal((await ask('POST', `${second}/spaces`, { platform: 'irc' })).status, 400);
    assert.equal((await ask('POST', `${second}/spaces`, { platform: 'discord', more: 1 })).status, 400);
  });

  test('is not had by a code of somebody who is no admin any more', async () => {
    const carla = await somebody(hall.storage, `carla-${newId('acct').slice(-6).toLowerCase()}`);
    const as = (role: Role) =>
      hall.storage.write((tx) => addMember(tx.db, { community: second, account: carla.account, role, at: 1 }));
    await as('admin');
    const { body } = await ask<{ code: string }>('POST', `${second}/spaces`, { platform: 'discord' }, carla);
    await as('member');
    assert.match(await typed(body.code), /may not connect places any more/);
    assert.equal((await spaceOf())?.community, first);
  });

  test('is listed a page at a time', async () => {
    for (let n = 0; n < 5; n++)
      await hall.storage.write((tx) =>
        ensureSpace(tx.db, { platform: 'twitch', platformId: `${n}`, name: `c${n}`, community: second, at: n + 1 }),
      );
    const one = await list(second, '?limit=3');
    const two = await list(second, `?limit=3&after=${one.next}`);
    assert.deepEqual([one.spaces.length, two.spaces.length, two.next], [3, 2, undefined]);
  });
});

describe('a workspace and a channel', () => {
  const seen = (from: Slack | Twitch, who: string): string[] =>
    from.seen('square', who).flatMap(({ author, text }) => (author.bot && text ? [text] : []));
  const said = async (from: Slack | Twitch, who: string, line: string): Promise<string> => {
    const before = seen(from, who).length;
    await from.say(who, 'square', line);
    return eventually('an answer', () => seen(from, who)[before]);
  };

  test('come by the same code, typed by who looks after them', async () => {
    const line = `@Guildhall connect ${await codeFor(second, 'slack')}`;
    assert.match(await said(slack, 'mia', line), /Only an owner or admin of the workspace/);
    assert.match(await said(slack, 'adam', line), /This place belongs to Second now/);
    const code = await codeFor(second, 'twitch');
    assert.match(await said(slack, 'adam', `@Guildhall connect ${code}`), /This code is for Twitch/);
    assert.match(await said(twitch, 'mona', `!connect ${code}`), /Only the broadcaster can connect it/);
    assert.match(await said(twitch, 'olga', `!connect ${code}`), /This place belongs to Second now/);
    const places = (await list(second)).spaces.filter(({ connectedBy }) => connectedBy);
    assert.deepEqual(places.map(({ platform }) => platform).toSorted(), ['slack', 'twitch']);
  });
});

describe('the table of roles', () => {
  interface Mapping {
    platform: string;
    platformRole: string;
    role: Role;
  }
  const put = (mappings: Mapping[], who = olga) => ask('PUT', `${first}/role-mappings`, { mappings }, who);
  const line = (platformRole: string, role: Role): Mapping => ({ platform: 'discord', platformRole, role });

  test('is kept, and told with what holds by default and with the names of roles there', async () => {
    const told = await put([line('123', 'moderator')]);
    assert.deepEqual([told.status, told.body['mappings']], [200, [line('123', 'moderator')]]);
    const { defaults } = told.body as unknown as { defaults: Mapping[] };
    assert.ok(defaults.some(({ platformRole, role }) => platformRole === 'broadcaster' && role === 'owner'));
    await typed(await codeFor(first));
    const space = await spaceOf();
    await hall.storage.write((tx) =>
      noteRoles(tx.db, { platform: 'discord', platformId: space?.platformId ?? '' }, '[{"id":"123","name":"Clerk"}]'),
    );
    const known = (await ask('GET', `${first}/role-mappings`)).body['known'];
    assert.deepEqual(known, [{ platform: 'discord', platformRole: '123', name: 'Clerk' }]);
    assert.equal((await audit('roles.map')).at(-1)?.account_id, olga.account);
  });

  test('is changed by nobody above their own role, neither up nor down', async () => {
    const ada = await somebody(hall.storage, 'ada', 'admin');
    assert.equal((await put([line('123', 'admin')], ada)).status, 200);
    for (const wrong of [[line('5', 'owner')], [line('owner', 'guest')]]) {
      const told = await put(wrong, ada);
      assert.deepEqual([told.status, told.body['code']], [403, 'above-own-role']);
      assert.ok(told.body['rule']);
    }
    await put([line('5', 'owner')]);
    assert.equal((await put([], ada)).status, 403, 'what an owner set stays');
    assert.equal((await put([line('5', 'owner'), line('6', 'member')], ada)).status, 200);
  });

  test('has each role once', async () => {
    const told = await put([line('1', 'member'), line('1', 'admin')]);
    assert.deepEqual([told.status, told.body['code']], [400, 'mapped-twice']);
  });
});
