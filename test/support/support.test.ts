import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import type { Browser } from 'playwright-core';
import { assertAccessible } from './axe.ts';
import { startBrowser } from './chromium.ts';
import { startPostgres } from './postgres.ts';

describe('the browser of the tests', () => {
  let browser: Browser;
  before(async () => (browser = await startBrowser()));
  after(() => browser.close());

  test('keeps pages of different origins apart, as the browsers of people do', async () => {
    const page = await browser.newPage();
    await page.setContent('<iframe src="data:text/html,hello"></iframe>');
    const inside = await page.evaluate('document.querySelector("iframe").contentDocument === null');
    assert.equal(inside, true);
    await page.close();
  });

  test('axe names the element that has a fault, and is silent for a page that has none', async () => {
    const page = await browser.newPage();
    const around = (body: string): string =>
      `<!doctype html><html lang="en"><title>A page</title><main><h1>A page</h1>${body}</main></html>`;
    await page.setContent(around('<img id="bare" src="data:,">'));
    await assert.rejects(assertAccessible(page, 'the page'), /image-alt: #bare/);
    await page.setContent(around('<p>Hello</p>'));
    await assertAccessible(page, 'the page');
    await page.close();
  });
});

test('each fresh database is empty and apart from the others', async (t) => {
  const postgres = await startPostgres();
  if (!postgres) return t.skip('no PostgreSQL here');
  t.after(() => postgres.stop());
  const [first, second] = await Promise.all([
    tablesAfter(await postgres.freshDatabase(), 'create table one ()'),
    tablesAfter(await postgres.freshDatabase(), 'select 1'),
  ]);
  assert.deepEqual([first, second], [1, 0]);
});

async function tablesAfter(url: string, statement: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  const { rows } = await client.query<{ n: string }>("select count(*) n from pg_tables where schemaname = 'public'");
  await client.end();
  return Number(rows[0]?.n);
}
