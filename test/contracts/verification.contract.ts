import assert from 'node:assert/strict';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { entryKey, NO_GATE, type Prover } from '#core/verification.ts';
import { firstCommunity, roleIn } from '#storage/communities.ts';
import {
  atGate,
  findGate,
  letThrough,
  openGate,
  roleBehindGate,
  sendBack,
  shutGate,
  writeGate,
} from '#storage/gate.ts';
import { insertIdentity } from '#storage/identities.ts';
import { findEntry, putEntry } from '#storage/list-people.ts';
import { anyMailDue, deleteMail, insertMail, putOffMail, takeMails } from '#storage/mail-outbox.ts';
import { gateShutAt, knownAtGate, verifiedOn } from '#storage/place-gate.ts';
import { insertSanction } from '#storage/sanctions.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { bar, findBar, liftBar, listBars, tellOnce } from '#storage/verify-bars.ts';
import {
  bindingOf,
  bindingOfEntry,
  dueBindings,
  endBinding,
  insertBinding,
  isEntryBanned,
  listBindings,
  restorableBindings,
  restoreBinding,
} from '#storage/verifications.ts';
import {
  countDenied,
  findByLink,
  findRequest,
  insertRequest,
  listRequests,
  setProofs,
  sweepRequests,
  takeRequest,
  tryCodes,
} from '#storage/verify-requests.ts';
import { somebody } from './fixtures.ts';
import type { PostCase } from './posts.contract.ts';

