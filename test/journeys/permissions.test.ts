import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { FRAME_TYPES } from '#http/live/frames-in.ts';
import { Live } from '#test/support/live.ts';
import { type Answer, call, member, type Person, signIn } from '#test/support/person.ts';
import { giveRole } from '#test/support/roles.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import { fewOf, WHO, type Expect, type Try, type Who, type World } from './permissions-callers.ts';
import { askInWords, sendAs } from './permissions-live.ts';
import { COMMANDS, FRAMES, ROUTES } from './permissions-table.ts';
import { everything, GENEROUS, makeWorld } from './permissions-world.ts';

for (const shape of SHAPES)
  describe(`who may do what, ${shape}`, { concurrency: 1 }, () => {
    let hall: Deployment;
    let stock: StockSource;
    let world: World;

    // One process tries everybody; in the other shape, whose rules are the same, one for each answer shows that they hold.
    const triedIn = (expect: Expect<unknown>): readonly Who[] => (shape === 'in one process' ? WHO : fewOf(expect));

    before(async () => {
      stock = await startStock();
      hall = await startDeployment(shape, { STOCK_URL: stock.url, ...GENEROUS }, { vault: 1, bot: 1 });
      world = await makeWorld(hall);
    });
    after(async () => {
      await hall?.remove();
      await stock?.stop();
    });

    test('every route that /openapi.json names is tried here, and no other', async () => {
      const { body } = await call<OpenApi>(hall, { method: 'GET', path: '/openapi.json' });
      const named = Object.entries(body.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      );
      assert.ok(named.length > 20);
      assert.deepEqual(named.toSorted(), Object.keys(ROUTES).toSorted());
    });

    for (const [route, tries] of Object.entries(ROUTES)) {
      for (const one of tries) {
        test(`${route}, ${one.about}`, async () => {
          for (const who of triedIn(one.expect)) await tryOne({ hall, world, route, one, who });
        });
      }
    }

    for (const who of ['guest', 'stranger', 'elsewhere', 'operator'] as const)
      test(`a refused call changes nothing that the host can see: ${who}`, async () => {
        const calls = [];
        for (const [route, tries] of Object.entries(ROUTES))
          for (const one of tries.filter(({ expect }) => expect[who] >= 400))
            calls.push({ method: route.split(' ')[0] ?? '', ...(await one.call(world, who)) });
        assert.ok(calls.length > 20);
        const before = await everything(world);
        for (const asked of calls) {
          const answer = await call(hall, { ...asked, token: world.people[who].token });
          assert.ok(answer.status >= 400, `${asked.method} ${asked.path} ${answer.status}`);
        }
        assert.deepEqual(await everything(world), before);
      });

    test('every kind of frame that a connection may send is tried here, and no other', () => {
      assert.deepEqual(FRAME_TYPES.toSorted(), Object.keys(FRAMES).toSorted());
    });

    for (const [type, tries] of Object.entries(FRAMES))
      for (const { about, expect, frame } of tries)
        test(`a frame ${type}, ${about}`, async () => {
          for (const who of triedIn(expect).filter((one) => one !== 'anonymous'))
            assert.equal(await sendAs(world, who, { type, ...frame(world) }), expect[who], who);
        });

    test('every command there is is tried here, and no other', async () => {
      const { body } = await call<OpenApi>(hall, { method: 'GET', path: '/openapi.json' });
      const named = Object.keys(body.paths).flatMap((path) => path.match(/(?<=^\/v1\/commands\/).+/) ?? []);
      assert.deepEqual(named.toSorted(), Object.keys(COMMANDS).toSorted());
    });

    for (const [name, { line, expect }] of Object.entries(COMMANDS))
      test(`the command ${name}, as a line in a room`, async () => {
        for (const who of triedIn(expect).filter((one) => one !== 'anonymous'))
          assert.equal(await askInWords(world, who, line), expect[who], who);
      });

    test('a moderator sees and ends the invites of their own making, an admin everybody’s', async () => {
      const { operator } = world.people;
      const moderator = await member(operator, 'mona');
      await giveRole(moderator, 'moderator');
      const made = await moderator.done<{ invite: { id: string } }>('POST', '/v1/invites', {});
      const seenBy = async (person: Person): Promise<string[]> => {
        const { invites } = await person.done<{ invites: { id: string }[] }>('GET', '/v1/invites');
        return invites.map((invite) => invite.id);
      };
      assert.ok((await seenBy(moderator)).includes(made.invite.id));
      const owners = await world.freshInvite();
      assert.ok(!(await seenBy(moderator)).includes(owners.id));
      assert.ok((await seenBy(operator)).includes(made.invite.id));
      await moderator.done('DELETE', `/v1/invites/${made.invite.id}`);
      assert.ok(!(await seenBy(operator)).includes(made.invite.id));
    });

    test('without a session a live connection is refused, and so is one from a foreign page', async () => {
      const refused = (headers: Record<string, string>, status: number): Promise<void> =>
        assert.rejects(Live.connect(hall.url, headers), new RegExp(`Unexpected server response: ${status}`));
      await refused({}, 401);
      await refused({ authorization: 'Bearer not-a-token-that-anybody-has' }, 401);
      await refused({ cookie: `guildhall=${world.host.token}`, origin: 'https://evil.example' }, 403);
      await refused({ cookie: `guildhall=${world.host.token}` }, 403);
      const ours = await Live.connect(hall.url, { cookie: `guildhall=${world.host.token}`, origin: hall.url });
      ours.close();
    });

    test('nothing of a private room reaches whoever is not in it, nor of a room anybody of another community', async () => {
      const { operator, stranger, elsewhere, ...members } = world.people;
      const strangers = { operator, stranger, elsewhere };
      const inside = await world.host.live();
      const inTheCommunity = await Promise.all(Object.values(members).map((person) => person.live()));
      const elsewhereLive = await Promise.all(Object.values(strangers).map((person) => person.live()));
      await Promise.all([inside.subscribe(world.closed), ...inTheCommunity.map((live) => live.subscribe(world.open))]);
      for (const live of elsewhereLive)
        for (const room of [world.open, world.closed]) live.send({ type: 'subscribe', room });
      inside.send({ type: 'typing', room: world.closed });
      await inside.post(world.closed, 'Between these walls');
      await world.host.done('PATCH', `/v1/messages/${world.secret}`, { text: 'Changed between these walls' });
      const names = Object.values(strangers).map(({ username }) => `@${username}`);
      await world.host.done('POST', `/v1/rooms/${world.open}/messages`, { text: `For all, ${names.join(' ')}` });
      await world.host.done('POST', '/v1/rooms', { name: 'opened-meanwhile' });
      const leaked = (live: Live, what: string[]): unknown[] =>
        live.frames.filter(
          ({ type, ...frame }) => type !== 'error' && what.some((id) => JSON.stringify(frame).includes(id)),
        );
      for (const live of inTheCommunity) {
        await live.frame('message', (frame) => frame.message.text.startsWith('For all'));
        assert.deepEqual(leaked(live, [world.closed]), []);
      }
      for (const [who, person] of Object.entries(strangers)) {
        const live = elsewhereLive[Object.keys(strangers).indexOf(who)] as Live;
        // What comes after is there: so is all that would have come before.
        await person.done('PATCH', '/v1/me', { name: `${who} again` });
        const room = (await person.done<{ rooms: { id: string }[] }>('GET', '/v1/rooms')).rooms[0]?.id ?? '';
        await live.subscribe(room);
        assert.deepEqual(leaked(live, [world.open, world.closed, world.community, world.host.id]), []);
        assert.deepEqual(
          live.frames.filter(({ type }) => type === 'rooms' || type === 'news'),
          [],
        );
      }
      for (const live of [inside, ...inTheCommunity, ...elsewhereLive]) live.close();
    });

    test('whoever is taken out of a private room gets nothing more of it, on the connection that is open', async () => {
      const max = world.people.member;
      const live = await max.live();
      await live.subscribe(world.shared);
      await world.host.done('DELETE', `/v1/rooms/${world.shared}/members/${max.id}`);
      await live.frame('rooms');
      await world.host.done('POST', `/v1/rooms/${world.shared}/messages`, { text: 'Without you' });
      assert.equal((await live.post(world.shared, 'Still here?')).code, 'unknown-room');
      assert.ok(!live.frames.some((frame) => frame.type === 'message' && frame.message.text === 'Without you'));
      live.close();
    });

    test('a session that ends closes its live connections with 4401', async () => {
      const again = await signIn(hall, world.people.member.username);
      const live = await again.live();
      await again.done('DELETE', '/v1/sessions/current');
      assert.equal(await live.whenClosed(), 4401);
      assert.equal((await again.get('/v1/me')).status, 401);
    });

    test('with the cookie an unsafe call must come from our own page', async () => {
      const cookie = `guildhall=${world.host.token}`;
      const post = (headers: Record<string, string>): Promise<Answer> =>
        call(hall, {
          method: 'POST',
          path: `/v1/rooms/${world.open}/messages`,
          body: { text: 'From a page' },
          headers: { cookie, ...headers },
        });
      assert.equal((await post({ origin: 'https://evil.example' })).status, 403);
      assert.equal((await post({ 'sec-fetch-site': 'cross-site' })).status, 403);
      assert.equal((await post({})).status, 403);
      assert.equal((await post({ origin: hall.url })).status, 201);
    });

    test('a call with a Bearer token that is wrong does not fall back to the cookie', async () => {
      const headers = {
        cookie: `guildhall=${world.host.token}`,
        authorization: 'Bearer not-a-token-that-anybody-has',
      };
      assert.equal((await call(hall, { method: 'GET', path: '/v1/me', headers })).status, 401);
    });
  });

