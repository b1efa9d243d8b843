import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import pino from 'pino';
import type { AppError } from '#core/errors.ts';
import type { SealedSecret } from '#contracts/vault.ts';
import { readConfig } from '#src/config.ts';
import { ROOT } from '#test/support/child.ts';
import { vaultBelow } from '#test/support/vault-of.ts';
import { eventually } from '#test/support/wait.ts';
import { hardening } from './vault-process.ts';
import { ownVault, vaultPart, type OwnVault } from './vault.ts';

const logger = pino({ level: 'silent' });
const OWNER = { owner: 'acc_1', purpose: 'torn' };

function config(data: string, settings: Record<string, string> = {}): ReturnType<typeof readConfig> {
  return readConfig({ GUILDHALL_DATA: data, ...settings }, '/nowhere');
}

/** A vault of this process, and a provider that takes its time. */
async function open(): Promise<{ part: OwnVault; data: string; close(): Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'guildhall-vault-'));
  const torn = createServer((_request, response) => {
    setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'), 100);
  });
  await once(torn.listen(0, '127.0.0.1'), 'listening');
  const tornUrl = `http://127.0.0.1:${(torn.address() as AddressInfo).port}`;
  const part = ownVault(config(data, { TORN_URL: tornUrl }), { logger });
  return {
    part,
    data,
    async close() {
      await part.stop(1_000);
      torn.close();
      torn.closeAllConnections();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function sealed({ vault }: OwnVault, owner: string): Promise<SealedSecret> {
  return { owner, purpose: 'torn', sealed: await vault.seal(`the-key-of-${owner}`, { owner, purpose: 'torn' }) };
}

/** The kill, or the provider's limit: of a thousand that ask at once most have to wait anyway. */
const TOLD_TO_WAIT = new Set(['vault-away', 'provider-limited', 'busy']);

describe('the vault as a child of the program', () => {
  let at: Awaited<ReturnType<typeof open>>;
  before(async () => {
    at = await open();
  });
  after(() => at.close());

  test('is not there until somebody needs it', async () => {
    assert.deepEqual(at.part.health(), []);
    assert.equal(existsSync(join(at.data, 'vault')), false);
    const secret = await sealed(at.part, 'acc_1');
    await at.part.vault.check(secret);
    assert.deepEqual(at.part.health(), [{ name: 'vault', state: 'up' }]);
  });

  test('keeps its files where nobody else reads them', () => {
    const mode = (path: string): number => statSync(join(at.data, path)).mode & 0o777;
    assert.deepEqual([mode('vault'), mode('vault/keys.json'), mode('vault/audit.log')], [0o700, 0o600, 0o600]);
    assert.equal(mode('vault/socket') & 0o077, 0);
  });

  test('is given nothing of the environment, and leaves no core', () => {
    const of = (file: string): string => readFileSync(`/proc/${at.part.child.pid}/${file}`, 'utf8');
    assert.deepEqual(
      of('environ')
        .split('\0')
        .filter((line) => !/^(PWD|SHLVL|_|OLDPWD|NODE_EXTRA_CA_CERTS)?(=|$)/.test(line)),
      [],
    );
    assert.match(of('limits'), /Max core file size\s+0\s+0/);
    assert.match(of('coredump_filter'), /^0+\n$/);
    assert.match(of('cmdline'), /--permission\0/);
  });

  test('opens no inspector to whoever may send it a signal', async () => {
    const { pid } = at.part.child;
    assert.ok(pid);
    for (const signal of ['SIGUSR1', 'SIGINT'] as const) process.kill(pid, signal);
    await at.part.vault.status();
    const threads = spawnSync('sh', ['-c', `cat /proc/${pid}/task/*/comm`], { encoding: 'utf8' }).stdout;
    assert.doesNotMatch(threads, /Inspector|SignalInspector/i);
    assert.equal(at.part.child.pid, pid);
  });

  test('killed in the middle of a thousand calls answers each or says what to do, and comes back', async () => {
    const secrets = await Promise.all(Array.from({ length: 50 }, (_, n) => sealed(at.part, `acc_${n}`)));
    const { vault, child } = at.part;
    const request = { method: 'GET', path: '/v2/user' } as const;
    const began = performance.now();
    const asked = secrets.flatMap((secret) => [
      ...Array.from({ length: 8 }, () => vault.check(secret)),
      ...Array.from({ length: 20 }, () => vault.call(secret, 'torn', request)),
    ]);
    setTimeout(() => process.kill(child.pid as number, 'SIGKILL'), 120);
    const ends = await Promise.allSettled(asked);
    assert.ok(performance.now() - began < 15_000);
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as AppError] : []));
    for (const { code, message, retryAfter } of refused) {
      assert.ok(TOLD_TO_WAIT.has(code), message);
      assert.match(message, /[Tt]ry again/);
      assert.ok((retryAfter ?? 0) > 0);
    }
    const away = refused.filter(({ status, code }) => status === 503 && code === 'vault-away');
    assert.ok(away.length > 0, 'the kill came too late to prove anything');
    for (const secret of secrets) await vault.check(secret);
    assert.deepEqual(at.part.health(), [{ name: 'vault', state: 'up' }]);
  });

  test('that hangs is replaced', async () => {
    const { child, vault } = at.part;
    const before = child.pid as number;
    process.kill(before, 'SIGSTOP');
    const { state } = await vault.health();
    assert.equal(state, 'away');
    child.replace();
    await eventually('another vault', () => (child.pid !== undefined && child.pid !== before ? true : undefined));
    await vault.status();
  });

  test('is the only one on its keys: a second one waits for its turn, and serves by the first', async () => {
    const second = ownVault(config(at.data), { logger });
    const secret = await sealed(at.part, 'acc_1');
    await second.vault.check(secret);
    assert.match(second.health()[0]?.why ?? '', /process|another|in use/i);
    await second.stop(1_000);
    await at.part.vault.check(secret);
  });
});

