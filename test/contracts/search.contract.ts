import assert from 'node:assert/strict';
import { newId } from '#core/ids.ts';
import { readQuery } from '#core/search.ts';
import { addMember } from '#storage/communities.ts';
import { findMessage, markDeleted, updateText } from '#storage/messages.ts';
import { addRoomMember, markRoomDeleted } from '#storage/rooms.ts';
import { searchMessages, type Found, type SearchAsked } from '#storage/search.ts';
import type { Storage } from '#storage/storage.ts';
import { roomOf, somebody } from './fixtures.ts';
import type { StorageCase } from './storage.contract.ts';

/** What is found, and by whom: the same on every database. */
export const searchContract: StorageCase[] = [
  {
    says: 'a search finds words, all of several, words one after the other, and beginnings; the newest first',
    async holds(storage) {
      const { find } = await hall(storage, [
        'The results are out',
        'results of the night are out of date',
        'nothing here',
        'A result, then more resulting work',
      ]);
      assert.deepEqual(await find('results'), [1, 0]);
      assert.deepEqual(await find('results date'), [1]);
      assert.deepEqual(await find('"are out"'), [1, 0]);
      assert.deepEqual(await find('"out are"'), []);
      assert.deepEqual(await find('result*'), [3, 1, 0]);
      assert.deepEqual(await find('res* out'), [1, 0]);
      assert.deepEqual(await find('re* out'), [], 'two letters are a word and no beginning');
      assert.deepEqual(await find('result* nothing'), []);
    },
  },
  {
    says: 'a search asks neither for capitals nor for the marks on Latin letters',
    async holds(storage) {
      const { find } = await hall(storage, [
        'Über die Straße nach KÖLN',
        'cafe\u0301 Málaga',
        'ПРИВЕТ, мой друг',
        'ΟΔΟΣ οδός',
        'İstanbul ÅNGSTRÖM naïve Dvořák',
      ]);
      for (const query of ['uber', 'ÜBER', 'köln', 'koln', 'Koln straße'])
        assert.deepEqual(await find(query), [0], query);
      for (const query of ['café', 'CAFE', 'malaga']) assert.deepEqual(await find(query), [1], query);
      for (const query of ['привет', 'МОЙ друг']) assert.deepEqual(await find(query), [2], query);
      assert.deepEqual(await find('мои'), [], 'й is a letter of its own');
      assert.deepEqual(await find('οδοσ'), [3]);
      for (const query of ['istanbul', 'angstrom', 'NAIVE', 'dvorak']) assert.deepEqual(await find(query), [4], query);
    },
  },
  {
    says: 'words stop at signs and emoji of any age, which are not looked for themselves; Chinese is found by how a run of it begins',
    async holds(storage) {
      const { find } = await hall(storage, [
        'great🤣 price 5₽ ok👍🏽done',
        'see https://example.com/a-b?c=d_e or mail ann@example.com',
        'rate 3.14 is 1e5x and v2ray, don’t',
        '東京タワーは高い 明日',
        'snake_case and kebab-case, “quoted”…',
      ]);
      for (const query of ['great', '5', 'done', 'ok']) assert.deepEqual(await find(query), [0], query);
      assert.deepEqual(await find('🤣'), []);
      for (const query of ['example', 'ann@example.com', 'a-b', 'e', 'https://example.com/a-b'])
        assert.deepEqual(await find(query), [1], query);
      for (const query of ['3.14', '14', 'v2ray', 'don', "don't"]) assert.deepEqual(await find(query), [2], query);
      assert.deepEqual(await find('東京*'), [3]);
      assert.deepEqual(await find('明日'), [3]);
      assert.deepEqual(await find('タワー'), []);
      for (const query of ['snake', 'kebab-case', '“kebab case”', 'quoted'])
        assert.deepEqual(await find(query), [4], query);
    },
  },
  {
    says: 'quotes, operators and 4,000 characters of anything are words or nothing, and never an error',
    async holds(storage) {
      const { find } = await hall(storage, ['and or not near a b c', "it's (text: col) ^x"]);
      assert.deepEqual(await find('AND'), [0]);
      assert.deepEqual(await find('NOT a'), [0]);
      assert.deepEqual(await find('NEAR(a b)'), [0]);
      assert.deepEqual(await find('text:col'), [1]);
      assert.deepEqual(await find('-b +c'), [0]);
      for (const query of ['"', '""', '" "', '*', '***', '()', '-', '^', ':', '\\', "'", '&|!', '<->', '💥'])
        assert.deepEqual(await find(query), [], query);
      for (const query of ['"near', 'near"', "' or near --", '{a b}', 'a ^b', 'b & !zzz | c', 'near:*', '\0near\0'])
        assert.ok(
          (await find(query)).every((place) => place === 0),
          query,
        );
      for (const piece of ['" ', '(', 'a ', 'a* ', '"a b" ', '\\', '\ud800', 'é', '字', ':*&', "'||", '\0'])
        await find(piece.repeat(4_000).slice(0, 4_000));
      await find(`${'x'.repeat(3_999)}*`);
    },
  },
  {
    says: 'what was changed is found by its new words alone, what was deleted not at all',
    async holds(storage) {
      const { find, ids, room } = await hall(storage, ['first words', 'second words', 'third words']);
      await storage.write((tx) => updateText(tx.db, ids[0] as string, { text: 'other talk', mentions: [], at: 5 }));
      const gone = await findMessage(storage.db, ids[1] as string);
      await storage.write((tx) => markDeleted(tx.db, gone as NonNullable<typeof gone>, 6));
      assert.deepEqual(await find('words'), [2]);
      assert.deepEqual(await find('first'), []);
      assert.deepEqual(await find('talk'), [0]);
      await storage.write((tx) => markRoomDeleted(tx.db, room, 7));
      assert.deepEqual(await find('talk'), []);
    },
  },
  {
    says: 'only rooms that one may see are looked through: those of one’s communities, private ones where one is in',
    async holds(storage) {
      const [ann, bob] = [await somebody(storage, 'ann'), await somebody(storage, 'bob')];
      const [open, secret, elsewhere] = [
        await roomOf(storage, ann),
        await roomOf(storage, ann, true),
        await roomOf(storage, ann),
      ];
      await storage.write(async (tx) => {
        await tx.db.insertInto('communities').values({ id: 'comm_b', name: 'B', created_at: 9 }).execute();
        await tx.db.updateTable('rooms').set({ community_id: 'comm_b' }).where('id', '=', elsewhere.id).execute();
        await addMember(tx.db, { community: 'comm_b', account: bob.account, role: 'guest', at: 9 });
      });
      for (const room of [open, secret, elsewhere])
        await say(storage, { room: room.id, author: ann.account, text: 'tea' });
      const seen = async (account: string, more: Partial<SearchAsked> = {}): Promise<string[]> => {
        const found = await searchMessages(storage.db, { account, phrases: readQuery('tea'), limit: 50, ...more });
        return found.messages.map(({ room }) => room);
      };
      assert.deepEqual(await seen(ann.account), [secret.id, open.id]);
      assert.deepEqual(await seen(bob.account), [elsewhere.id, open.id]);
      assert.deepEqual(await seen(bob.account, { room: secret.id }), []);
      assert.deepEqual(await seen(bob.account, { community: 'comm_b' }), [elsewhere.id]);
      assert.deepEqual(await seen(ann.account, { community: 'comm_b' }), []);
      assert.deepEqual(await seen(ann.account, { author: bob.account }), []);
      assert.deepEqual(await seen('acct_nobody'), []);
      await storage.write((tx) => addRoomMember(tx.db, secret.id, bob.account));
      assert.deepEqual(await seen(bob.account, { room: secret.id }), [secret.id]);
    },
  },
  {
    says: 'pages hold still while people go on talking, and the end has no next one',
    async holds(storage) {
      const { ann, room } = await hall(storage, []);
      for (let n = 1; n <= 25; n++) await say(storage, { room, author: ann, text: `tea number ${n}` });
      const asked = { account: ann, phrases: readQuery('tea'), limit: 10 };
      const seen: number[] = [];
      let page: Found | undefined;
      do {
        page = await searchMessages(storage.db, { ...asked, ...(page?.next !== undefined && { before: page.next }) });
        seen.push(...page.messages.map(({ seq }) => seq));
        await say(storage, { room, author: ann, text: 'more tea' });
      } while (page.next !== undefined);
      assert.deepEqual(
        seen,
        Array.from({ length: 25 }, (_, n) => 25 - n),
      );
      assert.deepEqual((await searchMessages(storage.db, { ...asked, before: 'msg_0' })).messages, []);
      const since = await searchMessages(storage.db, { ...asked, since: 1, limit: 200 });
      assert.equal(since.messages.length, 28);
    },
  },
];

interface Talk {
  ann: string;
  room: string;
  ids: string[];
  /** The places of what is found among what was said. */
  find(query: string): Promise<number[]>;
}

async function hall(storage: Storage, said: string[]): Promise<Talk> {
  const { account: ann } = await somebody(storage, 'ann');
  const { id: room } = await roomOf(storage, { account: ann });
  const ids: string[] = [];
  for (const text of said) ids.push(await say(storage, { room, author: ann, text }));
  return {
    ann,
    room,
    ids,
    async find(query) {
      const asked = { account: ann, phrases: readQuery(query), limit: 50 };
      return (await searchMessages(storage.db, asked)).messages.map(({ id }) => ids.indexOf(id));
    },
  };
}

let clock = 1_000;

/** Ids sort by their time, which goes on with each. */
async function say(storage: Storage, said: { room: string; author: string; text: string }): Promise<string> {
  const id = newId('msg', ++clock);
  assert.equal(typeof (await storage.post({ id, clientId: null, createdAt: clock, ...said })), 'number');
  return id;
}
