import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { AppError } from '#core/errors.ts';
import type { LiveEvent } from '#core/live.ts';
import type { OutgoingMessage } from '#core/message.ts';
import { listRooms } from '#storage/rooms.ts';
import { freshStorage, roomOf, somebody, type Somebody } from '#test/contracts/fixtures.ts';
import { changeRoom, createRoom, deleteRoom, letIn, takeOut } from './change-room.ts';
import { deleteMessage, editMessage } from './change-message.ts';
import type { Chat } from './chat.ts';
import { postMessage } from './post-message.ts';
import { readHistory, readUpTo, seePeople, seeRoomPeople } from './read-room.ts';
import { sayAsBot } from './say-as-bot.ts';

describe('mentions', () => {
  test('name people of the room by @username, whatever its case and what stands around it', async (t) => {
    const { chat, ann, bob, room } = await table(t);
    const found = async (text: string) => (await postMessage(chat, ann, { room, text })).message.mentions ?? [];
    for (const text of ['@bob', 'hi @Bob.', '(@bob)', '@bob, you', 'so, @bob!', '@bob-', '@bob @bob @BOB'])
      assert.deepEqual(await found(text), [bob.account], text);
    for (const text of ['bob', 'ann@bob', 'x@bob.example', '@bobby', '@@bob', '@nobody', '@bo'])
      assert.deepEqual(await found(text), [], text);
  });

  test('are unread until one has read beyond them, and go with the message', async (t) => {
    const { chat, ann, bob, room, unread } = await table(t);
    const { message } = await postMessage(chat, ann, { room, text: '@bob' });
    await postMessage(chat, ann, { room, text: '@bob again' });
    assert.equal(await unread(bob), 2);
    await deleteMessage(chat, ann, message.id);
    assert.equal(await unread(bob), 1);
    await readUpTo(chat, bob, room, 2);
    assert.equal(await unread(bob), 0);
  });

  test('that an edit takes away do not count, and those it brings do, also when they come back', async (t) => {
    const { chat, ann, bob, room, unread } = await table(t);
    const { message } = await postMessage(chat, ann, { room, text: 'hello @bob' });
    assert.equal((await editMessage(chat, ann, message.id, 'hello')).mentions, undefined);
    assert.equal(await unread(bob), 0);
    assert.deepEqual(
      (await editMessage(chat, ann, message.id, 'hello @bob @ann')).mentions?.toSorted(),
      [ann.account, bob.account].toSorted(),
    );
    assert.equal(await unread(bob), 1);
    await editMessage(chat, ann, message.id, 'hello @bob!');
    assert.equal(await unread(bob), 1);
  });

  test('in a private room reach only those who are in it', async (t) => {
    const { chat, ann, bob } = await table(t);
    const room = (await roomOf(chat.storage, ann, true)).id;
    const text = 'not a word to @bob';
    assert.equal((await postMessage(chat, ann, { room, text })).message.mentions, undefined);
    await letIn(chat, ann, room, bob.account);
    assert.deepEqual((await postMessage(chat, ann, { room, text })).message.mentions, [bob.account]);
  });
});

