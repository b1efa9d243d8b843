import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { rename } from '#auth/profile.ts';
import { endSessions } from '#auth/sessions.ts';
import { deleteMessage, editMessage } from '#chat/change-message.ts';
import { createRoom, letIn, takeOut } from '#chat/change-room.ts';
import { postMessage } from '#chat/post-message.ts';
import { readUpTo } from '#chat/read-room.ts';
import type { LiveEvent } from '#core/live.ts';
import { firstCommunity } from '#storage/communities.ts';
import { answerOnce, openAnswer } from '#storage/work.ts';
import { roomOf, somebody, type Somebody } from '#test/contracts/fixtures.ts';
import { Caller, severalHalls, type LiveHall, type SeveralHalls } from '#test/support/several-halls.ts';
import { eventually } from '#test/support/wait.ts';
import { fewAtOnce } from './few-at-once.ts';
import { Hub } from './hub.ts';
import { takeOutUnseen } from './sight.ts';

const ends: (() => Promise<void> | void)[] = [];
let all: SeveralHalls;
let here: LiveHall;
let there: LiveHall;
let ann: Somebody;
let bob: Somebody;

before(async () => {
  all = await severalHalls({ after: (end) => void ends.push(end) }, 2);
  [here, there] = all.halls as [LiveHall, LiveHall];
  [ann, bob] = [await somebody(all.storage, 'ann', 'owner'), await somebody(all.storage, 'bob')];
});
after(async () => {
  for (const end of ends.toReversed()) await end();
});
beforeEach(() => {
  all.bus.fates = ['soon'];
});

const lose = (): void => {
  all.bus.fates = ['lost'];
};
const newRoom = async (isPrivate = false): Promise<string> => (await roomOf(all.storage, ann, isPrivate)).id;
const auth = (at: LiveHall) => ({
  ...at.hall.auth,
  announce: (event: LiveEvent) => at.chat.bus.announce('rooms', event),
});

/** Bob on a connection to this hall that knows what he may see. */
const bobAt = (at: LiveHall): Promise<Caller> => new Caller(at, bob).look();

async function following(at: LiveHall, room: string): Promise<Caller> {
  const caller = await bobAt(at);
  await caller.say({ type: 'subscribe', room });
  return caller;
}

const frameOf = (caller: Caller, type: string, fits: (frame: Caller['frames'][0]) => boolean = () => true) =>
  eventually(`a frame ${type}`, () => caller.of(type).find(fits));

describe('what happens in one hall is seen in another', () => {
  test('edits, deletions, read marks and private answers', async () => {
    const room = await newRoom();
    const caller = await following(here, room);
    const { message } = await postMessage(there.chat, ann, { room, text: 'helo' });
    await editMessage(there.chat, ann, message.id, 'hello');
    await frameOf(caller, 'edited', (frame) => frame.message.text === 'hello');
    await readUpTo(there.chat, bob, room, 1);
    await frameOf(caller, 'read', (frame) => frame.seq === 1);
    await deleteMessage(there.chat, ann, message.id);
    await frameOf(caller, 'deleted');
    there.chat.bus.announce('rooms', {
      kind: 'private',
      account: bob.account,
      room,
      reply: { text: 'for you', private: true },
    });
    await frameOf(caller, 'private');
    caller.end();
  });

  test('the people list, and new names in it', async () => {
    const room = await newRoom();
    const [one, two] = [await following(here, room), new Caller(there, ann)];
    await two.say({ type: 'subscribe', room });
    for (const { hub } of all.halls)
      await eventually('both in both halls', () => (hub.here(room).size === 2 ? true : undefined));
    await frameOf(one, 'presence', (frame) => frame.here.some(({ id }) => id === ann.account));
    await rename(auth(there), ann.account, 'Ann the Great');
    await frameOf(one, 'presence', (frame) => frame.here.some(({ name }) => name === 'Ann the Great'));
    two.end();
    await frameOf(one, 'presence', (frame) => frame.left.some(({ id }) => id === ann.account));
    assert.deepEqual([...there.hub.here(room)], [bob.account]);
    one.end();
  });

  test('a session that ends', async () => {
    const eve = await somebody(all.storage, `eve`);
    const caller = new Caller(here, eve);
    await endSessions(auth(there), eve.account, { id: eve.id });
    await eventually('the end', () => (caller.line.closed === 4401 ? true : undefined));
    caller.end();
  });

  test('a private room that one is let into and taken out of', async () => {
    const room = await newRoom(true);
    const caller = await bobAt(here);
    await letIn(there.chat, ann, room, bob.account);
    await frameOf(caller, 'rooms');
    await caller.say({ type: 'subscribe', room });
    await takeOut(there.chat, ann, room, bob.account);
    await eventually('the leaving', () => (here.hub.here(room).size === 0 ? true : undefined));
    caller.end();
  });
});

