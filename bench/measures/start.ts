import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeHall, openHall, type HallData } from '#bench/ours/hall.ts';
import { atMost, judge, median, REPEATS, rounded, type Bench, type Measure, type Result } from './measure.ts';

/** From the start of `node src/main.ts` to the first 200 of /health/ready, on data that is there already. */
export const startReady: Measure = { name: 'start.ready', run: ready };

/** Memory of the idle process 30 s after its start, as the kernel counts it (VmRSS). */
export const startRss: Measure = { name: 'start.rss', run: rss };

async function ready(bench: Bench): Promise<Result> {
  const data = await makeHall(0);
  try {
    const taken: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) taken.push(await timeToReady(data));
    bench.note(`  ${taken.map(rounded).join(', ')}`);
    const ours = median(taken);
    return judge({ measure: 'start.ready', ours, peers: {}, unit: 'ms', goals: [atMost(ours, 500)] });
  } finally {
    data.remove();
  }
}

async function timeToReady(data: HallData): Promise<number> {
  const began = performance.now();
  const hall = await openHall(data.folder);
  const took = performance.now() - began;
  await hall.stop();
  return took;
}

/** Five halls wait side by side: waiting costs no time of the processor. */
async function rss(bench: Bench): Promise<Result> {
  if (process.platform !== 'linux') throw new Error('start.rss reads /proc, which only Linux has');
  const folders: HallData[] = [];
  try {
    for (let repeat = 0; repeat < REPEATS; repeat++) folders.push(await makeHall(0));
    const taken = await Promise.all(folders.map(memoryLater));
    bench.note(`  ${taken.map(rounded).join(', ')}`);
    const ours = median(taken);
    return judge({ measure: 'start.rss', ours, peers: {}, unit: 'MB', goals: [atMost(ours, 150)] });
  } finally {
    for (const data of folders) data.remove();
  }
}

async function memoryLater(data: HallData): Promise<number> {
  const hall = await openHall(data.folder);
  try {
    await sleep(30_000);
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${hall.pid}/status`, 'utf8'))?.[1];
    return (Number(kilobytes) * 1_024) / 1e6;
  } finally {
    await hall.stop();
  }
}
