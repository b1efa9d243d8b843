import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProgram, type Program } from '#bench/load/programs.ts';
import type { Latency, Site } from '#bench/load/site.ts';
import { cpuSeconds, openDeployment, type Deployment } from '#bench/ours/deployment.ts';
import { makeHall, openHall, siteOf } from '#bench/ours/hall.ts';
import { ROOT } from '#bench/ours/source.ts';
import { atMost, interleave, judge, median, rounded, type Bench, type Measure, type Result } from './measure.ts';

/** Deliveries/s to 2,000 receivers of one room over two halls, beside one hall and beside one process on SQLite. No goal: two cores. */
export const scaleHalls: Measure = { name: 'scale.halls', run: halls };

/** From a post in one hall to the frame of a client of another, at 200 posts/s, beside the same within one hall. */
export const scaleCrosshall: Measure = { name: 'scale.crosshall', run: crosshall };

/** Processor time of a hall for one message as the instance grows from 10² members and 10 rooms to 10⁵ and 10⁴. */
export const scaleGrowth: Measure = { name: 'scale.growth', run: growth };

const PEOPLE = 100;

async function halls(bench: Bench): Promise<Result> {
  const [two, one] = [await openDeployment(2, PEOPLE), await openDeployment(1, PEOPLE)];
  const data = await makeHall(PEOPLE);
  const alone = await openHall(data.folder);
  const take =
    (site: Site, others: Site[] = []) =>
    () =>
      saturated({ site, others });
  try {
    const { ours, ...peers } = await interleave(bench, {
      ours: take(first(two), two.sites.slice(1)),
      'one hall': take(first(one)),
      'one process on SQLite': take(siteOf(alone.port, data)),
    });
    return judge({ measure: 'scale.halls', ours, peers, unit: 'deliveries/s', goals: [] });
  } finally {
    await Promise.all([two.stop(), one.stop(), alone.stop()]);
    data.remove();
  }
}

function saturated(gathering: { site: Site; others: Site[] }): Promise<number> {
  const count = 2_000;
  return crowded({ ...gathering, count }, (crowd) =>
    crowd.ask<number>('saturate', { count, outstanding: 64, warm: 2, seconds: 2 }),
  );
}

async function crosshall(bench: Bench): Promise<Result> {
  const deployment = await openDeployment(2, PEOPLE);
  const [here, there] = deployment.sites as [Site, Site];
  const medians: number[] = [];
  const take =
    (posting: Site, p50s: number[] = []) =>
    async (): Promise<number> => {
      const { p50, p99, delivered } = await paced({ site: there, posting });
      bench.note(`      p50 ${rounded(p50)} ms, ${rounded(delivered * 100)} % came in time`);
      p50s.push(p50);
      return p99;
    };
  try {
    const { ours, ...peers } = await interleave(bench, { ours: take(here, medians), 'one hall': take(there) });
    const goals = [atMost(ours / peers['one hall'], 3), atMost(median(medians), 20, ' ms p50')];
    return judge({ measure: 'scale.crosshall', ours, peers, unit: 'ms p99', goals });
  } finally {
    await deployment.stop();
  }
}

function paced(gathering: { site: Site; posting: Site }): Promise<Latency> {
  const count = 200;
  return crowded({ ...gathering, count }, (crowd) =>
    crowd.ask<Latency>('pace', { count, rate: 200, warm: 1.5, seconds: 4, drain: 3 }),
  );
}

interface Size {
  members: number;
  rooms: number;
}

const SIZES: Size[] = [
  { members: 100, rooms: 10 },
  { members: 1_000, rooms: 100 },
  { members: 10_000, rooms: 1_000 },
  { members: 100_000, rooms: 10_000 },
];

/** From the smallest to the largest the logarithm grows by this. */
const LOG_GROWTH = 2.5;

