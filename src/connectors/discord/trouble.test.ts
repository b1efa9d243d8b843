import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Connector } from '#core/platform.ts';
import { connect, keeping, play, QUICK, type Play } from '#test/support/discord-play.ts';
import { startDiscord } from '#test/simulators/discord/index.ts';
import { freePort } from '#test/support/free-port.ts';
import { eventually } from '#test/support/wait.ts';

const textOf = ({ text }: { text: string }): string => text;
const isUp = (connector: Connector): true | undefined => connector.health().state === 'up' || undefined;
const bots = ({ sim }: Play, room = 'square', who?: string): string[] =>
  sim
    .seen(room, who)
    .filter(({ author }) => author.bot)
    .map(textOf);

describe('the connection to Discord', { concurrency: 4 }, () => {
  test('is opened again after a cut, and what was asked meanwhile is not lost', async (t) => {
    const { sim, asked, connector } = await play(t);
    sim.faults.disconnect();
    await sim.say('mia', 'square', '@Guildhall stock aapl.us');
    assert.deepEqual((await asked(1)).ask, { text: '/stock aapl.us' });
    await eventually('up', () => isUp(connector));
    assert.deepEqual(sim.violations, []);
  });

  test('is opened again where Discord asks for it, without a word of trouble', async (t) => {
    const { sim, asked, connector, kept } = await play(t);
    sim.faults.reconnect();
    await sim.say('mia', 'square', '@Guildhall stock aapl.us');
    await asked(1);
    assert.equal(connector.health().state, 'up');
    assert.deepEqual(
      kept.log.filter(({ level }) => level !== 'info'),
      [],
    );
  });

  for (const resumable of [true, false]) {
    test(`comes back after an invalid session, ${resumable ? 'resumable' : 'not resumable'}`, async (t) => {
      const { sim, asked, connector } = await play(t);
      sim.faults.invalidSession(resumable);
      await sim.connected();
      await eventually('a question', async () => {
        await sim.say('mia', 'square', '@Guildhall help');
        return connector.health().counts.received > 0 || undefined;
      });
      await asked(1);
      assert.deepEqual(sim.violations, []);
    });
  }

  for (const code of [4000, 4007, 4009, 1000, 1001])
    test(`comes back after it was closed with ${code}`, async (t) => {
      const { sim, asked, connector } = await play(t);
      sim.faults.close(code);
      await eventually('the end', () => connector.health().state !== 'up' || undefined);
      assert.match(connector.health().why ?? '', new RegExp(`code ${code}`));
      await eventually('up', () => isUp(connector));
      await sim.say('mia', 'square', '@Guildhall help');
      await asked(1);
    });

  const silences = [
    { found: 'by our own watch', sim: {}, times: { ...QUICK, silentAfterMs: 300 } },
    { found: 'by its heartbeats', sim: { heartbeatMs: 150 }, times: { ...QUICK, silentAfterMs: 60_000 } },
  ];
  for (const { found, ...options } of silences)
    test(`that is open but silent is found out ${found}, cut and replaced`, async (t) => {
      const { sim, asked, kept } = await play(t, options);
      sim.faults.silent(true);
      await eventually('silence to be noticed', () => kept.log.find(({ facts }) => facts['state'] === 'silent'));
      await eventually('up again', () => kept.log.filter(({ level }) => level === 'info').length > 1 || undefined);
      await sim.say('mia', 'square', '@Guildhall help');
      await asked(1);
    });

  test('stays up where nobody says anything', async (t) => {
    const { connector, kept } = await play(t, { sim: { heartbeatMs: 100 }, times: { ...QUICK, silentAfterMs: 400 } });
    const since = connector.health().heardAt ?? 0;
    await eventually('a second of heartbeats', () => (connector.health().heardAt ?? 0) > since + 1_000 || undefined);
    assert.equal(connector.health().state, 'up');
    assert.deepEqual(
      kept.log.filter(({ level }) => level !== 'info'),
      [],
    );
  });

  test('is made when Discord can be reached at last', async (t) => {
    const port = await freePort();
    const kept = keeping();
    const token = (await quick(t)).env['DISCORD_TOKEN'] ?? '';
    const env = { DISCORD_TOKEN: token, DISCORD_API_URL: `http://127.0.0.1:${port}/api` };
    const connector = connect({ env }, kept);
    t.after(() => connector.stop(0));
    connector.start();
    await eventually('down', () => connector.health().state === 'down' || undefined);
    assert.match(connector.health().why ?? '', /cannot be reached: .*ECONNREFUSED/);
    const late = await startDiscord({ port });
    t.after(() => late.stop());
    await eventually('up', () => isUp(connector));
  });

  test('is made although the first questions for the gateway fail', async (t) => {
    const sim = await quick(t);
    sim.faults.answer(503, 2, { match: '/gateway/bot' });
    const connector = connect(sim, keeping());
    t.after(() => connector.stop(0));
    connector.start();
    await eventually('up', () => isUp(connector));
    assert.equal(sim.calls.filter(({ path }) => path.includes('gateway')).length, 3);
  });

  test('is as many connections as Discord proposes', async (t) => {
    const sim = await quick(t);
    const kept = keeping();
    const two = {
      url: `${sim.env['DISCORD_API_URL']?.replace(/^http/, 'ws').replace(/api$/, 'gateway')}`,
      shards: 2,
      session_start_limit: { total: 10, remaining: 10, reset_after: 0, max_concurrency: 2 },
    };
    const makeRequest = async (url: string, init: RequestInit) =>
      url.endsWith('/gateway/bot') ? Response.json(two) : fetch(url, init);
    const connector = connect(sim, kept, { rest: { makeRequest: makeRequest as never } });
    t.after(() => connector.stop(0));
    connector.start();
    await eventually('up', () => isUp(connector));
    await sim.say('mia', 'dm:mia', 'help');
    await sim.say('mia', 'square', '@Guildhall help');
    await eventually('both', () => kept.asked.length === 2 || undefined);
  });

  test('ends with stop, also while it is being opened, and nothing comes after', async (t) => {
    const sim = await quick(t);
    const kept = keeping();
    const connector = connect(sim, kept);
    connector.start();
    await connector.stop(0);
    const again = connect(sim, kept);
    again.start();
    await eventually('up', () => isUp(again));
    await again.stop(0);
    await sim.say('mia', 'square', '@Guildhall help');
    const calls = sim.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.deepEqual([kept.asked.length, sim.calls.length], [0, calls]);
  });
});

