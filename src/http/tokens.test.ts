import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { disable } from '#auth/disable.ts';
import { digest } from '#auth/auth.ts';
import type { Scope } from '#core/scopes.ts';
import { openHall, roomOf, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { Live } from '#test/support/live.ts';
import { call, PASSWORD, type Answer } from '#test/support/person.ts';
import { startPostgres } from '#test/support/postgres.ts';
import { eventually } from '#test/support/wait.ts';

const DAY = 86_400_000;

interface MadeToken {
  id: string;
  token: string;
  name: string;
  scopes: Scope[];
  createdAt: string;
  expiresAt: string;
  lastUsedAt: string | null;
}

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  describe(`API tokens and sessions on ${engine}`, () => {
    let hall: OpenHall;
    let ann: Somebody;
    let room: string;
    let postgres: Awaited<ReturnType<typeof startPostgres>>;

    before(async () => {
      if (engine === 'PostgreSQL') postgres = await startPostgres();
      hall = await openHall({
        SIGNUP: 'open',
        ...(postgres && { DATABASE_URL: await postgres.freshDatabase() }),
      });
      ann = await somebody(hall.storage, 'ann', 'owner');
      room = (await roomOf(hall.storage, ann)).id;
    });
    after(async () => {
      await hall.close();
      await postgres?.stop();
    });

    const ask = (method: string, path: string, token: string, body?: unknown): Promise<Answer> =>
      call(hall, { method, path, token, body });
    const make = async (scopes: Scope[], more: { name?: string; days?: number; who?: Somebody } = {}) => {
      const { who = ann, name = 'a script', ...rest } = more;
      const made = await call<MadeToken>(hall, {
        method: 'POST',
        path: '/v1/me/tokens',
        token: who.token,
        body: { name, scopes, ...rest },
      });
      assert.equal(made.status, 201, made.text);
      return made.body;
    };
    const list = async (who = ann): Promise<Omit<MadeToken, 'token'>[]> =>
      (await ask('GET', '/v1/me/tokens', who.token)).body['tokens'] as never;
    const signUp = (username: string) =>
      call(hall, { method: 'POST', path: '/v1/accounts', body: { username, password: PASSWORD } });
    const signIn = (username: string, more: { password?: string; shared?: boolean } = {}) => {
      const body = { username, password: PASSWORD, ...more };
      return call<{ token: string }>(hall, { method: 'POST', path: '/v1/sessions', body });
    };
    /** Tokens of so many sessions, opened at once. */
    const enter = async (username: string, count = 1): Promise<string[]> => {
      const answers = await Promise.all(Array.from({ length: count }, () => signIn(username)));
      return answers.map(({ body }) => body.token);
    };
    const missing = (answer: Answer): unknown[] => [answer.status, answer.body['code'], typeof answer.body['rule']];
    const MISSING = [403, 'scope-missing', 'string'];

    test('a token is shown once, kept as a hash, and listed with when it was used last', async () => {
      const made = await make(['me', 'read'], { name: 'price board', days: 30 });
      assert.match(made.token, /^guildhall_[\w-]{43}$/);
      assert.deepEqual([made.name, made.scopes, made.lastUsedAt], ['price board', ['read', 'me'], null]);
      assert.equal(Date.parse(made.expiresAt) - Date.parse(made.createdAt), 30 * DAY);
      assert.equal((await ask('GET', '/v1/me', made.token)).status, 200);
      const row = await eventually('its use', async () =>
        (await list()).find(({ id, lastUsedAt }) => id === made.id && lastUsedAt !== null),
      );
      assert.ok(!('token' in row));
      const kept = JSON.stringify(await hall.storage.db.selectFrom('tokens').selectAll().execute());
      assert.ok(!kept.includes(made.token) && kept.includes(digest(made.token)));
    });

    test('it does what its scopes say, and is told which one is missing', async () => {
      const [read, post, commands] = [await make(['read']), await make(['post']), await make(['commands'])];
      const say = (token: string, text: string) => ask('POST', `/v1/rooms/${room}/messages`, token, { text });
      assert.equal((await ask('GET', `/v1/rooms/${room}/messages`, read.token)).status, 200);
      const refused = await say(read.token, 'hello');
      assert.deepEqual(missing(refused), MISSING);
      assert.match(String(refused.body['rule']), /^post: /);
      assert.equal((await say(post.token, 'hello')).status, 201);
      assert.deepEqual(missing(await say(post.token, '/help')), MISSING, 'a line that is a command asks for more');
      assert.deepEqual(missing(await ask('GET', '/v1/rooms', post.token)), MISSING);
      assert.equal((await ask('POST', '/v1/commands/help', commands.token, {})).status, 200);
      assert.deepEqual(missing(await ask('POST', '/v1/commands/help', read.token, {})), MISSING);
      assert.deepEqual(missing(await ask('POST', '/v1/rooms', read.token, { name: 'mine' })), MISSING);
    });

    test('what a person does alone no token does, whatever its scopes', async () => {
      const all = await make(['read', 'post', 'commands', 'manage', 'me']);
      for (const [method, path, body] of [
        ['POST', '/v1/me/tokens', { name: 'another', scopes: ['read'] }],
        ['PUT', '/v1/me/password', { current: PASSWORD, new: 'another good password' }],
        ['DELETE', '/v1/sessions'],
        ['DELETE', '/v1/sessions/current'],
        ['DELETE', `/v1/me/tokens/${(await make(['read'])).id}`],
      ] as const) {
        const answer = await ask(method, path, all.token, body);
        assert.deepEqual(missing(answer), [403, 'session-needed', 'string'], `${method} ${path}`);
      }
    });

    test('no command does for a token what the token may not do over HTTP', async () => {
      const [run, all] = [await make(['commands', 'post']), await make(['read', 'post', 'commands', 'manage', 'me'])];
      const say = (token: string, text: string) => ask('POST', `/v1/rooms/${room}/messages`, token, { text });
      for (const link of ['/link', ' /LINK', '/link 9C4NH-KV7PX', '/link=x'])
        assert.deepEqual(missing(await say(all.token, link)), [403, 'session-needed', 'string'], link);
      assert.deepEqual(missing(await ask('POST', '/v1/commands/Link', all.token, {})), [
        403,
        'session-needed',
        'string',
      ]);
      for (const line of ['/ban bob', '/mute bob 5m', '/kick bob', '/unban bob', '/slow 5', '/lockdown on'])
        assert.deepEqual(missing(await say(run.token, line)), MISSING, line);
      const lock = { args: { state: 'on' }, room };
      assert.deepEqual(missing(await ask('POST', '/v1/commands/lockdown', run.token, lock)), MISSING);
      assert.equal((await ask('POST', '/v1/commands/slow', all.token, { args: { seconds: 0 }, room })).status, 200);
    });

    test('it may no more than its person: a member’s token manages nothing', async () => {
      const bob = await somebody(hall.storage, 'bob');
      const { token } = await make(['manage'], { who: bob });
      assert.equal((await ask('POST', '/v1/rooms', token, { name: 'mine' })).body['code'], 'not-allowed');
      assert.equal((await ask('GET', '/v1/operator/dead', token)).body['code'], 'operator-only');
      assert.equal((await ask('GET', '/v1/operator/dead', (await make(['manage'])).token)).status, 200);
    });

    test('one that is revoked is dead at once, and its open connections close with 4401', async () => {
      const { id, token } = await make(['read', 'post']);
      const live = await Live.open(hall.url, token);
      await live.subscribe(room);
      assert.equal((await live.post(room, 'from a program')).type, 'posted');
      assert.equal((await ask('DELETE', `/v1/me/tokens/${id}`, ann.token)).status, 204);
      assert.equal(await live.whenClosed(), 4401);
      assert.equal((await ask('GET', '/v1/me', token)).status, 401);
      assert.equal((await ask('DELETE', `/v1/me/tokens/${id}`, ann.token)).body['code'], 'unknown-token');
      await assert.rejects(Live.open(hall.url, token), /401/);
    });

    test('a program may end its own token, and nobody ends another’s', async () => {
      const [mine, other] = [await make(['read']), await make(['read'])];
      const eve = await somebody(hall.storage, 'eve');
      assert.equal((await ask('DELETE', `/v1/me/tokens/${other.id}`, eve.token)).status, 404);
      assert.equal((await ask('DELETE', '/v1/me/tokens/current', mine.token)).status, 204);
      assert.equal((await ask('GET', '/v1/me', mine.token)).status, 401);
      assert.equal((await ask('GET', '/v1/me', other.token)).status, 200);
    });

    test('on a live connection a token reads or writes as it was made for', async () => {
      await assert.rejects(Live.open(hall.url, (await make(['post'])).token), /403/);
      const live = await Live.open(hall.url, (await make(['read'])).token);
      await live.subscribe(room);
      assert.equal((await live.post(room, 'not mine to say')).code, 'scope-missing');
      live.close();
    });

    test('one that has ended is no good any more, and still listed so that its person sees why', async () => {
      const { id, token } = await make(['read'], { days: 1 });
      const past = Date.now() - 1;
      await hall.storage.write((tx) =>
        tx.db.updateTable('tokens').set({ expires_at: past }).where('id', '=', id).execute(),
      );
      assert.equal((await ask('GET', '/v1/me', token)).status, 401);
      assert.ok((await list()).some((one) => one.id === id));
    });

    test('an account holds fifty that are good, also where many are made at once', async () => {
      const kim = await somebody(hall.storage, 'kim');
      const body = { name: 'one of many', scopes: ['read'] };
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => ask('POST', '/v1/me/tokens', kim.token, body)),
      );
      assert.equal(answers.filter(({ status }) => status === 201).length, 50);
      assert.ok(answers.every(({ status, body: told }) => status === 201 || told['code'] === 'too-many-tokens'));
    });

    test('whoever asks for nothing, for a scope that is none or for too long is told so', async () => {
      for (const body of [
        { name: 'x', scopes: [] },
        { name: 'x', scopes: ['everything'] },
        { name: ' ', scopes: ['read'] },
        { name: 'x', scopes: ['read'], days: 0 },
        { name: 'x', scopes: ['read'], days: 366 },
        { name: 'x'.repeat(61), scopes: ['read'] },
      ])
        assert.equal((await ask('POST', '/v1/me/tokens', ann.token, body)).status, 400, JSON.stringify(body));
    });

    test('ending all sessions after thirty sign-ins at once leaves none alive, and their connections close', async () => {
      await signUp('thirty');
      const tokens = await enter('thirty', 30);
      const lives = await Promise.all(tokens.slice(0, 10).map((token) => Live.open(hall.url, token)));
      const [first = ''] = tokens;
      assert.equal(((await ask('GET', '/v1/sessions', first)).body['sessions'] as unknown[]).length, 30);
      assert.equal((await ask('DELETE', '/v1/sessions', first)).status, 204);
      for (const token of tokens) assert.equal((await ask('GET', '/v1/me', token)).status, 401);
      for (const live of lives) assert.equal(await live.whenClosed(), 4401);
    });

    test('a new password ends every other session, and asks for the current one', async () => {
      await signUp('pat');
      const [here = '', there = ''] = await enter('pat', 2);
      const live = await Live.open(hall.url, there);
      const change = (current: string, wanted: string) => ask('PUT', '/v1/me/password', here, { current, new: wanted });
      assert.deepEqual(missing(await change('not my password', 'another good password')).slice(0, 2), [
        403,
        'wrong-password',
      ]);
      assert.equal((await change(PASSWORD, 'short')).body['code'], 'password-too-short');
      assert.equal((await ask('GET', '/v1/me', there)).status, 200, 'nothing was changed');
      assert.equal((await change(PASSWORD, 'another good password')).status, 204);
      assert.equal(await live.whenClosed(), 4401);
      assert.equal((await ask('GET', '/v1/me', here)).status, 200);
      assert.equal((await ask('GET', '/v1/me', there)).status, 401);
      assert.equal((await signIn('pat')).status, 401);
      assert.equal((await signIn('pat', { password: 'another good password' })).status, 201);
    });

    test('who guesses at the current password waits, also from the profile', async () => {
      await signUp('gus');
      const [token = ''] = await enter('gus');
      const guess = () => ask('PUT', '/v1/me/password', token, { current: 'wrong', new: 'another good password' });
      for (let n = 0; n < 5; n++) assert.equal((await guess()).status, 403);
      assert.equal((await guess()).status, 429);
    });

    test('all sessions but this one can be ended, and a shared computer says that it is one', async () => {
      await signUp('sue');
      const [here = ''] = await enter('sue');
      const shared = (await signIn('sue', { shared: true })).body.token;
      const sessions = (await ask('GET', '/v1/sessions', here)).body['sessions'] as Record<string, unknown>[];
      const told = sessions.map(({ current, shared: isShared }) => [current, isShared]);
      assert.deepEqual(told.toSorted(), [
        [false, true],
        [true, false],
      ]);
      assert.equal((await ask('DELETE', '/v1/sessions?keep=current', here)).status, 204);
      assert.equal((await ask('GET', '/v1/me', shared)).status, 401);
      assert.equal((await ask('GET', '/v1/me', here)).status, 200);
    });

    test('disabling an account ends its sessions and tokens and closes their connections', async () => {
      const dan = await somebody(hall.storage, 'dan');
      const { token } = await make(['read'], { who: dan });
      const lives = [await Live.open(hall.url, dan.token), await Live.open(hall.url, token)];
      await disable(hall.hall.auth, 'dan');
      for (const live of lives) assert.equal(await live.whenClosed(), 4401);
      for (const one of [dan.token, token]) assert.equal((await ask('GET', '/v1/me', one)).status, 401);
    });

    test('what was done with tokens, sessions and passwords stands in the audit, without a name or a secret', async () => {
      const entries = await hall.storage.db.selectFrom('audit').selectAll().execute();
      for (const action of ['token.make', 'token.end', 'session.end', 'password.change'])
        assert.ok(
          entries.some((entry) => entry.action === action && entry.account_id !== null),
          action,
        );
      assert.ok(!/guildhall_|price board|another good/.test(JSON.stringify(entries)));
    });
  });
}
