import type pg from 'pg';

/** What commits that hold outbox rows notify. https://www.postgresql.org/docs/current/sql-notify.html */
export const OUTBOX_SIGNAL = 'guildhall_outbox';

export interface WakeUps {
  /** Called after commits anywhere, and after each new connection, as some may have been missed. Gives what ends it. */
  listen(listener: () => void): () => void;
  close(): void;
}

/** Listens on a connection of its own while somebody wants to know, and connects again, for ever, where it is lost. */
export function wakeUps(make: () => pg.Client): WakeUps {
  const listeners = new Set<() => void>();
  let line: Line | undefined;
  const tell = (): void => listeners.forEach((listener) => listener());
  const close = (): void => {
    listeners.clear();
    line?.close();
    line = undefined;
  };
  return {
    listen(listener) {
      listeners.add(listener);
      line ??= new Line(make, tell);
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) close();
      };
    },
    close,
  };
}

/** ms before connecting again; doubled up to the last, less a part by chance. */
const PAUSE_MS = { first: 250, last: 5_000 };

/** ms between two questions whether the other side is still there: a listener hears nothing of a way that is cut. */
const ASK_MS = 10_000;

class Line {
  readonly #make: () => pg.Client;
  readonly #tell: () => void;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pause = PAUSE_MS.first;
  #closed = false;

  constructor(make: () => pg.Client, tell: () => void) {
    this.#make = make;
    this.#tell = tell;
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  async #connect(): Promise<void> {
    const client = this.#make();
    this.#client = client;
    // Also where a connection is refused: whatever ends it, there is one way back.
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', this.#tell);
    try {
      await client.connect();
      await client.query(`listen ${OUTBOX_SIGNAL}`);
    } catch {
      return this.#lost(client);
    }
    if (this.#client !== client) return;
    this.#pause = PAUSE_MS.first;
    this.#tell();
    this.#later(ASK_MS, () => void this.#ask(client));
  }

  async #ask(client: pg.Client): Promise<void> {
    try {
      await client.query('select 1');
      if (this.#client === client) this.#later(ASK_MS, () => void this.#ask(client));
    } catch {
      this.#lost(client);
    }
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#drop();
    this.#later(this.#pause * (0.5 + Math.random() / 2), () => void this.#connect());
    this.#pause = Math.min(this.#pause * 2, PAUSE_MS.last);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    void client?.end().catch(() => undefined);
  }

  #later(ms: number, act: () => void): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
    this.#timer.unref();
  }
}
