import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { RESEAL_MOST } from '#contracts/vault.ts';
import { LIMITS } from '#core/limits.ts';
import type { SecretName } from '#core/secret.ts';
import { rotateSecrets, type RotationProgress } from '#secrets/rotate.ts';
import { secretsOf, secretUses } from '#secrets/secrets.ts';
import { insertIdentity } from '#storage/identities.ts';
import { countByKey, findSecret, putSecret } from '#storage/secrets.ts';
import type { Storage } from '#storage/storage.ts';
import { long, seed } from '#test/support/seed.ts';
import { keyOf, type VaultInHand, vaultInHand } from '#test/support/vault-in-hand.ts';
import { somebody } from './fixtures.ts';
import type { PostCase } from './posts.contract.ts';

/** What people entrust: kept, used, forgotten, and sealed anew while all of that goes on. */
export const secretsContract: PostCase[] = [
  {
    says: 'a secret is kept sealed, and the newest one is what opens',
    holds: (storage) =>
      withVault(storage, async ({ secrets, stored, opens }) => {
        await secrets.set(TORN, 'CANARY-one', 'acct_ann');
        assert.doesNotMatch(JSON.stringify(await stored()), /CANARY/);
        await secrets.set(TORN, 'CANARY-two', 'acct_ann');
        assert.equal(await opens(TORN), 'CANARY-two');
        assert.equal((await stored()).length, 1);
      }),
  },
  {
    says: 'listing tells what it is for, when it was set and what used it last; a new value was used by nothing',
    holds: (storage) =>
      withVault(storage, async ({ secrets, uses, clock }) => {
        await secrets.set(TORN, 'x', 'acct_ann');
        const setAt = clock.now;
        const facts = { purpose: 'torn', setAt };
        assert.deepEqual(await secrets.list('acct_ann'), [{ ...facts, lastUsedAt: null, lastUsedBy: null }]);
        clock.now += 1_000;
        await secrets.check(TORN, 'acct_ann');
        assert.deepEqual(await secrets.list('acct_ann'), [{ ...facts, lastUsedAt: clock.now, lastUsedBy: 'check' }]);
        clock.now += 1_000;
        const asked = { provider: 'torn', method: 'GET', path: '/v2/user' } as const;
        await uses.call(TORN, asked, new AbortController().signal);
        const first = clock.now;
        clock.now += LIMITS.secretUseEvery - 1;
        await uses.call(TORN, asked, new AbortController().signal);
        assert.deepEqual(await secrets.list('acct_ann'), [{ ...facts, lastUsedAt: first, lastUsedBy: 'torn' }]);
        await secrets.set(TORN, 'y', 'acct_ann');
        assert.equal((await secrets.list('acct_ann'))[0]?.lastUsedAt, null);
        assert.deepEqual(await secrets.list('acct_bob'), []);
      }),
  },
  {
    says: 'what somebody moves to another owner or purpose in the database is not opened there',
    holds: (storage) =>
      withVault(storage, async ({ secrets, storage: { write } }) => {
        await secrets.set(TORN, 'mine', 'acct_ann');
        const row = await findSecret(storage.db, TORN);
        for (const to of [
          { owner: 'acct_bob', purpose: 'torn' },
          { owner: 'acct_ann', purpose: 'other' },
        ]) {
          await write((tx) => putSecret(tx.db, { ...to, sealed: row?.sealed ?? '', key: row?.key ?? '', at: 1 }));
          await assert.rejects(secrets.check(to, to.owner), { status: 409, code: 'cannot-open' });
        }
        await secrets.check(TORN, 'acct_ann');
      }),
  },
  {
    says: 'what somebody entrusted on a platform is the account’s too while it is linked; what that keeps anew takes its place',
    holds: (storage) =>
      withVault(storage, async ({ secrets, uses, stored }) => {
        const { account } = await somebody(storage, 'ann');
        const [there, here] = [
          { owner: 'discord:1', purpose: 'torn' },
          { owner: account, purpose: 'torn' },
        ];
        await secrets.set(there, 'typed there', there.owner);
        assert.equal(await uses.has(here), false);
        const identity = {
          platform: 'discord',
          platformId: '1',
          account,
          name: 'Mia',
          proof: 'code',
          linkedAt: 1,
        } as const;
        await storage.write((tx) => insertIdentity(tx.db, identity));
        assert.equal(await uses.has(here), true);
        await secrets.check(here, account);
        assert.deepEqual(
          (await secrets.list(account)).map(({ purpose, lastUsedBy }) => [purpose, lastUsedBy]),
          [['torn', 'check']],
        );
        await secrets.set(here, 'typed here', account);
        assert.deepEqual(
          (await stored()).map(({ owner }) => owner),
          [account],
        );
        await secrets.set(there, 'typed there again', there.owner);
        await secrets.forget(here, account);
        assert.deepEqual(await stored(), []);
      }),
  },
  {
    says: 'forgetting takes the row away; what is not there is 404 for check, forget and use',
    holds: (storage) =>
      withVault(storage, async ({ secrets, uses, stored }) => {
        await secrets.set(TORN, 'x', 'acct_ann');
        await secrets.forget(TORN, 'acct_ann');
        assert.deepEqual(await stored(), []);
        assert.equal(await uses.has(TORN), false);
        const missing = { status: 404, code: 'unknown-secret' };
        await assert.rejects(secrets.forget(TORN, 'acct_ann'), missing);
        await assert.rejects(secrets.check(TORN, 'acct_ann'), missing);
        const asked = { provider: 'torn', method: 'GET', path: '/' } as const;
        await assert.rejects(uses.call(TORN, asked, new AbortController().signal), missing);
      }),
  },
  {
    says: 'each act is written down with its purpose, a community’s under the community, and no value',
    holds: (storage) =>
      withVault(storage, async ({ secrets }) => {
        const theirs = { owner: 'comm_one', purpose: 'torn' };
        await secrets.set(TORN, 'CANARY', 'acct_ann');
        await secrets.check(TORN, 'acct_ann');
        await secrets.set(theirs, 'CANARY', 'acct_ann');
        await secrets.forget(theirs, 'acct_ann');
        const rows = await storage.db.selectFrom('audit').selectAll().where('action', 'like', 'secret.%').execute();
        const told = rows.map((row) => [row.action, row.subject, row.community_id, row.account_id]).toSorted();
        assert.deepEqual(
          told,
          [
            ['secret.check', 'torn', null, 'acct_ann'],
            ['secret.forget', 'torn', 'comm_one', 'acct_ann'],
            ['secret.set', 'torn', 'comm_one', 'acct_ann'],
            ['secret.set', 'torn', null, 'acct_ann'],
          ].toSorted(),
        );
        assert.doesNotMatch(JSON.stringify(rows), /CANARY/);
      }),
  },
  {
    says: 'an owner has place for so many secrets, also when they come at once, and may always replace one',
    holds: (storage) =>
      withVault(storage, async ({ secrets }) => {
        const names = Array.from({ length: LIMITS.secretsPerOwner + 5 }, (_, n) => ({ ...TORN, purpose: `p${n}` }));
        const tried = await Promise.allSettled(names.map((name) => secrets.set(name, 'x', 'acct_ann')));
        const refused = tried.filter((one) => one.status === 'rejected').map((one) => one.reason.code as string);
        assert.deepEqual(
          refused,
          Array.from({ length: 5 }, () => 'too-many-secrets'),
        );
        const [one] = await secrets.list('acct_ann');
        await secrets.set({ ...TORN, purpose: one?.purpose ?? '' }, 'y', 'acct_ann');
        await secrets.set({ ...TORN, owner: 'acct_bob' }, 'x', 'acct_bob');
      }),
  },
  {
    says: 'what was not sealed is not kept, and not quoted',
    holds: (storage) =>
      withVault(storage, async ({ uses, stored }) => {
        const tried = uses.keep(TORN, 'CANARY in the plain');
        await assert.rejects(tried, ({ code, message }: { code: string; message: string }) => {
          assert.doesNotMatch(message, /CANARY/);
          return code === 'not-sealed';
        });
        assert.deepEqual(await stored(), []);
      }),
  },
  {
    says: 'a rotation seals everything with the new key, also what the old one sealed while it went on',
    holds: (storage) =>
      withVault(storage, async ({ vault, stored, opens, fill }) => {
        await fill(RESEAL_MOST * 2 + 1);
        const old = await vault.seal('late', { owner: 'acct_late', purpose: 'torn' });
        const seen: RotationProgress[] = [];
        const wait = (): Promise<void> =>
          storage.write((tx) =>
            putSecret(tx.db, { owner: 'acct_late', purpose: 'torn', sealed: old, key: keyOf(old) ?? '', at: 1 }),
          );
        const done = await rotateSecrets({ storage, vault, wait, onProgress: (so) => seen.push(so) });
        assert.deepEqual([done.resealed, done.unopened], [RESEAL_MOST * 2 + 2, 0]);
        assert.deepEqual([...(await countByKey(storage.db))], [[done.key, RESEAL_MOST * 2 + 2]]);
        assert.deepEqual(
          seen.map(({ pass, resealed }) => [pass, resealed]),
          [
            [1, 100],
            [1, 200],
            [1, 201],
            [2, 201],
            [2, 202],
          ],
        );
        assert.equal(vault.keys.status().current, done.key);
        assert.equal(await opens({ owner: 'acct_late', purpose: 'torn' }), 'late');
        for (const { owner, purpose, sealed } of await stored()) await vault.opened({ owner, purpose, sealed });
      }),
  },
  {
    says: 'a rotation leaves what no key opens as it is, counts it, and goes on',
    holds: (storage) =>
      withVault(storage, async ({ vault, fill }) => {
        await fill(3);
        const strange = { owner: 'acct_b', purpose: 'torn', sealed: 'gs1.nobody.AAAA.AAAA', key: 'nobody', at: 1 };
        await storage.write((tx) => putSecret(tx.db, strange));
        const done = await rotateSecrets({ storage, vault, wait: NO_WAIT });
        assert.deepEqual([done.resealed, done.unopened], [3, 1]);
        assert.equal((await findSecret(storage.db, strange))?.sealed, strange.sealed);
      }),
  },
  {
    says: 'two rotations at once leave everything readable by the current key',
    holds: (storage, other) =>
      withVault(storage, async ({ vault, stored, fill }) => {
        await fill(130);
        const ends = await Promise.all([
          rotateSecrets({ storage, vault, wait: () => turn() }),
          rotateSecrets({ storage: other, vault, wait: () => turn() }),
        ]);
        const good = vault.good();
        assert.ok(ends.some(({ key }) => good.includes(key)));
        for (const row of await stored()) {
          assert.ok(good.includes(row.key), 'by a key that is not retired');
          assert.match(await vault.opened(row), /^value of /);
        }
      }),
  },
  {
    says: 'whatever is set, forgotten and rotated at once, and wherever a rotation ends, each secret opens by the current or the next key and is the last that was set',
    holds: (storage, other) =>
      withVault(storage, async (ground) => {
        await fc.assert(
          fc.asyncProperty(fc.array(ACT, { minLength: 1, maxLength: 25 }), (acts) => playOut(ground, other, acts)),
          { seed, numRuns: long ? 200 : 15 },
        );
      }),
  },
];

