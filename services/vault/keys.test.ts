import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Belonging, readSealed, SUITE, seal } from '#contracts/sealed.ts';
import type { SealedSecret } from '#contracts/vault.ts';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { seed } from '#test/support/seed.ts';
import { type Keys, openKeys } from './keys.ts';
import { Refusal } from './refusal.ts';

const MINE = { owner: 'account_1', purpose: 'torn' };

async function sealedBy(keys: Keys, value: string, belonging: Belonging = MINE): Promise<SealedSecret> {
  return { ...belonging, sealed: await seal(keys.publicKey(), Buffer.from(value), belonging) };
}

async function opened(keys: Keys, secret: SealedSecret): Promise<string> {
  return Buffer.from(await keys.open(secret)).toString();
}

const refusedWith =
  (code: string, says: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.code === code && says.test(error.message);

describe('the vault’s keys', () => {
  test('are made at the first start, and are the same at the next', async (t) => {
    const folder = join(temporaryFolder(t), 'vault');
    const first = await openKeys(folder, { clock: () => 1_000 });
    assert.deepEqual([first.made, first.status().state, first.status().madeAt], [true, 'ready', 1_000]);
    const secret = await sealedBy(first, 'what was typed');
    first.close();
    const second = await openKeys(folder);
    t.after(() => second.close());
    assert.deepEqual([second.made, second.publicKey()], [false, { ...second.publicKey(), id: first.status().current }]);
    assert.equal(await opened(second, secret), 'what was typed');
  });

  test('open a vector that others published for this suite', async () => {
    const secret = await SUITE.open(
      {
        recipientKey: await SUITE.kem.deserializePrivateKey(hex(VECTOR.skRm)),
        info: hex(VECTOR.info),
        enc: hex(VECTOR.enc),
      },
      hex(VECTOR.ct),
      hex(VECTOR.aad),
    );
    assert.equal(Buffer.from(secret).toString(), 'Beauty is truth, truth beauty');
  });

  test('open a secret for its owner and purpose, and for no other pair', async (t) => {
    const keys = await openKeys(temporaryFolder(t));
    t.after(() => keys.close());
    const word = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('torn', 'account_1', '["', '","', '', 'discord:1'),
    );
    const pair = fc.record({ owner: word, purpose: word });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), pair, pair, async (value, one, other) => {
        const sealed = await seal(keys.publicKey(), new Uint8Array(value), one);
        assert.deepEqual(await keys.open({ sealed, ...one }), new Uint8Array(value));
        if (one.owner === other.owner && one.purpose === other.purpose) return;
        await assert.rejects(keys.open({ sealed, ...other }), refusedWith('cannot-open', /somebody or something else/));
      }),
      { seed, numRuns: 150 },
    );
  });

  test('do not confuse where the owner ends and the purpose begins', async (t) => {
    const keys = await openKeys(temporaryFolder(t));
    t.after(() => keys.close());
    const { sealed } = await sealedBy(keys, 'x', { owner: 'ab', purpose: 'c' });
    await assert.rejects(keys.open({ sealed, owner: 'a', purpose: 'bc' }), refusedWith('cannot-open', /else/));
  });

  test('do not open a text in which anything was changed, and no other text', async (t) => {
    const keys = await openKeys(temporaryFolder(t));
    t.after(() => keys.close());
    const { sealed } = await sealedBy(keys, 'what was typed');
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: sealed.length - 1 }),
        fc.constantFrom('A', 'z', '7', '.', '!'),
        async (at, sign) => {
          const changed = sealed.slice(0, at) + sign + sealed.slice(at + 1);
          if (sameBytes(changed, sealed)) return;
          await assert.rejects(keys.open({ ...MINE, sealed: changed }), refusedWith('cannot-open', /./));
        },
      ),
      { seed, numRuns: 200 },
    );
    for (const text of ['', 'gs1', 'gs1....', 'hello', `${sealed}.x`, 'gs1.a.b.c'])
      await assert.rejects(keys.open({ ...MINE, sealed: text }), refusedWith('cannot-open', /./), text);
  });

  test('say which key is not here', async (t) => {
    const [here, elsewhere] = [await openKeys(temporaryFolder(t)), await openKeys(temporaryFolder(t))];
    t.after(() => [here, elsewhere].forEach((keys) => keys.close()));
    const secret = await sealedBy(elsewhere, 'x');
    const says = new RegExp(`sealed by the key ${elsewhere.publicKey().id}, which is not here`);
    await assert.rejects(here.open(secret), refusedWith('cannot-open', says));
  });

  test('are held by one vault at a time', async (t) => {
    const folder = temporaryFolder(t);
    const first = await openKeys(folder);
    await assert.rejects(openKeys(folder), /Another vault runs on .* End that one first/);
    first.close();
    (await openKeys(folder)).close();
  });

  test('are nowhere in what the vault shows of itself', async (t) => {
    const folder = temporaryFolder(t);
    const keys = await openKeys(folder);
    t.after(() => keys.close());
    const file = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as { keys: { private: string }[] };
    const text = JSON.stringify([keys, keys.publicKey(), keys.status()]);
    for (const key of file.keys) {
      assert.equal(key.private.length, 64);
      for (const form of ['hex', 'base64', 'base64url'] as const)
        assert.ok(!text.includes(Buffer.from(key.private, 'hex').toString(form)));
    }
  });
});

