import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Picture } from '#core/message.ts';
import { sampleId } from '#test/simulators/discord/ids.ts';
import { COMMANDS, play } from '#test/support/discord-play.ts';
import { eventually } from '#test/support/wait.ts';

const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const picture = (url: string, alt = 'a dot'): Picture => ({ url, alt, width: 1, height: 1 });
const BOTS_ROLE = sampleId('role of The Square', 'Guildhall');
const textOf = ({ text }: { text: string }): string => text;

describe('a slash command on Discord', () => {
  test('is asked with its options typed, and answered for all to see', async (t) => {
    const { sim, asked, answer, connector } = await play(t);
    const id = await sim.say('mia', 'square', '/lend item:ladder days:3');
    const message = await asked(1);
    assert.deepEqual(message.ask, { name: 'lend', args: { item: 'ladder', days: 3 } });
    assert.deepEqual(message.style, { sign: '/' });
    assert.equal(message.community, `comm_${sim.guildId}`);
    assert.deepEqual([message.who.username, message.who.role, message.from.platform], ['mia', 'member', 'discord']);
    await answer(message, { text: 'Lent ladder.' });
    const [said] = sim.seen('square');
    assert.deepEqual([said?.text, said?.replyTo, said?.to], ['Lent ladder.', id, undefined]);
    assert.deepEqual(connector.health().counts, { received: 1, sent: 1, refused: 0 });
    assert.deepEqual(sim.violations, []);
  });

  test('a private answer is seen by the asker alone', async (t) => {
    const { sim, asked, answer } = await play(t);
    await sim.say('mia', 'square', '/help');
    await answer(await asked(1), { text: 'Commands here:', private: true });
    assert.deepEqual(sim.seen('square', 'mia').map(textOf), ['Commands here:']);
    assert.deepEqual(sim.seen('square', 'max'), []);
  });

  test('first a word to the asker alone, then the answer for all', async (t) => {
    const { sim, asked, answer } = await play(t);
    await sim.say('mia', 'square', '/stock aapl.us');
    const message = await asked(1);
    await answer(message, { text: 'Looking up AAPL.US…', private: true }, { n: 0, final: false });
    await answer(message, { text: 'AAPL.US quote is 126.85' });
    assert.deepEqual(sim.seen('square', 'max').map(textOf), ['AAPL.US quote is 126.85']);
    assert.deepEqual(sim.seen('square', 'mia').map(textOf), ['Looking up AAPL.US…', 'AAPL.US quote is 126.85']);
  });

  test('a private answer after a private word takes its place', async (t) => {
    const { sim, asked, answer } = await play(t);
    await sim.say('mia', 'square', '/stock aapl.us');
    const message = await asked(1);
    await answer(message, { text: 'Looking…', private: true }, { n: 0, final: false });
    await answer(message, { text: 'No quote.', private: true });
    assert.deepEqual(sim.seen('square', 'mia').map(textOf), ['No quote.']);
  });

  test('a private answer after a public one is a message of its own', async (t) => {
    const { sim, asked, answer } = await play(t);
    await sim.say('mia', 'square', '/stock aapl.us');
    const message = await asked(1);
    await answer(message, { text: 'It begins.' }, { n: 0, final: false });
    await answer(message, { text: 'For you.', private: true });
    assert.deepEqual(sim.seen('square', 'mia').map(textOf), ['It begins.', 'For you.']);
    assert.deepEqual(sim.seen('square', 'max').map(textOf), ['It begins.']);
  });

  test('what takes long is deferred by itself; the answer comes for all, and nothing stays behind', async (t) => {
    const { sim, asked, answer } = await play(t);
    const id = await sim.say('mia', 'square', '/stock aapl.us');
    const message = await asked(1);
    await eventually('the deferral', () => sim.answered(id).first === 5 || undefined);
    assert.deepEqual(sim.seen('square', 'max'), []);
    await answer(message, { text: 'AAPL.US quote is 126.85' });
    assert.deepEqual(sim.seen('square', 'mia').map(textOf), ['AAPL.US quote is 126.85']);
    assert.deepEqual(sim.seen('square', 'max').map(textOf), ['AAPL.US quote is 126.85']);
  });

  test('what takes long and is private takes the place of the deferral', async (t) => {
    const { sim, asked, answer } = await play(t);
    const id = await sim.say('mia', 'square', '/stock aapl.us');
    const message = await asked(1);
    await eventually('the deferral', () => sim.answered(id).first === 5 || undefined);
    await answer(message, { text: 'Looking…', private: true }, { n: 0, final: false });
    assert.deepEqual(sim.seen('square', 'mia').map(textOf), ['Looking…']);
    await answer(message, { text: 'No quote.', private: true });
    assert.deepEqual(sim.seen('square', 'mia').map(textOf), ['No quote.']);
    assert.deepEqual(sim.seen('square', 'max'), []);
  });

  test('deferred, and the bot may not write there: the answer still comes for all to see', async (t) => {
    const { sim, asked, answer } = await play(t);
    sim.takePermission('square', 'SEND_MESSAGES');
    const id = await sim.say('mia', 'square', '/stock aapl.us');
    const message = await asked(1);
    await eventually('the deferral', () => sim.answered(id).first === 5 || undefined);
    await answer(message, { text: 'AAPL.US quote is 126.85' });
    assert.deepEqual(sim.seen('square', 'max').map(textOf), ['AAPL.US quote is 126.85']);
  });

  test('offers what fits while a word is typed, and nothing where there is no idea', async (t) => {
    const { sim } = await play(t);
    const names = async (...asked: [string, string, string]): Promise<unknown[]> =>
      (await sim.autocomplete('mia', 'square', ...asked)).map(({ name }) => name);
    assert.deepEqual(await names('lend', 'item', 'la'), ['ladder', 'lamp']);
    assert.deepEqual(await names('lend', 'item', 'zzz'), []);
    assert.equal((await names('move', 'city', 'CITY')).length, 25);
    assert.deepEqual(await names('move', 'city', 'city-39'), ['city-39']);
  });

  test('commands stand in the guild as they are declared, required options first', async (t) => {
    const { sim } = await play(t);
    const { guild, everywhere } = sim.commands();
    assert.deepEqual(guild.map(({ name }) => name).toSorted(), [...COMMANDS.keys()].toSorted());
    assert.deepEqual(everywhere, []);
    const lend = guild.find(({ name }) => name === 'lend');
    const [item, days, note] = Object(lend)['options'] as Record<string, unknown>[];
    assert.deepEqual([item?.['name'], item?.['autocomplete'], item?.['required']], ['item', true, true]);
    assert.deepEqual([days?.['type'], days?.['min_value'], days?.['max_value']], [4, 1, 30]);
    assert.equal(note?.['max_length'], 300);
  });

  test('a command that is switched off goes from the list, and nothing is told where nothing changed', async (t) => {
    const { sim, kept, restart } = await play(t);
    const puts = (): number =>
      sim.calls.filter(({ method, path }) => method === 'PUT' && path.endsWith('/commands')).length;
    assert.equal(puts(), 1);
    await restart();
    assert.equal(puts(), 1);
    const connector = await restart();
    kept.off.add('stock');
    connector.commandsChanged?.(`comm_${sim.guildId}`);
    await eventually('the shorter list', () => !sim.commands().guild.some(({ name }) => name === 'stock') || undefined);
    await assert.rejects(sim.say('mia', 'square', '/stock aapl.us'));
  });

  test('a guild that the bot is added to later gets its commands too', async (t) => {
    const { sim, asked, answer } = await play(t);
    const id = sim.addGuild('Second');
    await eventually('its commands', () => sim.say('mia', 'Second/square', '/help'));
    const message = await asked(1);
    assert.equal(message.community, `comm_${id}`);
    await answer(message, { text: 'here' });
    assert.deepEqual(sim.seen('Second/square').map(textOf), ['here']);
  });

  test('roles are those that Discord shows', async (t) => {
    const { sim, asked } = await play(t);
    for (const who of ['olga', 'adam', 'mona', 'mia']) await sim.say(who, 'square', '/help');
    const all = await Promise.all([1, 2, 3, 4].map(asked));
    assert.deepEqual(all.map(({ who }) => who.role).toSorted(), ['admin', 'member', 'moderator', 'owner']);
  });
});

