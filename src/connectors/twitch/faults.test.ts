import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Stopped } from '#bus/outbound-queue.ts';
import { conflict, notReady } from '#core/errors.ts';
import { say } from '#core/message.ts';
import { eventually } from '#test/support/wait.ts';
import { twitchConnector } from './index.ts';
import type { OpenLink } from './link.ts';
import {
  announcement,
  settingsOf,
  SHORT,
  startStage,
  type Stage,
  type StageOptions,
} from '#test/support/twitch-stage.ts';

const state = ({ connector }: Stage, wanted: string): Promise<true> =>
  eventually(`the state ${wanted}`, () => connector.health().state === wanted || undefined);

const logins = ({ twitch }: Stage): number => twitch.calls.filter(({ method }) => method === 'NICK').length;

const tokenCalls = ({ twitch }: Stage): number => twitch.calls.filter(({ path }) => path.endsWith('/token')).length;

/** A stage whose sign-in or channels do not work from the beginning. */
async function startBroken(context: TestContext, options: StageOptions): Promise<Stage> {
  const stage = await startStage(context, { ...options, waiting: true });
  stage.connector.start();
  return stage;
}

describe('When the connection to the chat', () => {
  it('is cut, the bot comes back and says what waited', async (context) => {
    const stage = await startStage(context);
    stage.twitch.faults.disconnect();
    await state(stage, 'down');
    assert.match(stage.connector.health().why ?? '', /ended \(1006\)/);
    const sent = stage.connector.send(announcement('job_1', 'I was away'), false);
    await sent;
    assert.deepEqual(stage.said(), ['I was away']);
    assert.equal(stage.connector.health().state, 'up');
    stage.answers = () => say('and here');
    await stage.twitch.connected();
    await stage.twitch.say('mia', 'square', '!echo');
    await stage.hears(2);
    assert.deepEqual(stage.twitch.violations, []);
  });

  it('is to be replaced because Twitch asks for it, nothing that is said meanwhile is missed', async (context) => {
    const stage = await startStage(context, { simulator: { reconnectWithinMs: 2_000 } });
    const joined = (): number => stage.logged.filter(({ words }) => words === 'twitch: joined').length;
    stage.twitch.faults.reconnect();
    let lines = 0;
    for (; joined() < 4; lines++) {
      await stage.twitch.say('mia', 'square', `!echo ${lines}`);
      await turn();
    }
    await eventually('each line', () => stage.asked.length === lines || undefined);
    await stage.connector.send(announcement('job_1', 'still here'), false);
    assert.equal(logins(stage), 2);
    assert.equal(stage.connector.health().state, 'up');
    assert.deepEqual(stage.twitch.violations, []);
  });

  it('is silent, it is cut and replaced', async (context) => {
    const times = { ...SHORT, pingAfter: 100, pongWithin: 100, loginWithin: 200 };
    const stage = await startStage(context, { connector: { times } });
    await eventually('a PING of ours', () => stage.twitch.calls.some(({ method }) => method === 'PING') || undefined);
    assert.equal(logins(stage), 1);
    stage.twitch.faults.silent(true);
    await state(stage, 'silent');
    assert.match(stage.connector.health().why ?? '', /silent/);
    stage.twitch.faults.silent(false);
    await state(stage, 'up');
    assert.deepEqual(stage.twitch.violations, []);
  });

  it('is asked by Twitch whether it is there, it says so', async (context) => {
    const stage = await startStage(context, { simulator: { pingEveryMs: 50, pongWithinMs: 300 } });
    await eventually(
      'three answers',
      () => stage.twitch.calls.filter(({ method }) => method === 'PONG').length >= 3 || undefined,
    );
    assert.equal(logins(stage), 1);
  });

  it('is cut again and again, the limits of logins and joins are kept', async (context) => {
    const stage = await startStage(context, { simulator: { rooms: Array.from({ length: 8 }, (_, n) => `room${n}`) } });
    for (let n = 1; n <= 4; n++) {
      stage.twitch.faults.disconnect();
      await eventually('another login', () => logins(stage) > n || undefined);
      await state(stage, 'up');
    }
    assert.deepEqual(stage.twitch.violations, []);
  });
});

