import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { setEmail } from '#storage/emails.ts';
import { firstCommunity } from '#storage/communities.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { startMail, type MailServer } from '#test/simulators/mail/index.ts';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { call } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';
import { eventually } from '#test/support/wait.ts';

const LIST = [
  'user_id,email,name,until',
  'n-1041,tomas@example.org,Tomas Lindqvist,',
  'n-1042,tora@example.org,Tora Okafor,2031-12-31',
  'n-1057,priya.nair(at)example,Priya Nair,',
  'n-1041,tl@example.org,T. Lindqvist,',
  '',
].join('\n');

/** A play: Olga sets the gate up from nothing; Tomas, of the list, is the first one who may write. */
describe('the pages of the verification gate', { concurrency: 1 }, () => {
  let browser: Browser;
  let discord: Discord;
  let mail: MailServer;
  let hall: OpenHall;
  let community: string;
  let room: string;
  let olga: Visitor;
  let tomas: Visitor;
  let portal: string;
  const scene = play(() => takePictures(olga.page, 'failed-verification'));

  before(async () => {
    [browser, discord, mail] = await Promise.all([startBrowser(), startDiscord(), startMail()]);
    hall = await openHall({ ...discord.env, SMTP_URL: mail.url, MAIL_FROM: 'hall@example.org' });
    community = (await firstCommunity(hall.storage.db)).id;
    portal = `/c/${community}/verification`;
    const owner = await somebody(hall.storage, 'olga', 'owner');
    const address = { email: 'olga@example.org', verifiedAt: 1 };
    await hall.storage.write((tx) => setEmail(tx.db, owner.account, address));
    const made = await call(hall, { method: 'POST', path: '/v1/rooms', token: owner.token, body: { name: 'reading' } });
    room = String(made.body['id']);
    await discord.connected();
    olga = await arrives(owner);
    tomas = await arrives(await somebody(hall.storage, 'tomas'));
  });
  after(async () => {
    await browser?.close();
    await hall?.close();
    await Promise.all([discord?.stop(), mail?.stop()]);
  });

  const arrives = async (who: Somebody): Promise<Visitor> => {
    const visitor = await Visitor.arrive(browser, hall.url);
    await visitor.page.context().addCookies([{ name: 'guildhall', value: who.token, url: hall.url }]);
    return visitor;
  };
  const done = (): Promise<number> => olga.page.locator('.step.is-done').count();

  scene('she begins with the five steps, of which none is done but the place', async () => {
    await olga.open(portal);
    await olga.standsAt('Verification');
    await olga.page.getByText('The bot can do its part').waitFor();
    assert.equal(await done(), 1);
    await olga.page.getByText('The list is empty: nobody could be verified.', { exact: false }).waitFor();
    await assertAccessible(olga.page, 'the five steps of the gate');
    await takePictures(olga.page, 'verification-steps');
  });

  scene('a file is looked through first, and its wrong rows are left out only knowingly', async () => {
    await olga.page.getByRole('link', { name: 'Bring a list' }).click();
    await olga.page.getByText('Drop the file here, or').waitFor();
    await assertAccessible(olga.page, 'where a list is brought');
    await takePictures(olga.page, 'verification-list');
    const file = { name: 'members.csv', mimeType: 'text/csv', buffer: Buffer.from(LIST) };
    await olga.page.getByLabel('Choose a file').setInputFiles(file);
    await olga.page.getByText('2 rows cannot be used. Nothing has been changed yet.').waitFor();
    await olga.page.getByRole('row', { name: /^4 email/ }).waitFor();
    const take = olga.page.getByRole('button', { name: 'Import 2 rows' });
    assert.equal(await take.isDisabled(), true);
    await olga.page.getByLabel('This preview is right').check();
    assert.equal(await take.isDisabled(), true, 'the wrong rows are not left out silently');
    await olga.page.getByLabel('Leave out 2 rows that cannot be used').check();
    await assertAccessible(olga.page, 'a list that waits for a yes');
    await takePictures(olga.page, 'verification-preview');
    await take.click();
    await olga.page.getByText('The list is in force').waitFor();
    await olga.page.getByText('2 people on the list.', { exact: false }).waitFor();
  });

  scene('a mail to herself shows that mails arrive, and ticks by itself', async () => {
    await olga.page.getByRole('link', { name: 'Set-up' }).click();
    await olga.press('Send a test mail');
    const test = await eventually('the test mail', () => mail.mails.shift());
    assert.deepEqual(test.to, ['olga@example.org']);
    await olga.page.getByText('The server took it').waitFor();
  });

  scene('she says how, is told what is not saved, and who becomes a guest before she switches it on', async () => {
    await olga.fill('Nickname on platforms', '{name}');
    await olga.fill('Minutes that a link is good', '0');
    await olga.page.getByText('This is a whole number from 1 to 1440.').waitFor();
    await olga.fill('Minutes that a link is good', '30');
    await olga.page.getByText('Nickname on platforms, Minutes that a link is good: not saved yet.').waitFor();
    await olga.page.getByText('Save the changes above first.').waitFor();
    await olga.press('Save changes');
    await olga.page.getByText('1 member becomes a guest in the web chat', { exact: false }).waitFor();
    assert.equal(await done(), 4);
    await takePictures(olga.page, 'verification-ready');
    await tomas.open(`/rooms/${room}`);
    await tomas.writer.waitFor();
    await olga.press('Switch it on');
    await olga.page.getByText('1 member is a guest until they are verified.', { exact: false }).waitFor();
    assert.equal(await done(), 5);
  });

  scene('who wrote a moment ago finds what to do where they wrote, and is told of a wrong id there', async () => {
    await tomas.page.getByRole('heading', { name: 'Verify to write here' }).waitFor();
    assert.equal(await tomas.writer.count(), 0);
    await assertAccessible(tomas.page, 'a room whose gate is shut');
    await takePictures(tomas.page, 'verification-guest');
    await tomas.fill('Your id on the list', 'n-9');
    await tomas.press('Send me the mail');
    await tomas.page.getByText('Invalid User ID.').waitFor();
    await tomas.fill('Your id on the list', 'N-1041');
    await tomas.press('Send me the mail');
    await tomas.page.getByText('Link sent!').waitFor();
    await assertAccessible(tomas.page, 'a room whose gate waits for a code');
    await takePictures(tomas.page, 'verification-guest-code');
  });

  scene('the link of the mail opens a page of one button, and the room of the other tab opens by itself', async () => {
    const { text } = await eventually('the mail', () => mail.mails.shift());
    const [, path = ''] = /(\/verify\/[\w-]+)\n/.exec(text) ?? [];
    const link = await Visitor.arrive(browser, hall.url);
    await link.open(path);
    await link.standsAt('Is this account yours?');
    await assertAccessible(link.page, 'the page of a mailed link');
    await takePictures(link.page, 'verification-link');
    await link.page.setViewportSize({ width: 320, height: 640 });
    assert.ok(await link.page.evaluate('document.documentElement.scrollWidth <= 320'));
    await link.page.getByRole('link', { name: 'This was not me' }).click();
    await link.standsAt('Was this not you?');
    await link.page.goBack();
    await link.page.getByRole('button', { name: 'Yes, link it' }).press('Enter');
    await link.page.getByText('Your account has been linked. You may now speak here.').waitFor();
    await tomas.writer.waitFor();
    await tomas.write('I am in');
    await tomas.sees('I am in');
  });

  scene('she sees who is verified, who is not, and what became of each request', async () => {
    await olga.open(`${portal}?part=people`);
    const row = olga.page.getByRole('row', { name: /Tomas Lindqvist n-1041 tomas/ });
    await row.waitFor();
    await olga.page.getByRole('row', { name: /tomas the web chat n-1041 Verified/i }).waitFor();
    await assertAccessible(olga.page, 'the people of the gate');
    await takePictures(olga.page, 'verification-people');
    await olga.press('Not yet');
    await olga.page.getByRole('row', { name: /Tora Okafor n-1042 tora@example.org/ }).waitFor();
    await olga.fill('Find a person', 'nobody');
    await olga.page.getByText('Nobody is found.', { exact: false }).waitFor();
    await olga.fill('Find a person', '');
  });

  scene('she writes to those who are not verified, and sees it done', async () => {
    await olga.press('Write to them');
    const letter = await eventually('the letter', () => mail.mails.shift());
    assert.deepEqual(letter.to, ['tora@example.org']);
    await olga.page.getByText('The last one is done: 1 mail', { exact: false }).waitFor();
    await takePictures(olga.page, 'verification-reached');
  });

  scene('she unlinks him with a reason, and where he writes stands again what to do', async () => {
    await olga.press('Verified');
    await olga.press('Unlink tomas');
    await olga.fill('Why, for the audit', 'left the club');
    await takePictures(olga.page, 'verification-unlink');
    await olga.page.getByRole('dialog').getByRole('button', { name: 'Unlink' }).click();
    await olga.page.getByText('Nobody is verified yet.').waitFor();
    await tomas.page.getByRole('heading', { name: 'Verify to write here' }).waitFor();
  });

  scene('no page is wider than a small phone, and none complained', async () => {
    await olga.page.setViewportSize({ width: 320, height: 640 });
    for (const part of ['people', 'list', 'setup']) {
      await olga.open(`${portal}?part=${part}`);
      await olga.page.locator('.section').first().waitFor();
      const wide = await olga.page.evaluate<number>('document.documentElement.scrollWidth');
      assert.ok(wide <= 320, `${part}: ${wide} px`);
    }
    assert.deepEqual([...olga.complaints, ...tomas.complaints], []);
  });
});
