import { keepCompiled } from './compile-cache.ts';

keepCompiled();
const { runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));
