import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { ROOT } from '#test/support/child.ts';
import { focused, isWithin, walk } from '#test/support/keys.ts';
import { livedIn, twoOfEach, type Places } from '#test/support/lived-in.ts';
import { Visitor } from '#test/support/visitor.ts';
import { eventually } from '#test/support/wait.ts';

/** How long each answer of the hall takes while a page is watched for jumps, in ms: long enough that its ghost is painted. */
const SLOW_MS = 150;
/** A page that asks again and again is never idle; ms within which one is that asks once. */
const IDLE_MS = 8_000;
/** What the field calls good is 0.1; a page here stands still. */
const SHIFT_MOST = 0.01;

/** Where each page of `web/state/routes.ts` is found, by its name there; the portal's sections come from `portal.ts`. */
const OPEN: Record<string, string> = {
  signin: '/signin',
  signup: '/signup',
  first: '/first/BCDFG-HJKLM',
  join: '/join/<invite>',
  forgotten: '/forgotten',
  reset: '/reset/BCDFGHJKLM',
  'verify-email': '/verify-email/BCDFGHJKLM',
  mail: '/mail',
  lost: '/no/such/page',
};
const WITHIN: Record<string, string> = {
  hall: '/',
  room: '/rooms/<room>',
  me: '/me',
  search: '/search',
  operator: '/operator',
  device: '/device',
  'new-community': '/communities/new',
  portal: '/c/<community>',
};

/**
 * Where each dialog is found, by the file that opens it, and what is pressed until it is there. What begins with an
 * asterisk is a message: the arrow keys go to it.
 */
const DIALOGS: Record<string, [page: string, ...presses: (string | RegExp)[]]> = {
  'community-page': ['/c/<community>/settings', 'Leave the community'],
  'delete-account-dialog': ['/me', 'Delete'],
  'delete-message-dialog': ['/rooms/<room>', '*and who are you?', 'Delete'],
  'delete-room-dialog': ['/rooms/<room>', 'Room settings', 'Delete room'],
  'email-form': ['/me', 'Forget it'],
  'identity-list': ['/me', 'Unlink mia on Slack'],
  'jump-dialog': ['/rooms/<room>', /^Jump to/],
  'keys-dialog': ['/rooms/<room>', 'Community menu', /^Keys/],
  'member-opened': ['/c/<community>/members', 'Act on a-person-with-a-long-name-0', /^Take .* out$/],
  'new-room-dialog': ['/rooms/<room>', 'Make a room'],
  'operator-accounts': ['/operator', /^Disable /],
  'own-applications': ['/c/<community>/spaces', 'Bring your own bot'],
  'report-dialog': ['/rooms/<room>', '*and who are you?', 'Report'],
  'sanction-dialog': ['/rooms/<room>', '*and who are you?', 'Mute or ban'],
  'second-factor-dialog': ['/me', 'Set it up'],
  'secret-dialog': ['/me', 'Add a secret'],
  'secret-list': ['/me', 'Forget Torn API key'],
  'session-list': ['/me', 'End all others'],
  'shown-picture': ['/rooms/<room>', 'Enlarge: seconds a build'],
  'shown-table': ['/rooms/<room>', 'Enlarge'],
  'slack-workspaces': ['/c/<community>/spaces', 'Take away Traders'],
  'space-rows': ['/c/<community>/spaces', 'Disconnect The Square'],
  'unlink-dialog': ['/c/<community>/verification?part=people', 'Unlink max'],
};

const MODERATION = '/c/<community>/moderation';
const REVOKE = /^Revoke the link/;
/**
 * Lists whose rows go by a press, by file: where one is found, what is pressed, and where the focus goes. Else it would be nowhere.
 */