/** Lists of people, who they are here, and the mails that ask them: as two processes see it. */
export const verificationContract: PostCase[] = [
  {
    says: 'the gate makes members guests who are not verified, and members again when it opens; guests of before stay guests',
    holds: (storage) =>
      inCommunity(storage, async ({ community, write }) => {
        const [ann, bob, guest] = [
          await somebody(storage, 'ann'),
          await somebody(storage, 'bob'),
          await somebody(storage, 'guest', 'guest'),
        ];
        const mod = await somebody(storage, 'mod', 'moderator');
        await write(({ db }) => verify(db, { community, key: 'a', subject: ann.account }));
        assert.equal(await atGate(storage.db, community, bob.account), 'open');
        await write(({ db }) =>
          writeGate(db, community, { gate: { ...NO_GATE, on: true, version: 1 }, by: mod.account, at: 1 }),
        );
        assert.deepEqual(await write(({ db }) => shutGate(db, community)), [bob.account]);
        const roles = async () =>
          Promise.all([ann, bob, guest, mod].map(({ account }) => roleIn(storage.db, community, account)));
        assert.deepEqual(await roles(), ['member', 'guest', 'guest', 'moderator']);
        const stands = [ann, bob].map(({ account }) => atGate(storage.db, community, account));
        assert.deepEqual(await Promise.all(stands), ['verified', 'unverified']);
        assert.equal(await write(({ db }) => roleBehindGate(db, community, bob.account, 'member')), 'guest');
        assert.equal(await write(({ db }) => roleBehindGate(db, community, bob.account, 'admin')), 'admin');
        await write(({ db }) => writeGate(db, community, { gate: { ...NO_GATE, version: 2 }, by: null, at: 2 }));
        assert.deepEqual(await write(({ db }) => openGate(db, community)), [bob.account]);
        assert.deepEqual(await roles(), ['member', 'member', 'guest', 'moderator']);
      }),
  },
  {
    says: 'what is decided about the gate is read back whole',
    holds: (storage) =>
      inCommunity(storage, async ({ community, write }) => {
        assert.deepEqual(await findGate(storage.db, community), NO_GATE);
        const gate = {
          on: true,
          mode: 'role',
          neutral: true,
          nickname: '{name}',
          linkMinutes: 60,
          second: 'replace',
          welcome: { space_1: '77' },
          roles: { space_1: '88' },
          version: 3,
        } as const;
        await write(({ db }) => writeGate(db, community, { gate, by: null, at: 1 }));
        assert.deepEqual(await findGate(storage.db, community), gate);
      }),
  },
  {
    says: 'an account is verified with each of its names elsewhere, and each of them with it',
    holds: (storage) =>
      inCommunity(storage, async ({ community, write }) => {
        const ann = await somebody(storage, 'ann');
        await write(async ({ db }) => {
          await writeGate(db, community, { gate: { ...NO_GATE, on: true }, by: null, at: 1 });
          await verify(db, { community, key: 'a', subject: 'discord:7' });
          for (const platformId of ['7', '8'])
            await insertIdentity(db, {
              platform: 'discord',
              platformId,
              account: ann.account,
              name: 'ann',
              proof: 'code',
              linkedAt: 1,
            });
        });
        assert.equal(await atGate(storage.db, community, ann.account), 'verified');
        assert.equal((await bindingOf(storage.db, community, ann.account))?.subject, 'discord:7');
        assert.deepEqual(await write(({ db }) => shutGate(db, community)), []);
        assert.equal(await write(({ db }) => sendBack(db, community, ann.account)), false);
        await write(async ({ db }) => {
          await db.updateTable('verifications').set({ subject: ann.account }).execute();
        });
        assert.equal(await atGate(storage.db, community, 'discord:8'), 'verified');
        assert.equal(await atGate(storage.db, community, 'discord:9'), 'unverified');
        assert.equal(await atGate(storage.db, community, 'slack:8'), 'unverified');
      }),
  },
  {
    says: 'an entry is one person’s, and a person has one entry: also when two processes say otherwise at once',
    holds: (storage, other) =>
      inCommunity(storage, async ({ community }) => {
        const made = (store: Storage, key: string, subject: string) =>
          store.write(({ db }) => verify(db, { community, key, subject }));
        const both = [made(storage, 'a', 'discord:1'), made(other, 'a', 'discord:2')];
        const told = await Promise.allSettled(both);
        assert.deepEqual(told.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
        const holder = await bindingOfEntry(storage.db, community, 'a');
        await assert.rejects(made(storage, 'b', holder?.subject ?? ''));
        const over = { why: 'unlinked', by: null, at: 2 } as const;
        await storage.write(({ db }) => endBinding(db, community, holder?.id ?? '', over));
        await made(storage, 'a', 'discord:3');
        const past = { community, active: false, limit: 9 };
        assert.deepEqual(
          (await listBindings(storage.db, past)).map(({ why }) => why),
          ['unlinked'],
        );
      }),
  },
  {
    says: 'a link is used up by one of 100 who open it at once, in two processes',
    holds: (storage, other) =>
      inCommunity(storage, async ({ community, write }) => {
        await ask(storage, { community, id: 'ask_1' });
        const proofs = { linkHash: 'l', codeHash: 'c', expiresAt: 100 };
        await write(({ db }) => setProofs(db, 'ask_1', proofs));
        const tries = Array.from({ length: 100 }, (_, n) =>
          (n % 2 ? storage : other).write(({ db }) => takeRequest(db, { id: 'ask_1', to: 'used', at: 50 })),
        );
        assert.equal((await Promise.all(tries)).filter(Boolean).length, 1);
        assert.equal(await findByLink(storage.db, 'l', 50), undefined);
        assert.equal(await write(({ db }) => setProofs(db, 'ask_1', { ...proofs, linkHash: 'x' })), false);
      }),
  },
  {
    says: 'of a pair at most one request is open, and the newest one wins; its time ends it',
    holds: (storage) =>
      inCommunity(storage, async ({ community, write }) => {
        for (const id of ['ask_1', 'ask_2']) {
          await ask(storage, { community, id });
          await write(({ db }) => setProofs(db, id, { linkHash: id, codeHash: id, expiresAt: 100 }));
        }
        const state = async (id: string) => (await findRequest(storage.db, id))?.state;
        assert.deepEqual([await state('ask_1'), await state('ask_2')], ['replaced', 'live']);
        assert.equal(await findByLink(storage.db, 'ask_2', 100), undefined, 'its time is over');
        await write(({ db }) => sweepRequests(db, 100));
        assert.equal(await state('ask_2'), 'over');
        await write(({ db }) => sweepRequests(db, 101 + LIMITS.verifyRequestDays * 86_400_000));
        assert.equal(await state('ask_2'), undefined);
      }),
  },
  {
    says: 'codes have five tries in all, whoever counts',
    holds: (storage, other) =>
      inCommunity(storage, async ({ community, write }) => {
        await ask(storage, { community, id: 'ask_1' });
        await write(({ db }) => setProofs(db, 'ask_1', { linkHash: 'l', codeHash: 'c', expiresAt: 100 }));
        const whose = { community, subject: 'discord:1', at: 50 };
        const tries = Array.from({ length: 20 }, (_, n) =>
          (n % 2 ? storage : other).write(({ db }) => tryCodes(db, whose)),
        );
        assert.equal((await Promise.all(tries)).filter((found) => found.length > 0).length, LIMITS.verifyCodeTries);
        assert.deepEqual(await write(({ db }) => tryCodes(db, { ...whose, subject: 'discord:2' })), []);
      }),
  },
  {
    says: 'a ban of anybody who ever had an entry bars the entry, whoever comes',
    holds: (storage) =>
      inCommunity(storage, async ({ community, write }) => {
        await write(async ({ db }) => {
          await verify(db, { community, key: 'a', subject: 'discord:1' });
          const { id } = (await bindingOfEntry(db, community, 'a'))!;
          await endBinding(db, community, id, { why: 'unlinked', by: null, at: 2 });
          await verify(db, { community, key: 'b', subject: 'discord:2' });
        });
        const banned = (key: string) => isEntryBanned(storage.db, community, key, 50);
        assert.deepEqual([await banned('a'), await banned('b')], [false, false]);
        await write(({ db }) => ban(db, community, '1'));
        assert.deepEqual([await banned('a'), await banned('b')], [true, false]);
      }),
  },
  {
    says: 'what ends with the list comes back with it, but not where somebody else has the entry by then',
    holds: (storage) =>
      inCommunity(storage, async ({ community, write }) => {
        const entry = (userId: string, until: number | null) => ({
          key: entryKey(userId),
          userId,
          email: 'a@example.org',
          name: `${userId.trim()} Lee`,
          until,
          source: 'http' as const,
        });
        const [ends, goes] = [entry(' Ann', 100), entry('Bob', 100)];
        for (const one of [ends, goes]) await write(({ db }) => putEntry(db, community, { entry: one, at: 1 }));
        await write(async ({ db }) => {
          await verify(db, { community, key: 'ann', subject: 'discord:1' });
          await verify(db, { community, key: 'bob', subject: 'discord:2' });
        });
        assert.equal((await dueBindings(storage.db, 99)).length, 0);
        const due = await dueBindings(storage.db, 100);
        assert.equal(due.length, 2);
        for (const { id } of due)
          await write(({ db }) => endBinding(db, community, id, { why: 'expired', by: null, at: 100 }));
        assert.equal(await findEntry(storage.db, community, 'ann', 100), undefined);
        assert.equal((await restorableBindings(storage.db, { community }, 101)).length, 0);
        for (const one of [ends, goes])
          await write(({ db }) => putEntry(db, community, { entry: { ...one, until: 900 }, at: 101 }));
        await write(({ db }) => verify(db, { community, key: 'bob', subject: 'discord:3' }));
        const back = await restorableBindings(storage.db, { community }, 101);
        assert.deepEqual(
          back.map(({ subject }) => subject),
          ['discord:1'],
        );
        await write(({ db }) => restoreBinding(db, back[0]!.id));
        assert.equal((await bindingOf(storage.db, community, 'discord:1'))?.endedAt, null);
        assert.equal((await restorableBindings(storage.db, { community }, 101)).length, 0);
        const seen = await listBindings(storage.db, { community, active: true, query: 'AN', limit: 9 });
        assert.deepEqual(
          seen.map(({ userId, listName }) => [userId, listName]),
          [[' Ann', 'Ann Lee']],
        );
      }),
  },
  {
    says: 'who was barred stays so until it is lifted, and denials of before count no more',
    holds: (storage) =>
      inCommunity(storage, async ({ community, write }) => {
        await ask(storage, { community, id: 'ask_1' });
        await write(({ db }) => setProofs(db, 'ask_1', { linkHash: 'l', codeHash: 'c', expiresAt: 100 }));
        await write(({ db }) => takeRequest(db, { id: 'ask_1', to: 'denied', at: 50 }));
        const whose = { community, subject: 'discord:1' };
        assert.equal(await countDenied(storage.db, { ...whose, since: 49 }), 1);
        assert.equal(await countDenied(storage.db, { ...whose, since: 50 }), 0);
        await write(({ db }) => bar(db, community, { subject: 'discord:1', name: 'rook', barredAt: 50 }));
        assert.deepEqual(
          (await listBars(storage.db, community, 9)).map(({ name }) => name),
          ['rook'],
        );
        assert.equal(await write(({ db }) => liftBar(db, { ...whose, by: 'x', at: 60 })), true);
        assert.equal(await write(({ db }) => liftBar(db, { ...whose, by: 'x', at: 61 })), false);
        assert.deepEqual(await findBar(storage.db, community, 'discord:1'), { liftedAt: 60 });
        const listed = await listRequests(storage.db, { community, state: 'denied', limit: 9 });
        assert.deepEqual(
          listed.map(({ id, userId }) => [id, userId]),
          [['ask_1', 'a']],
        );
      }),
  },
  {
    says: 'a notice is told once, also when two processes tell it',
    holds: (storage, other) =>
      inCommunity(storage, async ({ community }) => {
        const told = { community, person: 'discord:1', at: 1 };
        const both = await Promise.all([storage, other].map((one) => one.write(({ db }) => tellOnce(db, told))));
        assert.deepEqual(both.toSorted(), [false, true]);
      }),
  },
  {
    says: 'a mail is one process’s at a time, comes back when that one is killed, and waits where it was put off',
    async holds(storage, other) {
      await storage.write(async ({ db }) => {
        for (let n = 0; n < 20; n++) await insertMail(db, { kind: 'verify', ref: { request: `${n}` }, at: 10 });
      });
      assert.equal(await anyMailDue(storage.db, 9), false);
      const take = (one: Storage, at: number) => one.write(({ db }) => takeMails(db, { at, limit: 10 }));
      const hands = await Promise.all([storage, other, storage].map((one) => take(one, 10)));
      const ids = hands.flat().map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, 'none is in two hands');
      for (;;) if ((await take(other, 10)).length === 0) break;
      assert.equal(await anyMailDue(storage.db, 10), false);
      const later = 10 + LIMITS.mailTakenFor;
      const [again] = await take(storage, later);
      assert.ok(again && again.tries === 0 && again.ref['request'] !== undefined);
      await storage.write(({ db }) => putOffMail(db, again.id, later + 5));
      for (;;) if ((await take(other, later)).length === 0) break;
      const [last] = await take(storage, later + 5);
      assert.deepEqual([last?.id, last?.tries], [again.id, 1]);
      await storage.write(({ db }) => deleteMail(db, again.id));
      assert.equal((await storage.db.selectFrom('mail_outbox').select('id').execute()).length, 19);
    },
  },
  {
    says: 'many people of a platform are known at once as each is by itself: by their own name, or by their account',
    holds: (storage) =>
      inCommunity(storage, async ({ community, write }) => {
        const [ann, bob] = [await somebody(storage, 'ann', 'admin'), await somebody(storage, 'bob')];
        const link = (account: string, platform: string, platformId: string) =>
          write(({ db }) =>
            insertIdentity(db, { account, platform, platformId, name: 'x', proof: 'code' as const, linkedAt: 1 }),
          );
        await link(ann.account, 'discord', '1');
        await link(bob.account, 'discord', '2');
        const entry = { key: 'a', userId: 'A', email: 'a@example.org', name: 'Ann Lee', until: null };
        await write(({ db }) => putEntry(db, community, { entry: { ...entry, source: 'file' }, at: 1 }));
        await write(({ db }) => writeGate(db, community, { gate: { ...NO_GATE, on: true }, by: null, at: 7 }));
        assert.equal(await gateShutAt(storage.db, community), 7);
        await write(({ db }) => verify(db, { community, key: 'a', subject: 'discord:1' }));
        await write(({ db }) => verify(db, { community, key: 'gone', subject: bob.account }));
        await write(({ db }) => verify(db, { community, key: 'c', subject: 'discord:3' }));
        const people = ['1', '2', '3', '4'];
        const known = await knownAtGate(storage.db, community, { platform: 'discord', people });
        assert.deepEqual(
          people.map((one) => Object.values(known.get(one) ?? {})),
          [
            [true, 'Ann Lee', 'admin'],
            [true, null, 'member'],
            [true, null, undefined],
            [false, null, undefined],
          ],
        );
        const pages = async (after: string, limit: number) =>
          verifiedOn(storage.db, community, { platform: 'discord', after, limit });
        assert.deepEqual([await pages('', 2), await pages('2', 2), await pages('3', 2)], [['1', '2'], ['3'], []]);
        for (const [id, { verified }] of known)
          assert.equal(await atGate(storage.db, community, `discord:${id}`), verified ? 'verified' : 'unverified');
      }),
  },
  {
    says: 'who is verified is a member, and who is no more is a guest',
    holds: (storage) =>
      inCommunity(storage, async ({ community, write }) => {
        const ann = await somebody(storage, 'ann', 'guest');
        await write(({ db }) => writeGate(db, community, { gate: { ...NO_GATE, on: true }, by: null, at: 1 }));
        await write(({ db }) => verify(db, { community, key: 'a', subject: ann.account }));
        assert.equal(await write(({ db }) => letThrough(db, community, ann.account)), true);
        assert.equal(await roleIn(storage.db, community, ann.account), 'member');
        const { id } = (await bindingOf(storage.db, community, ann.account))!;
        await write(({ db }) => endBinding(db, community, id, { why: 'unlinked', by: null, at: 2 }));
        assert.equal(await write(({ db }) => sendBack(db, community, ann.account)), true);
        assert.equal(await roleIn(storage.db, community, ann.account), 'guest');
      }),
  },
];

interface World {
  community: string;
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

async function inCommunity(storage: Storage, act: (world: World) => Promise<void>): Promise<void> {
  const { id: community } = await firstCommunity(storage.db);
  await act({ community, write: (work) => storage.write(work) });
}

function verify(db: Tx['db'], made: { community: string; key: string; subject: string }): Promise<void> {
  return insertBinding(db, { ...made, id: newId('ver'), name: 'somebody', how: 'link', verifiedAt: 1 });
}

async function ask(storage: Storage, { community, id }: { community: string; id: string }): Promise<void> {
  const prover: Prover = { community, subject: 'discord:1', platform: 'discord', platformId: '1', name: 'rook' };
  await storage.write(({ db }) => insertRequest(db, { ...prover, id, key: 'a', at: 1, expiresAt: 100 }));
}

function ban(db: Tx['db'], community: string, platformId: string): Promise<void> {
  const who = { account: null, platform: 'discord', platformId, name: 'rook' };
  const when = { madeBy: null, madeAt: 1, until: null, liftedAt: null, liftedBy: null, partOf: null, was: null };
  return insertSanction(db, { ...who, ...when, id: newId('sanc'), community, kind: 'ban', reason: 'spam' });
}