const TORN: SecretName = { owner: 'acct_ann', purpose: 'torn' };
const NO_WAIT = async (): Promise<void> => undefined;

/** What may happen at once. `dies`: the rotation ends at so many of its questions to the vault. */
type Act = { kind: 'set' | 'forget'; who: number } | { kind: 'rotate'; dies: number };

const who = fc.nat(4);
const ACT: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forget' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rotate' as const), dies: fc.integer({ min: 0, max: 6 }) }) },
);

/** Starts all at once, each owner's own acts in their order, and looks at what is left. */
async function playOut(ground: Ground, other: Storage, acts: Act[]): Promise<void> {
  const { storage, vault, secrets, stored } = ground;
  const left = new Map<string, string | undefined>();
  const lines = new Map<number, Promise<unknown>>();
  const rotations: Promise<unknown>[] = [];
  for (const [n, act] of acts.entries()) {
    if (act.kind === 'rotate') {
      const dying = { storage: n % 2 ? storage : other, vault: mortal(vault, act.dies), wait: () => turn() };
      rotations.push(rotateSecrets(dying).catch(() => undefined));
      continue;
    }
    const name = { owner: `acct_${act.who}`, purpose: 'torn' };
    const value = `value of act ${n}`;
    left.set(name.owner, act.kind === 'set' ? value : undefined);
    const run = (): Promise<void> =>
      act.kind === 'set'
        ? secrets.set(name, value, name.owner)
        : secrets.forget(name, name.owner).catch(() => undefined);
    lines.set(act.who, (lines.get(act.who) ?? Promise.resolve()).then(run));
  }
  await Promise.all([...lines.values(), ...rotations]);
  const rows = await stored();
  for (const row of rows) assert.equal(await vault.opened(row), left.get(row.owner));
  for (const [owner, value] of left)
    assert.equal(
      rows.some((row) => row.owner === owner),
      value !== undefined,
      owner,
    );
  await rotateSecrets({ storage, vault, wait: NO_WAIT });
  for (const row of await stored()) assert.ok(vault.good().includes(row.key), 'the next rotation heals the rest');
  await storage.write((tx) => tx.db.deleteFrom('secrets').execute());
}

