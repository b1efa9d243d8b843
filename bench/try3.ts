import { startProgram } from './load/programs.ts';
const b = startProgram(new URL('ours/spine.ts', import.meta.url), ['--cpu-prof', '--cpu-prof-dir=/tmp/prof-spine']);
console.log(await b.ask('echo', { commands: 200, warm: 1, seconds: 3 }));
await b.stop();
