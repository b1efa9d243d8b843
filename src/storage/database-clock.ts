import { sql, type RawBuilder } from 'kysely';
import type { Dialect } from './storage.ts';

/** ms since 1970 by the database's clock, which is the same for every process. */
export function databaseNow(dialect: Dialect): RawBuilder<number> {
  return dialect === 'postgres'
    ? sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`
    : sql<number>`cast(unixepoch('subsec') * 1000 as integer)`;
}
