import { setTimeout as sleep } from 'node:timers/promises';
import { startProgram, type Program } from '#bench/load/programs.ts';
import type { Latency, Site } from '#bench/load/site.ts';
import { makeHall, openHall, siteOf, type HallData } from '#bench/ours/hall.ts';
import { startSocketIo, startWsLoop, type Running } from '#bench/peers/sites.ts';
import { atLeast, atMost, interleave, judge, rounded, type Bench, type Measure, type Result } from './measure.ts';

/** Deliveries/s to 500 receivers of one room with 64 posts under way. Ours stores each post; here the peers do not. */
export const fanoutSaturated: Measure = {
  name: 'fanout.saturated',
  run: (bench) => withHall(bench, saturated),
};

/** p99 from post to frame at 100 posts/s. Each peer stores the post first too, a commit per post. */
export const fanoutHundred: Measure = {
  name: 'fanout.100ps',
  run: (bench) => withHall(bench, hundred),
};

/** The same at 1,000 posts/s, which the naive loop cannot keep up with. */
export const fanoutThousand: Measure = {
  name: 'fanout.1000ps',
  run: (bench) => withHall(bench, thousand),
};

const RECEIVERS = 500;

/** Accounts behind the receivers, five sockets each: making 500 passwords would take longer than the measure. */
const PEOPLE = 100;

type Open = () => Promise<Running>;

async function saturated(bench: Bench, ours: Open): Promise<Result> {
  const take = (open: Open) => () =>
    crowded(open, (crowd) =>
      crowd.ask<number>('saturate', { count: RECEIVERS, outstanding: 64, warm: 1.5, seconds: 2 }),
    );
  const figures = await interleave(bench, {
    ours: take(ours),
    'socket.io': take(() => startSocketIo(false)),
    'ws loop': take(() => startWsLoop(false)),
  });
  const { ours: mine, ...peers } = figures;
  const goals = [atLeast(mine / peers['socket.io'], 20)];
  return judge({ measure: 'fanout.saturated', ours: mine, peers, unit: 'deliveries/s', goals });
}

async function hundred(bench: Bench, ours: Open): Promise<Result> {
  const take = (open: Open) => () => paced(bench, open, { rate: 100, warm: 1.5, seconds: 4, drain: 3 });
  const { ours: mine, ...peers } = await interleave(bench, {
    ours: take(ours),
    'socket.io': take(() => startSocketIo(true)),
  });
  const goals = [atMost(mine / peers['socket.io'], 1.15)];
  return judge({ measure: 'fanout.100ps', ours: mine, peers, unit: 'ms p99', goals });
}

async function thousand(bench: Bench, ours: Open): Promise<Result> {
  const take = (open: Open) => () => paced(bench, open, { rate: 1_000, warm: 1.5, seconds: 3, drain: 4 });
  const { ours: mine, ...peers } = await interleave(bench, {
    ours: take(ours),
    'ws loop': take(() => startWsLoop(true)),
  });
  const goals = [atMost(mine / peers['ws loop'], 0.1)];
  return judge({ measure: 'fanout.1000ps', ours: mine, peers, unit: 'ms p99', goals });
}

async function paced(
  bench: Bench,
  open: Open,
  pace: { rate: number; warm: number; seconds: number; drain: number },
): Promise<number> {
  const latency = await crowded(open, (crowd) => crowd.ask<Latency>('pace', { count: RECEIVERS, ...pace }));
  const { p50, delivered, sent } = latency;
  bench.note(`      p50 ${rounded(p50)} ms, ${rounded(delivered * 100)} % came in time, ${rounded(sent)} posts/s sent`);
  return latency.p99;
}

/** A fresh server and a fresh load client for each run: nobody carries a backlog over, or code that is warm already. */
async function crowded<T>(open: Open, use: (crowd: Program) => Promise<T>): Promise<T> {
  const running = await open();
  const crowd = startProgram(new URL('../load/crowd.ts', import.meta.url));
  try {
    await crowd.ask('gather', { site: running.site, count: RECEIVERS, reads: true });
    // Ours tells who came in the first second; that is not what is measured.
    await sleep(1_500);
    return await use(crowd);
  } finally {
    await crowd.stop();
    await running.stop();
  }
}

async function withHall(bench: Bench, measure: (bench: Bench, ours: Open) => Promise<Result>): Promise<Result> {
  bench.note(`  the load client alone counts up to ${rounded(await ceiling())} deliveries/s`);
  const data = await makeHall(PEOPLE);
  try {
    return await measure(bench, () => ourSite(data));
  } finally {
    data.remove();
  }
}

async function ourSite(data: HallData): Promise<Running> {
  const hall = await openHall(data.folder);
  return { site: siteOf(hall.port, data), stop: () => hall.stop() };
}

/** What the load client can count at most: beside a server that writes the same bytes to all, as fast as they go. */
async function ceiling(): Promise<number> {
  return crowded(startBlaster, (crowd) => crowd.ask<number>('listen', { warm: 0.5, seconds: 1.5 }));
}

async function startBlaster(): Promise<Running> {
  const blaster = startProgram(new URL('../load/blaster.ts', import.meta.url));
  const port = await blaster.ask<number>('listen');
  const mark = { at: 9, bytes: 'mess' };
  const site: Site = { port, path: '/', tokens: [], greeting: [], delivery: mark, acknowledgement: mark, post: '' };
  return { site, stop: () => blaster.stop() };
}
