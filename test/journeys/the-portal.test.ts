import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Browser } from 'playwright-core';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';
import { type Deployment, startDeployment } from '#test/support/deployment.ts';
import { member, owner as makeOwner, type Person } from '#test/support/person.ts';
import { takePictures } from '#test/support/pictures.ts';
import { play } from '#test/support/play.ts';
import { Visitor } from '#test/support/visitor.ts';
import { eventually } from '#test/support/wait.ts';

/** Nothing listens there: every quote fails. */
const NO_QUOTES = { STOCK_URL: 'http://127.0.0.1:9/q/l/', READ_LIMIT: '100000/60' };
const HOUR = 3_600_000;
/** Messages an hour of a lively day, the present hour last. */
const DAY = [160, 121, 96, 110, 104, 98, 92, 121, 168, 214, 231, 190, 96, 41, 12, 8, 5, 3, 2, 4, 9, 31, 88, 64];

/** A play at the portal: Olga looks how her community is, and sees to what failed. */
describe('the portal of a community', { concurrency: 1 }, () => {
  let browser: Browser;
  let hall: Deployment;
  let olga: Visitor;
  let ann: Visitor;
  let olgaHerself: Person;
  let annHerself: Person;
  let community: string;
  const scene = play(async () => {
    await takePictures(olga.page, 'failed-olga');
  });

  before(async () => {
    browser = await startBrowser();
    hall = await startDeployment('in one process', NO_QUOTES);
    olgaHerself = await makeOwner(hall);
    annHerself = await member(olgaHerself, 'ann');
    const { communities } = await olgaHerself.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
    community = communities[0]?.id ?? '';
    [olga, ann] = [await Visitor.arrive(browser, hall.next()), await Visitor.arrive(browser, hall.next())];
    await livelyDay(hall, community);
  });
  after(async () => {
    await browser?.close();
    await hall?.remove();
  });

  scene('Olga opens it from the menu beside her rooms, and is told how things are', async () => {
    await olgaHerself.done('POST', '/v1/commands/stock?wait=0', { args: { symbol: 'zzzq.us' } });
    const work = async () => (await olgaHerself.done<Seen>('GET', `/v1/communities/${community}/overview`)).work;
    await eventually('the job fails for good', async () => (await work()).failed[0]);
    await olga.open('/');
    await olga.signIn(olgaHerself.username);
    await olga.press('Community menu');
    await olga.page.getByRole('menuitem', { name: 'Manage the community' }).click();
    await olga.page.getByText('Everything answers. One job failed.').waitFor();
    await olga.page.getByRole('img', { name: /most at \d\d:\d\d with 231/ }).waitFor();
    assert.match(await olga.page.title(), /^Overview · /);
    await assertAccessible(olga.page, 'the overview of a community');
    await takePictures(olga.page, 'overview');
  });

  scene('she tries what failed again; it fails again, and she drops it', async () => {
    await olga.press('Try again: /stock zzzq.us');
    await olga.page.getByText('It is tried again now.').waitFor();
    const failed = async () =>
      (await olgaHerself.done<Seen>('GET', `/v1/communities/${community}/overview`)).work.failed[0];
    await eventually('it has failed again', failed);
    await olga.page.reload();
    await olga.press('Drop: /stock zzzq.us');
    await olga.page.getByText('No job failed.').waitFor();
    await olga.page.reload();
    await olga.page.getByRole('heading', { name: 'Lately changed' }).waitFor();
    await olga.page.getByText('let a failed job go').first().waitFor();
    await assertAccessible(olga.page, 'the overview with what was changed');
  });

  scene('Ann, a member, sees how lively it is, and nothing of the work', async () => {
    await ann.open(`/c/${community}/overview`);
    await ann.signIn('ann');
    await ann.page.getByRole('heading', { name: 'Messages an hour' }).waitFor();
    assert.equal(await ann.page.getByRole('heading', { name: 'Failed jobs' }).count(), 0);
    assert.equal(await ann.page.getByRole('link', { name: 'Invite people' }).count(), 0);
  });

  scene('she keeps quotes for moderators and is told what changes before she saves it', async () => {
    await olga.page.getByRole('link', { name: 'Commands' }).click();
    await olga.standsAt('Commands');
    await olga.press('Change /stock');
    await olga.page.getByLabel('Who', { exact: true }).selectOption('moderator');
    await olga.fill('Cooldown, seconds', '30');
    await olga.page.getByText('/stock: who: Members to Moderators, cooldown none to 30 s.').waitFor();
    await assertAccessible(olga.page, 'the commands of a community');
    await takePictures(olga.page, 'commands');
    await olga.press('Save changes');
    await olga.page.getByText('Saved. It holds from the next use on.').waitFor();
    await olga.page.reload();
    await olga.page.getByRole('row', { name: /\/stock .* Moderators 30 s/ }).waitFor();
  });

  scene('Ann is refused, and Olga sees why', async () => {
    const { status } = await annHerself.call('POST', '/v1/commands/stock', { args: { symbol: 'aapl.us' } });
    assert.equal(status, 403);
    await olga.fill('Person', 'ann');
    await olga.page.getByLabel('Command', { exact: true }).selectOption('stock');
    await olga.press('Explain');
    await olga.page.getByText('Refused here').waitFor();
    await olga.page.getByText(/They are told: “.*asks for moderator\. You are a member\./).waitFor();
    await olga.page.getByText(/They were last refused/).waitFor();
    await assertAccessible(olga.page, 'why somebody was refused');
    await olga.page.getByRole('heading', { name: 'Why was this refused?' }).scrollIntoViewIfNeeded();
    await takePictures(olga.page, 'why-refused');
    await olga.page.setViewportSize({ width: 320, height: 700 });
    assert.ok(await olga.page.evaluate('document.documentElement.scrollWidth <= 320'), 'nothing to scroll sideways');
    await olga.page.setViewportSize({ width: 1280, height: 800 });
  });

  scene(
    'she gives codes a market, mends what is wrong beside its field, and sees what changes before she saves',
    async () => {
      await olga.page.getByRole('link', { name: 'Features' }).click();
      await olga.standsAt('Features');
      await olga.page.getByRole('heading', { name: 'Stock quotes' }).waitFor();
      const market = olga.page.getByLabel('Default market', { exact: true });
      await market.fill('u5');
      await olga.press('Save changes');
      await olga.page.getByText('A market is 1 to 4 letters without the dot, such as us.').waitFor();
      await olga.page.locator('[aria-invalid="true"]:focus').waitFor();
      await assertAccessible(olga.page, 'a setting that is wrong');
      await takePictures(olga.page, 'features-wrong');
      await market.fill('us');
      await olga.page.keyboard.press('Tab');
      await olga.page.keyboard.press('Tab');
      await olga.page.keyboard.press('Space');
      const changes = /Default market: none to us; Tell who asks that the price is looked up: on to off\./;
      await olga.page.getByText(changes).waitFor();
      await assertAccessible(olga.page, 'the features of a community');
      await takePictures(olga.page, 'features');
      await olga.press('Save changes');
      await olga.page.getByText('Saved. It holds from the next use on.').waitFor();
      await olga.page.reload();
      await olga.page.getByRole('heading', { name: 'Stock quotes' }).waitFor();
      assert.equal(await market.inputValue(), 'us');
      await olga.page.setViewportSize({ width: 320, height: 700 });
      assert.ok(await olga.page.evaluate('document.documentElement.scrollWidth <= 320'), 'nothing to scroll sideways');
      await olga.page.setViewportSize({ width: 1280, height: 800 });
    },
  );

  scene(
    'somebody else saved meanwhile: she sees what holds now, keeps what she typed, and saves it over that',
    async () => {
      const path = `/v1/communities/${community}/features/stock/settings`;
      const { version } = await olgaHerself.done<{ version: number }>('GET', path);
      await olgaHerself.done('PUT', path, { version, values: { market: 'de', tells: null } });
      await olga.press('Default market: back to the default, none');
      await olga.press('Save changes');
      await olga.page.getByText(/^Somebody else changed these settings since you looked\./).waitFor();
      await olga.page.getByText('Default market: de to none.').waitFor();
      await olga.press('Save changes');
      await olga.page.getByText('Saved. It holds from the next use on.').waitFor();
      const { fields } = await olgaHerself.done<{ fields: { value: unknown }[] }>('GET', path);
      assert.deepEqual(
        fields.map(({ value }) => value),
        ['', true],
      );
      await olga.page.getByRole('link', { name: 'Audit' }).click();
      await olga.page.getByText(/changed the settings of stock: market none to us, tells on to off/).waitFor();
    },
  );

  scene('Olga, who runs the instance, sees how everything is, and a job that failed for good', async () => {
    await olgaHerself.done('POST', '/v1/commands/stock?wait=0', { args: { symbol: 'zzzq.us' } });
    const dead = async () => (await olgaHerself.done<{ dead: { id: string }[] }>('GET', '/v1/operator/dead')).dead[0];
    await eventually('the job fails for good', dead);
    await olga.page.getByRole('link', { name: 'This instance' }).click();
    await olga.standsAt('This instance');
    await olga.page.getByText('It works. One job waits for you.').waitFor();
    await olga.page.getByRole('row', { name: /everything .* Live/ }).waitFor();
    await olga.page.getByRole('row', { name: /SQLite .* database Live/ }).waitFor();
    await olga.page.getByText('None yet').waitFor();
    await olga.page.getByRole('heading', { name: 'Accounts' }).waitFor();
    await assertAccessible(olga.page, 'the operator’s page');
    await takePictures(olga.page, 'operator');
    await olga.page.getByRole('button', { name: /^Drop: / }).click();
    await olga.page.getByText('No job failed for good.').waitFor();
  });

  scene('Ann has no such page, and no link to it', async () => {
    assert.equal(await ann.page.getByRole('link', { name: 'This instance' }).count(), 0);
    await ann.open('/operator');
    await ann.standsAt('There is no such page, or it is not yours to see');
  });

  scene('no page complained of anything', () => {
    assert.deepEqual([...olga.complaints, ...ann.complaints], []);
  });
});

interface Seen {
  work: { failed: { id: string }[] };
}

/** As the hall counts it over a day. */
async function livelyDay(hall: Deployment, community: string): Promise<void> {
  const now = Date.now();
  const present = now - (now % HOUR);
  for (const [index, posts] of DAY.entries())
    await hall.rows('insert into activity (community_id, hour, posts) values (?, ?, ?)', [
      community,
      present - (DAY.length - 1 - index) * HOUR,
      posts,
    ]);
}
