import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pino from 'pino';
import { vaultPart, type VaultPart } from '#parts/vault.ts';
import { bareEnvironment, Child, ROOT } from '#test/support/child.ts';
import { freePort } from '#test/support/free-port.ts';
import { startGuildhall } from '#test/support/guildhall.ts';
import { serviceCertificates, serviceSettings } from '#test/support/service-certificates.ts';
import { vaultBelow } from '#test/support/vault-of.ts';
import { eventually } from '#test/support/wait.ts';
import { type ProcessRole, readConfig } from './config.ts';

const OWNER = { owner: 'acc_1', purpose: 'torn' };
const logger = pino({ level: 'silent' });

describe('npm start -- --role vault', () => {
  const data = mkdtempSync(join(tmpdir(), 'guildhall-vault-role-'));
  let port: number;
  let child: Child;
  let certificates: string;
  const parts: VaultPart[] = [];
  let env: NodeJS.ProcessEnv;

  /** The way of another role's process to it. */
  const reach = (role: ProcessRole, as: string = role, to = port): VaultPart => {
    const engines = {
      DATABASE_URL: 'postgres://localhost/x',
      AMQP_URL: 'amqp://localhost',
      REDIS_URL: 'redis://localhost',
    };
    const url = { VAULT_URL: `https://localhost:${to}` };
    const config = readConfig({ ...engines, ...url, ...serviceSettings(certificates, as) }, '/nowhere', role);
    const part = vaultPart(config, role, { logger });
    parts.push(part);
    return part;
  };

  before(async () => {
    certificates = await serviceCertificates();
    port = await freePort();
    const own = await freePort();
    child = new Child({ name: 'vault', words: [join(ROOT, 'src/main.ts'), '--role', 'vault'], port: own, cwd: data });
    env = {
      ...bareEnvironment(),
      PORT: String(own),
      HOST: '127.0.0.1',
      VAULT_LISTEN: `127.0.0.1:${port}`,
      GUILDHALL_DATA: join(data, 'data'),
      ...serviceSettings(certificates, 'vault'),
    };
    await child.run(env);
  });
  after(async () => {
    await Promise.all(parts.map((part) => part.stop(1_000)));
    await child.end('SIGTERM');
    rmSync(data, { recursive: true, force: true });
  });

  test('needs no engine, makes no database, and says where its key is', () => {
    assert.match(child.output, /master key made at .*keys\.json.*export-key/);
    assert.equal(existsSync(join(data, 'data/hall.db')), false);
  });

  test('is asked by the hall, and by others for what they need', async () => {
    const [hall, worker, discord] = [reach('hall'), reach('worker'), reach('discord')].map(({ vault }) => vault);
    const sealed = await discord?.seal('a-key-of-somebody', OWNER);
    assert.ok(sealed);
    await hall?.check({ ...OWNER, sealed });
    assert.equal((await hall?.status())?.state, 'ready');
    await assert.rejects(worker?.check({ ...OWNER, sealed }) as Promise<void>, { status: 403, code: 'not-allowed' });
    await assert.rejects(hall?.lease({ ...OWNER, sealed }, 'twitch') as Promise<unknown>, { code: 'not-allowed' });
  });

  test('tells its figures and that it is ready', async () => {
    const answer = await fetch(`${child.url}/health/ready`);
    assert.deepEqual([answer.status, await answer.json()], [200, { status: 'ready', notReady: [] }]);
    assert.match(await (await fetch(`${child.url}/metrics`)).text(), /guildhall_not_ready 0/);
  });

  test('doctor tells a hall how it is, another role that it answers, and its own machine that it runs', async () => {
    const settings = { STOCK_URL: 'http://127.0.0.1:9/', VAULT_URL: `https://localhost:${port}` };
    const doctor = (as: string, more: NodeJS.ProcessEnv = settings) =>
      startGuildhall(data, ['doctor'], { env: { ...more, ...serviceSettings(certificates, as) } }).ended;
    const [hall, bot, foreign] = [await doctor('hall'), await doctor('bot'), await doctor('nobody')];
    assert.match(hall.said, /"ok","what":"vault","says":"ready, https:.*"ok","what":"key".*Nothing to do/s);
    assert.match(bot.said, /"ok","what":"vault","says":"it answers at https:.*where a hall runs.*Nothing to do/s);
    assert.deepEqual([hall.code, bot.code, foreign.code], [0, 0, 78], foreign.said);
    assert.match(foreign.said, /There is no file .*cert\.pem/);
    const own = await doctor('vault', env);
    assert.match(own.said, /, a vault runs on it.*"ready, it runs/s);
  });

  test('killed, comes back, and the hall sees it go and come', async () => {
    const { vault, health } = reach('hall');
    const sealed = await vault.seal('a-key-of-somebody', OWNER);
    process.kill(vaultBelow(child.pid) as number, 'SIGKILL');
    await eventually('the vault to open it again', () => vault.check({ ...OWNER, sealed }).then(() => true));
    await eventually('its health', () => (health()[0]?.state === 'up' ? true : undefined));
  });

  test('is not taken for the vault where it has another role’s certificate', async () => {
    const [other, own] = [await freePort(), await freePort()];
    const words = [join(ROOT, 'src/main.ts'), '--role', 'vault'];
    const impostor = new Child({ name: 'an impostor', words, port: own, cwd: data });
    const changed = { PORT: String(own), VAULT_LISTEN: `127.0.0.1:${other}`, GUILDHALL_DATA: join(data, 'other') };
    await impostor.run({ ...env, ...changed, ...serviceSettings(certificates, 'bot') });
    try {
      const { vault } = reach('hall', 'hall', other);
      await assert.rejects(vault.seal('a-key-of-somebody', OWNER), { status: 503, code: 'vault-away' });
    } finally {
      await impostor.end('SIGTERM');
    }
  });

  test('stopped, ends with 0 and takes its vault with it', async () => {
    const pid = vaultBelow(child.pid);
    assert.equal(await child.end('SIGTERM'), 0);
    assert.equal(existsSync(`/proc/${pid}`), false);
    const { vault } = reach('hall');
    await assert.rejects(vault.seal('a-key-of-somebody', OWNER), {
      status: 503,
      code: 'vault-away',
      message: /cannot be reached.*Try again/,
    });
  });
});
