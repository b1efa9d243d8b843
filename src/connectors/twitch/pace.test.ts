import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { OutboundQueue, type Timer } from '#bus/outbound-queue.ts';
import { createLimits, TWITCH_LIMITS } from '#test/simulators/twitch/limits.ts';
import { chatPace, type Standing } from './pace.ts';
import { CHAT_LIMITS } from './twitch.external.ts';

const TEN_MINUTES = 600_000;

/** Time that passes only when a test lets it. */
class SimulatedTime implements Timer {
  #now = 0;
  #due: { at: number; act: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, act: () => void): () => void {
    const one = { at: this.#now + Math.max(0, ms), act };
    const behind = this.#due.findIndex(({ at }) => at > one.at);
    this.#due.splice(behind < 0 ? this.#due.length : behind, 0, one);
    return () => void (this.#due = this.#due.filter((other) => other !== one));
  }

  async passUntil(end: number): Promise<void> {
    for (let next = this.#due.shift(); next && next.at <= end; next = this.#due.shift()) {
      this.#now = next.at;
      next.act();
      await turn();
    }
  }
}

interface Said {
  room: string;
  text: string;
  at: number;
}

/**
 * Ten minutes in which every room has more to say than may be said, judged by the simulator's limits where the lines arrive:
 * `journey` gives how many ms later.
 */
async function overload(
  rooms: Record<string, Standing>,
  { journey, items = 2_500 }: { journey: (count: number) => number; items?: number },
) {
  const time = new SimulatedTime();
  let arrived = 0;
  const limits = createLimits(() => arrived);
  const pace = chatPace(CHAT_LIMITS, (room) => rooms[room]);
  const queue = new OutboundQueue({ pace, atOnce: 1, timer: time });
  const said: Said[] = [];
  const wrong: string[] = [];
  const answered = (room: string, ms: number): Promise<void> =>
    new Promise((resolve) => {
      time.after(ms, () => {
        pace.answered(room, time.now());
        resolve();
      });
    });
  const line = (room: string, text: string) => (): Promise<void> => {
    arrived = time.now() + journey(said.length);
    const standing = rooms[room] ?? { privileged: false, slow: 0 };
    const verdict = limits.judge({ account: 'bot', channel: room, ...standing, text });
    if (!verdict.ok) wrong.push(`${verdict.code} ${room} at ${arrived}`);
    said.push({ room, text, at: arrived });
    return answered(room, arrived - time.now() + 40);
  };
  for (let n = 0; n < items; n++)
    for (const room of Object.keys(rooms)) queue.send(room, [line(room, `${n}`)]).catch(() => undefined);
  await time.passUntil(TEN_MINUTES);
  return { said, wrong, count: (room: string) => said.filter((one) => one.room === room).length };
}

/** Every seventh line takes a second longer than the others. */
const uneven = (count: number): number => (count % 7 === 3 ? 1_030 : 30);

/** What Twitch lets through in ten minutes: so many in each window. */
const allowed = (most: number): number => (most * TEN_MINUTES) / TWITCH_LIMITS.windowMs;

const plain = { privileged: false, slow: 0 };
const moderated = { privileged: true, slow: 0 };

describe('The send limits of Twitch under ten minutes of overload', () => {
  it('are kept and used up in channels where the bot is nobody special, each having its share', async () => {
    const { said, wrong, count } = await overload({ a: plain, b: plain, c: plain }, { journey: uneven });
    assert.deepEqual(wrong, []);
    assert.ok(said.length >= 0.98 * allowed(20), `${said.length} lines`);
    const shares = ['a', 'b', 'c'].map(count);
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 2, `${shares}`);
  });

  it('are kept and used up in channels where it is a moderator', async () => {
    const { said, wrong, count } = await overload({ a: moderated, b: moderated }, { journey: uneven });
    assert.deepEqual(wrong, []);
    assert.ok(said.length >= 0.98 * allowed(100), `${said.length} lines`);
    assert.ok(Math.abs(count('a') - count('b')) <= 1);
  });

  it('are kept in a mixture, and no channel starves', async () => {
    const rooms = { a: moderated, b: moderated, c: plain, d: plain };
    const { said, wrong, count } = await overload(rooms, { journey: uneven });
    assert.deepEqual(wrong, []);
    assert.ok(said.length >= 0.98 * allowed(20), `${said.length} lines`);
    const shares = Object.keys(rooms).map(count);
    assert.ok(Math.min(...shares) > 0.9 * (said.length / shares.length), `${shares}`);
  });

  it('are kept in slow mode, and used up by the others', async () => {
    const { said, wrong, count } = await overload(
      { slow: { privileged: false, slow: 10 }, b: plain },
      { journey: () => 50 },
    );
    assert.deepEqual(wrong, []);
    assert.ok(count('slow') >= 38, `${count('slow')}`);
    assert.ok(said.length >= 0.98 * allowed(20), `${said.length} lines`);
  });

  it('would be broken without the pace', async () => {
    const limits = createLimits(() => 0);
    const verdicts = Array.from({ length: 21 }, (_, n) =>
      limits.judge({ account: 'bot', channel: `${n}`, privileged: false, slow: 0, text: '' }),
    );
    assert.equal(verdicts.at(-1)?.ok, false);
  });
});

describe('A line to a channel where the bot is nobody special', () => {
  it('waits for the lines that went to moderated channels', () => {
    const rooms: Record<string, Standing> = { mod: moderated, plain };
    const pace = chatPace(CHAT_LIMITS, (room) => rooms[room]);
    for (let n = 0; n < 60; n++) pace.took('mod', n * 10);
    assert.equal(pace.wait('mod', 600, ['mod']), 0);
    assert.equal(pace.wait('plain', 600, ['plain']), 400 + CHAT_LIMITS.windowMs - 600);
    assert.equal(pace.wait('mod', 600, ['mod', 'plain']), 400 + CHAT_LIMITS.windowMs - 600);
  });

  it('is counted from when Twitch answered it, not from when its turn came', () => {
    const pace = chatPace({ ...CHAT_LIMITS, plain: 1 }, () => plain);
    pace.took('a', 0);
    pace.answered('a', 5_000);
    assert.equal(pace.wait('b', 5_000, ['b']), CHAT_LIMITS.windowMs);
  });
});
