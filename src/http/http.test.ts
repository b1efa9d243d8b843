import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { openHall, roomOf, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { describeDevice } from './device.ts';

const PASSWORD = 'correct horse battery';
const APP = 'https://app.example';
let hall: OpenHall;
let ann: Somebody;
let bob: Somebody;
let room: string;

before(async () => {
  hall = await openHall({ CORS_ORIGINS: APP, METRICS_TOKEN: 'let me measure', SIGNUP: 'open' });
  [ann, bob] = [await somebody(hall.storage, 'ann', 'owner'), await somebody(hall.storage, 'bob')];
  room = (await roomOf(hall.storage, ann)).id;
});
after(() => hall.close());

interface Told {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  body: Record<string, unknown>;
}

async function ask(method: string, url: string, more: Omit<InjectOptions, 'method' | 'url'> = {}): Promise<Told> {
  const asked = { method: method as 'GET', url, ...more };
  const { statusCode: status, headers, body: text } = await hall.hall.server.app.inject(asked);
  const json = /json/.test(String(headers['content-type'])) ? (JSON.parse(text) as Told['body']) : {};
  return { status, headers, text, body: json };
}

const bearer = (who: Somebody) => ({ authorization: `Bearer ${who.token}` });
const withCookie = (who: Somebody, more: Record<string, string> = {}) => ({
  cookie: `guildhall=${who.token}`,
  ...more,
});
const json = { 'content-type': 'application/json' };

describe('what is wrong is told as problem+json', () => {
  const wrong: [what: string, method: string, url: string, more: InjectOptions, status: number, code: string][] = [
    ['no session', 'GET', '/v1/me', {}, 401, 'no-session'],
    ['an unknown address', 'GET', '/v1/nothing', {}, 404, 'unknown-address'],
    ['an unknown page for a program', 'GET', '/nothing', {}, 404, 'unknown-address'],
    ['an address that cannot be read', 'GET', '/v1/rooms/%zz/messages', {}, 400, 'bad-request'],
    ['an id without end', 'DELETE', `/v1/messages/${'x'.repeat(400)}`, {}, 404, 'unknown-address'],
    ['no JSON', 'POST', '/v1/sessions', { headers: json, payload: '{"username":' }, 400, 'bad-json'],
    [
      'half a character',
      'POST',
      '/v1/sessions',
      { headers: json, payload: Buffer.from([0x22, 0xf0, 0x9f, 0x98, 0x22]) },
      400,
      'bad-json',
    ],
    [
      'another kind of body',
      'POST',
      '/v1/sessions',
      { headers: { 'content-type': 'text/plain' }, payload: '{}' },
      415,
      'wrong-kind',
    ],
    [
      'a form',
      'POST',
      '/v1/sessions',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'a=1' },
      415,
      'wrong-kind',
    ],
    [
      'too large a body',
      'POST',
      '/v1/sessions',
      { headers: json, payload: `"${'x'.repeat(70_000)}"` },
      413,
      'too-large',
    ],
    ['no body', 'POST', '/v1/sessions', { headers: json }, 400, 'bad-request'],
    [
      'an unknown field',
      'POST',
      '/v1/sessions',
      { payload: { username: 'ann', password: 'x', admin: true } },
      400,
      'bad-request',
    ],
    ['a wrong pair', 'POST', '/v1/sessions', { payload: { username: 'nobody', password: 'x' } }, 401, 'wrong-sign-in'],
    ['an invite that is none', 'GET', '/v1/invites/XXXXX', {}, 404, 'unknown-invite'],
  ];
  for (const [what, method, url, more, status, code] of wrong) {
    test(`${what}: ${status} ${code}`, async () => {
      const told = await ask(method, url, more);
      assert.deepEqual([told.status, told.body.code, told.body.status], [status, code, status]);
      assert.match(String(told.headers['content-type']), /^application\/problem\+json/);
      assert.deepEqual([told.body.type, told.body.fault], ['about:blank', 'caller']);
      assert.match(`${told.body.title}: ${told.body.detail}`, /^\S.+: \S.+$/);
      assert.equal(told.headers['cache-control'], 'no-store');
    });
  }

  const strict: [method: string, url: () => string, body: Record<string, unknown>][] = [
    ['POST', () => '/v1/accounts', { username: 'eve', password: PASSWORD }],
    ['POST', () => '/v1/rooms', { name: 'plans' }],
    ['PATCH', () => `/v1/rooms/${room}`, { topic: 'x' }],
    ['POST', () => `/v1/rooms/${room}/messages`, { text: 'hello' }],
    ['POST', () => `/v1/rooms/${room}/read`, { seq: 0 }],
    ['PATCH', () => '/v1/me', { name: 'Ann' }],
    ['POST', () => '/v1/invites', { uses: 1 }],
    ['POST', () => '/v1/commands/help', { args: {} }],
  ];
  for (const [method, url, body] of strict) {
    test(`${method} ${url().replace('undefined', '…')} refuses a field that it does not know, and a body that is none`, async () => {
      for (const payload of [{ ...body, extra: 1 }, [body], 'x', null])
        assert.equal(
          (await ask(method, url(), { headers: { ...bearer(ann), ...json }, payload: JSON.stringify(payload) })).status,
          400,
        );
      assert.ok((await ask(method, url(), { headers: bearer(ann), payload: body })).status < 300);
    });
  }

  test('a refusal names its rule; a wait is told in the header too', async () => {
    const told = await ask('POST', '/v1/rooms', { headers: bearer(bob), payload: { name: 'mine' } });
    assert.deepEqual([told.status, told.body.code], [403, 'not-allowed']);
    assert.match(String(told.body.rule), /room\.create: moderator and up/);
    const slow = { username: 'slow', password: 'wrong' };
    for (let n = 0; n < 5; n++) await ask('POST', '/v1/sessions', { payload: slow });
    const wait = await ask('POST', '/v1/sessions', { payload: slow });
    assert.equal(wait.status, 429);
    assert.match(String(wait.headers['retry-after']), /^(10|[1-9])$/);
  });

  test('an operator’s things are for operators', async () => {
    const told = await ask('GET', '/v1/operator/dead', { headers: bearer(bob) });
    assert.deepEqual([told.status, told.body.code], [403, 'operator-only']);
    assert.deepEqual((await ask('GET', '/v1/operator/dead', { headers: bearer(ann) })).body, { dead: [] });
    assert.equal((await ask('POST', '/v1/operator/dead/job_x/retry', { headers: bearer(ann) })).status, 404);
  });
});

