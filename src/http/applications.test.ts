import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { newId } from '#core/ids.ts';
import { addMember, firstCommunity } from '#storage/communities.ts';
import { findSpace, moveSpace } from '#storage/spaces.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { severalApplications, type SeveralApplications } from '#test/simulators/discord/several.ts';
import { call, type Answer, type Fields } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

let operators: Discord;
let guilds: Discord;
let all: SeveralApplications;
let hall: OpenHall;
let olga: Somebody;
let first: string;
let second: string;

before(async () => {
  [operators, guilds] = await Promise.all([startDiscord(), startDiscord({ bot: 'Traders', guild: 'The Pit' })]);
  all = await severalApplications([operators, guilds]);
  hall = await openHall(all.env);
  olga = await somebody(hall.storage, 'olga', 'owner');
  first = (await firstCommunity(hall.storage.db)).id;
  second = await community('Second', olga);
  await eventually('the operator’s guild', () => operators.commands().guild.length > 0 || undefined);
});
after(async () => {
  await hall.close();
  await Promise.all([all, operators, guilds].map((one) => one.stop()));
});

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
  apps: { id: string; platformId: string; name: string; state: string; why?: string; invite: string }[];
}

const ask = <Shape = Fields>(method: string, path: string, body?: unknown, who = olga): Promise<Answer<Shape>> =>
  call<Shape>(hall, { method, path: `/v1/communities/${path}`, token: who.token, ...(body !== undefined && { body }) });
const token = (): string => guilds.env['DISCORD_TOKEN'] ?? '';
const add = (of: string, given = token()) => ask<Fields>('POST', `${of}/apps`, { platform: 'discord', token: given });
const list = async (of: string) => (await ask<Listed>('GET', `${of}/apps`)).body.apps;
const state = (wanted: string) =>
  eventually(`the application to be ${wanted}`, async () => (await list(second)).find((one) => one.state === wanted));
const heard = async () => {
  await state('live');
  await eventually('its guild to have commands', () => guilds.commands().guild.length > 0 || undefined);
};

/** What a bot tells mia next, after she wrote that. */
async function answered(discord: Discord, text: string): Promise<string> {
  const said = (): string[] =>
    discord.seen('dm:mia').flatMap(({ author, text: one }) => (author.bot && one ? [one] : []));
  const before = said().length;
  await discord.say('mia', 'square', text);
  return eventually('an answer', () => said()[before]);
}

