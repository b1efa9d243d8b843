import type { CpuRate } from '#bench/load/cpu-rate.ts';
import { startProgram } from '#bench/load/programs.ts';
import { atLeast, interleave, judge, type Bench, type Measure, type Result } from './measure.ts';

/** Replies per second of processor time of one echo command among 200: the spine alone beside Hubot's command bus. */
export const spineEcho: Measure = { name: 'spine.echo200', run };

async function run(bench: Bench): Promise<Result> {
  const figures = await interleave(bench, {
    ours: () => echo('../ours/spine.ts', { commands: 200 }),
    hubot: () => echo('../peers/hubot.ts', { commands: 200 }),
    'ours with 2 commands': () => echo('../ours/spine.ts', { commands: 2 }),
    'ours with its records': () => echo('../ours/spine.ts', { commands: 200, records: true }),
  });
  const { ours: mine, ...peers } = figures;
  const goals = [atLeast(mine / peers.hubot, 0.5), atLeast(mine / peers['ours with 2 commands'], 0.8, ' x second')];
  return judge({ measure: 'spine.echo200', ours: mine, peers, unit: 'replies/CPU s', goals });
}

async function echo(path: string, asked: { commands: number; records?: boolean }): Promise<number> {
  const program = startProgram(new URL(path, import.meta.url));
  try {
    return (await program.ask<CpuRate>('echo', { records: false, warm: 1, seconds: 1.5, ...asked })).perCpuSecond;
  } finally {
    await program.stop();
  }
}
