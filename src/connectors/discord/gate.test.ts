import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { PlaceRules } from '#core/place-gate.ts';
import { INTENTS } from '#test/simulators/discord/intents.ts';
import { play, type Play } from '#test/support/discord-play.ts';
import { eventually } from '#test/support/wait.ts';

/** ms after which a line that has to go would be gone: lines are gathered for 100. */
const GATHERED_MS = 300;

const SHUT: PlaceRules = { mode: 'delete', since: 0, role: undefined, nickname: null, welcome: undefined };

/** A server whose gate is shut; mia is verified where nobody says otherwise. */
async function shut(
  t: TestContext,
  rules: Partial<PlaceRules> = {},
  options: Parameters<typeof play>[1] = {},
): Promise<Play> {
  const given = await play(t, options);
  given.kept.gate.verified.set(idOf(given, 'mia'), 'Mia Ray');
  await decide(given, { ...SHUT, since: Date.now() - 60_000, ...rules });
  return given;
}

/** The community changes its mind, and the connector has seen it. */
async function decide(given: Play, rules: PlaceRules | undefined): Promise<void> {
  given.kept.gate.looked = undefined;
  given.kept.gate.rules = rules;
  given.connector.commandsChanged?.(`comm_${given.sim.guildId}`);
  if (rules) await looked(given);
}

const looked = (given: Play): Promise<number> => eventually('a look at the server', () => given.kept.gate.looked);

const idOf = ({ sim }: Play, name: string): string => sim.people.find((one) => one.name === name)?.id ?? '';

interface There {
  nick: string | null;
  roles: string[];
}

/** What the server says of a person, its roles by name. */
async function there({ sim: { env, guildId, people } }: Play, name: string): Promise<There> {
  const ask = async (path: string): Promise<unknown> => {
    const headers = { authorization: `Bot ${env.DISCORD_TOKEN}` };
    return (await fetch(`${env.DISCORD_API_URL}/v10/guilds/${guildId}/${path}`, { headers })).json();
  };
  const id = people.find((one) => one.name === name)?.id;
  const [member, roles] = [
    (await ask(`members/${id}`)) as There,
    (await ask('roles')) as Record<'id' | 'name', string>[],
  ];
  return { nick: member.nick, roles: member.roles.map((role) => roles.find((one) => one.id === role)?.name ?? role) };
}

const lines = ({ sim }: Play, room = 'square'): string[] => sim.seen(room).map(({ text }) => text);
const toldTo = ({ sim }: Play, name: string): string[] => sim.seen(`dm:${name}`).map(({ text }) => text);

