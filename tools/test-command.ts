import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The root of the repository. */
export const root = dirname(import.meta.dirname);

/** Where every test of the gate stands. */
export const GATE = [
  'tools/**/*.test.ts',
  'scripts/**/*.test.ts',
  'contracts/**/*.test.ts',
  'services/**/*.test.ts',
  'src/**/*.test.ts',
  'web/**/*.test.ts',
  'bench/*.test.ts',
  'test/contracts/**/*.test.ts',
  'test/simulators/**/*.test.ts',
  'test/support/**/*.test.ts',
  'test/journeys/**/*.test.ts',
];

/** After which a test of the gate is ended. A suite counts as one test with all that is in it, on a machine that has other things to do too. */
export const GATE_MINUTES = 6;

/** What a call of the test runner came to; `summary` is its own last lines (tests, pass, fail …). */
export interface Outcome {
  code: number;
  summary: string[];
}

/**
 * One call of Node's test runner, its output passed through as it comes. Two files at a time, a compile cache, and a
 * limit on every test, so that a hanging one ends by itself.
 */
export function runTests(globs: string[], options: { minutes: number; env?: NodeJS.ProcessEnv }): Promise<Outcome> {
  const limit = options.minutes * 60_000;
  const flags = ['--test', '--test-concurrency=2', `--test-timeout=${limit}`, `--test-global-setup=${SETUP}`];
  const cache = join(root, 'node_modules/.cache/compile');
  mkdirSync(cache, { recursive: true });
  const env = { ...process.env, ...options.env, NODE_COMPILE_CACHE: cache };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, ...globs], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let tail = '';
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      tail = (tail + chunk.toString()).slice(-200_000);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(outcomeOf(code, summaryOf(tail))));
  });
}

/** The runner's code alone is not believed: a package that a test loads may end the process with 0. */
function outcomeOf(code: number | null, summary: string[]): Outcome {
  const well = summary.includes('fail 0') && summary.includes('cancelled 0');
  return { code: code || (well ? 0 : 1), summary };
}

const SETUP = join(root, 'test/support/global-setup.ts');

const SUMMARY = /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

function summaryOf(output: string): string[] {
  const lines = output.split('\n').filter((line) => SUMMARY.test(line));
  return lines.slice(-8).map((line) => line.slice(2));
}
