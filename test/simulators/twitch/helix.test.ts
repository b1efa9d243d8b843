import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type ApiClient as Api, ApiClient } from '@twurple/api';
import { AppTokenAuthProvider, RefreshingAuthProvider, StaticAuthProvider } from '@twurple/auth';
import { startTwitch, type Twitch } from './index.ts';

const BOT = '900';
const SQUARE = '5001';

const messageFrom = (sender: string): Parameters<Api['callApi']>[0] => ({
  type: 'helix',
  url: 'chat/messages',
  method: 'POST',
  jsonBody: { broadcaster_id: SQUARE, sender_id: sender, message: 'it is me' },
});

describe('the API of the Twitch simulator, with the vendor’s own client', () => {
  let twitch: Twitch;
  let api: Api;
  let bot: RefreshingAuthProvider;
  let now = 0;
  beforeEach(async () => {
    now = 1_700_000_000_000;
    twitch = await startTwitch({ clock: () => now });
    process.env.TWURPLE_MOCK_API_PORT = new URL(twitch.page).port;
    bot = new RefreshingAuthProvider({ clientId: id(), clientSecret: secret() });
    const refreshToken = twitch.env.TWITCH_BOT_REFRESH_TOKEN ?? '';
    await bot.addUserForToken({ accessToken: '', refreshToken, expiresIn: 0, obtainmentTimestamp: 0 });
    api = clientOf(bot);
  });
  afterEach(() => twitch.stop());

  const id = (): string => twitch.env.TWITCH_CLIENT_ID ?? '';
  const secret = (): string => twitch.env.TWITCH_CLIENT_SECRET ?? '';
  const clientOf = (authProvider: ConstructorParameters<typeof ApiClient>[0]['authProvider']): Api =>
    new ApiClient({ authProvider, logger: { minLevel: 'critical' } });

  /** A client with the token of somebody who agreed to these scopes. */
  async function clientAs(login: string, scope: string): Promise<Api> {
    const redirect = 'http://localhost/';
    const query = new URLSearchParams({ client_id: id(), redirect_uri: redirect, response_type: 'code', scope, login });
    const agreed = await fetch(`${twitch.env.TWITCH_AUTH_URL}/authorize?${query}`, { redirect: 'manual' });
    const code = new URL(agreed.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const fields = {
      client_id: id(),
      client_secret: secret(),
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirect,
    };
    const answer = await fetch(`${twitch.env.TWITCH_AUTH_URL}/token`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    return clientOf(new StaticAuthProvider(id(), access_token, scope.split(' ')));
  }
  const status = (code: number) => (error: unknown) =>
    error instanceof Error && 'statusCode' in error && error.statusCode === code;
  const asBot = <T>(work: (api: Api) => Promise<T>): Promise<T> => api.asUser(BOT, (client) => work(client as Api));

  test('users and channels are found by name and id', async () => {
    const user = await api.users.getUserByName('mia');
    assert.deepEqual([user?.displayName, user?.id], ['mia', twitch.people.find(({ name }) => name === 'mia')?.id]);
    assert.equal((await api.users.getUserById(BOT))?.displayName, 'Guildhall');
    assert.equal(await api.users.getUserByName('nobody'), null);
    assert.equal((await api.channels.getChannelInfoById(SQUARE))?.name, 'square');
  });

  test('a channel is a stream while it is live', async () => {
    assert.equal(await api.streams.getStreamByUserName('square'), null);
    twitch.goLive('square', true);
    assert.equal((await api.streams.getStreamByUserName('square'))?.userName, 'square');
  });

  test('a message through the API is seen in the chat, with what it answers', async () => {
    const question = await twitch.say('mia', 'square', 'anybody?');
    const sent = await asBot((client) =>
      client.chat.sendChatMessage(SQUARE, 'here', { replyParentMessageId: question }),
    );
    const [, seen] = twitch.seen('square');
    assert.deepEqual([seen?.id, seen?.text, seen?.replyTo, seen?.author.bot], [sent.id, 'here', question, true]);
    assert.deepEqual(twitch.violations, []);
  });

  test('a dropped message says why', async () => {
    await asBot((client) => client.chat.sendChatMessage(SQUARE, 'same'));
    now += 2_000;
    await assert.rejects(
      asBot((client) => client.chat.sendChatMessage(SQUARE, 'same')),
      /identical to the previous one/,
    );
    await assert.rejects(
      asBot((client) => client.chat.sendChatMessage(SQUARE, 'x'.repeat(501))),
      status(422),
    );
    twitch.timeoutBot('square', 60);
    await assert.rejects(
      asBot((client) => client.chat.sendChatMessage(SQUARE, 'please')),
      status(403),
    );
    assert.equal(twitch.seen('square').length, 0, 'a time-out clears what was said');
  });

  test('a moderator times out, bans, pardons and removes messages', async () => {
    const mia = twitch.people.find(({ name }) => name === 'mia')?.id ?? '';
    const ban = (duration?: number): Promise<unknown> =>
      asBot((client) =>
        client.moderation.banUser(SQUARE, { user: mia, reason: 'test', ...(duration ? { duration } : {}) }),
      );
    await assert.rejects(ban(10), status(403));
    twitch.makeBotMod('square', true);
    await ban(10);
    await assert.rejects(twitch.say('mia', 'square', 'hm'), /timed out for 10 more seconds/);
    now += 10_000;
    const said = await twitch.say('mia', 'square', 'hm');
    await asBot((client) => client.moderation.deleteChatMessages(SQUARE, said));
    await assert.rejects(
      asBot((client) => client.moderation.deleteChatMessages(SQUARE, said)),
      status(404),
    );
    await ban();
    await assert.rejects(ban(), status(400));
    await assert.rejects(twitch.say('mia', 'square', 'hm'), /permanently banned/);
    await asBot((client) => client.moderation.unbanUser(SQUARE, mia));
    await twitch.say('mia', 'square', 'back');
    assert.deepEqual(
      twitch.seen('square').map(({ text }) => text),
      ['back'],
    );
  });

  test('a moderator switches slow mode on and off', async () => {
    const slow = (on: boolean, seconds?: number): Promise<{ slowModeDelay: number | null }> =>
      asBot((client) =>
        client.chat.updateSettings(SQUARE, { slowModeEnabled: on, ...(seconds && { slowModeDelay: seconds }) }),
      );
    await assert.rejects(slow(true, 10), status(403));
    twitch.makeBotMod('square', true);
    assert.equal((await slow(true, 10)).slowModeDelay, 10);
    await assert.rejects(slow(true, 121), status(400));
    assert.equal((await slow(false)).slowModeDelay, null);
  });

  test('a moderator may not touch the broadcaster or take away another moderator’s message', async () => {
    twitch.makeBotMod('square', true);
    const said = await twitch.say('adam', 'square', 'mine');
    await assert.rejects(
      asBot((client) => client.moderation.deleteChatMessages(SQUARE, said)),
      status(400),
    );
    await assert.rejects(
      asBot((client) => client.moderation.banUser(SQUARE, { user: SQUARE, reason: '' })),
      status(400),
    );
    const own = await asBot((client) => client.chat.sendChatMessage(SQUARE, 'oops'));
    await asBot((client) => client.moderation.deleteChatMessages(SQUARE, own.id));
    await asBot((client) => client.moderation.deleteChatMessages(SQUARE));
    assert.equal(twitch.seen('square').length, 0);
  });

  test('the broadcaster sees the moderators and names VIPs', async () => {
    const owner = await clientAs('square', 'moderation:read channel:manage:vips');
    const moderators = await owner.moderation.getModerators(SQUARE);
    assert.deepEqual(
      moderators.data.map(({ userName }) => userName),
      ['adam', 'mona'],
    );
    const max = twitch.people.find(({ name }) => name === 'max')?.id ?? '';
    await owner.channels.addVip(SQUARE, max);
    await assert.rejects(owner.channels.addVip(SQUARE, max), status(422));
    await twitch.say('max', 'square', 'look');
    assert.match(String(twitch.seen('square')[0]?.raw), /badges=vip\/1;/);
    await owner.channels.removeVip(SQUARE, max);
    await assert.rejects(owner.moderation.getModerators('5002'), status(401));
  });

  test('a bot sees where it moderates, and who is there', async () => {
    twitch.makeBotMod('square', true);
    const channels = await asBot((client) => client.moderation.getModeratedChannels(BOT));
    assert.deepEqual(
      channels.data.map(({ name }) => name),
      ['square'],
    );
    const there = await asBot((client) => client.chat.getChatters(SQUARE));
    assert.ok(there.data.some(({ userName }) => userName === 'mia') && there.total === there.data.length);
  });

  test('a scope that was not agreed to, or a token that ended, is refused', async () => {
    const mia = await clientAs('mia', 'chat:read');
    const miaId = twitch.people.find(({ name }) => name === 'mia')?.id ?? '';
    const headers = {
      'client-id': id(),
      authorization: `Bearer ${(await mia._authProvider.getAccessTokenForUser(miaId))?.accessToken}`,
    };
    const send = (more: Record<string, string> = {}): Promise<Response> =>
      fetch(`${twitch.env.TWITCH_API_URL}/chat/messages`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', ...more },
        body: JSON.stringify({ broadcaster_id: SQUARE, sender_id: miaId, message: 'x' }),
      });
    const scope = await send();
    assert.deepEqual(
      [scope.status, await scope.json()],
      [401, { error: 'Unauthorized', status: 401, message: 'Missing scope: user:write:chat' }],
    );
    assert.equal(
      ((await (await send({ 'client-id': 'other' })).json()) as { message: string }).message,
      'Client ID and OAuth token do not match',
    );
    twitch.expireTokens();
    assert.equal(((await (await send()).json()) as { message: string }).message, 'Invalid OAuth token');
  });

  test('nobody speaks in the name of another', async () => {
    const mia = await clientAs('mia', 'user:write:chat');
    await assert.rejects(mia.callApi(messageFrom(BOT)), status(401));
    await mia.callApi(messageFrom(twitch.people.find(({ name }) => name === 'mia')?.id ?? ''));
    assert.deepEqual(
      twitch.seen('square').map(({ author }) => author.name),
      ['mia'],
    );
  });

  test('an application reads, but speaks only where the bot agreed and moderates', async () => {
    const app = clientOf(new AppTokenAuthProvider(id(), secret()));
    assert.equal((await app.users.getUserByName('max'))?.name, 'max');
    await assert.rejects(app.chat.sendChatMessageAsApp(BOT, SQUARE, 'hello'), status(403));
    twitch.makeBotMod('square', true);
    await app.chat.sendChatMessageAsApp(BOT, SQUARE, 'hello');
    assert.equal(twitch.seen('square')[0]?.text, 'hello');
  });

  test('an unknown call is refused as Twitch would, and noted', async () => {
    const answer = await fetch(`${twitch.env.TWITCH_API_URL}/raids`, { method: 'POST' });
    assert.deepEqual([answer.status, ((await answer.json()) as { error: string }).error], [404, 'Not Found']);
    assert.deepEqual(twitch.violations, ['The call POST /helix/raids is not known.']);
  });

  test('the 801st call in a minute is too many, and each answer says how many are left', async () => {
    const token = await bot.getAccessTokenForUser(BOT);
    const headers = { 'client-id': id(), authorization: `Bearer ${token?.accessToken}` };
    const call = (): Promise<Response> => fetch(`${twitch.env.TWITCH_API_URL}/users`, { headers });
    const first = await call();
    assert.deepEqual([first.headers.get('ratelimit-limit'), first.headers.get('ratelimit-remaining')], ['800', '799']);
    for (let count = 1; count < 800; count += 1) await (await call()).arrayBuffer();
    const last = await call();
    assert.deepEqual([last.status, last.headers.get('ratelimit-reset')], [429, String(now / 1_000 + 60)]);
    assert.match(twitch.violations.join(), /rate limit of the API/);
    now += 60_000;
    assert.equal((await call()).status, 200);
  });

  test('faults take the answer of a call: as planned, late, or lost', async () => {
    const token = await bot.getAccessTokenForUser(BOT);
    const headers = { 'client-id': id(), authorization: `Bearer ${token?.accessToken}` };
    const call = (path = '/users'): Promise<Response> => fetch(`${twitch.env.TWITCH_API_URL}${path}`, { headers });
    twitch.faults.answer(503, 1, { match: '/channels' });
    twitch.faults.answer(429, 1, { retryAfter: 7 });
    const limited = await call();
    assert.deepEqual([limited.status, limited.headers.get('ratelimit-reset')], [429, String(now / 1_000 + 7)]);
    assert.equal((await call()).status, 200);
    assert.equal((await call(`/channels?broadcaster_id=${SQUARE}`)).status, 503);
    twitch.faults.slow(60);
    const before = performance.now();
    await call();
    assert.ok(performance.now() - before >= 55);
    twitch.faults.slow(0);
    twitch.faults.loseAnswers(1);
    await assert.rejects(call(), TypeError);
    assert.equal(twitch.calls.at(-1)?.status, 200, 'it was carried out');
  });

  test('faults by chance are the same for the same seed', async () => {
    const token = await bot.getAccessTokenForUser(BOT);
    const headers = { 'client-id': id(), authorization: `Bearer ${token?.accessToken}` };
    const run = async (): Promise<number[]> => {
      twitch.faults.random(7, { disconnect: 0, duplicate: 0, limited: 0.3, broken: 0.3 });
      const got: number[] = [];
      for (let count = 0; count < 20; count += 1)
        got.push((await fetch(`${twitch.env.TWITCH_API_URL}/users`, { headers })).status);
      twitch.faults.random(7, undefined);
      return got;
    };
    const first = await run();
    assert.deepEqual(await run(), first);
    assert.deepEqual([...new Set(first)].toSorted(), [200, 429, 503]);
  });
});
