/** A place in an order. */
export interface Turn {
  /** Ends when all that came before have passed, with what the last of them failed with; undefined where nobody is before. */
  before: Promise<unknown> | undefined;
  /** Lets the next one on, once all before have passed. `failed`: what it should know of. A second time does nothing. */
  pass(failed?: unknown): void;
}

interface Place {
  /** Lets the one behind on, where there is one. */
  next?: (failed: unknown) => void;
}

/** Lets works begin at once and go on in the order in which they came, by key. Who is alone in it waits for nothing. */
export function byTurns(): (key: string) => Turn {
  const last = new Map<string, Place>();
  return (key) => {
    const mine: Place = {};
    const ahead = last.get(key);
    last.set(key, mine);
    const before = ahead && new Promise<unknown>((resolve) => (ahead.next = resolve));
    const go = (failed: unknown): void => {
      if (last.get(key) === mine) last.delete(key);
      mine.next?.(failed);
    };
    return { before, pass: (failed) => (before ? void before.then(() => go(failed)) : go(failed)) };
  };
}
