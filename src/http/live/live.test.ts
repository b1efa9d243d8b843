import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { LIMITS } from '#core/limits.ts';
import { insertMessage } from '#storage/messages.ts';
import { takeNumber } from '#storage/rooms.ts';
import { openHall, roomOf, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { Live } from '#test/support/live.ts';
import { call } from '#test/support/person.ts';
import { startStock, type StockSource } from '#test/simulators/stock/index.ts';
import { eventually } from '#test/support/wait.ts';
import { rawSocket } from './socket.ts';

let hall: OpenHall;
let stock: StockSource;
let ann: Somebody;
let bob: Somebody;

before(async () => {
  stock = await startStock();
  hall = await openHall({ STOCK_URL: stock.url });
  [ann, bob] = [await somebody(hall.storage, 'ann', 'owner'), await somebody(hall.storage, 'bob')];
});
after(async () => {
  await hall.close();
  await stock.stop();
});

const live = (who: Somebody) => Live.open(hall.url, who.token);
const as = (who: Somebody, method: string, path: string, body?: unknown) =>
  call(hall, { method, path, body, token: who.token });
const newRoom = async (isPrivate = false) => (await roomOf(hall.storage, ann, isPrivate)).id;

describe('the connection itself', () => {
  test('its sockets come from our own pinned copy of ws, with the socket that we write to', async () => {
    const server = (hall.hall.server.app as unknown as { websocketServer: WebSocketServer }).websocketServer;
    assert.ok(server instanceof WebSocketServer);
    const [[ws], line] = await Promise.all([once(server, 'connection') as Promise<[WebSocket]>, live(ann)]);
    assert.ok(ws instanceof WebSocket);
    assert.ok(rawSocket(ws) instanceof Socket);
    assert.equal(ws.extensions, '', 'no deflate');
    line.close();
  });

  const refused: [who: string, headers: () => Record<string, string>, status: number][] = [
    ['nobody', () => ({}), 401],
    ['a made-up token', () => ({ authorization: `Bearer ${'x'.repeat(43)}` }), 401],
    ['a cookie without its page', () => ({ cookie: `guildhall=${ann.token}` }), 403],
    ['a cookie from another page', () => ({ cookie: `guildhall=${ann.token}`, origin: 'https://evil.example' }), 403],
    [
      'a token from another page',
      () => ({ authorization: `Bearer ${ann.token}`, origin: 'https://evil.example' }),
      403,
    ],
    [
      'a wrong token beside a good cookie',
      () => ({ authorization: 'Bearer x', cookie: `guildhall=${ann.token}`, origin: hall.url }),
      401,
    ],
    [
      'a name that points at this machine',
      () => ({ cookie: `guildhall=${ann.token}`, origin: 'http://rebound.example' }),
      403,
    ],
  ];
  for (const [who, headers, status] of refused) {
    test(`${who} is refused with ${status} before the upgrade`, async () => {
      await assert.rejects(Live.connect(hall.url, headers()), new RegExp(`${status}`));
    });
  }

  test('the cookie from our own page opens it', async () => {
    (await Live.connect(hall.url, { cookie: `guildhall=${ann.token}`, origin: hall.url })).close();
  });

  test('an ended session closes it with 4401, and the account’s other sessions go on', async () => {
    const eve = await somebody(hall.storage, 'eve');
    const [line, other] = [await live(eve), await live(ann)];
    assert.equal((await as(eve, 'DELETE', '/v1/sessions/current')).status, 204);
    assert.equal(await line.whenClosed(), 4401);
    assert.equal(other.closed, undefined);
    other.close();
  });

  test('whoever does not answer the close can say nothing more', async () => {
    const [mallory, room] = [await somebody(hall.storage, 'mallory'), await newRoom()];
    const line = await live(mallory);
    (line.socket as unknown as { _socket: Socket })._socket.pause();
    await as(mallory, 'DELETE', '/v1/sessions/current');
    line.send({ type: 'post', room, text: 'still here', clientId: 'c1' });
    await eventually('the end', () =>
      [...hall.hall.server.hub.sockets].some((one) => one.session.id === mallory.id) ? undefined : true,
    );
    assert.deepEqual((await as(ann, 'GET', `/v1/rooms/${room}/messages`)).body.messages, []);
    line.close();
  });

  test('a frame larger than any message closes it with 1009; the largest message fits', async () => {
    const [line, room] = [await live(ann), await newRoom()];
    const posted = await line.post(room, '語'.repeat(LIMITS.messageText));
    assert.equal(posted.type, 'posted');
    line.socket.send('x'.repeat(LIMITS.liveFrame + 1));
    assert.equal(await line.whenClosed(), 1009);
  });

  test('text that is not UTF-8 closes it', async () => {
    const line = await live(ann);
    line.socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false });
    assert.equal(await line.whenClosed(), 1007);
  });
});

