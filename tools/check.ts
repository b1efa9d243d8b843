import { dirname } from 'node:path';
import { type Part, parts } from './check-parts.ts';
import type { Report } from './tree.ts';

/**
 * `npm run check`: types, lint, format and the repository's own rules. Prints one line a part, then what was found.
 * Exit code 1 where anything was.
 */
const root = dirname(import.meta.dirname);
const findings = await runTwoAtATime(parts.slice());
process.exitCode = findings === 0 ? 0 : 1;

async function runTwoAtATime(waiting: Part[]): Promise<number> {
  const counts = await Promise.all([takeNext(waiting), takeNext(waiting)]);
  return counts.reduce((sum, count) => sum + count, 0);
}

async function takeNext(waiting: Part[]): Promise<number> {
  let count = 0;
  for (let part = waiting.shift(); part; part = waiting.shift()) {
    const result = await part.run(root);
    print(part.name, result);
    count += result.findings.length;
  }
  return count;
}

function print(name: string, { looked, findings: found, note }: Report): void {
  const files = looked > 1 ? ` (${looked} files)` : '';
  console.log(`${found.length === 0 ? 'ok  ' : 'FAIL'} ${name}${files}${note ? ` ${note}` : ''}`);
  for (const finding of found) console.log(`       ${finding}`);
}
