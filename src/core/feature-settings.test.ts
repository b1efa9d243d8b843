import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  changesOf,
  checkSettings,
  featureSettings,
  figure,
  fillIn,
  NOTHING_CHOSEN,
  onOff,
  oneOf,
  roleOn,
  valuesOf,
  wordsOf,
  writing,
  type SettingValue,
} from './feature-settings.ts';

const help = 'What it does.';
const CHOICES = [
  { value: 'delete', label: 'Delete what guests write' },
  { value: 'role', label: 'Give a role' },
] as const;

/** One field of each kind. */
const door = featureSettings('door', {
  title: 'The door',
  about: 'Who comes in.',
  fields: {
    on: onOff({ label: 'On', help, declared: false }),
    mode: oneOf({ label: 'How', help, declared: 'delete', choices: CHOICES }),
    minutes: figure({ label: 'A link is good for', help, declared: 15, least: 1, most: 60, unit: 'minutes' }),
    nick: writing({ label: 'Nickname', help, declared: '{name}', most: 20, blanks: ['name', 'id'] }),
    rules: writing({ label: 'Rules', help, declared: '', most: 2_000, lines: true }),
    names: wordsOf({ label: 'Names', help, declared: [], most: 3 }),
    role: roleOn('discord', { label: 'Role', help }),
  },
});
const DECLARED = { on: false, mode: 'delete', minutes: 15, nick: '{name}', rules: '', names: [], role: '' };
const offered = (platform: string) => (platform === 'discord' ? [{ value: '77', label: 'Verified' }] : []);
const check = (values: Record<string, SettingValue | null>, kept: Record<string, unknown> = {}) =>
  checkSettings(door, { values: kept, version: 1 }, { values, offered });

describe('what a community sets about a feature', () => {
  test('is as declared until something is chosen', () => {
    assert.deepEqual(valuesOf(door, NOTHING_CHOSEN), DECLARED);
  });

  test('is what was chosen, trimmed, each word once', () => {
    const values = { on: true, mode: 'role', minutes: 60, nick: ' {name} ({id}) ', rules: 'one\ntwo\n', role: '77' };
    const read = check({ ...values, names: ['a', ' b', 'a'] });
    const next = { ...values, nick: '{name} ({id})', rules: 'one\ntwo', names: ['a', 'b'] };
    assert.deepEqual(read, { ok: true, next });
    assert.deepEqual(valuesOf(door, { values: next, version: 2 }), next);
  });

  const wrong: [field: string, value: SettingValue, says: RegExp][] = [
    ['on', 'yes', /on or off/],
    ['mode', 'burn', /^This is one of: Delete what guests write, Give a role\.$/],
    ['minutes', 0, /^This is a whole number from 1 to 60\. It counts minutes\.$/],
    ['minutes', 61, /from 1 to 60/],
    ['minutes', 1.5, /whole number/],
    ['minutes', '15', /whole number/],
    ['nick', 'x'.repeat(21), /^This has more than 20 characters\.$/],
    ['nick', 'two\nlines', /one line/],
    ['nick', 'hello {name} {mail}', /^Nothing can be put where \{mail\} stands\. There is \{name\}, \{id\}\.$/],
    ['rules', 'bell \u0007', /cannot be shown/],
    ['names', ['two words'], /^Each of these is one word/],
    ['names', [''], /^Each of these is one word/],
    ['names', ['a', 'b', 'c', 'd'], /^These are more than 3\.$/],
    ['role', '78', /^No place of this community has this role\.$/],
    ['role', 'a role', /no role/],
    ['colour', 'blue', /^There is no such setting\.$/],
    ['constructor', 'blue', /^There is no such setting\.$/],
  ];
  for (const [field, value, says] of wrong)
    test(`${JSON.stringify(value).slice(0, 40)} for ${field} is refused with a sentence beside it`, () => {
      const read = check({ on: true, [field]: value });
      assert.ok(!read.ok);
      assert.deepEqual(Object.keys(read.wrong), [field]);
      assert.match(read.wrong[field] ?? '', says);
    });

  test('all that is wrong is told at once', () => {
    const read = check({ minutes: 99, names: ['a b'], colour: 1 });
    assert.deepEqual(!read.ok && Object.keys(read.wrong), ['minutes', 'names', 'colour']);
  });

  test('null, and what is declared anyway, leave nothing behind', () => {
    assert.deepEqual(check({ minutes: null, on: false }, { minutes: 30, on: true }), { ok: true, next: {} });
  });

  test('a field that is gone, and a value that is taken no more, hurt nobody', () => {
    const kept = { values: { minutes: 90, mode: 'burn', on: true, gone: { of: 'an older version' } }, version: 4 };
    assert.deepEqual(valuesOf(door, kept), { ...DECLARED, on: true });
    const read = checkSettings(door, kept, { values: { nick: 'x' }, offered });
    assert.deepEqual(read, { ok: true, next: { ...kept.values, nick: 'x' } });
  });

  test('a role that is gone from its place may stay, and may not be chosen anew', () => {
    assert.ok(check({ role: '12', on: true }, { role: '12' }).ok);
    assert.ok(!check({ role: '12' }, { role: '77' }).ok);
    assert.ok(check({ role: '' }, { role: '12' }).ok);
  });

  test('what changed is told from what to what, without a whole page of text', () => {
    const long = 'x'.repeat(1_000);
    const changes = changesOf(door, NOTHING_CHOSEN, {
      values: { minutes: 30, nick: '{name}', rules: long },
      version: 1,
    });
    assert.deepEqual(Object.keys(changes), ['minutes', 'rules']);
    assert.deepEqual(changes['minutes'], { from: 15, to: 30 });
    assert.ok(JSON.stringify(changes).length < 400);
  });
});

describe('a text with blanks', () => {
  test('gets what is known, and keeps what is not', () => {
    assert.equal(fillIn('{name} ({id}) {x}', { name: '{id}', id: '7' }), '{id} (7) {x}');
  });
});
