import { spawn } from 'node:child_process';

/** How a command ended: its exit code (1 where a signal ended it) and all that it printed. */
export interface Ended {
  code: number;
  output: string;
}

/** Runs a script with this very Node, so that a check never falls back to the machine's older one. */
export function runNode(args: string[], cwd: string): Promise<Ended> {
  return run(process.execPath, args, cwd);
}

/** Runs npm: the one that started us where it did, else the one on the path. */
export function runNpm(args: string[], cwd: string): Promise<Ended> {
  const npm = process.env['npm_execpath'];
  return npm ? runNode([npm, ...args], cwd) : run('npm', args, cwd);
}

/** Runs a program to its end, without a shell. Rejects where it cannot be started. */
export function run(program: string, args: string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: plainEnvironment() });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Without colours, and without the variable by which node --test makes a child report to its parent. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, FORCE_COLOR: _colour, ...rest } = process.env;
  return { ...rest, NO_COLOR: '1' };
}
