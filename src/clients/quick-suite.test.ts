import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { boundTo, INFO, readSealed, seal, SUITE, type Sealed } from '#contracts/sealed.ts';
import { quickSuite } from './quick-suite.ts';

const pair = await SUITE.kem.generateKeyPair();
const key = Buffer.from(await SUITE.kem.serializePublicKey(pair.publicKey)).toString('base64url');
const mine = { owner: 'acct_1', purpose: 'torn' };

const bytes = (text: string): ArrayBuffer => new Uint8Array(Buffer.from(text, 'base64url')).buffer;

/** As the library opens it. */
async function open(text: string, belonging = mine): Promise<Buffer> {
  const { enc, ct } = readSealed(text) as Sealed;
  const given = { recipientKey: pair.privateKey, enc: bytes(enc), info: INFO };
  return Buffer.from(await SUITE.open(given, bytes(ct), boundTo(belonging)));
}

describe('what is sealed the quick way', () => {
  test('is opened by the library, whatever its length', async () => {
    for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 40, 1_000, 8_192]) {
      const secret = new Uint8Array(randomBytes(length));
      assert.deepEqual(await open(await seal({ id: 'k', key }, secret, mine, quickSuite())), Buffer.from(secret));
    }
  });

  test('opens for no other owner, no other purpose, and not with one bit turned', async () => {
    const sealed = await seal({ id: 'k', key }, new Uint8Array(randomBytes(40)), mine, quickSuite());
    await assert.rejects(open(sealed, { ...mine, owner: 'acct_2' }));
    await assert.rejects(open(sealed, { ...mine, purpose: 'other' }));
    const { enc, ct } = readSealed(sealed) as Sealed;
    const turned = Buffer.from(ct, 'base64url');
    turned[0] = (turned[0] as number) ^ 1;
    await assert.rejects(open(['gs1', 'k', enc, turned.toString('base64url')].join('.')));
  });

  test('is never the same twice', async () => {
    const secret = new Uint8Array(40);
    const all = await Promise.all(Array.from({ length: 50 }, () => seal({ id: 'k', key }, secret, mine, quickSuite())));
    assert.equal(new Set(all).size, 50);
  });
});
