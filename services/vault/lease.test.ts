import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { seal } from '#contracts/sealed.ts';
import type { LeaseAnswer, SealedSecret } from '#contracts/vault.ts';
import { startTwitch, type Twitch, type TwitchOptions } from '#test/simulators/twitch/index.ts';
import type { Asking } from './asking.ts';
import type { AuditEntry } from './audit.ts';
import { CALL_LIMITS } from './call-limits.ts';
import { createGovernor } from './governor.ts';
import { type Keys, openKeys } from './keys.ts';
import { leaser } from './lease.ts';
import { createOutgoing } from './outgoing.ts';
import { type ProviderSettings, providersOf } from './providers.ts';
import { Refusal } from './refusal.ts';

describe('the vault leases a token', () => {
  let folder: string;
  let keys: Keys;
  let twitch: Twitch;
  let audited: AuditEntry[];
  let asked: number;
  let now: number;
  let server: Server | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guildhall-lease-'));
    keys = await openKeys(join(folder, 'vault'));
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(() => {
    audited = [];
    asked = 0;
    now = 1_700_000_000_000;
  });
  afterEach(async () => {
    await twitch?.stop();
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  const belonging = { owner: 'com_1', purpose: 'twitch' };
  const sealed = (secret: string): Promise<string> =>
    seal(keys.publicKey(), new TextEncoder().encode(secret), belonging);

  type Leasing = (
    secret: string,
    more?: Partial<SealedSecret> & { provider?: string; signal?: AbortSignal },
  ) => Promise<LeaseAnswer>;

  function leasing(settings: Partial<ProviderSettings>, more: Partial<Asking> = {}): Leasing {
    const send = createOutgoing();
    const { lease } = leaser({
      keys,
      providers: providersOf({ tornUrl: 'http://127.0.0.1:1', twitchAuthUrl: 'http://127.0.0.1:1', ...settings }),
      governor: createGovernor(),
      audit: (entry) => void audited.push(entry),
      clock: () => now,
      outgoing: (one) => (asked++, send(one)),
      ...more,
    });
    return (text, { signal = new AbortController().signal, ...over } = {}) =>
      lease({ sealed: text, ...belonging, provider: 'twitch', ...over }, 'twitch', signal);
  }

  it('gives what a community kept for its own application, and no other secret', async () => {
    const lease = leasing({});
    const keep = (owner: string, purpose: string): Promise<string> =>
      seal(keys.publicKey(), new TextEncoder().encode('the token'), { owner, purpose });
    const ask = async (owner: string, purpose: string): Promise<LeaseAnswer> =>
      lease(await keep(owner, purpose), { owner, purpose, provider: 'discord' });
    assert.deepEqual(await ask('comm_1', 'discord-app'), { token: 'the token', expiresAt: now + 3_600_000 });
    for (const [owner, purpose] of [
      ['acct_1', 'discord-app'],
      ['comm_1', 'discord'],
      ['comm_1', 'torn'],
    ] as const)
      await assert.rejects(ask(owner, purpose), { code: 'not-allowed' });
    assert.equal(asked, 0);
  });

  it('gives what a community keeps for a Slack workspace to its connector, and no other secret', async () => {
    const lease = leasing({});
    const ask = async (owner: string, purpose: string): Promise<LeaseAnswer> =>
      lease(await seal(keys.publicKey(), new TextEncoder().encode('xoxb-1'), { owner, purpose }), {
        owner,
        purpose,
        provider: 'slack',
      });
    assert.equal((await ask('comm_1', 'slack-app-t0traders')).token, 'xoxb-1');
    for (const [owner, purpose] of [
      ['acct_1', 'slack-app-t0traders'],
      ['comm_1', 'slack'],
      ['comm_1', 'discord-app'],
    ] as const)
      await assert.rejects(ask(owner, purpose), { code: 'not-allowed' });
  });

  async function fromTwitch(options: TwitchOptions = {}): Promise<{ lease: Leasing; refresh: string }> {
    twitch = await startTwitch({ clock: () => now, ...options });
    const { env } = twitch;
    const settings = {
      twitchAuthUrl: env['TWITCH_AUTH_URL'] ?? '',
      twitchClientId: env['TWITCH_CLIENT_ID'],
      twitchClientSecret: env['TWITCH_CLIENT_SECRET'],
    };
    return { lease: leasing(settings), refresh: await sealed(env['TWITCH_BOT_REFRESH_TOKEN'] ?? '') };
  }

  /** A sign-in server that always says the same. */
  async function fromOther(
    status: number,
    body: (refresh: string) => string,
  ): Promise<{ lease: Leasing; refresh: string }> {
    server = createServer((request, response) => {
      let form = '';
      request.on('data', (piece) => (form += String(piece)));
      request.on('end', () =>
        response.writeHead(status).end(body(new URLSearchParams(form).get('refresh_token') ?? '')),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const settings = {
      twitchAuthUrl: `http://127.0.0.1:${port}`,
      twitchClientId: 'id',
      twitchClientSecret: 'client-secret',
    };
    return { lease: leasing(settings), refresh: await sealed('canary-refresh-token') };
  }

  const validate = async (token: string): Promise<number> =>
    (await fetch(`${twitch.env['TWITCH_AUTH_URL']}/validate`, { headers: { authorization: `OAuth ${token}` } })).status;

  async function refusalOf(answer: Promise<unknown>): Promise<Refusal> {
    const thrown = await answer.then(
      () => assert.fail('it was leased'),
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof Refusal, String(thrown));
    assert.doesNotMatch(JSON.stringify([thrown.message, thrown.stack, audited]), /canary|client-secret/);
    return thrown;
  }

  it('that Twitch takes, until when Twitch says', async () => {
    const { lease, refresh } = await fromTwitch({ lifetime: 3_600 });
    const { token, expiresAt, resealed } = await lease(refresh);
    assert.equal(await validate(token), 200);
    assert.equal(expiresAt, now + 3_600_000);
    assert.equal(resealed, undefined);
    assert.deepEqual(audited, [
      { at: now, by: 'twitch', operation: 'lease', ...belonging, provider: 'twitch', outcome: 'ok' },
    ]);
  });

  it('and seals the new refresh token where Twitch gave one, for the same owner and purpose', async () => {
    const { lease, refresh } = await fromTwitch({ rotate: true });
    const { resealed = '' } = await lease(refresh);
    const opened = Buffer.from(await keys.open({ sealed: resealed, ...belonging })).toString();
    assert.match(opened, /^[a-z0-9]{50}$/);
    await assert.rejects(keys.open({ sealed: resealed, owner: 'com_2', purpose: 'twitch' }));
    assert.equal(await validate((await lease(resealed)).token), 200);
  });

  it('for all who ask at once by one request', async () => {
    const { lease, refresh } = await fromTwitch({ rotate: true });
    const leases = await Promise.all(Array.from({ length: 20 }, () => lease(refresh)));
    assert.equal(asked, 1);
    assert.equal(new Set(leases.map(({ token }) => token)).size, 1);
    assert.equal(audited.length, 20);
  });

  it('for the others when one of them goes away', async () => {
    const { lease, refresh } = await fromTwitch({ rotate: true });
    const gone = new AbortController();
    const first = lease(refresh, { signal: gone.signal });
    const second = lease(refresh);
    gone.abort();
    assert.equal((await refusalOf(first)).code, 'failed');
    assert.equal(await validate((await second).token), 200);
    assert.equal(asked, 1);
  });

  it('again to who did not get the answer that used the refresh token up', async () => {
    const { lease, refresh } = await fromTwitch({ rotate: true });
    const first = await lease(refresh);
    assert.deepEqual(await lease(refresh), first);
    now += CALL_LIMITS.leaseKept;
    assert.match((await refusalOf(lease(refresh))).message, /does not take this refresh token any more/);
  });

  it('and says that it has to be given anew when Twitch does not take it any more', async () => {
    const { lease, refresh } = await fromTwitch();
    twitch.revokeRefreshToken();
    const refusal = await refusalOf(lease(refresh));
    assert.deepEqual([refusal.status, refusal.code], [502, 'failed']);
    assert.match(refusal.message, /sign in there again and type the new one/);
    assert.equal(audited.at(-1)?.outcome, 'failed');
  });

  it('and says what the operator has to set where there is no application, or a wrong one', async () => {
    await fromTwitch();
    const refresh = await sealed('samplesamplesamplesamplesamplesamplesamplerefresh0');
    const none = leasing({ twitchAuthUrl: twitch.env['TWITCH_AUTH_URL'] ?? '' });
    assert.match((await refusalOf(none(refresh))).message, /TWITCH_CLIENT_ID and TWITCH_CLIENT_SECRET/);
    const wrong = leasing({
      twitchAuthUrl: twitch.env['TWITCH_AUTH_URL'] ?? '',
      twitchClientId: twitch.env['TWITCH_CLIENT_ID'],
      twitchClientSecret: 'client-secret',
    });
    assert.match((await refusalOf(wrong(refresh))).message, /TWITCH_CLIENT_ID and TWITCH_CLIENT_SECRET/);
  });

  it('for a refresh token alone that was kept for Twitch, and from nobody else', async () => {
    const { lease, refresh } = await fromTwitch();
    assert.equal((await refusalOf(lease(refresh, { purpose: 'torn' }))).code, 'not-allowed');
    assert.equal((await refusalOf(lease(refresh, { owner: 'com_2' }))).code, 'cannot-open');
    const torn = lease(refresh, { provider: 'torn' });
    assert.equal((await refusalOf(torn)).code, 'unknown-provider');
    assert.equal(asked, 0);
  });

  for (const [what, status, body, code] of [
    ['a page', 200, () => '<html>', 'failed'],
    ['a token without end', 200, () => '{"access_token":"x"}', 'failed'],
    ['a token with a line break', 200, () => '{"access_token":"x\\ny","expires_in":60}', 'failed'],
    [
      'the refresh token itself',
      200,
      (refresh) => JSON.stringify({ access_token: refresh, expires_in: 60 }),
      'provider-echoes',
    ],
    ['a redirect', 302, () => '', 'provider-redirects'],
    ['its own trouble', 500, () => '{}', 'provider-away'],
    ['too much', 200, () => 'x'.repeat(100_000), 'provider-too-large'],
    ['slow down', 429, () => '{}', 'provider-limited'],
  ] as [string, number, (refresh: string) => string, string][])
    it(`and refuses when the answer is ${what}`, async () => {
      const { lease, refresh } = await fromOther(status, body);
      assert.equal((await refusalOf(lease(refresh))).code, code);
    });
});