describe('a vault', () => {
  test('reads no file but its own, starts nothing and writes nowhere else', (t) => {
    const base = mkdtempSync(join(tmpdir(), 'guildhall-vault-'));
    t.after(() => rmSync(base, { recursive: true, force: true }));
    const folder = join(base, 'vault');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(base, 'hall.db'), 'not for the vault');
    const tries = {
      own: `fs.writeFileSync(${JSON.stringify(join(folder, 'x'))}, 'x')`,
      outside: `fs.readFileSync(${JSON.stringify(join(base, 'hall.db'))})`,
      settings: `fs.readFileSync(${JSON.stringify(join(ROOT, 'src/settings.ts'))})`,
      system: "fs.readFileSync('/etc/passwd')",
      link: `fs.symlinkSync('/etc/passwd', ${JSON.stringify(join(folder, 'link'))})`,
      write: `fs.writeFileSync(${JSON.stringify(join(base, 'y'))}, 'y')`,
      child: "child.execFileSync('id')",
      thread: "new Worker('1', { eval: true })",
      words: "new Function('return 1')()",
      inspector: 'inspector.open(0)',
    };
    const code = `
      import fs from 'node:fs';
      import child from 'node:child_process';
      import { Worker } from 'node:worker_threads';
      import inspector from 'node:inspector';
      const done = [];
      ${Object.entries(tries)
        .map(([name, act]) => `try { ${act}; done.push('${name}') } catch {}`)
        .join('\n')}
      console.log(JSON.stringify(done));`;
    const words = [...hardening({ folder, socket: join(folder, 'socket'), files: [] }), '--input-type=module', '-e'];
    const { stdout, stderr } = spawnSync(process.execPath, [...words, code], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(stdout || '0'), ['own'], stderr);
  });

  test('in a folder with a long name is reached all the same', async (t) => {
    const base = mkdtempSync(join(tmpdir(), 'guildhall-vault-'));
    const part = ownVault(config(join(base, 'a-folder-with-a-long-name'.repeat(5))), { logger });
    t.after(async () => {
      await part.stop(1_000);
      rmSync(base, { recursive: true, force: true });
      rmSync(join(part.child.socket, '..'), { recursive: true, force: true });
    });
    assert.ok(Buffer.byteLength(part.child.socket) <= 100);
    await part.vault.check(await sealed(part, 'acc_1'));
  });

  test('ends with the process that started it, however that ends', async (t) => {
    const data = mkdtempSync(join(tmpdir(), 'guildhall-vault-'));
    t.after(() => rmSync(data, { recursive: true, force: true }));
    const parent = spawn(process.execPath, [join(ROOT, 'test/support/hold-vault.ts'), data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface(parent.stdout), 'line');
    const pid = vaultBelow(parent.pid as number);
    assert.ok(pid);
    parent.kill('SIGKILL');
    await eventually('the vault to end', () => (existsSync(`/proc/${pid}`) ? undefined : true));
  });

  test('that cannot start is told of, and nobody waits for it for long', async (t) => {
    const data = mkdtempSync(join(tmpdir(), 'guildhall-vault-'));
    const part = ownVault(config(data), { logger });
    t.after(async () => {
      await part.stop(1_000);
      rmSync(data, { recursive: true, force: true });
    });
    mkdirSync(join(data, 'vault'), { mode: 0o700 });
    writeFileSync(join(data, 'vault/keys.json'), 'no keys', { mode: 0o600 });
    await assert.rejects(part.vault.seal('x', OWNER), { status: 503, code: 'no-key' });
    const [health] = await eventually('its state', () => (part.health()[0]?.why ? part.health() : undefined));
    assert.match(health?.why ?? '', /lost its key/);
    assert.equal((await part.vault.status()).state, 'no-key');
    assert.equal(readFileSync(join(data, 'vault/keys.json'), 'utf8'), 'no keys');
  });

  test('whose folder is in the way of it harms nobody else, and it comes when it can', async (t) => {
    const data = mkdtempSync(join(tmpdir(), 'guildhall-vault-'));
    t.after(() => rmSync(data, { recursive: true, force: true }));
    writeFileSync(join(data, 'vault'), 'no folder');
    const part = ownVault(config(data), { logger });
    t.after(() => part.stop(1_000));
    part.start();
    assert.match(part.health()[0]?.why ?? '', /could not be started: EEXIST/);
    await assert.rejects(part.vault.status(), { status: 503, code: 'vault-away' });
    rmSync(join(data, 'vault'));
    await eventually('the vault to be there', () => part.health()[0]?.state === 'up' || undefined);
  });

  test('is not known to a role without VAULT_URL, which says so', async () => {
    const { vault, health } = vaultPart(config('/nowhere'), 'worker', { logger });
    await assert.rejects(vault.seal('x', OWNER), { status: 503, code: 'vault-away', message: /VAULT_URL/ });
    assert.deepEqual(health(), []);
  });
});