describe('whose page calls', () => {
  const post = (headers: Record<string, string>) =>
    ask('POST', `/v1/rooms/${room}/messages`, {
      headers: { host: 'localhost:80', ...headers },
      payload: { text: 'hello' },
    });
  const ours = 'http://localhost:80'.replace(':80', '');

  test('with the cookie an unsafe call must come from our own pages and say so', async () => {
    const refused: Record<string, string>[] = [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: APP },
      { origin: `${ours}.evil.example` },
      { origin: 'https://localhost:4000' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of refused) {
      const told = await post(withCookie(ann, headers));
      assert.deepEqual([told.status, told.body.code], [403, 'foreign-origin'], JSON.stringify(headers));
    }
    assert.equal((await post({ ...withCookie(ann), host: 'localhost', origin: 'http://localhost' })).status, 201);
    assert.equal((await post(withCookie(ann, { 'sec-fetch-site': 'same-origin' }))).status, 201);
  });

  test('signing in from another site’s page is refused too, though there is no cookie yet', async () => {
    const told = await ask('POST', '/v1/sessions', {
      headers: { origin: 'https://evil.example' },
      payload: { username: 'a', password: 'b' },
    });
    assert.equal(told.body.code, 'foreign-origin');
  });

  test('reading needs no origin', async () => {
    assert.equal((await ask('GET', '/v1/me', { headers: withCookie(ann) })).status, 200);
  });

  test('a request with a token never falls back to the cookie', async () => {
    for (const authorization of ['Bearer wrong', `Bearer ${'x'.repeat(43)}`, `Basic ${ann.token}`, '']) {
      const headers = { ...withCookie(ann), authorization };
      assert.equal((await ask('GET', '/v1/me', { headers })).status, 401, authorization);
    }
    const both = await ask('GET', '/v1/me', { headers: { ...withCookie(ann), ...bearer(bob) } });
    assert.equal((both.body.account as { username: string }).username, 'bob');
  });

  test('the named origins may call with a token, never with the cookie', async () => {
    const asked = await ask('OPTIONS', '/v1/rooms', {
      headers: { origin: APP, 'access-control-request-method': 'POST' },
    });
    assert.deepEqual([asked.status, asked.headers['access-control-allow-origin']], [204, APP]);
    assert.match(String(asked.headers['access-control-allow-headers']), /authorization/);
    const told = await post({ ...bearer(ann), origin: APP });
    assert.deepEqual([told.status, told.headers['access-control-allow-origin']], [201, APP]);
    for (const { headers } of [asked, told]) assert.equal(headers['access-control-allow-credentials'], undefined);
  });

  test('other origins get no leave at all', async () => {
    const asked = await ask('OPTIONS', '/v1/rooms', {
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    assert.equal(asked.headers['access-control-allow-origin'], undefined);
    const told = await ask('GET', '/v1/rooms', { headers: { ...bearer(ann), origin: 'https://evil.example' } });
    assert.equal(told.headers['access-control-allow-origin'], undefined);
  });
});

describe('the session’s cookie', () => {
  test('cannot be read by pages, does not travel from other sites, and goes when one signs out', async () => {
    await ask('POST', '/v1/accounts', { payload: { username: 'carl', password: PASSWORD } });
    const told = await ask('POST', '/v1/sessions', { payload: { username: 'carl', password: PASSWORD } });
    const cookie = String(told.headers['set-cookie']);
    assert.match(cookie, /^guildhall=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);
    assert.equal(cookie.slice(10, 53), told.body.token);
    const headers = { cookie: cookie.split(';')[0] ?? '', 'sec-fetch-site': 'same-origin' };
    const out = await ask('DELETE', '/v1/sessions/current', { headers });
    assert.equal(out.status, 204);
    assert.match(String(out.headers['set-cookie']), /^guildhall=;.*(Expires=Thu, 01 Jan 1970|Max-Age=0)/);
    assert.equal((await ask('GET', '/v1/me', { headers })).status, 401);
  });

  test('has the __Host- prefix and Secure where people come by https', async (t) => {
    const secure = await openHall({ PUBLIC_URL: 'https://hall.example.org', SIGNUP: 'open' });
    t.after(() => secure.close());
    const { app } = secure.hall.server;
    const payload = { username: 'carl', password: PASSWORD };
    await app.inject({ method: 'POST', url: '/v1/accounts', payload });
    const told = await app.inject({ method: 'POST', url: '/v1/sessions', payload });
    assert.match(String(told.headers['set-cookie']), /^__Host-guildhall=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });
});

describe('headers', () => {
  test('pages run our own scripts alone, and nobody frames them', async () => {
    const policy = String((await ask('GET', '/v1/hall')).headers['content-security-policy']);
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
      assert.ok(policy.split(';').includes(rule), rule);
    assert.doesNotMatch(policy, /unsafe|\*|http:/);
  });

  test('kinds are not guessed, and no address leaks to other sites', async () => {
    const { headers } = await ask('GET', '/v1/hall');
    assert.deepEqual([headers['x-content-type-options'], headers['referrer-policy']], ['nosniff', 'no-referrer']);
    assert.equal(headers['x-powered-by'], undefined);
  });
});

describe('figures', () => {
  const metrics = (remoteAddress: string, headers: Record<string, string> = {}) =>
    ask('GET', '/metrics', { remoteAddress, headers });

  test('are for this machine, or for who has the token', async () => {
    assert.equal((await metrics('127.0.0.1')).status, 200);
    assert.equal((await metrics('10.0.0.9')).body.code, 'metrics-only');
    assert.equal((await metrics('10.0.0.9', { authorization: 'Bearer let me measure' })).status, 200);
    assert.equal((await metrics('10.0.0.9', { authorization: 'Bearer let me' })).status, 403);
  });

  test('are not for those who come by a proxy on this machine', async () => {
    for (const headers of [{ 'x-forwarded-for': '10.0.0.9' }, { forwarded: 'for=10.0.0.9' }])
      assert.equal((await metrics('127.0.0.1', headers)).status, 403);
  });

  test('health says that it lives and that it is ready', async () => {
    assert.equal((await ask('GET', '/health/live')).status, 200);
    assert.deepEqual((await ask('GET', '/health/ready')).body, { status: 'ready', notReady: [] });
  });
});

describe('commands over HTTP', () => {
  const run = (name: string, payload: object, query = '') =>
    ask('POST', `/v1/commands/${name}${query}`, { headers: bearer(bob), payload });

  test('answer with the reply alone', async () => {
    const told = await run('help', { args: { command: 'stock' } });
    assert.equal(told.status, 200);
    assert.match(String((told.body.reply as { text: string }).text), /^\/stock symbol: Latest price of a share/);
  });

  test('are refused with the status of what is wrong', async () => {
    assert.deepEqual([(await run('nope', {})).status, (await run('constructor', {})).status], [404, 404]);
    const told = await run('stock', { args: { symbol: 'a b' } });
    assert.deepEqual([told.status, told.body.code], [400, 'bad-argument']);
    assert.equal((await run('stock', { args: { symbol: 5 } })).status, 400);
    assert.equal((await run('help', { room: 'room_x' })).body.code, 'unknown-room');
    for (const wait of ['-1', '31', 'x']) assert.equal((await run('help', {}, `?wait=${wait}`)).status, 400, wait);
  });

  test('are refused as too fast like posts, and wait', async (t) => {
    const small = await openHall({ COMMAND_LIMIT: '1/60' });
    t.after(() => small.close());
    const eve = await somebody(small.storage, 'eve');
    const help = () =>
      small.hall.server.app.inject({ method: 'POST', url: '/v1/commands/help', headers: bearer(eve), payload: {} });
    assert.equal((await help()).statusCode, 200);
    const second = await help();
    assert.deepEqual([second.statusCode, second.json().code], [429, 'too-fast']);
    assert.ok(Number(second.headers['retry-after']) > 0);
  });

  test('that take longer give a job, which is its asker’s alone', async () => {
    const told = await run('stock', { args: { symbol: 'aapl.us' } }, '?wait=0');
    assert.equal(told.status, 202);
    const path = `/v1/jobs/${String(told.body.job)}`;
    assert.equal((await ask('GET', path, { headers: bearer(bob) })).body.job, told.body.job);
    assert.equal((await ask('GET', path, { headers: bearer(ann) })).body.code, 'unknown-job');
  });

  test('are listed for one’s role, and described in the OpenAPI document', async () => {
    const { commands } = (await ask('GET', '/v1/commands', { headers: bearer(bob) })).body as {
      commands: { name: string }[];
    };
    assert.deepEqual(
      commands.map(({ name }) => name),
      ['help', 'link', 'report', 'stock', 'unlink', 'unverify', 'verify'],
    );
    const document = (await ask('GET', '/openapi.json')).body as { openapi: string; paths: Record<string, unknown> };
    assert.match(document.openapi, /^3\.1/);
    for (const path of ['/v1/commands/stock', '/v1/rooms/{id}/messages', '/v1/sessions', '/health/ready'])
      assert.ok(document.paths[path], path);
  });
});

describe('limits', () => {
  test('too many posts and too many requests wait, each person by themselves', async (t) => {
    const small = await openHall({ POST_LIMIT: '2/60', READ_LIMIT: '6/60' });
    t.after(() => small.close());
    const [eve, carl] = [await somebody(small.storage, 'eve'), await somebody(small.storage, 'carl')];
    const place = (await roomOf(small.storage, eve)).id;
    const say = async (who: Somebody) =>
      await small.hall.server.app.inject({
        method: 'POST',
        url: `/v1/rooms/${place}/messages`,
        headers: bearer(who),
        payload: { text: 'x' },
      });
    assert.deepEqual([(await say(eve)).statusCode, (await say(eve)).statusCode], [201, 201]);
    const third = await say(eve);
    assert.equal(third.statusCode, 429);
    assert.match(String(third.headers['retry-after']), /^(60|[1-5]?[0-9])$/);
    assert.equal((await say(carl)).statusCode, 201);
    const read = async () => (await small.hall.server.app.inject({ url: '/v1/me', headers: bearer(carl) })).statusCode;
    const told = [await read(), await read(), await read(), await read(), await read(), await read()];
    assert.deepEqual(told, [200, 200, 200, 200, 200, 429]);
  });

  test('pages of history have bounds', async () => {
    const page = (query: string) => ask('GET', `/v1/rooms/${room}/messages?${query}`, { headers: bearer(bob) });
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'before=-1', 'after=1.5', 'order=desc'])
      assert.equal((await page(query)).status, 400, query);
    assert.equal((await page('limit=200&after=0')).status, 200);
  });
});

describe('a device', () => {
  const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const SAFARI =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1';
  const known: [agent: string | undefined, device: string][] = [
    [FIREFOX, 'Firefox on Linux'],
    [SAFARI, 'Safari on iOS'],
    [undefined, 'A program'],
    ['curl/8.0', 'curl/8.0'],
    ['\u0001\u0002', 'A program'],
    ['x'.repeat(500), 'x'.repeat(60)],
  ];
  for (const [agent, device] of known)
    test(`${device.slice(0, 20)} is what a person reads`, () => assert.equal(describeDevice(agent), device));
});
