import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { PASSWORD } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';
import { eventually } from '#test/support/wait.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';

/**
 * A play in one evening: Olga starts a hall, Ann comes by a link, they talk, ask for a quote, mend a word, lose the
 * line and come back. Each scene goes on where the last one ended.
 */
for (const shape of SHAPES)
  describe(`a first evening, ${shape}`, { concurrency: 1 }, () => {
    let browser: Browser;
    let hall: Deployment;
    let stock: StockSource;
    let olga: Visitor;
    let ann: Visitor;
    let invite: string;
    const scene = play(async () => {
      await takePictures(olga.page, 'failed-olga');
      await takePictures(ann.page, 'failed-ann');
    });

    before(async () => {
      [browser, stock] = await Promise.all([startBrowser(), startStock()]);
      hall = await startDeployment(shape, { STOCK_URL: stock.url, READ_LIMIT: '100000/60' });
      [olga, ann] = await Promise.all([Visitor.arrive(browser, hall.next()), Visitor.arrive(browser, hall.next())]);
    });
    after(async () => {
      await browser?.close();
      await hall?.remove();
      await stock?.stop();
    });

    scene('a stranger is shown the door, and it says how people get in', async () => {
      await ann.open('/');
      await ann.standsAt('Sign in');
      await assertAccessible(ann.page, 'the sign-in page');
      await takePictures(ann.page, 'sign-in');
    });

    scene('Olga opens the one-time link from the terminal and becomes the owner', async () => {
      await olga.open(`/first/${await hall.ownerCode()}`);
      await olga.standsAt('Make the owner');
      await assertAccessible(olga.page, 'the first page');
      await takePictures(olga.page, 'first-owner');
      await olga.fill('Your name', 'Olga');
      await olga.fill('Username', 'olga');
      await olga.fill('Password', PASSWORD);
      await olga.fill('Name of your community', 'Lantern Street');
      await olga.press('Make the owner');
      await olga.page.getByText('Lantern Street').first().waitFor();
    });

    scene('the link works once', async () => {
      await ann.open(`/first/${await hall.ownerCode()}`);
      await ann.standsAt('This link does not work.');
    });

    scene('she makes a room', async () => {
      await olga.press('Make a room');
      await olga.fill('Name', 'reading-group');
      await olga.fill('Topic', 'One book a month');
      await assertAccessible(olga.page, 'the dialog for a new room');
      await olga.press('Make the room');
      await olga.standsAt('reading-group');
      await assertAccessible(olga.page, 'an empty room');
      await takePictures(olga.page, 'room-empty');
    });

    scene('she makes an invite link and gives it to Ann', async () => {
      await olga.press('Community menu');
      await olga.page.getByRole('menuitem', { name: 'Manage the community' }).click();
      await olga.page.getByRole('link', { name: 'Invites' }).click();
      await olga.standsAt('Invites');
      await olga.press('Make a link');
      const shown = olga.page.getByText(/\/join\/[\w-]+/).first();
      await shown.waitFor();
      invite = /\/join\/[\w-]+/.exec(await shown.innerText())?.[0] ?? '';
      assert.match(invite, /^\/join\/[\w-]{8,}$/);
      await assertAccessible(olga.page, 'the invites page');
      await takePictures(olga.page, 'invites');
      await olga.page.getByRole('link', { name: 'Back to the rooms' }).click();
      await olga.standsAt('reading-group');
    });

    scene('Ann comes in by the link, and mistakes in the form are named before anything is sent', async () => {
      await ann.open(invite);
      await ann.standsAt('Join Lantern Street');
      await ann.fill('Your name', 'Ann');
      await ann.fill('Username', 'Ann Lee');
      await ann.fill('Password', 'short');
      await ann.press('Join Lantern Street');
      await ann.page.getByText(/It needs at least twelve/).waitFor();
      await assertAccessible(ann.page, 'the form with mistakes');
      await takePictures(ann.page, 'join');
      await ann.fill('Username', 'ann');
      await ann.fill('Password', PASSWORD);
      await ann.press('Join Lantern Street');
      await ann.goTo('reading-group');
    });

    scene('she signs out, a wrong password is told as such, and she signs in again', async () => {
      await ann.page.getByRole('link', { name: 'Your profile' }).click();
      await ann.standsAt('Profile');
      await ann.page.getByText('this one').waitFor();
      await assertAccessible(ann.page, 'the profile');
      await takePictures(ann.page, 'profile');
      await ann.press('Sign out here');
      await ann.standsAt('Sign in');
      await ann.signIn('ann', 'not my password at all');
      await ann.page.getByText('That name and password do not match.').waitFor();
      await ann.signIn('ann');
      await ann.page.waitForURL((url) => !url.pathname.startsWith('/signin'));
      await ann.open('/');
      await ann.goTo('reading-group');
    });

    scene('they talk: each sees what the other writes, at once and once', async () => {
      await olga.write('Hello Ann, good to see you.');
      await ann.sees('Hello Ann, good to see you.');
      await ann.write('Hello @olga. What do we read?');
      await olga.sees('Hello @olga. What do we read?');
      const both = ['Hello Ann, good to see you.', 'Hello @olga. What do we read?'];
      await ann.hasLines(both);
      await olga.hasLines(both);
    });

    scene('while Ann writes, Olga sees that she does', async () => {
      await eventually('the line that says so', async () => {
        await ann.writer.press('m');
        return (await olga.page.getByText('Ann is writing').isVisible()) || undefined;
      });
      await ann.writer.fill('');
    });

    scene('Ann asks for a quote: she alone sees that it is looked up, both see the answer', async () => {
      await ann.write('/stock=aapl.us');
      await ann.sees('Looking up AAPL.US…');
      await ann.sees('AAPL.US quote is 126.85');
      await olga.sees('AAPL.US quote is 126.85');
      assert.equal(await olga.log.getByText('Looking up').count(), 0);
      assert.ok(!(await olga.lines()).some((line) => line.startsWith('/stock')), 'the command line is not a message');
    });

    scene('typing / offers the commands, and a wrong argument is told before it is sent', async () => {
      await ann.writer.pressSequentially('/st');
      await ann.page.getByRole('option', { name: /stock/ }).waitFor();
      await assertAccessible(ann.page, 'the list of commands');
      await takePictures(ann.page, 'commands');
      await ann.writer.fill('');
    });

    scene('Ann mends her last message with the arrow key, and Olga sees the new words', async () => {
      await ann.writer.press('ArrowUp');
      const mending = ann.page.getByRole('textbox', { name: 'Edit your message' });
      await mending.fill('Hello Olga. What do we read first?');
      await mending.press('Enter');
      await olga.sees('Hello Olga. What do we read first?');
      await ann.sees('Hello Olga. What do we read first?');
      await olga.log.getByText(/^edited /).waitFor();
      assert.equal(await olga.log.getByText('Hello @olga. What do we read?', { exact: true }).count(), 0);
    });

    scene(
      'off line a thin line says so, what she writes is kept, and back on line nothing is missing or doubled',
      async () => {
        const before = await ann.lines();
        await ann.goesOffLine(true);
        await ann.page.getByText('Reconnecting. What you write is kept.').waitFor();
        await takePictures(ann.page, 'off-line');
        await olga.write('Are you still there?');
        await olga.write('I will wait.');
        await ann.write('I was in a tunnel.');
        await ann.goesOffLine(false);
        await olga.sees('I was in a tunnel.');
        const all = [...before, 'Are you still there?', 'I will wait.', 'I was in a tunnel.'];
        await ann.hasLines(all);
        await olga.hasLines(all);
      },
    );

    scene('the hall is started anew under their feet, and they go on', async () => {
      const before = await ann.lines();
      assert.equal(await hall.stop(), 0);
      await ann.page.getByText('Reconnecting. What you write is kept.').waitFor();
      await ann.write('Written while the hall was closed.');
      await hall.startAgain();
      await olga.sees('Written while the hall was closed.');
      await olga.write('It is open again.');
      const all = [...before, 'Written while the hall was closed.', 'It is open again.'];
      await ann.hasLines(all);
      await olga.hasLines(all);
    });

    scene('a full room is accessible, light and dark and on a phone', async () => {
      await assertAccessible(ann.page, 'the room');
      await ann.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      await assertAccessible(ann.page, 'the room in the dark');
      await ann.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      await takePictures(ann.page, 'room');
      await ann.page.setViewportSize({ width: 360, height: 740 });
      await assertAccessible(ann.page, 'the room on a phone');
      await ann.page.getByRole('link', { name: 'All rooms' }).click();
      await ann.page.getByRole('link', { name: /reading-group/ }).waitFor();
      await assertAccessible(ann.page, 'the rooms on a phone');
      await takePictures(ann.page, 'rooms');
      await ann.page.setViewportSize({ width: 1280, height: 800 });
    });

    scene('the people panel shows who is here', async () => {
      await olga.press('2 people here');
      await olga.page.getByRole('complementary').getByText('Ann').first().waitFor();
      await assertAccessible(olga.page, 'the people panel');
      await takePictures(olga.page, 'people');
    });

    scene('an address that leads nowhere says so', async () => {
      await ann.open('/no/such/page');
      await ann.standsAt('Nothing is at this address');
      await assertAccessible(ann.page, 'the page for what is not there');
      await takePictures(ann.page, 'not-found');
    });

    scene('no page complained of anything all evening', () => {
      assert.deepEqual([...olga.complaints, ...ann.complaints], []);
    });
  });
