import { startProgram } from './load/programs.ts';
import { makeHall, openHall, openVariant, siteOf } from './ours/hall.ts';
const here = (p: string) => new URL(p, import.meta.url);
const t0 = performance.now();
const data = await makeHall(100);
console.log('made', performance.now() - t0);
try {
  for (const what of ['sat', 100, 1000] as const) {
    const hall = await openHall(data.folder);
    const c = startProgram(here('load/crowd.ts'));
    const t = performance.now();
    await c.ask('gather', { site: siteOf(hall.port, data), count: 500, reads: true });
    console.log('gathered', performance.now() - t);
    await new Promise((r) => setTimeout(r, 1500));
    if (what === 'sat') console.log('saturated', await c.ask('saturate', { count: 500, outstanding: 64, warm: 1, seconds: 2 }));
    else console.log(what, await c.ask('pace', { count: 500, rate: what, warm: 1, seconds: 3, drain: 8 }));
    await c.stop(); await hall.stop();
  }
  const c = startProgram(here('load/crowd.ts'));
  for (const o of [{ database: 'file' }, { database: 'memory' }, { database: 'file', batch: 1 }] as const) {
    const v = await openVariant(64, o);
    console.log(o, await c.ask('acknowledge', { site: v.site, count: 64, warm: 1, seconds: 2 }));
    await v.stop();
  }
  await c.stop();
} finally { data.remove(); }
