import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { RefreshingAuthProvider } from '@twurple/auth';
import { ChatClient, type ChatMessage } from '@twurple/chat';
import { eventually } from '#test/support/wait.ts';
import { startTwitch, type Twitch, type TwitchOptions } from './index.ts';

const settings = (twitch: Twitch): { clientId: string; clientSecret: string } => ({
  clientId: twitch.env.TWITCH_CLIENT_ID ?? '',
  clientSecret: twitch.env.TWITCH_CLIENT_SECRET ?? '',
});

/** The vendor's own way from a refresh token to a client. It looks for the mock's port at each call. */
async function providerFor(twitch: Twitch): Promise<RefreshingAuthProvider> {
  process.env.TWURPLE_MOCK_API_PORT = new URL(twitch.page).port;
  const provider = new RefreshingAuthProvider(settings(twitch));
  const refreshToken = twitch.env.TWITCH_BOT_REFRESH_TOKEN ?? '';
  await provider.addUserForToken({ accessToken: '', refreshToken, expiresIn: 0, obtainmentTimestamp: 0 }, ['chat']);
  return provider;
}

interface Heard {
  channel: string;
  user: string;
  text: string;
  message: ChatMessage;
}

interface Client {
  chat: ChatClient;
  heard: Heard[];
  failed: string[];
}

async function clientFor(
  twitch: Twitch,
  options: Partial<ConstructorParameters<typeof ChatClient>[0]> = {},
): Promise<Client> {
  const authProvider = await providerFor(twitch);
  const { host } = new URL(twitch.page);
  const channels = (twitch.env.TWITCH_CHANNELS ?? '').split(',');
  const chat = new ChatClient({
    authProvider,
    channels,
    hostName: `${host}/irc?`,
    ssl: false,
    rejoinChannelsOnReconnect: true,
    logger: { minLevel: 'critical' },
    ...options,
  });
  const client: Client = { chat, heard: [], failed: [] };
  chat.onMessage((channel, user, text, message) => void client.heard.push({ channel, user, text, message }));
  chat.onMessageFailed((_channel, reason) => void client.failed.push(reason));
  chat.onMessageRatelimit(() => void client.failed.push('msg_ratelimit'));
  chat.connect();
  return client;
}

const OPTIONS: TwitchOptions = { reconnectWithinMs: 20 };

