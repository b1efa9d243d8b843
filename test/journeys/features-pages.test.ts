import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import pino from 'pino';
import type { Browser } from 'playwright-core';
import { createAccount } from '#auth/sign-up.ts';
import type { Feature } from '#core/feature.ts';
import { featureSettings, figure, onOff, oneOf, roleOn, wordsOf, writing } from '#core/feature-settings.ts';
import { readConfig } from '#src/config.ts';
import { startHall, type RunningHall } from '#src/roles.ts';
import { firstCommunity } from '#storage/communities.ts';
import { ensureSpace } from '#storage/spaces.ts';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { PASSWORD } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';

/** A feature with a field of each kind, such as one that lets people in. */
const DOOR: Feature = {
  name: 'door',
  commands: [],
  jobs: [],
  settings: featureSettings('door', {
    title: 'The door',
    about: 'Who may speak, and how they show who they are.',
    fields: {
      on: onOff({ label: 'Ask who people are', help: 'Off: everybody who joins may speak.', declared: false }),
      mode: oneOf({
        label: 'Until then',
        help: 'What happens to what somebody writes who has not shown it.',
        declared: 'delete',
        choices: [
          { value: 'delete', label: 'Delete what they write' },
          { value: 'role', label: 'Keep the role from them' },
        ],
      }),
      role: roleOn('discord', { label: 'The role', help: 'Who has shown it gets this role on Discord.' }),
      minutes: figure({
        label: 'A link lasts',
        help: 'Then it asks anew.',
        declared: 15,
        least: 1,
        most: 60,
        unit: 'minutes',
      }),
      nickname: writing({
        label: 'Nickname',
        help: 'What they are called.',
        declared: '{name}',
        most: 32,
        blanks: ['name'],
      }),
      mail: writing({ label: 'The mail', help: 'What it says.', declared: 'Is this you?', most: 500, lines: true }),
      refused: wordsOf({ label: 'Names to refuse', help: 'Nobody is called so.', declared: [], most: 20 }),
    },
  }),
};

describe('the page of what features bring', { concurrency: 1 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-features-'));
  let browser: Browser;
  let hall: RunningHall;
  let olga: Visitor;
  let path: string;
  const scene = play(() => takePictures(olga.page, 'failed-features'));

  before(async () => {
    browser = await startBrowser();
    const config = readConfig({ PORT: '0', GUILDHALL_DATA: folder, READ_LIMIT: '100000/60' }, folder);
    const options = { database: join(folder, 'hall.db'), logger: pino({ level: 'silent' }), features: [DOOR] };
    hall = await startHall(config, options);
    await createAccount(hall.auth, { username: 'olga', password: PASSWORD }, { by: 'operator', owner: true });
    path = `/c/${await aGuild(hall)}/features`;
    olga = await Visitor.arrive(browser, await hall.listen());
  });
  after(async () => {
    await browser?.close();
    await hall?.stop(200);
    rmSync(folder, { recursive: true, force: true });
  });

  scene('Olga sees a field of each kind as it is declared, and nothing to save', async () => {
    await olga.open(path);
    await olga.signIn('olga');
    await olga.page.getByRole('heading', { name: 'The door' }).waitFor();
    assert.equal(await olga.page.getByLabel('A link lasts, minutes', { exact: true }).inputValue(), '15');
    assert.equal(await olga.page.getByLabel('The mail', { exact: true }).inputValue(), 'Is this you?');
    assert.equal(await olga.page.getByRole('button', { name: 'Save changes' }).count(), 0);
  });

  scene('she changes each by the keyboard, and is told of each from what to what', async () => {
    await olga.page.getByLabel('Ask who people are', { exact: true }).press('Space');
    await olga.page.getByLabel('Until then', { exact: true }).selectOption({ label: 'Keep the role from them' });
    await olga.page.getByLabel('The role', { exact: true }).selectOption({ label: 'Verified' });
    await olga.fill('A link lasts, minutes', '90');
    await olga.fill('Nickname', '{name} of {club}');
    await olga.fill('The mail', 'Hello.\nIs this you?');
    await olga.fill('Names to refuse', 'admin\nroot');
    await olga.page.getByText('7 changes are not saved.').waitFor();
    await olga.page.getByText(/^Ask who people are: off to on; .* The role: none to Verified; and 4 more\.$/).waitFor();
    await assertAccessible(olga.page, 'a field of each kind');
    await olga.page.evaluate('window.scrollTo(0, 200)');
    await takePictures(olga.page, 'features-all');
  });

  scene('what is wrong stands beside each field, and nothing is saved', async () => {
    await olga.press('Save changes');
    await olga.page.getByText('This is a whole number from 1 to 60. It counts minutes.').waitFor();
    await olga.page.getByText('Nothing can be put where {club} stands. There is {name}.').waitFor();
    await olga.page.getByLabel('A link lasts, minutes', { exact: true }).and(olga.page.locator(':focus')).waitFor();
    const edges =
      'document.activeElement.getBoundingClientRect().bottom - document.querySelector(".savebar").getBoundingClientRect().top';
    assert.ok(Number(await olga.page.evaluate(edges)) < 0, 'it is not behind the bar that saves');
    await assertAccessible(olga.page, 'fields that are wrong');
    await takePictures(olga.page, 'features-all-wrong');
  });

  scene('mended, it is saved, and is there after a reload; what is as declared says nothing of a default', async () => {
    await olga.fill('A link lasts, minutes', '60');
    await olga.press('Nickname: back to the default, {name}');
    await olga.press('Save changes');
    await olga.page.getByText('Saved. It holds from the next use on.').waitFor();
    await olga.page.reload();
    await olga.page.getByRole('heading', { name: 'The door' }).waitFor();
    assert.equal(await olga.page.getByLabel('The role', { exact: true }).inputValue(), '77');
    assert.equal(await olga.page.getByLabel('Names to refuse', { exact: true }).inputValue(), 'admin\nroot');
    assert.equal(await olga.page.getByLabel('Ask who people are', { exact: true }).isChecked(), true);
    assert.equal(await olga.page.getByRole('button', { name: /^Nickname: back/ }).count(), 0);
    await olga.page.setViewportSize({ width: 320, height: 700 });
    assert.ok(await olga.page.evaluate('document.documentElement.scrollWidth <= 320'), 'nothing to scroll sideways');
    await olga.page.setViewportSize({ width: 1280, height: 800 });
  });

  scene('a role that is gone there is told as gone, and may stay', async () => {
    await hall.storage.write((tx) => tx.db.updateTable('spaces').set({ platform_roles: '[]' }).execute());
    await olga.page.reload();
    await olga.page.getByText('No connected space has told its roles yet.', { exact: false }).waitFor();
    assert.equal(
      await olga.page.getByLabel('The role', { exact: true }).locator('option:checked').innerText(),
      '77, which is gone there',
    );
    await olga.fill('A link lasts, minutes', '30');
    await olga.press('Save changes');
    await olga.page.getByText('Saved. It holds from the next use on.').waitFor();
  });

  scene('the page complained of nothing', () => assert.deepEqual(olga.complaints, []));
});

/** Connects a Discord guild to the first community, with one role in it. Gives the community. */
async function aGuild({ storage }: RunningHall): Promise<string> {
  const { id: community } = await firstCommunity(storage.db);
  const platform_roles = JSON.stringify([{ id: '77', name: 'Verified' }]);
  await storage.write(async (tx) => {
    await ensureSpace(tx.db, { platform: 'discord', platformId: '5', name: 'Zoo', community, at: 5 });
    await tx.db.updateTable('spaces').set({ platform_roles, connected_at: 5 }).execute();
  });
  return community;
}
