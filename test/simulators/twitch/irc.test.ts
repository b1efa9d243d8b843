import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { RefreshingAuthProvider } from '@twurple/auth';
import { ChatClient } from '@twurple/chat';
import { eventually } from '#test/support/wait.ts';
import { startTwitch, type Twitch } from './index.ts';

/** A bare client: what it got, line by line, and every frame as it came. */
interface Bare {
  lines: string[];
  frames: string[];
  closed: Promise<number>;
  say(...lines: string[]): void;
  got(part: string): Promise<string>;
}

const open: WebSocket[] = [];

async function connect(twitch: Twitch): Promise<Bare> {
  const socket = new WebSocket(twitch.env.TWITCH_IRC_URL ?? '');
  open.push(socket);
  const frames: string[] = [];
  const lines: string[] = [];
  socket.on('message', (data) => {
    frames.push(String(data));
    lines.push(...String(data).split('\r\n').filter(Boolean));
  });
  const closed = once(socket, 'close').then(([code]) => Number(code));
  await once(socket, 'open');
  const got = (part: string): Promise<string> =>
    eventually(`"${part}" to come`, () => lines.find((line) => line.includes(part)));
  return { lines, frames, closed, got, say: (...said) => socket.send(said.map((line) => `${line}\r\n`).join('')) };
}

