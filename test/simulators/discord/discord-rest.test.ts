import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Discord } from './index.ts';
import type { Json } from './world.ts';
import { withDiscord } from './with-client.ts';

interface Said {
  status: number;
  body: Json;
  headers: Headers;
}

/** A call as any program may make it. `path` is what stands behind `/api/v10`. */
async function call(
  { env }: Discord,
  line: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Said> {
  const [method = '', path = ''] = line.split(' ');
  const response = await fetch(`${env.DISCORD_API_URL}/v10${path}`, {
    method,
    headers: {
      authorization: `Bot ${env.DISCORD_TOKEN}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : {}, headers: response.headers };
}

const idOf = ({ people, rooms }: Discord, name: string): string =>
  [...people, ...rooms].find((one) => one.name === name)?.id ?? '';

/** `#square`, `@mia`, `{guild}` and `{app}` in a path as ids. */
const filled = (discord: Discord, line: string): string =>
  line
    .replace(/[#@]([\w:-]+)/g, (whole, name: string) => idOf(discord, name) || whole)
    .replaceAll('{guild}', discord.guildId)
    .replaceAll('{app}', discord.botId);

const NOBODY = '100000000000000001';

/** Where in a body Discord found something wrong, and its name for it. */
function wrongIn(errors: unknown, at = ''): string[] {
  if (typeof errors !== 'object' || errors === null) return [];
  return Object.entries(errors).flatMap(([key, inner]) =>
    key === '_errors'
      ? inner.map(({ code }: { code: string }) => `${at} ${code}`.trim())
      : wrongIn(inner, `${at}/${key}`),
  );
}

describe('the API refuses as Discord refuses', { concurrency: true }, () => {
  const refusals: [line: string, body: unknown, status: number, code: number][] = [
    ['GET /users/1', undefined, 404, 10_013],
    [`GET /guilds/${NOBODY}`, undefined, 404, 10_004],
    [`GET /guilds/{guild}/members/${NOBODY}`, undefined, 404, 10_007],
    [`GET /channels/${NOBODY}`, undefined, 404, 10_003],
    [`GET /channels/#square/messages/${NOBODY}`, undefined, 404, 10_008],
    [`PATCH /channels/#square/messages/${NOBODY}`, { content: 'x' }, 404, 10_008],
    ['POST /channels/#square/messages', {}, 400, 50_006],
    ['POST /channels/#square/messages', { content: '  ' }, 400, 50_006],
    ['POST /channels/#square/messages', { content: 'x'.repeat(2_001) }, 400, 50_035],
    ['POST /channels/#square/messages', { content: 'x', message_reference: { message_id: NOBODY } }, 400, 50_035],
    ['POST /users/@me/channels', { recipient_id: NOBODY }, 400, 50_033],
    [`PUT /guilds/{guild}/members/@mia/roles/${NOBODY}`, undefined, 404, 10_011],
    ['PATCH /guilds/{guild}/members/@olga', { nick: 'x' }, 403, 50_013],
    ['PATCH /guilds/{guild}/members/@adam', { nick: 'x' }, 403, 50_013],
    ['PATCH /guilds/{guild}/members/@mia', { nick: 'x'.repeat(33) }, 400, 50_035],
    ['PATCH /guilds/{guild}/members/@mia', { communication_disabled_until: '2999-01-01T00:00:00Z' }, 400, 50_035],
    ['PATCH /guilds/{guild}/members/@adam', { communication_disabled_until: null }, 403, 50_013],
    [`PUT /applications/${NOBODY}/commands`, [], 403, 20_012],
    [`PUT /applications/{app}/guilds/${NOBODY}/commands`, [], 403, 50_001],
    [`DELETE /applications/{app}/commands/${NOBODY}`, undefined, 404, 10_063],
    [`POST /interactions/${NOBODY}/token/callback`, { type: 4 }, 404, 10_062],
    ['POST /webhooks/{app}/token', { content: 'x' }, 404, 10_015],
  ];
  for (const [line, body, status, code] of refusals) {
    test(`${line} ${JSON.stringify(body)?.slice(0, 60) ?? ''} gives ${status} and ${code}`, () =>
      withDiscord({}, async (discord) => {
        const said = await call(discord, filled(discord, line), body);
        assert.deepEqual([said.status, said.body.code, discord.violations], [status, code, []]);
      }));
  }

  test('a wrong or missing token gives 401, whatever is asked', () =>
    withDiscord({}, async (discord) => {
      for (const authorization of ['', 'Bot x', 'Bearer y', `Bot ${discord.env.DISCORD_TOKEN}x`]) {
        const said = await call(discord, 'GET /users/@me', undefined, { authorization });
        assert.deepEqual([said.status, said.body], [401, { message: '401: Unauthorized', code: 0 }]);
      }
    }));

  test('any token of the right form is taken where that is asked for', () =>
    withDiscord({ anyToken: true }, async (discord) => {
      const known = await call(discord, 'GET /users/@me', undefined, {
        authorization: `Bot ${'a'.repeat(24)}.bbbbbb.${'c'.repeat(27)}`,
      });
      const malformed = await call(discord, 'GET /users/@me', undefined, { authorization: 'Bot hello' });
      assert.deepEqual([known.status, malformed.status], [200, 401]);
    }));

  const powers: [permission: Parameters<Discord['takePermission']>[1], line: string, body: unknown, code: number][] = [
    ['VIEW_CHANNEL', 'GET /channels/#square', undefined, 50_001],
    ['SEND_MESSAGES', 'POST /channels/#square/messages', { content: 'x' }, 50_013],
    ['SEND_MESSAGES', 'POST /channels/#square/typing', {}, 50_013],
    ['EMBED_LINKS', 'POST /channels/#square/messages', { embeds: [{ title: 'x' }] }, 50_013],
    ['READ_MESSAGE_HISTORY', `GET /channels/#square/messages/${NOBODY}`, undefined, 50_013],
    ['MANAGE_MESSAGES', 'POST /channels/#square/messages/bulk-delete', { messages: [NOBODY, NOBODY] }, 50_013],
  ];
  for (const [permission, line, body, code] of powers) {
    test(`without ${permission} in a room, ${line} gives ${code}`, () =>
      withDiscord({}, async (discord) => {
        discord.takePermission('square', permission);
        assert.equal((await call(discord, filled(discord, line), body)).body.code, code);
        discord.givePermission('square', permission);
        assert.notEqual((await call(discord, filled(discord, line), body)).body.code, code);
      }));
  }

  test('without MANAGE_ROLES, MANAGE_NICKNAMES or MODERATE_MEMBERS the bot manages nobody', () =>
    withDiscord({}, async (discord) => {
      const path = filled(discord, 'PATCH /guilds/{guild}/members/@mia');
      for (const [permission, body] of [
        ['MANAGE_ROLES', { roles: [] }],
        ['MANAGE_NICKNAMES', { nick: 'x' }],
        ['MODERATE_MEMBERS', { communication_disabled_until: null }],
      ] as const) {
        discord.setRole('mia', 'Verified', true);
        assert.equal((await call(discord, path, body)).status, 200);
        discord.setRole('mia', 'Verified', true);
        discord.takePermission(undefined, permission);
        assert.equal((await call(discord, path, body)).body.code, 50_013);
      }
    }));

  test('the bot alone is silenced everywhere, people talk on', () =>
    withDiscord({}, async (discord) => {
      discord.takePermission(undefined, 'SEND_MESSAGES');
      for (const room of ['#square', '#trading-floor']) {
        const said = await call(discord, filled(discord, `POST /channels/${room}/messages`), { content: 'x' });
        assert.equal(said.body.code, 50_013);
      }
      assert.ok(await discord.say('mia', 'square', 'we can'));
    }));

  test('a file too large gives 413, too many embeds or letters in them name their place', () =>
    withDiscord({ largestFile: 10 }, async (discord) => {
      const form = new FormData();
      form.append('payload_json', '{}');
      form.append('files[0]', new Blob(['more than ten bytes']), 'a.txt');
      const path = `${discord.env.DISCORD_API_URL}/v10/channels/${idOf(discord, 'square')}/messages`;
      const authorization = `Bot ${discord.env.DISCORD_TOKEN}`;
      const large = await fetch(path, { method: 'POST', headers: { authorization }, body: form });
      assert.deepEqual([large.status, ((await large.json()) as Json).code], [413, 40_005]);
      const said = await call(discord, filled(discord, 'POST /channels/#square/messages'), {
        embeds: [{ title: 'x'.repeat(257), fields: [{ name: '', value: 'v' }], url: 'javascript:1' }],
        allowed_mentions: { parse: ['users', 'nobody'], users: [NOBODY] },
        nonce: 'x'.repeat(26),
        flags: 'many',
      });
      assert.deepEqual(wrongIn(said.body.errors).toSorted(), [
        '/allowed_mentions BASE_TYPE_CHOICES',
        '/allowed_mentions MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
        '/embeds/0/fields/0/name BASE_TYPE_REQUIRED',
        '/embeds/0/title BASE_TYPE_MAX_LENGTH',
        '/embeds/0/url URL_TYPE_INVALID_SCHEME',
        '/flags NUMBER_TYPE_COERCE',
        '/nonce BASE_TYPE_MAX_LENGTH',
      ]);
    }));

  test('a misspelt field is taken silently, and noted', () =>
    withDiscord({}, async (discord) => {
      const body = { content: 'x', allowedMentions: {} };
      assert.equal((await call(discord, filled(discord, 'POST /channels/#square/messages'), body)).status, 200);
      assert.match(discord.violations[0] ?? '', /allowedMentions/);
    }));

  test('a known address with another method gives 405', () =>
    withDiscord({}, async (discord) => {
      assert.equal((await call(discord, 'DELETE /users/@me')).status, 405);
      assert.equal(discord.violations.length, 1);
    }));

  test('another version of the API is refused and noted', () =>
    withDiscord({}, async (discord) => {
      const said = await fetch(`${discord.env.DISCORD_API_URL}/v9/users/@me`);
      assert.deepEqual([said.status, ((await said.json()) as Json).code, discord.violations.length], [400, 50_041, 1]);
    }));
});

describe('commands are registered as Discord wants them', { concurrency: true }, () => {
  const option = (more: object): object => ({ name: 'a', description: 'd', type: 3, ...more });
  const many = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ name: `n${index}`, value: 'v' }));
  const mistakes: [what: string, command: object, wrong: string][] = [
    ['a name with capitals', { name: 'Stock' }, '/0/name APPLICATION_COMMAND_INVALID_NAME'],
    ['a name with a space', { name: 'a b' }, '/0/name APPLICATION_COMMAND_INVALID_NAME'],
    ['a name too long', { name: 'x'.repeat(33) }, '/0/name BASE_TYPE_BAD_LENGTH'],
    ['no description', { description: '' }, '/0/description BASE_TYPE_REQUIRED'],
    ['a description too long', { description: 'x'.repeat(101) }, '/0/description BASE_TYPE_BAD_LENGTH'],
    [
      'too many options',
      { options: Array.from({ length: 26 }, (_, n) => option({ name: `o${n}` })) },
      '/0/options BASE_TYPE_MAX_LENGTH',
    ],
    [
      'a required option behind another',
      { options: [option({}), option({ name: 'b', required: true })] },
      '/0/options/1 APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
    ],
    [
      'an option twice',
      { options: [option({}), option({})] },
      '/0/options/1 APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS',
    ],
    [
      'an option without description',
      { options: [option({ description: undefined })] },
      '/0/options/0/description BASE_TYPE_REQUIRED',
    ],
    ['an option of no type', { options: [option({ type: 12 })] }, '/0/options/0/type BASE_TYPE_CHOICES'],
    ['too many choices', { options: [option({ choices: many(26) })] }, '/0/options/0/choices BASE_TYPE_MAX_LENGTH'],
    [
      'a choice of another type',
      { options: [option({ type: 4, choices: many(1) })] },
      '/0/options/0/choices/0/value NUMBER_TYPE_COERCE',
    ],
    [
      'choices and completion',
      { options: [option({ autocomplete: true, choices: many(1) })] },
      '/0/options/0/autocomplete APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE',
    ],
    [
      'completion of a flag',
      { options: [option({ type: 5, autocomplete: true })] },
      '/0/options/0/autocomplete APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID',
    ],
  ];
  for (const [what, command, wrong] of mistakes) {
    test(`${what} is refused, and the list stays as it was`, () =>
      withDiscord({}, async (discord) => {
        const path = filled(discord, 'PUT /applications/{app}/guilds/{guild}/commands');
        await call(discord, path, [{ name: 'old', description: 'd' }]);
        const said = await call(discord, path, [{ name: 'new', description: 'd', ...command }]);
        assert.deepEqual([said.body.code, wrongIn(said.body.errors)], [50_035, [wrong]]);
        assert.deepEqual(
          discord.commands().guild.map((one) => one.name),
          ['old'],
        );
      }));
  }

  test('two of one name, and more than a hundred, are refused', () =>
    withDiscord({}, async (discord) => {
      const path = filled(discord, 'PUT /applications/{app}/commands');
      const one = { name: 'x', description: 'd' };
      assert.deepEqual(wrongIn((await call(discord, path, [one, one])).body.errors), [
        '/1 APPLICATION_COMMANDS_DUPLICATE_NAME',
      ]);
      const most = Array.from({ length: 101 }, (_, index) => ({ ...one, name: `x${index}` }));
      assert.equal((await call(discord, path, most)).body.code, 30_032);
    }));

  test('a command that stays keeps its id, one alone can be added, changed and taken away', () =>
    withDiscord({}, async (discord) => {
      const path = filled(discord, '/applications/{app}/commands');
      const one = { name: 'x', description: 'd' };
      const first = await call(discord, `POST ${path}`, one);
      const second = await call(discord, `PUT ${path}`, [{ ...one, description: 'other' }]);
      assert.deepEqual([first.status, (second.body as unknown as Json[])[0]?.id], [201, first.body.id]);
      await call(discord, `PATCH ${path}/${first.body.id}`, { description: 'third' });
      assert.equal(discord.commands().everywhere[0]?.description, 'third');
      await call(discord, `DELETE ${path}/${first.body.id}`);
      assert.deepEqual(discord.commands().everywhere, []);
    }));
});

describe('rate limits', { concurrency: true }, () => {
  test('each room has its own, and every answer tells of it', () =>
    withDiscord({ messageLimit: { calls: 1, perMs: 60_000 } }, async (discord) => {
      const say = (room: string): Promise<Said> =>
        call(discord, `POST /channels/${idOf(discord, room)}/messages`, { content: 'x' });
      const [first, second, elsewhere] = [await say('square'), await say('square'), await say('trading-floor')];
      assert.deepEqual([first.status, second.status, elsewhere.status], [200, 429, 200]);
      assert.equal(first.headers.get('x-ratelimit-remaining'), '0');
      assert.equal(first.headers.get('x-ratelimit-bucket'), elsewhere.headers.get('x-ratelimit-bucket'));
      assert.equal(second.headers.get('retry-after'), '60');
      assert.equal(second.headers.get('x-ratelimit-scope'), 'user');
      assert.deepEqual([second.body.global, Number(second.body.retry_after) > 59], [false, true]);
    }));

  test('who goes on before the end of the wait is noted', () =>
    withDiscord({}, async (discord) => {
      discord.faults.answer(429, 1, { retryAfter: 60 });
      await call(discord, 'GET /users/@me');
      await pause(80);
      await call(discord, 'GET /users/@me');
      assert.match(discord.violations.join(), /GET \/users\/@me came \d+ ms before the end/);
    }));

  test('who goes on over a limit of its own is noted as well', () =>
    withDiscord({ messageLimit: { calls: 1, perMs: 60_000 } }, async (discord) => {
      const line = filled(discord, 'POST /channels/#square/messages');
      for (const content of ['one', 'two']) await call(discord, line, { content });
      assert.deepEqual(discord.violations, []);
      await pause(80);
      await call(discord, line, { content: 'three' });
      assert.equal(discord.violations.length, 1);
    }));

  test('all calls together have one too', () =>
    withDiscord({ globalLimit: { calls: 1, perMs: 60_000 } }, async (discord) => {
      await call(discord, 'GET /users/@me');
      const said = await call(discord, filled(discord, 'GET /guilds/{guild}'));
      assert.deepEqual([said.status, said.body.global, said.headers.get('x-ratelimit-global')], [429, true, 'true']);
    }));

  test('faults by chance are the same for the same seed', () => {
    const drawn = async (discord: Discord): Promise<number[]> => {
      discord.faults.random(7, { disconnect: 0, duplicate: 0, limited: 0.3, broken: 0.3 });
      const statuses: number[] = [];
      for (let count = 0; count < 20; count += 1) statuses.push((await call(discord, 'GET /gateway')).status);
      return statuses;
    };
    return withDiscord({}, async (discord) => {
      const first = await drawn(discord);
      assert.deepEqual(await drawn(discord), first);
      assert.deepEqual([...new Set(first)].toSorted(), [200, 429, 502]);
      discord.faults.random(0, undefined);
      assert.equal((await call(discord, 'GET /gateway')).status, 200);
    });
  });
});
