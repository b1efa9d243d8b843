import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ApiClient } from '@twurple/api';
import { RefreshingAuthProvider } from '@twurple/auth';
import { WebSocket } from 'ws';
import { eventually } from '#test/support/wait.ts';
import { startTwitch, type Twitch, type TwitchOptions } from './index.ts';

interface Told {
  metadata: { message_id: string; message_type: string; subscription_type?: string };
  payload: {
    session?: { id: string; status: string; keepalive_timeout_seconds: number | null; reconnect_url: string | null };
    subscription?: { status: string };
    event?: Record<string, unknown> & { reply?: { parent_message_id: string } | null };
  };
}

interface Listener {
  socket: WebSocket;
  all: Told[];
  closed: Promise<number>;
  next(type: string, count?: number): Promise<Told>;
}

async function listen(url: string): Promise<Listener> {
  const socket = new WebSocket(url);
  const all: Told[] = [];
  socket.on('message', (data) => all.push(JSON.parse(String(data)) as Told));
  const closed = once(socket, 'close').then(([code]) => Number(code));
  await once(socket, 'open');
  const next = (type: string, count = 1): Promise<Told> =>
    eventually(`${count} ${type}`, () => all.filter(({ metadata }) => metadata.message_type === type)[count - 1]);
  return { socket, all, closed, next };
}

const messageOf = (text: string): unknown => ({
  text,
  fragments: [{ type: 'text', text, cheermote: null, emote: null, mention: null }],
});

const BOT = '900';
const SQUARE = '5001';

