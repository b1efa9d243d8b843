import assert from 'node:assert/strict';
import { newId } from '#core/ids.ts';
import { countAccounts, disableAccount, findAccount, insertAccount, listPeople } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { addMember, ensureCommunity, firstCommunity, membershipsOf, roleIn } from '#storage/communities.ts';
import { readFact, writeFact } from '#storage/instance.ts';
import { findInvite, insertInvite, listInvites, useInvite, type Invite } from '#storage/invites.ts';
import { migrate } from '#storage/migrate.ts';
import {
  deleteExpiredSessions,
  deleteSessions,
  findSession,
  listSessions,
  liveSessions,
  touchSessions,
} from '#storage/sessions.ts';
import type { Storage } from '#storage/storage.ts';
import { somebody } from './fixtures.ts';

/** One thing that holds on every database. Each case gets a migrated database of its own with one community. */
export interface StorageCase {
  says: string;
  holds(storage: Storage): Promise<void>;
}

/** Accounts, communities, sessions, invites. */
export const storageContract: StorageCase[] = [
  {
    says: 'bringing the schema up to date a second time changes nothing',
    async holds(storage) {
      await somebody(storage, 'ann');
      const schema = await migrate(storage);
      assert.deepEqual(await migrate(storage), schema);
      assert.equal(await countAccounts(storage.db), 1);
    },
  },
  {
    says: 'there is one first community, however often the hall starts',
    async holds(storage) {
      const before = await firstCommunity(storage.db);
      await storage.write((tx) => ensureCommunity(tx.db, 'Another', 2));
      assert.deepEqual({ ...(await firstCommunity(storage.db)) }, { ...before });
    },
  },
  {
    says: 'a username is one person’s, whatever its case',
    async holds(storage) {
      const ann = await storage.write((tx) => insertAccount(tx.db, made('Ann')));
      const again = await storage.write((tx) => insertAccount(tx.db, made('aNN')));
      assert.equal(ann?.username, 'ann');
      assert.equal(again, undefined);
      assert.equal((await findAccount(storage.db, { username: 'ANN' }))?.id, ann?.id);
      assert.equal((await findAccount(storage.db, { id: ann?.id ?? '' }))?.passwordHash, 'none');
    },
  },
  {
    says: 'flags and times come back as they were put in',
    async holds(storage) {
      const at = 1_790_000_000_123;
      const ann = await storage.write((tx) => insertAccount(tx.db, { ...made('ann'), operator: true, at }));
      assert.deepEqual([ann?.operator, ann?.disabled], [true, false]);
      await storage.write((tx) => disableAccount(tx.db, ann?.id ?? '', at));
      const found = await findAccount(storage.db, { username: 'ann' });
      assert.deepEqual([found?.operator, found?.disabled], [true, true]);
      const row = await storage.db.selectFrom('accounts').select('created_at').executeTakeFirstOrThrow();
      assert.equal(row.created_at, at);
    },
  },
  {
    says: 'a member has one role in a community, the last one given',
    async holds(storage) {
      const ann = await somebody(storage, 'ann', 'member');
      const community = (await firstCommunity(storage.db)).id;
      await storage.write((tx) => addMember(tx.db, { community, account: ann.account, role: 'admin', at: Date.now() }));
      assert.equal(await roleIn(storage.db, community, ann.account), 'admin');
      assert.equal((await membershipsOf(storage.db, ann.account)).length, 1);
      assert.equal(await roleIn(storage.db, community, 'acct_nobody'), undefined);
    },
  },
  {
    says: 'people are found by the start of their username or name, in any case, and who is disabled is not listed',
    async holds(storage) {
      await Promise.all(['ann', 'anton', 'bob', 'annika'].map((name) => somebody(storage, name)));
      const gone = await somebody(storage, 'andy');
      await storage.write((tx) => disableAccount(tx.db, gone.account, 1));
      assert.deepEqual(await found(storage, 'AN'), ['ann', 'annika', 'anton']);
      assert.deepEqual(await found(storage, ''), ['ann', 'annika', 'anton', 'bob']);
      assert.deepEqual(await found(storage, 'nn'), []);
    },
  },
  {
    says: 'an underscore or a percent sign in a search is that character, not any',
    async holds(storage) {
      await Promise.all(['ann_lee', 'annxlee'].map((name) => somebody(storage, name)));
      assert.deepEqual(await found(storage, 'ann_'), ['ann_lee']);
      assert.deepEqual(await found(storage, '%'), []);
    },
  },
  {
    says: 'people with letters beyond a to z are found whatever the case',
    async holds(storage) {
      const at = 1;
      const account = await storage.write((tx) => insertAccount(tx.db, { ...made('elodie'), name: 'Élodie' }));
      const community = (await firstCommunity(storage.db)).id;
      await storage.write((tx) => addMember(tx.db, { community, account: account?.id ?? '', role: 'member', at }));
      assert.deepEqual(await found(storage, 'Élo'), ['elodie']);
      assert.deepEqual(await found(storage, 'élo'), ['elodie']);
    },
  },
  {
    says: 'a session is found by its token’s hash alone, and not once its account is disabled',
    async holds(storage) {
      const ann = await somebody(storage, 'ann', 'owner');
      const [row] = await storage.db.selectFrom('sessions').select('token_hash').execute();
      assert.ok(row && !row.token_hash.includes(ann.token), 'the token itself is not kept');
      const [session] = await findSession(storage.db, row.token_hash);
      assert.deepEqual([session?.account_id, session?.username, session?.operator], [ann.account, 'ann', 1]);
      assert.equal((await findSession(storage.db, ann.token)).length, 0);
      await storage.write((tx) => disableAccount(tx.db, ann.account, 1));
      assert.equal((await findSession(storage.db, row.token_hash)).length, 0);
      assert.deepEqual([...(await liveSessions(storage.db, [ann.id], Date.now()))], []);
    },
  },
  {
    says: 'sessions end one by one or all at once, and only one’s own',
    async holds(storage) {
      const [ann, bob] = [await somebody(storage, 'ann'), await somebody(storage, 'bob')];
      assert.deepEqual(await storage.write((tx) => deleteSessions(tx.db, ann.account, { id: bob.id })), []);
      assert.deepEqual(await storage.write((tx) => deleteSessions(tx.db, ann.account, { id: ann.id })), [ann.id]);
      assert.deepEqual([...(await liveSessions(storage.db, [ann.id, bob.id], Date.now()))], [bob.id]);
      assert.deepEqual(await storage.write((tx) => deleteSessions(tx.db, bob.account)), [bob.id]);
    },
  },
  {
    says: 'expired sessions are swept: those idle for too long, and those at their absolute end',
    async holds(storage) {
      const [ann, bob] = [await somebody(storage, 'ann'), await somebody(storage, 'bob')];
      const [{ lastSeenAt, idleMs } = { lastSeenAt: 0, idleMs: 0 }] = await listSessions(storage.db, ann.account);
      await storage.write((tx) => touchSessions(tx.db, [bob.id], lastSeenAt + idleMs));
      await storage.write((tx) => deleteExpiredSessions(tx.db, lastSeenAt + idleMs + 1));
      assert.deepEqual([...(await liveSessions(storage.db, [ann.id, bob.id], Date.now()))], [bob.id]);
      await storage.write((tx) => deleteExpiredSessions(tx.db, lastSeenAt + 2 * 86_400_000));
      assert.deepEqual([...(await liveSessions(storage.db, [bob.id], Date.now()))], []);
    },
  },
  {
    says: 'of two who race for the last use of an invite one gets it',
    async holds(storage) {
      const invite = await inviteOf(storage, { uses: 2, used: 1 });
      const won = await Promise.all([1, 2, 3].map(() => storage.write((tx) => useInvite(tx.db, invite.id))));
      assert.equal(won.filter(Boolean).length, 1);
      assert.equal(await findInvite(storage.db, invite.id, 1), undefined);
    },
  },
  {
    says: 'an invite is good until its time, and the owner’s one-time link is never listed',
    async holds(storage) {
      const invite = await inviteOf(storage, { expiresAt: 1_000 });
      await inviteOf(storage, { code: null, role: 'owner', expiresAt: null });
      assert.equal((await findInvite(storage.db, invite.id, 999))?.communityName, 'Guildhall');
      assert.equal(await findInvite(storage.db, invite.id, 1_000), undefined);
      const listed = await listInvites(storage.db, { community: invite.community, limit: 50 });
      assert.deepEqual(listed, [{ ...invite, by: null }]);
    },
  },
  {
    says: 'a fact about the instance is the last one written, and the audit keeps every entry',
    async holds(storage) {
      for (const value of ['one', 'two']) await storage.write((tx) => writeFact(tx.db, 'restored', value));
      assert.equal(await readFact(storage.db, 'restored'), 'two');
      const entry = { community: null, account: null, action: 'test', at: 5 };
      for (const _time of [1, 2]) await storage.write((tx) => record(tx.db, entry));
      assert.equal((await storage.db.selectFrom('audit').selectAll().execute()).length, 2);
    },
  },
];

const made = (username: string) => ({ username, name: username, passwordHash: 'none', operator: false, at: 1 });

async function found(storage: Storage, query: string): Promise<string[]> {
  const community = (await firstCommunity(storage.db)).id;
  return (await listPeople(storage.db, { community, query, limit: 10 })).map(({ username }) => username);
}

/** An invite whose code's hash is its id. */
async function inviteOf(storage: Storage, more: Partial<Invite>): Promise<Invite> {
  const community = (await firstCommunity(storage.db)).id;
  const fixed = { community, role: 'member' as const, uses: 1, used: 0, expiresAt: null, createdBy: null };
  const invite = { id: newId('inv'), code: 'ABC', createdAt: 1, ...fixed, ...more };
  await storage.write((tx) => insertInvite(tx.db, invite.id, invite));
  return invite;
}
