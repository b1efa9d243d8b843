import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/support/seed.ts';
import {
  checkArguments,
  choice,
  formatArguments,
  optional,
  parseArguments,
  text,
  whole,
  word,
  type Argument,
} from './arguments.ts';

type Declared = Record<string, Argument<unknown>>;

const lent = {
  item: word('a thing', /^.{1,200}$/su),
  days: whole('days', 1, 365),
  how: choice('how', ['kept', 'lent']),
  note: optional(text('a note')),
};

const good = { item: 'a "big" ladder', days: 3, how: 'lent', note: 'mind the  step' };

describe('arguments as people type them', () => {
  test('words are taken in order, and the text is the rest of the line', () => {
    assert.deepEqual(parseArguments(lent, 'ladder 3 lent mind the  step'), {
      ok: true,
      args: { item: 'ladder', days: 3, how: 'lent', note: 'mind the  step' },
    });
  });

  test('a word in quotes may hold blanks, and a doubled quote is one', () => {
    const parsed = parseArguments(lent, '"a ""big"" ladder" 3 lent');
    assert.deepEqual(parsed, { ok: true, args: { item: 'a "big" ladder', days: 3, how: 'lent' } });
  });

  test('a quote that is never closed is an ordinary character', () => {
    assert.deepEqual(parseArguments({ item: word('a thing') }, '"ladder'), { ok: true, args: { item: '"ladder' } });
  });

  const wrong: [line: string, says: RegExp][] = [
    ['', /It needs item: a thing\./],
    ['ladder', /It needs days: days\./],
    ['ladder many lent', /“many” is not a whole number\./],
    ['ladder 0 lent', /“0” is below 1\./],
    ['ladder 366 lent', /“366” is above 365\./],
    ['ladder 1.5 lent', /“1\.5” is not a whole number\./],
    ['ladder 3 stolen', /“stolen” is not one of kept, lent\./],
  ];
  for (const [line, says] of wrong) {
    test(`“${line}” is refused with what is wrong`, () => assert.match(refusalOf(parseArguments(lent, line)), says));
  }

  test('what is left over is named, cut where it is long', () => {
    const says = refusalOf(parseArguments({ item: word('a thing') }, `ladder ${'x'.repeat(100)}`));
    assert.equal(says, `“${'x'.repeat(40)}…” is more than this command takes.`);
  });

  test('digits alone are a whole number, not other ways to write one', () => {
    for (const typed of ['0x10', '1e2', '+3', '１２', '3.0', 'Infinity'])
      assert.match(refusalOf(parseArguments({ days: whole('days', 1, 365) }, typed)), /is not a whole number/, typed);
  });
});

describe('arguments that come apart, over HTTP', () => {
  test('numbers may be numbers, and what may be left out may be left out', () => {
    assert.deepEqual(checkArguments(lent, { item: 'ladder', days: 3, how: 'kept' }), {
      ok: true,
      args: { item: 'ladder', days: 3, how: 'kept' },
    });
  });

  for (const days of [null, true, '', [], [3], {}, 1.5, Number.MAX_VALUE]) {
    test(`${JSON.stringify(days)} is not a whole number`, () => {
      assert.match(refusalOf(checkArguments({ days: whole('days', 0, 365) }, { days })), /days|whole|above/);
    });
  }

  test('an argument that nobody declared is refused, also one that every object has', () => {
    for (const name of ['colour', 'constructor', '__proto__'])
      assert.match(refusalOf(checkArguments({}, JSON.parse(`{"${name}": 1}`))), /There is no argument/, name);
  });

  test('a word is a string and nothing else', () => {
    for (const item of [1, ['a'], { a: 1 }, null])
      assert.match(refusalOf(checkArguments({ item: word('a thing') }, { item })), /is not a thing|It needs item/);
  });
});

test('what is written out is read back the same, whatever the values', () => {
  const words = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
  const line = words.map((value) => value.trim()).filter((value) => value !== '');
  const args = fc.record({
    item: words,
    days: fc.integer({ min: 1, max: 365 }),
    how: fc.constantFrom('kept', 'lent'),
    note: fc.option(line, { nil: undefined }),
  });
  fc.assert(
    fc.property(args, (values) => {
      const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
      assert.deepEqual(parseArguments(lent, formatArguments(lent, given)), { ok: true, args: given });
    }),
    { seed, numRuns: 500, examples: [[good as never]] },
  );
});

test('no line at all breaks the reading: it is understood or refused with a sentence', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80, unit: 'binary' }), (line) => {
      const parsed = parseArguments(lent as Declared, line);
      assert.ok(parsed.ok || parsed.wrong.endsWith('.'));
    }),
    { seed, numRuns: 500 },
  );
});

function refusalOf(parsed: ReturnType<typeof parseArguments>): string {
  assert.ok(!parsed.ok, `it was taken: ${JSON.stringify(parsed)}`);
  return parsed.wrong;
}