const GOING: Record<string, { page: string; presses: (string | RegExp)[]; goesTo: string | RegExp }> = {
  'dead-jobs': { page: '/operator', presses: ['Drop: stock.quote iled_1'], goesTo: 'Drop: stock.quote iled_2' },
  'failed-jobs': { page: '/c/<community>/overview', presses: ['Drop: /stock 2'], goesTo: 'Failed jobs' },
  'held-list, the first': { page: MODERATION, presses: ['Let it through'], goesTo: 'Let it through' },
  'held-list, the last': { page: MODERATION, presses: ['Let it through'], goesTo: 'Moderation' },
  'identity-list': { page: '/me', presses: ['Unlink mia on Slack', 'Unlink'], goesTo: 'Identities' },
  'invite-table': { page: '/c/<community>/invites', presses: [REVOKE], goesTo: REVOKE },
  'report-list, the first': { page: MODERATION, presses: ['Leave it'], goesTo: 'Leave it' },
  'report-list, the last': { page: MODERATION, presses: ['Leave it'], goesTo: 'Reports' },
  'operator-accounts': { page: '/operator', presses: ['Disable mara', 'Disable mara'], goesTo: 'Enable mara' },
  'role-table': {
    page: '/c/<community>/spaces',
    presses: [/^Remove the line for Slack.*1/],
    goesTo: /^Remove the line for Slack.*2/,
  },
  'space-rows': { page: '/c/<community>/spaces', presses: ['Disconnect The Square', 'Disconnect'], goesTo: /./ },
  'sanction-list': {
    page: MODERATION,
    presses: ['Lift what holds for rude-2'],
    goesTo: 'Lift what holds for rude-1',
  },
  'secret-list': { page: '/me', presses: ['Forget Torn API key', 'Forget it'], goesTo: 'Secrets' },
  'session-list': { page: '/me', presses: [/^End the session/], goesTo: 'Sessions' },
  'token-list': { page: '/me', presses: ['Revoke board 1'], goesTo: /^Revoke / },
  'webhook-table': { page: '/c/<community>/webhooks', presses: ['Revoke Hook 1'], goesTo: /^Revoke / },
  'word-list': { page: MODERATION, presses: ['Take free gold 1 off the list'], goesTo: /^Take .* off the list$/ },
};

