import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { openHall, type OpenHall } from '#test/contracts/fixtures.ts';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { call, PASSWORD } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';

/** A play at the profile: Ann makes a token for a script, lets a program in, and looks after her sessions and password. */
describe('one’s own page', { concurrency: 1 }, () => {
  let browser: Browser;
  let hall: OpenHall;
  let ann: Visitor;
  let token = '';
  const scene = play(() => takePictures(ann.page, 'failed-own-page'));
  const ask = (method: string, path: string, more: { token?: string; body?: unknown } = {}) =>
    call(hall, { method, path, ...more });
  const signIn = async (shared = false): Promise<string> =>
    String(
      (await ask('POST', '/v1/sessions', { body: { username: 'ann', password: PASSWORD, shared } })).body['token'],
    );
  const scrollTo = (heading: string) =>
    ann.page.getByRole('heading', { level: 2, name: heading }).evaluate((element) => element.scrollIntoView());

  before(async () => {
    browser = await startBrowser();
    hall = await openHall({ SIGNUP: 'open' });
    await ask('POST', '/v1/accounts', { body: { username: 'ann', password: PASSWORD, name: 'Ann Brandt' } });
    ann = await Visitor.arrive(browser, hall.url);
  });
  after(async () => {
    await browser?.close();
    await hall?.close();
  });

  scene('Ann finds everything of hers on one page, which is accessible and fits the narrowest window', async () => {
    await Promise.all([signIn(), signIn(true)]);
    await ann.open('/me');
    await ann.signIn('ann');
    await ann.standsAt('Profile');
    await ann.page.getByText('A shared computer.').waitFor();
    await ann.page.getByText('No program has a token of yours.').waitFor();
    await ann.page.getByText('Nothing is kept yet.').waitFor();
    await assertAccessible(ann.page, 'the profile');
    await takePictures(ann.page, 'profile');
    for (const width of [768, 360, 320]) {
      await ann.page.setViewportSize({ width, height: 740 });
      const wide = Number(await ann.page.evaluate('document.documentElement.scrollWidth'));
      assert.ok(wide <= width, `${wide} px in a window of ${width}`);
      await assertAccessible(ann.page, `the profile at ${width}`);
    }
    await ann.page.setViewportSize({ width: 1280, height: 800 });
  });

  scene('she makes a token by the keyboard alone; it is shown once, and does what she ticked', async () => {
    await ann.page.getByRole('button', { name: 'Make a token' }).focus();
    await ann.page.keyboard.press('Enter');
    await scrollTo('API tokens');
    await takePictures(ann.page, 'token-form');
    await assertAccessible(ann.page, 'the form for a token');
    await ann.page.keyboard.press('Enter');
    await ann.page.getByText('A name is needed, so that you know it again.').waitFor();
    await ann.page.getByLabel('Name', { exact: true }).last().focus();
    await ann.page.keyboard.type('price board');
    await ann.page.getByRole('checkbox', { name: /^Run commands/ }).press('Space');
    await ann.page.getByLabel('Name', { exact: true }).last().press('Enter');
    token = (await ann.page.getByRole('group', { name: 'New token' }).textContent()) ?? '';
    assert.match(token, /^guildhall_/);
    assert.equal((await ask('GET', '/v1/rooms', { token })).status, 200);
    assert.equal((await ask('PATCH', '/v1/me', { token, body: { name: 'x' } })).body['code'], 'scope-missing');
    await ann.page.getByRole('row', { name: /price board read, run commands/ }).waitFor();
    await assertAccessible(ann.page, 'a token that was made');
    await takePictures(ann.page, 'token-made');
  });

  scene('she lets a program in that shows her a code, and signs in on the way', async () => {
    const body = { client: 'Notes on the phone', scopes: ['read', 'post', 'manage'] };
    const begun = (await ask('POST', '/v1/device/code', { body })).body as Record<string, string>;
    const other = await Visitor.arrive(browser, hall.url);
    await other.page.goto(begun['verification_uri_complete'] ?? '');
    await other.signIn('ann');
    await other.standsAt('Notes on the phone wants in');
    await other.page.getByText(begun['user_code'] ?? '').waitFor();
    await assertAccessible(other.page, 'a program that wants in');
    await takePictures(other.page, 'device-asks');
    await other.page.getByRole('checkbox', { name: /^Manage/ }).press('Space');
    await other.press('Let it in');
    await other.standsAt('Notes on the phone is in');
    await takePictures(other.page, 'device-in');
    const fetched = await ask('POST', '/v1/device/token', { body: { device_code: begun['device_code'] } });
    assert.deepEqual([fetched.status, fetched.body['scope']], [200, 'read post']);
    assert.deepEqual(other.complaints, []);
  });

  scene('a code that there is not is told in place, and a program can be turned away', async () => {
    await ann.open('/device');
    await ann.standsAt('Let a program in');
    await assertAccessible(ann.page, 'the page for a code');
    await ann.fill('Code', 'BCDF-GHJK');
    await ann.press('Go on');
    await ann.page.getByText('There is no such code, or it has ended.').waitFor();
    await takePictures(ann.page, 'device-code');
    const begun = (await ask('POST', '/v1/device/code', { body: { client: 'Something odd' } })).body;
    await ann.fill('Code', String(begun['user_code']).toLowerCase());
    await ann.press('Go on');
    await ann.press('Turn it away');
    await ann.standsAt('Something odd was turned away');
    const fetched = await ask('POST', '/v1/device/token', { body: { device_code: begun['device_code'] } });
    assert.equal(fetched.body['error'], 'access_denied');
  });

  scene('she sees both tokens, and one that she revokes is dead at once', async () => {
    await ann.open('/me');
    await ann.page.getByRole('row', { name: /Notes on the phone read, write/ }).waitFor();
    await scrollTo('API tokens');
    await takePictures(ann.page, 'tokens');
    await ann.press('Revoke price board');
    await ann.page.getByText('price board revoked').waitFor();
    assert.equal((await ask('GET', '/v1/me', { token })).status, 401);
  });

  scene('a new password asks for the current one, and signs out her other devices', async () => {
    const there = await signIn();
    await ann.fill('Current password', 'not this one');
    await ann.fill('New password', 'short');
    await ann.press('Change it');
    await ann.page.getByText('5 characters. It needs at least twelve').waitFor();
    await ann.fill('New password', 'another good password');
    await ann.press('Change it');
    await ann.page.getByText('That is not your current password.').waitFor();
    await assertAccessible(ann.page, 'a wrong current password');
    await scrollTo('Password');
    await takePictures(ann.page, 'password-wrong');
    await ann.fill('Current password', PASSWORD);
    await ann.press('Change it');
    await ann.page.getByText('Password changed').waitFor();
    assert.equal((await ask('GET', '/v1/me', { token: there })).status, 401);
  });

  scene('she ends all other sessions and stays herself', async () => {
    const body = { username: 'ann', password: 'another good password' };
    const there = String((await ask('POST', '/v1/sessions', { body })).body['token']);
    await ann.open('/me');
    await ann.press('End all others');
    await ann.page.getByRole('dialog', { name: 'End all other sessions' }).waitFor();
    await takePictures(ann.page, 'sessions-end');
    await ann.press('End all other sessions');
    await ann.page.getByText('All other sessions ended').waitFor();
    assert.equal((await ask('GET', '/v1/me', { token: there })).status, 401);
    await ann.open('/me');
    await ann.standsAt('Profile');
    assert.deepEqual(ann.complaints, []);
  });
});