describe('the gate on Discord, where messages are deleted', () => {
  test('takes away what unverified people write and tells each of them once; the others speak', async (t) => {
    const given = await shut(t);
    const { sim } = given;
    await sim.say('max', 'square', 'hello');
    await sim.say('max', 'trading-floor', 'is anybody here?');
    await sim.say('mia', 'square', 'good morning');
    await sim.say('mona', 'square', 'I moderate');
    await sim.say('olga', 'square', 'I own this');
    sim.botSays('square', 'beep');
    sim.webhookSays('square', 'news');
    await eventually(
      'both lines to go',
      () => (!lines(given).includes('hello') && lines(given, 'trading-floor').length === 0) || undefined,
    );
    const notice = await eventually('the notice', () => toldTo(given, 'max')[0]);
    assert.match(notice, /Only verified people write in The Square.*\/verify/);
    await sim.say('max', 'square', 'again');
    await eventually('that line to go', () => !lines(given).includes('again') || undefined);
    assert.deepEqual(lines(given), ['good morning', 'I moderate', 'I own this', 'beep', 'news']);
    assert.equal(toldTo(given, 'max').length, 1);
    assert.deepEqual(sim.violations, []);
  });

  test('needs no privileged intent for it', async (t) => {
    const given = await shut(t, {}, { sim: { privileged: 0 } });
    await given.sim.say('max', 'square', 'hello');
    await eventually('the line to go', () => lines(given).length === 0 || undefined);
  });

  test('lets somebody speak from the moment that they are verified', async (t) => {
    const given = await shut(t, {}, { sim: { people: ['zoe'] } });
    await given.sim.say('max', 'square', 'before');
    await eventually('the line to go', () => lines(given).length === 0 || undefined);
    given.kept.gate.verified.set(idOf(given, 'max'), 'Max');
    await given.sim.say('max', 'square', 'after');
    await given.sim.say('zoe', 'square', 'I am not');
    await eventually('that line to go', () => !lines(given).includes('I am not') || undefined);
    assert.deepEqual(lines(given), ['after']);
  });

  test('tells who takes no direct messages in the room', async (t) => {
    const given = await shut(t);
    given.sim.closeDms('max');
    await given.sim.say('max', 'square', 'hello');
    const notice = await eventually('the notice', () => lines(given).find((line) => line.includes('Only verified')));
    assert.ok(notice.startsWith(`<@${idOf(given, 'max')}>`));
  });

  test('takes away a line that was changed, and threads are rooms too', async (t) => {
    const given = await shut(t);
    const { sim, kept } = given;
    const max = idOf(given, 'max');
    kept.gate.verified.set(max, 'Max');
    const line = await sim.say('max', 'square', 'hello');
    sim.openThread('square', 'side talk');
    kept.gate.verified.delete(max);
    sim.edit(line, 'buy this');
    await sim.say('max', 'side talk', 'and that');
    await eventually('both to go', () => lines(given).length + lines(given, 'side talk').length === 0 || undefined);
  });

  test('leaves everything alone once the gate is open', async (t) => {
    const given = await shut(t);
    await decide(given, undefined);
    given.kept.lockDown = { until: null };
    given.connector.commandsChanged?.(`comm_${given.sim.guildId}`);
    await eventually(
      'the change',
      () => given.sim.calls.some(({ path }) => path.endsWith('/incident-actions')) || undefined,
    );
    await given.sim.say('max', 'square', 'hello');
    await given.sim.say('max', 'square', `<@${given.sim.botId}> help`);
    await given.asked(1);
    await pause(GATHERED_MS);
    assert.ok(lines(given).includes('hello'));
  });

  test('takes a code in the welcome room, takes it away, and answers its writer alone', async (t) => {
    const given = await play(t);
    const room = given.sim.rooms.find(({ name }) => name === 'square')?.id;
    await decide(given, { ...SHUT, since: Date.now() - 60_000, mode: 'role', welcome: room });
    await given.sim.say('max', 'square', 'good day');
    await given.sim.say('max', 'square', '9c4n-KV7P');
    await eventually('the answer', () => toldTo(given, 'max').includes('That is the code.') || undefined);
    assert.deepEqual(given.kept.gate.codes, [{ person: idOf(given, 'max'), code: '9c4n-KV7P' }]);
    assert.deepEqual(lines(given), ['good day']);
  });
});

describe('the gate on Discord, after the bot was away', () => {
  test('takes away what was written meanwhile, and nothing from before it was shut', async (t) => {
    const given = await play(t);
    const { sim, kept } = given;
    await sim.say('max', 'square', 'an old line');
    await eventually(
      'a moment',
      () => Date.now() > Date.parse(String(Object(sim.seen('square')[0]?.raw)['timestamp'])) + 5 || undefined,
    );
    kept.gate.verified.set(idOf(given, 'mia'), 'Mia Ray');
    await given.connector.stop(0);
    kept.gate.rules = { ...SHUT, since: Date.now() };
    sim.openThread('square', 'aside');
    for (let n = 0; n < 130; n++) await sim.say('max', 'square', `while away ${n}`);
    await sim.say('mona', 'square', 'order, please');
    await sim.say('mia', 'square', 'I may');
    await sim.say('max', 'aside', 'here too');
    await given.restart();
    await looked(given);
    assert.deepEqual(lines(given), ['an old line', 'order, please', 'I may']);
    assert.deepEqual(lines(given, 'aside'), []);
    await eventually('the notice', () => toldTo(given, 'max').length === 1 || undefined);
    assert.deepEqual(sim.violations, []);
  });

  test('gives and takes the role of those who were verified, left or were changed by hand', async (t) => {
    const given = await shut(t, { mode: 'role', role: 'Verified', nickname: '{name}' });
    const { sim, kept } = given;
    await eventually('the role', async () => (await there(given, 'mia')).roles.includes('Verified') || undefined);
    await given.connector.stop(0);
    sim.leave('mia');
    sim.join('mia');
    sim.setRole('max', 'Verified', true);
    kept.gate.verified.set(idOf(given, 'adam'), 'Adam Low');
    kept.gate.looked = undefined;
    await given.restart();
    await looked(given);
    assert.deepEqual(await there(given, 'mia'), { nick: 'Mia Ray', roles: ['Verified'] });
    assert.deepEqual((await there(given, 'max')).roles, []);
    assert.deepEqual(sim.violations, []);
  });
});