async function growth(bench: Bench): Promise<Result> {
  const grown: { size: Size; deployment: Deployment }[] = [];
  try {
    for (const size of SIZES) {
      const deployment = await openDeployment(1, 20);
      grown.push({ size, deployment });
      await grow(deployment.database, size);
    }
    const takers = Object.fromEntries(
      grown.map(({ size, deployment }) => [nameOf(size), () => perMessage(bench, deployment)]),
    );
    const figures = await interleave(bench, takers);
    const { [nameOf(SIZES.at(-1) as Size)]: ours = 0, ...peers } = figures;
    const goals = [atMost(ours / (Object.values(peers)[0] ?? 1), LOG_GROWTH)];
    return judge({ measure: 'scale.growth', ours, peers, unit: 'µs CPU', goals });
  } finally {
    for (const { deployment } of grown) await deployment.stop();
  }
}

function nameOf({ members, rooms }: Size): string {
  return `${members} members, ${rooms} rooms`;
}

/** µs of the hall's processor time for one post at 200 posts/s to 20 receivers. */
async function perMessage(bench: Bench, { sites, halls: [hall] }: Deployment): Promise<number> {
  const site = sites[0] as Site;
  const pid = hall?.pid ?? 0;
  const [count, rate, warm, seconds] = [20, 200, 1.5, 4];
  let used = 0;
  const { p50 } = await crowded({ site, count }, async (crowd) => {
    const before = cpuSeconds(pid);
    const latency = await crowd.ask<Latency>('pace', { count, rate, warm, seconds, drain: 2 });
    used = cpuSeconds(pid) - before;
    return latency;
  });
  bench.note(`      p50 ${rounded(p50)} ms`);
  return (used * 1e6) / (rate * (warm + seconds));
}

interface Client {
  connect(): Promise<void>;
  query(text: string, values?: unknown[]): Promise<unknown>;
  end(): Promise<void>;
}

/** Rooms that one community may have. */
const ROOMS_EACH = 500;

/** Fills the tables as years of use would: people in the first community, rooms in as many communities as they need. */
async function grow(database: string, { members, rooms }: Size): Promise<void> {
  const pg = createRequire(ROOT)('pg') as { Client: new (options: { connectionString: string }) => Client };
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    await client.query(
      `insert into accounts (id, username, name, password_hash, operator, created_at)
       select 'acct_grown' || n, 'grown' || n, 'Grown', 'none', 0, 0 from generate_series(1, $1::int) n`,
      [members],
    );
    await client.query(
      `insert into members (community_id, account_id, role, joined_at)
       select (select id from communities order by created_at limit 1), 'acct_grown' || n, 'member', 0
       from generate_series(1, $1::int) n`,
      [members],
    );
    await client.query(
      `insert into communities (id, name, created_at)
       select 'comm_grown' || n, 'Grown', 4102444800000 from generate_series(0, ($1::int - 1) / ${ROOMS_EACH}) n`,
      [rooms],
    );
    await client.query(
      `insert into rooms (id, community_id, name, topic, private, seq, created_by, created_at)
       select 'room_grown' || n, 'comm_grown' || ((n - 1) / ${ROOMS_EACH}), 'grown', '', 0, 0, 'bot', 0
       from generate_series(1, $1::int) n`,
      [rooms],
    );
    await client.query('analyze');
  } finally {
    await client.end();
  }
}

function first({ sites }: Deployment): Site {
  return sites[0] as Site;
}

interface Gathering {
  site: Site;
  count: number;
  others?: Site[];
  posting?: Site;
}

/** A fresh load client for each run; the halls go on. */
async function crowded<T>(gathering: Gathering, use: (crowd: Program) => Promise<T>): Promise<T> {
  const crowd = startProgram(new URL('../load/crowd.ts', import.meta.url));
  try {
    await crowd.ask('gather', { ...gathering, reads: true });
    // Who came is told in the first second; that is not what is measured.
    await sleep(1_500);
    return await use(crowd);
  } finally {
    await crowd.stop();
  }
}
