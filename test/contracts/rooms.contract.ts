import assert from 'node:assert/strict';
import { newId } from '#core/ids.ts';
import {
  findMentioned,
  findMessage,
  insertMentions,
  markDeleted,
  pageOfMessages,
  updateText,
  type MessageExtra,
} from '#storage/messages.ts';
import {
  addRoomMember,
  findRoomFor,
  listRoomPeople,
  listRooms,
  markRead,
  markRoomDeleted,
  removeRoomMember,
  takeNumber,
} from '#storage/rooms.ts';
import type { Storage } from '#storage/storage.ts';
import { roomOf, somebody } from './fixtures.ts';
import type { StorageCase } from './storage.contract.ts';

/** Rooms, their numbers, what is said in them and how far people have read. */
export const roomsContract: StorageCase[] = [
  {
    says: 'posts that come together get the numbers 1, 2, 3 … in the order they came',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      const seqs = await Promise.all(range(40).map((n) => say(storage, { room, author: ann.account, text: `${n}` })));
      assert.deepEqual(
        seqs,
        range(40).map((n) => n + 1),
      );
      const texts = (await pageOfMessages(storage.db, { room, limit: 100 })).map(({ text }) => text);
      assert.deepEqual(texts, range(40).map(String));
    },
  },
  {
    says: 'a post that fails in the middle of a batch takes no number with it',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      const bad = storage.write(async (tx) => {
        await takeNumber(tx.db, room);
        throw new Error('changed my mind');
      });
      const told = await Promise.allSettled([
        say(storage, { room, author: ann.account, text: 'one' }),
        bad,
        say(storage, { room, author: ann.account, text: 'two' }),
      ]);
      assert.deepEqual(
        told.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason.message))),
        [1, 'changed my mind', 2],
      );
    },
  },
  {
    says: 'posts without a clientId are never taken for one another',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      for (const _time of [1, 2]) await say(storage, { room, author: ann.account, text: 'hello' });
      assert.equal((await pageOfMessages(storage.db, { room, limit: 10 })).length, 2);
    },
  },
  {
    says: 'history comes in pages, oldest first, whichever way one scrolls',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      await Promise.all(range(10).map((n) => say(storage, { room, author: ann.account, text: `${n}` })));
      const page = async (asked: { limit: number; before?: number; after?: number }) =>
        (await pageOfMessages(storage.db, { room, ...asked })).map(({ seq }) => seq);
      assert.deepEqual(await page({ limit: 3 }), [8, 9, 10]);
      assert.deepEqual(await page({ limit: 3, before: 8 }), [5, 6, 7]);
      assert.deepEqual(await page({ limit: 3, after: 0 }), [1, 2, 3]);
      assert.deepEqual(await page({ limit: 9, after: 8 }), [9, 10]);
      assert.deepEqual(await page({ limit: 9, after: 2, before: 5 }), [3, 4]);
      assert.deepEqual(await page({ limit: 9, before: 1 }), []);
    },
  },
  {
    says: 'words, tables and pictures come back as they were said, in any script',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      const text = 'Grüße, 你好, 👩‍👩‍👧, "quotes" and \\ and %s\nand a line';
      const cause = { account: ann.account, name: 'ann', text: '/e 1' };
      const table = { columns: [{ name: 'Šum', numeric: true }], rows: [['1']] };
      await say(storage, { room, author: null, text, extra: { table, cause } });
      const [kept] = await pageOfMessages(storage.db, { room, limit: 1 });
      assert.deepEqual([kept?.author, kept?.text, kept?.table, kept?.cause], [null, text, table, cause]);
    },
  },
  {
    says: 'what is edited keeps its number; what is deleted is gone, words and all',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      for (const text of ['one', 'two']) await say(storage, { room, author: ann.account, text });
      const [first, second] = await pageOfMessages(storage.db, { room, limit: 2 });
      assert.ok(first && second);
      await storage.write((tx) => updateText(tx.db, first.id, { text: 'uno', mentions: [], at: 7 }));
      await storage.write((tx) => markDeleted(tx.db, second, 8));
      const left = await pageOfMessages(storage.db, { room, limit: 2 });
      assert.deepEqual(
        left.map(({ seq, text, editedAt }) => [seq, text, editedAt]),
        [[1, 'uno', 7]],
      );
      assert.equal(await findMessage(storage.db, second.id), undefined);
      const rows = await storage.db.selectFrom('messages').select('text').where('id', '=', second.id).execute();
      assert.equal(rows[0]?.text, '');
      assert.equal(await say(storage, { room, author: ann.account, text: 'three' }), 3);
    },
  },
  {
    says: 'one is read up to the furthest one has been, and counts the mentions beyond it',
    async holds(storage) {
      const [ann, bob] = [await somebody(storage, 'ann'), await somebody(storage, 'bob')];
      const { id: room } = await roomOf(storage, ann);
      for (const text of ['@bob', 'x', '@bob']) await say(storage, { room, author: ann.account, text });
      await storage.write(async (tx) => {
        for (const seq of [1, 3]) await insertMentions(tx.db, room, seq, [bob.account]);
      });
      const mine = async () => {
        const [listed] = await listRooms(storage.db, bob.account);
        return [listed?.seq, listed?.read, listed?.mentions];
      };
      assert.deepEqual(await mine(), [3, 0, 2]);
      for (const seq of [2, 1]) await storage.write((tx) => markRead(tx.db, { account: bob.account, room, seq }));
      assert.deepEqual(await mine(), [3, 2, 1]);
      assert.deepEqual(
        (await listRooms(storage.db, ann.account)).map(({ mentions }) => mentions),
        [0],
      );
    },
  },
  {
    says: 'a private room is seen, peopled and mentioned in only by those who are in it',
    async holds(storage) {
      const [ann, bob] = [await somebody(storage, 'ann', 'owner'), await somebody(storage, 'bob', 'owner')];
      const room = await roomOf(storage, ann, true);
      const people = async () => (await listRoomPeople(storage.db, room, 10)).map(({ username }) => username);
      assert.deepEqual([await listRooms(storage.db, bob.account), await people()], [[], ['ann']]);
      assert.equal((await roomNow(storage, bob.account, room.id))?.invited, null);
      assert.deepEqual(await findMentioned(storage.db, room, ['ann', 'bob']), [ann.account]);
      for (const _time of [1, 2]) await storage.write((tx) => addRoomMember(tx.db, room.id, bob.account));
      assert.deepEqual([(await listRooms(storage.db, bob.account)).length, await people()], [1, ['ann', 'bob']]);
      await storage.write((tx) => removeRoomMember(tx.db, room.id, bob.account));
      assert.deepEqual(await people(), ['ann']);
    },
  },
  {
    says: 'strangers find no room at all, and a deleted room is nobody’s: it takes no number and keeps no words',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const room = await roomOf(storage, ann);
      await say(storage, { room: room.id, author: ann.account, text: 'hello' });
      assert.equal(await roomNow(storage, 'acct_stranger', room.id), undefined);
      await storage.write((tx) => markRoomDeleted(tx.db, room.id, 9));
      assert.equal(await roomNow(storage, ann.account, room.id), undefined);
      assert.deepEqual(await storage.write((tx) => takeNumber(tx.db, room.id)), []);
      assert.deepEqual(await pageOfMessages(storage.db, { room: room.id, limit: 5 }), []);
    },
  },
];

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

async function roomNow(storage: Storage, account: string, room: string) {
  return (await findRoomFor(storage.db, account, room))[0];
}

interface Said {
  room: string;
  author: string | null;
  text: string;
  extra?: MessageExtra;
}

/** Says something as the chat does. Returns the number. */
async function say(storage: Storage, said: Said): Promise<number> {
  const seq = await storage.post({ id: newId('msg'), clientId: null, createdAt: 1, ...said });
  assert.ok(typeof seq === 'number');
  return seq;
}
