import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { createAccount } from '#auth/sign-up.ts';
import { firstCommunity } from '#storage/communities.ts';
import { openHall, type OpenHall } from '#test/contracts/fixtures.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { severalApplications, type SeveralApplications } from '#test/simulators/discord/several.ts';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { PASSWORD } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';

/** A play at the page Spaces: Olga brings her guild in, says what a role there is worth, and gives the guild back. */
describe('the page for spaces', { concurrency: 1 }, () => {
  let browser: Browser;
  let discord: Discord;
  let guilds: Discord;
  let all: SeveralApplications;
  let hall: OpenHall;
  let olga: Visitor;
  const scene = play(() => takePictures(olga.page, 'failed-spaces'));

  before(async () => {
    browser = await startBrowser();
    [discord, guilds] = await Promise.all([startDiscord(), startDiscord({ bot: 'Traders', guild: 'The Pit' })]);
    all = await severalApplications([discord, guilds]);
    hall = await openHall(all.env);
    await createAccount(hall.hall.auth, { username: 'olga', password: PASSWORD }, { by: 'operator', owner: true });
    await discord.connected();
    olga = await Visitor.arrive(browser, hall.url);
  });
  after(async () => {
    await browser?.close();
    await hall?.close();
    await Promise.all([all, discord, guilds].map((one) => one?.stop()));
  });

  scene('she finds the guild that came by itself, live', async () => {
    await olga.open(`/c/${(await firstCommunity(hall.storage.db)).id}/spaces`);
    await olga.signIn('olga');
    await olga.standsAt('Spaces');
    await olga.page.getByText('The Square').waitFor();
    await olga.page.getByText('It came by itself.').waitFor();
    assert.equal(await olga.page.getByText('Live', { exact: true }).count(), 1);
    await assertAccessible(olga.page, 'the page Spaces');
    await takePictures(olga.page, 'spaces');
  });

  scene('the steps to connect it tick by themselves once she typed the code there', async () => {
    await olga.press('Add Discord');
    await olga.standsAt('Connect Discord');
    const line = olga.page.getByRole('group', { name: 'Line to type' });
    await line.waitFor();
    await assertAccessible(olga.page, 'the steps to connect Discord');
    await takePictures(olga.page, 'spaces-connect');
    await discord.say('olga', 'square', (await line.innerText()).trim());
    await olga.page.getByText('The Square is connected').waitFor();
    assert.equal(await olga.page.locator('.step.is-done').count(), 2);
    await takePictures(olga.page, 'spaces-connected');
    await olga.press('See all spaces');
    await olga.page.getByText(/Connected by olga/).waitFor();
  });

  scene('a role there gets a worth here, by its name, and nothing is saved before she says so', async () => {
    await olga.press('Add a line');
    await olga.page.getByLabel('Role there').selectOption({ label: 'Verified' });
    await olga.page.getByLabel('Role here').selectOption('moderator');
    await olga.press('Add it');
    await olga.page.getByText('One line differs from what holds.').waitFor();
    await assertAccessible(olga.page, 'the table of roles');
    await takePictures(olga.page, 'spaces-roles');
    await olga.press('Save the roles');
    await olga.page.getByText('Roles saved').waitFor();
    await olga.page.reload();
    await olga.page.getByRole('row', { name: /Discord: Verified moderator set here/ }).waitFor();
  });

  scene('she brings a bot of her own by its token, which is live then, and takes it away', async () => {
    await olga.press('Bring your own bot');
    const dialog = olga.page.getByRole('dialog');
    await dialog.getByLabel('Token of the bot').fill('bm9ib2R5.nobody.nobody');
    await dialog.getByRole('button', { name: 'Bring it' }).click();
    await dialog
      .getByText(/Discord does not accept this token/)
      .first()
      .waitFor();
    await takePictures(olga.page, 'spaces-own-wrong');
    await dialog.getByLabel('Token of the bot').fill(guilds.env['DISCORD_TOKEN'] ?? '');
    await dialog.getByRole('button', { name: 'Bring it' }).click();
    const row = olga.page.getByRole('listitem').filter({ hasText: 'Traders' });
    await row.getByText('Live', { exact: true }).waitFor();
    await olga.page.getByText('The Pit').waitFor();
    await assertAccessible(olga.page, 'the page Spaces with an application');
    await takePictures(olga.page, 'spaces-own');
    await olga.press('Take away Traders');
    await olga.page.getByRole('dialog').getByRole('button', { name: 'Take away' }).click();
    await olga.page.getByRole('button', { name: 'Bring your own bot' }).waitFor();
  });

  scene('it is not wider than a small phone', async () => {
    await olga.page.setViewportSize({ width: 320, height: 640 });
    const wide = await olga.page.evaluate<number>('document.documentElement.scrollWidth');
    assert.ok(wide <= 320, `${wide} px`);
    await olga.page.setViewportSize({ width: 1280, height: 800 });
  });

  scene('she gives the guild back', async () => {
    await olga.press('Disconnect The Square');
    await olga.page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    const row = olga.page.getByRole('listitem').filter({ hasText: 'The Square' });
    await row.getByText('It came by itself.').waitFor();
    assert.deepEqual(olga.complaints, []);
  });
});
