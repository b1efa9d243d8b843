import { startProgram } from './load/programs.ts';
import { startSocketIo, startWsLoop } from './peers/sites.ts';
const here = (p: string) => new URL(p, import.meta.url);
const b = startProgram(here('load/blaster.ts'));
const port = await b.ask<number>('listen');
let c = startProgram(here('load/crowd.ts'));
await c.ask('gather', { site: { port, path: '/', tokens: [], greeting: [], delivery: { at: 9, bytes: 'mess' }, acknowledgement: { at: 9, bytes: 'post' }, post: '' }, count: 500, reads: false });
console.log('ceiling', await c.ask('listen', { warm: 1.5, seconds: 2 }));
await c.stop(); await b.stop();
for (const [n, s] of [['sio', startSocketIo], ['ws', startWsLoop]] as const) for (const stores of [false, true]) {
  const r = await s(stores);
  c = startProgram(here('load/crowd.ts'));
  await c.ask('gather', { site: r.site, count: 500, reads: true });
  console.log(n, stores, 'saturated', await c.ask('saturate', { count: 500, outstanding: 64, warm: 1, seconds: 2 }));
  await c.stop(); await r.stop();
  for (const rate of [100, 1000]) {
    const r = await s(stores);
    c = startProgram(here('load/crowd.ts'));
    await c.ask('gather', { site: r.site, count: 500, reads: true });
    console.log(n, stores, rate, await c.ask('pace', { count: 500, rate, warm: 1, seconds: 3, drain: 8 }));
    await c.stop(); await r.stop();
  }
}