describe('posts', () => {
  test('a repeat of one that was deleted does not come back', async (t) => {
    const { chat, ann, room } = await table(t);
    const post = { room, text: 'hello', clientId: 'c1' };
    const { message } = await postMessage(chat, ann, post);
    await deleteMessage(chat, ann, message.id);
    await rejects(postMessage(chat, ann, post), 409, 'deleted-meanwhile');
    assert.deepEqual(await readHistory(chat, ann, room, {}), []);
  });

  test('a repeat of one that was edited gives the edited one', async (t) => {
    const { chat, ann, room } = await table(t);
    const post = { room, text: 'helo', clientId: 'c1' };
    const { message } = await postMessage(chat, ann, post);
    const edited = await editMessage(chat, ann, message.id, 'hello');
    assert.deepEqual(await postMessage(chat, ann, post), { message: edited, fresh: false });
  });

  test('repeats that come at the same moment are one', async (t) => {
    const { chat, ann, room, events } = await table(t);
    const post = { room, text: 'hello @bob', clientId: 'c1' };
    const told = await Promise.all([1, 2, 3].map(() => postMessage(chat, ann, post)));
    assert.deepEqual(told.map(({ fresh }) => fresh).toSorted(), [false, false, true]);
    assert.equal(new Set(told.map(({ message }) => JSON.stringify(message))).size, 1);
    assert.equal(events.filter(({ kind }) => kind === 'message').length, 1);
  });

  test('are told in the order of their numbers', async (t) => {
    const { chat, ann, bob, room, events } = await table(t);
    const posts = Array.from({ length: 60 }, (_, n) =>
      postMessage(chat, n % 2 ? ann : bob, { room, text: n % 3 ? 'x' : '@ann' }),
    );
    await Promise.all(posts);
    const told = events.flatMap((event) => (event.kind === 'message' ? [event.message.seq] : []));
    assert.deepEqual(
      told,
      Array.from({ length: 60 }, (_, n) => n + 1),
    );
  });

  test('one that failed is told to nobody', async (t) => {
    const { chat, ann, room, events } = await table(t);
    await rejects(postMessage(chat, ann, { room, text: ' ' }), 400, 'empty-text');
    await rejects(postMessage(chat, ann, { room, text: 'x'.repeat(4_001) }), 400, 'text-too-long');
    assert.deepEqual(events, []);
  });

  test('are edited by their author alone, deleted by moderators too, and the bot’s by nobody’s hand but theirs', async (t) => {
    const { chat, ann, bob, room } = await table(t);
    const mod = await somebody(chat.storage, 'mod', 'moderator');
    const { message } = await postMessage(chat, ann, { room, text: 'hello' });
    await rejects(editMessage(chat, mod, message.id, 'bye'), 403, 'not-yours');
    await rejects(deleteMessage(chat, bob, message.id), 403, 'not-allowed');
    await deleteMessage(chat, mod, message.id);
    await rejects(editMessage(chat, ann, message.id, 'x'), 404, 'unknown-message');
    await sayAsBot(chat, room, answerTo('job_1', 'hello', ann));
    const [said] = await readHistory(chat, ann, room, {});
    for (const who of [ann, bob]) await rejects(editMessage(chat, who, said?.id ?? '', 'x'), 403, 'not-yours');
    const audit = await chat.storage.db.selectFrom('audit').select(['action', 'account_id']).execute();
    assert.deepEqual(
      audit.map((row) => ({ ...row })),
      [{ action: 'moderation.delete', account_id: mod.account }],
    );
  });

  test('a message of a room that one may not see is unknown', async (t) => {
    const { chat, ann, bob } = await table(t);
    const room = (await roomOf(chat.storage, ann, true)).id;
    const { message } = await postMessage(chat, ann, { room, text: 'secret' });
    await rejects(deleteMessage(chat, bob, message.id), 404, 'unknown-message');
    await rejects(editMessage(chat, bob, message.id, 'x'), 404, 'unknown-message');
    await rejects(readHistory(chat, bob, room, {}), 404, 'unknown-room');
  });

  test('guests read and do not write', async (t) => {
    const { chat, room } = await table(t);
    const guest = await somebody(chat.storage, 'guest', 'guest');
    assert.deepEqual(await readHistory(chat, guest, room, {}), []);
    await rejects(postMessage(chat, guest, { room, text: 'hello' }), 403, 'not-allowed');
    await rejects(seeRoomPeople(chat, guest, room), 403, 'not-allowed');
  });
});

describe('what the bot says', () => {
  test('is said once, however often it is delivered, with who asked for it', async (t) => {
    const { chat, ann, room, events } = await table(t);
    const answer = answerTo('job_1', 'AAPL.US quote is 126.85', ann);
    await Promise.all([sayAsBot(chat, room, answer), sayAsBot(chat, room, answer)]);
    await sayAsBot(chat, room, answer);
    const said = await readHistory(chat, ann, room, {});
    assert.deepEqual(
      said.map(({ text, author, seq }) => [text, author.kind, seq]),
      [['AAPL.US quote is 126.85', 'bot', 1]],
    );
    assert.deepEqual(said[0]?.cause, { account: ann.account, name: 'ann', text: '/stock aapl.us' });
    assert.deepEqual(events, [{ kind: 'message', room, message: said[0] }]);
  });

  test('goes nowhere when the room is gone meanwhile', async (t) => {
    const { chat, ann, room, events } = await table(t);
    await chat.storage.write(async (tx) => {
      await tx.db.updateTable('rooms').set({ deleted_at: 1 }).where('id', '=', room).execute();
    });
    await sayAsBot(chat, room, answerTo('job_1', 'hello', ann));
    assert.deepEqual(events, []);
  });
});

