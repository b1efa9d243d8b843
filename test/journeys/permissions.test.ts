import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { Live } from '#test/support/live.ts';
import { type Answer, call, type Person, signIn } from '#test/support/person.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import { everything, GENEROUS, makeWorld } from './permissions-world.ts';
import { ROUTES, type Try, WHO, type Who, type World } from './permissions-table.ts';

for (const shape of SHAPES)
  describe(`who may do what, ${shape}`, { concurrency: 1 }, () => {
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
          for (const [column, who] of WHO.entries()) await tryOne({ hall, world, route, one, who, column });
        });
      }
    }

    test('a refused call changes nothing that the owner can see', async () => {
      const refused = Object.entries(ROUTES).flatMap(([route, tries]) =>
        tries.filter((one) => one.expect[GUEST] >= 400).map((one) => ({ route, one })),
      );
      const calls = [];
      for (const { route, one } of refused)
        calls.push({ method: route.split(' ')[0] ?? '', ...(await one.call(world, 'guest')) });
      const before = await everything(world);
      for (const asked of calls) {
        const answer = await call(hall, { ...asked, token: world.people.guest.token });
        assert.ok(answer.status >= 400, `${asked.method} ${asked.path} ${answer.status}`);
      }
      assert.deepEqual(await everything(world), before);
    });

    test('a moderator sees and ends the invites of their own making, an admin everybody’s', async () => {
      const { moderator } = world.people;
      const made = await moderator.done<{ invite: { id: string } }>('POST', '/v1/invites', {});
      const seenBy = async (person: Person): Promise<string[]> => {
        const { invites } = await person.done<{ invites: { id: string }[] }>('GET', '/v1/invites');
        return invites.map((invite) => invite.id);
      };
      assert.ok((await seenBy(moderator)).includes(made.invite.id));
      const owners = await world.freshInvite();
      assert.ok(!(await seenBy(moderator)).includes(owners.id));
      assert.ok((await seenBy(world.owner)).includes(made.invite.id));
      await moderator.done('DELETE', `/v1/invites/${made.invite.id}`);
      assert.ok(!(await seenBy(world.owner)).includes(made.invite.id));
    });

    test('a stranger’s live connection is refused, and so is one from a foreign page', async () => {
      const refused = (headers: Record<string, string>, status: number): Promise<void> =>
        assert.rejects(Live.connect(hall.url, headers), new RegExp(`Unexpected server response: ${status}`));
      await refused({}, 401);
      await refused({ authorization: 'Bearer not-a-token-that-anybody-has' }, 401);
      await refused({ cookie: `guildhall=${world.owner.token}`, origin: 'https://evil.example' }, 403);
      await refused({ cookie: `guildhall=${world.owner.token}` }, 403);
      const ours = await Live.connect(hall.url, { cookie: `guildhall=${world.owner.token}`, origin: hall.url });
      ours.close();
    });

    for (const who of ['guest', 'member', 'moderator'] as const) {
      test(`a ${who} may do over a live connection what HTTP lets a ${who} do`, async () => {
        const live = await world.people[who].live();
        await live.subscribe(world.open);
        const answer = await live.post(world.open, `A ${who} was here`);
        assert.equal(answer.type, who === 'guest' ? 'error' : 'posted', JSON.stringify(answer));
        for (const room of [world.closed, 'room_none']) {
          live.frames.length = 0;
          live.send({ type: 'subscribe', room });
          assert.equal((await live.frame('error')).code, 'unknown-room');
          assert.equal((await live.post(room, 'Let me in')).code, 'unknown-room');
          live.frames.length = 0;
          live.send({ type: 'typing', room });
          assert.equal((await live.frame('error')).code, 'unknown-room');
          live.send({ type: 'unsubscribe', room });
        }
        live.close();
      });
    }

    test('nothing of a private room reaches whoever is not in it', async () => {
      const inside = await world.owner.live();
      const outside = await Promise.all(Object.values(world.people).map((person) => person.live()));
      await Promise.all([inside.subscribe(world.closed), ...outside.map((live) => live.subscribe(world.open))]);
      inside.send({ type: 'typing', room: world.closed });
      await inside.post(world.closed, 'Between these walls');
      await world.owner.done('PATCH', `/v1/messages/${world.secret}`, { text: 'Changed between these walls' });
      await world.owner.done('POST', `/v1/rooms/${world.open}/messages`, { text: 'And this is for all' });
      for (const live of outside) {
        await live.frame('message', (frame) => frame.message.text === 'And this is for all');
        const leaked = live.frames.filter((frame) => JSON.stringify(frame).includes(world.closed));
        assert.deepEqual(leaked, []);
      }
      for (const live of [inside, ...outside]) live.close();
    });

    test('whoever is taken out of a private room gets nothing more of it, on the connection that is open', async () => {
      const guest = world.people.member;
      const live = await guest.live();
      await live.subscribe(world.shared);
      await world.owner.done('DELETE', `/v1/rooms/${world.shared}/members/${guest.id}`);
      await live.frame('rooms');
      await world.owner.done('POST', `/v1/rooms/${world.shared}/messages`, { text: 'Without you' });
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
      const cookie = `guildhall=${world.owner.token}`;
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
        cookie: `guildhall=${world.owner.token}`,
        authorization: 'Bearer not-a-token-that-anybody-has',
      };
      assert.equal((await call(hall, { method: 'GET', path: '/v1/me', headers })).status, 401);
    });
  });

/** The guest's column in the table. */
const GUEST = 1;

interface OpenApi {
  paths: Record<string, Record<string, unknown>>;
}

interface Trial {
  route: string;
  one: Try;
  who: Who;
}

async function tryOne({ hall, world, column, ...trial }: Trial & { hall: Deployment; world: World; column: number }) {
  const answer = await callAs(hall, world, trial);
  const expected = trial.one.expect[column];
  assert.equal(answer.status, expected, `${trial.who}: ${answer.text.slice(0, 300)}`);
  if (answer.status >= 400) assertProblem(answer);
  // Ending all sessions ends the one that the next route needs.
  if (trial.route === 'DELETE /v1/sessions' && trial.who !== 'stranger')
    world.people[trial.who] = await signIn(hall, world.people[trial.who].username);
}

async function callAs(hall: Deployment, world: World, { route, one, who }: Trial): Promise<Answer> {
  const [method = ''] = route.split(' ');
  const { path, body } = await one.call(world, who);
  const token = who === 'stranger' ? {} : { token: world.people[who].token };
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
