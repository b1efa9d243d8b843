import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Schema } from './schema.ts';
import { makeStorage, type Storage } from './storage.ts';

/** bigint: our times and counts stay far below 2^53. https://github.com/brianc/node-pg-types */
const BIGINT = 20;

/** Opens PostgreSQL 14 or newer: a pool for reading, one connection for the door. */
export function openPostgres(connectionString: string): Storage {
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === BIGINT ? Number : pg.types.getTypeParser(oid, format as 'text'),
  };
  const kysely = (max: number): Kysely<Schema> =>
    new Kysely<Schema>({
      dialect: new PostgresDialect({
        pool: new pg.Pool({ connectionString, max, types: types as pg.CustomTypesConfig }),
      }),
    });
  return makeStorage({ dialect: 'postgres', begin: 'begin', reader: kysely(8), writer: kysely(1) });
}
