import type { Kysely } from 'kysely';
import { AppError } from '#core/errors.ts';
import { notStored, outcomeUnknown } from './not-stored.ts';
import type { PostDraft, Posted } from './post.ts';
import { storePosts } from './post-statement.ts';
import { isTaken, meaningOf } from './postgres-errors.ts';
import type { Schema } from './schema.ts';

/**
 * Stores messages where several halls write. Those that wait are stored together by one statement, in the order they came;
 * the next batch is what came meanwhile. One statement is one transaction that the server ends by itself, so a hall that
 * stands still holds no room. Each caller is told after the commit; one that fails takes no number.
 */
export class PostLine {
  readonly #db: Kysely<Schema>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Rejects with 503 `not-stored`. */
  post(draft: PostDraft): Promise<Posted> {
    return new Promise<Posted>((resolve, reject) => {
      this.#waiting.push({ draft, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    // One turn of the loop first: what arrives together is stored together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#store(this.#waiting.splice(0, BATCH));
    this.#running = undefined;
  }

  async #store(batch: Waiting[]): Promise<void> {
    const { first, twins } = withoutTwins(batch);
    const way = { sent: false };
    try {
      const posted = await this.#again(
        first.map(({ draft }) => draft),
        way,
      );
      first.forEach(({ resolve }, place) => resolve(posted[place] as Posted));
      for (const { waiting, of } of twins) waiting.resolve(posted[of] === 'gone' ? 'gone' : 'repeated');
    } catch (error) {
      if (meaningOf(error) === 'away') {
        refuse(batch, way.sent ? outcomeUnknown(error) : notStored(error));
        // Those behind would only wait for the same.
        refuse(this.#waiting.splice(0), notStored(error));
      } else if (batch.length === 1) refuse(batch, error instanceof AppError ? error : notStored(error));
      // One of them cannot be stored at all: by itself it spoils nothing for the others.
      else for (const one of batch) await this.#store([one]);
    }
  }

  /** A race that was lost is run again: a deadlock, or the same message through another hall in the same moment. */
  async #again(drafts: PostDraft[], way: { sent: boolean }): Promise<Posted[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#db.connection().execute((db) => {
          way.sent = true;
          return storePosts(db, drafts);
        });
      } catch (error) {
        if (tries === TRIES || !(isTaken(error) || meaningOf(error) === 'again')) throw error;
        way.sent = false;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * tries * PAUSE_MS));
      }
    }
  }
}

function refuse(waiting: Waiting[], error: Error): void {
  for (const { reject } of waiting) reject(error);
}

/** Messages in one statement: so many long ones are 2 MB, and a larger batch is not quicker. */
const BATCH = 512;

/** Times that a batch is run: to lose a race five times, others must win five. */
const TRIES = 5;

/** ms before the second try at most; before later ones more. */
const PAUSE_MS = 20;

interface Waiting {
  draft: PostDraft;
  resolve(posted: Posted): void;
  reject(error: Error): void;
}

interface Parted {
  first: Waiting[];
  /** Repeats of one in the same batch, `of` its place in `first`. */
  twins: { waiting: Waiting; of: number }[];
}

/** One statement does not see its own rows. */
function withoutTwins(batch: Waiting[]): Parted {
  const places = new Map<string, number>();
  const parted: Parted = { first: [], twins: [] };
  for (const waiting of batch) {
    const key = keyOf(waiting.draft);
    const of = key === undefined ? undefined : places.get(key);
    if (of !== undefined) {
      parted.twins.push({ waiting, of });
      continue;
    }
    if (key !== undefined) places.set(key, parted.first.length);
    parted.first.push(waiting);
  }
  return parted;
}

/** What there may be one of. */
function keyOf({ delivery, room, author, clientId }: PostDraft): string | undefined {
  if (delivery !== undefined) return delivery;
  return clientId === null ? undefined : `${room} ${author} ${clientId}`;
}
