import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installPackages } from './debian-package.ts';

/**
 * A machine of its own for a process, as far as the network goes: a network namespace (ip-netns(8)) with one line to this
 * one. In there every address 127.… is on this side of the line, so the process reaches what listens here at the addresses
 * it has here, by real TCP over a line that can be cut; and whoever is here reaches it at `host`.
 */
export interface Place {
  /** The address at which the process must listen. */
  host: string;
  /** What stands before the command line of a process that is to run there. */
  prefix: string[];
  /** Nothing passes any more, in either direction; connections stay open, and nobody is told. To these addresses only, where given. */
  cut(addresses?: string[]): void;
  /** Everything passes again, to and from these addresses where given. */
  heal(addresses?: string[]): void;
  /** Ends what still runs there, and removes it. */
  remove(): void;
}

/** Addresses of this side that may be cut one by one: whoever is to be cut off listens at one of these. */
export const OUTSIDE = { postgres: '127.77.100.1', rabbit: '127.77.100.2', redis: '127.77.100.3', all: '127.0.0.1' };

/** Whether places can be made: as root on Linux. Installs the system's package of `ip` where it is missing. Fails under CI where there are none. */
export function hasPlaces(): boolean {
  const why = whyNone();
  if (why === undefined) removeStale();
  if (why === undefined) return true;
  if (process.env['CI'] === 'true') throw new Error(why);
  console.log(`${why} Nobody is cut off.`);
  return false;
}

/** `number`: from 1 to 250, another one for each place of this process. */
export function makePlace(number: number): Place {
  const name = `gh${process.pid}-${number}`;
  const line = `gh${process.pid % 100_000}n${number}`;
  const host = `127.${78 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 250}.${number}`;
  ip(name, ['netns', 'add', name]);
  try {
    lay({ name, line, host });
  } catch (error) {
    ip(name, ['netns', 'del', name]);
    throw error;
  }
  return placeOf({ name, line, host });
}

interface Line {
  name: string;
  /** Its end on this side; at most 15 characters. */
  line: string;
  host: string;
}

function lay({ name, line, host }: Line): void {
  ip(name, ['link', 'add', line, 'type', 'veth', 'peer', 'name', INSIDE, 'netns', name]);
  ip(name, ['link', 'set', line, 'up']);
  ip(name, ['-n', name, 'link', 'set', INSIDE, 'up']);
  // Without this, addresses 127.… are never let through a line.
  // https://docs.kernel.org/networking/ip-sysctl.html (route_localnet)
  execFileSync('sysctl', ['-qw', `net.ipv4.conf.${line}.route_localnet=1`]);
  execFileSync('ip', ['netns', 'exec', name, 'sysctl', '-qw', `net.ipv4.conf.${INSIDE}.route_localnet=1`]);
  ip(name, ['-n', name, 'addr', 'add', `${host}/32`, 'dev', INSIDE]);
  ip(name, ['-n', name, 'route', 'add', '127.0.0.0/8', 'dev', INSIDE, 'src', host]);
  ip(name, ['route', 'add', `${host}/32`, 'dev', line, 'src', '127.0.0.1', 'table', 'local']);
}

const INSIDE = 'line';

/** A neighbour whose hardware address nobody has: what is sent there is lost, and no program is told. */
const NOBODY = '02:00:00:00:00:99';

function placeOf({ name, line, host }: Line): Place {
  const cutTo = new Set<string>();
  const here = (words: string[]): void => ip(name, ['neigh', ...words, 'dev', line]);
  const there = (words: string[]): void => ip(name, ['-n', name, 'neigh', ...words, 'dev', INSIDE]);
  return {
    host,
    prefix: ['ip', 'netns', 'exec', name],
    cut(addresses) {
      if (!addresses) here(['replace', host, 'lladdr', NOBODY, 'nud', 'permanent']);
      if (!addresses) cutTo.add(host);
      for (const one of addresses ?? Object.values(OUTSIDE)) {
        there(['replace', one, 'lladdr', NOBODY, 'nud', 'permanent']);
        cutTo.add(one);
      }
    },
    heal(addresses = [...cutTo]) {
      for (const one of addresses) if (cutTo.delete(one)) (one === host ? here : there)(['del', one]);
    },
    remove() {
      const pids = execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).split('\n').filter(Boolean);
      for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
      ip(name, ['netns', 'del', name]);
    },
  };
}

function ip(name: string, words: string[]): void {
  try {
    execFileSync('ip', words, { stdio: 'pipe' });
  } catch (error) {
    throw new Error(`${name}: ip ${words.join(' ')}`, { cause: error });
  }
}

function whyNone(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'Network namespaces need root on Linux.';
  if (!hasPrograms()) installPackages('iproute2', 'procps');
  return hasPrograms() ? undefined : 'There is no program ip or sysctl.';
}

/** What a run left that was ended in the middle: its processes are gone with it, its places are not. */
function removeStale(): void {
  const names = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).match(/^gh\d+-\d+/gm) ?? [];
  for (const name of names) if (!existsSync(`/proc/${name.slice(2).split('-')[0]}`)) ip(name, ['netns', 'del', name]);
}

const hasPrograms = (): boolean =>
  ['ip', 'sysctl'].every((program) => FOLDERS.some((folder) => existsSync(`${folder}/${program}`)));

const FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
