import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type LyingIssuer, startLyingIssuer } from '#test/support/lying-issuer.ts';
import { oidcOf, type Oidc } from './oidc.ts';

const PROOF = { state: 'S'.repeat(43), nonce: 'N'.repeat(43), verifier: 'V'.repeat(43) };
const BACK = new URL(`https://hall.example/v1/signin/oidc/callback?code=c&state=${PROOF.state}`);
let issuer: LyingIssuer;
let oidc: Oidc;

before(async () => {
  issuer = await startLyingIssuer({ client: 'us', nonce: PROOF.nonce });
  oidc = oidcOf({ issuer: issuer.url, clientId: 'us', clientSecret: 'secret' });
});
beforeEach(() => {
  issuer.says = {};
});
after(() => issuer.stop());

const now = (): number => Math.floor(Date.now() / 1000);

describe('what an issuer says of somebody', () => {
  test('is believed where it is signed, fresh, for us and for this attempt', async () => {
    assert.deepEqual(await oidc.person(BACK, PROOF), { subject: 'ann', name: '' });
  });

  test('may be called by another name than a name', async () => {
    for (const [claims, name] of [
      [{ name: ' Ann Lee ' }, 'Ann Lee'],
      [{ name: '', preferred_username: 'ann' }, 'ann'],
      [{ name: 7, email: 'ann@example.org' }, ''],
    ] as const) {
      issuer.says = { claims };
      assert.equal((await oidc.person(BACK, PROOF)).name, name);
    }
  });

  for (const [what, says] of [
    ['another issuer', { claims: { iss: 'https://accounts.google.com' } }],
    ['another client', { claims: { aud: 'them' } }],
    ['another attempt', { claims: { nonce: 'another' } }],
    ['no attempt', { claims: { nonce: undefined } }],
    ['nobody', { claims: { sub: undefined } }],
    ['another key', { key: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey }],
    ['no signature', { header: { alg: 'none' } }],
    ['a key that it does not publish', { header: { kid: 'two' } }],
  ] as [string, LyingIssuer['says']][])
    test(`is not believed where it is from or for ${what}`, async () => {
      issuer.says = says;
      await assert.rejects(oidc.person(BACK, PROOF), { status: 400, code: 'issuer-not-proved' });
    });

  test('may be a minute off by the clock, and not more', async () => {
    for (const off of [-50, 50]) {
      issuer.says = { claims: { exp: now() + off, nbf: now() + off } };
      if (off > 0) issuer.says.claims = { exp: now() + 300, nbf: now() + off };
      assert.equal((await oidc.person(BACK, PROOF)).subject, 'ann');
    }
    for (const claims of [{ exp: now() - 600 }, { nbf: now() + 600 }]) {
      issuer.says = { claims };
      await assert.rejects(oidc.person(BACK, PROOF), { status: 503, code: 'issuer-clock', fault: 'ours' });
    }
  });

  test('counts for this state alone', async () => {
    await assert.rejects(oidc.person(BACK, { ...PROOF, state: 'another' }), { code: 'issuer-not-proved' });
  });
});

test('an issuer is called by its host, Google by its name', () => {
  const settings = { clientId: 'us', clientSecret: 'secret' };
  assert.equal(oidcOf({ issuer: 'https://accounts.google.com', ...settings }).name, 'Google');
  assert.equal(oidcOf({ issuer: 'https://login.example.org/realms/one', ...settings }).name, 'login.example.org');
});
