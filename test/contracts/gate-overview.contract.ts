import assert from 'node:assert/strict';
import { newId } from '#core/ids.ts';
import { entryKey, NO_GATE } from '#core/verification.ts';
import { record } from '#storage/audit.ts';
import { firstCommunity } from '#storage/communities.ts';
import { countGate, lastTestMail, TEST_MAIL } from '#storage/gate-overview.ts';
import { shutGate, writeGate } from '#storage/gate.ts';
import { insertIdentity } from '#storage/identities.ts';
import { putEntry } from '#storage/list-people.ts';
import { deleteMail, insertMail } from '#storage/mail-outbox.ts';
import type { Storage } from '#storage/storage.ts';
import { insertBinding } from '#storage/verifications.ts';
import { bar } from '#storage/verify-bars.ts';
import { insertRequest } from '#storage/verify-requests.ts';
import { somebody } from './fixtures.ts';

/** What the set-up of a gate counts, on any database. */
export const gateOverviewContract = [
  {
    says: 'the set-up of a gate counts its list, who proved it, and whom it would make a guest',
    holds: async (storage: Storage) => {
      const { id: community } = await firstCommunity(storage.db);
      const [ann, bob] = [await somebody(storage, 'ann'), await somebody(storage, 'bob')];
      await somebody(storage, 'cyd');
      await storage.write(async ({ db }) => {
        for (const userId of ['a', 'b', 'c']) {
          const entry = { key: entryKey(userId), userId, email: 'x@example.org', name: userId, until: null };
          await putEntry(db, community, { entry: { ...entry, source: 'file' }, at: 1 });
        }
        const bound = { community, name: 'somebody', how: 'link', verifiedAt: 1 } as const;
        await insertBinding(db, { ...bound, id: newId('ver'), key: 'a', subject: ann.account });
        await insertBinding(db, { ...bound, id: newId('ver'), key: 'b', subject: 'discord:5' });
        const name = { platform: 'discord', platformId: '5' };
        await insertIdentity(db, { ...name, account: bob.account, name: 'bob', proof: 'code', linkedAt: 1 });
        const asks = { community, subject: 'discord:7', platform: 'discord', platformId: '7', name: 'rook', key: 'c' };
        await insertRequest(db, { ...asks, id: newId('ask'), at: 1, expiresAt: 10 });
        await bar(db, community, { subject: 'discord:8', name: 'rook', barredAt: 1 });
      });
      const before = { entries: 3, verified: 2, pending: 1, barred: 1, held: 0, wouldBe: 1 };
      assert.deepEqual(await countGate(storage.db, community, 5), before, 'a linked name is its account’s');
      await storage.write(async ({ db }) => {
        await writeGate(db, community, { gate: { ...NO_GATE, on: true }, by: null, at: 6 });
        await shutGate(db, community);
      });
      assert.deepEqual(await countGate(storage.db, community, 10), { ...before, pending: 0, held: 1, wouldBe: 0 });
    },
  },
  {
    says: 'a test mail is on its way until it is sent or refused, and the newest counts',
    holds: async (storage: Storage) => {
      const { id: community } = await firstCommunity(storage.db);
      assert.equal(await lastTestMail(storage.db, community), null);
      const mail = await storage.write(({ db }) => insertMail(db, { kind: 'verify-test', ref: { community }, at: 1 }));
      const entry = { community, account: null, action: TEST_MAIL, subject: mail };
      await storage.write(({ db }) => record(db, { ...entry, at: 1 }));
      assert.deepEqual(await lastTestMail(storage.db, community), { at: 1, state: 'going' });
      await storage.write(({ db }) => deleteMail(db, mail));
      assert.deepEqual(await lastTestMail(storage.db, community), { at: 1, state: 'sent' });
      await storage.write(({ db }) => record(db, { ...entry, at: 2, result: 'mail-refused' }));
      assert.deepEqual(await lastTestMail(storage.db, community), { at: 2, state: 'refused' });
    },
  },
];
