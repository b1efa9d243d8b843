import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { seal } from '#contracts/sealed.ts';
import type { ProviderAnswer, ProviderRequest, SealedSecret } from '#contracts/vault.ts';
import { ECHOES, type HostileProvider, startHostileProvider } from '#test/support/hostile-provider.ts';
import type { Asking } from './asking.ts';
import type { AuditEntry } from './audit.ts';
import { caller } from './call.ts';
import { CALL_LIMITS } from './call-limits.ts';
import { createGovernor } from './governor.ts';
import { type Keys, openKeys } from './keys.ts';
import { providersOf } from './providers.ts';
import { Refusal } from './refusal.ts';

const CANARY = 'canaryCanary0123';

describe('the vault asks a provider', () => {
  let folder: string;
  let keys: Keys;
  let provider: HostileProvider;
  let audited: AuditEntry[];
  /** The buffers that secrets were opened into. */
  let opened: Uint8Array[];
  let now: number;
  let call: (request: Partial<ProviderRequest>, more?: More) => Promise<ProviderAnswer>;

  interface More extends Partial<SealedSecret> {
    provider?: string;
    signal?: AbortSignal;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guildhall-call-'));
    keys = await openKeys(join(folder, 'vault'));
  });
  after(() => rm(folder, { recursive: true }));

  beforeEach(async () => {
    provider = await startHostileProvider();
    audited = [];
    opened = [];
    now = 1_700_000_000_000;
    call = await calls();
  });
  afterEach(() => provider.stop());

  const sealed = (secret = CANARY, owner = 'acct_1', purpose = 'torn'): Promise<string> =>
    seal(keys.publicKey(), new TextEncoder().encode(secret), { owner, purpose });

  function asking(more: Partial<Asking> = {}): Asking {
    return {
      keys: {
        publicKey: () => keys.publicKey(),
        async open(secret) {
          const bytes = await keys.open(secret);
          opened.push(bytes);
          return bytes;
        },
      },
      providers: providersOf({ tornUrl: provider.url, twitchAuthUrl: 'http://127.0.0.1:1' }),
      governor: createGovernor(),
      audit: (entry) => void audited.push(entry),
      clock: () => now,
      ...more,
    };
  }

  async function calls(more: Partial<Asking> = {}): Promise<typeof call> {
    const ask = caller(asking(more)).call;
    const ready = { sealed: await sealed(), owner: 'acct_1', purpose: 'torn', provider: 'torn' };
    return (request, { signal = new AbortController().signal, ...over } = {}) =>
      ask({ ...ready, ...over, request: { method: 'GET', path: '/v2/torn/fine', ...request } }, 'worker', signal);
  }

  const at = (name: string): Partial<ProviderRequest> => ({ path: `/v2/torn/${name}` });

  async function refusalOf(answer: Promise<unknown>): Promise<Refusal> {
    const thrown = await answer.then(
      (given) => assert.fail(`it was answered: ${JSON.stringify(given)}`),
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof Refusal, String(thrown));
    const told = JSON.stringify([thrown.message, thrown.stack, thrown, audited]);
    assert.doesNotMatch(told, /canary/i);
    return thrown;
  }

  it('with the secret where its list says, and gives its answer back', async () => {
    const answer = await call({ ...at('fine'), query: { selections: 'a,b' } });
    assert.deepEqual(answer, { status: 200, contentType: 'application/json; charset=utf-8', body: '{"fine":true}' });
    const [seen] = provider.seen;
    assert.deepEqual([seen?.authorization, seen?.path], [`ApiKey ${CANARY}`, '/v2/torn/fine?selections=a%2Cb']);
    assert.deepEqual(audited, [
      { at: now, by: 'worker', operation: 'call', owner: 'acct_1', purpose: 'torn', provider: 'torn', outcome: 'ok' },
    ]);
  });

  it('and has overwritten the secret when the answer is given, or a refusal', async () => {
    await call(at('fine'));
    for (const name of ['redirect', 'huge-told', 'cut', 'echo-plain', 'limited']) await refusalOf(call(at(name)));
    assert.equal(opened.length, 6);
    assert.ok(opened.every((bytes) => bytes.length === CANARY.length && bytes.every((byte) => byte === 0)));
  });

  it('never with a request that is not on its list, and opens nothing for that', async () => {
    const requests: [Partial<ProviderRequest>, string][] = [
      [{ path: '/v2/../x' }, 'not-on-list'],
      [{ path: '//evil.example/v2/user' }, 'not-on-list'],
      [{ method: 'POST' }, 'not-on-list'],
      [{ query: { key: 'x' } }, 'not-on-list'],
    ];
    for (const [request, code] of requests) assert.equal((await refusalOf(call(request))).code, code);
    for (const name of ['evil', 'twitch', '__proto__']) {
      const refusal = await refusalOf(call({}, { provider: name }));
      assert.deepEqual([refusal.code, refusal.status], ['unknown-provider', 404]);
    }
    assert.deepEqual([provider.seen.length, opened.length], [0, 0]);
    assert.equal(audited.length, 7);
  });

  it('never with a secret that was kept for something else', async () => {
    const refusal = await refusalOf(call({}, { purpose: 'twitch', sealed: await sealed(CANARY, 'acct_1', 'twitch') }));
    assert.deepEqual([refusal.code, refusal.status], ['not-allowed', 403]);
    assert.equal(opened.length, 0);
  });

  it('never with a secret of somebody else', async () => {
    const refusal = await refusalOf(call({}, { owner: 'acct_2' }));
    assert.deepEqual([refusal.code, refusal.status, provider.seen.length], ['cannot-open', 409, 0]);
    assert.equal(audited.at(-1)?.outcome, 'cannot-open');
  });

  for (const bad of [
    'short',
    `${CANARY}\r\nx-evil: 1`,
    `${CANARY} `,
    `${CANARY}\0`,
    `${CANARY}ä`,
    `${CANARY}\u{1f511}`,
  ])
    it(`never with a secret that cannot stand in a header: ${JSON.stringify(bad)}`, async () => {
      const refusal = await refusalOf(call({}, { sealed: await sealed(bad) }));
      assert.equal(refusal.code, 'failed');
      assert.match(refusal.message, /Type it again/);
      assert.equal(provider.seen.length, 0);
    });

  for (const name of [...Object.keys(ECHOES), 'echo-type', 'echo-packed'])
    it(`and keeps an answer back that holds the secret: ${name}`, async () => {
      assert.equal((await refusalOf(call(at(name)))).code, 'provider-echoes');
    });

  for (const [name, code] of [
    ['redirect', 'provider-redirects'],
    ['huge', 'provider-too-large'],
    ['gzip-bomb', 'provider-too-large'],
    ['endless-headers', 'provider-too-large'],
    ['cut', 'provider-away'],
  ] as const)
    it(`and refuses and notes a provider that does ${name}`, async () => {
      assert.equal((await refusalOf(call(at(name)))).code, code);
      assert.equal(audited.at(-1)?.outcome, code);
    });

  it('and ends within its time when the provider gives a byte a second', async () => {
    const hurried = await calls({ within: 400 });
    const began = performance.now();
    assert.equal((await refusalOf(hurried(at('drip')))).code, 'provider-slow');
    assert.ok(performance.now() - began < 5_000);
  });

  it('and leaves a key alone as long as a 429 says', async () => {
    const refusal = await refusalOf(call(at('limited')));
    assert.deepEqual([refusal.status, refusal.code, refusal.retryAfter], [429, 'provider-limited', 7]);
    const hurried = await calls({ within: 1_000 });
    await refusalOf(hurried(at('limited')));
    assert.equal((await refusalOf(hurried({}))).code, 'provider-limited');
    const other = { owner: 'acct_2', sealed: await sealed('another0key12345', 'acct_2') };
    assert.equal((await hurried({}, other)).status, 200);
  });

  it('and leaves a key alone when Torn says with status 200 that it asks too often', async () => {
    const hurried = await calls({ within: 1_000 });
    assert.equal((await refusalOf(hurried(at('error-5')))).retryAfter, CALL_LIMITS.pause / 1_000);
    const seen = provider.seen.length;
    assert.equal((await refusalOf(hurried({}))).code, 'provider-limited');
    assert.equal(provider.seen.length, seen);
  });

  for (const name of ['error-8', 'maintenance'])
    it(`and leaves the provider alone for everybody when it says so: ${name}`, async () => {
      const hurried = await calls({ within: 1_000 });
      await refusalOf(hurried(at(name)));
      const other = { owner: 'acct_2', sealed: await sealed('another0key12345', 'acct_2') };
      assert.equal((await refusalOf(hurried({}, other))).code, 'provider-limited');
    });

  it('and does not go on asking with a key that the provider refused', async () => {
    const [first, second] = [await call(at('error-2')), await call(at('fine'))];
    assert.match(first.body, /Incorrect key/);
    assert.deepEqual(second, first);
    assert.equal(provider.seen.length, 1);
    now += CALL_LIMITS.refusalKept;
    assert.match((await call(at('fine'))).body, /fine/);
  });

  it('at once with a new key in the place of a refused one', async () => {
    await call(at('error-2'));
    assert.match((await call({}, { sealed: await sealed('another0key12345') })).body, /fine/);
  });

  it('and passes other errors of the provider on', async () => {
    assert.match((await call(at('error-6'))).body, /Incorrect ID/);
    assert.match((await call(at('fine'))).body, /fine/);
  });

  it('for nobody who went away meanwhile', async () => {
    const gone = new AbortController();
    const answer = call(at('silent'), { signal: gone.signal });
    setTimeout(() => gone.abort(), 50);
    assert.equal((await refusalOf(answer)).code, 'failed');
    assert.ok(opened.every((bytes) => bytes.every((byte) => byte === 0)));
  });

  it('for a hundred callers at once with three keys, fairly and within the limits', async () => {
    const hurried = await calls({ within: 1_500 });
    const people = await Promise.all(
      ['acct_a', 'acct_b', 'acct_c'].map(async (owner, n) => ({
        owner,
        sealed: await sealed(`${n}key56789012345`, owner),
      })),
    );
    const answers = await Promise.allSettled(
      Array.from({ length: 100 }, (_, n) => hurried({}, people[n % people.length])),
    );
    const counts = [0, 1, 2].map((n) =>
      provider.seen.filter(({ authorization }) => authorization.startsWith(`ApiKey ${n}`)),
    );
    const { burst } = { burst: 20 };
    for (const { length } of counts) assert.ok(length >= burst && length <= burst + 5, `${length}`);
    assert.ok(provider.connections() <= CALL_LIMITS.atOnce);
    const refused = answers.filter((one) => one.status === 'rejected').map(({ reason }) => reason as Refusal);
    assert.equal(refused.length + provider.seen.length, 100);
    assert.ok(refused.every(({ code, retryAfter }) => /busy|provider-limited/.test(code) && retryAfter));
  });
});
