import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { eraseAccount } from '#auth/erase-account.ts';
import { loginThrottle } from '#auth/login-throttle.ts';
import { changeRole, removeMember } from '#chat/change-member.ts';
import type { Chat } from '#chat/chat.ts';
import { endCommunity } from '#chat/end-community.ts';
import { makeCommunity } from '#chat/make-community.ts';
import { seeMembers, type MembersAsked } from '#chat/see-members.ts';
import { LIMITS } from '#core/limits.ts';
import type { LiveEvent } from '#core/live.ts';
import type { Role } from '#core/roles.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { personalData } from '#src/personal-data.ts';
import { disableAccount } from '#storage/accounts.ts';
import { addMember, firstCommunity, membershipsOf, roleIn } from '#storage/communities.ts';
import { insertInvite } from '#storage/invites.ts';
import { addRoomMember, insertRoom, listRooms } from '#storage/rooms.ts';
import { putSecret } from '#storage/secrets.ts';
import type { Storage } from '#storage/storage.ts';
import { somebody, type Somebody } from './fixtures.ts';

/** One thing that holds on every database, `other` being another process's way to it. */
interface MembersCase {
  says: string;
  holds(storage: Storage, other: Storage): Promise<void>;
}

/** Communities beside the first, and who is in them. */
export const membersContract: MembersCase[] = [
  {
    says: 'a community has its maker as owner and one room, and its maker is told',
    async holds(storage) {
      const { chat, told, ann, club } = await aClub(storage);
      assert.equal(await roleIn(storage.db, club, ann.account), 'owner');
      const rooms = (await listRooms(storage.db, ann.account)).filter(({ community }) => community === club);
      assert.deepEqual(
        rooms.map(({ name, private: hidden }) => [name, hidden]),
        [['square', false]],
      );
      assert.deepEqual(told, [{ kind: 'rooms', community: club, account: ann.account }]);
      await assert.rejects(makeCommunity(chat, ann, { name: 'Mine', madeBy: 'operator' }), { code: 'operator-only' });
    },
  },
  {
    says: 'one account makes so many communities and no more, also at once',
    async holds(storage, other) {
      const { chat, ann } = await aClub(storage);
      const tries = Array.from({ length: LIMITS.communitiesPerAccount + 4 }, (_, n) =>
        makeCommunity(n % 2 ? chat : { ...chat, storage: other }, ann, { name: `Club ${n}`, madeBy: 'anyone' }),
      );
      const refused = (await Promise.allSettled(tries)).filter(({ status }) => status === 'rejected');
      assert.equal(refused.length, 5);
      assert.equal((await membershipsOf(storage.db, ann.account)).length, LIMITS.communitiesPerAccount + 1);
    },
  },
  {
    says: 'of two owners who step down, leave or put each other out at once, one stays owner',
    async holds(storage, other) {
      const { chat, ann, club } = await aClub(storage);
      const bob = await joins(storage, 'bob', club, 'owner');
      const there: Chat = { ...chat, storage: other };
      const outs = [
        () => [
          changeRole(chat, ann, { community: club, account: ann.account, role: 'admin' }),
          changeRole(there, bob, { community: club, account: bob.account, role: 'admin' }),
        ],
        () => [
          removeMember(chat, ann, { community: club, account: bob.account }),
          removeMember(there, bob, { community: club, account: ann.account }),
        ],
        () => [
          removeMember(chat, ann, { community: club, account: ann.account }),
          removeMember(there, bob, { community: club, account: bob.account }),
        ],
      ];
      for (const both of outs) {
        const done = await Promise.allSettled(both());
        assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1);
        const roles = await Promise.all([ann, bob].map(({ account }) => roleIn(storage.db, club, account)));
        assert.equal(roles.filter((role) => role === 'owner').length, 1, roles.join());
        await storage.write(async (tx) => {
          for (const { account } of [ann, bob])
            await addMember(tx.db, { community: club, account, role: 'owner', at: 3 });
        });
      }
    },
  },
  {
    says: 'of two owners, one of whom deletes the account while the other steps down, one stays owner',
    async holds(storage, other) {
      const { chat, ann, club } = await aClub(storage);
      const bob = await joins(storage, 'bob', club, 'owner');
      const { clock } = chat;
      const throttle = loginThrottle(memoryRates(clock));
      const parts = { storage: other, clock, throttle, announce: () => undefined, personal: personalData([]) };
      const done = await Promise.allSettled([
        eraseAccount(parts, ann, { username: 'ann', messages: 'keep', address: '127.0.0.1' }),
        changeRole(chat, bob, { community: club, account: bob.account, role: 'admin' }),
      ]);
      assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1);
      const roles = await Promise.all([ann, bob].map(({ account }) => roleIn(storage.db, club, account)));
      assert.equal(roles.filter((role) => role === 'owner').length, 1, roles.join());
    },
  },
  {
    says: 'admins give roles below their own to those below them, and it is written down',
    async holds(storage) {
      const { chat, told, ann, club } = await aClub(storage);
      const [adam, ada] = [await joins(storage, 'adam', club, 'admin'), await joins(storage, 'ada', club, 'admin')];
      const max = await joins(storage, 'max', club, 'member');
      const give = (by: Somebody, to: Somebody, role: Role): Promise<void> =>
        changeRole(chat, by, { community: club, account: to.account, role });
      told.length = 0;
      await give(adam, max, 'moderator');
      assert.equal(await roleIn(storage.db, club, max.account), 'moderator');
      assert.deepEqual(told, [
        { kind: 'rooms', community: club, account: max.account },
        { kind: 'members', community: club },
      ]);
      for (const wrong of [
        () => give(adam, max, 'admin'),
        () => give(adam, ada, 'member'),
        () => give(adam, ann, 'member'),
      ])
        await assert.rejects(wrong(), { code: 'not-below-you', status: 403 });
      await assert.rejects(give(max, adam, 'member'), { code: 'not-allowed' });
      await give(ann, adam, 'owner');
      await give(ann, ann, 'member');
      assert.deepEqual(await acts(storage, 'member.%'), [
        ['member.role', max.account, '{"from":"member","to":"moderator"}'],
        ['member.role', adam.account, '{"from":"admin","to":"owner"}'],
        ['member.step-down', ann.account, '{"from":"owner","to":"member"}'],
      ]);
    },
  },
  {
    says: 'whoever is put out loses private rooms and the invites of their making, in this community alone',
    async holds(storage) {
      const { chat, ann, club } = await aClub(storage);
      const max = await joins(storage, 'max', club, 'moderator');
      const first = (await firstCommunity(storage.db)).id;
      const secret = {
        id: 'room_s',
        community: club,
        name: 's',
        topic: '',
        private: true,
        seq: 0,
        createdBy: ann.account,
      };
      await storage.write(async (tx) => {
        await insertRoom(tx.db, secret, 5);
        await insertRoom(tx.db, { ...secret, id: 'room_t', community: first }, 5);
        for (const room of ['room_s', 'room_t']) await addRoomMember(tx.db, room, max.account);
        for (const community of [club, first])
          await insertInvite(tx.db, `hash of ${community}`, {
            ...INVITE,
            id: `inv of ${community}`,
            community,
            createdBy: max.account,
          });
      });
      await removeMember(chat, ann, { community: club, account: max.account });
      await joinAgain(storage, max, club);
      const seen = (await listRooms(storage.db, max.account)).map(({ id }) => id);
      assert.ok(!seen.includes('room_s') && seen.includes('room_t'), seen.join());
      const left = await storage.db.selectFrom('invites').select('community_id').execute();
      assert.deepEqual(
        left.map((invite) => invite.community_id),
        [first],
      );
    },
  },
  {
    says: 'members come by rank and name, by pages that hold everybody once, and by the start of a name',
    async holds(storage) {
      const { chat, ann, club } = await aClub(storage);
      for (const [n, role] of (['guest', 'member', 'moderator', 'member', 'admin', 'member'] as const).entries())
        await joins(storage, `p${n}`, club, role);
      const gone = await joins(storage, 'p9', club, 'member');
      await storage.write((tx) => disableAccount(tx.db, gone.account, 9));
      const named = async (asked: MembersAsked): Promise<string[]> =>
        (await seeMembers(chat, ann, club, asked)).members.map(({ username }) => username);
      assert.deepEqual(await named({}), ['ann', 'p4', 'p2', 'p1', 'p3', 'p5', 'p0']);
      assert.deepEqual(await named({ roles: ['guest', 'member'], query: 'P' }), ['p1', 'p3', 'p5', 'p0']);
      assert.deepEqual(await named({ query: '%' }), []);
      const pages: string[][] = [];
      for (let after: string | null | undefined; after !== null;) {
        const page = await seeMembers(chat, ann, club, { limit: 2, ...(after && { after }) });
        pages.push(page.members.map(({ username }) => username));
        after = page.next;
        assert.deepEqual(page.counts, { guest: 1, member: 3, moderator: 1, admin: 1, owner: 1 });
      }
      assert.deepEqual(pages, [['ann', 'p4'], ['p2', 'p1'], ['p3', 'p5'], ['p0']]);
      for (const after of ['p1', 'king.p1', 'member.', "member.' or 1=1"])
        await assert.rejects(seeMembers(chat, ann, club, { after }), { code: 'bad-after' });
    },
  },
  {
    says: 'nothing is left of a community that ended but what was written down, and nothing is missing of another',
    async holds(storage) {
      const { chat, ann, club } = await aClub(storage);
      const max = await joins(storage, 'max', club, 'member');
      await storage.write(async (tx) => {
        await putSecret(tx.db, { owner: club, purpose: 'torn', sealed: 'x', key: 'k', at: 4 });
        await insertInvite(tx.db, 'hash', { ...INVITE, id: 'inv_1', community: club, createdBy: ann.account });
      });
      const [room] = (await listRooms(storage.db, ann.account)).filter(({ community }) => community === club);
      const draft = { room: room?.id ?? '', author: max.account, clientId: null, createdAt: 6 };
      for (const id of ['msg_1', 'msg_2']) await storage.post({ ...draft, id, text: 'Words' });
      await assert.rejects(endCommunity(chat, max, club, 'Club'), { code: 'not-allowed' });
      await assert.rejects(endCommunity(chat, ann, club, 'club'), { code: 'wrong-name' });
      const first = await firstCommunity(storage.db);
      await joinAgain(storage, ann, first.id, 'owner');
      await assert.rejects(endCommunity(chat, ann, first.id, first.name), { code: 'first-community' });
      await endCommunity(chat, ann, club, 'Club');
      const rows = await rowsOf(storage, club);
      assert.deepEqual(
        rows.filter((table) => table !== 'audit'),
        [],
      );
      assert.deepEqual(await acts(storage, 'community.end'), [['community.end', club, null]]);
      assert.equal((await storage.db.selectFrom('messages').selectAll().execute()).length, 0);
      assert.deepEqual(
        (await membershipsOf(storage.db, max.account)).map(({ id }) => id),
        [first.id],
      );
    },
  },
];