describe('When there is no way to the chat', () => {
  it('it is tried for ever, with growing pauses', async (context) => {
    const tries: number[] = [];
    const open: OpenLink = (_, events) => {
      tries.push(performance.now());
      queueMicrotask(() => events.closed('1006'));
      return { send: () => undefined, cut: () => undefined };
    };
    const times = { ...SHORT, backOffLeast: 20, backOffMost: 80 };
    await startBroken(context, { connector: { open, times } });
    await eventually('six tries', () => tries.length >= 6 || undefined);
    const pauses = tries.slice(1, 6).map((at, index) => at - (tries[index] ?? 0));
    // A quarter less than 20, 40, 80, 80, 80; a timer may come a millisecond early by another clock.
    for (const [index, least] of [15, 30, 60, 60, 60].entries())
      assert.ok((pauses[index] ?? 0) >= least - 2, `${pauses}`);
  });
});

describe('When an answer', () => {
  it('was carried out but its acknowledgement was lost, Twitch’s own rule against repeats keeps it single', async (context) => {
    const stage = await startStage(context, { plain: true });
    stage.twitch.faults.loseAnswers(1);
    await stage.connector.send(announcement('job_1', 'said once'), false);
    assert.deepEqual(stage.said(), ['said once']);
    assert.deepEqual([...stage.delivered], ['job_1:0:0']);
    assert.equal(stage.connector.health().counts.sent, 1);
  });

  it('may have been sent by a process that was killed, it is not said twice', async (context) => {
    const stage = await startStage(context, { plain: true });
    await stage.connector.send(announcement('job_1', 'before the kill'), false);
    await stage.connector.send(announcement('job_1', 'before the kill'), true);
    assert.equal(stage.connector.health().counts.sent, 1);
    stage.delivered.clear();
    await stage.connector.send(announcement('job_1', 'before the kill'), true);
    assert.deepEqual(stage.said(), ['before the kill']);
    assert.deepEqual([...stage.delivered], ['job_1:0:0']);
  });

  it('cannot be noted as sent, it is noted later and not said again', async (context) => {
    const stage = await startStage(context);
    const { record } = stage.ports.deliveries;
    stage.ports.deliveries.record = async () => {
      stage.ports.deliveries.record = record;
      throw notReady('busy', 'The database is busy.');
    };
    await stage.connector.send(announcement('job_1', 'only once'), false);
    assert.deepEqual(stage.said(), ['only once']);
    assert.deepEqual([...stage.delivered], ['job_1:0:0']);
  });

  it('is dropped without a word, the missing acknowledgement shows it, and it is said again', async (context) => {
    const stage = await startStage(context, { connector: { limits: { windowMs: 300 } } });
    await stage.connector.send(announcement('job_1', 'this one is acknowledged'), false);
    stage.twitch.faults.answer(500, 1, { match: 'PRIVMSG' });
    await stage.connector.send(announcement('job_2', 'dropped at first'), false);
    assert.deepEqual(stage.said(), ['this one is acknowledged', 'dropped at first']);
    assert.ok(stage.logged.some(({ words }) => words === 'twitch: a line was dropped'));
    assert.deepEqual(stage.connector.health().counts, { received: 0, sent: 2, refused: 0 });
  });

  it('is dropped again and again, it ends there and the log tells why', async (context) => {
    const stage = await startStage(context, { connector: { limits: { windowMs: 300 } } });
    await stage.connector.send(announcement('job_1', 'this one is acknowledged'), false);
    stage.twitch.faults.answer(500, 3, { match: 'PRIVMSG' });
    await stage.connector.send(announcement('job_2', 'never'), false);
    assert.equal(stage.connector.health().counts.refused, 1);
    const refused = stage.logged.find(({ words }) => words === 'twitch: an answer was refused');
    assert.equal(refused?.facts.code, 'dropped');
  });

  it('came too fast for Twitch, it is said later, and all others wait as well', async (context) => {
    const stage = await startStage(context);
    stage.twitch.faults.answer(429, 1, { match: 'PRIVMSG #square' });
    const first = stage.connector.send(announcement('job_1', 'first'), false);
    await Promise.all([first, stage.connector.send(announcement('job_2', 'second', 'trading_floor'), false)]);
    const [refused, ...others] = stage.twitch.calls.filter(({ method }) => method === 'PRIVMSG');
    assert.equal(others.length, 2);
    // A timer may come a millisecond early by another clock.
    for (const { at } of others) assert.ok(at - (refused?.at ?? 0) >= SHORT.tooFast - 2);
  });

  it('comes while the bot is timed out for a moment or in slow mode, it waits', async (context) => {
    const stage = await startStage(context, { plain: true });
    stage.twitch.slowMode('square', 2);
    stage.twitch.timeoutBot('trading_floor', 1);
    const sent = ['one', 'two'].map((text) => stage.connector.send(announcement(text, text), false));
    await stage.connector.send(announcement('job_3', 'three', 'trading_floor'), false);
    await Promise.all(sent);
    assert.deepEqual([stage.said(), stage.said('trading_floor')], [['one', 'two'], ['three']]);
    assert.equal(stage.connector.health().counts.refused, 0);
  });

  it('is for a channel that has banned the bot, it ends there and the log tells why', async (context) => {
    const stage = await startStage(context);
    stage.twitch.banBot('square');
    await stage.connector.send(announcement('job_1', 'nobody hears this'), false);
    await stage.connector.send(announcement('job_2', 'here they do', 'trading_floor'), false);
    assert.deepEqual([...stage.delivered], ['job_1:0:0', 'job_2:0:0']);
    assert.deepEqual(stage.said(), []);
    const { counts, why } = stage.connector.health();
    assert.deepEqual(counts, { received: 0, sent: 1, refused: 1 });
    assert.match(why ?? '', /^Not in #square \(/);
    assert.ok(
      stage.logged.some(({ words, facts }) => words === 'twitch: an answer was refused' && facts.channel === 'square'),
    );
    stage.twitch.pardonBot('square');
    await eventually('it is in again', () => stage.connector.health().why === undefined || undefined);
  });

  it('is for a channel that is not in TWITCH_CHANNELS, it ends there', async (context) => {
    const stage = await startStage(context);
    await stage.connector.send(announcement('job_1', 'hello', 'elsewhere'), false);
    assert.equal(stage.connector.health().counts.refused, 1);
  });

  it('comes right after a restart, it waits for what the earlier process sent', async (context) => {
    const limits = { privileged: 3, windowMs: 1_000 };
    const stage = await startStage(context, { connector: { limits } });
    for (const id of ['1', '2', '3']) await stage.connector.send(announcement(id, id), false);
    await stage.connector.stop(50);
    const next = twitchConnector({ ...settingsOf(stage.twitch), times: SHORT, limits }, stage.ports);
    context.after(() => next.stop(50));
    next.start();
    await next.send(announcement('4', '4'), false);
    const times = stage.twitch.calls.filter(({ method }) => method === 'PRIVMSG').map(({ at }) => at);
    assert.equal(times.length, 4);
    assert.ok((times[3] ?? 0) - (times[0] ?? 0) >= limits.windowMs - 2, `${times}`);
  });

  it('waits when the program ends, it stays for the next start; the one on its way ends', async (context) => {
    const stage = await startStage(context, { plain: true });
    const first = stage.connector.send(announcement('job_1', 'first'), false);
    const second = stage.connector.send(announcement('job_2', 'second'), false);
    const stopped = stage.connector.stop(1_000);
    await assert.rejects(second, Stopped);
    await first;
    await stopped;
    assert.deepEqual([...stage.delivered], ['job_1:0:0']);
    await assert.rejects(stage.connector.send(announcement('job_3', 'third'), false), Stopped);
  });
});

describe('When a channel', () => {
  it('of TWITCH_CHANNELS does not exist, the health page names it and the others work', async (context) => {
    const channels = ['#Square', 'trading_floor', 'nosuchchannel'];
    const stage = await startStage(context, { connector: { channels } });
    const why = await eventually('the reason', () => stage.connector.health().why);
    assert.match(why, /^Not in #nosuchchannel \(msg_channel_suspended\): look at TWITCH_CHANNELS/);
    assert.equal(stage.connector.health().state, 'up');
    await stage.connector.send(announcement('job_1', 'works'), false);
  });

  it('is suspended and comes back, the bot is in it again', async (context) => {
    const stage = await startStage(context);
    stage.twitch.suspend('square', true);
    await eventually('it is missed', () => stage.connector.health().why);
    stage.twitch.suspend('square', false);
    await stage.twitch.connected();
    await eventually('it is in again', () => stage.connector.health().why === undefined || undefined);
    assert.deepEqual(stage.twitch.violations, []);
  });

  it('is one of many, all are joined within the limit', async (context) => {
    const rooms = Array.from({ length: 43 }, (_, n) => `room${n}`);
    const limits = { joinWindowMs: 300 };
    const stage = await startStage(context, {
      simulator: { rooms, limits },
      connector: { limits: { joinWindowMs: 350 } },
    });
    const joins = stage.twitch.calls
      .filter(({ method }) => method === 'JOIN')
      .map(({ path }) => path.split(',').length);
    assert.deepEqual(joins, [20, 20, 5]);
    assert.deepEqual(stage.twitch.violations, []);
  });
});

describe('When the bot’s token', () => {
  it('has run out at a new login, it is refreshed once', async (context) => {
    const stage = await startStage(context, { simulator: { rotate: true } });
    stage.twitch.expireTokens();
    stage.twitch.faults.disconnect();
    await eventually('a third login', () => logins(stage) === 3 || undefined);
    await state(stage, 'up');
    assert.equal(tokenCalls(stage), 2);
  });

  it('has run out between two logins, the hourly check replaces it', async (context) => {
    const stage = await startStage(context, { connector: { times: { ...SHORT, validateEvery: 100 } } });
    stage.twitch.expireTokens();
    await eventually('another token', () => tokenCalls(stage) === 2 || undefined);
    assert.equal(stage.connector.health().state, 'up');
  });

  it('was taken back, the bot stops, names the setting, and keeps what waits', async (context) => {
    const stage = await startStage(context);
    stage.twitch.revokeRefreshToken();
    stage.twitch.expireTokens();
    stage.twitch.faults.disconnect();
    await state(stage, 'refused');
    assert.match(stage.connector.health().why ?? '', /TWITCH_BOT_REFRESH_TOKEN.*docs\/twitch\.md/);
    const calls = stage.twitch.calls.length;
    const sent = stage.connector.send(announcement('job_1', 'later'), false);
    await assert.rejects(
      stage.connector.actions.timeOut({ space: '5001', person: '103' }, 1, ''),
      /TWITCH_BOT_REFRESH_TOKEN/,
    );
    assert.equal(stage.connector.health().waiting, 1);
    const since = stage.twitch.calls.slice(calls).map(({ path }) => path);
    assert.deepEqual(
      since.filter((path) => path === '/irc'),
      [],
    );
    await stage.connector.stop(50);
    await assert.rejects(sent, Stopped);
  });

  it('is of an application whose secret is wrong, the bot names that setting', async (context) => {
    const stage = await startBroken(context, { connector: { clientSecret: 'wrong' } });
    await state(stage, 'refused');
    assert.match(stage.connector.health().why ?? '', /TWITCH_CLIENT_SECRET/);
  });

  it('cannot be had because the sign-in server is down, it is tried until it is there', async (context) => {
    const stage = await startStage(context, { waiting: true });
    stage.twitch.faults.answer(503, 3, { match: '/oauth2/token' });
    stage.connector.start();
    await state(stage, 'down');
    assert.match(stage.connector.health().why ?? '', /sign-in server cannot be reached \(HTTP 503\)/);
    await state(stage, 'up');
    assert.equal(tokenCalls(stage), 4);
  });

  it('is never in the log', async (context) => {
    const stage = await startStage(context);
    stage.twitch.faults.disconnect();
    await eventually('another login', () => logins(stage) === 2 || undefined);
    const passes = stage.twitch.calls
      .filter(({ method }) => method === 'PASS')
      .map(({ path }) => path.replace('oauth:', ''));
    const secrets = [...passes, stage.twitch.env.TWITCH_BOT_REFRESH_TOKEN, stage.twitch.env.TWITCH_CLIENT_SECRET];
    const logged = JSON.stringify(stage.logged);
    assert.ok(stage.logged.length > 0);
    assert.equal(passes.length, 2);
    for (const secret of secrets) assert.ok(secret && !logged.includes(secret));
  });
});

/** What came in and what was cut, counted together. */
const progress = ({ asked, logged }: Stage): number =>
  asked.length + logged.filter(({ words }) => words === 'twitch: the connection ended').length;

describe('When everything goes wrong by chance', () => {
  it('each question that came in is asked once and answered, and no limit is broken', async (context) => {
    const stage = await startStage(context, { connector: { times: { ...SHORT, tooFast: 20 } } });
    stage.answers = ({ ask }) => say('text' in ask ? ask.text : '');
    stage.twitch.faults.random(7, { disconnect: 0.1, duplicate: 0.3, limited: 0.1, broken: 0 });
    for (let n = 0; n < 40; n++) {
      await stage.twitch.connected();
      const before = progress(stage);
      await stage.twitch.say('mia', 'square', `!echo ${n}`);
      await eventually('it came in, or the connection was cut', () => progress(stage) > before || undefined);
    }
    stage.twitch.faults.random(7, undefined);
    await eventually('no answer waits', () => stage.connector.health().waiting === 0 || undefined);
    const asked = stage.asked.map(({ ask }) => ('text' in ask ? ask.text.replace('/', '') : ''));
    const said = stage.said().map((text) => text.replace('\u200B/', ''));
    assert.ok(asked.length >= 20, `${asked.length} questions came in`);
    assert.ok(logins(stage) > 1, 'it was cut at least once');
    assert.equal(new Set(asked).size, asked.length);
    assert.deepEqual(new Set(said), new Set(asked));
    // In a channel that it moderates, the one line that was on its way at a cut may be said twice.
    assert.ok(said.length - asked.length < logins(stage), `${said.length} answers to ${asked.length} questions`);
    assert.deepEqual(stage.twitch.violations, []);
  });
});

describe('When a question', () => {
  it('cannot be written down, who asked is told so, twice a minute at most', async (context) => {
    const stage = await startStage(context);
    stage.ports.receive = () => Promise.reject(notReady('busy', 'The database is busy.'));
    for (let n = 0; n < 3; n++) await stage.twitch.say('mia', 'square', '!echo');
    await eventually(
      'three lines in the log',
      () => stage.logged.filter(({ words }) => words === 'twitch: not taken in').length === 3 || undefined,
    );
    assert.deepEqual(await stage.hears(1), ['That could not be taken down just now. Please ask again in a minute.']);
    assert.equal(stage.connector.health().counts.received, 0);
  });

  it('was there before, as the hall says, nobody is told anything', async (context) => {
    const stage = await startStage(context);
    const before = stage.logged.length;
    const errors = [conflict('known', 'This was asked before.'), notReady('busy', 'The database is busy.')];
    stage.ports.receive = () => Promise.reject(errors.shift());
    for (let n = 0; n < 2; n++) await stage.twitch.say('mia', 'square', '!echo');
    assert.equal((await stage.hears(1)).length, 1);
    assert.deepEqual(
      stage.logged.slice(before).map(({ facts }) => facts.code),
      ['busy'],
    );
  });

  it('is being written down when the program ends, it is not lost', async (context) => {
    const stage = await startStage(context);
    const { receive } = stage.ports;
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let began = false;
    stage.ports.receive = async (message, id) => {
      began = true;
      await gate;
      return receive(message, id);
    };
    await stage.twitch.say('mia', 'square', '!echo');
    await eventually('it came', () => began || undefined);
    let hasStopped = false;
    const stopped = stage.connector.stop(5_000).then(() => (hasStopped = true));
    for (let n = 0; n < 10; n++) await turn();
    assert.equal(hasStopped, false);
    release();
    await stopped;
    assert.equal(stage.asked.length, 1);
  });
});
