import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { readConfig } from './config.ts';
import { lockFolder, openFolder } from './data-folder.ts';
import { certificate } from './tls.ts';

/** Every one of these ends by itself: the program refuses to start. */
describe('a start that cannot go well is refused with a sentence that names what to change', { concurrency: 2 }, () => {
  test('wrong settings, all at once', async (t) => {
    const { code, said } = await start(temporaryFolder(t), { PORT: 'x', SIGNUP: 'nobody' });
    assert.equal(code, 78);
    assert.match(said, /"what":"PORT".*"what":"SIGNUP"/s);
    assert.match(said, /Nothing was started\./);
  });

  test('a data folder that another hall has', async (t) => {
    const folder = temporaryFolder(t);
    const lock = lockFolder(openFolder(join(folder, 'data')));
    t.after(() => lock.release());
    const { code, said } = await start(folder, {});
    assert.equal(code, 1);
    assert.match(said, new RegExp(`The data folder is in use by process ${process.pid}, since .* GUILDHALL_DATA`));
  });

  test('a port that another program has', async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => void other.close());
    const { port } = other.address() as { port: number };
    const { code, said } = await start(temporaryFolder(t), { PORT: String(port) });
    assert.equal(code, 1);
    assert.match(said, new RegExp(`"what":"PORT","says":"${port} is taken`));
  });

  test('a data folder that is a file', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'data'), '');
    const { code, said } = await start(folder, {});
    assert.equal(code, 1);
    assert.match(said, /GUILDHALL_DATA/);
  });

  test('an address that this machine does not have', async (t) => {
    for (const HOST of ['203.0.113.7', 'no-such-host.invalid']) {
      const { code, said } = await start(temporaryFolder(t), { HOST, TRUSTED_PROXIES: '127.0.0.1' });
      assert.equal(code, 1);
      assert.match(said, /"what":"HOST"/, HOST);
    }
  });

  test('a certificate that is none', async (t) => {
    const folder = temporaryFolder(t);
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    for (const path of [cert, key]) writeFileSync(path, 'no PEM at all');
    const { code, said } = await start(folder, { TLS: 'files', TLS_CERT: cert, TLS_KEY: key });
    assert.equal(code === 0, false);
    assert.match(said, /"what":"TLS_CERT"/);
  });

  test('a key that is not the certificate’s', async (t) => {
    const [one, two] = [temporaryFolder(t), temporaryFolder(t)];
    for (const folder of [one, two]) await certificate({ ...readConfig({ TLS: 'self' }, folder) }, folder);
    const files = { TLS_CERT: join(one, 'tls-cert.pem'), TLS_KEY: join(two, 'tls-key.pem') };
    const { code, said } = await start(one, { TLS: 'files', ...files });
    assert.equal(code === 0, false);
    assert.match(said, /"what":"TLS_KEY"/);
  });

  test('a role that there is not', async (t) => {
    const { code, said } = await start(temporaryFolder(t), {}, ['--role', 'cellar']);
    assert.equal(code, 1);
    assert.match(said, /There is no role \\"cellar\\"/);
  });

  test('a vault that other machines cannot trust, as it has no certificate', async (t) => {
    const folder = temporaryFolder(t);
    const { code, said } = await start(folder, {}, ['--role', 'vault']);
    assert.equal(code, 78);
    for (const name of ['VAULT_LISTEN', 'SERVICE_CERT', 'SERVICE_KEY', 'SERVICE_CA'])
      assert.match(said, new RegExp(`"${name}".*--role vault needs it`));
    assert.equal(existsSync(join(folder, 'data')), false);
  });
});

async function start(folder: string, settings: Record<string, string>, words: string[] = []) {
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [main, ...words], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PORT: '0', GUILDHALL_DATA: 'data', LOG_LEVEL: 'silent', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, said: out + err };
}
