import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import type { Live } from '#test/support/live.ts';
import { type Answer, call, type Fields } from '#test/support/person.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import { everything, GENEROUS, makeWorld } from './permissions-world.ts';
import type { World } from './permissions-callers.ts';
import { ROUTES } from './permissions-table.ts';

/**
 * Whatever is wrong with a call or a frame: it is told in a sentence with a code, nothing changes, nothing of ours
 * breaks. The good form of every route comes from the table of permissions, so a new route is tried here at once.
 */
for (const shape of SHAPES)
  describe(`bad input, ${shape}`, { concurrency: 1 }, () => {
    let hall: Deployment;
    let stock: StockSource;
    let world: World;

    before(async () => {
      stock = await startStock();
      hall = await startDeployment(shape, { STOCK_URL: stock.url, ...GENEROUS }, { vault: 1, bot: 1 });
      world = await makeWorld(hall);
    });
    after(async () => {
      await hall?.remove();
      await stock?.stop();
    });

    for (const [route, [good]] of Object.entries(ROUTES)) {
      const [method = ''] = route.split(' ');
      if (!['POST', 'PUT', 'PATCH'].includes(method) || !good) continue;

      test(`${route} refuses a body that is not as described, names what is wrong, and changes nothing`, async () => {
        const { path, body } = await good.call(world, 'moderator');
        if (body === undefined) return;
        const before = await everything(world);
        const send = (wrong: unknown): Promise<Answer> =>
          call(hall, { method, path, body: wrong, token: world.host.token });
        const nullable = TAKES_NULL.has(route);
        const bodies = LISTS.has(route) ? [] : wrongBodies(body as Fields);
        for (const [what, wrong, field] of bodies.filter(([, one, named]) => !(nullable && one[named] === null)))
          assertRefused(
            await send(wrong),
            `${what}: ${JSON.stringify(wrong).slice(0, 100)}`,
            what === 'unknown field' && QUOTES_NO_FIELD.has(route) ? 'nothing else' : field,
          );
        const broken = BROKEN.filter(([what]) => !(['a list', 'deep'].includes(what) && LISTS.has(route)));
        for (const [what, wrong] of broken) assertRefused(await send(wrong), what);
        assert.deepEqual(await everything(world), before);
      });
    }

    test('a query that is not as described is refused', async () => {
      const messages = `/v1/rooms/${world.open}/messages`;
      const wrong = [
        'limit=0',
        'limit=201',
        'limit=many',
        'limit=1.5',
        'before=-1',
        'after=x',
        'page=2',
        'limit=1&limit=2',
      ];
      for (const query of wrong) assertRefused(await world.host.get(`${messages}?${query}`), query);
      for (const query of ['wait=-1', 'wait=31', 'wait=soon', 'later=1'])
        assertRefused(await world.host.post(`/v1/commands/help?${query}`, {}), query);
    });

    test('an address with a strange id in it is unknown or malformed, never our mistake', async () => {
      const ids = [
        '%00',
        '%ff',
        '..%2f..%2fhall.db',
        "'--",
        '%F0%9F%98%80',
        'x'.repeat(101),
        'room_',
        '__proto__',
        '%22',
      ];
      const wrong: string[] = [];
      for (const [route, [good]] of Object.entries(ROUTES).filter(([one]) => one.includes('{'))) {
        const [method = '', pattern = ''] = route.split(' ');
        const body = (await good?.call(world, 'moderator'))?.body;
        // Whoever may not even ask is refused before the id is looked at.
        const { token } = good?.expect.owner === 403 ? world.people.operator : world.host;
        for (const id of ids) {
          const path = pattern.replaceAll(/\{\w+\}/g, id);
          const answer = await call(hall, { method, path, body, token });
          if (![400, 404].includes(answer.status) || !isProblem(answer)) wrong.push(said(answer, `${method} ${path}`));
        }
      }
      assert.deepEqual(wrong, []);
    });

    test('what is not there, and a way that an address does not know, are told as problems too', async () => {
      for (const [method, path] of [
        ['GET', '/v1/nothing'],
        ['PUT', '/v1/rooms'],
        ['DELETE', '/v1/hall'],
        ['GET', '/v1/%zz'],
      ])
        assertProblem(await world.host.call(method ?? '', path ?? ''), `${method} ${path}`);
    });

    test('a header or an address that is far too long is refused, and the next call works', async () => {
      const long = await call(hall, {
        method: 'GET',
        path: '/v1/me',
        headers: { authorization: `Bearer ${'x'.repeat(20_000)}` },
      });
      assert.ok([400, 401, 431].includes(long.status), long.text);
      const address = await world.host.get(`/v1/rooms?${'x'.repeat(20_000)}`);
      assert.ok(address.status >= 400 && address.status < 500);
      assert.equal((await world.host.get('/v1/me')).status, 200);
    });

    test('every frame that is not as described gets an error frame, and the connection goes on', async () => {
      const before = await everything(world);
      const live = await world.host.live();
      for (const wrong of wrongFrames(world.open)) {
        live.frames.length = 0;
        if (wrong instanceof Buffer) live.socket.send(wrong);
        else live.socket.send(typeof wrong === 'string' ? wrong : JSON.stringify(wrong));
        const error = await live.frame('error');
        assert.match(error.code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
        assert.ok(error.detail.length > 5, JSON.stringify(error));
        const id = (wrong as { clientId?: unknown } | null)?.clientId;
        if (typeof id === 'string' && id.length <= 64 && id) assert.equal(error.clientId, id, JSON.stringify(wrong));
      }
      assert.deepEqual(await everything(world), before);
      assert.equal((await live.post(world.open, 'And now a good one')).type, 'posted');
      live.close();
    });

    test('a frame that is too large closes its connection with 1009, one that is not UTF-8 with 1007', async () => {
      const large = await world.host.live();
      large.socket.send('x'.repeat(100_000));
      assert.equal(await large.whenClosed(), 1009);
      const broken = await world.host.live();
      broken.socket.send(NOT_UTF8, { binary: false });
      assert.equal(await broken.whenClosed(), 1007);
      assert.equal((await world.host.get('/health/live')).status, 200);
    });

    test('the longest message that is allowed comes through whole, one character more does not', async () => {
      const live: Live = await world.host.live();
      await live.subscribe(world.open);
      const longest = '🏮'.repeat(2_000);
      assert.equal(longest.length, 4_000);
      const posted = await live.post(world.open, longest);
      assert.equal(posted.type, 'posted', JSON.stringify(posted).slice(0, 200));
      assert.equal(posted.message.text, longest);
      assert.equal((await live.post(world.open, 'x'.repeat(4_001))).type, 'error');
      live.close();
    });

    test('nothing of all this was a mistake of ours', async () => {
      assert.doesNotMatch(hall.output, /unexpected error|frame failed|uncaught/i);
    });
  });

const NOT_UTF8 = Buffer.from([0x22, 0xc3, 0x28, 0xff, 0x22]);

/** Bodies that are wrong for every address. */
const BROKEN: [what: string, body: unknown][] = [
  ['half of a JSON', Buffer.from('{"text": "hel')],
  ['not JSON', Buffer.from('text=hello')],
  ['not UTF-8', Buffer.concat([Buffer.from('{"text":"'), NOT_UTF8, Buffer.from('"}')])],
  ['too large', { text: 'x'.repeat(200_000) }],
  ['a list', []],
  ['a string', 'hello'],
  ['nothing at all', null],
  ['a number', 7],
  ['deep', Buffer.from(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)],
  ['a prototype', Buffer.from('{"__proto__": {"operator": true}}')],
];

/** Where null is a value: it goes back to what is declared. */
const TAKES_NULL = new Set([
  'PUT /v1/communities/{id}/commands/{name}',
  'PATCH /v1/communities/{id}/spaces/{space}',
  'PATCH /v1/communities/{id}/people/{user_id}',
]);

/** Takes a list, of which each row is told what is wrong with it: list-of-people.test.ts. */
const LISTS = new Set(['PUT /v1/communities/{id}/people', 'POST /v1/communities/{id}/verification/imports']);

/** What somebody sent as a field's name may be the secret. */
const QUOTES_NO_FIELD = new Set(['PUT /v1/me/secrets/{purpose}', 'PUT /v1/communities/{id}/secrets/{purpose}']);

/** The good body with one thing wrong in it, and the field that the answer must name. */
function wrongBodies(good: Fields): [what: string, body: Fields, field: string][] {
  const fields = Object.entries(good).flatMap(([field, value]) =>
    wrongValues(value).map((wrong): [string, Fields, string] => ['wrong kind', { ...good, [field]: wrong }, field]),
  );
  return [...fields, ['unknown field', { ...good, colour: 'blue' }, 'colour']];
}

function wrongValues(good: unknown): unknown[] {
  const others = [null, [], { a: 1 }];
  if (typeof good === 'string') return [...others, 7, true, 'x'.repeat(9_000)];
  if (typeof good === 'number') return [...others, 'seven', -1, 1.5, 1e300];
  if (typeof good === 'boolean') return [...others, 'yes', 1];
  return [null, 7, 'x', ['a']];
}

function wrongFrames(room: string): unknown[] {
  const clientId = 'c-wrong';
  const post = { type: 'post', room, text: 'hello', clientId };
  return [
    'hello',
    '{"type":"post"',
    '',
    'null',
    '7',
    [],
    {},
    Buffer.from('hello'),
    { type: 'shout', room },
    { type: ['post'], room },
    { type: '__proto__' },
    { ...post, room: 7 },
    { ...post, room: 'room_none' },
    { ...post, room: 'x'.repeat(200) },
    { ...post, text: 7 },
    { ...post, text: '' },
    { ...post, text: '   ' },
    { ...post, text: 'x'.repeat(4_001) },
    { ...post, text: 'half a character: \ud83c' },
    { ...post, clientId: '' },
    { ...post, clientId: 7 },
    { ...post, clientId: 'x'.repeat(65) },
    { ...post, colour: 'blue' },
    { type: 'subscribe', room: null },
    { type: 'subscribe', room, after: -1 },
    { type: 'subscribe', room, after: '1' },
    { type: 'subscribe', room, after: 1.5 },
    { type: 'subscribe', room: 'room_none' },
    { type: 'unsubscribe' },
    { type: 'typing', room: 'room_none' },
    { type: 'typing' },
  ];
}

function assertRefused(answer: Answer, what: string, field?: string): void {
  assertProblem(answer, what);
  assert.ok([400, 413, 415].includes(answer.status), `${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
  if (field)
    assert.match(
      `${answer.body['code']} ${answer.body['detail']}`,
      new RegExp(field),
      `${what}: the field is not named`,
    );
}

function assertProblem(answer: Answer, what: string): void {
  assert.ok(answer.status >= 400 && answer.status < 500 && isProblem(answer), said(answer, what));
}

const isProblem = ({ headers, body }: Answer): boolean =>
  (headers.get('content-type') ?? '').startsWith('application/problem+json') &&
  body['fault'] === 'caller' &&
  /^[a-z0-9]+(-[a-z0-9]+)*$/.test(String(body['code'])) &&
  String(body['detail']).length > 5;

const said = ({ status, text }: Answer, what: string): string => `${what}: ${status} ${text.slice(0, 300)}`;
