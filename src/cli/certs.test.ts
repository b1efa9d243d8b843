import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { generate } from 'selfsigned';
import { HOLDERS } from '#src/certs.ts';
import { readConfig } from '#src/config.ts';
import type { Terminal } from '#src/terminal.ts';
import { temporaryFolder, type Ends } from '#test/contracts/fixtures.ts';
import { certs } from './certs.ts';
import { WrongUse } from './command-line.ts';

/** What `certs` says with these words, a line each: `made hall`, `kept redis`. Throws what it throws. */
async function said(words: string[]): Promise<string[]> {
  const lines: string[] = [];
  const say: Terminal = {
    ok: (what) => void lines.push(`made ${what}`),
    note: (what) => void lines.push(`kept ${what}`),
    wrong: (what, told) => void lines.push(`wrong ${what} ${told}`),
    plain: () => undefined,
  };
  assert.equal(await certs({ config: readConfig({}, '/nowhere'), say, words }), 0);
  return lines;
}

const file = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8');

/** Connects as `client` to a server that has the certificate of `server`, and gives why it was refused, or the name proved. */
async function shake(folder: string, server: string, as: { client: string; name: string }): Promise<string> {
  const pair = (name: string) => ({
    cert: file(folder, `${name}/cert.pem`),
    key: file(folder, `${name}/key.pem`),
    ca: file(folder, `${name}/ca.pem`),
  });
  const listening = createServer({ ...pair(server), requestCert: true, rejectUnauthorized: true }).listen(
    0,
    '127.0.0.1',
  );
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const socket = connect({ ...pair(as.client), port, host: '127.0.0.1', servername: as.name });
  try {
    const [proved] = await Promise.all([once(listening, 'secureConnection'), once(socket, 'secureConnect')]);
    return String(proved[0].getPeerCertificate().subject.CN);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    socket.destroy();
    listening.close();
  }
}

async function made(t: Ends, ...words: string[]): Promise<string> {
  const folder = join(temporaryFolder(t), 'certs');
  await said([folder, ...words]);
  return folder;
}

describe('certificates for the processes of one deployment', () => {
  test('one command makes an authority, and a certificate for every role and engine', async (t) => {
    const folder = join(temporaryFolder(t), 'certs');
    const lines = await said([folder]);
    assert.deepEqual(
      lines,
      ['authority', ...HOLDERS].map((name) => `made ${name}`),
    );
    const authority = new X509Certificate(file(folder, 'ca.pem'));
    assert.deepEqual([authority.ca, authority.verify(authority.publicKey)], [true, true]);
    for (const name of HOLDERS) {
      const one = new X509Certificate(file(folder, `${name}/cert.pem`));
      assert.equal(one.subjectAltName, `DNS:${name}, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1`);
      assert.ok(one.validToDate.getTime() - Date.now() <= 825 * 86_400_000);
      assert.deepEqual([one.ca, one.checkIssued(authority), one.verify(authority.publicKey)], [false, true, true]);
    }
  });

  test('keys and folders are for their owner alone', async (t) => {
    const folder = await made(t);
    const mode = (path: string): number => statSync(join(folder, path)).mode & 0o777;
    assert.deepEqual(['', 'hall', 'redis'].map(mode), [0o700, 0o700, 0o700]);
    assert.deepEqual(['ca-key.pem', 'hall/key.pem', 'redis/key.pem'].map(mode), [0o600, 0o600, 0o600]);
  });

  test('two of them know each other by name, and nobody else', async (t) => {
    const [folder, other] = [await made(t), await made(t)];
    assert.equal(await shake(folder, 'postgres', { client: 'hall', name: 'postgres' }), 'hall');
    assert.equal(await shake(folder, 'postgres', { client: 'hall', name: 'rabbitmq' }), 'ERR_TLS_CERT_ALTNAME_INVALID');
    writeFileSync(join(folder, 'hall/ca.pem'), file(other, 'ca.pem'));
    assert.equal(await shake(folder, 'postgres', { client: 'hall', name: 'postgres' }), 'SELF_SIGNED_CERT_IN_CHAIN');
  });

  test('run again it changes nothing, and makes what is missing', async (t) => {
    const folder = await made(t);
    const before = file(folder, 'bot/key.pem');
    rmSync(join(folder, 'hall/key.pem'));
    rmSync(join(folder, 'redis'), { recursive: true });
    const lines = await said([folder]);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('made')),
      ['made hall', 'made redis'],
    );
    assert.equal(file(folder, 'bot/key.pem'), before);
    assert.ok((await said([folder])).every((line) => line.startsWith('kept')));
  });

  test('a certificate that ends within a month, or lacks a name asked for, counts as missing', async (t) => {
    const folder = await made(t);
    const ca = { cert: file(folder, 'ca.pem'), key: file(folder, 'ca-key.pem') };
    const old = await generate([{ name: 'commonName', value: 'bot' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      notAfterDate: new Date(Date.now() + 29 * 86_400_000),
      ca,
    });
    writeFileSync(join(folder, 'bot/cert.pem'), old.cert);
    writeFileSync(join(folder, 'bot/key.pem'), old.private);
    const lines = await said([folder, '--host', 'postgres=db.example.org']);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('made')),
      ['made bot', 'made postgres'],
    );
    assert.match(new X509Certificate(file(folder, 'postgres/cert.pem')).subjectAltName ?? '', /DNS:db\.example\.org/);
    assert.ok((await said([folder, '--host', '10.0.0.7'])).includes('made hall'));
  });

  test('--renew makes all anew under the same authority; a lost authority takes all with it', async (t) => {
    const folder = await made(t);
    const [ca, key] = [file(folder, 'ca.pem'), file(folder, 'hall/key.pem')];
    assert.deepEqual(await said([folder, '--renew']), ['kept authority', ...HOLDERS.map((name) => `made ${name}`)]);
    assert.equal(file(folder, 'ca.pem'), ca);
    assert.notEqual(file(folder, 'hall/key.pem'), key);
    rmSync(join(folder, 'ca-key.pem'));
    assert.ok((await said([folder])).every((line) => line.startsWith('made')));
    assert.notEqual(file(folder, 'hall/ca.pem'), ca);
    assert.equal(await shake(folder, 'vault', { client: 'hall', name: 'vault' }), 'hall');
  });

  const wrong: [words: string[], says: RegExp][] = [
    [[], /Name one folder/],
    [['a', 'b'], /Name one folder/],
    [['a', '--days', '7'], /--days/],
    [['a', '--host', 'two words'], /neither/],
    [['a', '--host', 'oracle=db.example.org'], /no certificate called "oracle"/],
  ];
  for (const [words, says] of wrong)
    test(`“certs ${words.join(' ')}” is refused and says how`, async () => {
      await assert.rejects(said(words), (error) => error instanceof WrongUse && says.test(error.message));
    });
});
