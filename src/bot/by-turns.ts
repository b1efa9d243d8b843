/** A place in an order. */
export interface Turn {
  /** Ends when all that came before have passed; undefined where nobody is before. */
  before: Promise<void> | undefined;
  /** Lets the next one on, once all before have passed. A second time does nothing. */
  pass(): void;
}

interface Place {
  /** Lets the one behind on, where there is one. */
  next?: () => void;
}

/** Lets works begin at once and go on in the order in which they came, by key. Who is alone in it waits for nothing. */
export function byTurns(): (key: string) => Turn {
  const last = new Map<string, Place>();
  return (key) => {
    const mine: Place = {};
    const ahead = last.get(key);
    last.set(key, mine);
    const before = ahead && new Promise<void>((resolve) => (ahead.next = resolve));
    const go = (): void => {
      if (last.get(key) === mine) last.delete(key);
      mine.next?.();
    };
    return { before, pass: () => (before ? void before.then(go) : go()) };
  };
}
