import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { PlaceRules } from '#core/place-gate.ts';
import { play, type Play } from '#test/support/discord-play.ts';
import { eventually } from '#test/support/wait.ts';

const RULES: PlaceRules = { mode: 'delete', since: 0, role: 'Verified', nickname: '{name}', welcome: undefined };

const ROOMS = ['square', 'trading-floor', 'attic', 'cellar', 'yard'];

const idOf = ({ sim }: Play, name: string): string => sim.people.find((one) => one.name === name)?.id ?? '';

describe('a burst of unverified messages on Discord', () => {
  test(
    'of 10,000 is deleted by the hundred within the rate, and each writer is told once',
    { timeout: 240_000 },
    async (t) => {
      const people = Array.from({ length: 100 }, (_, n) => `stranger-${n}`);
      const given = await play(t, { sim: { people, rooms: ROOMS } });
      const { sim, kept } = given;
      kept.gate.rules = { ...RULES, role: undefined, nickname: null, since: Date.now() - 60_000 };
      given.connector.commandsChanged?.(`comm_${sim.guildId}`);
      await eventually('a look at the server', () => kept.gate.looked);
      for (let n = 0; n < 10_000; n++) {
        await sim.say(people[n % 100] ?? '', ROOMS[Math.floor(n / 100) % ROOMS.length] ?? '', `buy ${n}`);
        // The network lets others in.
        if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const left = (): number => ROOMS.reduce((sum, room) => sum + sim.seen(room).length, 0);
      await eventually('all of them to go', () => left() === 0 || undefined, 120_000);
      const told = (): number[] => people.map((name) => sim.seen(`dm:${name}`).length);
      await eventually('everybody to be told', () => told().every((count) => count > 0) || undefined, 120_000);
      assert.deepEqual(new Set(told()), new Set([1]));
      const deletions = sim.calls.filter(({ method, path }) => method === 'DELETE' || path.endsWith('/bulk-delete'));
      assert.ok(deletions.length < 300, `${deletions.length} requests`);
      // A request that Discord had told to wait would be one.
      assert.deepEqual(sim.violations, []);
    },
  );
});

describe('whatever happened on Discord while the bot was away', () => {
  for (const seed of [1, 2, 3, 4, 5])
    test(`is put right by the next start: story ${seed}`, async (t) => story(t, randomBy(seed)));
});

const PEOPLE = ['mia', 'max', 'zoe', 'tom', 'eva'];

/** Forty things happen; then the server is as if the bot had been there. */
async function story(t: TestContext, pick: (most: number) => number): Promise<void> {
  const given = await play(t, { sim: { people: PEOPLE } });
  const { sim, kept } = given;
  const verified = new Set(PEOPLE.filter(() => pick(2) === 0));
  for (const name of verified) kept.gate.verified.set(idOf(given, name), `List ${name}`);
  kept.gate.rules = { ...RULES, since: Date.now() - 60_000 };
  given.connector.commandsChanged?.(`comm_${sim.guildId}`);
  await eventually('a look at the server', () => kept.gate.looked);
  await given.connector.stop(0);
  const here = new Set(PEOPLE);
  const may: string[] = [];
  for (let n = 0; n < 40; n++) {
    const name = PEOPLE[pick(PEOPLE.length)] ?? '';
    if (!here.has(name)) {
      sim.join(name);
      here.add(name);
    } else if (pick(6) === 0) {
      sim.leave(name);
      here.delete(name);
    } else if (pick(4) === 0) {
      sim.setRole(name, 'Verified', pick(2) === 0);
    } else {
      await sim.say(name, 'square', `${name} ${n}`);
      if (verified.has(name)) may.push(`${name} ${n}`);
    }
  }
  kept.gate.looked = undefined;
  await given.restart();
  await eventually('a look at the server', () => kept.gate.looked);
  assert.deepEqual(
    sim.seen('square').map(({ text }) => text),
    may,
  );
  for (const name of here) {
    const { roles, nick } = await memberOf(given, name);
    assert.equal(roles.length, verified.has(name) ? 1 : 0, name);
    assert.equal(nick, verified.has(name) ? `List ${name}` : null);
  }
  assert.deepEqual(sim.violations, []);
}

async function memberOf(given: Play, name: string): Promise<{ roles: string[]; nick: string | null }> {
  const { env, guildId } = given.sim;
  const headers = { authorization: `Bot ${env.DISCORD_TOKEN}` };
  const url = `${env.DISCORD_API_URL}/v10/guilds/${guildId}/members/${idOf(given, name)}`;
  return (await (await fetch(url, { headers })).json()) as { roles: string[]; nick: string | null };
}

/** The same numbers for the same seed. */
function randomBy(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * most);
  };
}