describe('the chat of the Twitch simulator, with the vendor’s own client', () => {
  let twitch: Twitch;
  let client: Client;
  beforeEach(async () => {
    twitch = await startTwitch(OPTIONS);
    client = await clientFor(twitch);
    await twitch.connected();
  });
  afterEach(async () => {
    client.chat.quit();
    await twitch.stop();
  });

  const heard = (text: string): Promise<Heard> =>
    eventually(`"${text}" to arrive`, () => client.heard.find((one) => one.text === text));
  const failure = (reason: string): Promise<true> =>
    eventually(reason, () => (client.failed.includes(reason) ? true : undefined));
  const texts = (room: string): string[] => twitch.seen(room).map(({ text }) => text);
  const arrived = (room: string, text: string): Promise<true> =>
    eventually(`"${text}" in ${room}`, () => (texts(room).includes(text) ? true : undefined));

  test('a client signs in, joins both channels and does nothing that Twitch would not know', async () => {
    await eventually('both channels', () => (client.chat.currentChannels.length === 2 ? true : undefined));
    assert.deepEqual(client.chat.currentChannels.toSorted(), ['#square', '#trading_floor']);
    assert.deepEqual(twitch.violations, []);
    assert.ok(
      twitch.calls.some(({ method, path, status }) => method === 'JOIN' && path === '#square' && status === 200),
    );
  });

  test('what a person says arrives with everything that Twitch tells about it', async () => {
    const id = await twitch.say('mia', 'square', 'semi; colon \\ and    spaces é 🎲');
    const { message, channel, user } = await heard('semi; colon \\ and    spaces é 🎲');
    assert.deepEqual([channel, user, message.id, message.channelId], ['square', 'mia', id, twitch.rooms[0]?.id]);
    const { userInfo } = message;
    assert.equal(userInfo.userId, twitch.people.find(({ name }) => name === 'mia')?.id);
    assert.deepEqual([userInfo.isMod, userInfo.isBroadcaster, userInfo.isVip], [false, false, false]);
    assert.ok(message.isFirst && Math.abs(message.date.getTime() - Date.now()) < 60_000);
  });

  test('broadcasters, moderators and VIPs have their badges', async () => {
    twitch.makeVip('max', 'square', true);
    for (const person of ['olga', 'adam', 'mona', 'max']) await twitch.say(person, 'square', `I am ${person}`);
    const badges = async (person: string): Promise<[string, ...string[]]> => {
      const { user, message } = await heard(`I am ${person}`);
      return [user, ...message.userInfo.badges.keys()];
    };
    assert.deepEqual(await badges('olga'), ['square', 'broadcaster']);
    assert.deepEqual(await badges('adam'), ['adam', 'moderator']);
    assert.deepEqual(await badges('max'), ['max', 'vip']);
    assert.ok(
      (await heard('I am mona')).message.userInfo.isMod && (await heard('I am olga')).message.userInfo.isBroadcaster,
    );
  });

  test('the bot’s line is seen by all and not echoed to it', async () => {
    await client.chat.say('square', 'AAPL.US quote is 126.85.');
    await arrived('square', 'AAPL.US quote is 126.85.');
    await twitch.say('mia', 'square', 'thanks');
    await heard('thanks');
    assert.equal(client.heard.length, 1);
    const [seen] = twitch.seen('square', 'max');
    assert.deepEqual(seen?.author, { id: '900', name: 'Guildhall', bot: true });
    assert.equal(twitch.seen('trading-floor').length, 0);
  });

  test('answers name what they answer, in both directions', async () => {
    const question = await twitch.say('mia', 'square', 'who is there?');
    await client.chat.say('square', 'I am.', { replyTo: question });
    await arrived('square', 'I am.');
    const answer = twitch.seen('square').at(-1);
    assert.equal(answer?.replyTo, question);
    assert.match(String(answer?.raw), / PRIVMSG #square :@mia I am\.$/);
    await twitch.reply('max', 'square', question, 'me too');
    const { message } = await heard('@mia me too');
    assert.deepEqual(
      [message.parentMessageId, message.parentMessageText, message.parentMessageUserName],
      [question, 'who is there?', 'mia'],
    );
    await twitch.reply('mia', 'square', message.id, 'nice');
    assert.equal((await heard('@max nice')).message.threadMessageId, question);
  });

  test('/me is an action, any other command of a person is refused by the page, and one of a program by the API', async () => {
    const acts: string[] = [];
    client.chat.onAction((_channel, user, text) => void acts.push(`${user} ${text}`));
    await twitch.say('mia', 'square', '/me waves');
    await eventually('the action', () => (acts.includes('mia waves') ? true : undefined));
    await assert.rejects(twitch.say('mia', 'square', '/stock aapl.us'), /Unrecognized command: \/stock/);
    await client.chat.say('square', '/ban mia');
    await eventually('a violation', () => twitch.violations.find((one) => one.includes('/ban mia')));
    assert.deepEqual(texts('square'), ['waves']);
  });

  test('a line may not be repeated, and not come too soon, but for a moderator', async () => {
    await client.chat.say('square', 'same');
    await client.chat.say('square', 'same');
    await failure('msg_duplicate');
    client.chat.irc.say('#square', 'one');
    client.chat.irc.say('#square', 'another at once');
    await failure('msg_ratelimit');
    twitch.makeBotMod('square', true);
    client.chat.irc.say('#square', 'same');
    client.chat.irc.say('#square', 'same');
    await eventually('both', () => (texts('square').length === 4 ? true : undefined));
    assert.deepEqual(twitch.violations, []);
  });

  test('spaces are drawn together, and 501 characters come to nothing', async () => {
    client.chat.irc.say('#square', '  a   table  ');
    await arrived('square', 'a table');
    client.chat.irc.say('#trading_floor', '🎲'.repeat(500));
    await arrived('trading_floor', '🎲'.repeat(500));
    client.chat.irc.say('#trading_floor', 'x'.repeat(501));
    await eventually('a violation', () => twitch.violations.find((one) => one.includes('501 characters')));
    await assert.rejects(twitch.say('mia', 'square', 'x'.repeat(501)), /500 characters/);
  });

  test('a time-out and a ban are told, keep the bot quiet, and a ban puts it out', async () => {
    const told: string[] = [];
    client.chat.onTimeout((channel, user, seconds) => void told.push(`${channel} ${user} ${seconds}`));
    client.chat.onBan((channel, user) => void told.push(`${channel} ${user} banned`));
    twitch.timeoutBot('square', 60);
    client.chat.irc.say('#square', 'let me speak');
    await failure('msg_timedout');
    twitch.banBot('trading_floor');
    await eventually('both', () => (told.length === 2 ? true : undefined));
    assert.deepEqual(told, ['square guildhall 60', 'trading_floor guildhall banned']);
    await eventually('it is out', () => (client.chat.currentChannels.includes('#trading_floor') ? undefined : true));
    await assert.rejects(client.chat.join('trading_floor'), (reason) => reason === 'msg_banned');
    twitch.pardonBot('trading_floor');
    await client.chat.join('trading_floor');
  });

  test('a channel that is not there, or closed, cannot be joined', async () => {
    await assert.rejects(client.chat.join('nowhere'), (reason) => reason === 'msg_channel_suspended');
    twitch.suspend('square', true);
    await assert.rejects(client.chat.join('square'), (reason) => reason === 'msg_channel_suspended');
    assert.deepEqual(
      [...client.chat.currentChannels],
      ['#square', '#trading_floor'],
      'the client is not told to leave',
    );
    await assert.rejects(twitch.say('mia', 'square', 'hello?'), /suspended/);
  });

  test('a removed message and slow mode are told', async () => {
    const told: string[] = [];
    client.chat.onMessageRemove((channel, id) => void told.push(`${channel} ${id}`));
    client.chat.onSlow((channel, on, seconds) => void told.push(`${channel} ${on} ${seconds}`));
    const id = await twitch.say('mia', 'square', 'oops');
    twitch.deleteMessage(id);
    twitch.slowMode('square', 10);
    await eventually('both', () => (told.length === 2 ? true : undefined));
    assert.deepEqual(told, [`square ${id}`, 'square true 10']);
    assert.deepEqual(texts('square'), []);
  });

  test('after a cut, and after RECONNECT, the client comes back', async () => {
    for (const fault of ['disconnect', 'reconnect'] as const) {
      const gone = new Promise((resolve) => client.chat.onDisconnect(resolve));
      twitch.faults[fault]();
      await gone;
      await twitch.connected();
      await twitch.say('mia', 'square', `after ${fault}`);
      await heard(`after ${fault}`);
    }
    assert.deepEqual(twitch.violations, []);
  });

  test('after its token ended a client is refused, refreshes, and comes back', async () => {
    const refused: string[] = [];
    client.chat.onAuthenticationFailure((text) => void refused.push(text));
    twitch.expireTokens();
    twitch.faults.disconnect();
    await twitch.connected();
    assert.deepEqual(refused, ['Login authentication failed']);
    await twitch.say('mia', 'square', 'welcome back');
    await heard('welcome back');
  });

  test('a client that cannot refresh any more does not come in', async () => {
    const failed = new Promise((resolve) => client.chat.onTokenFetchFailure(resolve));
    twitch.revokeRefreshToken();
    twitch.expireTokens();
    twitch.faults.disconnect();
    assert.match(String(await failed), /Invalid/i);
    assert.equal(client.chat.currentChannels.length, 0);
  });

  test('an event can come twice, and again, with the same id', async () => {
    twitch.faults.duplicate(true);
    const id = await twitch.say('mia', 'square', 'twice');
    twitch.faults.duplicate(false);
    twitch.again(id);
    const all = await eventually('three', () => (client.heard.length === 3 ? client.heard : undefined));
    assert.deepEqual(
      all.map(({ message }) => message.id),
      [id, id, id],
    );
    assert.equal(twitch.seen('square').length, 1);
    assert.throws(() => twitch.again('nothing'), /no message nothing/);
  });

  test('a lost answer has been said, and the connection is cut', async () => {
    const gone = new Promise((resolve) => client.chat.onDisconnect(resolve));
    twitch.faults.loseAnswers(1);
    await client.chat.say('square', 'did it come?');
    await gone;
    assert.deepEqual(texts('square'), ['did it come?']);
  });

  test('a planned fault takes a line of chat where it names one', async () => {
    twitch.faults.answer(429, 1, { match: 'PRIVMSG' });
    client.chat.irc.say('#square', 'too much');
    await failure('msg_ratelimit');
    twitch.faults.answer(503, 1);
    client.chat.irc.say('#square', 'through');
    await arrived('square', 'through');
    assert.deepEqual(texts('square'), ['through']);
  });

  test('faults by chance cut connections and repeat events, and nothing is lost to who is there', async () => {
    twitch.faults.random(3, { disconnect: 0.3, duplicate: 0.3, limited: 0, broken: 0 });
    for (let count = 0; count < 12; count += 1) {
      await twitch.connected();
      await twitch.say('mia', 'square', `line ${count}`);
      await heard(`line ${count}`);
    }
    twitch.faults.random(3, undefined);
    await twitch.connected();
    assert.ok(client.heard.length > 12, 'some came twice');
    assert.ok(twitch.calls.filter(({ method }) => method === 'NICK').length > 1, 'some cut the connection');
  });

  test('the control addresses show and do the same', async () => {
    const at = (path: string): string => new URL(path, twitch.page).href;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ person: 'mia', room: 'trading-floor', text: 'by hand' });
    assert.equal((await fetch(at('/_control/say'), { method: 'POST', headers, body })).status, 201);
    await heard('by hand');
    const shown = (await (await fetch(at('/_control'))).json()) as { connected: boolean; env: object };
    assert.ok(shown.connected && 'TWITCH_IRC_URL' in shown.env);
    const seen = (await (await fetch(at('/_control/seen?room=trading_floor'))).json()) as { text: string }[];
    assert.deepEqual(
      seen.map(({ text }) => text),
      ['by hand'],
    );
    assert.match(await (await fetch(twitch.page)).text(), /<!doctype html>/i);
  });

  test('a silent server says nothing to anybody', async () => {
    twitch.faults.silent(true);
    await twitch.say('mia', 'square', 'lost');
    client.chat.irc.say('#square', 'nobody hears');
    twitch.faults.silent(false);
    await twitch.say('mia', 'square', 'found');
    await heard('found');
    assert.deepEqual(
      client.heard.map(({ text }) => text),
      ['found'],
    );
  });

  test('somebody who takes another name keeps the id', async () => {
    twitch.rename('mia', 'MiaTheGreat');
    await twitch.say('miathegreat', 'square', 'a new me');
    const { user, message } = await heard('a new me');
    assert.deepEqual([user, message.userInfo.displayName], ['miathegreat', 'MiaTheGreat']);
    assert.equal(message.userInfo.userId, twitch.people.find(({ name }) => name === 'mia')?.id);
  });
});
