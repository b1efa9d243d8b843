/** Builds the pages into `web/dist`, when something that they are made of has changed. Runs before every start. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const STAMP = join(ROOT, 'web/dist/stamp');
const SOURCES = ['web/**/*', 'contracts/web.ts', 'vite.config.ts', 'svelte.config.js', 'package-lock.json'];

const wanted = hashOf(sourceFiles());
if (stampOf() !== wanted) await build(wanted);

function sourceFiles(): string[] {
  const found = globSync(SOURCES, {
    cwd: ROOT,
    exclude: (path) => path === 'web/dist' || path.startsWith('web/dist/'),
  });
  return found.filter((path) => /\.\w+$/.test(path) && !path.endsWith('.test.ts')).toSorted();
}

function hashOf(files: string[]): string {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  return hash.digest('hex');
}

function stampOf(): string {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return '';
  }
}

/** A build that fails leaves no stamp, so the next start tries again. */
async function build(stamp: string): Promise<void> {
  const started = performance.now();
  const vite = await import('vite');
  await vite.build({ configFile: join(ROOT, 'vite.config.ts'), logLevel: 'warn' });
  for (const file of globSync('web/dist/**/*.{js,css,svg,html}', { cwd: ROOT })) compress(join(ROOT, file));
  writeFileSync(STAMP, stamp);
  console.log(`The pages are built (${((performance.now() - started) / 1_000).toFixed(1)} s).`);
}

/** Once here instead of for every request: a third of the bytes go over the wire. */
function compress(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(`${path}.br`, brotliCompressSync(bytes));
  writeFileSync(`${path}.gz`, gzipSync(bytes));
}