/** Every page there is: no mouse, a narrow window, large letters, a slow line. */
describe('every page', { concurrency: 1 }, () => {
  let browser: Browser;
  let discord: Discord;
  let hall: OpenHall;
  let olga: Visitor;
  let stranger: Visitor;
  let places: Places;
  let herself: Somebody;
  const at = (path: string): string => path.replace(/<(\w+)>/, (_, name: string) => places[name as keyof Places]);

  before(async () => {
    [browser, discord] = await Promise.all([startBrowser(), startDiscord()]);
    hall = await openHall({ SIGNUP: 'open', ...discord.env });
    herself = await somebody(hall.storage, 'olga', 'owner');
    await discord.connected();
    places = await livedIn(hall, herself);
    [olga, stranger] = [await Visitor.arrive(browser, hall.url), await Visitor.arrive(browser, hall.url)];
    await olga.page.context().addCookies([{ name: 'guildhall', value: herself.token, url: hall.url }]);
    for (const { page } of [olga, stranger]) await watched(page);
  });
  after(async () => {
    await browser?.close();
    await hall?.close();
    await discord?.stop();
  });

  test('each has a row here', () => {
    const named = [...textOf('web/state/routes.ts').matchAll(/\{ page: '([\w-]+)'/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(named)].toSorted(), Object.keys({ ...OPEN, ...WITHIN }).toSorted());
  });

  const sections = [...textOf('web/state/portal.ts').matchAll(/\{ name: '(\w+)'/g)].map(([, name]) => name);
  const rows = [
    ...Object.entries(OPEN).map(([name, path]) => ({ name, path, who: () => stranger })),
    ...Object.entries(WITHIN).map(([name, path]) => ({ name, path, who: () => olga })),
    ...sections.map((name) => ({ name: `the portal’s ${name}`, path: `/c/<community>/${name}`, who: () => olga })),
    ...['people', 'list'].map((part) => ({
      name: `the portal’s verification, ${part}`,
      path: `/c/<community>/verification?part=${part}`,
      who: () => olga,
    })),
  ];
  for (const { name, path, who } of rows)
    test(`${name} stands still while it loads, is no wider than its window, and is usable by keyboard alone`, async () => {
      const { page, complaints } = who();
      await page.goto(hall.url + at(path));
      await isSettled(page);
      const faults = [...(await jumps(page)), ...(await tooWide(page)), ...(await walk(page)).faults, ...complaints];
      assert.deepEqual(faults, []);
    });

  test('each dialog has a row here', () => {
    const files = ['web/pages', 'web/parts'].flatMap((folder) =>
      readdirSync(join(ROOT, folder)).map((file) => `${folder}/${file}`),
    );
    const opening = files.filter((file) => file.endsWith('.svelte') && textOf(file).includes('<Dialog '));
    assert.deepEqual(opening.map((file) => basename(file, '.svelte')).toSorted(), Object.keys(DIALOGS));
  });

  for (const [name, [path, ...presses]] of Object.entries(DIALOGS))
    test(`${name}: by keyboard alone it opens, keeps the focus, ends on Escape, and gives the focus back`, async () => {
      const { page } = olga;
      await page.goto(hall.url + at(path));
      await isSettled(page);
      for (const press of presses) await pressed(page, press);
      await page.locator('dialog[open]').waitFor();
      for (let tabs = 0; tabs < 12; tabs++) {
        await page.keyboard.press(tabs < 9 ? 'Tab' : 'Shift+Tab');
        assert.ok(await isWithin(page, 'dialog[open]'), `the focus went out to ${await focused(page)}`);
      }
      await page.keyboard.press('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
      assert.notEqual(await focused(page), '', 'the focus is nowhere');
    });

  test('there are two of each thing', () => twoOfEach(hall, herself, places));

  for (const [name, { page: path, presses, goesTo }] of Object.entries(GOING))
    test(`${name}: the focus goes on when its row goes`, async () => {
      const { page } = olga;
      await page.goto(hall.url + at(path));
      await isSettled(page);
      const [press = '', ...answers] = presses;
      const rows = page.getByRole('button', { name: press, exact: true });
      const before = await rows.count();
      await pressed(page, press);
      for (const name of answers)
        await page.getByRole('dialog').getByRole('button', { name, exact: true }).press('Enter');
      await eventually('the focus goes on', async () => {
        const now = await focused(page);
        const isThere = typeof goesTo === 'string' ? now === goesTo : goesTo.test(now);
        return isThere && (await rows.count()) < before ? now : undefined;
      });
    });
});

/** Presses Enter on what is called so, or goes to a message. */
async function pressed(page: Page, name: string | RegExp): Promise<void> {
  if (typeof name === 'string' && name.startsWith('*')) {
    await page.getByRole('log').focus();
    for (let lines = 0; lines < 40; lines++) {
      await page.keyboard.press('ArrowUp');
      if ((await focused(page)).startsWith(name.slice(1))) return;
    }
    assert.fail(`the arrow keys do not reach ${name}, but ${await focused(page)}`);
  }
  const named = { name, exact: true };
  const one: Locator = page.getByRole('button', named).or(page.getByRole('menuitem', named)).first();
  await one.focus();
  await page.keyboard.press('Enter');
}

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Every answer is late, and the page counts what moved meanwhile. */
async function watched(page: Page): Promise<void> {
  await page.route('**/v1/**', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    await route.continue().catch(() => undefined);
  });
  await page.addInitScript(WATCH);
}

const WATCH = `window.jumps = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries())
    if (!one.hadRecentInput) window.jumps.push({ value: one.value, what: one.sources.map(({ node }) => {
      const at = node?.nodeType === 1 ? node : node?.parentElement;
      return at ? at.tagName.toLowerCase() + '.' + at.className + ' ' + at.textContent.trim().slice(0, 30) : '?';
    }).join('; ') });
}).observe({ type: 'layout-shift', buffered: true });`;

/** Its heading stands, and nothing is on its way any more. */
async function isSettled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page
    .waitForLoadState('networkidle', { timeout: IDLE_MS })
    .catch(() => assert.fail('it never ends asking the hall'));
  await page.waitForFunction('document.querySelector(".ghost, [aria-busy=true]") === null');
}

async function jumps(page: Page): Promise<string[]> {
  const seen = await page.evaluate<{ value: number; what: string }[]>('window.jumps');
  const sum = seen.reduce((all, { value }) => all + value, 0);
  return sum < SHIFT_MOST ? [] : seen.map(({ value, what }) => `it jumps by ${value.toFixed(4)}: ${what}`);
}

/** 320 px is the narrowest window there is; 640 px is what letters of twice the size leave of a usual one. */
async function tooWide(page: Page): Promise<string[]> {
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  const found: string[] = [];
  for (const width of [320, 640]) {
    await page.setViewportSize({ width, height: 400 });
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
    if (wide > width) found.push(`it is ${wide} px wide in a window of ${width}`);
  }
  await page.setViewportSize(size);
  return found;
}