describe('a token that Discord does not accept', () => {
  test('is said by name, with where to look, and is not tried again', async (t) => {
    const sim = await quick(t);
    const kept = keeping();
    const token = `${sim.env['DISCORD_TOKEN']}x`;
    const connector = connect({ env: { ...sim.env, DISCORD_TOKEN: token } }, kept);
    t.after(() => connector.stop(0));
    connector.start();
    await eventually('refused', () => connector.health().state === 'refused' || undefined);
    assert.match(connector.health().why ?? '', /DISCORD_TOKEN.*docs\/discord\.md/);
    assert.equal(sim.calls.length, 1);
    assert.ok(!JSON.stringify(kept.log).includes(token));
  });

  test('at the gateway too, although its address was told', async (t) => {
    const { sim, connector, kept } = await play(t);
    sim.faults.close(4004);
    await eventually('refused', () => connector.health().state === 'refused' || undefined);
    const opened = sim.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 900));
    assert.deepEqual([connector.health().state, sim.calls.length], ['refused', opened]);
    assert.equal(kept.log.filter(({ level }) => level === 'error').length, 1);
  });

  test('a privileged intent that Discord does not allow after all is not asked for again', async (t) => {
    const { sim, connector } = await play(t);
    sim.faults.close(4014);
    await eventually('down', () => connector.health().state === 'down' || undefined);
    await eventually('up again', () => isUp(connector));
    sim.faults.close(4014);
    await eventually('refused', () => connector.health().state === 'refused' || undefined);
  });

  for (const code of [4012, 4013])
    test(`nor is what only a change mends: ${code}`, async (t) => {
      const { sim, connector } = await play(t);
      sim.faults.close(code);
      await eventually('refused', () => connector.health().state === 'refused' || undefined);
      assert.match(connector.health().why ?? '', /docs\/discord\.md/);
    });

  test('while answers are sent: they wait, and the hall goes on', async (t) => {
    const { sim, asked, connector, answer } = await play(t);
    await sim.say('mia', 'square', '@Guildhall help');
    const message = await asked(1);
    sim.faults.answer(401, 1, { match: '/messages' });
    const sent = answer(message, { text: 'late' });
    sent.catch(() => undefined);
    await eventually('refused', () => connector.health().state === 'refused' || undefined);
    assert.equal(connector.health().waiting, 1);
    await connector.stop(0);
    await assert.rejects(sent);
  });
});

