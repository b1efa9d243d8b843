import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { say, whisper } from '#core/message.ts';
import { startTwitch } from '#test/simulators/twitch/index.ts';
import { eventually } from '#test/support/wait.ts';
import { checkTwitch } from './check.ts';
import { announcement, answerTo, settingsOf, startStage, type Stage } from '#test/support/twitch-stage.ts';

const MIA = { account: 'twitch:103', name: 'mia', username: 'mia' };

/** What was asked so far, once a last line that is certainly for the bot has come through. */
async function askedUntilNow({ twitch, asked }: Stage): Promise<string[]> {
  await twitch.say('mia', 'square', '!echo the end');
  await eventually(
    'the last line',
    () => asked.some(({ ask }) => 'text' in ask && ask.text === '/echo the end') || undefined,
  );
  return asked.map(({ ask }) => ('text' in ask ? ask.text : ask.name)).slice(0, -1);
}

describe('In a Twitch chat', () => {
  it('a command is asked of the bot, and the answer hangs on its line', async (context) => {
    const stage = await startStage(context);
    stage.answers = () => say('hello yourself');
    const line = await stage.twitch.say('mia', 'square', '!echo hello  there');
    assert.deepEqual(await stage.hears(1), ['hello yourself']);
    const [seen] = stage.twitch.seen('square').filter(({ author }) => author.bot);
    assert.equal(seen?.replyTo, line);
    const [asked] = stage.asked;
    assert.deepEqual(asked?.ask, { text: '/echo hello  there' });
    assert.deepEqual(asked?.who, { ...MIA, role: 'member', platformRoles: [] });
    assert.deepEqual(asked?.style, { sign: '!', brief: true, open: true });
    assert.equal(asked?.community, 'comm_5001');
    await eventually('the delivery is noted', () => stage.delivered.has(`${asked?.id}:0:0`) || undefined);
    const { state, counts, waiting } = stage.connector.health();
    assert.deepEqual(
      { state, counts, waiting },
      { state: 'up', counts: { received: 1, sent: 1, refused: 0 }, waiting: 0 },
    );
    assert.deepEqual(stage.twitch.violations, []);
  });

  it('the broadcaster is the owner, moderators are moderators, everybody else is a member', async (context) => {
    const stage = await startStage(context);
    stage.twitch.makeVip('max', 'square', true);
    for (const person of ['olga', 'mona', 'mia', 'max']) await stage.twitch.say(person, 'square', '!echo');
    const asked = await eventually('four lines', () => (stage.asked.length === 4 ? stage.asked : undefined));
    assert.deepEqual(
      asked.map(({ who }) => who.role),
      ['owner', 'moderator', 'member', 'member'],
    );
  });

  it('a private answer begins with the name, also where it hangs on a line', async (context) => {
    const stage = await startStage(context);
    stage.answers = () => whisper('only for you');
    const line = await stage.twitch.say('mia', 'square', '!echo');
    await stage.hears(1);
    const [seen] = stage.twitch.seen('square').filter(({ author }) => author.bot);
    assert.equal(seen?.replyTo, line);
    assert.match(String(seen?.raw), /PRIVMSG #square :@mia @mia only for you$/);
    const later = announcement('job_2', 'only for you');
    await stage.connector.send(
      { ...later, to: { ...later.to, via: { name: 'Mia' } }, reply: whisper('too late') },
      false,
    );
    assert.equal(stage.said()[1], '@Mia too late');
  });

  it('first “looking up”, then the answer: in this order', async (context) => {
    const stage = await startStage(context);
    await stage.twitch.say('mia', 'square', '!stock aapl.us');
    const message = await eventually('the question', () => stage.asked[0]);
    const first = stage.connector.send({ ...answerTo(message, whisper('Looking up AAPL.US…')), final: false }, false);
    await Promise.all([first, stage.connector.send(answerTo(message, say('AAPL.US quote is 126.85'), 1), false)]);
    assert.deepEqual(stage.said(), ['@mia Looking up AAPL.US…', 'AAPL.US quote is 126.85']);
    assert.deepEqual([...stage.delivered], [`${message.id}:0:0`, `${message.id}:1:0`]);
  });

  it('chatter, /me lines, unknown words and other programs are left alone', async (context) => {
    const stage = await startStage(context);
    stage.answers = () => say('never');
    const { twitch } = stage;
    for (const text of [
      'echo',
      'hello !echo',
      '!unknown',
      '! echo',
      '!!!! echo',
      '#echo',
      '@max !echo',
      '!',
      '@Guildhall',
      '@Guildhall thanks',
      '/me !echo',
    ])
      await twitch.say('mia', 'square', text);
    await twitch.say('Guildhall', 'square', '!echo myself');
    stage.answers = () => undefined;
    assert.deepEqual(await askedUntilNow(stage), []);
    assert.deepEqual(
      stage.said().filter((text) => text !== '!echo myself'),
      [],
    );
  });

  it('the bot may be called by its name, and an answer to somebody’s line may hold a command', async (context) => {
    const stage = await startStage(context);
    const { twitch } = stage;
    await twitch.say('mia', 'square', '@guildhall stock aapl.us');
    await twitch.say('mia', 'square', '@Guildhall: !8ball');
    const line = await twitch.say('max', 'square', 'look at this');
    await twitch.reply('mia', 'square', line, '!echo this');
    await twitch.reply('mia', 'square', line, 'echo this');
    await twitch.reply('mia', 'square', line, '@Guildhall echo that');
    assert.deepEqual(await askedUntilNow(stage), ['/stock aapl.us', '/8ball', '/echo this', '/echo that']);
  });

  it('a channel and a command may have a symbol of their own', async (context) => {
    const stage = await startStage(context);
    stage.ports.space = () => Promise.resolve({ community: 'comm_1', symbol: '$' });
    stage.ports.setting = (_, name) =>
      Promise.resolve({ on: name !== 'stock', symbol: name === '8ball' ? '?!' : null });
    for (const text of ['!echo 1', '$echo 2', '?!echo 3', '?!8ball 4', '$8ball 5', '$stock 6'])
      await stage.twitch.say('mia', 'square', text);
    await eventually('the last of them', () => (stage.asked.length === 3 ? true : undefined));
    assert.deepEqual(
      stage.asked.map(({ ask, style }) => `${style?.sign} ${'text' in ask && ask.text}`),
      ['$ /echo 2', '?! /8ball 4', '$ /stock 6'],
    );
  });

  it('a line that Twitch delivers twice is asked once', async (context) => {
    const stage = await startStage(context);
    stage.answers = () => say('once');
    stage.twitch.faults.duplicate(true);
    const line = await stage.twitch.say('mia', 'square', '!echo');
    stage.twitch.again(line);
    await stage.twitch.say('mia', 'trading_floor', '!echo');
    await stage.hears(1, 'trading_floor');
    assert.deepEqual(stage.said(), ['once']);
  });

  it('long answers take three lines at most, tables and pictures become words', async (context) => {
    const stage = await startStage(context);
    const reply = {
      ...say('**Prices** today:\n- see [the list](https://example.org/a)'),
      table: {
        columns: [{ name: 'Code' }, { name: 'Price', numeric: true }],
        rows: [
          ['A', '1'],
          ['B', '2'],
        ],
      },
      pictures: [
        { url: 'data:image/png;base64,AAAA', alt: 'A chart', width: 1, height: 1 },
        { url: 'https://example.org/p.png', alt: 'A photo', width: 1, height: 1 },
      ],
    };
    stage.answers = ({ ask }) => ('text' in ask && ask.text === '/stock' ? reply : say('word '.repeat(800)));
    await stage.twitch.say('mia', 'square', '!stock');
    const [words] = await stage.hears(1);
    const list = 'Prices today: see the list (https://example.org/a) · A: 1 · B: 2';
    const pictures = 'A chart (this picture can be seen in the web chat) · A photo https://example.org/p.png';
    assert.equal(words, `${list} · ${pictures}`);
    await stage.twitch.say('mia', 'square', '!echo');
    const lines = (await stage.hears(4)).slice(1);
    assert.deepEqual(
      lines.map((line) => line.length <= 500),
      [true, true, true],
    );
    assert.match(lines[2] ?? '', /word… \(ask in the web chat for the rest\)$/);
    assert.deepEqual(stage.twitch.violations, []);
  });

  it('nothing in an answer calls people, gives commands or breaks the line', async (context) => {
    const stage = await startStage(context);
    const texts = [
      'ask @max or @everyone',
      '/ban mia',
      '.timeout mia',
      'one\r\nPRIVMSG #square :two\0\u0001',
      'a@b.example is fine',
    ];
    for (const [index, text] of texts.entries()) await stage.connector.send(announcement(`job_${index}`, text), false);
    assert.deepEqual(stage.said(), [
      'ask @\u200Bmax or @\u200Beveryone',
      '\u200B/ban mia',
      '\u200B.timeout mia',
      'one · PRIVMSG #square :two',
      'a@b.example is fine',
    ]);
    assert.deepEqual(stage.twitch.violations, []);
  });

  it('the same answer again is shown again where Twitch would drop it', async (context) => {
    const stage = await startStage(context, { plain: true });
    const same = [0, 1, 2].map((n) => stage.connector.send(announcement(`job_${n}`, 'the same'), false));
    await Promise.all(same);
    assert.deepEqual(stage.said(), ['the same', 'the same \u{E0000}', 'the same']);
    assert.deepEqual(stage.twitch.violations, []);
  });

  it('what somebody asked is answered before what nobody waits for', async (context) => {
    const stage = await startStage(context, { waiting: true });
    const to = { platform: 'twitch', room: 'square', account: 'twitch:103', via: { id: 'abc', name: 'mia' } };
    const sent = ['one', 'two'].map((text) => stage.connector.send(announcement(text, text), false));
    sent.push(stage.connector.send({ ...announcement('job_9', 'an answer'), to }, false));
    assert.equal(stage.connector.health().waiting, 3);
    stage.connector.start();
    await Promise.all(sent);
    assert.deepEqual(stage.said(), ['an answer', 'one', 'two']);
  });

  it('a moderator bot deletes a message and times a person out, and ends it', async (context) => {
    const { twitch, connector } = await startStage(context);
    const { actions } = connector;
    const line = await twitch.say('mia', 'square', 'something bad');
    await actions.deleteMessage({ space: '5001', message: line });
    assert.deepEqual(twitch.seen('square'), []);
    await actions.timeOut({ space: '5001', person: '103' }, 60, 'spam');
    await assert.rejects(twitch.say('mia', 'square', 'hello?'), /timed out/);
    twitch.expireTokens();
    await actions.timeOut({ space: '5001', person: '103' }, 0, '');
    await twitch.say('mia', 'square', 'back');
    assert.deepEqual(twitch.violations, []);
  });

  it('a moderator bot bans for good, lets in again, and slows a channel down; the same twice is the same', async (context) => {
    const { twitch, connector } = await startStage(context);
    const { ban, unban, slowMode, timeOut, deleteMessage } = connector.actions;
    const mia = { space: '5001', person: '103' };
    const line = await twitch.say('mia', 'square', 'something bad');
    for (const _ of [1, 2]) await deleteMessage({ space: '5001', message: line });
    for (const _ of [1, 2]) await ban(mia, 'spam');
    await timeOut(mia, 60, 'spam');
    await assert.rejects(twitch.say('mia', 'square', 'hello?'), /permanently banned/);
    for (const _ of [1, 2]) await unban(mia, '');
    await twitch.say('mia', 'square', 'back');
    await slowMode({ space: '5001', room: 'square' }, 1);
    await slowMode({ space: '5001', room: 'square' }, 0);
    const slowed = twitch.calls.filter(({ path }) => path.includes('/chat/settings')).map(({ body }) => Object(body));
    assert.deepEqual(
      slowed.map(({ slow_mode, slow_mode_wait_time }) => [slow_mode, slow_mode_wait_time]),
      [
        [true, 3],
        [false, undefined],
      ],
    );
    assert.deepEqual(twitch.violations, []);
  });

  it('where Twitch is too busy, or somebody does the same, the bot says when to come again', async (context) => {
    const { twitch, connector } = await startStage(context);
    const mia = { space: '5001', person: '103' };
    twitch.faults.answer(409, 1, { match: '/moderation/bans' });
    await assert.rejects(connector.actions.ban(mia, ''), { status: 503, retryAfter: 1 });
    twitch.faults.answer(429, 1, { match: '/moderation/bans' });
    await assert.rejects(connector.actions.ban(mia, ''), { status: 429 });
    await connector.actions.ban(mia, '');
  });

  it('what a bot cannot do on Twitch is told in a sentence', async (context) => {
    const { twitch, connector } = await startStage(context, { plain: true });
    const { actions } = connector;
    const person = { space: '5001', person: '103' };
    await assert.rejects(actions.grantRole(person, 'vip'), {
      code: 'cannot-grant-role',
      status: 409,
      message: /\/vip NAME/,
    });
    await assert.rejects(actions.removeRole(person, 'vip'), { code: 'cannot-remove-role' });
    await assert.rejects(actions.setNickname(person, 'x'), { code: 'cannot-set-nickname' });
    await assert.rejects(actions.kick(person, 'x'), { code: 'cannot-kick', message: /by a mute/ });
    await assert.rejects(actions.ban(person, 'x'), { code: 'cannot-ban', message: /Make the bot a moderator/ });
    await assert.rejects(actions.slowMode(person, 121), { code: 'slow-mode-too-long', message: /120 s/ });
    await assert.rejects(actions.timeOut(person, 60, ''), {
      code: 'cannot-time-out',
      message: /Make the bot a moderator/,
    });
    await assert.rejects(actions.timeOut(person, 1_209_601, ''), { message: /two weeks/ });
    await assert.rejects(actions.deleteMessage({ space: '5001' }), { code: 'cannot-delete-message' });
    twitch.faults.answer(503, 1, { match: '/moderation/bans' });
    await assert.rejects(actions.timeOut(person, 60, ''), { status: 503, fault: 'platform' });
  });
});

describe('The check of the settings', () => {
  it('tells the bot’s name and what its token may do', async (context) => {
    const twitch = await startTwitch();
    context.after(() => twitch.stop());
    const { ircUrl: _, channels: __, apiUrl: ___, authUrl = '', ...settings } = settingsOf(twitch);
    const good = await checkTwitch({ ...settings, authUrl });
    assert.deepEqual(good.ok && { login: good.login, missing: good.missing }, { login: 'guildhall', missing: [] });
    const wrong = await checkTwitch({ ...settings, authUrl, clientSecret: 'x' });
    assert.match(wrong.ok ? '' : wrong.why, /TWITCH_CLIENT_SECRET/);
    const old = await checkTwitch({ ...settings, authUrl, refreshToken: 'x' });
    assert.match(old.ok ? '' : old.why, /TWITCH_BOT_REFRESH_TOKEN/);
    const gone = await checkTwitch({ ...settings, authUrl: 'http://127.0.0.1:9/oauth2' });
    assert.match(gone.ok ? '' : gone.why, /cannot be reached/);
  });
});