describe('rooms', () => {
  test('are made by moderators and up, and their maker is in a private one', async (t) => {
    const { chat, ann, bob, community } = await table(t);
    const asked = { community, name: 'plans', topic: 'for May', private: true };
    await rejects(createRoom(chat, bob, asked), 403, 'not-allowed');
    const made = await createRoom(chat, ann, asked);
    assert.deepEqual(
      (await seeRoomPeople(chat, ann, made.id)).map(({ username }) => username),
      ['ann'],
    );
    await rejects(seeRoomPeople(chat, bob, made.id), 404, 'unknown-room');
    await rejects(createRoom(chat, ann, { ...asked, community: 'comm_x' }), 404, 'unknown-community');
  });

  test('are told to those who may see them: a private one to its people', async (t) => {
    const { chat, ann, bob, community, events } = await table(t);
    const made = await createRoom(chat, ann, { community, name: 'plans', topic: '', private: true });
    await letIn(chat, ann, made.id, bob.account);
    await takeOut(chat, bob, made.id, bob.account);
    const kind = 'rooms';
    assert.deepEqual(events, [
      { kind, community, account: ann.account },
      { kind, community, account: bob.account },
      { kind, community, account: bob.account, gone: made.id },
    ]);
  });

  test('have members only where they are private, and only people of the community', async (t) => {
    const { chat, ann, bob, room } = await table(t);
    await rejects(letIn(chat, ann, room, bob.account), 400, 'public-room');
    const hidden = (await roomOf(chat.storage, ann, true)).id;
    await rejects(letIn(chat, ann, hidden, 'acct_x'), 404, 'unknown-account');
    await letIn(chat, ann, hidden, bob.account);
    await rejects(takeOut(chat, bob, hidden, ann.account), 403, 'not-allowed');
  });

  test('are renamed by moderators, deleted by admins or their maker, with all that was said', async (t) => {
    const { chat, ann, bob, community, events } = await table(t);
    const mod = await somebody(chat.storage, 'mod', 'moderator');
    const made = await createRoom(chat, mod, { community, name: 'plans', topic: '', private: false });
    await rejects(changeRoom(chat, bob, made.id, { name: 'mine' }), 403, 'not-allowed');
    assert.equal((await changeRoom(chat, ann, made.id, { topic: 'for June' })).topic, 'for June');
    await postMessage(chat, bob, { room: made.id, text: 'hello' });
    await rejects(deleteRoom(chat, bob, made.id), 403, 'not-allowed');
    await deleteRoom(chat, mod, made.id);
    assert.deepEqual(events.at(-1), { kind: 'rooms', community, gone: made.id });
    assert.equal((await chat.storage.db.selectFrom('messages').selectAll().execute()).length, 0);
    await rejects(postMessage(chat, bob, { room: made.id, text: 'hello?' }), 404, 'unknown-room');
  });

  test('people of a community are seen by its members alone', async (t) => {
    const { chat, ann, community } = await table(t);
    assert.deepEqual(
      (await seePeople(chat, ann, community, 'b')).map(({ username }) => username),
      ['bob'],
    );
    await rejects(
      seePeople(chat, { account: 'acct_x', username: 'x', name: 'x' }, community, ''),
      404,
      'unknown-community',
    );
  });
});

async function table(t: TestContext) {
  const storage = await freshStorage(t);
  const events: LiveEvent[] = [];
  const chat: Chat = {
    storage,
    clock: () => 1_000,
    bus: { announce: (_channel, event) => void events.push(event as LiveEvent) },
  };
  const [ann, bob] = [await somebody(storage, 'ann', 'owner'), await somebody(storage, 'bob')];
  const { id: room, community } = await roomOf(storage, ann);
  const unread = async (who: Somebody) =>
    (await listRooms(storage.db, who.account)).reduce((sum, { mentions }) => sum + mentions, 0);
  return { chat, ann, bob, room, community, events, unread };
}

function answerTo(id: string, text: string, who: Somebody): OutgoingMessage {
  const to = { platform: 'webchat', account: who.account };
  const cause = { account: who.account, name: who.username, text: '/stock aapl.us' };
  return { id, n: 1, final: true, to, community: 'comm_1', reply: { text, private: false }, cause };
}

async function rejects(act: Promise<unknown>, status: number, code: string): Promise<void> {
  await assert.rejects(act, (error: AppError) => {
    assert.deepEqual([error.status, error.code], [status, code]);
    return true;
  });
}