describe('a line on Discord', () => {
  test('that begins with a mention of the bot is a command, and its answer answers it', async (t) => {
    const { sim, asked, answer } = await play(t);
    const id = await sim.say('mia', 'square', '@Guildhall stock aapl.us');
    const message = await asked(1);
    assert.deepEqual(message.ask, { text: '/stock aapl.us' });
    assert.deepEqual(message.style, { sign: '@Guildhall ' });
    await answer(message, { text: 'AAPL.US quote is 126.85' });
    const [, said] = sim.seen('square');
    assert.deepEqual([said?.text, said?.replyTo], ['AAPL.US quote is 126.85', id]);
    assert.deepEqual(sim.pinged(said?.id ?? ''), []);
  });

  test('a mention alone asks for help, and a slash after it is no harm', async (t) => {
    const { sim, asked } = await play(t);
    await sim.say('mia', 'square', '@Guildhall');
    await sim.say('mia', 'square', '@Guildhall   /stock aapl.us');
    assert.deepEqual((await asked(1)).ask, { text: '/help' });
    assert.deepEqual((await asked(2)).ask, { text: '/stock aapl.us' });
  });

  test('chatter, other bots, webhooks and edits are not for the bot', async (t) => {
    const { sim, asked, kept } = await play(t);
    await sim.say('mia', 'square', 'hello all');
    await sim.say('mia', 'square', 'what does @Guildhall do?');
    await sim.say('mia', 'square', '@max stock aapl.us');
    sim.botSays('square', '@Guildhall help');
    sim.webhookSays('square', `<@${sim.botId}> help`);
    const typed = await sim.say('mia', 'square', 'nothing');
    sim.edit(typed, '@Guildhall help');
    await sim.say('mia', 'square', '@Guildhall stock last');
    assert.deepEqual((await asked(1)).ask, { text: '/stock last' });
    assert.equal(kept.asked.length, 1);
  });

  test('in a direct channel every line is for the bot, and all is said there', async (t) => {
    const { sim, asked, answer } = await play(t);
    await sim.say('mia', 'dm:mia', 'stock aapl.us');
    const message = await asked(1);
    assert.deepEqual(message.ask, { text: '/stock aapl.us' });
    assert.deepEqual([message.community, message.who.role], ['comm_direct', 'member']);
    await answer(message, { text: 'Looking…', private: true }, { n: 0, final: false });
    await answer(message, { text: 'AAPL.US quote is 126.85' });
    assert.deepEqual(sim.seen('dm:mia', 'mia').map(textOf), ['stock aapl.us', 'Looking…', 'AAPL.US quote is 126.85']);
  });

  test('a private answer comes as a direct message; what comes before it is shown as typing', async (t) => {
    const { sim, asked, answer } = await play(t);
    await sim.say('mia', 'square', '@Guildhall help');
    const message = await asked(1);
    await answer(message, { text: 'Looking…', private: true }, { n: 0, final: false });
    await answer(message, { text: 'A secret.', private: true });
    assert.deepEqual(sim.seen('dm:mia', 'mia').map(textOf), ['A secret.']);
    assert.equal(sim.seen('square', 'mia').length, 1);
    assert.equal(sim.calls.filter(({ path }) => path.endsWith('/typing')).length, 1);
  });

  test('who takes no direct messages is told so, without a word of the answer', async (t) => {
    const { sim, asked, answer, connector } = await play(t);
    sim.closeDms('mia');
    await sim.say('mia', 'square', '@Guildhall stock aapl.us');
    await answer(await asked(1), { text: 'A secret.', private: true });
    const [, said] = sim.seen('square');
    assert.match(said?.text ?? '', /^I have a private answer for you\..*use \/stock\.$/);
    assert.equal(connector.health().counts.refused, 0);
  });

  test('in a thread the answer is said in the thread', async (t) => {
    const { sim, asked, answer } = await play(t);
    const thread = sim.openThread('square', 'aside');
    await sim.say('mia', thread, '@Guildhall help');
    await answer(await asked(1), { text: 'here' });
    assert.deepEqual(sim.seen(thread).slice(1).map(textOf), ['here']);
  });

  test('roles are those that Discord shows, also after they changed', async (t) => {
    const { sim, asked } = await play(t);
    for (const who of ['olga', 'adam', 'mona', 'mia']) await sim.say(who, 'square', '@Guildhall help');
    sim.setRole('mia', 'Moderator', true);
    await sim.say('mia', 'square', '@Guildhall help');
    const all = await Promise.all([1, 2, 3, 4, 5].map(asked));
    const roles = all.map(({ who }) => `${who.username} ${who.role}`).toSorted();
    assert.deepEqual(roles, ['adam admin', 'mia member', 'mia moderator', 'mona moderator', 'olga owner']);
  });
});