describe('what another hall said and what was lost', () => {
  test('the last words before a silence come with the next look', async () => {
    const room = await newRoom();
    const caller = await following(here, room);
    lose();
    await postMessage(there.chat, ann, { room, text: 'one' });
    await postMessage(there.chat, ann, { room, text: 'two' });
    await here.healing.round();
    await frameOf(caller, 'message', (frame) => frame.message.text === 'two');
    assert.deepEqual(
      caller.of('message').map(({ message }) => message.text),
      ['one', 'two'],
    );
    caller.end();
  });

  test('that something is new in a room, and who is mentioned there', async () => {
    const [caller, room] = [await bobAt(here), await newRoom()];
    const quiet = await newRoom();
    await caller.look();
    lose();
    await postMessage(there.chat, ann, { room, text: 'hello @bob' });
    await postMessage(there.chat, ann, { room, text: 'and more' });
    for (let n = 0; n < 5; n++) await here.healing.round();
    const news = await frameOf(caller, 'activity', (frame) => frame.room === room);
    assert.deepEqual([news.seq, news.mention], [2, true]);
    for (let n = 0; n < 5; n++) await here.healing.round();
    assert.equal(caller.of('activity').filter((frame) => frame.room === room).length, 1);
    assert.ok(!caller.of('activity').some((frame) => frame.room === quiet));
    caller.end();
  });

  test('a private answer is looked for, and told once though it comes late after all', async () => {
    const [caller, room] = [await bobAt(here), await newRoom()];
    caller.socket.asked?.ask({ id: 'job_1', room, text: '/help' });
    const reply = { text: 'this is how', private: true };
    await all.storage.write(async (tx) => {
      await openAnswer(tx.db, 'job_1', bob.account, 1);
      await answerOnce(tx.db, 'job_1', { reply });
    });
    await eventually('the answer', async () => {
      await here.healing.round();
      return caller.of('private')[0];
    });
    const event = { kind: 'private', account: bob.account, room, reply, request: 'job_1' } as const;
    for (let n = 0; n < 2; n++) here.hub.deliver(event);
    here.hub.deliver({ ...event, reply: { text: 'something else', private: true }, request: 'job_2' });
    await frameOf(caller, 'private', (frame) => frame.reply.text === 'something else');
    assert.deepEqual(
      caller.of('private').map((frame) => frame.reply.text),
      ['this is how', 'something else'],
    );
    caller.end();
  });

  test('of several private answers each is told behind those to what was asked before it', async () => {
    const [caller, room] = [await bobAt(here), await newRoom()];
    const asked = ['job_a', 'job_b', 'job_c', 'job_d'];
    for (const id of asked) caller.socket.asked?.ask({ id, room, text: `/help ${id}` });
    const answer = (id: string): Promise<void> =>
      all.storage.write(async (tx) => {
        await openAnswer(tx.db, id, bob.account, 1);
        await answerOnce(tx.db, id, { reply: { text: id, private: true } });
      });
    // The first is still being worked on; what was said of the second is lost.
    await all.storage.write((tx) => openAnswer(tx.db, 'job_a', bob.account, 1));
    for (const id of ['job_b', 'job_c', 'job_d']) await answer(id);
    const come = (id: string): void =>
      here.hub.deliver({
        kind: 'private',
        account: bob.account,
        room,
        reply: { text: id, private: true },
        request: id,
      });
    for (const id of ['job_c', 'job_d']) come(id);
    await frameOf(caller, 'private', (frame) => frame.reply.text === 'job_d');
    come('job_a');
    come('job_b');
    await frameOf(caller, 'private', (frame) => frame.reply.text === 'job_a');
    assert.deepEqual(
      caller.of('private').map((frame) => frame.reply.text),
      ['job_b', 'job_c', 'job_d', 'job_a'],
    );
    caller.end();
  });

  test('that somebody may not be in a room any more', async () => {
    const [secret, open] = [await newRoom(true), await newRoom()];
    await letIn(there.chat, ann, secret, bob.account);
    const caller = await following(here, secret);
    await caller.say({ type: 'subscribe', room: open });
    await takeOutUnseen(here.hall, here.hub);
    assert.deepEqual([...caller.socket.rooms.keys()], [secret, open], 'who may be there stays');
    lose();
    await takeOut(there.chat, ann, secret, bob.account);
    await takeOutUnseen(here.hall, here.hub);
    assert.deepEqual([...caller.socket.rooms.keys()], [open]);
    assert.ok(!caller.socket.visible.has(secret), 'nor is it told that something is new there');
    await frameOf(caller, 'rooms');
    caller.end();
  });

  test('edits, deletions and new rooms are told when it is known that something is lost', async () => {
    const room = await newRoom();
    const caller = await following(here, room);
    const [one, two] = [
      await postMessage(here.chat, ann, { room, text: 'one' }),
      await postMessage(here.chat, ann, { room, text: 'two' }),
    ];
    const since = Date.now();
    lose();
    await editMessage(there.chat, ann, one.message.id, 'better');
    await deleteMessage(there.chat, ann, two.message.id);
    const { id: community } = await firstCommunity(all.storage.db);
    await createRoom(there.chat, ann, { community, name: 'new', topic: '', private: false });
    here.lookAgain.lost(since);
    await frameOf(caller, 'edited', (frame) => frame.message.text === 'better');
    await frameOf(caller, 'deleted', (frame) => frame.message.id === two.message.id);
    await frameOf(caller, 'rooms');
    caller.end();
  });

  test('a hall that was cut off from the others says so, and they look again', async () => {
    const [one, two] = [here.lost.length, there.lost.length];
    here.hub.cut();
    await eventually('both looking', () => (here.lost.length > one && there.lost.length > two ? true : undefined));
  });
});

test('a storm of holes reads few rooms at a time', async () => {
  let [now, most, done] = [0, 0, 0];
  const few = fewAtOnce(3);
  const hub = new Hub({
    read: () =>
      few(async () => {
        most = Math.max(most, ++now);
        await new Promise((next) => setImmediate(next));
        now--;
        done++;
        return { frames: [], whole: true };
      }),
  });
  const caller = new Caller({ ...here, hub }, bob);
  const rooms = Array.from({ length: 50 }, (_, n) => `room_${n}`);
  for (const room of rooms)
    await hub.join(caller.socket, room, async () => ({ seq: 1, after: 1, missed: [], gap: false }));
  for (const room of rooms) hub.expect(room, 5);
  await eventually('all reads', () => (done === rooms.length ? true : undefined));
  for (const room of rooms) hub.deliver({ kind: 'message', room, message: { seq: 6 } } as never);
  await eventually('a message in each', () => (caller.of('message').length === rooms.length ? true : undefined));
  assert.equal(most, 3);
  caller.end();
});
