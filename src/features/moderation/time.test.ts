import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { minutesOf, timeBefore } from './time.ts';

describe('times that moderators type', () => {
  test('are minutes, hours and days', () => {
    assert.deepEqual(['10', '10m', '2h', '7D', '365d'].map(minutesOf), [10, 10, 120, 10_080, 525_600]);
  });

  test('that are none, nothing, or more than a year are refused in a sentence', () => {
    for (const typed of ['0', '0m', '366d', '10s', 'soon', '-5', '1e3', ''])
      assert.throws(() => minutesOf(typed), { code: 'bad-argument' }, typed);
  });

  test('may stand before a reason', () => {
    assert.deepEqual(timeBefore('7d selling things'), { time: '7d', reason: 'selling things' });
    assert.deepEqual(timeBefore('400 a day again'), { reason: '400 a day again' });
    assert.deepEqual(timeBefore('2h'), { time: '2h', reason: 'No reason was given.' });
    assert.deepEqual(timeBefore(undefined), { reason: 'No reason was given.' });
  });
});
