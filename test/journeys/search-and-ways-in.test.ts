import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { Hall } from '#test/support/hall.ts';
import { call, member, owner as makeOwner, type Person } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { moveTo } from '#test/support/roles.ts';
import { Visitor } from '#test/support/visitor.ts';

/** A play at the pages: Olga finds what was said long ago, lets a program post, and asks Ann into another community. */
describe('finding what was said, and ways in for people and programs', { concurrency: 1 }, () => {
  let browser: Browser;
  let hall: Hall;
  let olga: Visitor;
  let ann: Visitor;
  let owner: Person;
  let annHerself: Person;
  let second: string;
  let square: string;
  const scene = play(async () => {
    await takePictures(olga.page, 'failed-olga');
    await takePictures(ann.page, 'failed-ann');
  });

  before(async () => {
    browser = await startBrowser();
    hall = await Hall.start({ READ_LIMIT: '100000/60', POST_LIMIT: '100000/10' });
    owner = await makeOwner(hall);
    annHerself = await member(owner, 'ann');
    square = await owner.makeRoom('long-evening');
    for (let n = 1; n <= 160; n++) {
      const text = n === 3 ? 'The résults of ASML came a day before the jump.' : `Line ${n} of a long evening`;
      await owner.done('POST', `/v1/rooms/${square}/messages`, { text });
    }
    second = (await owner.done<{ id: string }>('POST', '/v1/communities', { name: 'Salt Road Tables' })).id;
    [olga, ann] = [await Visitor.arrive(browser, hall.url), await Visitor.arrive(browser, hall.url)];
  });
  after(async () => {
    await browser?.close();
    await hall?.remove();
  });

  const fits = async ({ page }: Visitor): Promise<void> => {
    const size = page.viewportSize();
    await page.setViewportSize({ width: 320, height: 640 });
    assert.equal(
      await page.evaluate('document.documentElement.scrollWidth <= 320'),
      true,
      'scrolls sideways at 320 px',
    );
    if (size) await page.setViewportSize(size);
  };

  scene('Olga searches all her rooms, and the page marks what she looked for', async () => {
    await olga.open('/search');
    await olga.signIn('olga');
    await olga.standsAt('Search');
    await olga.fill('Words', 'asml result*');
    await olga.press('Search');
    await olga.page.getByText('1 message in 1 room, newest first.').waitFor();
    assert.deepEqual(await olga.page.locator('mark').allInnerTexts(), ['résults', 'ASML']);
    await assertAccessible(olga.page, 'the search page');
    await fits(olga);
    await takePictures(olga.page, 'search');
  });

  scene('what one person said is found by their name; whoever is called otherwise is nobody', async () => {
    await annHerself.done('POST', `/v1/rooms/${square}/messages`, { text: 'I was at the long evening, too.' });
    await olga.fill('Words', 'long evening');
    await olga.fill('From', 'ann');
    await olga.page.getByLabel('From', { exact: true }).press('Enter');
    await olga.page.getByText('1 message in 1 room, newest first.').waitFor();
    assert.match(olga.page.url(), /from=ann/);
    await olga.fill('From', 'nobody-at-all');
    await olga.press('Search');
    await olga.page.getByRole('heading', { name: 'Nobody here is called “nobody-at-all”' }).waitFor();
    await assertAccessible(olga.page, 'a search for somebody who is not there');
    await takePictures(olga.page, 'search-nobody');
    await olga.page.getByRole('link', { name: 'Search all rooms, from anybody' }).click();
    await olga.page.getByText('The newest 50 messages in 1 room, newest first.').waitFor();
  });

  scene('“From” offers people of all her communities, as the search looks through all', async () => {
    await moveTo(await member(owner, 'zoe'), second, 'member');
    await olga.open('/search');
    await olga.fill('From', 'zo');
    await olga.page.locator('datalist option[value=zoe]').waitFor({ state: 'attached' });
  });

  scene('the way there is beside the rooms, and in “Jump to” with what was typed', async () => {
    await olga.open('/');
    await olga.page.getByRole('navigation').getByRole('link', { name: 'Search', exact: true }).click();
    await olga.standsAt('Search');
    const { keyboard } = olga.page;
    await keyboard.press('Control+k');
    await olga.page.getByRole('combobox', { name: 'Jump to' }).waitFor();
    await keyboard.type('asml result*');
    await olga.page.getByRole('option', { name: 'Search all your rooms for “asml result*”' }).waitFor();
    await assertAccessible(olga.page, 'jump to, with words to search');
    await takePictures(olga.page, 'jump-search');
    await keyboard.press('Enter');
    await olga.page.getByText('1 message in 1 room, newest first.').waitFor();
    assert.equal(await olga.page.getByLabel('Words', { exact: true }).inputValue(), 'asml result*');
  });

  scene(
    'the time of a message leads to it in its room, however far up it is, and reading on leads back to the newest',
    async () => {
      await olga.page.locator('.found time a').click();
      await olga.standsAt('long-evening');
      await olga.sees('The résults of ASML came a day before the jump.');
      await olga.page.locator('[data-line]:focus', { hasText: 'ASML' }).waitFor();
      assert.equal(await olga.log.getByText('Line 160 of a long evening').count(), 0);
      await olga.page.getByRole('button', { name: 'Newest', exact: false }).click();
      await olga.sees('Line 160 of a long evening');
    },
  );

  scene('the panel of a room searches that room, and keeps its place beside what it found', async () => {
    await olga.press('Search this room');
    await olga.page.getByRole('complementary', { name: 'Search in long-evening' }).waitFor();
    await olga.page.getByRole('searchbox').fill('"line 20"');
    await olga.page.getByRole('searchbox').press('Enter');
    await olga.page.getByText('1 message, newest first').waitFor();
    await assertAccessible(olga.page, 'the search panel');
    await takePictures(olga.page, 'search-panel');
    await olga.page.locator('.hits a').click();
    await olga.page.locator('[data-line]:focus', { hasText: 'Line 20 of' }).waitFor();
    await olga.page.getByRole('complementary', { name: 'Search in long-evening' }).waitFor();
  });

  scene('she makes a webhook, and a program posts in the room under its name', async () => {
    const { communities } = await owner.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
    await olga.open(`/c/${communities[0]?.id}/webhooks`);
    await olga.standsAt('Webhooks');
    await olga.page.getByRole('heading', { name: 'No webhook yet' }).waitFor();
    await olga.fill('Posts as', 'Deploy');
    await olga.page.getByLabel('Room', { exact: true }).selectOption({ label: 'long-evening' });
    await olga.press('Make a webhook');
    const address = await olga.page.getByLabel('Webhook address').innerText();
    await assertAccessible(olga.page, 'the page of webhooks');
    await fits(olga);
    await takePictures(olga.page, 'webhooks');
    const posted = await call(hall, {
      method: 'POST',
      path: new URL(address).pathname,
      body: { text: 'Build 214 is out' },
    });
    assert.deepEqual([posted.status, posted.text], [200, 'ok']);
    await olga.open(`/rooms/${square}`);
    await olga.sees('Build 214 is out');
    await olga.log.getByRole('article', { name: 'Deploy' }).waitFor();
  });

  scene('Ann, who is signed in, opens an invite to the second community and joins it', async () => {
    await olga.open(`/c/${second}/invites`);
    await olga.standsAt('Invites');
    await olga.press('Make a link');
    const link = await olga.page.getByLabel('New invite link').innerText();
    await assertAccessible(olga.page, 'the page of invites');
    await fits(olga);
    await takePictures(olga.page, 'invites');
    await ann.open('/');
    await ann.signIn('ann');
    await ann.standsAt('square');
    await ann.open(new URL(link).pathname);
    await ann.page.getByText('You are signed in as ann. You come in as member.').waitFor();
    await assertAccessible(ann.page, 'the page to join');
    await takePictures(ann.page, 'join-signed-in');
    await ann.press('Join');
    await ann.page.locator('.side-head', { hasText: 'Salt Road Tables' }).waitFor();
    assert.deepEqual([...olga.complaints, ...ann.complaints], []);
  });
});
