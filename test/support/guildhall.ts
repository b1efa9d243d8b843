import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bareEnvironment, ROOT } from './child.ts';

/** A run of `npm run -s guildhall -- WORDS`, as its own process. */
export interface Run {
  child: ChildProcess;
  ended: Promise<{ code: number | null; out: string; said: string }>;
}

/** Starts one in a folder. Only `env` reaches it: no setting of the developer's leaks in. */
export function startGuildhall(
  folder: string,
  words: string[],
  more: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Run {
  const child = spawn(process.execPath, [join(ROOT, 'src/guildhall.ts'), ...words], {
    cwd: folder,
    env: { ...bareEnvironment(), ...more.env },
    timeout: 60_000,
  });
  child.stdin.end(more.input ?? '');
  const all = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { child, ended: all.then(([out, err]) => ({ code: child.exitCode, out, said: out + err })) };
}
