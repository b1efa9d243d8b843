import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WordRule } from '#core/word-list.ts';
import { keeping, play, type Play } from '#test/support/discord-play.ts';
import { eventually } from '#test/support/wait.ts';
import { keywordsOf } from './word-list.ts';

const rule = (words: string, act: WordRule['act'] = 'delete'): WordRule => ({ id: `rule_${words}`, words, act });

interface Seen {
  id: string;
  name: string;
  enabled: boolean;
  trigger_metadata: { keyword_filter: string[] };
}

/** The rules as the server’s own list has them. */
async function rules({ sim: { env, guildId } }: Play): Promise<Seen[]> {
  const headers = { authorization: `Bot ${env.DISCORD_TOKEN}` };
  const answer = await fetch(`${env.DISCORD_API_URL}/v10/guilds/${guildId}/auto-moderation/rules`, { headers });
  return (await answer.json()) as Seen[];
}

const words = (given: Play): Promise<string[][]> =>
  rules(given).then((all) => all.map(({ trigger_metadata }) => trigger_metadata.keyword_filter));
const become = (given: Play, wanted: string[][]): Promise<boolean> =>
  eventually(`the words ${JSON.stringify(wanted)}`, async () =>
    JSON.stringify(await words(given)) === JSON.stringify(wanted) ? true : undefined,
  );
const change = (given: Play, list: WordRule[]): void => {
  given.kept.words = list;
  given.connector.commandsChanged?.(`comm_${given.sim.guildId}`);
};
const writes = ({ sim }: Play): string[] =>
  sim.calls.filter(({ method, path }) => method !== 'GET' && path.includes('auto-moderation')).map((one) => one.method);

describe('a word list on Discord', () => {
  test('is one rule of AutoMod, follows the list, and goes with its last word', async (t) => {
    const given = await play(t, { kept: { ...keeping(), words: [rule('Lottery')] } });
    await become(given, [['lottery']]);
    change(given, [rule('Lottery'), rule('free coins', 'mute'), rule('weather', 'hold')]);
    await become(given, [['free coins', 'lottery']]);
    change(given, []);
    await become(given, []);
    assert.deepEqual(writes(given), ['POST', 'PATCH', 'DELETE']);
  });

  test('is not written where it is as it should be, also by the next process', async (t) => {
    const given = await play(t, { kept: { ...keeping(), words: [rule('lottery')] } });
    await become(given, [['lottery']]);
    await given.restart();
    change(given, [rule('lottery'), rule('poker')]);
    await become(given, [['lottery', 'poker']]);
    assert.deepEqual(writes(given), ['POST', 'PATCH']);
  });

  test('keeps a line back, and the hall is told whose and by which word; moderators may say it', async (t) => {
    const given = await play(t, { kept: { ...keeping(), words: [rule('free coins', 'mute')] } });
    const { sim, kept } = given;
    await become(given, [['free coins']]);
    await assert.rejects(sim.say('mia', 'square', 'FREE coins here'), /not allowed here/);
    const [blocked] = await eventually('the block', () => (kept.blocked.length > 0 ? kept.blocked : undefined));
    const person = sim.people.find(({ name }) => name === 'mia')?.id;
    const room = sim.rooms.find(({ name }) => name === 'square')?.id;
    assert.deepEqual(blocked, { platform: 'discord', space: sim.guildId, room, person, words: 'free coins' });
    await sim.say('mona', 'square', 'no free coins');
    assert.deepEqual(sim.violations, []);
  });

  test('where the bot may not keep it, the place says which right is missing, until it is there', async (t) => {
    const given = await play(t);
    const { sim, connector } = given;
    const why = (): string | undefined => connector.health().places?.[sim.guildId];
    sim.takePermission(undefined, 'MANAGE_GUILD');
    change(given, [rule('lottery')]);
    assert.match(await eventually('why', why), /lacks “Manage Server”/);
    sim.givePermission(undefined, 'MANAGE_GUILD');
    await become(given, [['lottery']]);
    await eventually('no complaint', () => why() === undefined || undefined);
  });

  test('is told again where Discord failed', async (t) => {
    const given = await play(t);
    given.sim.faults.answer(500, 2, { match: 'auto-moderation' });
    change(given, [rule('lottery')]);
    await become(given, [['lottery']]);
  });

  test('is written as Discord looks for words', () => {
    const list = [rule(' *Free   COINS* '), rule('彩票'), rule('x'.repeat(61)), rule('weather', 'hold'), rule('vip券')];
    assert.deepEqual(keywordsOf(list), ['free coins', '*彩票*', 'vip券*']);
    const many = Array.from({ length: 1_200 }, (_, n) => rule(`word${n}`));
    assert.equal(keywordsOf(many).length, 1_000);
  });
});