describe('frames that are wrong', () => {
  const wrong: [what: string, frame: unknown, code: string][] = [
    ['no JSON', 'hello', 'bad-frame'],
    ['a list', [], 'bad-frame'],
    ['null', null, 'bad-frame'],
    ['an unknown type', { type: 'dance' }, 'bad-frame'],
    ['no room', { type: 'subscribe' }, 'bad-frame'],
    ['a number for a room', { type: 'subscribe', room: 5 }, 'bad-frame'],
    ['a field that nobody knows', { type: 'typing', room: 'room_x', loud: true }, 'bad-frame'],
    ['a negative after', { type: 'subscribe', room: 'room_x', after: -1 }, 'bad-frame'],
    ['half an after', { type: 'subscribe', room: 'room_x', after: 1.5 }, 'bad-frame'],
    ['a room that is not', { type: 'subscribe', room: 'room_x' }, 'unknown-room'],
    ['typing in no room', { type: 'typing', room: 'room_x' }, 'unknown-room'],
  ];
  for (const [what, frame, code] of wrong) {
    test(`${what} is answered with ${code}, and the connection goes on`, async () => {
      const line = await live(bob);
      if (typeof frame === 'string') line.socket.send(frame);
      else line.send(frame);
      assert.equal((await line.frame('error')).code, code);
      assert.match((await line.frame('error')).detail, /\S/);
      const room = await newRoom();
      await line.subscribe(room);
      line.close();
    });
  }

  const posts: [what: string, text: unknown, code: string][] = [
    ['nothing', '', 'bad-frame'],
    ['blanks', '  \n ', 'empty-text'],
    ['too much', 'x'.repeat(4_001), 'text-too-long'],
    ['a number', 7, 'bad-frame'],
    ['half a character', '\ud83d', 'bad-text'],
    ['a character that PostgreSQL cannot keep', 'a\u0000b', 'bad-text'],
  ];
  for (const [what, text, code] of posts) {
    test(`a post of ${what} is told with its clientId, and takes no number`, async () => {
      const [line, room] = [await live(bob), await newRoom()];
      line.send({ type: 'post', room, text, clientId: 'mine' });
      const error = await line.frame('error');
      assert.deepEqual([error.code, error.clientId], [code, 'mine']);
      assert.equal((await line.post(room, 'good')).message.seq, 1);
      line.close();
    });
  }

  test('binary is refused', async () => {
    const line = await live(bob);
    line.socket.send(Buffer.from('{"type":"typing"}'), { binary: true });
    assert.equal((await line.frame('error')).code, 'bad-frame');
    line.close();
  });

  test('a private room that is not yours looks like one that is not', async () => {
    const [line, room] = [await live(bob), await newRoom(true)];
    for (const frame of [
      { type: 'subscribe', room },
      { type: 'post', room, text: 'hi', clientId: 'c' },
      { type: 'typing', room },
    ])
      line.send(frame);
    await eventually('three refusals', () => line.frames.filter(({ code }) => code === 'unknown-room')[2]);
    line.close();
  });
});

