import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Discord } from './index.ts';
import type { Json } from './world.ts';
import { withDiscord } from './with-client.ts';

const COMMANDS = [
  {
    name: 'trade',
    description: 'Everything an option can be',
    options: [
      { name: 'side', description: 'd', type: 3, required: true, choices: [{ name: 'Buy', value: 'b' }] },
      { name: 'count', description: 'd', type: 4, required: true, min_value: 1, max_value: 9 },
      { name: 'price', description: 'd', type: 10 },
      { name: 'quick', description: 'd', type: 5 },
      { name: 'for', description: 'd', type: 6 },
      { name: 'in', description: 'd', type: 7 },
      { name: 'as', description: 'd', type: 8 },
      { name: 'note', description: 'd', type: 3, max_length: 12 },
    ],
  },
  {
    name: 'game',
    description: 'd',
    options: [
      { name: 'start', description: 'd', type: 1, options: [{ name: 'title', description: 'd', type: 3 }] },
      { name: 'stop', description: 'd', type: 1 },
    ],
  },
  { name: 'secret', description: 'd', default_member_permissions: '8' },
];

const put = (discord: Discord, where: string, body: unknown): Promise<Response> =>
  fetch(`${discord.env.DISCORD_API_URL}/v10/applications/${discord.botId}${where}`, {
    method: 'PUT',
    headers: { authorization: `Bot ${discord.env.DISCORD_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function withCommands(work: (discord: Discord) => Promise<void>, options = {}): Promise<void> {
  await withDiscord(options, async (discord) => {
    await put(discord, `/guilds/${discord.guildId}/commands`, COMMANDS);
    await put(discord, '/commands', [{ name: 'everywhere', description: 'd' }]);
    await work(discord);
  });
}

/** What the bot would get: listens at the gateway for the next interaction. */
async function heard(discord: Discord, act: () => Promise<unknown>): Promise<Json> {
  const socket = new WebSocket(`${discord.page.replace('http', 'ws')}gateway?v=10&encoding=json`);
  const identify = { token: discord.env.DISCORD_TOKEN, intents: 1, properties: {} };
  const got = Promise.withResolvers<Json>();
  socket.addEventListener('message', ({ data }) => {
    const { op, t, d } = JSON.parse(data);
    if (op === 10) socket.send(JSON.stringify({ op: 2, d: identify }));
    if (t === 'GUILD_CREATE') act().catch(got.reject);
    if (t === 'INTERACTION_CREATE') got.resolve(d);
  });
  return got.promise.finally(() => socket.close());
}

const optionsOf = (interaction: Json): unknown[] =>
  (interaction.data as { options?: { name: string; value: unknown }[] }).options?.map((one) => [one.name, one.value]) ??
  [];

describe('a typed command becomes what Discord’s own client would send', { concurrency: true }, () => {
  const idOf = ({ people, rooms }: Discord, name: string) => [...people, ...rooms].find((one) => one.name === name)?.id;
  const lines: [line: string, options: (discord: Discord) => unknown[]][] = [
    [
      '/trade Buy 3',
      () => [
        ['side', 'b'],
        ['count', 3],
      ],
    ],
    [
      '/trade count:3 side:b',
      () => [
        ['side', 'b'],
        ['count', 3],
      ],
    ],
    [
      '/trade b 3 1.5 true',
      () => [
        ['side', 'b'],
        ['count', 3],
        ['price', 1.5],
        ['quick', true],
      ],
    ],
    [
      '/trade Buy 3 for:@max',
      (discord) => [
        ['side', 'b'],
        ['count', 3],
        ['for', idOf(discord, 'max')],
      ],
    ],
    [
      '/trade Buy 3 in:#square',
      (discord) => [
        ['side', 'b'],
        ['count', 3],
        ['in', idOf(discord, 'square')],
      ],
    ],
    [
      '/trade Buy 3 note:two words',
      () => [
        ['side', 'b'],
        ['count', 3],
        ['note', 'two words'],
      ],
    ],
  ];
  for (const [line, options] of lines) {
    test(line, () =>
      withCommands(async (discord) => {
        const interaction = await heard(discord, () => discord.say('mia', 'square', line));
        assert.deepEqual(optionsOf(interaction), options(discord));
      }),
    );
  }

  test('the last text takes the rest of the line, and a subcommand has options of its own', () =>
    withCommands(async (discord) => {
      const { data } = await heard(discord, () => discord.say('mia', 'square', '/game start a long title'));
      const [start] = (data as { options: Json[] }).options;
      assert.deepEqual(start, { name: 'start', type: 1, options: [{ name: 'title', type: 3, value: 'a long title' }] });
    }));

  test('it tells who uses it, where, and what they and the bot may do there', () =>
    withCommands(async (discord) => {
      const one = await heard(discord, () => discord.say('mona', 'square', '/game stop'));
      const member = one.member as { user: Json; permissions: string; roles: string[] };
      assert.deepEqual([member.user.username, member.roles.length, one.guild_id], ['mona', 1, discord.guildId]);
      assert.ok(BigInt(member.permissions) & (1n << 13n));
      assert.ok(BigInt(String(one.app_permissions)) & (1n << 28n));
      assert.deepEqual([one.type, one.context, one.version], [2, 0, 1]);
    }));

  test('in a direct channel it tells of the user alone', () =>
    withCommands(async (discord) => {
      const one = await heard(discord, () => discord.say('mia', 'dm:mia', '/everywhere'));
      assert.deepEqual(
        [(one.user as Json).username, one.member, one.guild_id, one.context],
        ['mia', undefined, undefined, 1],
      );
    }));

  test('options go out as they are given, right or wrong', () =>
    withCommands(async (discord) => {
      const one = await heard(discord, () => discord.slash('mia', 'square', 'trade', { count: 'many', nonsense: 1 }));
      assert.deepEqual(optionsOf(one), [
        ['count', 'many'],
        ['nonsense', 1],
      ]);
    }));

  const refused: [line: string, why: RegExp, person?: string, room?: string][] = [
    ['/nothing', /no command \/nothing/],
    ['/trade', /needs the option side/],
    ['/trade Sell 3', /side takes/],
    ['/trade Buy 10', /count takes a whole number/],
    ['/trade Buy 3 cheap', /price takes a number/],
    ['/trade Buy 3 quick:maybe', /quick takes true or false/],
    ['/trade Buy 3 for:@nobody', /for takes a person/],
    ['/trade Buy 3 note:much longer than that', /note takes/],
    ['/game', /subcommands/],
    ['/game stop now', /no more words/],
    ['/secret', /no command \/secret/],
    ['/game stop', /no command \/game/, 'mia', 'dm:mia'],
    ['hello', /does not see/, 'max', 'dm:mia'],
    ['', /empty/],
    ['x'.repeat(2_001), /2000/],
    ['hello', /no room/, 'mia', 'nowhere'],
    ['hello', /nobody called/, 'eve'],
  ];
  for (const [line, why, person = 'mia', room = 'square'] of refused) {
    test(`${person} cannot send “${line.slice(0, 40)}” in ${room}: ${why.source}`, () =>
      withCommands((discord) => assert.rejects(discord.say(person, room, line), why)));
  }

  test('an administrator finds a command that others do not', () =>
    withCommands(async (discord) => assert.ok(await discord.say('adam', 'square', '/secret'))));

  test('nothing is offered where the bot does not answer in time', () =>
    withCommands((discord) => assert.rejects(discord.autocomplete('mia', 'square', 'trade', 'note', 'x'), /in time/), {
      answerWithinMs: 20,
    }));
});

describe('an interaction is answered once and in time', { concurrency: true }, () => {
  const answer = (discord: Discord, one: Json, body: unknown): Promise<Response> =>
    fetch(`${discord.env.DISCORD_API_URL}/v10/interactions/${one.id}/${one.token}/callback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const later = (discord: Discord, one: Json, body: unknown): Promise<Response> =>
    fetch(`${discord.env.DISCORD_API_URL}/v10/webhooks/${discord.botId}/${one.token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const code = async (response: Response): Promise<unknown> => ((await response.json()) as Json).code;
  const used = (discord: Discord): Promise<Json> => heard(discord, () => discord.say('mia', 'square', '/game stop'));

  test('a second answer gives 40060, an answer of the wrong kind 50035', () =>
    withCommands(async (discord) => {
      const one = await used(discord);
      assert.equal(await code(await later(discord, one, { content: 'too soon' })), 10_015);
      assert.equal(await code(await answer(discord, one, { type: 8, data: { choices: [] } })), 50_035);
      assert.equal((await answer(discord, one, { type: 4, data: { content: 'x' } })).status, 204);
      assert.equal(await code(await answer(discord, one, { type: 4, data: { content: 'x' } })), 40_060);
      assert.equal(discord.answered(String(one.id)).first, 4);
    }));

  test('an answer too late gives 10062', () =>
    withCommands(
      async (discord) => assert.equal(await code(await answer(discord, await used(discord), { type: 5 })), 10_062),
      { answerWithinMs: -1 },
    ));

  test('what follows when the token is too old gives 50027', () =>
    withCommands(
      async (discord) => {
        const one = await used(discord);
        assert.equal((await answer(discord, one, { type: 5 })).status, 204);
        assert.equal(await code(await later(discord, one, { content: 'x' })), 50_027);
      },
      { tokenLifeMs: -1 },
    ));

  test('an answer that nobody may see but one is not in the room’s own list', () =>
    withCommands(async (discord) => {
      const one = await used(discord);
      await answer(discord, one, { type: 4, data: { content: 'for you', flags: 64 } });
      const [message] = discord.seen('square', 'mia');
      const response = await fetch(
        `${discord.env.DISCORD_API_URL}/v10/channels/${message?.room}/messages/${message?.id}`,
        {
          headers: { authorization: `Bot ${discord.env.DISCORD_TOKEN}` },
        },
      );
      assert.equal(await code(response), 10_008);
    }));
});

describe('the page and the control addresses', () => {
  test('a person can look at the page, say something there and see it', () =>
    withDiscord({ people: ['zoe'], rooms: ['lounge'] }, async (discord) => {
      assert.match(await (await fetch(discord.page)).text(), /<html/i);
      const said = await fetch(`${discord.page}_control/say`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ person: 'zoe', room: 'lounge', text: 'hello' }),
      });
      assert.equal(said.status, 201);
      const seen = await (await fetch(`${discord.page}_control/seen?room=lounge&person=zoe`)).json();
      assert.deepEqual(
        (seen as Json[]).map((one) => one.text),
        ['hello'],
      );
      assert.equal((await fetch(`${discord.page}elsewhere`)).status, 404);
      assert.match(discord.violations.join(), /elsewhere/);
    }));

  test('rooms that are opened later are there as well', () =>
    withDiscord({}, async (discord) => {
      discord.addRoom('new');
      assert.ok(discord.rooms.some((one) => one.name === 'new' && one.kind === 'room'));
      discord.setRole('mia', 'Moderator', true);
      assert.equal(discord.people.find((one) => one.name === 'mia')?.role, 'moderator');
    }));
});
