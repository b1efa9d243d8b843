import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type SlackSimulator, startSlack } from '#test/simulators/slack/index.ts';
import { assertAccessible } from '#test/support/axe.ts';
import { startBrowser } from '#test/support/chromium.ts';

describe("a simulator's page in a browser", () => {
  let slack: SlackSimulator;
  let browser: Browser;
  let page: Page;
  before(async () => {
    slack = await startSlack();
    browser = await startBrowser();
    page = await browser.newPage();
    await page.goto(slack.page);
    await page.getByLabel('You are').selectOption({ label: 'mia (member)' });
  });
  after(async () => {
    await browser.close();
    await slack.stop();
  });

  const say = async (text: string): Promise<void> => {
    await page.getByLabel('Say').fill(text);
    await page.keyboard.press('Enter');
  };

  test('a line that is typed is said, and shown', async () => {
    await say('hello');
    await page.getByRole('listitem').filter({ hasText: 'mia hello' }).waitFor();
    assert.deepEqual(
      slack.seen('square').map(({ text }) => text),
      ['hello'],
    );
  });

  test('what only one person sees is marked, and not shown to another', async () => {
    await say('/stock aapl.us');
    const whisper = page.getByText('only mia sees this');
    await whisper.waitFor();
    await page.getByLabel('You are').selectOption({ label: 'max (member)' });
    await whisper.waitFor({ state: 'detached' });
  });

  test('a refusal is told, and what was typed stays', async () => {
    await say('/dance');
    await page.getByRole('alert').filter({ hasText: '/dance is not a valid command.' }).waitFor();
    assert.equal(await page.getByLabel('Say').inputValue(), '/dance');
  });

  test('markup in a line is only text', async () => {
    await slack.say('max', 'square', '<img src=x onerror=alert(1)>');
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    assert.equal(await page.locator('li img').count(), 0);
  });

  test('everybody can use it', async () => {
    await page.getByText('What goes wrong').click();
    await assertAccessible(page, 'the page of a simulator');
  });
});
