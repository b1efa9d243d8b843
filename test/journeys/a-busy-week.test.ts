import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { member, owner as makeOwner, PASSWORD, type Person } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';
import { eventually } from '#test/support/wait.ts';

/**
 * A play of a hall that has been used for a while: long rooms, private ones, several devices, and people who use the
 * keyboard alone. Olga acts over HTTP here, as Ann's pages are what is looked at.
 */
for (const shape of SHAPES)
  describe(`a busy week, ${shape}`, { concurrency: 1 }, () => {
    let browser: Browser;
    let hall: Deployment;
    let olga: Person;
    let ben: Person;
    let annId: string;
    let ann: Visitor;
    let annAgain: Visitor;
    const room: Record<string, string> = {};
    const scene = play(() => takePictures(ann.page, 'failed-busy-week'));
    const say = (where: string, text: string): Promise<unknown> =>
      olga.done('POST', `/v1/rooms/${room[where]}/messages`, { text });
    const letIn = async (where: string, isIn: boolean): Promise<unknown> =>
      olga.done(isIn ? 'PUT' : 'DELETE', `/v1/rooms/${room[where]}/members/${annId}`);
    const old = Array.from({ length: 130 }, (_, n) => `Old message ${n + 1}`);

    before(async () => {
      [browser, hall] = await Promise.all([
        startBrowser(),
        startDeployment(shape, { POST_LIMIT: '10000/1', READ_LIMIT: '10000/1' }, { bot: 1, worker: 0 }),
      ]);
      olga = await makeOwner(hall);
      annId = (await member(olga, 'ann')).id;
      ben = await member(olga, 'ben');
      for (const name of ['archive', 'lounge']) room[name] = await olga.makeRoom(name);
      room['cellar'] = await olga.makeRoom('cellar', { private: true });
      for (const text of old) await say('archive', text);
      await say('lounge', 'The lounge is open.');
      [ann, annAgain] = [await Visitor.arrive(browser, hall.next()), await Visitor.arrive(browser, hall.next())];
      for (const device of [ann, annAgain]) {
        await device.open(`/rooms/${room['lounge']}`);
        await device.signIn('ann');
        await device.standsAt('lounge');
      }
      // Where a device shows a room, what comes there is read.
      await annAgain.goTo('square');
    });
    after(async () => {
      await browser?.close();
      await hall?.remove();
    });

    scene('a page that was asked for before signing in is where one stands after it', async () => {
      await ann.sees('The lounge is open.');
    });

    scene(
      'a long room opens at its newest 50, and scrolling up brings the rest, all of it once and in order',
      async () => {
        await ann.goTo('archive');
        await ann.sees('Old message 130');
        assert.deepEqual(await ann.lines(), old.slice(-50));
        await ann.log.hover();
        await eventually('the oldest message', async () => {
          await ann.page.mouse.wheel(0, -3_000);
          return (await ann.lines()).length >= old.length || undefined;
        });
        assert.deepEqual(await ann.lines(), old);
        await ann.page.getByText('archive begins here.').waitFor();
      },
    );

    scene('while she reads the old ones, new ones are counted and do not move the page', async () => {
      await say('archive', 'Something new');
      await ann.page.getByRole('button', { name: /^1 new message\./ }).click();
      await ann.sees('Something new');
    });

    scene('a room that she does not look at counts what is new, and tells of a mention', async () => {
      await say('lounge', 'Coffee is ready.');
      const link = ann.page.getByRole('navigation').getByRole('link', { name: /^lounge/ });
      await ann.page.getByRole('link', { name: /lounge.*1\s*unread/ }).waitFor();
      await say('lounge', 'And tea, @ann.');
      await ann.page.getByRole('link', { name: /lounge.*1\s*mention/ }).waitFor();
      await eventually('the count in the title', async () => /^\(\d+\)/.test(await ann.page.title()) || undefined);
      await takePictures(ann.page, 'unread');
      await assertAccessible(ann.page, 'a room beside one with a mention');
      await link.click();
      await ann.sees('And tea, @ann.');
      await ann.page.getByRole('separator', { name: /^New since/ }).waitFor();
      await takePictures(ann.page, 'new-since');
    });

    scene('what she has read here is read on her other device', async () => {
      await annAgain.page.getByRole('link', { name: 'lounge', exact: true }).waitFor();
    });

    scene('a private room is not there for her, until she is let in, and then it is, without a reload', async () => {
      const cellar = ann.page.getByRole('navigation').getByRole('link', { name: /cellar/ });
      assert.equal(await cellar.count(), 0);
      await letIn('cellar', true);
      await cellar.waitFor();
      await say('cellar', 'Mind your head.');
      await ann.goTo('cellar');
      await ann.sees('Mind your head.');
      await letIn('cellar', false);
      await cellar.waitFor({ state: 'detached' });
    });

    scene('she deletes what she wrote, and it is gone for the others', async () => {
      await ann.goTo('lounge');
      await annAgain.goTo('lounge');
      await ann.write('A slip of the pen.');
      await annAgain.sees('A slip of the pen.');
      await ann.log.getByText('A slip of the pen.').hover();
      await ann.press('Delete');
      await assertAccessible(ann.page, 'the question before deleting');
      await takePictures(ann.page, 'delete-message');
      await ann.press('Delete message');
      await annAgain.log.getByText('A slip of the pen.').waitFor({ state: 'detached' });
      await ann.log.getByText('A slip of the pen.').waitFor({ state: 'detached' });
    });

    scene('what others wrote she can neither edit nor delete', async () => {
      await ann.log.getByText('Coffee is ready.').hover();
      await ann.page.getByRole('group', { name: /^On olga’s message$/i }).waitFor();
      assert.equal(await ann.page.getByRole('button', { name: 'Delete', exact: true }).count(), 0);
      assert.equal(await ann.page.getByRole('button', { name: 'Edit', exact: true }).count(), 0);
    });

    scene('words that look like markup are shown as words', async () => {
      const nasty = '<img src=x onerror=alert(1)> & <b>bold</b>';
      await say('lounge', nasty);
      await ann.sees(nasty);
      assert.equal(await ann.log.locator('img, b:not(.name)').count(), 0);
    });

    scene('a link is a link that tells nobody where it was clicked', async () => {
      await say('lounge', 'Look at https://a.example/path?q=1, and not at javascript:alert(1)');
      const link = ann.log.getByRole('link', { name: 'https://a.example/path?q=1' });
      await link.waitFor();
      assert.match((await link.getAttribute('rel')) ?? '', /noopener noreferrer/);
      assert.equal(await ann.log.locator('a[href^="javascript"]').count(), 0);
    });

    scene('with the keyboard alone: jump to a room, write, read the list of keys', async () => {
      const { keyboard } = ann.page;
      await keyboard.press('Control+k');
      await ann.page.getByRole('combobox').waitFor();
      await assertAccessible(ann.page, 'jump to');
      await takePictures(ann.page, 'jump');
      await keyboard.type('arch');
      await keyboard.press('Enter');
      await ann.standsAt('archive');
      await keyboard.type('Typed without a mouse.');
      await keyboard.press('Enter');
      await ann.sees('Typed without a mouse.');
      await keyboard.press('Alt+ArrowDown');
      await ann.page.getByRole('heading', { level: 1, name: 'archive' }).waitFor({ state: 'detached' });
      await ann.log.focus();
      await keyboard.press('?');
      await ann.page.getByRole('dialog', { name: 'Keys' }).waitFor();
      await assertAccessible(ann.page, 'the list of keys');
      await takePictures(ann.page, 'keys');
      await keyboard.press('Escape');
      await ann.page.getByRole('dialog').waitFor({ state: 'detached' });
    });

    scene('a command that there is not is told before it is sent, and again by the bot when she insists', async () => {
      await ann.goTo('lounge');
      await ann.write('/nope');
      await ann.page
        .getByText(/There is no command \/nope/)
        .first()
        .waitFor();
      await ann.writer.press('Enter');
      await ann.log.getByText(/nope/).first().waitFor();
      assert.ok(!(await annAgain.lines()).some((line) => line.includes('nope')));
    });

    scene('/help lists what she may run, and she alone sees it', async () => {
      const other = await ben.live();
      await other.subscribe(room['lounge'] ?? '');
      await ann.write('/help');
      await ann.log.getByText('Latest price of a share').first().waitFor();
      await assertAccessible(ann.page, 'the help');
      await takePictures(ann.page, 'help');
      await say('lounge', 'Did anybody hear something?');
      await other.frame('message', (frame) => frame.message.text === 'Did anybody hear something?');
      assert.ok(!other.frames.some((frame) => JSON.stringify(frame).includes('Latest price')));
      other.close();
    });

    scene('she ends the session of her other device, which is told why it is at the door', async () => {
      await ann.page.getByRole('link', { name: 'Your profile' }).click();
      await ann.standsAt('Profile');
      // The list has this browser, which can only sign out, then the other, then the program that she came in with.
      const others = ann.page.getByRole('button', { name: /^End the session on/ });
      await others.nth(1).waitFor();
      await takePictures(ann.page, 'sessions');
      await others.first().click();
      await annAgain.standsAt('Sign in');
      await annAgain.page.getByText('You are signed out.').waitFor();
      await annAgain.signIn('ann', PASSWORD);
      await annAgain.standsAt('lounge');
    });

    scene('ben, who was never there, still sees the whole of the lounge as it is now', async () => {
      const { messages } = await ben.done<{ messages: { text: string }[] }>(
        'GET',
        `/v1/rooms/${room['lounge']}/messages`,
      );
      await annAgain.hasLines(messages.map((message) => message.text));
    });

    scene('a room that is not hers says so, without talk of the line, and opens once she is let in', async () => {
      await ann.open(`/rooms/${room['cellar']}`);
      await ann.standsAt('There is no such room, or it is not yours to see');
      await ann.page.getByText('Reconnecting').first().waitFor({ state: 'detached' });
      await assertAccessible(ann.page, 'a room that is not hers');
      await letIn('cellar', true);
      await ann.goTo('cellar');
      await ann.sees('Mind your head.');
    });

    scene('no page complained of anything', () => {
      assert.deepEqual([...ann.complaints, ...annAgain.complaints], []);
    });
  });
