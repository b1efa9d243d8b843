import { startProgram } from '#bench/load/programs.ts';
import { makeHall, openHall, openVariant, siteOf, type Variant } from '#bench/ours/hall.ts';
import { atLeast, interleave, judge, type Bench, type Measure, type Result } from './measure.ts';

/** Acknowledged posts/s of 64 posters over WebSocket with one post under way each, all in one room. */
export const postsDurable: Measure = { name: 'posts.durable', run };

const POSTERS = 64;

type Open = () => Promise<Variant>;

async function run(bench: Bench): Promise<Result> {
  const data = await makeHall(POSTERS);
  const ours: Open = async () => {
    const hall = await openHall(data.folder);
    return { site: siteOf(hall.port, data), stop: () => hall.stop() };
  };
  try {
    return await compare(bench, ours);
  } finally {
    data.remove();
  }
}

async function compare(bench: Bench, ours: Open): Promise<Result> {
  const figures = await interleave(bench, {
    ours: () => acknowledged(ours),
    'store in memory': () => acknowledged(() => openVariant(POSTERS, { database: 'memory' })),
    'commit per post': () => acknowledged(() => openVariant(POSTERS, { database: 'file', batch: 1 })),
  });
  const { ours: mine, ...peers } = figures;
  const goals = [
    atLeast(mine / peers['store in memory'], 0.4),
    atLeast(mine / peers['commit per post'], 4, ' x second'),
  ];
  return judge({ measure: 'posts.durable', ours: mine, peers, unit: 'posts/s', goals });
}

async function acknowledged(open: Open): Promise<number> {
  const hall = await open();
  const crowd = startProgram(new URL('../load/crowd.ts', import.meta.url));
  try {
    return await crowd.ask<number>('acknowledge', { site: hall.site, count: POSTERS, warm: 2, seconds: 3 });
  } finally {
    await crowd.stop();
    await hall.stop();
  }
}
