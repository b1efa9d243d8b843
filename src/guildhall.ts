import { keepCompiled } from './compile-cache.ts';

keepCompiled();
// Whoever reads our lines may stop in the middle, such as `head`; what was asked is done all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const { runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));
