import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  backlogOnTwitch,
  chatDelay,
  Grounds,
  type PlatformName,
  type Storm,
  storm,
  until,
} from '#test/support/platform-faults.ts';
import { killAmidAnswers } from '#test/support/platform-kills.ts';
import { seed } from '#test/support/seed.ts';

const NAMES: PlatformName[] = ['discord', 'slack', 'twitch'];
const MINUTES = 60_000;
const ROOMS = Array.from({ length: 20 }, (_, n) => `room-${n}`);
const PEOPLE = Array.from({ length: 16 }, (_, n) => `person-${n}`);
const CHANNELS = ['square', 'trading-floor', 'north', 'south'];

/** Each cut makes the next pause longer, up to a minute: few in a thousand make several minutes of it. Twitch takes 100 lines in 30 s. */
const STORMS: Record<PlatformName, Storm> = {
  discord: { ...stormIn(ROOMS), cuts: 6, limited: 30, broken: 0.02 },
  slack: { ...stormIn(ROOMS), cuts: 6, limited: 30 },
  twitch: { ...stormIn(CHANNELS), cuts: 20, limited: 10 },
};

function stormIn(rooms: string[]): Storm {
  return { seed, count: 1_000, rooms, every: 60, cuts: 0, limited: 0, twice: 0.1, broken: 0, patience: 10 * MINUTES };
}

describe('platforms, at length', { concurrency: 8 }, () => {
  describe('1,000 questions while each disconnects, delivers twice and answers 429', { concurrency: 3 }, () => {
    let grounds: Grounds;
    before(async () => {
      grounds = await Grounds.open(
        {
          discord: { rooms: ROOMS, people: PEOPLE },
          slack: { rooms: ROOMS, people: PEOPLE, retryAfterMs: [0, 1_000, 10_000, 60_000, 60_000] },
          twitch: { rooms: CHANNELS.slice(2), people: PEOPLE },
        },
        'in one process',
      );
    });
    after(() => grounds?.close());

    for (const name of NAMES)
      test(`${name}: everybody has one answer, where it belongs and in order`, async (t) => {
        t.diagnostic(JSON.stringify({ seed, ...(await storm(grounds, name, STORMS[name])) }));
      });
  });

  for (const platform of NAMES)
    test(`the hall is killed ten times while its answers go out on ${platform}: none is lost, none doubled that could be told`, async (t) => {
      t.diagnostic(
        JSON.stringify({ seed, ...(await killAmidAnswers({ platform, rounds: 10, seed, shape: 'in one process' })) }),
      );
    });

  test('500 answers wait for Twitch, the hall is stopped and started again, and all are said', async (t) => {
    t.diagnostic(JSON.stringify(await backlogOnTwitch({ patience: 6 * MINUTES })));
  });

  test('Twitch falls silent while nobody asks: it is noticed within 80 s, and the connection replaced', async (t) => {
    const grounds = await Grounds.open({ twitch: {} }, 'in one process');
    t.after(() => grounds.close());
    const began = performance.now();
    grounds.on.twitch.faults.silent(true);
    const named = async (): Promise<string | undefined> => (await grounds.notReady())[0]?.why;
    assert.match(await until('Twitch to be named', named, { ms: 80_000 }), /silent for 7\d s/);
    grounds.on.twitch.faults.silent(false);
    await grounds.connected();
    assert.ok((await chatDelay(grounds)) < 250);
    t.diagnostic(JSON.stringify({ took: Math.round(performance.now() - began) }));
  });
});
