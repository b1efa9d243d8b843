import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dispatchDiscord, dispatchDurable, dispatchSlack, dispatchTwitch } from './measures/dispatch.ts';
import { fanoutHundred, fanoutSaturated, fanoutThousand } from './measures/fanout.ts';
import type { Bench, Measure, Result } from './measures/measure.ts';
import { postsDurable } from './measures/posts.ts';
import { scaleCrosshall, scaleGrowth, scaleHalls } from './measures/scale.ts';
import { sessionCheck } from './measures/session.ts';
import { spineEcho } from './measures/spine.ts';
import { startReady, startRss } from './measures/start.ts';
import { vaultCall, vaultSeal } from './measures/vault.ts';
import { table } from './table.ts';

/** `npm run bench [-- [--json] NAME…]`: all measures, or those that are named. One JSON line a measure, then a table. */
const MEASURES: Measure[] = [
  fanoutSaturated,
  fanoutHundred,
  fanoutThousand,
  postsDurable,
  spineEcho,
  dispatchDiscord,
  dispatchSlack,
  dispatchTwitch,
  dispatchDurable,
  sessionCheck,
  scaleHalls,
  scaleCrosshall,
  scaleGrowth,
  vaultSeal,
  vaultCall,
  startReady,
  startRss,
];

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.exitCode = await main(process.argv.slice(2));

/** 0: measured, whether goals hold or not. 1: a measure did not come to its end. 2: asked for what is not there. */
async function main(args: string[]): Promise<number> {
  const json = args.includes('--json');
  const names = args.filter((arg) => arg !== '--json');
  const wrong = whatIsWrong(names);
  if (wrong !== undefined) return refuse(wrong);
  installPeers();
  const chosen = MEASURES.filter((one) => names.length === 0 || names.includes(one.name));
  const bench: Bench = { note: (words) => void process.stderr.write(`${words}\n`) };
  const results: Result[] = [];
  for (const measure of chosen) {
    const result = await take(measure, bench);
    if (!result) continue;
    results.push(result);
    console.log(JSON.stringify(result));
  }
  if (!json) console.log(`\n${table(results)}`);
  return results.length === chosen.length ? 0 : 1;
}

function whatIsWrong(names: string[]): string | undefined {
  if (Number(process.versions.node.split('.')[0]) < 24)
    return `This is Node ${process.version}. The figures stand for Node 24 and later: start it by npm run bench.`;
  const unknown = names.find((name) => !MEASURES.some((one) => one.name === name));
  if (unknown === undefined) return undefined;
  return `There is no measure ${unknown}. There are:\n  ${MEASURES.map((one) => one.name).join('\n  ')}`;
}

function refuse(words: string): number {
  console.error(`${words}\nNothing was measured.`);
  return 2;
}

async function take(measure: Measure, bench: Bench): Promise<Result | undefined> {
  bench.note(`${measure.name} (load of the machine before: ${loadavg()[0]?.toFixed(1)})`);
  try {
    return await measure.run(bench);
  } catch (error) {
    console.error(`${measure.name} did not come to its end:`, error);
    return undefined;
  }
}

/** The peers have a package and a lock of their own; the first run installs them. */
function installPeers(): void {
  const folder = import.meta.dirname;
  const { dependencies } = read(`${folder}/package.json`) as { dependencies: Record<string, string> };
  const there = Object.entries(dependencies).every(
    ([name, version]) => installed(`${folder}/node_modules/${name}`) === version,
  );
  if (there) return;
  console.error('The peers are installed first, once.');
  const asked = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  const [program, args] = npm ? [process.execPath, [npm, ...asked]] : ['npm', asked];
  const { status } = spawnSync(program, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
  });
  if (status !== 0) throw new Error(`npm ci in bench/ ended with ${status}. The peers are needed for comparison.`);
}

function installed(folder: string): unknown {
  return existsSync(`${folder}/package.json`)
    ? (read(`${folder}/package.json`) as { version: string }).version
    : undefined;
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
