import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './child.ts';
import type { Deployment } from './deployment.ts';

/** How a program ended and what it said. */
export interface Said {
  code: number | null;
  out: string;
  err: string;
}

/** Runs one of our programs, such as `src/guildhall.ts`, with a hall's settings, and waits for its end. */
export function runProgram(hall: Deployment, words: string[], more: { stdin?: string; env?: NodeJS.ProcessEnv } = {}) {
  const [program = '', ...rest] = words;
  const env = { ...hall.environment(), ...more.env };
  return new Promise<Said>((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, program), ...rest], { cwd: hall.data, env, timeout: 20_000 });
    const said: Said = { code: null, out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...said, code }));
    child.stdin.end(more.stdin ?? '');
  });
}