const INVITE = { code: null, role: 'member' as const, uses: 1, used: 0, expiresAt: null, createdAt: 5 };

/** Ann, who owns a club, and what was announced. */
async function aClub(storage: Storage) {
  const told: LiveEvent[] = [];
  let now = 10;
  const chat: Chat = {
    storage,
    clock: () => ++now,
    bus: { announce: (_, event) => void told.push(event as LiveEvent) },
  };
  const ann = await somebody(storage, 'ann');
  const { id: club } = await makeCommunity(chat, ann, { name: 'Club', madeBy: 'anyone' });
  return { chat, told, ann, club };
}

async function joins(storage: Storage, username: string, community: string, role: Role): Promise<Somebody> {
  const person = await somebody(storage, username);
  await joinAgain(storage, person, community, role);
  return person;
}

async function joinAgain(
  storage: Storage,
  { account }: Somebody,
  community: string,
  role: Role = 'member',
): Promise<void> {
  await storage.write((tx) => addMember(tx.db, { community, account, role, at: 4 }));
}

async function acts(storage: Storage, like: string): Promise<unknown[][]> {
  const rows = await storage.db.selectFrom('audit').selectAll().where('action', 'like', like).orderBy('id').execute();
  return rows.map(({ action, subject, detail }) => [action, subject, detail]);
}

/** The tables that hold something of a community, whatever tables there are. */
async function rowsOf(storage: Storage, community: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name, columns } of await storage.db.introspection.getTables()) {
    const named = columns.map((column) => column.name).filter((column) => ['community_id', 'owner'].includes(column));
    for (const column of [...named, ...(name === 'communities' ? ['id'] : [])]) {
      const query = sql`select 1 from ${sql.table(name)} where ${sql.ref(column)} = ${community}`;
      if ((await query.execute(storage.db)).rows.length > 0) found.push(name);
    }
  }
  return found;
}