describe('a community’s own Discord application', () => {
  afterEach(async () => {
    for (const { id } of await list(second)) await ask('DELETE', `${second}/apps/${id}`);
    await eventually('nothing to be connected', () => guilds.connections() === 0 || undefined);
  });

  test('is brought by its token, which nobody sees again, and answers in its own guild beside the operator’s', async () => {
    const added = await add(second);
    assert.deepEqual([added.status, added.body['name'], added.body['platformId']], [201, 'Traders', guilds.botId]);
    const { invite, ...app } = await state('live');
    assert.match(invite, new RegExp(`client_id=${guilds.botId}&`));
    assert.ok(!JSON.stringify([added.body, app]).includes(token()));
    await heard();
    assert.match(await answered(guilds, '@Traders help'), /\w/);
    assert.match(await answered(operators, '@Guildhall help'), /\w/);
    const space = await findSpace(hall.storage.db, 'discord', guilds.guildId);
    assert.deepEqual([space?.community, space?.app, space?.connectedBy], [second, added.body['id'], null]);
    const { body } = await ask<{ spaces: { platformId: string; health: { state: string } }[] }>(
      'GET',
      `${second}/spaces`,
    );
    assert.deepEqual(
      body.spaces.map(({ platformId, health }) => [platformId, health.state]),
      [[guilds.guildId, 'live']],
    );
    assert.deepEqual([operators.violations, guilds.violations], [[], []]);
    for (const { sealed } of await hall.storage.db.selectFrom('secrets').select('sealed').execute())
      assert.ok(!sealed.includes(token()));
  });

  test('has a token that is no secret which an admin could store or forget by name, beside it', async () => {
    const told = await Promise.all(
      (['PUT', 'DELETE'] as const).map((method) =>
        ask(method, `${second}/secrets/discord-app`, method === 'PUT' ? { value: 'a token' } : undefined),
      ),
    );
    for (const { status, body } of told) {
      assert.equal(status, 400);
      assert.match(String(body['detail']), /kept for the community’s own application/);
    }
  });

  test('answers a slash command by its own', async () => {
    await add(second);
    await heard();
    const id = await guilds.slash('mia', 'square', 'help');
    await eventually('an answer', () => guilds.answered(id).first !== undefined || undefined);
  });

  test('is gone at once when it is taken away, and its token is forgotten', async () => {
    const { body } = await add(second);
    await heard();
    assert.equal((await ask('DELETE', `${first}/apps/${body['id']}`)).status, 404, 'by its own community alone');
    assert.equal((await ask('DELETE', `${second}/apps/${body['id']}`)).status, 204);
    await eventually('the end of the connection', () => guilds.connections() === 0 || undefined);
    assert.deepEqual(await hall.storage.db.selectFrom('secrets').selectAll().execute(), []);
    assert.notEqual((await findSpace(hall.storage.db, 'discord', guilds.guildId))?.goneAt, null);
    const actions = await hall.storage.db
      .selectFrom('audit')
      .select(['action', 'community_id'])
      .where('action', 'like', 'app.%')
      .orderBy('id')
      .execute();
    const told = actions.map((one) => `${one.action} ${one.community_id}`);
    assert.deepEqual(told.slice(-2), [`app.add ${second}`, `app.remove ${second}`]);
  });

  test('whose token Discord takes no more is told as refused with why, and is mended by the new token', async () => {
    await add(second);
    await state('live');
    guilds.faults.close(4004);
    const { why } = await state('refused');
    assert.match(why ?? '', /Discord does not accept this token\. Make a new one there/);
    assert.equal((await add(second)).status, 201);
    await state('live');
  });

  test('has its guild vouched for by a code that its owner types there, and keeps it when that is taken back', async () => {
    await add(second);
    await heard();
    const { body } = await ask<{ code: string }>('POST', `${second}/spaces`, { platform: 'discord' });
    const place = () => findSpace(hall.storage.db, 'discord', guilds.guildId);
    await guilds.say('olga', 'square', `/connect ${body.code}`);
    await eventually(
      'the guild to be vouched for',
      async () => (await place())?.connectedBy === olga.account || undefined,
    );
    assert.equal((await ask('DELETE', `${second}/spaces/${(await place())?.id}`)).status, 204);
    assert.deepEqual([(await place())?.community, (await place())?.connectedBy], [second, null]);
  });

  test('does not take a guild that another community has', async () => {
    const { id } = (await findSpace(hall.storage.db, 'discord', guilds.guildId)) ?? {};
    await hall.storage.write((tx) =>
      moveSpace(tx.db, id ?? '', { community: first, by: olga.account, at: Date.now() }),
    );
    await add(second);
    await state('live');
    await guilds.say('mia', 'dm:mia', 'help');
    await eventually('an answer', () => guilds.seen('dm:mia').at(-1)?.author.bot || undefined);
    const space = await findSpace(hall.storage.db, 'discord', guilds.guildId);
    assert.deepEqual([space?.community, space?.app], [first, null]);
  });

  test('is not brought with a wrong token, twice, by the operator’s, or by who may not', async () => {
    const wrong = await add(second, 'bm9ib2R5.nobody.nobody');
    assert.deepEqual([wrong.status, wrong.body['code']], [409, 'token-refused']);
    assert.deepEqual(await list(second), []);
    const own = await add(second, operators.env['DISCORD_TOKEN']);
    assert.deepEqual([own.status, own.body['code']], [409, 'operators-application']);
    assert.equal((await add(second)).status, 201);
    assert.equal((await add(second)).status, 201, 'the same again is a new token for it');
    assert.equal((await list(second)).length, 1);
    const taken = await add(first);
    assert.deepEqual([taken.status, taken.body['code']], [409, 'application-taken']);
    const bob = await somebody(hall.storage, 'bob');
    assert.equal((await ask('GET', `${first}/apps`, undefined, bob)).status, 403);
    assert.equal((await ask('POST', `${second}/apps`, { platform: 'discord', token: token() }, bob)).status, 404);
    assert.equal((await ask('POST', `${second}/apps`, { platform: 'slack', token: token() })).status, 400);
  });
});
