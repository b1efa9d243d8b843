import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { newId } from '#core/ids.ts';
import { addMember, firstCommunity } from '#storage/communities.ts';
import { findSpace, moveSpace } from '#storage/spaces.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { severalWorkspaces, type SeveralWorkspaces } from '#test/simulators/slack/several.ts';
import { call, type Answer, type Fields } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

let operators: SlackSimulator;
let traders: SlackSimulator;
let all: SeveralWorkspaces;
let hall: OpenHall;
let olga: Somebody;
let first: string;
let second: string;

before(async () => {
  [operators, traders] = await Promise.all([startSlack(), startSlack({ team: 'Traders', installed: false })]);
  all = await severalWorkspaces([operators, traders]);
  hall = await openHall(all.env);
  olga = await somebody(hall.storage, 'olga', 'owner');
  first = (await firstCommunity(hall.storage.db)).id;
  second = await community('Second', olga);
  await operators.connected();
});
after(async () => {
  await hall.close();
  await Promise.all([all, operators, traders].map((one) => one.stop()));
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
  apps: { id: string; platform: string; platformId: string; name: string; state: string; why?: string }[];
}

const ask = <Shape = Fields>(method: string, path: string, body?: unknown, who = olga): Promise<Answer<Shape>> =>
  call<Shape>(hall, { method, path: `/v1/communities/${path}`, token: who.token, ...(body !== undefined && { body }) });
const list = async (of: string) => (await ask<Listed>('GET', `${of}/apps`)).body.apps;
const state = (wanted: string, of = second) =>
  eventually(`the workspace to be ${wanted}`, async () => (await list(of)).find((one) => one.state === wanted));
const place = (team = traders.team.id) => findSpace(hall.storage.db, 'slack', team);

/** A browser that is signed in, sent to Slack. */
interface Sent {
  status: number;
  address: URL;
  attempt: string;
}

async function begin(of: string, who = olga): Promise<Sent> {
  const headers = { authorization: `Bearer ${who.token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${hall.url}/v1/communities/${of}/slack-workspaces`, {
    method: 'POST',
    headers,
    body: '{}',
  });
  const { address = hall.url } = (await answer.json()) as { address?: string };
  const [attempt = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
  return { status: answer.status, address: new URL(address), attempt };
}

/** Where Slack sends the browser after this person of a workspace agreed; an empty one says no. */
async function agree({ address }: Sent, login: string, { team } = traders): Promise<URL> {
  const page = new URL(address);
  page.searchParams.set('team', team.id);
  page.searchParams.set('login', login);
  const answer = await fetch(page, { redirect: 'manual' });
  return new URL(answer.headers.get('location') ?? '');
}

/** What the page is told when the browser is back. */
async function comeBack(back: URL, { attempt }: Pick<Sent, 'attempt'>, who = olga): Promise<string> {
  const headers = { cookie: attempt, authorization: `Bearer ${who.token}` };
  const answer = await fetch(back, { headers, redirect: 'manual' });
  assert.equal(answer.status, 303, await answer.text());
  return answer.headers.get('location') ?? '';
}

async function add(of: string, login: string, workspace = traders): Promise<string> {
  const sent = await begin(of);
  return comeBack(await agree(sent, login, workspace), sent);
}

/** What the bot tells mia alone next in a workspace, after she wrote that. */
async function answered(slack: SlackSimulator, text: string): Promise<string> {
  const said = (): string[] =>
    slack.seen('dm:mia', 'mia').flatMap(({ author, text: one }) => (author.bot && one ? [one] : []));
  const before = said().length;
  await slack.say('mia', 'dm:mia', text);
  return eventually('an answer', () => said()[before]);
}

/** Whether its token was given back, as far as there is one. */
async function isGivenBack({ token }: SlackSimulator): Promise<boolean> {
  const headers = { authorization: `Bearer ${token()}` };
  const answer = await fetch(`${all.env['SLACK_API_URL']}auth.test`, { method: 'POST', headers });
  return ((await answer.json()) as { ok: boolean }).ok === false;
}

describe('a Slack workspace that a community adds', () => {
  afterEach(async () => {
    for (const one of [first, second])
      for (const { id } of await list(one)) assert.equal((await ask('DELETE', `${one}/apps/${id}`)).status, 204);
    await eventually('the token to be given back', async () => (await isGivenBack(traders)) || undefined);
    const { id } = (await place()) ?? {};
    if (id) await hall.storage.write((tx) => moveSpace(tx.db, id, { community: first, by: null, at: Date.now() }));
  });

  test('is its own as soon as an owner there agreed, and is answered by its own token, with its own rules', async () => {
    const sent = await begin(second);
    assert.equal(sent.status, 201);
    const asked = Object.fromEntries(sent.address.searchParams);
    assert.equal(asked['redirect_uri'], `${hall.url}/v1/slack/callback`);
    assert.match(asked['scope'] ?? '', /chat:write,commands/);
    assert.equal(await comeBack(await agree(sent, 'olga'), sent), `/c/${second}/spaces?added=slack`);
    const added = await state('live');
    assert.deepEqual([added.platform, added.platformId, added.name], ['slack', 'T0TRADERS', 'Traders']);
    assert.deepEqual(
      [(await place())?.community, (await place())?.app, (await place())?.connectedBy],
      [second, added.id, olga.account],
    );
    await ask('PUT', `${second}/commands/stock`, { on: false });
    const posts = (slack: SlackSimulator) => slack.calls.filter(({ path }) => path === '/api/chat.postMessage').length;
    const before = [posts(operators), posts(traders)];
    assert.doesNotMatch(
      await eventually('the rule of the second', async () => {
        const said = await answered(traders, 'help');
        return said.includes('stock') ? undefined : said;
      }),
      /stock/,
    );
    assert.match(await answered(operators, 'help'), /stock/);
    assert.ok(posts(operators) > (before[0] ?? 0) && posts(traders) > (before[1] ?? 0));
    assert.deepEqual([operators.violations, traders.violations], [[], []]);
    const { body } = await ask<{ spaces: { platformId: string; health: { state: string } }[] }>(
      'GET',
      `${second}/spaces`,
    );
    assert.deepEqual(
      body.spaces.map(({ platformId, health }) => [platformId, health.state]),
      [['T0TRADERS', 'live']],
    );
    for (const { sealed } of await hall.storage.db.selectFrom('secrets').select('sealed').execute())
      assert.ok(!sealed.includes(traders.token()));
  });

  test('answers a slash command at its own address', async () => {
    await add(second, 'olga');
    await state('live');
    const trigger = await traders.slash('mia', 'square', '/guildhall', 'help');
    await eventually('an answer', () => traders.seen('square', 'mia').find(({ replyTo }) => replyTo === trigger));
    assert.equal(
      operators.seen('square', 'mia').some(({ replyTo }) => replyTo === trigger),
      false,
    );
  });

  test('that a member there added is served, and lends nobody a role until an admin there types a code', async () => {
    await add(second, 'mia');
    await state('live');
    assert.deepEqual([(await place())?.community, (await place())?.connectedAt], [second, null]);
    const { body } = await ask<{ code: string }>('POST', `${second}/spaces`, { platform: 'slack' });
    await traders.say('mia', 'square', `@Guildhall connect ${body.code}`);
    await traders.say('olga', 'square', `@Guildhall connect ${body.code}`);
    await eventually('olga’s word', async () => (await place())?.connectedBy === olga.account || undefined);
  });

  test('is ended within seconds when it is taken away: its token is given back and forgotten, and the place stays', async () => {
    await add(second, 'olga');
    const { id } = await state('live');
    const token = traders.token();
    assert.equal((await ask('DELETE', `${first}/apps/${id}`)).status, 404, 'by its own community alone');
    assert.equal((await ask('DELETE', `${second}/apps/${id}`)).status, 204);
    assert.deepEqual(await hall.storage.db.selectFrom('secrets').selectAll().execute(), []);
    await eventually('the token to be given back', async () => (await isGivenBack(traders)) || undefined);
    const { body } = await ask<{ spaces: { platformId: string; health: { state: string } }[] }>(
      'GET',
      `${second}/spaces`,
    );
    assert.deepEqual(
      body.spaces.map(({ platformId, health }) => [platformId, health.state]),
      [['T0TRADERS', 'removed']],
    );
    await add(second, 'olga');
    await state('live');
    assert.notEqual(traders.token(), token);
  });

  for (const [how, act] of [
    ['removed', () => traders.uninstall()],
    ['whose token is revoked', () => traders.revokeToken()],
  ] as const)
    test(`${how} in Slack is told as gone, and its token is forgotten`, async () => {
      await add(second, 'olga');
      await state('live');
      act();
      await eventually('the end', async () => (await list(second)).length === 0 || undefined);
      assert.deepEqual(await hall.storage.db.selectFrom('secrets').selectAll().execute(), []);
      assert.notEqual((await place())?.goneAt, null);
      const last = await hall.storage.db
        .selectFrom('audit')
        .select(['action', 'account_id', 'community_id'])
        .orderBy('id', 'desc')
        .executeTakeFirst();
      assert.deepEqual([last?.action, last?.account_id, last?.community_id], ['app.remove', null, second]);
    });

  test('added again has a new token in the place of the one before, and an old word of Slack’s does not end it', async () => {
    await add(second, 'olga');
    const { id } = await state('live');
    await add(second, 'olga');
    assert.deepEqual(
      (await list(second)).map((one) => one.id),
      [id],
    );
    await state('live');
    // Slack tells late that the bot's token before this one was revoked.
    await traders.carry({
      type: 'events_api',
      attempt: 0,
      reason: '',
      payload: {
        type: 'event_callback',
        event_id: 'EvLATE',
        team_id: traders.team.id,
        event: { type: 'tokens_revoked', tokens: { oauth: [], bot: [traders.bot.id] } },
      },
    });
    assert.deepEqual(
      (await list(second)).map((one) => one.id),
      [id],
    );
    assert.match(await answered(traders, 'help'), /\w/);
  });

  test('is not added where another community has it, and goes there once it is removed in Slack', async () => {
    await add(second, 'olga');
    await state('live');
    assert.equal(await add(first, 'olga'), `/c/${first}/spaces?problem=workspace-taken`);
    assert.match(await answered(traders, 'help'), /\w/, 'the token of both is one, and still good');
    traders.uninstall();
    await eventually('the end', async () => (await list(second)).length === 0 || undefined);
    assert.equal(await add(first, 'mia'), `/c/${first}/spaces?problem=workspace-connected`);
    assert.equal(await add(first, 'adam'), `/c/${first}/spaces?added=slack`);
    await state('live', first);
    assert.equal((await place())?.community, first);
  });

  test('is not the operator’s own', async () => {
    assert.equal(await add(second, 'olga', operators), `/c/${second}/spaces?problem=operators-workspace`);
    assert.match(await answered(operators, 'help'), /\w/, 'its token is still good');
  });

  test('is not added by who says no at Slack, or for what comes twice, late, to another browser or to another person', async () => {
    const said = (problem: string) => `/c/${second}/spaces?problem=${problem}`;
    const no = await begin(second);
    assert.equal(await comeBack(await agree(no, ''), no), said('not-agreed'));
    const sent = await begin(second);
    const back = await agree(sent, 'olga');
    const other = await begin(second);
    assert.equal(await comeBack(back, other), said('attempt-foreign'));
    assert.equal(await comeBack(back, { attempt: '' }), said('attempt-foreign'));
    const bob = await somebody(hall.storage, `bob${Date.now()}`);
    assert.equal(await comeBack(back, sent, bob), said('attempt-foreign'));
    const forged = new URL(back);
    forged.searchParams.set('state', 'x.comm_1');
    assert.equal(await comeBack(forged, sent), '/c/comm_1/spaces?problem=attempt-foreign');
    forged.searchParams.set('state', 'x.//evil.example');
    assert.equal(await comeBack(forged, sent), '/me?problem=attempt-foreign');
    assert.equal(await comeBack(back, sent), `/c/${second}/spaces?added=slack`);
    await state('live');
    assert.equal(await comeBack(back, sent), said('attempt-used'));
    const wrong = await begin(second);
    const good = await agree(wrong, 'olga');
    good.searchParams.set('code', 'T0TRADERS.nobody');
    assert.equal(await comeBack(good, wrong), said('slack-failed'));
  });

  test('is not added by who is no admin, at the beginning or any more at the end', async () => {
    const bob = await somebody(hall.storage, 'bob');
    assert.equal((await begin(first, bob)).status, 403);
    assert.equal((await begin(second, bob)).status, 404);
    const role = (is: 'admin' | 'member') =>
      hall.storage.write((tx) =>
        tx.db
          .updateTable('members')
          .set({ role: is })
          .where('community_id', '=', first)
          .where('account_id', '=', bob.account)
          .execute(),
      );
    await role('admin');
    const sent = await begin(first, bob);
    const back = await agree(sent, 'olga');
    await role('member');
    assert.match(await comeBack(back, sent, bob), /\?problem=not-allowed$/);
    assert.deepEqual(await list(first), []);
  });
});
