import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { startTwitch, type Twitch } from '#test/simulators/twitch/index.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { Hall } from '#test/support/hall.ts';
import { PASSWORD } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';
import { eventually } from '#test/support/wait.ts';

const WORDS = 'I rolled three ones in a row.';
const NOBODY = 'Deleted person';

/** A play from the first owner to the last trace of somebody: all at the pages, on Discord and at Twitch's door. */
describe('the whole way of a community and of a person in it', { concurrency: 1 }, () => {
  let browser: Browser;
  let discord: Discord;
  let twitch: Twitch;
  let hall: Hall;
  let olga: Visitor;
  let ann: Visitor;
  let invite = '';
  const scene = play(async () => {
    await takePictures(olga.page, 'failed-olga');
    await takePictures(ann.page, 'failed-ann');
  });

  before(async () => {
    [browser, discord, twitch] = await Promise.all([startBrowser(), startDiscord(), startTwitch()]);
    hall = await Hall.start({ ...discord.env, ...twitch.env, READ_LIMIT: '100000/60' });
    [olga, ann] = [await Visitor.arrive(browser, hall.url), await Visitor.arrive(browser, hall.url)];
    await Promise.all([discord.connected(), twitch.connected()]);
  });
  after(async () => {
    await browser?.close();
    await hall?.remove();
    await Promise.all([discord?.stop(), twitch?.stop()]);
  });

  /** The newest words of the bot in the square that mia sees, once they are these. */
  const miaHears = (words: RegExp): Promise<string> =>
    eventually(`mia to hear ${String(words)}`, () => {
      const last = discord.seen('square', 'mia').findLast(({ author }) => author.bot)?.text;
      return last !== undefined && words.test(last) ? last : undefined;
    });
  const section = (who: Visitor, name: string): Promise<void> =>
    who.page.getByRole('link', { name, exact: true }).click();
  const identity = (platform: string): Locator => ann.page.getByRole('listitem').filter({ hasText: platform });

  const isForgotten = async ({ page }: Visitor): Promise<void> =>
    assert.doesNotMatch(await page.locator('body').innerText(), /\b(ann|mia)\b/i);

  scene('Olga opens the one-time link of the first start and becomes the owner', async () => {
    await olga.open(`/first/${await hall.ownerCode()}`);
    await olga.standsAt('Make the owner');
    await olga.fill('Your name', 'Olga');
    await olga.fill('Username', 'olga');
    await olga.fill('Password', PASSWORD);
    await olga.fill('Name of your community', 'Lantern Street');
    await olga.press('Make the owner');
    await olga.standsAt('square');
  });

  scene('she makes a second community and stands in its first room', async () => {
    await section(olga, 'Make or join a community');
    await olga.standsAt('Make or join a community');
    await olga.fill('Name', 'Salt Road Tables');
    await olga.press('Make the community');
    await olga.page.getByText('Salt Road Tables is yours.').waitFor();
    await olga.standsAt('square');
  });

  scene(
    'she connects her Discord server to it: the page shows a line, and notices that it was typed there',
    async () => {
      await olga.press('Community menu');
      await olga.page.getByRole('menuitem', { name: 'Manage the community' }).click();
      await section(olga, 'Spaces');
      await olga.standsAt('Spaces');
      await olga.page.getByText('No place on another platform is connected yet.').waitFor();
      await takePictures(olga.page, 'way-spaces-none');
      await olga.press('Add Discord');
      await olga.standsAt('Connect Discord');
      await discord.say(
        'olga',
        'square',
        (await olga.page.getByRole('group', { name: 'Line to type' }).innerText()).trim(),
      );
      await olga.page.getByText('The Square is connected').waitFor();
      await takePictures(olga.page, 'way-connected');
      await olga.press('See all spaces');
      await olga.page.getByText('Connected by Olga').waitFor();
    },
  );

  scene('she makes an invite link', async () => {
    await section(olga, 'Invites');
    await olga.standsAt('Invites');
    await olga.press('Make a link');
    invite = await olga.page.getByLabel('New invite link').innerText();
  });

  scene('Ann opens the link, makes an account, stands in that community, and says her first words', async () => {
    await ann.open(new URL(invite).pathname);
    await ann.fill('Your name', 'Ann');
    await ann.fill('Username', 'ann');
    await ann.fill('Password', PASSWORD);
    await ann.press('Join Salt Road Tables');
    await ann.standsAt('square');
    assert.match(await ann.page.title(), /Salt Road Tables$/);
    await ann.write(WORDS);
    await ann.sees(WORDS);
  });

  scene('she is mia on Discord: she types the code of her profile to the bot there', async () => {
    await section(ann, 'Your profile');
    await ann.standsAt('Profile');
    await ann.press('Link Discord');
    const line = await ann.page.getByRole('group', { name: 'Link code' }).innerText();
    await discord.slash('mia', 'square', 'link', { code: line.slice('/link '.length) });
    await miaHears(/^You are ann of the hall now/);
    await identity('Discord').getByText('by code').waitFor();
  });

  scene('and on Twitch: she signs in there, and comes back linked', async () => {
    await ann.press('Link Twitch');
    await ann.page.getByRole('link', { name: 'Prove it at Twitch' }).click();
    await ann.page.getByRole('link', { name: 'mia' }).first().click();
    await ann.page.getByText('Twitch linked').waitFor();
    await identity('Twitch').getByText('by Twitch').waitFor();
    await ann.page.getByRole('heading', { name: 'Identities' }).scrollIntoViewIfNeeded();
    await takePictures(ann.page, 'way-identities');
  });

  scene('Olga keeps quotes for moderators', async () => {
    await section(olga, 'Commands');
    await olga.standsAt('Commands');
    await olga.press('Change /stock');
    await olga.page.getByLabel('Who', { exact: true }).selectOption('moderator');
    await olga.press('Save changes');
    await olga.page.getByText('Saved. It holds from the next use on.').waitFor();
  });

  scene('on Discord Ann is refused, and the answer says which rule and who can change it', async () => {
    await discord.slash('mia', 'square', 'stock', { symbol: 'aapl.us' });
    const said = await miaHears(/moderator/);
    assert.match(said, /^\/stock asks for moderator\. You are a member\./);
    assert.match(said, /admin or owner can change/);
  });

  scene('Olga finds it in the audit: who, by which name, what, where, and that it was her role', async () => {
    await section(olga, 'Audit');
    await olga.standsAt('Audit');
    await olga.page.getByLabel('Person').fill('ann');
    await olga.page.getByLabel('Person').press('Enter');
    await olga.page.getByLabel('What', { exact: true }).selectOption({ label: 'Commands' });
    await olga.page.getByLabel('Result', { exact: true }).selectOption({ label: 'Refused' });
    await olga.page.getByRole('row', { name: /ann .*Discord mia tried \/stock .*Refused: role/i }).waitFor();
    assert.equal(await olga.page.getByRole('row', { name: /Refused/ }).count(), 1);
    await takePictures(olga.page, 'way-audit');
  });

  scene('Ann takes everything away: both her names, her words and what she did are in the file', async () => {
    const link = ann.page.getByRole('link', { name: 'Download' });
    const [download] = await Promise.all([ann.page.waitForEvent('download'), link.click()]);
    const rows = readFileSync((await download.path()) ?? '', 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const told = (table: string, column: string): unknown[] =>
      rows.filter((row) => row['table'] === table).map((row) => row[column]);
    assert.deepEqual(told('identities', 'platform'), ['discord', 'twitch']);
    assert.deepEqual(told('messages', 'text'), [WORDS]);
    assert.ok(told('audit', 'result').includes('not-allowed'), 'the refusal is in it');
  });

  scene('she deletes the account, told what stays and why', async () => {
    await ann.press('Delete');
    await ann.page.getByText('What you wrote in rooms, as words of a deleted person.').waitFor();
    await ann.fill('Type your username to go on', 'ann');
    await takePictures(ann.page, 'way-delete');
    await ann.press('Delete it for good');
    await ann.standsAt('Sign in');
    await ann.signIn('ann');
    await ann.page.getByText('That name and password do not match.').waitFor();
  });

  scene(
    'what she wrote and did is a deleted person’s now; neither of her names is in the room or in the audit',
    async () => {
      await section(olga, 'Back to the rooms');
      await olga.standsAt('square');
      await olga.log.getByRole('article', { name: NOBODY }).getByText(WORDS).waitFor();
      await takePictures(olga.page, 'way-room-after');
      await isForgotten(olga);
      await olga.press('Community menu');
      await olga.page.getByRole('menuitem', { name: 'Manage the community' }).click();
      await section(olga, 'Audit');
      await olga.page.getByRole('row', { name: /Deleted person .*tried \/stock .*Refused: role/ }).waitFor();
      await takePictures(olga.page, 'way-audit-after');
      await isForgotten(olga);
    },
  );

  scene('on Discord the bot does not know mia any more', async () => {
    await discord.slash('mia', 'square', 'link');
    await miaHears(/^Your code is /);
  });

  scene('no page complained of anything, nor did a platform', () => {
    assert.deepEqual([...olga.complaints, ...ann.complaints], []);
    assert.deepEqual([...discord.violations, ...twitch.violations], []);
  });
});