interface OpenApi {
  paths: Record<string, Record<string, unknown>>;
}

interface Trial {
  route: string;
  one: Try;
  who: Who;
}

async function tryOne({ hall, world, ...trial }: Trial & { hall: Deployment; world: World }): Promise<void> {
  const answer = await callAs(hall, world, trial);
  const expected = trial.one.expect[trial.who];
  assert.equal(answer.status, expected, `${trial.who}: ${answer.text.slice(0, 300)}`);
  if (answer.status >= 400) assertProblem(answer);
  // Ending all sessions ends the one that the next route needs.
  if (trial.route === 'DELETE /v1/sessions' && trial.who !== 'anonymous')
    world.people[trial.who] = await signIn(hall, world.people[trial.who].username);
}

async function callAs(hall: Deployment, world: World, { route, one, who }: Trial): Promise<Answer> {
  const [method = ''] = route.split(' ');
  const { path, body } = await one.call(world, who);
  const token = who === 'anonymous' ? {} : { token: world.people[who].token };
  return call(hall, { method, path, body, ...token });
}

/** Every refusal is problem+json with a code and whose fault it is; a 403 also names the rule. */
function assertProblem({ status, headers, body, text }: Answer): void {
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/, text);
  assert.match(String(body['code']), /^[a-z0-9]+(-[a-z0-9]+)*$/, text);
  assert.equal(body['status'], status);
  assert.equal(body['fault'], 'caller');
  assert.ok(String(body['detail']).length > 5, text);
  if (status === 403) assert.ok(String(body['rule']).length > 5, `no rule: ${text}`);
}
