import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '#bench/load/programs.ts';
import { atMost, judge, median, REPEATS, rounded, type Bench, type Measure, type Result } from './measure.ts';

/** Time to know a person by their token: in process, 1,000 sessions in an SQLite file. */
export const sessionCheck: Measure = { name: 'session.check', run };

async function run(bench: Bench): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-bench-'));
  const program = startProgram(new URL('../ours/session-check.ts', import.meta.url));
  try {
    await program.ask('fill', { path: join(folder, 'guildhall.db'), sessions: 1_000 });
    const taken: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++)
      taken.push(await program.ask<number>('check', { warm: 0.5, seconds: 1 }));
    bench.note(`  ${taken.map(rounded).join(', ')}`);
    const ours = median(taken);
    return judge({ measure: 'session.check', ours, peers: {}, unit: 'µs', goals: [atMost(ours, 50)] });
  } finally {
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
