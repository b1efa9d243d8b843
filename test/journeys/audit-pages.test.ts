import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { hashPassword } from '#auth/passwords.ts';
import { setPasswordHash } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { firstCommunity } from '#storage/communities.ts';
import { openHall, roomOf, somebody, type OpenHall } from '#test/contracts/fixtures.ts';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { call, PASSWORD } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';

/** A play at two pages: Adam wants to know why Juno could not use a command, and then leaves with all that is his. */
describe('the pages of the audit and of one’s data', { concurrency: 1 }, () => {
  let browser: Browser;
  let hall: OpenHall;
  let adam: Visitor;
  let page: string;
  const scene = play(async () => takePictures(adam.page, 'failed-adam'));

  before(async () => {
    [browser, hall] = await Promise.all([startBrowser(), openHall()]);
    page = await aWeek(hall);
    adam = await Visitor.arrive(browser, hall.url);
  });
  after(async () => {
    await browser?.close();
    await hall?.close();
  });

  scene('an admin finds it in the portal, and reads what was done in sentences', async () => {
    await adam.open(page);
    await adam.signIn('adam');
    await adam.standsAt('Audit');
    await adam.page.getByText('changed', { exact: false }).first().waitFor();
    const rows = await adam.page.locator('tbody tr').allInnerTexts();
    const said = rows.map((row) => row.replaceAll(/\s+/g, ' '));
    for (const line of [
      /adam .*changed \/stock: for moderators and up/,
      /juno .*Discord junopark tried \/stock .*Refused: role/,
      /gone Discord used \/help/,
      /adam web made the webhook Builds/,
    ])
      assert.ok(
        said.some((row) => line.test(row)),
        `${String(line)} in ${said.slice(0, 12).join('\n')}`,
      );
    await assertAccessible(adam.page, 'the audit');
    await takePictures(adam.page, 'audit');
  });

  scene('it fits a phone of any width, and is as accessible in the dark', async () => {
    await adam.page.setViewportSize({ width: 320, height: 740 });
    const wide = await adam.page.evaluate('document.documentElement.scrollWidth');
    assert.ok(Number(wide) <= 320, `${String(wide)} px wide`);
    await adam.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await assertAccessible(adam.page, 'the audit on a phone in the dark');
    await adam.page.setViewportSize({ width: 1280, height: 800 });
  });

  scene('by the keyboard alone he asks for one person’s refusals, and goes on page by page', async () => {
    await adam.page.getByLabel('Person').focus();
    await adam.page.keyboard.type('juno');
    await adam.page.keyboard.press('Tab');
    await adam.page.getByLabel('Result').selectOption('refused');
    await adam.page.getByText('1 to 50', { exact: true }).waitFor();
    await adam.page.getByRole('button', { name: 'Older' }).focus();
    await adam.page.keyboard.press('Enter');
    await adam.page.getByText('51 to 61', { exact: true }).waitFor();
    assert.ok(await adam.page.getByRole('button', { name: 'Older' }).isDisabled());
    await adam.press('Newer');
    await adam.page.getByText('1 to 50', { exact: true }).waitFor();
  });

  scene('what the filters leave is what he takes away', async () => {
    const [download] = await Promise.all([
      adam.page.waitForEvent('download'),
      adam.page.getByRole('link', { name: 'Export NDJSON' }).click(),
    ]);
    const lines = readFileSync((await download.path()) ?? '', 'utf8')
      .trim()
      .split('\n');
    assert.equal(lines.length, 61);
  });

  scene('where nothing matches he is told so, and how to go on', async () => {
    await adam.page.getByLabel('Person').fill('nobody-here');
    await adam.page.keyboard.press('Enter');
    await adam.page.getByText('Nothing matches these filters').waitFor();
    await assertAccessible(adam.page, 'the audit without entries');
    await takePictures(adam.page, 'audit-none');
    await adam.press('Clear the filters');
    await adam.page.getByText('1 to 50', { exact: true }).waitFor();
  });

  scene('on his profile he takes all his data away', async () => {
    await adam.open('/me');
    await adam.standsAt('Profile');
    const [download] = await Promise.all([
      adam.page.waitForEvent('download'),
      adam.page.getByRole('link', { name: 'Download' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'guildhall-adam.ndjson');
    await adam.page.getByRole('heading', { name: 'Your data' }).scrollIntoViewIfNeeded();
    await assertAccessible(adam.page, 'the profile with one’s data');
    await takePictures(adam.page, 'your-data');
  });

  scene('he is told what stays, types his name, and is gone', async () => {
    await adam.press('Delete');
    await adam.page.getByText('What you wrote in rooms, as words of a deleted person.').waitFor();
    await assertAccessible(adam.page, 'the question before deleting');
    await takePictures(adam.page, 'delete-account');
    await adam.page.getByLabel('What you wrote in rooms', { exact: true }).selectOption('delete');
    await adam.page.getByText('as words of a deleted person').waitFor({ state: 'detached' });
    assert.ok(await adam.page.getByRole('button', { name: 'Delete it for good' }).isDisabled());
    await adam.page.getByLabel('Type your username to go on').fill('adam');
    await adam.press('Delete it for good');
    await adam.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    assert.deepEqual(adam.complaints, []);
  });
});

/** What people did, and the address of the page that tells it. */
async function aWeek(hall: OpenHall): Promise<string> {
  const { storage } = hall;
  const [adam, juno] = [await somebody(storage, 'adam', 'admin'), await somebody(storage, 'juno')];
  const [room, hash, { id: community }] = [
    await roomOf(storage, adam),
    await hashPassword(PASSWORD),
    await firstCommunity(storage.db),
  ];
  await storage.write(async ({ db }) => {
    await setPasswordHash(db, adam.account, hash);
    const linked = { platform: 'discord', platform_id: '5', account_id: juno.account, name: 'junopark' };
    await db
      .insertInto('identities')
      .values({ ...linked, proof: 'code', linked_at: 1 })
      .execute();
    await db.updateTable('rooms').set({ name: 'trading-floor' }).where('id', '=', room.id).execute();
    const refused = {
      community,
      account: juno.account,
      action: 'command.stock',
      identity: 'discord:5',
      place: 'discord:77',
    };
    for (let n = 0; n < 60; n++)
      await record(db, { ...refused, result: 'too-fast', at: Date.now() - 86_400_000 - n * 60_000 });
  });
  const act = (method: string, path: string, body?: unknown): Promise<unknown> =>
    call(hall, { method, path, body, token: adam.token });
  await act('POST', '/v1/commands/help', { room: room.id });
  await act('POST', '/v1/rooms', { name: 'python' });
  await act('POST', '/v1/invites', {});
  await act('PUT', `/v1/communities/${community}/commands/stock`, { allow: 'moderator', cooldownSeconds: 30 });
  await storage.write(({ db }) => {
    const by = { account: juno.account, identity: 'discord:5', place: 'discord:77' };
    return record(db, { ...by, community, action: 'command.stock', result: 'not-allowed', at: Date.now() });
  });
  await act('POST', `/v1/communities/${community}/webhooks`, { room: room.id, name: 'Builds' });
  await aDeletedPerson(hall, community);
  return `/c/${community}/audit`;
}

/** What they did from Discord is there still, without who they were there. */
async function aDeletedPerson({ storage }: OpenHall, community: string): Promise<void> {
  const { account } = await somebody(storage, 'gone');
  await storage.write(async ({ db }) => {
    await record(db, { community, account, identity: 'discord:9', action: 'command.help', at: Date.now() });
    await db.updateTable('audit').set({ platform_id: null }).where('platform_id', '=', '9').execute();
  });
}
