import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AppError } from '#core/errors.ts';
import { VAULT_CODES } from '#contracts/vault.ts';
import { type TestServer, startTestServer } from '#test/support/vault-server.ts';
import { vaultError } from './vault-errors.ts';
import { vaultClient, type Vault } from './vault.ts';

const OWNER = { owner: 'acc_1', purpose: 'torn' };

describe('who uses the vault', () => {
  let at: TestServer;
  let vault: Vault;
  before(async () => {
    at = await startTestServer();
    vault = vaultClient({ socket: at.socket });
  });
  after(async () => {
    await vault.close();
    await at.close();
  });

  test('seals here, and the vault opens it', async () => {
    const sealed = await vault.seal('a-key-of-somebody', OWNER);
    assert.match(sealed, /^gs1\./);
    await vault.check({ ...OWNER, sealed });
    await assert.rejects(vault.check({ ...OWNER, owner: 'acc_2', sealed }), { status: 409, code: 'cannot-open' });
  });

  test('may give a row of the database as it is', async () => {
    const row = { ...OWNER, sealed: await vault.seal('a-key-of-somebody', OWNER), key: 'of the row' };
    await vault.check(row);
    assert.equal((await vault.reseal([row])).length, 1);
  });

  test('has what was sealed resealed by the next key, and is told what cannot be', async () => {
    const { next } = await vault.rotation({ step: 'begin' });
    assert.ok(next);
    const sealed = await vault.seal('a-key-of-somebody', OWNER);
    const [again, lost] = await vault.reseal([
      { ...OWNER, sealed },
      { ...OWNER, sealed, purpose: 'other' },
    ]);
    assert.match(again ?? '', new RegExp(`^gs1\\.${next}\\.`));
    assert.equal(lost, undefined);
    assert.equal((await vault.rotation({ step: 'end', next })).current, next);
  });

  test('learns how it is', async () => {
    assert.deepEqual(await vault.health(), { state: 'ready' });
    const away = vaultClient({ socket: '/nowhere/socket' });
    assert.equal((await away.health()).state, 'away');
    await assert.rejects(away.status(), { status: 503, code: 'vault-away', retryAfter: 5 });
  });
});

describe('a vault that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-vault-'));
  const socket = join(folder, 'socket');
  let answer: RequestListener;
  let asked: string[] = [];
  let server: Server;
  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.headers['x-request-id'] as string);
      answer(request, response);
    });
    await once(server.listen(socket), 'listening');
  });
  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  const use = async (act: (vault: Vault) => Promise<unknown>): Promise<{ end: unknown; ids: string[] }> => {
    asked = [];
    const vault = vaultClient({ socket });
    const end = await act(vault).catch((error: AppError) => error);
    await vault.close();
    return { end, ids: asked };
  };
  const secret = { ...OWNER, sealed: 'gs1.a.b.c' };

  test('by closing the connection is asked once more by another name, but never for a call or a lease', async () => {
    answer = (request) => void request.socket.destroy();
    const { ids } = await use((vault) => vault.check(secret));
    assert.equal(new Set(ids).size, 2);
    const acts = [
      (vault: Vault) => vault.call(secret, 'torn', { method: 'GET', path: '/v2/user' }),
      (vault: Vault) => vault.lease(secret, 'twitch'),
    ];
    for (const act of acts) {
      const { end, ids: once } = await use(act);
      assert.deepEqual([(end as AppError).code, (end as AppError).status, once.length], ['vault-away', 503, 1]);
    }
  });

  test('by having too much to do is there, and is not taken for one that is away', async () => {
    const busy = { status: 503, code: 'busy', detail: 'The vault has too many requests at once.' };
    answer = (_request, response) => void response.writeHead(503).end(JSON.stringify(busy));
    assert.deepEqual((await use((vault) => vault.health())).end, { state: 'ready' });
  });

  test('by answering what nobody can read is away', async () => {
    answer = (_request, response) => void response.end('<html>');
    const { end } = await use((vault) => vault.status());
    assert.deepEqual([(end as AppError).code, (end as AppError).status], ['vault-away', 503]);
  });

  test('by answering without end is left', async () => {
    answer = (_request, response) => {
      const part = 'x'.repeat(256 * 1024);
      const more = (): void => void (response.destroyed || response.write(part, more));
      more();
    };
    const { end } = await use((vault) => vault.status());
    assert.equal((end as AppError).code, 'vault-away');
  });

  test('by not answering is waited for less than 15 s', async () => {
    answer = () => undefined;
    const began = performance.now();
    const { end } = await use((vault) => vault.check(secret));
    assert.equal((end as AppError).code, 'vault-away');
    assert.ok(performance.now() - began < 15_000);
  });
});

describe('a refusal of the vault', () => {
  test('has for each code a status, a sentence, and a time where another try makes sense', () => {
    for (const code of VAULT_CODES) {
      const error = vaultError(500, { status: 500, code, detail: 'It was so.' });
      assert.ok(error.status >= 400 && error.message !== '', code);
      if (error.status === 503 || error.status === 429) assert.ok((error.retryAfter ?? 0) >= 1, code);
      // Who types wrong codes is slowed for that; else a wait is a provider's.
      const theirs = error.status === 502 || (error.status === 429 && code !== 'too-many-tries');
      assert.equal(error.fault === 'platform', theirs, code);
    }
  });

  test('for want of a key names no file of the vault’s machine', () => {
    const error = vaultError(503, { status: 503, code: 'no-key', detail: '/srv/vault/keys.json is damaged.' });
    assert.doesNotMatch(error.message, /srv/);
    assert.match(error.message, /guildhall -- vault status$/);
  });
});
