import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { text, word } from '#core/arguments.ts';
import { command } from '#core/command.ts';
import { COMMANDS, keeping, play } from '#test/support/discord-play.ts';

const report = command({
  name: 'report',
  summary: 'Shows somebody to the moderators',
  args: { person: word('a person'), what: text('what happened') },
  example: '/report @rook insults people',
  menu: 'Report to moderators',
  allow: 'member',
  limit: { uses: 10, perSeconds: 60 },
  run: () => ({ text: '', private: true }),
});
const kept = () => ({ ...keeping(), commands: new Map([...COMMANDS, ['report', report]]) });

describe('the menu of a message', () => {
  test('offers a command, which comes with the message as it was, its words too', async (t) => {
    const given = await play(t, { kept: kept() });
    const { sim } = given;
    const line = await sim.say('max', 'square', 'buy this');
    const id = await sim.choose('mia', line, 'Report to moderators');
    const message = await given.asked(1);
    const max = sim.people.find(({ name }) => name === 'max')?.id ?? '';
    assert.deepEqual(message.ask, { name: 'report', args: { person: `<@${max}>` } });
    assert.deepEqual(message.about, { id: line, author: { platformId: max, name: 'max' }, text: 'buy this' });
    await given.answer(message, { text: 'Thank you.', private: true });
    assert.equal(sim.answered(id).first, 4);
    assert.deepEqual(
      sim.seen('square', 'max').map((one) => one.text),
      ['buy this'],
    );
    assert.deepEqual(sim.violations, []);
  });

  test('is registered once beside the command, and not told again by the next process', async (t) => {
    const given = await play(t, { kept: kept() });
    const listed = (): unknown[] =>
      given.sim
        .commands()
        .guild.filter(({ type }) => type === 3)
        .map(({ name }) => name);
    assert.deepEqual(listed(), ['Report to moderators']);
    const puts = (): number =>
      given.sim.calls.filter(({ method, path }) => method === 'PUT' && path.endsWith('/commands')).length;
    const before = puts();
    await given.restart();
    assert.deepEqual([puts(), listed().length], [before, 1]);
  });

  test('is not offered where the command is switched off', async (t) => {
    const own = kept();
    own.off.add('report');
    const given = await play(t, { kept: own });
    const line = await given.sim.say('max', 'square', 'buy this');
    await assert.rejects(given.sim.choose('mia', line, 'Report to moderators'), /no command/);
  });
});
