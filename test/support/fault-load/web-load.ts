import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { History, Kept } from '#test/support/fault-history/history.ts';

/** Who posts what, and where. */
export interface WebPlan {
  seed: number;
  halls: string[];
  /** Tokens of people; clients take them in turn. */
  tokens: string[];
  /** Clients take them in turn. */
  rooms: string[];
  clients: number;
  /** ms between two acts of a client, half as much more or less. */
  everyMs: number;
}

/** How far the clients are. */
export interface WebState {
  acts: number;
  acknowledged: number;
  /** Acts that are on their way. */
  open: number;
  /** Questions whose asker is still there and has no answer. */
  untold: number;
  /** Clients that are connected and have all that the others have. */
  caughtUp: number;
}

/** Clients in a process of their own, so that they see what comes when it comes. */
export interface WebLoad {
  state(): Promise<WebState>;
  /** No new acts; those on their way go on until they are answered, or until `settled`. */
  quiet(): Promise<void>;
  /** All clients leave. What they saw and did, and the rooms as each hall has them now. */
  end(): Promise<{ history: History; kept: Kept[] }>;
  /** Ends the process. */
  stop(): Promise<void>;
}

export type Ask = 'state' | 'quiet' | 'end';

export async function startWebLoad(plan: WebPlan): Promise<WebLoad> {
  const child = fork(join(import.meta.dirname, 'web-clients.ts'), [], { serialization: 'advanced' });
  const ask = async <T>(what: Ask | WebPlan): Promise<T> => {
    const over = new AbortController();
    const answer = Promise.race([
      once(child, 'message', over).then(([value]) => value as { done?: T; failed?: string }),
      once(child, 'exit', over).then(([code]) => ({ failed: `the clients ended with ${code}`, done: undefined })),
    ]);
    child.send(what);
    const { done, failed } = await answer.finally(() => over.abort());
    if (failed !== undefined) throw new Error(failed);
    return done as T;
  };
  await ask(plan);
  return {
    state: () => ask('state'),
    quiet: () => ask('quiet'),
    end: () => ask('end'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
