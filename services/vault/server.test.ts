import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { REQUEST_AGE_MS, type Operation } from '#contracts/vault.ts';
import { callers } from './callers.ts';
import { LISTENING } from './listening.ts';
import { serviceCertificates } from '#test/support/service-certificates.ts';
import { type Asked, type TestServer, startTestServer } from '#test/support/vault-server.ts';
import { eventually } from '#test/support/wait.ts';

const CANARY = 'a canary that nobody may see';

/** A request for each operation, right in every way but perhaps for who asks. */
const ASKED: Record<Operation, Asked> = {
  'public-key': { path: '/v1/public-key' },
  status: { path: '/v1/status' },
  check: { path: '/v1/check', body: {} },
  call: { path: '/v1/call', body: {} },
  reseal: { path: '/v1/reseal', body: {} },
  rotation: { path: '/v1/rotation', body: {} },
  lease: { path: '/v1/lease', body: {} },
  totp: { path: '/v1/totp', body: {} },
};

describe('who asks the vault', () => {
  let vault: TestServer;
  before(async () => {
    vault = await startTestServer();
  });
  after(() => vault.close());

  test('is let in for what the table says and for nothing else', async () => {
    const table = callers();
    for (const name of ['hall', 'bot', 'worker', 'discord', 'slack', 'twitch', 'vault', 'sandbox', 'postgres', 'caddy'])
      for (const [operation, asked] of Object.entries(ASKED)) {
        const { status, code } = await vault.ask({ as: name, ...asked });
        const may = table.get(name)?.operations.includes(operation as Operation) ?? false;
        assert.equal(code === 'not-allowed' && status === 403, !may, `${name} ${operation}: ${status} ${code}`);
      }
    const refused = vault.audited().filter(({ outcome }) => outcome === 'not-allowed');
    assert.ok(refused.some(({ by, operation }) => by === 'caddy' && operation === 'rotation'));
  });

  test('is the hall, and never gets a call or a lease', async () => {
    const secret = await vault.sealed(CANARY);
    const request = { method: 'GET', path: '/v2/user' };
    const call = { path: '/v1/call', body: { ...secret, provider: 'torn', request } };
    assert.equal((await vault.ask({ as: 'hall', ...call })).code, 'not-allowed');
    const lease = { path: '/v1/lease', body: { ...secret, provider: 'twitch' } };
    for (const name of ['hall', 'worker', 'discord'])
      assert.equal((await vault.ask({ as: name, ...lease })).code, 'not-allowed', name);
  });

  test('is Twitch’s connector, and gets the leases of no other provider', async () => {
    const body = { ...(await vault.sealed(CANARY)), provider: 'torn' };
    const { status, code } = await vault.ask({ as: 'twitch', path: '/v1/lease', body });
    assert.deepEqual([status, code], [403, 'not-allowed']);
    const last = vault.audited().at(-1);
    assert.deepEqual([last?.by, last?.provider, last?.outcome], ['twitch', 'torn', 'not-allowed']);
  });

  test('has no certificate, one of another authority or one that has ended, and is cut off', async () => {
    for (const as of ['nobody', 'foreign', 'expired']) {
      const before = vault.audited().length;
      await assert.rejects(vault.ask({ as, path: '/v1/public-key' }), `${as} was answered`);
      const entry = await eventually(`the audit to tell of ${as}`, () =>
        vault
          .audited()
          .slice(before)
          .find(({ operation }) => operation === 'connect'),
      );
      assert.match(entry.outcome, /^refused: /);
    }
  });

  test('is answered while strangers hold all the connections that they can and say nothing', async (t) => {
    const { hostname: host, port } = new URL(vault.url);
    const strangers = Array.from({ length: LISTENING.connections + 100 }, () => {
      const one = connect({ host, port: Number(port) });
      return one.on('error', () => undefined).on('data', () => undefined);
    });
    t.after(() => strangers.forEach((one) => one.destroy()));
    await Promise.all(strangers.map((one) => Promise.race([once(one, 'connect'), once(one, 'close')])));
    await pause(100);
    assert.equal((await vault.ask({ as: 'hall', path: '/v1/public-key' })).status, 200);
  });

  test('is answered with TLS 1.3 alone', async () => {
    await assert.rejects(vault.ask({ as: 'hall', path: '/v1/public-key', tls: 'TLSv1.2' }));
  });

  test('shows a certificate at each connection: what is left of another’s opens none', async () => {
    const left = await connectAs(vault, 'hall');
    assert.equal(left.answered, true);
    assert.equal((await connectAs(vault, undefined, left.session)).answered, false);
  });

  test('asks for another owner or purpose, and the vault does not open it', async () => {
    const secret = await vault.sealed(CANARY);
    const check = (body: object): Promise<{ status: number; code: string | undefined }> =>
      vault.ask({ as: 'hall', path: '/v1/check', body });
    assert.equal((await check(secret)).status, 204);
    for (const other of [{ owner: 'acc_2' }, { purpose: 'twitch' }]) {
      const { status, code } = await check({ ...secret, ...other });
      assert.deepEqual([status, code], [409, 'cannot-open']);
    }
  });
});

