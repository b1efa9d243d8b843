import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run-command.ts';
import { GATE, GATE_MINUTES, root, runTests } from './test-command.ts';

/**
 * `npm run test:long`: the gate, then what takes minutes (kills, long property runs). Prints a summary with date, seed
 * and commit, and keeps it in docs/reliability.md between the two markers. TEST_SEED repeats an earlier run.
 */
const began = new Date();
const seed = process.env['TEST_SEED'] ?? began.toISOString().slice(0, 10).replaceAll('-', '');
const env = { TEST_SEED: seed, TEST_LONG: '1' };

const gate = await runTests(GATE, { minutes: GATE_MINUTES, env });
const long = await runTests(['test/long/**/*.test.ts'], { minutes: 20, env });
const text = await summaryText();
console.log(`\n${text}`);
keep(text);
process.exitCode = gate.code || long.code;

async function summaryText(): Promise<string> {
  const minutes = ((Date.now() - began.getTime()) / 60_000).toFixed(1);
  return [
    `| what | figure |`,
    `| --- | --- |`,
    `| date | ${began.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${minutes} minutes |`,
    `| commit | ${await commit()} |`,
    `| Node | ${process.version}, ${process.platform}-${process.arch} |`,
    `| seed | ${seed} |`,
    `| the gate | ${inWords(gate.summary)} |`,
    `| the long tests | ${inWords(long.summary)} |`,
  ].join('\n');
}

/** "tests 12, pass 12, fail 0 …" without the time, which says nothing on a shared machine. */
function inWords(summary: string[]): string {
  return summary.filter((line) => !line.startsWith('duration')).join(', ') || 'did not run';
}

async function commit(): Promise<string> {
  const head = await run('git', ['rev-parse', '--short', 'HEAD'], root);
  if (head.code !== 0) return 'unknown';
  const changes = await run('git', ['status', '--porcelain', '--', ':!docs/reliability.md'], root);
  return head.output.trim() + (changes.output.trim() ? ' with changes not committed' : '');
}

function keep(table: string): void {
  const page = join(root, 'docs/reliability.md');
  const before = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const after = before.replace(
    /(<!-- long run: begin -->)[\s\S]*?(<!-- long run: end -->)/,
    (_all, begin: string, end: string) => `${begin}\n${table}\n${end}`,
  );
  if (after === before) console.log('docs/reliability.md has no place for the summary: the two markers are missing.');
  else writeFileSync(page, after);
}
