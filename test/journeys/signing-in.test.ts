import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { assertAccessible } from '#test/support/axe.ts';
import { createAccount } from '#auth/sign-up.ts';
import { openHall, somebody, type OpenHall } from '#test/contracts/fixtures.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { freePort } from '#test/support/free-port.ts';
import { startIssuer, type OwnIssuer } from '#test/support/issuers.ts';
import { call, PASSWORD } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { startMail, type MailServer } from '#test/simulators/mail/index.ts';
import { Visitor } from '#test/support/visitor.ts';
import { eventually } from '#test/support/wait.ts';
import { codeAt } from '#vault/totp.ts';

const NEW = 'five other plain words';

/** A play at the front doors: Ann loses her password, sets up a second factor, and signs in; Bea comes by another service. */
describe('the ways in, at the pages', { concurrency: 1 }, () => {
  let browser: Browser;
  let mail: MailServer;
  let issuer: OwnIssuer;
  let hall: OpenHall;
  let ann: Visitor;
  let bea: Visitor;
  let key = '';
  let recovery = '';
  const scene = play(async () => {
    await takePictures(ann.page, 'failed-signing-in');
    await takePictures(bea.page, 'failed-signing-in-bea');
  });

  before(async () => {
    const port = await freePort();
    [browser, mail, issuer] = [await startBrowser(), await startMail(), await startIssuer(`http://127.0.0.1:${port}`)];
    const sending = { SMTP_URL: mail.url, MAIL_FROM: 'Hall <hall@example.org>' };
    hall = await openHall({ PORT: String(port), SIGNUP: 'open', ...issuer.settings, ...sending });
    await createAccount(hall.hall.auth, { username: 'ann', password: PASSWORD }, { by: 'operator', owner: true });
    [ann, bea] = [await Visitor.arrive(browser, hall.url), await Visitor.arrive(browser, hall.url)];
  });
  after(async () => {
    await browser?.close();
    await hall?.close();
    await issuer?.stop();
    await mail?.stop();
  });

  scene('the door shows every way in', async () => {
    await ann.open('/signin');
    await ann.page.getByRole('link', { name: /^Continue with / }).waitFor();
    await assertAccessible(ann.page, 'the door');
    await takePictures(ann.page, 'signing-in');
    await noSidewaysScroll(ann);
  });

  scene('Ann gives an address on her profile and verifies it', async () => {
    await ann.signIn('ann');
    await ann.page.waitForURL((url) => !url.pathname.startsWith('/signin'));
    await ann.open('/me');
    await ann.page.getByRole('heading', { name: 'E-mail' }).waitFor();
    await ann.fill('Address', 'ann@example.org');
    await ann.fill('Your password', PASSWORD);
    await ann.press('Mail a link');
    await ann.page.getByText('A link went to ann@example.org.').waitFor();
    await ann.open(await mailedPath('verify-email'));
    await assertAccessible(ann.page, 'the page that verifies an address');
    await takePictures(ann.page, 'verify-email');
    await ann.press('Yes, this is mine');
    await ann.page.getByText('Your address is verified.').waitFor();
  });

  scene('she sets up a second factor, with a picture to scan and codes to keep', async () => {
    await ann.open('/me');
    await ann.page.getByText('ann@example.org is verified.').waitFor();
    await ann.press('Set it up');
    await dialogField(ann, 'Your password', PASSWORD);
    await ann.press('Next');
    await ann.page.getByRole('img', { name: 'The key as a picture to scan' }).waitFor();
    key = (await ann.page.getByRole('group', { name: 'Key' }).textContent()) ?? '';
    await assertAccessible(ann.page, 'the dialog for a second factor');
    await takePictures(ann.page, 'second-factor-key');
    await noSidewaysScroll(ann);
    await ann.fill('The code that the app shows now', codeOf(key, 0));
    await ann.press('Turn it on');
    await ann.press('I have kept them');
  });

  scene('her profile says that it is on', async () => {
    await ann.page.getByText('10 recovery codes left').waitFor();
    await ann.press('New recovery codes');
    await dialogField(ann, 'Your password', PASSWORD);
    // The code of the half minute before was used when it was turned on.
    await dialogField(ann, 'A code of your app, or a recovery code', codeOf(key, 1));
    await assertAccessible(ann.page, 'the dialog that asks for both');
    await takePictures(ann.page, 'second-factor-both');
    await ann.press('Next');
    await ann.page.getByRole('list', { name: 'Recovery codes' }).waitFor();
    recovery =
      (await ann.page.getByRole('list', { name: 'Recovery codes' }).locator('code').first().textContent()) ?? '';
    await takePictures(ann.page, 'recovery-codes');
    await ann.press('I have kept them');
    await takePictures(ann.page, 'profile-second-factor');
  });

  scene('she forgets her password and sets another by mail', async () => {
    await ann.open('/forgotten');
    await assertAccessible(ann.page, 'the page for a lost password');
    await takePictures(ann.page, 'forgotten');
    await ann.fill('Username or e-mail', 'ann');
    await ann.press('Mail me a link');
    await ann.page.getByText('If there is such an account').waitFor();
    await ann.open(await mailedPath('reset'));
    await ann.fill('New password', NEW);
    await takePictures(ann.page, 'reset');
    await ann.press('Set it');
    await ann.page.getByText('Your new password holds.').waitFor();
  });

  scene('signing in takes the new password and a code', async () => {
    await ann.open('/signin');
    await ann.signIn('ann', NEW);
    await ann.page.getByText('One more step: the code of your second factor.').waitFor();
    await assertAccessible(ann.page, 'the second step');
    await takePictures(ann.page, 'second-step');
    await ann.fill('Code', '000000');
    await ann.press('Sign in');
    await ann.page.getByText('That code is not right').waitFor();
    await ann.fill('Code', recovery);
    await ann.press('Sign in');
    await ann.page.waitForURL((url) => !url.pathname.startsWith('/signin'));
    assert.deepEqual(ann.complaints, []);
  });

  scene('Bea comes by the other service, and links nothing that is somebody’s', async () => {
    issuer.who = { id: 'sub-bea', name: 'Bea Bell' };
    await bea.open('/signin');
    await bea.page.getByRole('link', { name: /^Continue with / }).click();
    await bea.page.waitForURL((url) => url.origin === hall.url && !url.pathname.startsWith('/signin'));
    const { username } = await hall.storage.db
      .selectFrom('accounts')
      .select('username')
      .where('name', '=', 'Bea Bell')
      .executeTakeFirstOrThrow();
    assert.equal(username, 'bea.bell');
    await bea.open('/signin?problem=issuer-denied');
    assert.deepEqual(bea.complaints, []);
  });

  scene('Cleo comes by it with an invite, and stands in the community that asked her in', async () => {
    const host = await somebody(hall.storage, 'host', 'owner');
    const make = async <Made>(path: string, body: unknown): Promise<Made> =>
      (await call<Made>(hall, { method: 'POST', path, body, token: host.token })).body;
    const { id } = await make<{ id: string }>('/v1/communities', { name: 'Lantern Street' });
    const { invite } = await make<{ invite: { code: string } }>(`/v1/communities/${id}/invites`, {});
    issuer.who = { id: 'sub-cleo', name: 'Cleo' };
    const cleo = await Visitor.arrive(browser, hall.url);
    await cleo.open(`/join/${invite.code}`);
    await cleo.page.getByRole('link', { name: /^Continue with / }).click();
    await cleo.page.waitForURL((url) => url.pathname.startsWith('/rooms/'));
    assert.match(await cleo.page.title(), / · Lantern Street$/);
    assert.deepEqual(cleo.complaints, []);
  });

  async function mailedPath(page: string): Promise<string> {
    const { text } = await eventually('a mail', () => mail.mails.shift());
    return new RegExp(`/${page}/[\\w-]+$`, 'm').exec(text)?.[0] ?? assert.fail(text);
  }
});

function dialogField(who: Visitor, label: string, text: string): Promise<void> {
  return who.page.getByRole('dialog').getByLabel(label, { exact: true }).fill(text);
}

async function noSidewaysScroll({ page }: Visitor): Promise<void> {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= 320'));
  if (size) await page.setViewportSize(size);
}

function codeOf(key: string, off: number): string {
  const bits = [...key].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const bytes = (bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return codeAt(Buffer.from(bytes), Math.floor(Date.now() / 30_000) + off);
}
