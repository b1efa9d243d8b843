import assert from 'node:assert/strict';
import { newId } from '#core/ids.ts';
import { findMessage, markDeleted, pageOfMessages } from '#storage/messages.ts';
import type { PostDraft, Posted } from '#storage/post.ts';
import { findRoomFor, listRooms, markRoomDeleted, sweepDeletedRooms } from '#storage/rooms.ts';
import type { Storage } from '#storage/storage.ts';
import { roomOf, somebody } from './fixtures.ts';

/** One thing that holds for posts, on two halls: on SQLite, which has one, `other` is the same. */
export interface PostCase {
  says: string;
  holds(storage: Storage, other: Storage): Promise<void>;
}

/** Messages are numbered and stored, each once, whichever hall takes them. */
export const postsContract: PostCase[] = [
  {
    says: 'posts through two halls at once get the numbers 1, 2, 3 …, each once and none left out',
    async holds(storage, other) {
      const ann = await somebody(storage, 'ann');
      const rooms = [await roomOf(storage, ann), await roomOf(storage, ann), await roomOf(storage, ann)];
      const halls = [storage, other];
      const posting = range(240).map((n) =>
        say(halls[n % 2]!, { room: rooms[n % 3]!.id, author: ann.account, text: `${n}` }),
      );
      const seqs = await Promise.all(posting);
      for (const [place, { id: room }] of rooms.entries()) {
        const told = seqs.filter((_, n) => n % 3 === place).toSorted(byNumber);
        assert.deepEqual(told, upTo(80), 'what the callers were told');
        assert.deepEqual(await kept(storage, room), upTo(80), 'what is there');
        assert.equal((await findRoomFor(storage.db, ann.account, room))[0]?.seq, 80);
      }
    },
  },
  {
    says: 'posts of one caller keep the order of the calls, however many come at once',
    async holds(storage, other) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      const disturbing = range(200).map(() => say(other, { room, author: null, text: 'between' }));
      const seqs = (await Promise.all(
        range(1_100).map((n) => say(storage, { room, author: ann.account, text: `${n}` })),
      )) as number[];
      assert.deepEqual(seqs.toSorted(byNumber), seqs);
      await Promise.all(disturbing);
    },
  },
  {
    says: 'the same post through two halls at once is one message and takes one number',
    async holds(storage, other) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      for (const n of range(30)) {
        const post = { room, author: ann.account, text: `${n}`, clientId: `c${n}` };
        const told = await Promise.all([say(storage, post), say(other, post), say(storage, post)]);
        assert.deepEqual(told.toSorted(), [n + 1, 'repeated', 'repeated'], `post ${n}`);
      }
      assert.deepEqual(await kept(storage, room), upTo(30));
    },
  },
  {
    says: 'a repeat among others in its batch takes no number, also when its first is from yesterday or was deleted',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      const post = (clientId: string | null, author: string | null = ann.account): Promise<Posted> =>
        say(storage, { room, author, text: 'hello', clientId });
      assert.deepEqual([await post('one'), await post('two')], [1, 2]);
      const [first] = await pageOfMessages(storage.db, { room, limit: 1, after: 0 });
      assert.ok(first);
      await storage.write((tx) => markDeleted(tx.db, first, 1));
      const told = await Promise.all([post('three'), post('one'), post('two'), post('three'), post(null), post(null)]);
      assert.deepEqual(told, [3, 'repeated', 'repeated', 'repeated', 4, 5]);
    },
  },
  {
    says: 'the same clientId of another author or in another room is another post',
    async holds(storage) {
      const [ann, bob] = [await somebody(storage, 'ann'), await somebody(storage, 'bob')];
      const [one, two] = [await roomOf(storage, ann), await roomOf(storage, ann)];
      const post = (room: string, author: string) => say(storage, { room, author, text: 'hi', clientId: 'c' });
      const told = [post(one.id, ann.account), post(one.id, bob.account), post(two.id, ann.account)];
      assert.deepEqual(await Promise.all(told), [1, 2, 1]);
    },
  },
  {
    says: 'an answer is said once, whichever hall is asked to and how often',
    async holds(storage, other) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      for (const n of range(10)) {
        const answer = { room, author: null, text: `${n}`, delivery: `job_${n}:1` };
        const told = await Promise.all([say(storage, answer), say(other, answer)]);
        assert.deepEqual(told.toSorted(), [n + 1, 'repeated']);
        assert.equal(await say(other, answer), 'repeated');
      }
      assert.deepEqual(await kept(storage, room), upTo(10));
    },
  },
  {
    says: 'who is mentioned counts it, and who is not does not',
    async holds(storage) {
      const [ann, bob] = [await somebody(storage, 'ann'), await somebody(storage, 'bob')];
      const { id: room } = await roomOf(storage, ann);
      const extra = { mentions: [bob.account, ann.account] };
      const seqs = await Promise.all([
        say(storage, { room, author: ann.account, text: 'hello' }),
        say(storage, { room, author: ann.account, text: '@bob @ann', extra, clientId: 'm' }),
        say(storage, { room, author: ann.account, text: '@bob @ann', extra, clientId: 'm' }),
        say(storage, { room, author: ann.account, text: '@bob', extra: { mentions: [bob.account] } }),
      ]);
      assert.deepEqual(seqs, [1, 2, 'repeated', 3]);
      const counted = async (account: string) => (await listRooms(storage.db, account))[0]?.mentions;
      assert.deepEqual([await counted(bob.account), await counted(ann.account)], [2, 1]);
      const [second] = await pageOfMessages(storage.db, { room, limit: 1, after: 1 });
      assert.deepEqual(second?.mentions, extra.mentions);
    },
  },
  {
    says: 'words come back as they were said, in any script and with any signs',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      const texts = ['NULL', 'null', '{"a",b}', '"', '\\', "it's", 'a,b', '$1', '%s', 'Grüße 你好 👩‍👩‍👧\nnext', ' ', '()'];
      const table = { columns: [{ name: 'Šum "x"', numeric: true }], rows: [['\\N', '{}']] };
      const extra = { table, cause: { account: ann.account, name: 'ann', text: '/e {1}' } };
      await Promise.all(texts.map((text) => say(storage, { room, author: ann.account, text, clientId: text, extra })));
      const page = await pageOfMessages(storage.db, { room, limit: 50 });
      assert.deepEqual(
        page.map(({ text, clientId }) => [text, clientId]),
        texts.map((text) => [text, text]),
      );
      for (const message of page) assert.deepEqual([message.table, message.cause], [table, extra.cause]);
    },
  },
  {
    says: 'a post that cannot be stored fails alone, and takes no number with it',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      const post = (text: string, mentions: string[] = []): Promise<Posted> =>
        say(storage, { room, author: ann.account, text, ...(mentions.length > 0 && { extra: { mentions } }) });
      const told = await Promise.allSettled([post('one'), post('two', ['acct_nobody']), post('three'), post('four')]);
      const says = told.map((one) => (one.status === 'fulfilled' ? one.value : 'failed'));
      assert.deepEqual(says, [1, 'failed', 2, 3]);
      assert.deepEqual(await kept(storage, room), [1, 2, 3]);
    },
  },
  {
    says: 'a room that is gone takes no post and no answer, and the others in the batch are stored',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const [room, gone] = [await roomOf(storage, ann), await roomOf(storage, ann)];
      await storage.write((tx) => markRoomDeleted(tx.db, gone.id, 1));
      const told = await Promise.all([
        say(storage, { room: gone.id, author: ann.account, text: 'x', clientId: 'c' }),
        say(storage, { room: room.id, author: ann.account, text: 'x', clientId: 'c' }),
        say(storage, { room: gone.id, author: ann.account, text: 'x', clientId: 'c' }),
        say(storage, { room: gone.id, author: null, text: 'x', delivery: 'job_1:1' }),
        say(storage, { room: 'room_never', author: ann.account, text: 'x' }),
      ]);
      assert.deepEqual(told, ['gone', 1, 'gone', 'gone', 'gone']);
    },
  },
  {
    says: 'of a room that is deleted while people post nothing is left, and everybody is told how it went',
    async holds(storage, other) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      const posts = (hall: Storage): Promise<Posted>[] =>
        range(40).map((n) => say(hall, { room, author: ann.account, text: `${n}` }));
      const before = posts(storage);
      const deleting = other.write((tx) => markRoomDeleted(tx.db, room, 9));
      const told = await Promise.all([...before, ...posts(other)]);
      await deleting;
      assert.equal(await say(storage, { room, author: ann.account, text: 'late' }), 'gone');
      const numbers = told.filter((one) => one !== 'gone');
      assert.deepEqual((numbers as number[]).toSorted(byNumber), upTo(numbers.length));
      assert.deepEqual(await kept(storage, room), []);
    },
  },
  {
    says: 'what was said in a large room that is deleted goes bit by bit, until nothing is left; other rooms keep theirs',
    async holds(storage) {
      const ann = await somebody(storage, 'ann');
      const [large, other] = [await roomOf(storage, ann), await roomOf(storage, ann)];
      const rooms = [other.id, ...range(5_200).map(() => large.id)];
      await Promise.all(rooms.map((room) => say(storage, { room, author: ann.account, text: 'x' })));
      await storage.write((tx) => markRoomDeleted(tx.db, large.id, 9));
      let sweeps = 0;
      while (await storage.write((tx) => sweepDeletedRooms(tx.db))) sweeps += 1;
      assert.equal(sweeps, 1);
      const left = await storage.db.selectFrom('messages').select('room_id').execute();
      assert.deepEqual(
        left.map(({ room_id }) => room_id),
        [other.id],
      );
    },
  },
  {
    says: 'a post is there for whoever was told its number, in whichever hall they look',
    async holds(storage, other) {
      const ann = await somebody(storage, 'ann');
      const { id: room } = await roomOf(storage, ann);
      await Promise.all(
        range(20).map(async (n) => {
          const id = newId('msg');
          const seq = await say(storage, { id, room, author: ann.account, text: `${n}` });
          assert.equal((await findMessage(other.db, id))?.seq, seq);
        }),
      );
    },
  },
];

type Said = Pick<PostDraft, 'room' | 'author' | 'text'> & Partial<PostDraft>;

function say(hall: Storage, said: Said): Promise<Posted> {
  return hall.post({ id: newId('msg'), clientId: null, createdAt: 1, ...said });
}

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

const upTo = (last: number): number[] => range(last).map((n) => n + 1);

const byNumber = (a: Posted, b: Posted): number => Number(a) - Number(b);

async function kept(storage: Storage, room: string): Promise<number[]> {
  return (await pageOfMessages(storage.db, { room, limit: 5_000, after: 0 })).map(({ seq }) => seq);
}
