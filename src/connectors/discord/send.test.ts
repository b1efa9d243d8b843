import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { play, type Kept, type Play } from '#test/support/discord-play.ts';

const said = ({ sim }: Play, room = 'square'): string[] =>
  sim
    .seen(room)
    .filter(({ author }) => author.bot)
    .map(({ text }) => text);

/** The next `times` notes of what was sent fail. */
function failNotes({ delivered }: Kept, times: number): void {
  const add = delivered.add.bind(delivered);
  let left = times;
  delivered.add = (part) => {
    if (left-- > 0) throw new Error('the disk is full');
    return add(part);
  };
}

describe('an answer to Discord', { concurrency: 4 }, () => {
  for (const parts of [1, 2])
    test(`of ${parts} messages that cannot be noted is said once, and before the next one`, async (t) => {
      const given = await play(t);
      await given.sim.say('mia', 'square', '@Guildhall stock one');
      await given.sim.say('mia', 'square', '@Guildhall stock two');
      const [one, two] = await Promise.all([given.asked(1), given.asked(2)]);
      failNotes(given.kept, 1);
      const text = parts === 1 ? 'a' : `${'a'.repeat(1_500)}\n${'b'.repeat(1_500)}`;
      await Promise.all([given.answer(one, { text }), given.answer(two, { text: 'next' })]);
      assert.deepEqual(
        said(given).map((words) => words[0]),
        parts === 1 ? ['a', 'n'] : ['a', 'b', 'n'],
      );
      assert.equal(given.kept.delivered.size, parts + 1);
      assert.equal(given.connector.health().counts.sent, parts + 1);
    });

  test('that comes again is said once, also where it cannot be looked up at first', async (t) => {
    const given = await play(t);
    await given.sim.say('mia', 'square', '@Guildhall stock one');
    const message = await given.asked(1);
    await given.answer(message, { text: 'a' });
    const { delivered } = given.kept;
    const has = delivered.has.bind(delivered);
    delivered.has = () => {
      delivered.has = has;
      throw new Error('the disk is away');
    };
    await given.answer(message, { text: 'a' }, { again: true });
    assert.deepEqual(said(given), ['a']);
  });

  test('that a mistake of ours keeps from being written is given up: told, counted and logged once', async (t) => {
    const given = await play(t);
    await given.sim.say('mia', 'square', '@Guildhall stock one');
    const message = await given.asked(1);
    await Promise.all([given.answer(message, { text: undefined as never }), given.answer(message, { text: 'next' })]);
    const { counts } = given.connector.health();
    assert.deepEqual([said(given), counts.refused, counts.sent], [['next'], 1, 1]);
    assert.match(said(given, 'dm:mia')[0] ?? '', /mistake of mine/);
    const errors = given.kept.log.filter(({ level }) => level === 'error');
    assert.deepEqual(
      errors.map(({ facts }) => facts['err'] instanceof TypeError),
      [true],
    );
  });

  test('that a mistake of ours keeps from being sent is given up too, and noted', async (t) => {
    const given = await play(t);
    await given.sim.say('mia', 'square', '@Guildhall stock one');
    const message = await given.asked(1);
    const from = { ...message.from, account: undefined as never };
    await given.answer({ ...message, from }, { text: 'a', private: true });
    assert.deepEqual([given.connector.health().counts.refused, given.kept.delivered.size], [1, 1]);
    assert.equal(given.kept.log.filter(({ level }) => level === 'error').length, 1);
  });
});