describe('a room, live', () => {
  test('a post comes once to everybody who follows, and is confirmed to its author', async () => {
    const [one, two, room] = [await live(ann), await live(bob), await newRoom()];
    await Promise.all([one.subscribe(room), two.subscribe(room)]);
    const posted = await one.post(room, 'hello', 'c1');
    const heard = await two.frame('message', (frame) => frame.room === room);
    assert.deepEqual(heard.message, posted.message);
    assert.deepEqual([heard.message.seq, heard.message.author], [1, { id: ann.account, name: 'ann', kind: 'person' }]);
    assert.equal((await one.post(room, 'hello', 'c1')).message.id, posted.message.id);
    await one.post(room, 'next');
    await two.frame('message', (frame) => frame.message?.text === 'next');
    assert.equal(two.frames.filter(({ type }) => type === 'message').length, 2);
    for (const line of [one, two]) line.close();
  });

  test('the same clientId with other words is a conflict', async () => {
    const [line, room] = [await live(ann), await newRoom()];
    await line.post(room, 'hello', 'c1');
    line.send({ type: 'post', room, text: 'other words', clientId: 'c1' });
    assert.equal((await line.frame('error')).code, 'client-id-taken');
    line.close();
  });

  test('edits and deletions come too', async () => {
    const [line, room] = [await live(bob), await newRoom()];
    await line.subscribe(room);
    const posted = await line.post(room, 'helo');
    await as(bob, 'PATCH', `/v1/messages/${posted.message.id}`, { text: 'hello' });
    const { message } = await line.frame('edited');
    assert.deepEqual([message.id, message.seq, message.text], [posted.message.id, 1, 'hello']);
    await as(ann, 'DELETE', `/v1/messages/${posted.message.id}`);
    assert.deepEqual((await line.frame('deleted')).message, { id: message.id, seq: 1, room } as typeof message);
    line.close();
  });

  test('with after comes what was missed, oldest first, and no more than once', async () => {
    const [room, line] = [await newRoom(), await live(ann)];
    await post(room, 5);
    assert.equal((await line.subscribe(room, 2)).seq, 5);
    await line.post(room, 'six');
    await line.frame('message', (frame) => frame.message.seq === 6);
    assert.deepEqual(seqs(line, room), [3, 4, 5, 6]);
    line.close();
  });

  test('without after comes only what is new', async () => {
    const [room, line] = [await newRoom(), await live(ann)];
    await post(room, 5);
    await line.subscribe(room);
    await line.post(room, 'six');
    await line.frame('message', (frame) => frame.message.seq === 6);
    assert.deepEqual(seqs(line, room), [6]);
    line.close();
  });

  test('500 missed are replayed; after more there is a gap to be read by pages', async () => {
    const [room, near, far] = [await newRoom(), await live(ann), await live(ann)];
    await post(room, 501);
    await Promise.all([near.subscribe(room, 1), far.subscribe(room, 0)]);
    await near.frame('message', (frame) => frame.message.seq === 501);
    assert.equal(seqs(near, room).length, 500);
    assert.equal((await far.frame('gap')).from, 0);
    assert.deepEqual(seqs(far, room), []);
    for (const line of [near, far]) line.close();
  });

  test('who has left a room hears no more of it, but that something is new there', async () => {
    const [room, line] = [await newRoom(), await live(bob)];
    await line.subscribe(room);
    line.send({ type: 'unsubscribe', room });
    await eventually('the leaving', () => (hall.hall.server.hub.here(room).size === 0 ? true : undefined));
    await as(ann, 'POST', `/v1/rooms/${room}/messages`, { text: 'hello @bob' });
    const news = await line.frame('activity', (frame) => frame.room === room);
    assert.deepEqual([news.seq, news.mention], [1, true]);
    assert.deepEqual(seqs(line, room), []);
    line.close();
  });

  test('typing shows to the others, not to who types', async () => {
    const [one, two, room] = [await live(ann), await live(bob), await newRoom()];
    await Promise.all([one.subscribe(room), two.subscribe(room)]);
    one.send({ type: 'typing', room });
    assert.deepEqual((await two.frame('typing')).who, { id: ann.account, name: 'ann' });
    await one.post(room, 'done');
    await one.frame('message');
    assert.ok(!one.frames.some(({ type }) => type === 'typing'));
    for (const line of [one, two]) line.close();
  });

  test('who is here is told at once, and then who comes and goes', async () => {
    const [one, room] = [await live(ann), await newRoom()];
    await one.subscribe(room);
    assert.deepEqual((await one.frame('presence')).here, [{ id: ann.account, name: 'ann' }]);
    const two = await live(bob);
    await two.subscribe(room);
    const named = (list: { id: string }[]) => list.some(({ id }) => id === bob.account);
    assert.deepEqual((await two.frame('presence')).here.length, 2);
    await one.frame('presence', (frame) => named(frame.here));
    const second = await live(bob);
    await second.subscribe(room);
    two.close();
    const people = await as(ann, 'GET', `/v1/rooms/${room}/people`);
    assert.ok((people.body.people as { id: string; here: boolean }[]).find(({ id }) => id === bob.account)?.here);
    second.close();
    await one.frame('presence', (frame) => named(frame.left));
    assert.deepEqual([...hall.hall.server.hub.here(room)], [ann.account]);
    one.close();
  });

  test('a new name shows at once, in what one says on a line that was open before and to those who are here', async () => {
    const carl = await somebody(hall.storage, 'carl');
    const [one, two, room] = [await live(carl), await live(bob), await newRoom()];
    await Promise.all([one.subscribe(room), two.subscribe(room)]);
    await as(carl, 'PATCH', '/v1/me', { name: 'Carl the Great' });
    const named = (list: { id: string; name: string }[]) => list.some(({ name }) => name === 'Carl the Great');
    await two.frame('presence', (frame) => named(frame.here));
    assert.equal((await one.post(room, 'hello')).message.author.name, 'Carl the Great');
    for (const line of [one, two]) line.close();
  });

  test('whoever is taken out of a private room hears nothing more of it', async () => {
    const [one, two, room] = [await live(ann), await live(bob), await newRoom(true)];
    await as(ann, 'PUT', `/v1/rooms/${room}/members/${bob.account}`);
    await two.frame('rooms');
    await Promise.all([one.subscribe(room), two.subscribe(room)]);
    await as(ann, 'DELETE', `/v1/rooms/${room}/members/${bob.account}`);
    await eventually('the leaving', () => (hall.hall.server.hub.here(room).has(bob.account) ? undefined : true));
    await one.post(room, 'between us');
    await one.frame('message');
    const open = await newRoom();
    await two.post(open, 'still here');
    assert.ok(!JSON.stringify(two.frames).includes('between us'));
    two.send({ type: 'subscribe', room, after: 0 });
    assert.equal((await two.frame('error')).code, 'unknown-room');
    for (const line of [one, two]) line.close();
  });

  test('what one has read shows on one’s other devices', async () => {
    const [room, line] = [await newRoom(), await live(bob)];
    await post(room, 4);
    await as(bob, 'POST', `/v1/rooms/${room}/read`, { seq: 3 });
    assert.equal((await line.frame('read', (frame) => frame.room === room)).seq, 3);
    await as(bob, 'POST', `/v1/rooms/${room}/read`, { seq: 1 });
    await as(bob, 'POST', `/v1/rooms/${room}/read`, { seq: 99 });
    await line.frame('read', (frame) => frame.seq === 4);
    const told = line.frames.filter(({ type, room: of }) => type === 'read' && of === room).map(({ seq }) => seq);
    assert.deepEqual(
      told.filter((seq) => seq < 3),
      [],
      'never backwards',
    );
    line.close();
  });
});

