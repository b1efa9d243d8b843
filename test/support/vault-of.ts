import { execFileSync } from 'node:child_process';
import type { Deployment } from './deployment.ts';
import { eventually } from './wait.ts';

/** The process of the vault itself, which has the keys; waits where it is being started. */
export function vaultPid({ vaultKeeper }: Pick<Deployment, 'vaultKeeper'>): Promise<number> {
  return eventually('the vault to run', () => vaultBelow(vaultKeeper));
}

/** The vault that this process started, where it runs. */
export function vaultBelow(keeper: number): number | undefined {
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const found = lines.find((line) => new RegExp(`^\\s*\\d+\\s+${keeper}\\s.*services/vault/main\\.ts`).test(line));
  return found === undefined ? undefined : Number.parseInt(found, 10);
}
