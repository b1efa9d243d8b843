import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { addMember } from '#storage/communities.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';

/** A play at the pages: Olga makes a second community, Ann comes and goes, and it ends. */
describe('communities and their members, at the pages', { concurrency: 1 }, () => {
  let browser: Browser;
  let hall: OpenHall;
  let olga: Visitor;
  let ann: Visitor;
  let annHerself: Somebody;
  let tables: string;
  const scene = play(async () => {
    await takePictures(olga.page, 'failed-olga');
    await takePictures(ann.page, 'failed-ann');
  });
  const comes = async (who: Somebody): Promise<Visitor> => {
    const visitor = await Visitor.arrive(browser, hall.url);
    await visitor.page.context().addCookies([{ name: 'guildhall', value: who.token, url: hall.url }]);
    return visitor;
  };
  const looksWell = async ({ page }: Visitor, what: string, picture: string): Promise<void> => {
    await assertAccessible(page, what);
    await takePictures(page, picture);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await assertAccessible(page, `${what} in the dark`);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 320, height: 700 });
    await assertAccessible(page, `${what} on a narrow phone`);
    const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
    assert.ok(wide <= 320, `${what}: ${wide} px wide`);
    await page.setViewportSize({ width: 1280, height: 800 });
  };

  before(async () => {
    browser = await startBrowser();
    hall = await openHall();
    const herself = await somebody(hall.storage, 'olga', 'owner');
    annHerself = await somebody(hall.storage, 'ann');
    [olga, ann] = [await comes(herself), await comes(annHerself)];
  });
  after(async () => {
    await browser?.close();
    await hall?.close();
  });

  scene('Olga goes through the door with the plus and makes a community; she stands in its first room', async () => {
    await olga.open('/');
    await olga.standsAt('square');
    await olga.page.getByRole('link', { name: 'Make or join a community' }).click();
    await olga.standsAt('Make or join a community');
    await looksWell(olga, 'making a community', 'community-new');
    await olga.press('Make the community');
    await olga.page.getByText('A name needs at least one character.').waitFor();
    await olga.fill('Name', 'Salt Road Tables');
    await olga.press('Make the community');
    await olga.page.getByText('Salt Road Tables is yours.').waitFor();
    await olga.standsAt('square');
    await olga.page.getByRole('link', { name: 'Salt Road Tables', exact: true }).waitFor();
    tables = await communityOf('Salt Road Tables');
  });

  scene('Ann, who may not make any, is told who can; a link that is none is told so', async () => {
    await ann.open('/communities/new');
    await ann.page.getByText('Only the operator of this hall makes communities.').waitFor();
    await ann.fill('Invite link or code', 'let me in');
    await ann.press('Look at the invite');
    await ann.page.getByText('That is no invite').waitFor();
  });

  scene(
    'once Ann is in, a second door stands on her open page, and what names her there is counted on it',
    async () => {
      await ann.open('/');
      await ann.standsAt('square');
      await hall.storage.write((tx) =>
        addMember(tx.db, { community: tables, account: annHerself.account, role: 'member', at: Date.now() }),
      );
      await ann.page.reload();
      await ann.page.getByRole('link', { name: 'Salt Road Tables' }).waitFor();
      await olga.write('Welcome, @ann, to the tables');
      await olga.sees('Welcome, @ann, to the tables');
      await ann.page.getByRole('link', { name: 'Salt Road Tables, 1 mention' }).waitFor();
      await takePictures(ann.page, 'community-doors');
      await ann.page.getByRole('link', { name: 'Salt Road Tables, 1 mention' }).click();
      await ann.sees('Welcome, @ann, to the tables');
    },
  );

  scene('Olga finds Ann among the members and makes her a moderator; Ann’s open page knows at once', async () => {
    for (const name of ['mirela', 'kofi', 'tora']) {
      const { account } = await somebody(hall.storage, name);
      await hall.storage.write((tx) =>
        addMember(tx.db, { community: tables, account, role: 'member', at: Date.now() }),
      );
    }
    await olga.open(`/c/${tables}/members`);
    await olga.page.getByText('5 people; one keeps order.').waitFor();
    await olga.page.getByRole('button', { name: 'Act on ann' }).click();
    await olga.page.getByLabel('Role', { exact: true }).last().selectOption('moderator');
    await looksWell(olga, 'the members', 'members');
    await olga.press('Change the role');
    await olga.page.getByText('ann is moderator now').waitFor();
    await olga.page.getByText('5 people; 2 keep order.').waitFor();
    await ann.page.getByRole('button', { name: 'Make a room' }).waitFor();
    await olga.page.getByLabel('Person', { exact: true }).fill('zoe');
    await olga.page.getByText('Nobody like that is here.').waitFor();
    await olga.page.getByLabel('Person', { exact: true }).fill('AN');
    await olga.page.getByRole('button', { name: 'Act on ann' }).click();
    assert.equal(await olga.page.getByRole('row').count(), 3);
  });

  scene('she takes Ann out after she was asked; the door goes from Ann’s page', async () => {
    await olga.press('Take ann out');
    await olga.page.getByRole('dialog', { name: 'Take ann out?' }).waitFor();
    await assertAccessible(olga.page, 'the question before taking out');
    await takePictures(olga.page, 'member-out');
    await olga.page.getByRole('dialog').getByRole('button', { name: 'Take ann out' }).click();
    await olga.page.getByText('ann is out').waitFor();
    await olga.page.getByText('Nobody like that is here.').waitFor();
    await ann.page.getByRole('link', { name: 'Salt Road Tables' }).waitFor({ state: 'detached' });
  });

  scene('she cannot leave as the last owner; the community ends for whoever types its name', async () => {
    await olga.open(`/c/${tables}/settings`);
    await olga.standsAt('Settings');
    await looksWell(olga, 'the settings of a community', 'community-settings');
    await olga.press('Leave the community');
    await olga.page.getByRole('dialog').getByRole('button', { name: 'Leave the community' }).click();
    await olga.page.getByText('A community needs an owner.').waitFor();
    await olga.press('Stay');
    await olga.fill('Name', 'Salt Road');
    await olga.press('Save the name');
    await olga.page.getByText('Name saved').waitFor();
    await olga.press('Delete the community');
    await olga.page.getByRole('dialog', { name: 'Delete Salt Road?' }).waitFor();
    await olga.fill('Type the name to go on', 'Salt Road');
    await takePictures(olga.page, 'community-end');
    await olga.page.getByRole('dialog').getByRole('button', { name: 'Delete the community' }).click();
    await olga.page.getByText('Salt Road is deleted').waitFor();
    await olga.standsAt('square');
    assert.deepEqual([...olga.complaints, ...ann.complaints], []);
  });

  async function communityOf(name: string): Promise<string> {
    const found = await hall.storage.db.selectFrom('communities').select('id').where('name', '=', name).execute();
    return found[0]?.id ?? '';
  }
});