describe('a rotation', () => {
  test('seals with the next key from its beginning, and opens what either sealed', async (t) => {
    const keys = await openKeys(temporaryFolder(t));
    t.after(() => keys.close());
    const before = await sealedBy(keys, 'before');
    const old = keys.publicKey().id;
    const { next, current } = await keys.begin();
    assert.deepEqual([current, next], [old, keys.publicKey().id]);
    assert.notEqual(next, old);
    const after = await sealedBy(keys, 'after');
    assert.deepEqual([await opened(keys, before), await opened(keys, after)], ['before', 'after']);
    const ended = await keys.end(next ?? '');
    assert.deepEqual([ended.current, ended.next, ended.retired], [next, undefined, [old]]);
    assert.deepEqual([await opened(keys, before), await opened(keys, after)], ['before', 'after']);
  });

  test('reseals with the next key; what cannot be opened is told apart and harms no other', async (t) => {
    const [keys, elsewhere] = [await openKeys(temporaryFolder(t)), await openKeys(temporaryFolder(t))];
    t.after(() => [keys, elsewhere].forEach((each) => each.close()));
    const secrets = [await sealedBy(keys, 'one'), await sealedBy(elsewhere, 'lost'), await sealedBy(keys, 'two')];
    const { next } = await keys.begin();
    const [one, lost, two] = await keys.reseal([...secrets, await sealedBy(keys, 'new')]);
    assert.equal(lost, null);
    assert.deepEqual(
      [one, two].map((sealed) => readSealed(sealed ?? '')?.key),
      [next, next],
    );
    assert.equal(await opened(keys, { ...MINE, sealed: two ?? '' }), 'two');
    const again = await keys.reseal([{ ...MINE, sealed: two ?? '' }]);
    assert.deepEqual(again, [two], 'what the next key sealed is left as it is');
  });

  test('reseals for nobody who has gone', async (t) => {
    const keys = await openKeys(temporaryFolder(t));
    t.after(() => keys.close());
    const secrets = [await sealedBy(keys, 'one'), await sealedBy(keys, 'two')];
    await keys.begin();
    await assert.rejects(keys.reseal(secrets, AbortSignal.abort()), { code: 'failed', status: 503 });
    assert.equal((await keys.reseal(secrets, new AbortController().signal)).length, 2);
  });

  test('begun twice at once has one next key', async (t) => {
    const keys = await openKeys(temporaryFolder(t));
    t.after(() => keys.close());
    const begun = await Promise.all([keys.begin(), keys.begin(), keys.begin()]);
    assert.equal(new Set(begun.map(({ next }) => next)).size, 1);
    const next = begun[0]?.next ?? '';
    const ended = await Promise.all([keys.end(next), keys.end(next)]);
    assert.deepEqual(
      ended.map(({ current, retired }) => [current, retired.length]),
      [
        [next, 1],
        [next, 1],
      ],
    );
  });

  test('does not end with a key that is not the next one', async (t) => {
    const keys = await openKeys(temporaryFolder(t));
    t.after(() => keys.close());
    const { current = '' } = keys.status();
    const { next = '' } = await keys.begin();
    await assert.rejects(keys.end('another'), refusedWith('malformed', /No rotation to the key another/));
    await keys.end(next);
    await assert.rejects(keys.end(current), refusedWith('malformed', /No rotation/), 'a retired key stays retired');
  });

  test('leaves everything readable and goes on, wherever it was interrupted', async (t) => {
    const root = temporaryFolder(t);
    const folder = join(root, 'vault');
    const keys = await openKeys(folder);
    let secrets = await Promise.all(
      [...'abcdefghij'].map((value, n) => sealedBy(keys, value, { owner: `o${n}`, purpose: 'torn' })),
    );
    const moments: { at: string; secrets: SealedSecret[] }[] = [];
    const remember = (): void => {
      const at = join(root, `moment-${moments.length}`);
      mkdirSync(at);
      cpSync(join(folder, 'keys.json'), join(at, 'keys.json'));
      // What a kill in the middle of the next write leaves.
      writeFileSync(
        join(at, 'keys.json.new'),
        readFileSync(join(folder, 'keys.json')).subarray(0, moments.length * 37),
        { mode: 0o600 },
      );
      moments.push({ at, secrets });
    };
    for (let round = 0; round < 2; round++) {
      remember();
      const { next = '' } = await keys.begin();
      remember();
      for (let n = 0; n < secrets.length; n += 3) {
        const resealed = await keys.reseal(secrets.slice(n, n + 3));
        secrets = secrets.map((secret, m) => ({ ...secret, sealed: resealed[m - n] ?? secret.sealed }));
        remember();
      }
      await keys.end(next);
    }
    remember();
    keys.close();
    for (const moment of moments) await goesOn(moment.at, moment.secrets);
  });
});