describe('the gate on Discord, where a role lets people in', () => {
  test('gives who comes back the role and the name again, and deletes nothing', async (t) => {
    const given = await shut(t, { mode: 'role', role: 'Verified', nickname: '{name}' });
    given.sim.leave('mia');
    given.sim.join('mia');
    await eventually('the name', async () => (await there(given, 'mia')).nick === 'Mia Ray' || undefined);
    assert.deepEqual((await there(given, 'mia')).roles, ['Verified']);
    await given.sim.say('max', 'square', 'hello');
    await given.sim.say('max', 'square', `<@${given.sim.botId}> help`);
    await given.asked(1);
    await pause(GATHERED_MS);
    assert.ok(lines(given).includes('hello'));
  });

  test('takes the role from whom somebody gave it by hand, and lets a name be that was changed later', async (t) => {
    const given = await shut(t, { mode: 'role', role: 'Verified', nickname: '{name}' });
    await eventually('the role', async () => (await there(given, 'mia')).roles.includes('Verified') || undefined);
    given.sim.rename('mia', 'Mimi');
    given.sim.setRole('max', 'Verified', true);
    await eventually(
      'the role to go',
      async () => !(await there(given, 'max')).roles.includes('Verified') || undefined,
    );
    assert.equal((await there(given, 'mia')).nick, 'Mimi');
  });

  test('without the members intent verified people have it from the next look on, and the place says what to switch on', async (t) => {
    const given = await play(t, { sim: { privileged: INTENTS.messageContent } });
    for (const name of ['mia', 'max', 'adam', 'mona']) given.kept.gate.verified.set(idOf(given, name), name);
    given.kept.gate.verified.set('1', 'nobody');
    given.sim.leave('max');
    await decide(given, { ...SHUT, mode: 'role', role: 'Verified' });
    for (const name of ['mia', 'mona']) assert.ok((await there(given, name)).roles.includes('Verified'), name);
    assert.match(whyOf(given) ?? '', /“Server Members Intent”/);
  });
});

const whyOf = ({ connector, sim }: Play): string | undefined => connector.health().places?.[sim.guildId];
const why = (given: Play, words: RegExp): Promise<string> =>
  eventually(`${words}`, () => (words.test(whyOf(given) ?? '') ? whyOf(given) : undefined));

describe('the gate on Discord, where a right is missing', () => {
  test('Manage Messages: it is said, and what was written goes once the right is there', async (t) => {
    const given = await shut(t);
    given.sim.takePermission(undefined, 'MANAGE_MESSAGES');
    await why(given, /“Manage Messages”/);
    await given.sim.say('max', 'square', 'hello');
    await given.sim.say('max', 'square', 'hello again');
    assert.equal(toldTo(given, 'max').length, 0);
    given.sim.givePermission(undefined, 'MANAGE_MESSAGES');
    await eventually('the lines to go', () => lines(given).length === 0 || undefined);
    await eventually('nothing to be missing', () => whyOf(given) === undefined || undefined);
  });

  test('in one channel alone: the others are kept', async (t) => {
    const given = await shut(t);
    given.sim.takePermission('square', 'MANAGE_MESSAGES');
    await given.sim.say('max', 'square', 'hello');
    await why(given, /“Manage Messages”/);
    await given.sim.say('max', 'trading-floor', 'hello');
    await eventually('that line to go', () => lines(given, 'trading-floor').length === 0 || undefined);
    given.sim.givePermission('square', 'MANAGE_MESSAGES');
    await eventually('the other too', () => lines(given).length === 0 || undefined);
    await eventually('nothing to be missing', () => whyOf(given) === undefined || undefined);
    await given.sim.say('max', 'square', 'once more');
    await eventually('that too', () => lines(given).length === 0 || undefined);
  });

  test('a role above the bot’s: it is said, and the role is given once it stands below', async (t) => {
    const given = await play(t);
    given.sim.moveRole('Verified', 9);
    given.kept.gate.verified.set(idOf(given, 'mia'), 'Mia Ray');
    await decide(given, { ...SHUT, mode: 'role', role: 'Verified' });
    await why(given, /“Verified” stands above the bot’s own role/);
    given.sim.moveRole('Verified', 1);
    await eventually('the role', async () => (await there(given, 'mia')).roles.includes('Verified') || undefined);
    await eventually('nothing to be missing', () => whyOf(given) === undefined || undefined);
  });
});