describe('a request to the vault', () => {
  let vault: TestServer;
  before(async () => {
    vault = await startTestServer();
  });
  after(() => vault.close());

  test('is taken once, however it comes a second time', async () => {
    const again: Asked = { path: '/v1/public-key', id: randomUUID(), at: Date.now() };
    assert.equal((await vault.ask({ as: 'hall', ...again })).status, 200);
    for (const as of ['hall', 'hall']) assert.equal((await vault.ask({ as, ...again })).code, 'replayed');
    assert.equal((await vault.ask({ as: 'hall', ...again, at: Date.now() + 1 })).code, 'replayed');
    assert.equal(vault.audited().at(-1)?.outcome, 'replayed');
  });

  test('is refused where it is old, from the future, or does not say', async () => {
    const at = async (ms: number): Promise<string | undefined> =>
      (await vault.ask({ as: 'hall', path: '/v1/public-key', at: Date.now() + ms })).code;
    assert.equal(await at(-REQUEST_AGE_MS - 1_000), 'replayed');
    assert.equal(await at(60_000), 'replayed');
    assert.equal(await at(0), undefined);
    for (const headers of [{}, { 'x-request-id': randomUUID() }, { 'x-request-id': 'x', 'x-request-at': '1e9' }])
      assert.equal((await vault.ask({ as: 'hall', path: '/v1/status', headers })).code, 'malformed');
  });

  test('that is wrong in any way is refused without a word of it', async () => {
    const secret = await vault.sealed(CANARY);
    const wrong: [path: string, body: unknown][] = [
      ['/v1/check', { ...secret, value: CANARY }],
      ['/v1/check', { ...secret, [CANARY]: 1 }],
      ['/v1/check', { ...secret, owner: CANARY.repeat(20) }],
      ['/v1/check', [CANARY]],
      ['/v1/check', `{"sealed":"${CANARY}`],
      ['/v1/call', { ...secret, provider: 'torn', request: { method: CANARY, path: '/v2/user' } }],
      ['/v1/reseal', { secrets: Array.from({ length: 101 }, () => secret) }],
      ['/v1/rotation', { step: CANARY }],
      [`/v1/${encodeURIComponent(CANARY)}`, {}],
    ];
    for (const [path, body] of wrong) {
      const { status, code, text } = await vault.ask({ as: undefined, path, body });
      assert.deepEqual([status >= 400, code], [true, 'malformed'], path);
      assert.ok(!text.includes('canary'), text);
    }
    assert.ok(!JSON.stringify(vault.audited()).includes('canary'));
  });

  test('is cut off where its body has no end', async () => {
    const { code, status } = await vault.ask({ as: undefined, path: '/v1/check', body: 'x'.repeat(64 * 1024) });
    assert.deepEqual([status, code], [413, 'malformed']);
  });

  test('that comes at one byte a second is cut off', async () => {
    const slow = connect(vault.socket);
    let ended = false;
    slow.on('close', () => (ended = true)).on('error', () => undefined);
    slow.write('POST /v1/check HTTP/1.1\r\nhost: vault\r\n');
    for (let n = 0; n < 10 && !ended; n++) {
      slow.write('x');
      await pause(1_000);
    }
    assert.ok(ended);
  });

  test('whose caller never reads does not keep its connection', async () => {
    const deaf = connect(vault.socket);
    deaf.on('error', () => undefined).pause();
    const one = `GET /v1/public-key HTTP/1.1\r\nhost: v\r\nx-request-at: ${Date.now()}\r\nx-request-id: `;
    // More answers than the two ends keep for it.
    for (let n = 0; n < 20_000; n++) deaf.write(`${one}${randomUUID()}\r\n\r\n`);
    await eventually('the connection', async () => ((await vault.connections()) === 1 ? true : undefined));
    await eventually('the connection to be closed', async () => ((await vault.connections()) === 0 ? true : undefined));
    deaf.destroy();
  });
});

/** Connects by the certificate of a role, or without one; `session` is what is left of a connection before. */
async function connectAs(
  { url }: TestServer,
  role: string | undefined,
  session?: Buffer,
): Promise<{ answered: boolean; session: Buffer | undefined }> {
  const certificates = await serviceCertificates();
  const pem = (name: string): Buffer => readFileSync(join(certificates, role ?? 'hall', `${name}.pem`));
  const shown = role === undefined ? {} : { cert: pem('cert'), key: pem('key') };
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve) => {
    let [answered, left]: [boolean, Buffer | undefined] = [false, undefined];
    const line = connectTls({ host, port: Number(port), ca: pem('ca'), ...shown, ...(session && { session }) });
    line.on('session', (one: Buffer) => (left = one)).on('data', () => (answered = true));
    line.on('error', () => undefined).once('close', () => resolve({ answered, session: left }));
    line.write('GET / HTTP/1.1\r\nhost: vault\r\nconnection: close\r\n\r\n');
  });
}
