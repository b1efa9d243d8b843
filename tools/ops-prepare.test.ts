import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseEnv } from 'node:util';
import { envExample } from '#src/settings.ts';

const root = dirname(import.meta.dirname);

describe('the secrets of the split deployment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-secrets-'));
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
  const settings = (path: string): Record<string, string> => parseEnv(read(path)) as Record<string, string>;
  const prepare = (...words: string[]): string =>
    execFileSync(process.execPath, [join(root, 'ops/prepare.ts'), folder, ...words], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  before(() => void prepare());
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('every file that the compose file takes from them is made', () => {
    const compose = readFileSync(join(root, 'ops/compose.split.yaml'), 'utf8');
    const named = [...compose.matchAll(/\.\/secrets\/([\w./-]+)/g)].map(([, path]) => path as string);
    assert.ok(named.length > 15);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(folder, path))),
      [],
    );
  });

  test('every name in them is a setting, and each role has a password of its own to the broker', () => {
    const known = new Set([...envExample().matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name));
    const files = ['engines', 'tokens', 'vault'].flatMap((at) =>
      readdirSync(join(folder, at)).map((file) => `${at}/${file}`),
    );
    for (const file of files)
      for (const name of Object.keys(settings(file))) assert.ok(known.has(name), `${file}: ${name}`);
    const roles = readdirSync(join(folder, 'engines'));
    const logins = roles.map((file) => new URL(settings(`engines/${file}`)['AMQP_URL'] ?? ''));
    assert.deepEqual(
      logins.map(({ username }) => `${username.replace('guildhall-', '')}.env`),
      roles,
    );
    assert.equal(new Set(logins.map(({ password }) => password)).size, roles.length);
  });

  test('each file of tokens names the page that tells where they come from', () => {
    for (const file of readdirSync(join(folder, 'tokens'))) {
      const [, page = 'none'] = /^# (docs\/\S+)/.exec(read(`tokens/${file}`)) ?? [];
      const [name = ''] = Object.keys(settings(`tokens/${file}`));
      assert.ok(readFileSync(join(root, page), 'utf8').includes(name), `${file}: ${page} does not have ${name}`);
    }
  });

  test('the engines know the passwords by their hashes alone', () => {
    const { users } = JSON.parse(read('rabbitmq/definitions.json')) as {
      users: { name: string; password_hash: string }[];
    };
    const { username, password } = new URL(settings('engines/bot.env')['AMQP_URL'] ?? '');
    const kept = Buffer.from(users.find(({ name }) => name === username)?.password_hash ?? '', 'base64');
    const salted = Buffer.concat([kept.subarray(0, 4), Buffer.from(password)]);
    assert.deepEqual(kept.subarray(4), createHash('sha256').update(salted).digest());
    assert.ok(!read('rabbitmq/definitions.json').includes(password));
    const redis = new URL(settings('engines/bot.env')['REDIS_URL'] ?? '').password;
    assert.ok(read('redis/users.acl').includes(`#${createHash('sha256').update(redis).digest('hex')}`));
    assert.match(read('redis/users.acl'), /^user default off$/m);
  });

  test('nobody else reads them, and no repository takes them in', () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (path) => !/(ca|cert)\.pem$|ignore$/.test(path),
    );
    assert.ok(files.length > 30);
    for (const path of files) assert.equal(statSync(join(folder, path)).mode & 0o077, 0, path);
    assert.equal(read('.gitignore'), '*\n');
  });

  test('made again they are as they were, and what a person wrote stays', () => {
    const [engines, definitions] = [read('engines/hall.env'), read('postgres/guildhall')];
    writeFileSync(join(folder, 'tokens/discord.env'), 'DISCORD_TOKEN=abc\n');
    rmSync(join(folder, 'engines'), { recursive: true });
    assert.doesNotMatch(prepare(), /certificate of/);
    assert.deepEqual([read('engines/hall.env'), read('postgres/guildhall')], [engines, definitions]);
    assert.equal(read('tokens/discord.env'), 'DISCORD_TOKEN=abc\n');
  });

  test('an engine elsewhere is named in its certificate and in every role’s settings', () => {
    assert.match(prepare('--host', 'postgres=db.example.org'), /certificate of postgres made/);
    assert.equal(new URL(settings('engines/worker.env')['DATABASE_URL'] ?? '').hostname, 'db.example.org');
    assert.throws(() => prepare('--host', 'db.example.org'), /--host is NAME=HOST/);
  });
});
