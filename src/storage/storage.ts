import type { Kysely } from 'kysely';
import { Door, type DoorOptions, type Work } from './door.ts';
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
  /** Commits with whatever else waits; resolves after the commit. */
  write<T>(work: Work<T>): Promise<T>;
  /** Calls `listener` after every commit that holds outbox rows, with their channels. */
  onPublished(listener: (channels: ReadonlySet<string>) => void): void;
  close(): Promise<void>;
}

export interface StorageParts extends Pick<DoorOptions, 'begin' | 'steer'> {
  dialect: Dialect;
  reader: Kysely<Schema>;
  writer: Kysely<Schema>;
  batch?: number;
}

export function makeStorage(parts: StorageParts): Storage {
  let listener = (_channels: ReadonlySet<string>): void => undefined;
  const batch = parts.batch === undefined ? {} : { batch: parts.batch };
  const { begin, steer } = parts;
  const door = new Door(parts.writer, {
    begin,
    ...(steer && { steer }),
    ...batch,
    published: (channels) => listener(channels),
  });
  return {
    dialect: parts.dialect,
    db: parts.reader,
    writer: parts.writer,
    write: (work) => door.write(work),
    onPublished(next) {
      listener = next;
    },
    async close() {
      await door.idle();
      await parts.reader.destroy();
      if (parts.writer !== parts.reader) await parts.writer.destroy();
    },
  };
}