describe('the bot, live', () => {
  test('the asker alone sees that it looks, all see the price, and the line itself is not a message', async () => {
    const [one, two, room] = [await live(ann), await live(bob), await newRoom()];
    await Promise.all([one.subscribe(room), two.subscribe(room)]);
    const accepted = await one.post(room, '/stock=aapl.us', 'c1');
    assert.match(accepted.command, /^job_/);
    assert.equal((await one.frame('private')).reply.text, 'Looking up AAPL.US…');
    for (const line of [one, two]) {
      const { message } = await line.frame('message');
      assert.deepEqual([message.text, message.author.kind], ['AAPL.US quote is 126.85', 'bot']);
    }
    assert.ok(!two.frames.some(({ type }) => type === 'private'));
    const history = (await as(bob, 'GET', `/v1/rooms/${room}/messages`)).body.messages as { cause: unknown }[];
    assert.deepEqual(
      history.map(({ cause }) => cause),
      [{ account: ann.account, name: 'ann', text: '/stock=aapl.us' }],
    );
    for (const line of [one, two]) line.close();
  });

  test('the same command posted twice with one clientId is one command', async () => {
    const [line, room] = [await live(ann), await newRoom()];
    await line.subscribe(room);
    const first = await line.post(room, '/stock msft.us', 'c9');
    const again = (await as(ann, 'POST', `/v1/rooms/${room}/messages`, { text: '/stock msft.us', clientId: 'c9' }))
      .body;
    assert.equal(again.command, first.command);
    await line.frame('message');
    await line.post(room, 'and now');
    await line.frame('message', (frame) => frame.message.text === 'and now');
    assert.deepEqual(
      line.frames.filter(({ type }) => type === 'message').map(({ message }) => message.text),
      ['MSFT.US quote is 252.46', 'and now'],
    );
    line.close();
  });

  test('a source that is down is told to the asker alone, and the operator’s retry brings the price later', async () => {
    const [one, two, room] = [await live(bob), await live(ann), await newRoom()];
    await Promise.all([one.subscribe(room), two.subscribe(room)]);
    stock.behave('down');
    const { command } = await one.post(room, '/stock tsla.us');
    const told = await one.frame('private', (frame) => frame.reply.text.includes('no usable answer'));
    assert.match(told.reply.text, /TSLA\.US.*Try again/);
    const dead = (await as(ann, 'GET', '/v1/operator/dead')).body.dead as { id: string; attempts: number }[];
    assert.deepEqual(
      dead.map(({ id, attempts }) => [id, attempts]),
      [[command, 3]],
    );
    stock.behave('good');
    assert.equal((await as(ann, 'POST', `/v1/operator/dead/${command}/retry`)).status, 204);
    assert.equal((await two.frame('message')).message.text, 'TSLA.US quote is 577.87');
    assert.deepEqual((await as(ann, 'GET', '/v1/operator/dead')).body.dead, []);
    for (const line of [one, two]) line.close();
  });

  test('a call over HTTP that names a room has its answer said there too, once', async () => {
    const [line, room] = [await live(ann), await newRoom()];
    await line.subscribe(room);
    const told = await as(bob, 'POST', '/v1/commands/stock?wait=10', { room, args: { symbol: '^spx' } });
    assert.deepEqual([told.status, told.body.reply], [200, { text: '^SPX quote is 4127.83', private: false }]);
    const { message } = await line.frame('message');
    assert.deepEqual([message.text, message.seq], ['^SPX quote is 4127.83', 1]);
    await as(bob, 'POST', '/v1/commands/help?wait=10', { room });
    assert.equal((await line.post(room, 'and now')).message.seq, 2, 'a private answer is not said there');
    line.close();
  });

  test('another command under the same clientId is a conflict', async () => {
    const [line, room] = [await live(ann), await newRoom()];
    await line.post(room, '/help', 'c9');
    line.send({ type: 'post', room, text: '/help stock', clientId: 'c9' });
    assert.equal((await line.frame('error')).code, 'client-id-taken');
    line.close();
  });

  test('a wrong command is answered to the asker alone', async () => {
    const [one, two, room] = [await live(ann), await live(bob), await newRoom()];
    await Promise.all([one.subscribe(room), two.subscribe(room)]);
    await one.post(room, '/stock');
    assert.match((await one.frame('private')).reply.text, /It needs symbol.*\/stock aapl\.us/);
    await two.post(room, 'did you say something?');
    await two.frame('message');
    assert.ok(!two.frames.some(({ type }) => type === 'private'));
    for (const line of [one, two]) line.close();
  });
});

