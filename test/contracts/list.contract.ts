import assert from 'node:assert/strict';
import { systemClock } from '#core/clock.ts';
import { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { ReadRow } from '#core/list-file.ts';
import type { By } from '#core/moderation.ts';
import type { Missing, PeopleList } from '#core/verification-list.ts';
import { entryKey, type Verification } from '#core/verification.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { verifyFeature } from '#features/verify/index.ts';
import { verifyParts } from '#src/verifying.ts';
import { readConfig } from '#src/config.ts';
import { newId } from '#core/ids.ts';
import { firstCommunity } from '#storage/communities.ts';
import { insertSanction } from '#storage/sanctions.ts';
import type { Storage } from '#storage/storage.ts';
import { insertBinding } from '#storage/verifications.ts';
import { insertRequest, setProofs, takeRequest } from '#storage/verify-requests.ts';
import { somebody } from './fixtures.ts';
import type { PostCase } from './posts.contract.ts';

const MANY = LIMITS.listAtOnce + 20;

/** The list of people: imports, and how its entries stand. */
export const listContract: PostCase[] = [
  {
    says: 'of two processes that take the same import at once one does; of two imports that met the later one is told',
    async holds(storage, other) {
      const { by, lists } = await school(storage, other);
      const [here, there] = lists;
      for (const count of [3, MANY]) {
        const made = await preview(here, by, entries(count));
        const told = await Promise.allSettled([here, there].map((one) => confirm(one, by, made.id)));
        assert.deepEqual(told.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
        assert.equal(await size(storage), count);
      }
      const one = await preview(here, by, entries(3), 'remove');
      await there.put({ by, rows: rows([entry('new')]), missing: 'keep', skipBad: false });
      await assert.rejects(
        confirm(here, by, one.id),
        (error) => error instanceof AppError && error.code === 'list-changed',
      );
      assert.equal(await size(storage), MANY + 1);
    },
  },
  {
    says: 'a large import keeps, changes, adds and removes as a small one does',
    async holds(storage, other) {
      const { by, lists } = await school(storage, other);
      const [list] = lists;
      await take(list, by, entries(MANY));
      const renamed = entries(MANY).map((one) => ({ ...one, name: 'Renamed' }));
      const kept = await take(list, by, [...renamed.slice(1), entry('x')]);
      assert.deepEqual(kept.counts, { added: 1, changed: MANY - 1, same: 0, removed: 0, bad: 0 });
      assert.deepEqual([await size(storage), (await list.entry(by, 'p0')).name], [MANY + 1, 'P']);
      const all = await take(list, by, renamed.slice(0, 2), 'remove');
      assert.deepEqual(all.counts, { added: 0, changed: 1, same: 1, removed: MANY - 1, bad: 0 });
      const { entries: left } = await list.entries(by, { limit: 10 });
      assert.deepEqual(
        left.map(({ userId, name, source }) => [userId, name, source]),
        [
          ['p0', 'Renamed', 'file'],
          ['p1', 'Renamed', 'file'],
        ],
      );
    },
  },
  {
    says: 'an entry stands as its people do: verified, pending, denied, banned, over, or none of it',
    async holds(storage, other) {
      const { by, lists, community } = await school(storage, other);
      const [list] = lists;
      const at = systemClock();
      const ids = ['banned', 'denied', 'gone', 'nobody', 'over', 'pending', 'verified'];
      await take(
        list,
        by,
        ids.map((id) => ({ ...entry(id), until: id === 'over' ? 1 : null })),
      );
      await storage.write(async ({ db }) => {
        const bound = { community, name: 'somebody', how: 'link', verifiedAt: 1 } as const;
        await insertBinding(db, { ...bound, id: newId('ver'), key: 'verified', subject: 'discord:1' });
        await insertBinding(db, { ...bound, id: newId('ver'), key: 'banned', subject: 'discord:2' });
        await insertBinding(db, { ...bound, id: newId('ver'), key: 'gone', subject: 'discord:3' });
        const who = { account: null, platform: 'discord', name: 'rook', community, reason: 'spam' };
        const when = { madeBy: null, madeAt: 1, until: null, liftedAt: null, liftedBy: null, partOf: null, was: null };
        await insertSanction(db, { ...who, ...when, id: newId('sanc'), platformId: '2', kind: 'ban' });
        await insertSanction(db, { ...who, ...when, id: newId('sanc'), platformId: '3', kind: 'mute' });
        for (const key of ['pending', 'denied']) {
          const asks = { community, subject: `slack:${key}`, platform: 'slack', platformId: key, name: key };
          await insertRequest(db, { ...asks, id: `ask_${key}`, key, at, expiresAt: at + 60_000 });
          const proofs = { linkHash: key, codeHash: key, expiresAt: at + 60_000 };
          await setProofs(db, `ask_${key}`, proofs);
        }
        await takeRequest(db, { id: 'ask_denied', to: 'denied', at });
      });
      const states = (await list.entries(by, { limit: 10 })).entries.map(({ userId, state }) => `${userId}: ${state}`);
      assert.deepEqual(states, [
        'banned: banned',
        'denied: denied',
        'gone: verified',
        'nobody: unverified',
        'over: over',
        'pending: pending',
        'verified: verified',
      ]);
    },
  },
  {
    says: 'two processes that write to everybody at once write to each once',
    async holds(storage, other) {
      const { by, lists, verifications } = await school(storage, other);
      await take(lists[0], by, entries(LIMITS.reachOutMails * 3));
      await lists[0].startReachOut(by);
      await Promise.all(verifications.map((one) => one.sweep()));
      const mails = await storage.db.selectFrom('mail_outbox').select('ref').execute();
      assert.equal(new Set(mails.map(({ ref }) => ref)).size, mails.length);
      const sent = await lists[1].reachOut(by);
      assert.equal(sent?.sent, mails.length);
      assert.equal(mails.length, LIMITS.reachOutMails * 3);
    },
  },
];

async function school(storage: Storage, other: Storage) {
  const { id: community } = await firstCommunity(storage.db);
  const by: By = { account: (await somebody(storage, 'olga', 'owner')).account, role: 'owner', community };
  const [here, there] = [verificationOn(storage), verificationOn(other)];
  return { community, by, verifications: [here, there], lists: [here.list, there.list] as const };
}

function verificationOn(storage: Storage): Verification {
  const clock = systemClock;
  const chat = { storage, clock, bus: { announce: () => undefined } };
  const parts = verifyParts({ ...chat, rates: memoryRates(clock), config: readConfig({}, '/nowhere') });
  const { verification } = verifyFeature(() => parts);
  if (!verification) throw new Error('the feature has no gate');
  return verification;
}

type Row = ReturnType<typeof entry>;

function entry(userId: string) {
  return { userId, email: `${userId}@example.org`, name: 'P', until: null as number | null };
}

function entries(count: number): Row[] {
  return Array.from({ length: count }, (_, n) => entry(`p${n}`));
}

async function* rows(all: Row[]): AsyncGenerator<ReadRow> {
  for (const [n, one] of all.entries()) yield { line: n + 1, key: entryKey(one.userId), entry: one };
}

function preview(list: PeopleList, by: By, all: Row[], missing: Missing = 'keep') {
  return list.preview({ by, rows: rows(all), missing });
}

function confirm(list: PeopleList, by: By, id: string) {
  return list.confirm({ by, id, skipBad: false });
}

async function take(list: PeopleList, by: By, all: Row[], missing: Missing = 'keep') {
  return confirm(list, by, (await preview(list, by, all, missing)).id);
}

async function size({ db }: Storage): Promise<number> {
  return (await db.selectFrom('list_people').select('key').execute()).length;
}