describe('the events of the Twitch simulator', () => {
  let twitch: Twitch;
  let api: ApiClient;
  async function start(options: TwitchOptions = {}): Promise<void> {
    await twitch?.stop();
    twitch = await startTwitch(options);
    process.env.TWURPLE_MOCK_API_PORT = new URL(twitch.page).port;
    const { TWITCH_CLIENT_ID: clientId = '', TWITCH_CLIENT_SECRET: clientSecret = '' } = twitch.env;
    const authProvider = new RefreshingAuthProvider({ clientId, clientSecret });
    const refreshToken = twitch.env.TWITCH_BOT_REFRESH_TOKEN ?? '';
    await authProvider.addUserForToken({ accessToken: '', refreshToken, expiresIn: 0, obtainmentTimestamp: 0 });
    api = new ApiClient({ authProvider, logger: { minLevel: 'critical' } });
  }
  beforeEach(() => start());
  afterEach(() => twitch.stop());

  const url = (query = ''): string => `${twitch.env.TWITCH_EVENTSUB_URL}${query}`;
  const subscribe = (session: string): Promise<unknown> =>
    api.asUser(BOT, (client) =>
      client.eventSub.subscribeToChannelChatMessageEvents(SQUARE, { method: 'websocket', session_id: session }),
    );

  async function subscribed(): Promise<Listener> {
    const listener = await listen(url());
    await subscribe((await listener.next('session_welcome')).payload.session?.id ?? '');
    return listener;
  }

  test('a socket is welcomed, subscribes, and hears what is said', async () => {
    const listener = await subscribed();
    const question = await twitch.say('mia', 'square', 'hello');
    await twitch.say('mia', 'trading_floor', 'elsewhere');
    await twitch.reply('olga', 'square', question, 'welcome');
    const first = await listener.next('notification');
    assert.equal(first.metadata.subscription_type, 'channel.chat.message');
    const { event } = first.payload;
    assert.deepEqual(
      [event?.message_id, event?.chatter_user_login, event?.broadcaster_user_id],
      [question, 'mia', SQUARE],
    );
    assert.deepEqual(event?.message, messageOf('hello'));
    const answer = (await listener.next('notification', 2)).payload.event;
    assert.deepEqual(answer?.badges, [{ set_id: 'broadcaster', id: '1', info: '' }]);
    assert.equal(answer?.reply?.parent_message_id, question);
    assert.deepEqual(twitch.violations, []);
  });

  test('a second delivery has the id of the first', async () => {
    const listener = await subscribed();
    const id = await twitch.say('mia', 'square', 'hello');
    twitch.again(id);
    const [first, second] = [await listener.next('notification'), await listener.next('notification', 2)];
    assert.equal(second.metadata.message_id, first.metadata.message_id);
  });

  test('a live channel is told to who asked', async () => {
    const listener = await subscribed();
    const session = listener.all[0]?.payload.session?.id ?? '';
    const transport = { method: 'websocket', session_id: session } as const;
    const condition = { broadcaster_user_id: SQUARE };
    await api.eventSub.createSubscription('stream.online', '1', condition, transport, BOT);
    twitch.goLive('square', true);
    twitch.goLive('square', false);
    const told = await listener.next('notification');
    assert.deepEqual([told.metadata.subscription_type, told.payload.event?.type], ['stream.online', 'live']);
    const subscriptions = await api.asUser(BOT, (client) => client.eventSub.getSubscriptions());
    assert.deepEqual(
      subscriptions.data.map(({ type }) => type),
      ['channel.chat.message', 'stream.online'],
    );
    for (const { id } of subscriptions.data) await api.asUser(BOT, (client) => client.eventSub.deleteSubscription(id));
    assert.equal((await api.asUser(BOT, (client) => client.eventSub.getSubscriptions())).total, 0);
  });

  test('who does not subscribe in time is cut off with 4003, who speaks with 4001', async () => {
    await start({ subscribeWithinMs: 20 });
    assert.equal(await (await listen(url())).closed, 4003);
    await start();
    const chatty = await listen(url());
    chatty.socket.send('hello');
    assert.equal(await chatty.closed, 4001);
    assert.match(twitch.violations.join(), /EventSub socket/);
  });

  test('a subscription needs a session that is there, and comes once', async () => {
    await assert.rejects(subscribe('nowhere'), /does not exist/);
    const listener = await subscribed();
    await assert.rejects(subscribe(listener.all[0]?.payload.session?.id ?? ''), /already exists/);
  });

  test('asked to reconnect, a client moves to a new socket and keeps its subscriptions', async () => {
    const old = await subscribed();
    twitch.faults.reconnect();
    const asked = await old.next('session_reconnect');
    assert.equal(asked.payload.session?.status, 'reconnecting');
    const moved = await listen(asked.payload.session?.reconnect_url ?? '');
    const welcome = await moved.next('session_welcome');
    assert.equal(welcome.payload.session?.id, asked.payload.session?.id);
    old.socket.close();
    await twitch.say('mia', 'square', 'after');
    await moved.next('notification');
    moved.socket.close();
    assert.equal(await (await listen(url('?reconnect=wrong'))).closed, 4007);
  });

  test('who does not move in time is cut off with 4004', async () => {
    await start({ reconnectWithinMs: 20 });
    const listener = await subscribed();
    twitch.faults.reconnect();
    assert.equal(await listener.closed, 4004);
  });

  test('when the bot’s account disconnects the application, its subscriptions are revoked', async () => {
    const listener = await subscribed();
    twitch.revokeRefreshToken();
    assert.equal((await listener.next('revocation')).payload.subscription?.status, 'authorization_revoked');
    await twitch.say('mia', 'square', 'unheard');
    listener.socket.close();
    await listener.closed;
    assert.ok(!listener.all.some(({ metadata }) => metadata.message_type === 'notification'));
  });

  test('a client chooses how often it hears that all is well, from 10 s to 10 min', async () => {
    const asked = async (query: string): Promise<unknown> => {
      const listener = await listen(url(query));
      const { payload } = await listener.next('session_welcome');
      listener.socket.close();
      return payload.session?.keepalive_timeout_seconds;
    };
    assert.deepEqual(
      [await asked(''), await asked('?keepalive_timeout_seconds=30'), await asked('?keepalive_timeout_seconds=9999')],
      [10, 30, 600],
    );
  });
});