/** Answers so many questions, then none: as seen by a process that is killed. */
function mortal(vault: VaultInHand, questions: number): VaultInHand {
  let left = questions;
  const live = async <T>(ask: () => Promise<T>): Promise<T> => {
    left -= 1;
    if (left < 0) throw new Error('killed here');
    return ask();
  };
  return {
    ...vault,
    rotation: (step) => live(() => vault.rotation(step)),
    reseal: (secrets) => live(() => vault.reseal(secrets)),
  };
}

interface Ground {
  storage: Storage;
  vault: VaultInHand;
  secrets: ReturnType<typeof secretsOf>;
  uses: ReturnType<typeof secretUses>;
  clock: { now: number };
  /** All rows, as the vault needs them. */
  stored(): Promise<{ owner: string; purpose: string; sealed: string; key: string }[]>;
  /** What the row of this name holds. */
  opens(name: SecretName): Promise<string>;
  /** So many secrets of as many people. */
  fill(count: number): Promise<void>;
}

/** A vault with keys of its own, beside the case's database. */
async function withVault(storage: Storage, act: (ground: Ground) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-unit-'));
  const vault = await vaultInHand(join(folder, 'vault'));
  const clock = { now: 1_000_000 };
  const parts = { storage, vault, clock: () => clock.now };
  try {
    await act({
      storage,
      vault,
      clock,
      secrets: secretsOf(parts),
      uses: secretUses(parts),
      stored: () => storage.db.selectFrom('secrets').select(['owner', 'purpose', 'sealed', 'key_id as key']).execute(),
      async opens(name) {
        const row = await findSecret(storage.db, name);
        return vault.opened({ ...name, sealed: row?.sealed ?? '' });
      },
      fill: (count) => fillWith(storage, vault, count),
    });
  } finally {
    await vault.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fillWith(storage: Storage, vault: VaultInHand, count: number): Promise<void> {
  for (let from = 0; from < count; from += 500) {
    const some = Array.from({ length: Math.min(500, count - from) }, (_, n) => `acct_f${from + n}`);
    const sealed = await Promise.all(
      some.map(async (owner) => [owner, await vault.seal(`value of ${owner}`, { owner, purpose: 'torn' })] as const),
    );
    await storage.write(async (tx) => {
      for (const [owner, text] of sealed)
        await putSecret(tx.db, { owner, purpose: 'torn', sealed: text, key: keyOf(text) ?? '', at: 1 });
    });
  }
}
