import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/support/seed.ts';
import { command } from './command.ts';
import {
  applyChange,
  CommandChange,
  CommandSymbol,
  hasOwnPace,
  isAsDeclared,
  rulesOf,
  type CommandSetting,
} from './command-setting.ts';
import { say } from './message.ts';

const month = 30 * 24 * 60 * 60;
const ids = (count: number) => Array.from({ length: count }, (_, n) => `discord:${n}`);
const takes = (change: unknown) => CommandChange.safeParse(change).success;

describe('what a community may set for a command', () => {
  const bounds: [what: string, good: unknown[], bad: unknown[]][] = [
    ['on', [true, false, null], ['yes', 1]],
    ['cooldownSeconds', [0, 1, month, null], [-1, 0.5, month + 1, '30', Number.NaN, Infinity]],
    [
      'limit',
      [{ uses: 1, perSeconds: 1 }, { uses: 100_000, perSeconds: month }, null],
      [
        { uses: 0, perSeconds: 1 },
        { uses: 100_001, perSeconds: 1 },
        { uses: 1, perSeconds: 0 },
        { uses: 1, perSeconds: month + 1 },
        { uses: 1.5, perSeconds: 1 },
        { uses: 1 },
        { uses: 1, perSeconds: 1, per: 'day' },
        '1/60',
      ],
    ],
    ['allow', ['guest', 'owner', ids(1), ids(200), null], ['king', '', [], ids(201), ['ann'], [1], { role: 'admin' }]],
    ['symbol', ['!', '?!~', null], ['', '!!!!', 'a', '/']],
  ];
  for (const [field, good, bad] of bounds) {
    test(`${field}: what is within bounds is taken, and the next thing beyond is not`, () => {
      for (const value of good) assert.ok(takes({ [field]: value }), JSON.stringify(value));
      for (const value of bad) assert.ok(!takes({ [field]: value }), JSON.stringify(value));
    });
  }

  test('a field that is not known is refused', () => {
    assert.ok(takes({}));
    assert.ok(!takes({ cooldown: 5 }));
  });

  test('people are named by their account here, or by platform and id', () => {
    const good = ['acct_01KAG2V8Q5M4Z7T9C3XW6YRN8B', 'discord:80351110224678912', 'slack:U012AB3CD', 'twitch:12826'];
    const bad = ['acct_ann', 'ann', 'discord:', 'irc:5', 'discord:a b', `twitch:${'1'.repeat(65)}`, 'Discord:5'];
    for (const one of good) assert.ok(takes({ allow: [one] }), one);
    for (const one of bad) assert.ok(!takes({ allow: [one] }), one);
  });

  test('a symbol is one to three signs, none of them a letter, a digit, a blank, or what Twitch takes itself', () => {
    for (const one of ['!', '?', '$$', '~!@', '#', '-', '*', '🎲', '🎲🎲🎲', '€', '»'])
      assert.ok(CommandSymbol.safeParse(one).success, one);
    const bad = [
      '',
      'a',
      '!a',
      'é',
      'ж',
      '1',
      '!1',
      '²',
      ' ',
      '! ',
      '\t',
      '\u00a0',
      '\r\n',
      '\u0000',
      '\u200b',
      '\u202e',
      '/',
      '!/',
      '.',
      '!.',
      '!!!!',
      '🎲🎲🎲🎲',
      '\ud83c',
      '\u0301',
    ];
    for (const one of bad) assert.ok(!CommandSymbol.safeParse(one).success, JSON.stringify(one));
  });
});

describe('a change of a setting', () => {
  const full: CommandSetting = {
    on: false,
    allow: ['discord:1'],
    cooldownSeconds: 30,
    limit: { uses: 1, perSeconds: 5 },
    symbol: '?',
  };

  test('touches the fields that it names and no others', () => {
    assert.deepEqual(applyChange(full, {}), full);
    assert.deepEqual(applyChange(full, { on: true }), { ...full, on: true });
    assert.deepEqual(applyChange(undefined, { cooldownSeconds: 5 }), { on: true, cooldownSeconds: 5 });
  });

  test('two changes of different fields come to the same in either order', () => {
    const field = fc.constantFrom<CommandChange>(
      { on: false },
      { allow: 'admin' },
      { cooldownSeconds: 9 },
      { limit: null },
      { symbol: '~' },
    );
    fc.assert(
      fc.property(field, field, fc.boolean(), (one, other, fresh) => {
        fc.pre(Object.keys(one)[0] !== Object.keys(other)[0]);
        const start = fresh ? undefined : full;
        assert.deepEqual(applyChange(applyChange(start, one), other), applyChange(applyChange(start, other), one));
      }),
      { seed },
    );
  });

  test('null takes a field back to what is declared, and a cooldown of 0 is none', () => {
    const none = { on: null, allow: null, cooldownSeconds: null, limit: null, symbol: null };
    assert.deepEqual(applyChange(full, none), { on: true });
    assert.ok(isAsDeclared(applyChange(full, none)));
    assert.ok(isAsDeclared(applyChange({ on: true, cooldownSeconds: 5 }, { cooldownSeconds: 0 })));
    for (const one of [{ on: false }, { allow: 'admin' as const }, { symbol: '~' }])
      assert.ok(!isAsDeclared(applyChange(undefined, one)), JSON.stringify(one));
  });

  test('somebody who is named twice is kept once', () => {
    assert.deepEqual(applyChange(undefined, { allow: ['discord:1', 'discord:2', 'discord:1'] }).allow, [
      'discord:1',
      'discord:2',
    ]);
  });

  test('only a cooldown or a limit makes a pace of its own', () => {
    assert.ok(!hasOwnPace(undefined));
    assert.ok(!hasOwnPace({ on: false, allow: 'admin', symbol: '?' }));
    assert.ok(hasOwnPace({ on: true, cooldownSeconds: 1 }));
    assert.ok(hasOwnPace({ on: true, limit: { uses: 1, perSeconds: 1 } }));
  });

  test('the rules of a command are the community’s where it has some, beside what is declared', () => {
    const limit = { uses: 2, perSeconds: 60 };
    const lend = command({
      name: 'lend',
      summary: 'Lends',
      args: {},
      example: '/lend',
      allow: 'member',
      limit,
      run: () => say(''),
    });
    const declared = { allow: 'member', limit };
    const head = { name: 'lend', summary: 'Lends' };
    const plain = { ...head, on: true, allow: 'member', cooldownSeconds: null, limit, symbol: null, declared };
    assert.deepEqual(rulesOf(lend, undefined), plain);
    assert.deepEqual(rulesOf(lend, full), { ...head, ...full, declared });
  });
});
