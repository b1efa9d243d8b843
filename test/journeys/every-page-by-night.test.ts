import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { type Deployment, startDeployment } from '#test/support/deployment.ts';
import { livelyCommunity } from '#test/support/lively-community.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { Visitor } from '#test/support/visitor.ts';

const section =
  (name: string) =>
  (community: string): string =>
    `/c/${community}/${name}`;

const PAGES: Record<string, (community: string) => string> = {
  'the room': () => '/',
  'the overview': section('overview'),
  'the spaces': section('spaces'),
  'the members': section('members'),
  'the moderation': section('moderation'),
  'the commands': section('commands'),
  'the features': section('features'),
  'the invites': section('invites'),
  'the secrets': section('secrets'),
  'the webhooks': section('webhooks'),
  'the audit': section('audit'),
  'the settings': section('settings'),
  'ones own page': () => '/me',
  'the search': () => '/search?q=the',
  'a search that finds nothing': () => '/search?q=zzzzzz',
  'the instance': () => '/operator',
  'a new community': () => '/communities/new',
  'a device': () => '/device',
  'a lost page': () => '/nothing/here',
};

const STRANGERS: Record<string, string> = {
  'the door': '/signin',
  'a lost password': '/forgotten',
  'a password anew with a link that ended': '/reset/none',
  'an address to confirm with a link that ended': '/verify-email/none',
  'an invite that ended': '/join/NONE0-NONE0',
};

/** What is wrong with how the page fits a phone: runs inside the page. */
const OUTSIDE = `(() => {
  const { scrollWidth, scrollHeight } = document.documentElement;
  const end = document.querySelector('main').getBoundingClientRect().bottom + scrollY;
  const cut = [...document.querySelectorAll('button, a')].filter((one) => {
    const wrap = one.closest('.table-wrap');
    return wrap && one.getBoundingClientRect().right > wrap.getBoundingClientRect().right + 1;
  });
  return [
    ...(scrollWidth > innerWidth ? ['it scrolls sideways'] : []),
    ...(scrollHeight > Math.max(end, innerHeight) + 1 ? ['there is nothing at its foot'] : []),
    ...cut.map((one) => one.textContent + ' is cut off'),
  ];
})()`;

/** A walk through all pages of a community where much happened: each is legible by night too, and fits a phone. */
describe('every page by night', { concurrency: 1 }, () => {
  let browser: Browser;
  let discord: Discord;
  let hall: Deployment;
  let olga: Visitor;
  let stranger: Visitor;
  let community: string;
  const scene = play(() => takePictures(olga.page, 'failed-by-night'));

  before(async () => {
    [browser, discord] = await Promise.all([startBrowser(), startDiscord()]);
    hall = await startDeployment('in one process', {
      ...discord.env,
      STOCK_URL: 'http://127.0.0.1:9/q/l/',
      READ_LIMIT: '100000/60',
    });
    community = await livelyCommunity(hall);
    [olga, stranger] = [await Visitor.arrive(browser, hall.url), await Visitor.arrive(browser, hall.url)];
    await olga.open('/');
    await olga.signIn('olga');
    await olga.standsAt('square');
  });
  after(async () => {
    await browser?.close();
    await Promise.all([hall?.remove(), discord?.stop()]);
  });

  const looksWell = async ({ page }: Visitor, name: string): Promise<void> => {
    await page.locator('h1').waitFor();
    await page.locator('[aria-busy=true], .ghost').first().waitFor({ state: 'detached' });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await assertAccessible(page, `${name}, ${colorScheme}`);
    }
    await takePictures(page, `every-${name.replaceAll(' ', '-')}`, { whole: true });
    await page.setViewportSize({ width: 360, height: 740 });
    assert.deepEqual(await page.evaluate(OUTSIDE), []);
    await page.setViewportSize({ width: 1280, height: 800 });
  };

  for (const [name, path] of Object.entries(PAGES))
    scene(`${name} is legible by day and by night, and fits a phone`, async () => {
      await olga.open(path(community));
      await looksWell(olga, name);
    });

  for (const [name, path] of Object.entries(STRANGERS))
    scene(`${name}, for a stranger, is legible by day and by night, and fits a phone`, async () => {
      await stranger.open(path);
      await looksWell(stranger, name);
    });

  scene('no page complained of anything', () => {
    assert.deepEqual([...olga.complaints, ...stranger.complaints], []);
  });
});
