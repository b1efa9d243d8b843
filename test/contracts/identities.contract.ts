import assert from 'node:assert/strict';
import { seeIdentities, unlinkIdentity } from '#auth/identities.ts';
import {
  codeForAccount,
  codeForPerson,
  typedHere,
  typedThere,
  type LinkParts,
  type PlatformPerson,
} from '#auth/link-codes.ts';
import type { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { disableAccount } from '#storage/accounts.ts';
import { firstCommunity } from '#storage/communities.ts';
import { findSpeaker, insertIdentity } from '#storage/identities.ts';
import type { Storage } from '#storage/storage.ts';
import { somebody } from './fixtures.ts';

/** One thing that holds on every database, `other` being another process's way to it. */
interface IdentityCase {
  says: string;
  holds(storage: Storage, other: Storage): Promise<void>;
}

const MIA: PlatformPerson = { platform: 'discord', platformId: '41', name: 'Mia' };

/** A person's names on platforms: linked by codes, one account each. */
export const identitiesContract: IdentityCase[] = [
  {
    says: 'a code of an account, typed on a platform, links who typed it; audited, once',
    async holds(storage) {
      const { parts, ann } = await people(storage);
      const { code } = await codeForAccount(parts, ann.account);
      const { account, identity } = await typedThere(parts, MIA, code);
      assert.deepEqual([account.username, identity.name, identity.proof], ['ann', 'Mia', 'code']);
      await assert.rejects(typedThere(parts, MIA, code), { code: 'code-used' });
      assert.deepEqual(
        (await seeIdentities(parts, ann.account)).map(({ platform, platformId }) => [platform, platformId]),
        [['discord', '41']],
      );
      assert.deepEqual(await acts(storage), [['identity.link', 'discord:41', '{"proof":"code"}']]);
    },
  },
  {
    says: 'a code of a platform’s person, typed here, links that person; and once linked there is none to be had',
    async holds(storage) {
      const { parts, ann } = await people(storage);
      const { code } = await codeForPerson(parts, MIA);
      assert.equal((await typedHere(parts, ann.account, code)).identity.platformId, '41');
      await assert.rejects(codeForPerson(parts, MIA), { code: 'already-linked', message: /the account ann here/ });
    },
  },
  {
    says: 'a code is typed at the other end, and says so',
    async holds(storage) {
      const { parts, ann } = await people(storage);
      const mine = await codeForAccount(parts, ann.account);
      await assert.rejects(typedHere(parts, ann.account, mine.code), { code: 'code-elsewhere', message: /on Discord/ });
      const theirs = await codeForPerson(parts, MIA);
      await assert.rejects(typedThere(parts, MIA, theirs.code), { code: 'code-elsewhere', message: /in the hall/ });
      await assert.rejects(typedHere(parts, ann.account, theirs.code), { code: 'code-used' });
    },
  },
  {
    says: 'a code for somebody by name is no good for another, whoever reads it first, and stays good',
    async holds(storage) {
      const { parts, ann } = await people(storage);
      const { code } = await codeForAccount(parts, ann.account, { platform: 'twitch', login: '@Mia_Plays' });
      const there = { platform: 'twitch', platformId: '7', name: 'Mia' };
      await assert.rejects(typedThere(parts, { ...there, login: 'mallory' }, code), { code: 'code-for-another' });
      await assert.rejects(typedThere(parts, MIA, code), { code: 'code-elsewhere', message: /for Twitch/ });
      await typedThere(parts, { ...there, login: 'mia_plays' }, code);
    },
  },
  {
    says: 'on Twitch, where all read it, a code is for a name or none; one that was typed there all the same is good nowhere',
    async holds(storage) {
      const { parts, ann } = await people(storage);
      await assert.rejects(codeForAccount(parts, ann.account, { platform: 'twitch' }), {
        status: 400,
        code: 'name-needed',
        message: /your login there as "name"/,
      });
      const { code } = await codeForAccount(parts, ann.account);
      const there = { platform: 'twitch', platformId: '7', name: 'Mia', login: 'mia_plays' };
      await assert.rejects(typedThere(parts, there, code), { code: 'code-elsewhere', message: /your name on Twitch/ });
      await assert.rejects(typedThere(parts, MIA, code), { code: 'code-used' });
      assert.deepEqual(await seeIdentities(parts, ann.account), []);
    },
  },
  {
    says: 'an identity of another account is refused with what to do; the code was seen by others, and is used up',
    async holds(storage) {
      const { parts, ann, bob } = await people(storage);
      await typedThere(parts, MIA, (await codeForAccount(parts, ann.account)).code);
      const { code } = await codeForAccount(parts, bob.account);
      await assert.rejects(typedThere(parts, MIA, code), { status: 409, code: 'identity-taken', message: /unlink/ });
      await unlinkIdentity(parts, { ...MIA, account: ann.account });
      await assert.rejects(typedThere(parts, MIA, code), { code: 'code-used' });
      await typedThere(parts, MIA, (await codeForAccount(parts, bob.account)).code);
      assert.equal((await seeIdentities(parts, bob.account)).length, 1);
    },
  },
  {
    says: 'of two accounts that link one identity at once, in two processes, one has it',
    async holds(storage, other) {
      const { parts, ann, bob } = await people(storage);
      const [mine, theirs] = [await codeForAccount(parts, ann.account), await codeForAccount(parts, bob.account)];
      const told = await Promise.allSettled([
        typedThere(parts, MIA, mine.code),
        typedThere({ ...parts, storage: other }, MIA, theirs.code),
      ]);
      const codes = told.flatMap((one) => (one.status === 'rejected' ? (one.reason as AppError).code : []));
      assert.deepEqual(codes, ['identity-taken']);
    },
  },
  {
    says: 'of two people who type one code at once, in two processes, one is linked',
    async holds(storage, other) {
      const { parts, ann, bob } = await people(storage);
      const { code } = await codeForPerson(parts, MIA);
      const told = await Promise.allSettled([
        typedHere(parts, ann.account, code),
        typedHere({ ...parts, storage: other }, bob.account, code),
      ]);
      assert.equal(told.filter(({ status }) => status === 'fulfilled').length, 1);
      const rows = await storage.db.selectFrom('identities').selectAll().execute();
      assert.equal(rows.length, 1);
    },
  },
  {
    says: 'there is place for so many, also where the last ones come at once',
    async holds(storage, other) {
      const { parts, ann } = await people(storage);
      const persons = Array.from({ length: LIMITS.identitiesPerAccount + 2 }, (_, n) => ({
        ...MIA,
        platformId: `${n}`,
      }));
      const codes = await Promise.all(persons.map((person) => codeForPerson(parts, person)));
      // Tries are counted as they begin: so many at once are a guesser's.
      const calm = (n: number): LinkParts => ({
        ...parts,
        storage: n % 2 ? other : storage,
        rates: memoryRates(Date.now),
      });
      const told = await Promise.allSettled(codes.map(({ code }, n) => typedHere(calm(n), ann.account, code)));
      assert.equal(told.filter(({ status }) => status === 'fulfilled').length, LIMITS.identitiesPerAccount);
      assert.equal((await seeIdentities(parts, ann.account)).length, LIMITS.identitiesPerAccount);
    },
  },
  {
    says: 'what is unlinked was one’s own, and speaks for nobody any more',
    async holds(storage) {
      const { parts, ann, bob } = await people(storage);
      await typedThere(parts, MIA, (await codeForAccount(parts, ann.account)).code);
      await assert.rejects(unlinkIdentity(parts, { ...MIA, account: bob.account }), { code: 'unknown-identity' });
      await unlinkIdentity(parts, { ...MIA, account: ann.account });
      assert.equal(await speaker(storage), undefined);
      assert.deepEqual((await acts(storage)).at(-1), ['identity.unlink', 'discord:41', null]);
    },
  },
  {
    says: 'who speaks is told with the role in that community, and whether the account is disabled',
    async holds(storage) {
      const { parts, ann, bob } = await people(storage);
      assert.equal(await speaker(storage), undefined);
      const { code } = await codeForAccount(parts, ann.account);
      const later = await codeForAccount(parts, bob.account);
      await typedThere(parts, MIA, code);
      assert.deepEqual(await speaker(storage), { account: ann.account, disabled: false, role: 'admin' });
      assert.equal((await speaker(storage, 'comm_other'))?.role, undefined);
      for (const one of [ann, bob]) await storage.write((tx) => disableAccount(tx.db, one.account, 5));
      assert.equal((await speaker(storage))?.disabled, true);
      await assert.rejects(typedThere(parts, { ...MIA, platformId: '42' }, later.code), { code: 'account-disabled' });
    },
  },
  {
    says: 'the only sign-in of an account without a password stays',
    async holds(storage) {
      const { parts, ann } = await people(storage);
      const google = { platform: 'oidc https://accounts.google.com', platformId: '1' };
      const kept = { ...google, account: ann.account, name: 'Ann', proof: 'oauth', linkedAt: 1 } as const;
      await storage.write(async ({ db }) => {
        await insertIdentity(db, kept);
        await db.updateTable('accounts').set({ password_hash: '' }).where('id', '=', ann.account).execute();
      });
      const unlink = (): Promise<void> => unlinkIdentity(parts, { ...google, account: ann.account });
      await assert.rejects(unlink(), { status: 409, code: 'last-way-in' });
      await storage.write((tx) => insertIdentity(tx.db, { ...kept, platformId: '2' }));
      await unlink();
    },
  },
];

async function people(storage: Storage) {
  const clock = Date.now;
  const parts: LinkParts = { storage, clock, rates: memoryRates(clock), announce: () => undefined };
  return { parts, ann: await somebody(storage, 'ann', 'admin'), bob: await somebody(storage, 'bob') };
}

async function speaker(storage: Storage, community?: string) {
  const place = community ?? (await firstCommunity(storage.db)).id;
  return findSpeaker(storage.db, { platform: MIA.platform, platformId: MIA.platformId, community: place });
}

async function acts(storage: Storage) {
  const rows = await storage.db
    .selectFrom('audit')
    .select(['action', 'subject', 'detail'])
    .where('action', 'like', 'identity.%')
    .orderBy('id')
    .execute();
  return rows.map(({ action, subject, detail }) => [action, subject, detail]);
}