async function post(twitch: Twitch, fields: Record<string, string>): Promise<string> {
  const { env } = twitch;
  const app = { client_id: env.TWITCH_CLIENT_ID ?? '', client_secret: env.TWITCH_CLIENT_SECRET ?? '' };
  const body = new URLSearchParams({ ...app, ...fields });
  const response = await fetch(`${env.TWITCH_AUTH_URL}/token`, { method: 'POST', body });
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

/** A new access token of the bot. */
const tokenOf = (twitch: Twitch): Promise<string> =>
  post(twitch, { refresh_token: twitch.env.TWITCH_BOT_REFRESH_TOKEN ?? '', grant_type: 'refresh_token' });

/** A token of somebody who agreed to these scopes. */
async function tokenWith(twitch: Twitch, login: string, scope: string): Promise<string> {
  const redirect_uri = 'http://localhost/';
  const client_id = twitch.env.TWITCH_CLIENT_ID ?? '';
  const query = new URLSearchParams({ client_id, redirect_uri, response_type: 'code', scope, login });
  const agreed = await fetch(`${twitch.env.TWITCH_AUTH_URL}/authorize?${query}`, { redirect: 'manual' });
  const code = new URL(agreed.headers.get('location') ?? '').searchParams.get('code') ?? '';
  return post(twitch, { grant_type: 'authorization_code', code, redirect_uri });
}

const CAPS = 'CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership';

describe('the lines of the chat server, as a bare client sees them', () => {
  let twitch: Twitch;
  beforeEach(async () => {
    twitch = await startTwitch({ rooms: ['den'], people: ['zoe'] });
  });
  afterEach(async () => {
    open.splice(0).forEach((socket) => socket.terminate());
    await twitch.stop();
  });

  async function loggedIn(...before: string[]): Promise<Bare> {
    const client = await connect(twitch);
    client.say(...before, `PASS oauth:${await tokenOf(twitch)}`, 'NICK guildhall');
    await client.got(' 376 ');
    return client;
  }

  test('a login is greeted, and every frame ends its last line', async () => {
    const client = await loggedIn('CAP LS 302', CAPS, 'CAP END');
    await client.got('GLOBALUSERSTATE');
    assert.deepEqual(
      client.lines.map((line) =>
        line
          .replace(/^@\S+ /, '')
          .split(' ')
          .slice(1, 2)
          .join(),
      ),
      ['CAP', 'CAP', '001', '002', '003', '004', '375', '372', '376', 'GLOBALUSERSTATE'],
    );
    assert.match(client.lines[0] ?? '', /CAP \* LS :twitch\.tv\/commands twitch\.tv\/membership twitch\.tv\/tags$/);
    assert.ok(client.frames.every((frame) => frame.endsWith('\r\n')));
    assert.ok(
      client.frames.some((frame) => frame.split('\r\n').length > 3),
      'a frame holds several lines',
    );
  });

  test('joining gives the names, the state of the room and of the bot', async () => {
    const client = await loggedIn(CAPS);
    twitch.makeBotMod('den', true);
    client.say('JOIN #den');
    await client.got('ROOMSTATE');
    const last = client.lines.slice(-5);
    assert.equal(last[0], ':guildhall!guildhall@guildhall.tmi.twitch.tv JOIN #den');
    assert.equal(last[1], ':guildhall.tmi.twitch.tv 353 guildhall = #den :guildhall');
    assert.equal(last[2], ':guildhall.tmi.twitch.tv 366 guildhall #den :End of /NAMES list');
    assert.match(last[3] ?? '', /^@.*badges=moderator\/1;.*mod=1;.* :tmi\.twitch\.tv USERSTATE #den$/);
    assert.match(last[4] ?? '', /^@.*room-id=5003;slow=0;subs-only=0 :tmi\.twitch\.tv ROOMSTATE #den$/);
  });

  test('an accepted line is answered with its id and nonce', async () => {
    const client = await loggedIn(CAPS);
    client.say('JOIN #square', '@client-nonce=n1 PRIVMSG #square :hello');
    const state = await client.got('client-nonce=n1');
    assert.match(state, /:tmi\.twitch\.tv USERSTATE #square$/);
    assert.ok(state.includes(`;id=${twitch.seen('square')[0]?.id};`), state);
    assert.ok(!client.lines.some((line) => line.includes('PRIVMSG')));
  });

  test('without capabilities there are no tags and no states, and another login of the bot sees its line', async () => {
    const [client, second] = [await loggedIn(), await loggedIn()];
    second.say('JOIN #square');
    await second.got(' 366 ');
    client.say('JOIN #square', 'PRIVMSG #square :plain');
    assert.equal(await second.got('PRIVMSG'), ':guildhall!guildhall@guildhall.tmi.twitch.tv PRIVMSG #square :plain');
    assert.ok(![...client.lines, ...second.lines].some((line) => line.startsWith('@') || line.includes('STATE')));
  });

  test('wrong, ended and missing tokens are refused and the connection is closed', async () => {
    const token = await tokenOf(twitch);
    twitch.expireTokens();
    const wrong: [pass: string[], says: string][] = [
      [['PASS oauth:wrong'], 'Login authentication failed'],
      [[`PASS oauth:${token}`], 'Login authentication failed'],
      [['PASS wrong'], 'Improperly formatted auth'],
      [[], 'Improperly formatted auth'],
    ];
    for (const [pass, says] of wrong) {
      const client = await connect(twitch);
      client.say(...pass, 'NICK guildhall');
      await client.closed;
      assert.deepEqual(client.lines, [`:tmi.twitch.tv NOTICE * :${says}`]);
    }
  });

  test('who is connected when the tokens end stays so', async () => {
    const client = await loggedIn();
    twitch.expireTokens();
    client.say('JOIN #square');
    await client.got(' 366 ');
    await twitch.say('zoe', 'square', 'still there');
    await client.got('still there');
  });

  test('anybody may read without a name, and nobody may speak without one', async () => {
    const client = await connect(twitch);
    client.say('NICK justinfan123', 'JOIN #square', 'PRIVMSG #square :psst');
    await client.got(' 366 ');
    await twitch.say('mia', 'square', 'hello');
    await client.got('hello');
    assert.match(twitch.violations.join(), /justinfan123 is not logged in/);
    assert.equal(twitch.seen('square').length, 1);
  });

  test('what the server does not know is answered so and noted', async () => {
    const client = await connect(twitch);
    client.say('JOIN #square', 'CAP REQ :twitch.tv/tags twitch.tv/dance');
    await client.got('CAP * NAK :twitch.tv/tags twitch.tv/dance');
    const other = await loggedIn();
    other.say('WHO #square');
    assert.equal(await other.got(' 421 '), ':tmi.twitch.tv 421 guildhall WHO :Unknown command');
    assert.deepEqual(twitch.violations, [
      'JOIN was sent before the login.',
      'Unknown capabilities were asked for: twitch.tv/tags twitch.tv/dance.',
      'The IRC command WHO is not known.',
    ]);
  });

  test('a nick that is not the token’s is noted, and the token’s name holds', async () => {
    const client = await connect(twitch);
    client.say(`PASS oauth:${await tokenOf(twitch)}`, 'NICK someone');
    assert.match(await client.got(' 001 '), / 001 guildhall /);
    assert.deepEqual(twitch.violations, ['NICK was someone, but the token is of guildhall.']);
  });

  test('without the scope to read there is no login, without the one to speak there is no line', async () => {
    const blind = await connect(twitch);
    blind.say(`PASS oauth:${await tokenWith(twitch, 'mia', 'chat:edit')}`, 'NICK mia');
    await blind.closed;
    const mute = await connect(twitch);
    mute.say(CAPS, `PASS oauth:${await tokenWith(twitch, 'mia', 'chat:read')}`, 'NICK mia', 'PRIVMSG #square :hello');
    assert.match(await mute.got('NOTICE'), /^@msg-id=no_permission /);
    assert.equal(twitch.seen('square').length, 0);
  });

  test('a second JOIN says nothing, a second NICK ends the connection', async () => {
    const client = await loggedIn();
    client.say('JOIN #square', 'JOIN #square', 'PING :end');
    await client.got(':end');
    assert.equal(client.lines.filter((line) => line.includes(' JOIN ')).length, 1);
    client.say('NICK other');
    await client.closed;
  });

  test('the 21st login in 10 s is refused and noted', async () => {
    const token = await tokenOf(twitch);
    const clients = await Promise.all(Array.from({ length: 21 }, () => connect(twitch)));
    for (const client of clients) client.say(`PASS oauth:${token}`, 'NICK guildhall');
    const refused = await Promise.any(clients.map((client) => client.closed.then(() => client)));
    assert.deepEqual(refused.lines, [':tmi.twitch.tv NOTICE * :Login authentication failed']);
    const others = clients.filter((client) => client !== refused);
    await Promise.all(others.map((client) => client.got(' 376 ')));
    assert.deepEqual(twitch.violations, ['guildhall logs in too often.']);
  });

  test('joining too often is noted and does nothing', async () => {
    const client = await loggedIn();
    client.say(...Array.from({ length: 42 }, (_, index) => (index % 2 ? 'PART #den' : 'JOIN #den')));
    await eventually('a violation', () => twitch.violations.find((one) => one.includes('joins too often')));
    assert.equal(client.lines.filter((line) => line.includes(' JOIN #den')).length, 20);
  });

  test('PING is answered with its text, and PART with a PART', async () => {
    const client = await loggedIn();
    client.say('PING :a b', 'JOIN #square', 'PART #square');
    assert.equal(await client.got('PONG'), ':tmi.twitch.tv PONG tmi.twitch.tv :a b');
    await client.got('PART #square');
    await twitch.say('mia', 'square', 'gone?');
    client.say('PING :end');
    await client.got(':end');
    assert.ok(!client.lines.some((line) => line.includes('gone?')));
  });
});

describe('the chat server asks whether somebody is there', () => {
  let twitch: Twitch;
  beforeEach(async () => {
    twitch = await startTwitch({ pingEveryMs: 30, pongWithinMs: 500 });
  });
  afterEach(() => twitch.stop());

  test('a client that answers stays, one that does not is closed', async () => {
    const { port } = new URL(twitch.page);
    process.env.TWURPLE_MOCK_API_PORT = port;
    const { TWITCH_CLIENT_ID: clientId = '', TWITCH_CLIENT_SECRET: clientSecret = '' } = twitch.env;
    const authProvider = new RefreshingAuthProvider({ clientId, clientSecret });
    const refreshToken = twitch.env.TWITCH_BOT_REFRESH_TOKEN ?? '';
    await authProvider.addUserForToken({ accessToken: '', refreshToken, expiresIn: 0, obtainmentTimestamp: 0 }, [
      'chat',
    ]);
    const chat = new ChatClient({ authProvider, channels: ['square'], hostName: `127.0.0.1:${port}/irc?`, ssl: false });
    chat.connect();
    await twitch.connected('square');
    const deaf = await connect(twitch);
    deaf.say('NICK justinfan1');
    await deaf.got('PING');
    deaf.say('PONG');
    await deaf.closed;
    assert.ok(deaf.lines.includes('PING :tmi.twitch.tv'));
    await eventually('pongs', () =>
      twitch.calls.filter(({ method }) => method === 'PONG').length > 5 ? true : undefined,
    );
    assert.ok(chat.isConnected);
    chat.quit();
  });
});