describe('an answer in trouble', { concurrency: 4 }, () => {
  const say = { slash: '/stock aapl.us', mention: '@Guildhall stock aapl.us' };

  test('to one person waits for the limit, also where they asked in two rooms and it is the first request of all', async (t) => {
    const given = await play(t);
    await given.sim.say('mia', 'square', say.mention);
    const one = await given.asked(1);
    await given.sim.say('mia', 'trading-floor', say.mention);
    const other = await given.asked(2);
    given.sim.faults.answer(429, 1, { retryAfter: 1, match: '/messages' });
    const first = given.answer(one, { text: 'one', private: true });
    await eventually('the limit', () => given.sim.calls.find(({ status }) => status === 429));
    await pause(100);
    await Promise.all([first, given.answer(other, { text: 'two', private: true })]);
    assert.deepEqual(bots(given, 'dm:mia').toSorted(), ['one', 'two']);
    assert.deepEqual(given.sim.violations, []);
  });

  for (const [how, line] of Object.entries(say)) {
    test(`to a ${how} is sent after the limit, once`, async (t) => {
      const given = await play(t);
      await given.sim.say('mia', 'square', line);
      const message = await given.asked(1);
      given.sim.faults.answer(429, 1, { retryAfter: 1, match: how === 'slash' ? 'callback' : '/messages' });
      await given.answer(message, { text: 'here' });
      assert.deepEqual(bots(given), ['here']);
      assert.deepEqual(given.sim.violations, []);
    });

    test(`to a ${how} is sent when Discord works again, once`, async (t) => {
      const given = await play(t);
      await given.sim.say('mia', 'square', line);
      const message = await given.asked(1);
      given.sim.faults.answer(502, 3);
      await given.answer(message, { text: 'here' });
      assert.deepEqual(bots(given), ['here']);
    });

    test(`to a ${how} that Discord took is not doubled where its own answer was lost`, async (t) => {
      const given = await play(t);
      await given.sim.say('mia', 'square', line);
      const message = await given.asked(1);
      given.sim.faults.loseAnswers(2, how === 'slash' ? 'callback' : '/messages');
      await given.answer(message, { text: 'here' });
      assert.deepEqual(bots(given), ['here']);
    });

    test(`to a ${how} is not doubled by a process that does not know whether it was sent`, async (t) => {
      const given = await play(t);
      await given.sim.say('mia', 'square', line);
      const message = await given.asked(1);
      await given.answer(message, { text: 'here' });
      given.kept.delivered.clear();
      await given.restart();
      await given.answer(message, { text: 'here' }, { again: true });
      assert.deepEqual(bots(given), ['here']);
    });

    test(`to a ${how} that is known to be sent asks for nothing`, async (t) => {
      const given = await play(t);
      await given.sim.say('mia', 'square', line);
      const message = await given.asked(1);
      await given.answer(message, { text: 'here' });
      await given.restart();
      const calls = given.sim.calls.length;
      await given.answer(message, { text: 'here' }, { again: true });
      assert.equal(given.sim.calls.length, calls);
    });
  }

  test('many to one channel keep to its limit, and all come in order', async (t) => {
    const given = await play(t, { sim: { messageLimit: { calls: 5, perMs: 600 } } });
    await given.sim.say('mia', 'square', '@Guildhall help');
    const message = await given.asked(1);
    const wanted = Array.from({ length: 12 }, (_, n) => `answer ${n}`);
    await Promise.all(wanted.map((text, n) => given.answer(message, { text }, { n })));
    assert.deepEqual(bots(given), wanted);
    assert.deepEqual(given.sim.violations, []);
  });

  test('after a restart a private word is not doubled and the public answer still comes', async (t) => {
    const given = await play(t);
    await given.sim.say('mia', 'square', '/stock aapl.us');
    const message = await given.asked(1);
    await given.answer(message, { text: 'Looking…', private: true }, { n: 0, final: false });
    given.kept.delivered.clear();
    await given.restart();
    await given.answer(message, { text: 'Looking…', private: true }, { n: 0, final: false, again: true });
    await given.answer(message, { text: 'here' });
    assert.deepEqual(bots(given, 'square', 'mia'), ['Looking…', 'here']);
  });

  test('a process that ends defers what is open, and the next one answers it', async (t) => {
    const given = await play(t, { times: { ...QUICK, deferAfterMs: 60_000 } });
    const id = await given.sim.say('mia', 'square', '/stock aapl.us');
    const message = await given.asked(1);
    await given.restart();
    assert.equal(given.sim.answered(id).first, 5);
    await given.answer(message, { text: 'A secret.', private: true });
    assert.deepEqual(bots(given, 'square', 'mia'), ['A secret.']);
    assert.deepEqual(bots(given, 'square', 'max'), []);
  });

  test('too late for a slash command is said in the channel, a private one directly', async (t) => {
    const given = await play(t, { sim: { answerWithinMs: 50 } });
    for (const answers of [{ text: 'for all' }, { text: 'for one', private: true }]) {
      const id = await given.sim.say('mia', 'square', '/stock aapl.us');
      const message = await given.asked(given.kept.asked.length + (answers.private ? 1 : 1));
      await eventually('the end of its time', () => Date.now() - message.at > 60 || undefined);
      await given.answer(message, answers);
      assert.equal(given.sim.answered(id).first, undefined);
    }
    assert.deepEqual(bots(given), ['for all']);
    assert.deepEqual(bots(given, 'dm:mia', 'mia'), ['for one']);
  });

  test('a token of an interaction that is over does not end the bot’s own', async (t) => {
    const given = await play(t, { sim: { tokenLifeMs: 300 } });
    await given.sim.say('mia', 'square', '/stock aapl.us');
    const message = await given.asked(1);
    await given.answer(message, { text: 'Looking…', private: true }, { n: 0, final: false });
    await eventually('the end of the token', () => Date.now() - message.at > 320 || undefined);
    await given.answer(message, { text: 'A secret.', private: true });
    assert.deepEqual(bots(given, 'dm:mia', 'mia'), ['A secret.']);
    assert.equal(given.connector.health().state, 'up');
  });

  test('where the bot may not write is told to the asker, once, and the rest goes on', async (t) => {
    const given = await play(t);
    given.sim.takePermission('square', 'SEND_MESSAGES');
    await given.sim.say('mia', 'square', '@Guildhall help');
    const message = await given.asked(1);
    await given.answer(message, { text: 'word '.repeat(1_000) });
    const told = bots(given, 'dm:mia', 'mia');
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /An admin can let me/);
    assert.equal(given.connector.health().counts.refused, 1);
    assert.match(JSON.stringify(given.kept.log), /50013/);
    given.sim.givePermission('square', 'SEND_MESSAGES');
    await given.answer(message, { text: 'again' }, { n: 2 });
    assert.deepEqual(bots(given), ['again']);
  });

  test('to a slash command comes also where the bot may not write', async (t) => {
    const given = await play(t);
    given.sim.takePermission('square', 'SEND_MESSAGES');
    await given.sim.say('mia', 'square', '/stock aapl.us');
    const message = await given.asked(1);
    await given.answer(message, { text: 'Looking…', private: true }, { n: 0, final: false });
    await given.answer(message, { text: 'here' });
    assert.deepEqual(bots(given, 'square', 'max'), ['here']);
  });

  test('to a channel that is gone is given up and told to the asker', async (t) => {
    const given = await play(t);
    await given.sim.say('mia', 'square', '@Guildhall help');
    const message = await given.asked(1);
    given.sim.deleteRoom('square');
    await given.answer(message, { text: 'here' });
    assert.match(bots(given, 'dm:mia', 'mia').join(), /the channel is not there any more/);
    assert.ok(given.kept.delivered.has(`${message.id}:1:0`));
  });

  test('whose line was deleted stands alone', async (t) => {
    const given = await play(t);
    const id = await given.sim.say('mia', 'square', '@Guildhall help');
    const message = await given.asked(1);
    given.sim.remove(id);
    await given.answer(message, { text: 'here' });
    assert.deepEqual(bots(given), ['here']);
  });

  test('where the bot may not read what was said stands alone', async (t) => {
    const given = await play(t);
    await given.sim.say('mia', 'square', '@Guildhall help');
    const message = await given.asked(1);
    given.sim.takePermission('square', 'READ_MESSAGE_HISTORY');
    await given.answer(message, { text: 'here' });
    assert.deepEqual(bots(given), ['here']);
  });

  test('private, to somebody without direct messages, after a slash command’s time, is given up with a line in the log', async (t) => {
    const given = await play(t, { sim: { tokenLifeMs: 100 } });
    given.sim.closeDms('mia');
    await given.sim.say('mia', 'square', '/help');
    const message = await given.asked(1);
    await given.answer(message, { text: 'Looking…', private: true }, { n: 0, final: false });
    await eventually('the end of the token', () => Date.now() - message.at > 120 || undefined);
    await given.answer(message, { text: 'A secret.', private: true });
    assert.equal(given.connector.health().counts.refused, 1);
    assert.ok(given.kept.log.some(({ facts }) => facts['code'] === 50007));
  });
});

