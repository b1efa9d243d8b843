import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { type Deployment, startDeployment } from '#test/support/deployment.ts';
import { member, owner as makeOwner, type Person } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { giveRole } from '#test/support/roles.ts';
import { Visitor } from '#test/support/visitor.ts';

/** A play at the pages: Rook is rude, Pia reports it, and Mo keeps order. */
describe('order in the house', { concurrency: 1 }, () => {
  let browser: Browser;
  let hall: Deployment;
  let mo: Visitor;
  let pia: Visitor;
  let rook: Visitor;
  let rookHimself: Person;
  let community: string;
  const scene = play(async () => {
    for (const [name, who] of Object.entries({ mo, pia, rook })) await takePictures(who.page, `failed-order-${name}`);
  });
  const press = async (who: Visitor, name: string | RegExp): Promise<void> =>
    who.page.getByRole('button', { name }).first().click();

  before(async () => {
    browser = await startBrowser();
    hall = await startDeployment('in one process', { READ_LIMIT: '100000/60' }, { vault: 0, bot: 1, worker: 0 });
    const olga = await makeOwner(hall);
    const itsModerator = await member(olga, 'moe');
    await giveRole(itsModerator, 'moderator');
    await member(olga, 'pia');
    rookHimself = await member(olga, 'rook');
    const { communities } = await olga.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
    community = communities[0]?.id ?? '';
    const arrive = (): Promise<Visitor> => Visitor.arrive(browser, hall.next());
    [mo, pia, rook] = [await arrive(), await arrive(), await arrive()];
    for (const [name, who] of Object.entries({ moe: mo, pia, rook })) {
      await who.open('/');
      await who.signIn(name);
      await who.goTo('square');
    }
  });
  after(async () => {
    await browser?.close();
    await hall?.remove();
  });

  scene('Pia reports a message from its menu, and says what is wrong with it', async () => {
    await rook.write('that is the dumbest question of the year');
    await pia.sees('that is the dumbest question of the year');
    await pia.log.getByText('that is the dumbest').hover();
    await pia.press('Report');
    const dialog = pia.page.getByRole('dialog');
    await dialog.waitFor();
    await assertAccessible(pia.page, 'the dialog for a report');
    await pia.fill('What is wrong with it', 'rude');
    await takePictures(pia.page, 'order-report');
    await pia.press('Report it');
    await pia.page.getByText('Reported. The moderators see it now.').waitFor();
  });

  scene('Mo finds it on the page for order, and deletes the message', async () => {
    await mo.open(`/c/${community}/moderation`);
    await mo.standsAt('Moderation');
    await mo.page.getByText('1 report waits. No lock-down.').waitFor();
    await mo.page.getByText('Reported by pia: “rude”').waitFor();
    await assertAccessible(mo.page, 'the page for order');
    await takePictures(mo.page, 'order-page');
    await mo.press('Delete message');
    await mo.page.getByText('Message deleted').waitFor();
    await mo.page.getByText('No report waits. No lock-down.').waitFor();
    await rook.hasLines([]);
  });

  scene('Pia reports a person by a command, who cannot be deleted as a message can', async () => {
    await pia.write('/report @rook sends adverts to everybody');
    await pia.sees('Thank you. The moderators see it now.');
    await mo.page.getByText('Reported by pia: “sends adverts to everybody”').waitFor();
    await mo.page.getByText('No message was chosen: the person was reported.').waitFor();
    assert.equal(await mo.page.getByRole('button', { name: 'Delete message' }).count(), 0);
    await takePictures(mo.page, 'order-person-reported');
    await mo.press('Leave it');
    await mo.page.getByText('No report waits. No lock-down.').waitFor();
  });

  scene('a word that is held waits on the page, and its author sees that it does', async () => {
    await mo.fill('Words or a phrase', 'lottery');
    await press(mo, 'Add words');
    await mo.page.getByText('lottery', { exact: true }).waitFor();
    await rook.write('buy a lottery ticket');
    await rook.page.getByText('Your message waits for a moderator. Only you see it.').waitFor();
    await takePictures(rook.page, 'order-waits');
    await mo.page.getByText('1 message is held.').waitFor();
    await press(mo, 'Let it through');
    await pia.sees('buy a lottery ticket');
    await rook.page.getByText('Your message waits for a moderator.').waitFor({ state: 'detached' });
  });

  scene('a mute by command says so in the composer, with why and until when', async () => {
    await mo.open('/');
    await mo.goTo('square');
    await mo.write('/mute @rook 10m too loud');
    await mo.page.getByText('rook is muted for 10m in the community.').waitFor();
    await rook.page.getByText(/You are muted until .*: too loud/).waitFor();
    await rook.write('hello?');
    await rook.page.getByText(/Not sent\. You are muted/).waitFor();
    await takePictures(rook.page, 'order-muted');
    await assertAccessible(rook.page, 'the room of somebody who is muted');
  });

  scene('Mo bans Rook from the message, and nothing of the community is his any more', async () => {
    await mo.log.getByText('buy a lottery ticket').hover();
    await mo.press('Mute or ban');
    await mo.page.getByRole('radio', { name: /^Ban/ }).check();
    await mo.fill('Why. The person reads it, and it stands in the log.', 'advertising');
    await assertAccessible(mo.page, 'the dialog for a ban');
    await takePictures(mo.page, 'order-dialog');
    await mo.press('Ban');
    await mo.page.getByText('rook is banned').waitFor();
    await rook.writer.waitFor({ state: 'detached' });
    const rooms = await rookHimself.done<{ rooms: unknown[] }>('GET', '/v1/rooms');
    assert.deepEqual(rooms.rooms, []);
    await mo.open(`/c/${community}/moderation`);
    await mo.page.getByText('banned rook').waitFor();
    await takePictures(mo.page, 'order-page-after');
    for (const who of [mo, pia, rook]) assert.deepEqual(who.complaints, []);
  });
});
