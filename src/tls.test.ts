import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { generate } from 'selfsigned';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { certificate } from './tls.ts';

const settings = {
  TLS: 'self' as const,
  TLS_CERT: undefined,
  TLS_KEY: undefined,
  HOST: '0.0.0.0',
  PUBLIC_URL: 'https://hall.example.org',
};

describe('a certificate of the hall’s own', () => {
  test('is made once, for the name people use and for this machine, its key for the owner alone', async (t) => {
    const folder = temporaryFolder(t);
    const made = await certificate(settings, folder);
    const { subjectAltName } = new X509Certificate(made?.cert ?? '');
    assert.equal(subjectAltName, 'DNS:hall.example.org, DNS:localhost, IP Address:127.0.0.1');
    assert.ok(made && made.daysLeft >= 364);
    assert.equal(statSync(join(folder, 'tls-key.pem')).mode & 0o777, 0o600);
    assert.equal((await certificate(settings, folder))?.cert, made.cert);
  });

  test('is made anew within a week of its end', async (t) => {
    const folder = temporaryFolder(t);
    const notAfterDate = new Date(Date.now() + 6 * 86_400_000);
    const old = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec', notAfterDate });
    writeFileSync(join(folder, 'tls-cert.pem'), old.cert);
    writeFileSync(join(folder, 'tls-key.pem'), old.private);
    const made = await certificate(settings, folder);
    assert.notEqual(made?.cert, old.cert);
    assert.ok(made && made.daysLeft > 300);
  });

  test('is not made where TLS is off', async (t) => {
    assert.equal(await certificate({ ...settings, TLS: 'off' }, temporaryFolder(t)), undefined);
  });
});
