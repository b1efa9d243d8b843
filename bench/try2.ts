import { startProgram } from './load/programs.ts';
const here = (p: string) => new URL(p, import.meta.url);
for (const [f, n] of [['peers/hubot.ts', 200], ['ours/spine.ts', 200], ['ours/spine.ts', 2], ['peers/hubot.ts', 200]] as const) {
  const b = startProgram(here(f));
  console.log(f, n, await b.ask('echo', { commands: n, warm: 1, seconds: 2 }));
  await b.stop();
}
