import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DiscordAPIError } from '@discordjs/rest';
import { NO_PACE, OutboundQueue, type Timer } from '#bus/outbound-queue.ts';
import { choice, optional, suggesting, text, whole, word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import { say } from '#core/message.ts';
import type { ConnectorPorts } from '#core/platform.ts';
import { eventually } from '#test/support/wait.ts';
import { callsOf, type Rest } from './calls.ts';
import type { Guild } from './guilds.ts';
import { commandPayload, registrar } from './register.ts';

const declared = (name: string, args: AnyCommand['args'] = {}, summary = 'Does it'): AnyCommand =>
  command({
    name,
    summary,
    args,
    example: '/x',
    allow: 'member',
    limit: { uses: 1, perSeconds: 1 },
    run: () => say(''),
  });
const optionsOf = (args: AnyCommand['args']) => commandPayload(declared('x', args)).options;

describe('a command as Discord registers it', () => {
  test('has required options first, each of its type and within its bounds', () => {
    const options = optionsOf({
      days: optional(whole('days', 1, 30)),
      item: word('a thing'),
      note: optional(text('words', 9_000)),
    });
    assert.deepEqual(options, [
      { type: 3, name: 'item', description: 'a thing', required: true, max_length: 6_000 },
      { type: 4, name: 'days', description: 'days', required: false, min_value: 1, max_value: 30 },
      { type: 3, name: 'note', description: 'words', required: false, max_length: 6_000 },
    ]);
  });

  test('lists few choices, completes many, and completes what suggests words', () => {
    const many = Array.from({ length: 26 }, (_, n) => `c${n}`) as [string, ...string[]];
    const [few, all, free] = optionsOf({
      few: choice('one', ['a', 'b']),
      all: choice('one', many),
      free: suggesting(word('a thing'), () => ['x']),
    });
    assert.deepEqual(few?.choices, [
      { name: 'a', value: 'a' },
      { name: 'b', value: 'b' },
    ]);
    assert.deepEqual(
      [few?.autocomplete, all?.autocomplete, all?.choices, free?.autocomplete],
      [undefined, true, undefined, true],
    );
  });

  test('is described in a hundred characters at most, and never in none', () => {
    assert.equal(commandPayload(declared('x', {}, 'y'.repeat(150))).description.length, 100);
    assert.equal(commandPayload(declared('x', {}, ' ')).description, '-');
  });
});

describe('telling Discord of the commands', () => {
  const guild = (): Guild => ({
    id: '20',
    name: 'The Square',
    owner: '1',
    bot: '1',
    roles: new Map(),
    names: new Map(),
    mine: undefined,
  });

  test('changes nothing where the list is the same, whatever else Discord tells of it', async () => {
    const commands = [declared('b', { item: word('a thing') }), declared('a')];
    const { register, sent } = telling(commands, (method) => {
      if (method !== 'GET') return [];
      return commands.map((one) => ({
        ...commandPayload(one),
        id: '1',
        version: '2',
        dm_permission: null,
        nsfw: false,
        name_localizations: null,
        ...(one.name === 'a' && { options: undefined }),
      }));
    });
    await register(guild());
    assert.deepEqual(sent, ['GET']);
  });

  test('tells the whole list where it is another', async () => {
    const { register, sent } = telling([declared('a')], () => []);
    await register(guild());
    assert.deepEqual(sent, ['GET', 'PUT']);
  });

  test('tells a hundred at most, and says so', async () => {
    const many = Array.from({ length: 120 }, (_, n) => declared(`c${n}`));
    const { register, bodies, log } = telling(many, () => []);
    await register(guild());
    assert.equal((bodies[1] as unknown[]).length, 100);
    assert.match(log.join(), /takes 100 commands/);
  });

  test('refused, says what to do, once, and looks again later whether it was done', async () => {
    let allowed = false;
    const { register, sent, log, later } = telling([declared('a')], () => {
      if (allowed) return [];
      throw new DiscordAPIError({ code: 50001, message: 'Missing Access' }, 50001, 403, 'GET', '', {
        files: [],
        body: {},
      });
    });
    void register(guild());
    await eventually('the refusal', () => log[0]);
    assert.match(log[0] ?? '', /Open the invite link again.*docs\/discord\.md/);
    const again = await eventually('another look', () => later.shift());
    again();
    const third = await eventually('and another', () => later.shift());
    allowed = true;
    third();
    await eventually('the list', () => sent.at(-1) === 'PUT' || undefined);
    assert.equal(log.length, 1);
  });
});

/** A registrar whose requests are answered here, and whose time is ours. */
function telling(commands: AnyCommand[], answer: (method: string) => unknown) {
  const sent: string[] = [];
  const bodies: unknown[] = [];
  const log: string[] = [];
  const later: (() => void)[] = [];
  let now = 0;
  const rest: Rest = {
    async request({ method, body }) {
      sent.push(method);
      bodies.push(body);
      return answer(method);
    },
  };
  const timer: Timer = {
    now: () => now,
    after(ms, act) {
      later.push(() => {
        now += ms;
        act();
      });
      return () => undefined;
    },
  };
  const say = (_facts: object, words: string): void => void log.push(words);
  const ports: Pick<ConnectorPorts, 'commands' | 'space' | 'setting' | 'places' | 'log'> = {
    commands: new Map(commands.map((one) => [one.name, one])),
    space: async () => ({ community: 'comm_1', symbol: null }),
    setting: async () => ({ on: true, symbol: null }),
    places: { gone: async () => undefined, roles: async () => undefined },
    log: { info: say, warn: say, error: say },
  };
  const queue = new OutboundQueue({ pace: NO_PACE, atOnce: 2, timer });
  const register = registrar({ ports, calls: callsOf(rest), queue, backoff: { first: 1, most: 1 } });
  return {
    sent,
    bodies,
    log,
    later,
    async register(guild: Guild) {
      register(guild, '11');
      await eventually('the end of it', () => queue.waiting === 0 || undefined);
    },
  };
}
