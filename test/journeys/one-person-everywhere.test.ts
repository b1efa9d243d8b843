import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { firstCommunity } from '#storage/communities.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { startTwitch, type Twitch } from '#test/simulators/twitch/index.ts';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { call } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';
import { eventually } from '#test/support/wait.ts';

/** A play: Ann is mia on Discord and on Twitch. Her role, her waits and the audit follow her to both. */
describe('one person on every platform', { concurrency: 1 }, () => {
  let browser: Browser;
  let discord: Discord;
  let twitch: Twitch;
  let slack: SlackSimulator;
  let hall: OpenHall;
  let ann: Visitor;
  let her: Somebody;
  let page: Page;
  const scene = play(async () => takePictures(page, 'failed-identities'));

  before(async () => {
    [browser, discord, twitch, slack] = await Promise.all([
      startBrowser(),
      startDiscord(),
      startTwitch(),
      startSlack(),
    ]);
    hall = await openHall({ ...discord.env, ...twitch.env, ...slack.env });
    await somebody(hall.storage, 'olga', 'owner');
    her = await somebody(hall.storage, 'ann', 'admin');
    ann = await Visitor.arrive(browser, hall.url);
    page = ann.page;
    await page.context().addCookies([{ name: 'guildhall', value: her.token, url: hall.url }]);
    await Promise.all([twitch.connected(), slack.connected()]);
    await eventually(
      '/link on Discord',
      () => discord.commands().guild.some(({ name }) => name === 'link') || undefined,
    );
  });
  after(async () => {
    await browser?.close();
    await hall?.close();
    await Promise.all([discord?.stop(), twitch?.stop(), slack?.stop()]);
  });

  const onDiscord = (name: string, options: Record<string, string> = {}): Promise<string> =>
    discord.slash('mia', 'square', name, options);
  const hears = (words: string | RegExp, where: Discord | Twitch = discord): Promise<string> =>
    eventually(`mia to hear ${String(words)}`, () =>
      where
        .seen('square', 'mia')
        .filter(({ author }) => author.bot)
        .map(({ text }) => text)
        .findLast((text) => text.match(words)),
    );
  const row = (platform: string) => page.getByRole('listitem').filter({ hasText: platform });
  const set = (change: Record<string, unknown>): Promise<unknown> =>
    firstCommunity(hall.storage.db).then(({ id }) =>
      call(hall, { method: 'PUT', path: `/v1/communities/${id}/commands/help`, body: change, token: her.token }),
    );
  const identities = async (): Promise<string[]> => {
    const { body } = await call(hall, { method: 'GET', path: '/v1/me/identities', token: her.token });
    return (body['identities'] as { platform: string }[]).map(({ platform }) => platform);
  };

  scene('Ann sees on her profile that nothing is linked yet', async () => {
    await ann.open('/me');
    await ann.standsAt('Profile');
    await row('Discord').getByText('not linked').waitFor();
    await row('Twitch').getByText('not linked').waitFor();
    await row('Slack').getByText('not linked').waitFor();
  });

  scene('she asks for a code, and types it to the bot on Discord: the page notices by itself', async () => {
    await ann.press('Link Discord');
    const code = await page.getByRole('group', { name: 'Link code' }).innerText();
    assert.match(code, /^\/link [0-9A-Z]{5}-[0-9A-Z]{5}$/);
    await page.getByText('Waiting for Discord').waitFor();
    await assertAccessible(page, 'the profile with a link code');
    await takePictures(page, 'identities-code');
    await onDiscord('link', { code: code.slice('/link '.length) });
    await hears(/You are ann of the hall now/);
    await row('Discord').getByText('proved').waitFor();
    await row('Discord').getByText('by code').waitFor();
  });

  scene('on Twitch she proves it by signing in there', async () => {
    await ann.press('Link Twitch');
    await page.getByLabel('Your name on Twitch').waitFor();
    await page.getByRole('heading', { name: 'Identities' }).evaluate((one) => one.scrollIntoView());
    await takePictures(page, 'identities-twitch');
    await page.getByRole('link', { name: 'Prove it at Twitch' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('link', { name: 'mia', exact: false }).first().click();
    await row('Twitch').getByText('proved').waitFor();
    await page.getByText('Twitch linked').waitFor();
    assert.equal(new URL(page.url()).search, '', 'told once');
    await assertAccessible(page, 'the profile with linked identities');
    await takePictures(page, 'identities-linked');
  });

  scene('on Slack she types the code to the bot, as its page says', async () => {
    await ann.press('Link Slack');
    const line = await page.getByRole('group', { name: 'Link code' }).innerText();
    assert.match(line, /^\/guildhall link [0-9A-Z]{5}-[0-9A-Z]{5}$/);
    await slack.slash('mia', 'square', '/guildhall', line.slice('/guildhall '.length));
    await row('Slack').getByText('proved').waitFor();
    assert.deepEqual(await identities(), ['discord', 'twitch', 'slack']);
  });

  scene('a command for admins is open to her there, and the audit knows who it was and by which name', async () => {
    await set({ allow: 'admin' });
    await onDiscord('help');
    await hears(/Commands here/);
    const rows = await hall.storage.db.selectFrom('audit').selectAll().where('action', '=', 'command.help').execute();
    const mia = discord.people.find(({ name }) => name === 'mia');
    assert.deepEqual(
      rows.map((one) => [one.account_id, one.platform, one.platform_id]),
      [[her.account, 'discord', mia?.id]],
    );
  });

  scene('a cooldown follows her from Discord to Twitch', async () => {
    await set({ allow: null, cooldownSeconds: 600 });
    await onDiscord('help');
    await eventually('two answers', () => (heard(/Commands here/) === 2 ? true : undefined));
    await twitch.say('mia', 'square', '!help');
    await hears(/cooldown of 10 minutes/, twitch);
    await set({ cooldownSeconds: null });
  });
  const heard = (words: RegExp): number =>
    discord.seen('square', 'mia').filter(({ author, text }) => author.bot && words.test(text)).length;

  scene('what she unlinks on Twitch is nobody’s there, and a code is shown to her on Discord alone', async () => {
    await twitch.say('mia', 'square', '!unlink');
    await hears(/Unlinked. On Twitch/, twitch);
    assert.deepEqual(await identities(), ['discord', 'slack']);
    await twitch.say('mia', 'square', '!link');
    await hears(/would be read by all/, twitch);
    await page.reload();
    await ann.press('Unlink mia on Discord');
    await page.getByRole('dialog').getByRole('button', { name: 'Unlink' }).click();
    await row('Discord').getByText('not linked').waitFor();
    // What is known of who speaks is looked up anew after a second.
    const [, code = ''] = await eventually('a code', async () => {
      await onDiscord('link');
      return (await hears(/Your code is|You are linked/)).match(/code is (\S+)\./) ?? undefined;
    });
    await ann.fill('I have a code', 'AAAAA-AAAAA');
    await ann.press('Link by code');
    await page.getByText('There is no such code.').waitFor();
    await page.getByText('There is no such code.').scrollIntoViewIfNeeded();
    await takePictures(page, 'identities-wrong-code');
    await ann.fill('I have a code', code);
    await ann.press('Link by code');
    await row('Discord').getByText('proved').waitFor();
  });

  scene('it all holds at 320 px, and the page complained of nothing', async () => {
    await page.setViewportSize({ width: 320, height: 700 });
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    assert.equal(wide, 320);
    assert.deepEqual(ann.complaints, []);
    assert.deepEqual([...discord.violations, ...twitch.violations, ...slack.violations], []);
  });
});
