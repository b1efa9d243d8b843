import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Asked } from './asked.ts';

/** Far enough in the future for every first look, and not for a second one of what was looked for just before it. */
const SOON = performance.now() + 10_000;

function asked(questions: Record<string, string>): Asked {
  const all = new Asked();
  for (const [id, room] of Object.entries(questions)) all.ask({ id, room, text: `/help ${id}` });
  return all;
}

const ids = (questions: { id: string }[]): string[] => questions.map(({ id }) => id);

describe('questions of one connection', () => {
  test('each is looked for once in a while, ever more rarely', () => {
    const all = asked({ one: 'square' });
    assert.deepEqual(ids(all.due(performance.now())), []);
    assert.deepEqual(ids(all.due(SOON)), ['one']);
    assert.deepEqual(ids(all.due(SOON + 5_000)), []);
    assert.deepEqual(ids(all.due(SOON + 6_500)), ['one']);
  });

  test('a later one is looked for behind the earlier of its room, though their own time has not come', () => {
    const all = asked({ one: 'square', other: 'tavern' });
    all.due(SOON);
    all.ask({ id: 'two', room: 'square', text: '/help two' });
    assert.deepEqual(ids(all.due(SOON + 1_000)), ['one', 'two']);
  });

  test('what is answered is looked for no more', () => {
    const all = asked({ one: 'square', two: 'square' });
    assert.equal(all.answered('one'), false);
    assert.equal(all.answered('one'), true);
    assert.deepEqual(ids(all.due(SOON)), ['two']);
    assert.deepEqual(ids(all.openBefore('two')), []);
  });

  test('an answer that is quicker than the news of its question is told once, and looked for no more', () => {
    const all = new Asked();
    assert.equal(all.answered('one'), false);
    assert.equal(all.answered('one'), true);
    all.ask({ id: 'one', room: 'square', text: '/help one' });
    assert.deepEqual(ids(all.due(SOON)), []);
    assert.equal(all.answered('one'), true);
  });

  test('answers to what was never asked here are remembered in bounds', () => {
    const all = new Asked();
    for (let n = 0; n <= 50; n++) all.answered(`${n}`);
    assert.deepEqual([all.answered('50'), all.answered('0')], [true, false]);
  });
});
