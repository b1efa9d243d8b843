import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { type Fields, member, owner as makeOwner, type Person } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { giveRole } from '#test/support/roles.ts';
import { vaultPid } from '#test/support/vault-of.ts';
import { Visitor } from '#test/support/visitor.ts';

const CANARY = 'CANARY-77aa-key-of-ann';

/** A play at the pages: Ann looks after a key of her own, Adam after one of the community’s. */
for (const shape of SHAPES)
  describe(`the pages for secrets, ${shape}`, { concurrency: 1 }, () => {
    let browser: Browser;
    let hall: Deployment;
    let ann: Visitor;
    let adam: Visitor;
    let annHerself: Person;
    let frozen: number | undefined;
    const scene = play(async () => {
      await takePictures(ann.page, 'failed-ann');
      await takePictures(adam.page, 'failed-adam');
    });
    const store = async (who: Visitor, value: string): Promise<void> => {
      await who.fill('Secret', value);
      await who.press('Store it');
    };

    before(async () => {
      browser = await startBrowser();
      hall = await startDeployment(shape, { READ_LIMIT: '100000/60' }, { vault: 1, bot: 1, worker: 0 });
      const olga = await makeOwner(hall);
      const itsAdmin = await member(olga, 'adam');
      annHerself = await member(olga, 'ann');
      await giveRole(itsAdmin, 'admin');
      [ann, adam] = [await Visitor.arrive(browser, hall.next()), await Visitor.arrive(browser, hall.next())];
    });
    after(async () => {
      if (frozen !== undefined) process.kill(frozen, 'SIGCONT');
      await browser?.close();
      await hall?.remove();
    });

    scene('Ann finds the place on her profile, and nothing is kept yet', async () => {
      await ann.open('/me');
      await ann.signIn('ann');
      await ann.standsAt('Profile');
      await ann.page.getByText('Nothing is kept yet.').waitFor();
      await ann.press('Add a secret');
      await ann.page.getByRole('dialog', { name: 'Add a secret' }).waitFor();
      await assertAccessible(ann.page, 'the dialog for a secret');
      await takePictures(ann.page, 'secret-dialog');
    });

    scene('she stores her Torn key: what she types is hidden, and is nowhere on the page afterwards', async () => {
      assert.equal(await ann.page.getByLabel('Secret', { exact: true }).getAttribute('type'), 'password');
      await ann.press('Store it');
      await ann.page.getByText('The secret is missing.').waitFor();
      await store(ann, CANARY);
      await ann.page.getByRole('button', { name: 'Check Torn API key' }).waitFor();
      await ann.page.getByText('Set just now').waitFor();
      assert.doesNotMatch(await ann.page.content(), /CANARY/);
      const { secrets } = await annHerself.done<{ secrets: Fields[] }>('GET', '/v1/me/secrets');
      assert.deepEqual(
        secrets.map(({ purpose }) => purpose),
        ['torn'],
      );
    });

    scene('she has it checked, and sees what opened it last', async () => {
      await ann.press('Check Torn API key');
      await ann.page.getByText('The vault can open Torn API key').waitFor();
      await ann.page.getByText('last opened for a check just now').waitFor();
    });

    scene('by the keyboard alone she stores another under a name of her own, which has to be a name', async () => {
      await ann.page.getByRole('button', { name: 'Add a secret' }).focus();
      await ann.page.keyboard.press('Enter');
      await ann.page.getByLabel('Name', { exact: true }).nth(1).pressSequentially('My Calendar');
      await ann.page.keyboard.press('Tab');
      await ann.page.keyboard.type('another');
      await ann.page.keyboard.press('Enter');
      await ann.page.getByText('Small letters, digits and dashes only, 40 at most.').waitFor();
      await ann.page.getByLabel('Name', { exact: true }).nth(1).fill('calendar');
      await ann.page.keyboard.press('Enter');
      await ann.page.getByRole('button', { name: 'Check calendar' }).waitFor();
    });

    scene('the section is accessible and fits a phone, light and dark', async () => {
      const section = ann.page.getByRole('heading', { name: 'Secrets' });
      await section.scrollIntoViewIfNeeded();
      await assertAccessible(ann.page, 'the profile with secrets');
      await ann.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      await assertAccessible(ann.page, 'the profile with secrets in the dark');
      await takePictures(ann.page, 'secrets');
      await ann.page.setViewportSize({ width: 360, height: 740 });
      await assertAccessible(ann.page, 'the profile with secrets on a phone');
      const wide = await ann.page.evaluate('document.documentElement.scrollWidth');
      assert.ok(Number(wide) <= 360, `${String(wide)} px wide`);
      await section.scrollIntoViewIfNeeded();
      await takePictures(ann.page, 'secrets-scrolled');
      await ann.page.setViewportSize({ width: 1280, height: 800 });
    });

    scene('she replaces one, and forgets one after she was asked', async () => {
      await ann.press('Replace Torn API key');
      await store(ann, 'another key');
      await ann.page.getByText('Torn API key stored').first().waitFor();
      await ann.press('Forget calendar');
      await ann.page.getByRole('dialog', { name: 'Forget calendar' }).waitFor();
      await assertAccessible(ann.page, 'the question before forgetting');
      await takePictures(ann.page, 'secret-forget');
      await ann.press('Keep it');
      await ann.press('Forget calendar');
      await ann.press('Forget it');
      await ann.page.getByText('calendar forgotten').waitFor();
      await ann.page.getByRole('button', { name: 'Check calendar' }).waitFor({ state: 'detached' });
    });

    scene(
      'one that was sealed by a key which the vault does not have is marked, and is well again when it is replaced',
      async () => {
        await hall.rows('update secrets set key_id = ? where owner = ?', ['ofAnotherKey', annHerself.id]);
        await ann.open('/me');
        await ann.page.getByText('The vault does not have the key of some secrets').waitFor();
        await ann.page.getByText('cannot be opened any more').waitFor();
        await ann.page.getByRole('heading', { name: 'Secrets' }).scrollIntoViewIfNeeded();
        await assertAccessible(ann.page, 'a secret whose key is lost');
        await takePictures(ann.page, 'secret-lost');
        await ann.press('Replace Torn API key');
        await store(ann, 'a new key');
        await ann.page.getByText('cannot be opened any more').waitFor({ state: 'detached' });
      },
    );

    scene('Adam keeps one for the community, from its menu; Ann has no such page', async () => {
      await adam.open('/me');
      await adam.signIn('adam');
      await adam.standsAt('Profile');
      await adam.press('Community menu');
      await adam.page.getByRole('menuitem', { name: 'Manage the community' }).click();
      await adam.page.getByRole('link', { name: 'Secrets' }).click();
      await adam.standsAt('Secrets');
      await adam.press('Add a secret');
      await store(adam, 'of all');
      await adam.page.getByRole('button', { name: 'Check Torn API key' }).waitFor();
      await assertAccessible(adam.page, 'the secrets of the community');
      await takePictures(adam.page, 'secrets-community');
      await ann.open(new URL(adam.page.url()).pathname);
      await ann.standsAt('There is no such page, or it is not yours to see');
      assert.equal(await ann.page.getByRole('button', { name: 'Add a secret' }).count(), 0);
    });

    scene('while the vault is away the page says so, and comes back when asked to', async () => {
      frozen = await vaultPid(hall);
      process.kill(frozen, 'SIGSTOP');
      await adam.page.reload();
      await adam.page.getByText('The vault does not answer').first().waitFor();
      await assertAccessible(adam.page, 'the secrets without a vault');
      await takePictures(adam.page, 'secrets-away');
      process.kill(frozen, 'SIGCONT');
      frozen = undefined;
      await adam.press('Try again');
      await adam.page.getByText('The vault does not answer').first().waitFor({ state: 'detached' });
    });

    scene('no page complained of anything', () => {
      assert.deepEqual([...ann.complaints, ...adam.complaints], []);
    });
  });
