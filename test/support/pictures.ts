import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';

/**
 * Writes a page as people see it, 1280 wide light and dark and 360 wide, into test/pictures/. Leaves it as it was. A play
 * that is given again, on another shape of deployment, shows the same pages: each is taken once. In CI nobody looks at
 * them, but at what failed. `whole`: to the foot of the page, however long it is.
 */
export async function takePictures(page: Page, name: string, { whole = false } = {}): Promise<void> {
  if (taken.has(name) || (process.env['CI'] && !name.startsWith('failed-'))) return;
  taken.add(name);
  const size = page.viewportSize();
  mkdirSync(FOLDER, { recursive: true });
  for (const { width, height, scheme } of VIEWS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.evaluate('document.fonts.ready.then(() => undefined)');
    if (whole) await page.setViewportSize({ width, height: await heightOf(page, height) });
    await page.screenshot({ path: join(FOLDER, `${name}-${width}-${scheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  if (size) await page.setViewportSize(size);
}

async function heightOf(page: Page, least: number): Promise<number> {
  return Math.max(least, await page.evaluate<number>('document.documentElement.scrollHeight'));
}

const taken = new Set<string>();

const FOLDER = join(dirname(import.meta.dirname), 'pictures');

const VIEWS = [
  { width: 1280, height: 800, scheme: 'light' },
  { width: 1280, height: 800, scheme: 'dark' },
  { width: 360, height: 740, scheme: 'light' },
] as const;
