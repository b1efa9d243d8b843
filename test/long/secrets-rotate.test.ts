import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RESEAL_MOST } from '#contracts/vault.ts';
import { rotateSecrets } from '#secrets/rotate.ts';
import { secretUses } from '#secrets/secrets.ts';
import { countByKey, putSecret } from '#storage/secrets.ts';
import { freshStorage, temporaryFolder } from '#test/contracts/fixtures.ts';
import { keyOf, vaultInHand } from '#test/support/vault-in-hand.ts';

const SECRETS = 10_000;

/** What nobody holds any more goes before the heap is measured: when it would go by itself says nothing of what is held. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** MB that the heap may grow while they rotate. All rows at once with both their texts would be about 15 MB more each time they are held. */
const GROWTH_MB = 40;

test(`${SECRETS} secrets rotate a batch at a time in bounded memory, while they are used`, async (t) => {
  const storage = await freshStorage(t);
  const vault = await vaultInHand(join(temporaryFolder(t), 'vault'));
  t.after(() => vault.close());
  for (let from = 0; from < SECRETS; from += 500) {
    const sealed = await Promise.all(
      Array.from({ length: 500 }, async (_, n) => {
        const name = { owner: `acct_${from + n}`, purpose: 'torn' };
        const text = await vault.seal(`key of ${name.owner}`, name);
        return { ...name, sealed: text, key: keyOf(text) ?? '', at: 1 };
      }),
    );
    await storage.write(async (tx) => {
      for (const row of sealed) await putSecret(tx.db, row);
    });
  }
  const uses = secretUses({ storage, vault, clock: Date.now });
  const asked = { provider: 'torn', method: 'GET', path: '/v2/user' } as const;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const sizes: number[] = [];
  let calls: Promise<unknown> = Promise.resolve();
  const before = heap();
  const done = await rotateSecrets({
    storage,
    vault,
    wait: async () => undefined,
    onProgress({ resealed }) {
      sizes.push(heap());
      const name = { owner: `acct_${(resealed * 7) % SECRETS}`, purpose: 'torn' };
      calls = Promise.all([calls, uses.call(name, asked, new AbortController().signal)]);
    },
  });
  await calls;
  t.diagnostic(
    `heap ${before.toFixed(0)} MB before, ${Math.max(...sizes).toFixed(0)} MB at most, rss ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  );
  assert.ok(sizes.length >= SECRETS / RESEAL_MOST, 'told after each batch');
  assert.ok(Math.max(...sizes) - before < GROWTH_MB, sizes.map(Math.round).join(' '));
  assert.deepEqual([done.resealed, done.unopened], [SECRETS, 0]);
  assert.deepEqual([...(await countByKey(storage.db))], [[done.key, SECRETS]]);
});
