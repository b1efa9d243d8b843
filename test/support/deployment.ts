import { Cluster, type Counts } from './cluster.ts';
import { Hall } from './hall.ts';

export type Settings = Record<string, string>;

/** The program under test as people and operators meet it, whether it runs in one process or in several. */
export interface Deployment {
  /** Where it is reached; with several halls the first. */
  readonly url: string;
  /** Where the next person goes: each hall in turn. */
  next(): string;
  /** The folder in which its programs run. */
  readonly data: string;
  /** All that its processes printed since their first start. */
  readonly output: string;
  /** The process behind `url`. */
  readonly pid: number;
  /** The process whose child the vault is: `vaultPid` in `vault-of.ts` finds that. */
  readonly vaultKeeper: number;
  /** The code in the one-time link that the first start prints for the owner. */
  ownerCode(): Promise<string>;
  /** Rows of its database, whatever else is done to it; `?` stands for a value. */
  rows<Row>(query: string, values?: (string | number)[]): Promise<Row[]>;
  /** The environment of its processes, and of the operator's programs. */
  environment(): NodeJS.ProcessEnv;
  /** Ends it as an operator would and gives the exit code, 0 where each process ended with 0. */
  stop(): Promise<number | null>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same data and ports, with other settings where given, and waits until it is ready. */
  startAgain(settings?: Settings): Promise<void>;
  /** Stops it where it runs, and removes its data. */
  remove(): Promise<void>;
}

export type Shape = 'in one process' | 'in separate processes';

/**
 * Every story is told in these shapes: as `npm start` runs on SQLite, and with each role in a process of its own on the
 * three engines. Where there are no engines, which the set-up of the run says in words, the first alone.
 */
export const SHAPES: Shape[] =
  process.env['TEST_ENGINES'] === 'none' ? ['in one process'] : ['in one process', 'in separate processes'];

/** One that has not been started: its place is chosen, its data is not made. `counts` is for separate processes alone. */
export function prepareDeployment(shape: Shape, settings: Settings = {}, counts: Counts = {}): Promise<Deployment> {
  return shape === 'in one process' ? Hall.prepare(settings) : Cluster.prepare({ settings, counts });
}

/** Starts one on fresh data and waits until it is ready. */
export async function startDeployment(shape: Shape, settings: Settings = {}, counts: Counts = {}): Promise<Deployment> {
  const made = await prepareDeployment(shape, settings, counts);
  try {
    await made.startAgain();
    return made;
  } catch (error) {
    await made.remove();
    throw error;
  }
}
