import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

/**
 * Fails, naming rule and element, where axe-core finds anything that WCAG 2.2 AA or its best practices forbid. What was
 * found well is not looked at again where a play is given on another shape of deployment: the page is the same.
 */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  if (well.has(what)) return;
  await page.evaluate(SOURCE);
  const found = await page.evaluate(LOOK);
  assert.deepEqual(found, [], `${what} has ${String(found.length)} accessibility faults`);
  well.add(what);
}

const well = new Set<string>();

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Runs inside the page, so it is text: the page's own content policy allows no script of ours there. */
const LOOK = `axe.run(document, { resultTypes: ['violations'] }).then((result) =>
  result.violations.flatMap((one) => one.nodes.map((node) => one.id + ': ' + node.target.join(' ') + ': ' + one.help)))` as string &
  (() => Promise<string[]>);