describe('how frames are written', () => {
  test('what gathers in one flush is one write for each socket, also from two rooms', async () => {
    const [line, one, two] = [await live(ann), await newRoom(), await newRoom()];
    await Promise.all([line.subscribe(one), line.subscribe(two)]);
    await line.frame('presence', (frame) => frame.room === one && frame.left.length === 0);
    const { hub } = hall.hall.server;
    hub.flush();
    const before = { ...hub.counts };
    for (const room of [one, two, one, two])
      hub.deliver({ kind: 'typing', room, who: { id: bob.account, name: 'bob' } });
    hub.deliver({ kind: 'read', account: ann.account, room: one, seq: 1 });
    hub.flush();
    assert.deepEqual(
      [hub.counts.writes - before.writes, hub.counts.frames - before.frames, hub.counts.flushes - before.flushes],
      [1, 5, 1],
    );
    await line.frame('read');
    assert.equal(line.frames.filter(({ type }) => type === 'typing').length, 4);
    line.close();
  });

  test('the counts are on /metrics', async () => {
    const { text } = await call(hall, { method: 'GET', path: '/metrics' });
    for (const name of [
      'live_sockets',
      'live_writes_total',
      'live_frames_total',
      'live_flushes_total',
      'live_gaps_total',
      'outbox_rows',
      'jobs_dead',
    ])
      assert.match(text, new RegExp(`^guildhall_${name} \\d+$`, 'm'));
  });
});

function seqs(line: Live, room: string): number[] {
  return line.frames
    .filter((frame) => frame.type === 'message' && frame.room === room)
    .map(({ message }) => message.seq);
}

/** Puts messages into a room in one commit, without telling anybody. */
async function post(room: string, count: number): Promise<void> {
  await hall.storage.write(async (tx) => {
    for (let n = 0; n < count; n++) {
      const [taken] = await takeNumber(tx.db, room);
      const message = { room, seq: taken?.seq ?? 0, id: `msg_${room}_${n}`, author: ann.account, text: `${n}` };
      await insertMessage(tx.db, { ...message, clientId: null, extra: {}, at: 1 });
    }
  });
}
