import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Installs packages of the system, as root on Debian alone; false elsewhere. None of their services is started. */
export function installPackages(...names: string[]): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  console.log(`Installing ${names.join(', ')}.`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  execFileSync('apt-get', ['update'], { env, stdio: 'ignore' });
  execFileSync('apt-get', ['install', '--yes', '--no-install-recommends', ...names], { env, stdio: 'ignore' });
  return true;
}