describe('an answer on Discord', () => {
  const ways = [
    { how: 'a slash command', say: '/stock aapl.us' },
    { how: 'a mention', say: '@Guildhall stock aapl.us' },
  ];

  for (const { how, say } of ways) {
    test(`to ${how} shows a table in columns, a picture as a file, and calls nobody`, async (t) => {
      const { sim, asked, answer } = await play(t);
      await sim.say('mia', 'square', say);
      const columns = [{ name: 'name' }, { name: 'price', numeric: true }];
      await answer(await asked(1), {
        text: `@everyone @here <@${sim.people[4]?.id}> <@&${BOTS_ROLE}>`,
        table: { columns, rows: [['AAPL.US', '126.85']] },
        pictures: [picture(PNG)],
      });
      const said = sim.seen('square').find(({ author }) => author.bot);
      assert.match(said?.text ?? '', /```\nname +price\n─+ +─+\nAAPL\.US +126\.85\n```/);
      assert.deepEqual(
        said?.attachments.map(({ name, type }) => [name, type]),
        [['picture-1.png', 'image/png']],
      );
      assert.deepEqual(sim.pinged(said?.id ?? ''), []);
      assert.deepEqual(sim.violations, []);
    });

    test(`to ${how} that is long comes in pieces, in order`, async (t) => {
      const { sim, asked, answer } = await play(t);
      await sim.say('mia', 'square', say);
      const lines = Array.from({ length: 300 }, (_, n) => `line ${n} of a long text`);
      await answer(await asked(1), { text: lines.join('\n') });
      const said = sim.seen('square').filter(({ author }) => author.bot);
      assert.equal(said.length, 4);
      assert.equal(said.map(textOf).join('\n'), lines.join('\n'));
      assert.ok(said.every(({ text }) => text.length <= 2_000));
    });
  }

  test('that is long and private comes in pieces that the asker alone sees', async (t) => {
    const { sim, asked, answer } = await play(t);
    await sim.say('mia', 'square', '/help');
    await answer(await asked(1), { text: 'word '.repeat(700), private: true });
    assert.equal(sim.seen('square', 'mia').length, 2);
    assert.deepEqual(sim.seen('square', 'max'), []);
  });

  test('with a table that is too large has it as a file', async (t) => {
    const { sim, asked, answer } = await play(t);
    await sim.say('mia', 'square', '/help');
    const rows = Array.from({ length: 500 }, (_, n) => [`name ${n}`, String(n)]);
    await answer(await asked(1), { text: 'All of them:', table: { columns: [{ name: 'a' }, { name: 'b' }], rows } });
    const [said] = sim.seen('square');
    assert.equal(said?.text, 'All of them:');
    assert.deepEqual(
      said?.attachments.map(({ name }) => name),
      ['table.csv'],
    );
  });

  test('many answers to one room keep their order', async (t) => {
    const { sim, asked, answer } = await play(t, { sim: { messageLimit: { calls: 100, perMs: 1_000 } } });
    await sim.say('mia', 'square', '@Guildhall help');
    const message = await asked(1);
    const wanted = Array.from({ length: 20 }, (_, n) => `answer ${n}`);
    await Promise.all(wanted.map((text, n) => answer(message, { text }, { n })));
    assert.deepEqual(sim.seen('square').slice(1).map(textOf), wanted);
  });
});
