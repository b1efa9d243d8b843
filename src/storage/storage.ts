import type { Kysely } from 'kysely';
import { Door, type DoorOptions, type Work } from './door.ts';
import type { PostDraft, Posted } from './post.ts';
import type { Schema } from './schema.ts';

export type { Tx } from './door.ts';

export type Dialect = 'sqlite' | 'postgres';

/** A database: reads as they come, writes through one door. */
export interface Storage {
  readonly dialect: Dialect;
  /** For reading alone. Sees what is committed. */
  readonly db: Kysely<Schema>;
  /** The connection that writes; for migrations and the command line. */
  readonly writer: Kysely<Schema>;
  /** Commits with whatever else waits; resolves after the commit. Rejects with 503 `not-stored` where it was not committed. */
  write<T>(work: Work<T>): Promise<T>;
  /** Takes the room's next number and stores the message under it. Resolves after the commit; rejects as `write` does. */
  post(draft: PostDraft): Promise<Posted>;
  /** Calls `listener` after every own commit that holds outbox rows, with their channels. */
  onPublished(listener: (channels: ReadonlySet<string>) => void): void;
  /**
   * Calls `listener` after commits of any process that hold outbox rows, until the returned function is called. It wakes
   * up, and promises nothing: some are missed while the way to the database is cut. Never called on SQLite.
   */
  onElsewhere(listener: () => void): () => void;
  /** Runs what may take long, such as migrations, on a connection without time-outs. */
  maintain<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface StorageParts extends Pick<DoorOptions, 'begin' | 'commit' | 'steer' | 'meaningOf'> {
  dialect: Dialect;
  reader: Kysely<Schema>;
  writer: Kysely<Schema>;
  batch?: number;
  /** How messages are stored; `write` is the door. */
  post(draft: PostDraft, write: Storage['write']): Promise<Posted>;
  onElsewhere?: Storage['onElsewhere'];
  maintain?: Storage['maintain'];
  /** Ends what does not go through the door. */
  closing?(): Promise<void>;
}

export function makeStorage(parts: StorageParts): Storage {
  let listener = (_channels: ReadonlySet<string>): void => undefined;
  const { begin, commit, steer, meaningOf, batch, reader, writer, closing } = parts;
  const door = new Door(writer, {
    begin,
    ...(commit && { commit }),
    ...(steer && { steer }),
    ...(meaningOf && { meaningOf }),
    ...(batch !== undefined && { batch }),
    published: (channels) => listener(channels),
  });
  const write: Storage['write'] = (work) => door.write(work);
  return {
    dialect: parts.dialect,
    db: reader,
    writer,
    write,
    post: (draft) => parts.post(draft, write),
    onPublished(next) {
      listener = next;
    },
    onElsewhere: parts.onElsewhere ?? (() => () => undefined),
    maintain: parts.maintain ?? ((work) => work(writer)),
    async close() {
      await closing?.();
      await door.idle();
      await reader.destroy();
      if (writer !== reader) await writer.destroy();
    },
  };
}