describe('a question in trouble', () => {
  test('that Discord delivers twice is asked once', async (t) => {
    const given = await play(t);
    const line = await given.sim.say('mia', 'square', '@Guildhall help');
    const slash = await given.sim.say('mia', 'square', '/help');
    await given.asked(2);
    given.sim.again(line);
    given.sim.again(slash);
    await given.sim.say('mia', 'square', '@Guildhall stock last');
    await given.asked(3);
    assert.equal(given.kept.asked.length, 3);
    assert.equal(given.connector.health().counts.received, 3);
  });

  for (const line of ['/help', '@Guildhall help'])
    test(`that could not be kept is told to the asker alone: ${line}`, async (t) => {
      const given = await play(t);
      given.kept.broken = true;
      await given.sim.say('mia', 'square', line);
      const room = line.startsWith('/') ? 'square' : 'dm:mia';
      const told = await eventually('the sentence', () => bots(given, room, 'mia')[0]);
      assert.match(told, /nothing was done\. Try again/);
      assert.deepEqual(bots(given, 'square', 'max'), []);
    });

  test('in a storm of faults each is answered once, and nothing is sent against the rules', async (t) => {
    const limit = { calls: 50, perMs: 500 };
    const given = await play(t, { sim: { messageLimit: limit, followUpLimit: limit } });
    const { sim } = given;
    sim.faults.random(7, { disconnect: 0.05, duplicate: 0.2, limited: 0.05, broken: 0.1 });
    const wanted = Array.from({ length: 24 }, (_, n) => `w${n}`);
    for (const [n, word] of wanted.entries())
      await sim.say('mia', 'square', n % 2 ? `/stock ${word}` : `@Guildhall stock ${word}`);
    const all = await Promise.all(wanted.map((_, n) => given.asked(n + 1)));
    await Promise.all(all.map((message) => given.answer(message, { text: JSON.stringify(message.ask) })));
    sim.faults.random(7, undefined);
    assert.deepEqual(bots(given).toSorted(), all.map(({ ask }) => JSON.stringify(ask)).toSorted());
    assert.deepEqual(sim.violations, []);
  });

  test('whose deferral has to wait is answered after that, and not before', async (t) => {
    const given = await play(t, { sim: { answerWithinMs: 10_000 } });
    given.sim.faults.answer(429, 1, { retryAfter: 1, match: 'callback' });
    await given.sim.say('mia', 'square', '/stock aapl.us');
    const message = await given.asked(1);
    await eventually('the deferral', () => given.kept.log.find(({ facts }) => facts['code'] === 429));
    await given.answer(message, { text: 'here' });
    assert.deepEqual(bots(given), ['here']);
    assert.deepEqual(given.sim.violations, []);
  });
});

/** The simulator alone. */
async function quick(t: TestContext): ReturnType<typeof startDiscord> {
  const sim = await startDiscord();
  t.after(() => sim.stop());
  return sim;
}
