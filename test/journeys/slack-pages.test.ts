import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { createAccount } from '#auth/sign-up.ts';
import { firstCommunity } from '#storage/communities.ts';
import { openHall, type OpenHall } from '#test/contracts/fixtures.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { severalWorkspaces, type SeveralWorkspaces } from '#test/simulators/slack/several.ts';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { PASSWORD } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';

/** A play at the page Spaces: the operator has no workspace, and Olga adds hers by Slack's own page. */
describe('the page for spaces, with “Add to Slack”', { concurrency: 1 }, () => {
  let browser: Browser;
  let none: SlackSimulator;
  let traders: SlackSimulator;
  let all: SeveralWorkspaces;
  let hall: OpenHall;
  let olga: Visitor;
  const scene = play(() => takePictures(olga.page, 'failed-slack'));
  const added = () =>
    olga.page.locator('section').filter({ has: olga.page.getByRole('heading', { name: 'Slack workspaces' }) });

  before(async () => {
    browser = await startBrowser();
    [none, traders] = await Promise.all([
      startSlack({ installed: false }),
      startSlack({ team: 'Traders', installed: false }),
    ]);
    all = await severalWorkspaces([none, traders]);
    const { SLACK_BOT_TOKEN: _, ...settings } = all.env;
    hall = await openHall(settings);
    await createAccount(hall.hall.auth, { username: 'olga', password: PASSWORD }, { by: 'operator', owner: true });
    await none.connected();
    olga = await Visitor.arrive(browser, hall.url);
  });
  after(async () => {
    await browser?.close();
    await hall?.close();
    await Promise.all([all, none, traders].map((one) => one?.stop()));
  });

  scene('the hall serves Slack without a workspace of the operator’s, and she may add hers', async () => {
    await olga.open(`/c/${(await firstCommunity(hall.storage.db)).id}/spaces`);
    await olga.signIn('olga');
    await olga.standsAt('Spaces');
    await olga.page.getByText('None was added yet. Slack asks which workspace').waitFor();
    await assertAccessible(olga.page, 'the page Spaces before a workspace was added');
    await added().scrollIntoViewIfNeeded();
    await takePictures(olga.page, 'spaces-slack-none');
  });

  scene('Slack’s page asks her which workspace and whether, and she says no at first', async () => {
    await olga.press('Add to Slack');
    await olga.page.getByRole('link', { name: 'Traders' }).click();
    await olga.page.goto(`${olga.page.url()}&login=`);
    await olga.standsAt('Spaces');
    await olga.page.getByText('You did not agree at Slack.').waitFor();
    await assertAccessible(olga.page, 'the page Spaces after she said no');
    await takePictures(olga.page, 'spaces-slack-no');
    await olga.page.reload();
    await olga.page.getByRole('button', { name: 'Add to Slack' }).waitFor();
    assert.equal(await olga.page.getByText('You did not agree at Slack.').count(), 0, 'it is told once');
  });

  scene('then she agrees, and the bot answers there', async () => {
    await olga.press('Add to Slack');
    await olga.page.getByRole('link', { name: 'Traders' }).click();
    await olga.page.getByRole('link', { name: 'olga' }).click();
    await olga.standsAt('Spaces');
    await added().getByText('Live', { exact: true }).waitFor();
    await olga.page.getByText(/Connected by olga/).waitFor();
    await added().scrollIntoViewIfNeeded();
    await assertAccessible(olga.page, 'the page Spaces with a workspace');
    await takePictures(olga.page, 'spaces-slack');
    await traders.say('mia', 'dm:mia', 'help');
    await olga.page.getByRole('button', { name: 'Add another workspace' }).waitFor();
  });

  scene('it is not wider than a small phone', async () => {
    await olga.page.setViewportSize({ width: 320, height: 640 });
    const wide = await olga.page.evaluate<number>('document.documentElement.scrollWidth');
    assert.ok(wide <= 320, `${wide} px`);
    await olga.page.setViewportSize({ width: 1280, height: 800 });
  });

  scene('she takes it away by the keyboard, and it stays as a place without a bot', async () => {
    await olga.page.getByRole('button', { name: 'Take away Traders' }).focus();
    await olga.page.keyboard.press('Enter');
    await olga.page.getByRole('dialog').getByRole('button', { name: 'Take away' }).click();
    await olga.page.getByRole('button', { name: 'Add to Slack' }).waitFor();
    await olga.page.getByText('The bot was removed', { exact: true }).waitFor();
    await takePictures(olga.page, 'spaces-slack-gone');
    assert.deepEqual(olga.complaints, []);
    assert.deepEqual(traders.violations, []);
  });
});