/** Opens everything, by the current or the next key or an older one; ends the rotation from there, and opens everything again. */
async function goesOn(folder: string, secrets: SealedSecret[]): Promise<void> {
  const keys = await openKeys(folder);
  assert.deepEqual([keys.made, keys.status().state], [false, 'ready']);
  const { next = '' } = await keys.begin();
  const resealed = await keys.reseal(secrets);
  await keys.end(next);
  for (const [n, secret] of secrets.entries()) {
    const now = { ...secret, sealed: resealed[n] ?? '' };
    assert.equal(readSealed(now.sealed)?.key, keys.status().current);
    assert.deepEqual([await opened(keys, secret), await opened(keys, now)], Array(2).fill('abcdefghij'[n]));
  }
  assert.ok(!existsSync(join(folder, 'keys.json.new')));
  assert.equal(statSync(join(folder, 'keys.json')).mode & 0o777, 0o600);
  keys.close();
}

/** Base64 has texts that differ and mean the same. */
function sameBytes(one: string, other: string): boolean {
  const [a, b] = [readSealed(one), readSealed(other)];
  const bytes = (part = ''): string => Buffer.from(part, 'base64url').toString('hex');
  return (
    a !== undefined &&
    b !== undefined &&
    a.key === b.key &&
    bytes(a.enc) === bytes(b.enc) &&
    bytes(a.ct) === bytes(b.ct)
  );
}

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/**
 * Base mode, DHKEM(X25519, HKDF-SHA256) with HKDF-SHA256 and AES-256-GCM, the first encryption, as RFC 9180 refers to them:
 * https://github.com/cfrg/draft-irtf-cfrg-hpke/blob/5f503c564da00b0687b3de75f1dfbdfc4079ad31/test-vectors.json
 */
const VECTOR = {
  info: '4f6465206f6e2061204772656369616e2055726e',
  skRm: '497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d',
  enc: '6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256',
  aad: '436f756e742d30',
  ct: 'e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a',
};
