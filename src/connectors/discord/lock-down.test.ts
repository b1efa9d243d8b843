import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { play, type Play } from '#test/support/discord-play.ts';
import { eventually } from '#test/support/wait.ts';

const HOUR = 3_600_000;

/** Until when the server's invites are paused, ms since 1970. */
async function paused({ sim: { env, guildId } }: Play): Promise<number | undefined> {
  const headers = { authorization: `Bot ${env.DISCORD_TOKEN}` };
  const answer = await fetch(`${env.DISCORD_API_URL}/v10/guilds/${guildId}`, { headers });
  const { incidents_data: data } = (await answer.json()) as { incidents_data: Record<string, string | null> | null };
  const until = data?.['invites_disabled_until'] ?? null;
  return until === null ? undefined : Date.parse(until);
}

const become = (given: Play, on: boolean): Promise<boolean> =>
  eventually(`invites ${on ? 'paused' : 'open'}`, async () =>
    ((await paused(given)) !== undefined) === on ? true : undefined,
  );
function change(given: Play, until: number | null | undefined): void {
  given.kept.lockDown = until === undefined ? undefined : { until };
  given.connector.commandsChanged?.(`comm_${given.sim.guildId}`);
}

describe('a lock-down on Discord', () => {
  test('pauses the invites, a day at most, and its end opens them', async (t) => {
    const given = await play(t);
    given.sim.leave('max');
    change(given, null);
    await become(given, true);
    assert.ok(((await paused(given)) ?? 0) <= Date.now() + 24 * HOUR);
    assert.throws(() => given.sim.join('max'), /paused/);
    change(given, undefined);
    await become(given, false);
    given.sim.join('max');
    assert.deepEqual(given.sim.violations, []);
  });

  test('of an hour pauses them for that hour', async (t) => {
    const given = await play(t);
    const until = Math.floor(Date.now() / 1_000) * 1_000 + HOUR;
    change(given, until);
    await become(given, true);
    assert.equal(await paused(given), until);
  });

  test('that ended while no process ran is ended by the next one', async (t) => {
    const given = await play(t);
    change(given, null);
    await become(given, true);
    given.kept.lockDown = undefined;
    await given.restart();
    await become(given, false);
  });

  test('ends nothing that somebody else paused', async (t) => {
    const given = await play(t);
    given.sim.pauseInvites(5 * HOUR);
    const before = await paused(given);
    change(given, Date.now() + HOUR);
    await eventually('a look', () => given.sim.calls.some(({ path }) => /\/guilds\/\d+$/.test(path)) || undefined);
    change(given, undefined);
    await given.restart();
    assert.equal(await paused(given), before);
    assert.ok(!given.sim.calls.some(({ path }) => path.endsWith('/incident-actions')));
  });

  test('where the bot lacks the right, the place says so', async (t) => {
    const given = await play(t);
    given.sim.takePermission(undefined, 'MANAGE_GUILD');
    change(given, null);
    const why = await eventually('why', () => given.connector.health().places?.[given.sim.guildId]);
    assert.match(why, /does not pause the invites.*“Manage Server”/);
  });
});
