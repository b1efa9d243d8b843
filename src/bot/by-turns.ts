/** A place in an order. */
export interface Turn {
  /** Ends when all that came before have passed; undefined where nobody did. */
  before: Promise<void> | undefined;
  /** Lets the next one on. A second time does nothing. */
  pass(): void;
}

/** Lets works begin at once and go on in the order in which they came, by key. */
export function byTurns(): (key: string) => Turn {
  const last = new Map<string, Promise<void>>();
  return (key) => {
    const before = last.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    last.set(key, promise);
    const pass = (): void => {
      resolve();
      if (last.get(key) === promise) last.delete(key);
    };
    return { before, pass };
  };
}
