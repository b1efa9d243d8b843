import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '#core/limits.ts';
import { firstCommunity } from '#storage/communities.ts';
import { insertIdentity } from '#storage/identities.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { startTwitch, type Twitch } from '#test/simulators/twitch/index.ts';
import { call } from '#test/support/person.ts';
import { play } from '#test/support/play.ts';
import { eventually } from '#test/support/wait.ts';

/** A play: max advertises on three platforms, and mona, a moderator on Discord, deals with him there, once. */
describe('a ban on Discord, and what becomes of it elsewhere', { concurrency: 1 }, () => {
  let discord: Discord;
  let twitch: Twitch;
  let slack: SlackSimulator;
  let hall: OpenHall;
  let max: Somebody;
  let olga: Somebody;
  let reportsAt = '';
  const scene = play(async () => undefined);
  const idOf = (where: Discord | Twitch | SlackSimulator, name: string): string =>
    where.people.find((one) => one.name === name)?.id ?? '';

  before(async () => {
    [discord, twitch, slack] = await Promise.all([startDiscord(), startTwitch(), startSlack()]);
    hall = await openHall({ ...discord.env, ...twitch.env, ...slack.env });
    olga = await somebody(hall.storage, 'olga', 'owner');
    const { id } = await firstCommunity(hall.storage.db);
    reportsAt = `/v1/communities/${id}/reports`;
    for (const [words, act] of Object.entries({ lottery: 'delete', 'free coins': 'mute', weather: 'hold' })) {
      const rule = { method: 'POST', path: `/v1/communities/${id}/word-rules`, body: { words, act } };
      assert.equal((await call(hall, { ...rule, token: olga.token })).status, 201);
    }
    max = await somebody(hall.storage, 'rook');
    for (const where of [discord, twitch, slack]) {
      const linked = { account: max.account, platform: where.platform, platformId: idOf(where, 'max'), name: 'max' };
      await hall.storage.write((tx) => insertIdentity(tx.db, { ...linked, proof: 'code', linkedAt: 1 }));
    }
    await Promise.all([twitch.connected(), slack.connected()]);
    await eventually('/ban on Discord', () => discord.commands().guild.some(({ name }) => name === 'ban') || undefined);
    twitch.makeBotMod('square', true);
  });
  after(async () => {
    await hall?.close();
    await Promise.all([discord?.stop(), twitch?.stop(), slack?.stop()]);
  });

  const answers = (where: Discord | Twitch | SlackSimulator, who: string): string[] =>
    where
      .seen('square', who)
      .filter(({ author }) => author.bot)
      .map(({ text }) => text);
  const hears = (where: Discord | Twitch | SlackSimulator, who: string, words: RegExp): Promise<string> =>
    eventually(`${who} to hear ${String(words)}`, () => answers(where, who).findLast((text) => words.test(text)));
  const orders = (name: string, options: Record<string, string>): Promise<string> =>
    discord.slash('mona', 'square', name, options);
  /** What the log says of what platforms were asked: the platform, the act, and a refusal’s code. */
  const log = async (act: string): Promise<string[]> => {
    const rows = await hall.storage.db
      .selectFrom('audit')
      .select(['detail', 'result'])
      .where('action', '=', 'moderation.platform')
      .orderBy('id')
      .execute();
    const all = rows.map(({ detail, result }) => ({ ...(JSON.parse(detail ?? '{}') as Entry), result }));
    return all
      .filter((one) => one.act === act)
      .map(({ platform, result }) => `${platform} ${result ?? 'done'}`)
      .toSorted();
  };
  interface Entry {
    act: string;
    platform: string;
  }
  const three = (act: string): Promise<string[]> =>
    eventually(`what three platforms made of ${act}`, async () => {
      const found = await log(act);
      return found.length >= 3 ? found : undefined;
    });

  interface Reported {
    id: string;
    text: string;
    reason: string;
    by: { name: string };
    there: { platform: string; place: string | null; name: string };
  }
  const reports = async (): Promise<Reported[]> => {
    const { body } = await call<{ reports: Reported[] }>(hall, { method: 'GET', path: reportsAt, token: olga.token });
    return body.reports;
  };

  scene('max uses the bot everywhere', async () => {
    await discord.slash('max', 'square', 'help');
    await twitch.say('max', 'square', '!help');
    await slack.slash('max', 'square', '/guildhall', 'help');
    await hears(discord, 'max', /Commands here/);
    await hears(twitch, 'max', /!help/);
    await hears(slack, 'max', /Commands here/);
  });

  scene('mona mutes him on Discord: he is silent on Discord and on Twitch', async () => {
    await orders('mute', { person: `<@${idOf(discord, 'max')}>`, time: '10m', reason: 'too loud' });
    const told = await hears(discord, 'mona', /is muted for 10m/);
    const rank = 'unless the person stands as high there as you do here';
    assert.ok(
      told.includes(`Discord and Twitch are asked to do the same, ${rank}; the log says what came of it.`),
      told,
    );
    assert.match(told, /Slack: no app can/);
    assert.deepEqual(await three('timeOut'), ['discord done', 'slack cannot-time-out', 'twitch done']);
    await assert.rejects(discord.say('max', 'square', 'hello?'), /may not write/);
    await assert.rejects(twitch.say('max', 'square', 'hello?'), /timed out/);
  });

  scene('she bans him, and is told what no app can do on Slack', async () => {
    await orders('ban', { person: `<@${idOf(discord, 'max')}>`, reason: 'spam' });
    assert.match(await hears(discord, 'mona', /is banned/), /Slack: .*must deactivate the account/);
    assert.deepEqual(await three('ban'), ['discord done', 'slack cannot-ban', 'twitch done']);
    assert.throws(() => discord.join('max'), /banned/);
    await assert.rejects(twitch.say('max', 'square', 'hello?'), /permanently banned/);
  });

  scene('on Slack the bot does not answer him any more, but for telling him why', async () => {
    const before = answers(slack, 'max').length;
    await slack.slash('max', 'square', '/guildhall', 'help');
    await hears(slack, 'max', /banned/);
    assert.ok(answers(slack, 'max').length <= before + 1);
  });

  scene('the ban is lifted: he comes back everywhere', async () => {
    await orders('unban', { person: 'hall:rook' });
    await hears(discord, 'mona', /The ban of .* is over/);
    assert.deepEqual(await three('unban'), ['discord done', 'slack cannot-unban', 'twitch done']);
    discord.join('max');
    await twitch.say('max', 'square', 'hello again');
  });

  scene(
    'mona bans another moderator, whom nobody here knows: Discord is not asked, and the bot listens to her on',
    async () => {
      discord.setRole('mia', 'Moderator', true);
      await orders('ban', { person: `<@${idOf(discord, 'mia')}>`, reason: 'a quarrel' });
      await hears(discord, 'mona', /Discord is asked to do the same, unless the person stands as high there/);
      await eventually('the log', async () => ((await log('ban')).length > 3 ? true : undefined));
      assert.ok((await log('ban')).includes('discord not-below-you'));
      await discord.slash('mia', 'square', 'help');
      await hears(discord, 'mia', /Commands here/);
      discord.setRole('mia', 'Moderator', false);
      await discord.slash('mia', 'square', 'help');
      await hears(discord, 'mia', /banned/);
      await orders('unban', { person: `<@${idOf(discord, 'mia')}>` });
      await eventually('the end of it', async () => ((await log('unban')).length > 3 ? true : undefined));
    },
  );

  scene('/slow slows the channel where it is typed, and where none can be slowed says so', async () => {
    await orders('slow', { seconds: '30' });
    await hears(discord, 'mona', /One message in 30 s/);
    await eventually('the channel to be slow', async () => ((await log('slowMode')).length > 0 ? true : undefined));
    await twitch.say('mona', 'square', '!slow 300');
    await hears(twitch, 'mona', /120 s between two/);
    await twitch.say('mona', 'square', '!slow 10');
    await hears(twitch, 'mona', /One message in 10 s/);
    await eventually('both to be slow', async () => ((await log('slowMode')).length > 1 ? true : undefined));
    assert.deepEqual(await log('slowMode'), ['discord done', 'twitch done']);
    await slack.slash('adam', 'square', '/guildhall', 'slow 30');
    await hears(slack, 'adam', /no slow mode/);
  });

  scene(
    'the word list holds on Discord: the line is never said, the log has the word, and its author is muted',
    async () => {
      await assert.rejects(discord.say('mia', 'square', 'the LOTTERY!'), /not allowed here/);
      await discord.say('mia', 'square', 'lovely weather');
      await discord.say('mona', 'square', 'no lottery here, please');
      const before = (await log('timeOut')).length;
      await assert.rejects(discord.say('mia', 'square', 'free coins'), /not allowed here/);
      await eventually('mia to be timed out', async () => ((await log('timeOut')).length > before ? true : undefined));
      await assert.rejects(discord.say('mia', 'square', 'hello?'), /may not write/);
      const rows = await hall.storage.db
        .selectFrom('audit')
        .select(['action', 'subject', 'detail'])
        .where('subject', '=', `discord:${idOf(discord, 'mia')}`)
        .where('action', 'in', ['moderation.words', 'moderation.mute'])
        .execute();
      const kept = rows.map(({ action, detail }) => [action, (JSON.parse(detail ?? '{}') as { words?: string }).words]);
      assert.deepEqual(kept.map(String).toSorted(), [
        'moderation.mute,',
        'moderation.words,free coins',
        'moderation.words,lottery',
      ]);
    },
  );

  scene('the word list holds on Twitch: a line goes, or its author is silent; a moderator may say it', async () => {
    const texts = (): string[] => twitch.seen('square').map(({ text }) => text);
    // What a place's list is, is remembered for so long; max's first line came before the place was known.
    await pause(LIMITS.placeKept);
    await twitch.say('mona', 'square', 'no lottery here, please');
    await twitch.say('mia', 'square', 'lovely weather');
    await twitch.say('mia', 'square', 'buy LOTTERY tickets');
    await eventually('the line to go', () => (texts().includes('buy LOTTERY tickets') ? undefined : true));
    assert.ok(texts().includes('no lottery here, please') && texts().includes('lovely weather'));
    await twitch.say('mia', 'square', '!help free... coins!');
    await eventually('mia to be timed out', async () => ((await log('timeOut')).length > 4 ? true : undefined));
    await assert.rejects(twitch.say('mia', 'square', 'hello?'), /timed out/);
    assert.deepEqual(await log('deleteMessage'), ['twitch done', 'twitch done']);
  });

  scene(
    'members report: a message in Discord’s own menu, a person on Slack and Twitch; a moderator settles it here',
    async () => {
      const line = discord.seen('square').find(({ text }) => text === 'lovely weather')?.id ?? '';
      await discord.choose('adam', line, 'Report to moderators');
      await hears(discord, 'adam', /Thank you. The moderators see it/);
      await slack.slash('mia', 'square', '/guildhall', 'report @adam shouts at people');
      await hears(slack, 'mia', /Thank you. The moderators see it/);
      await twitch.say('mona', 'square', '!report @mia sells coins');
      await hears(twitch, 'mona', /Thank you. The moderators see it/);
      const [first, second, third] = await reports();
      const where = [first, second, third].map((one) => [one?.there.platform, one?.there.name, one?.text, one?.reason]);
      assert.deepEqual(where, [
        ['discord', 'mia', 'lovely weather', 'No reason was given.'],
        ['slack', 'adam', '', 'shouts at people'],
        ['twitch', 'mia', '', 'sells coins'],
      ]);
      assert.deepEqual([first?.by.name, first?.there.place, second?.by.name], ['adam', 'The Square', 'mia']);
      const settle = (one: Reported | undefined, outcome: string) =>
        call(hall, { method: 'POST', path: `${reportsAt}/${one?.id}/settle`, token: olga.token, body: { outcome } });
      assert.equal((await settle(first, 'deleted')).status, 204);
      assert.equal((await settle(second, 'left')).status, 204);
      await eventually('the line to go', () =>
        discord.seen('square').some(({ id }) => id === line) ? undefined : true,
      );
      assert.deepEqual(
        (await reports()).map(({ id }) => id),
        [third?.id],
      );
    },
  );

  scene('a lock-down pauses the invites on Discord, and its end opens them', async () => {
    const mayJoin = (): true | undefined => {
      try {
        discord.join('max');
        return true;
      } catch {
        return undefined;
      }
    };
    discord.leave('max');
    await orders('lockdown', { state: 'on', time: '1h' });
    await hears(discord, 'mona', /Nobody new comes in/);
    await eventually('the invites to be paused', () => {
      if (mayJoin() === undefined) return true;
      discord.leave('max');
      return undefined;
    });
    await orders('lockdown', { state: 'off' });
    await eventually('the invites to work', mayJoin);
  });

  scene('where the bot lacks the right, the log names it', async () => {
    discord.takePermission(undefined, 'KICK_MEMBERS');
    await orders('kick', { person: `<@${idOf(discord, 'mia')}>`, reason: 'third warning' });
    await eventually('the refusal', async () => ((await log('kick')).length > 0 ? true : undefined));
    assert.deepEqual(await log('kick'), ['discord cannot-kick']);
    assert.deepEqual([...discord.violations, ...twitch.violations, ...slack.violations], []);
  });
});
