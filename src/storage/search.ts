import { SqliteAdapter, sql, type Kysely, type RawBuilder } from 'kysely';
import type { Phrase } from '#core/search.ts';
import { toMessage, type MessageRow, type StoredMessage } from './messages.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface SearchAsked {
  /** Who asks: only rooms that they may see are looked through. */
  account: string;
  phrases: readonly Phrase[];
  community?: string;
  room?: string;
  author?: string;
  /** ms since 1970: nothing older. */
  since?: number;
  /** A message's id: only what was said before it. */
  before?: string;
  limit: number;
}

export interface Found {
  messages: (StoredMessage & { roomName: string; community: string })[];
  /** The `before` to go on from; there may be more. */
  next?: string;
}

/** Messages that say all of it, newest first. A page may hold few or none and still have a `next`: what was looked at is bounded. */
export async function searchMessages(db: Db, asked: SearchAsked): Promise<Found> {
  if (asked.phrases.length === 0) return { messages: [] };
  if (db.getExecutor().adapter instanceof SqliteAdapter) return inWindows(db, asked, await newestOnSqlite(db, asked));
  const query = sql.join(asked.phrases.map(queryOf), sql` && `);
  if ((await expected(db, query)) > COMMON) return inWindows(db, asked, newestOnPostgres(asked, query));
  return atOnce(db, asked, query);
}

/** What is looked at, some at a time, from the newest on. `Place`: by what a message is known there. */
interface Windows<Place> {
  /** Below this one the first begins. */
  bound: Place;
  /** Windows that one search may take. */
  most: number;
  /** Matches of the window below a place, and the rows that it goes through for them. */
  below(bound: Place): { hits: RawBuilder<unknown>; rows: RawBuilder<unknown>; size: number };
  /** The column of `messages m` that holds a place. */
  place: RawBuilder<unknown>;
  idAt(place: Place): Promise<string>;
}

/** Whether what is found may be seen is asked of some matches at a time. */
async function inWindows<Place>(db: Db, asked: SearchAsked, windows: Windows<Place>): Promise<Found> {
  const found: FoundRow[] = [];
  for (let n = 1, { bound } = windows; ; n++) {
    const { hits, rows, size } = windows.below(bound);
    found.push(...(await seenOf(db, asked, { hits, place: windows.place, most: asked.limit + 1 - found.length })));
    if (found.length > asked.limit) return pageOf(found, asked.limit);
    const { rows: ends } = await sql<{ many: number; last: Place }>`
      select count(*) as many, min(place) as last from (${rows}) as looked`.execute(db);
    const { many, last } = ends[0] as { many: number; last: Place };
    if (many < size) return pageOf(found, asked.limit);
    bound = last;
    if (n === windows.most) return { ...pageOf(found, asked.limit), next: await windows.idAt(last) };
  }
}

/** Those that the asker may see. `most`: the newest of them. */
async function seenOf(db: Db, asked: SearchAsked, { hits, place, most }: Hits): Promise<FoundRow[]> {
  const { rows } = await sql<FoundRow>`
    with hit as materialized (${hits})
    select ${COLUMNS} from hit join messages m on ${place} = hit.place ${BY} ${seenBy(asked.account)} and ${conditions(asked)}
    order by hit.place desc limit ${most}`.execute(db);
  return rows;
}

interface Hits {
  hits: RawBuilder<unknown>;
  place: RawBuilder<unknown>;
  most: number;
}

/**
 * SQLite gives matches newest first without looking at the older ones, so a word that everybody uses costs no more than
 * another. Five windows are some 50 ms, in which nobody else is served.
 */
async function newestOnSqlite(db: Db, { phrases, before }: SearchAsked): Promise<Windows<number>> {
  const match = phrases.map(({ text, begins }) => `"${text.replaceAll('"', ' ')}"${begins ? '*' : ''}`).join(' ');
  const size = 2_000;
  return {
    bound: before === undefined ? Number.MAX_SAFE_INTEGER : await rowOf(db, before),
    most: 5,
    below(bound) {
      const hits = sql`
        select rowid as place from message_words where message_words match ${match} and rowid < ${bound}
        order by rowid desc limit ${size}`;
      return { hits, rows: hits, size };
    },
    place: sql`m.rowid`,
    async idAt(place) {
      const { rows } = await sql<{ id: string }>`select id from messages where rowid = ${place}`.execute(db);
      return rows[0]?.id ?? '';
    },
  };
}

/** Row numbers below this one were given before the message. Its room may be gone: then what was said next before it counts. */
async function rowOf(db: Db, message: string): Promise<number> {
  const { rows } = await sql<{ id: string; place: number }>`
    select id, rowid as place from messages where id <= ${message} order by id desc limit 1`.execute(db);
  const [row] = rows;
  if (!row) return 0;
  return row.id === message ? row.place : row.place + 1;
}

/** Matches from which on PostgreSQL does not gather all of them: fetching and sorting so many takes some 100 ms. */
const COMMON = 5_000;

/** How many matches PostgreSQL's statistics let it expect. */
async function expected(db: Db, query: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<Record<string, [{ Plan: { 'Plan Rows': number } }]>>`
    explain (format json) select from messages where ${WORDS} @@ (${query})`.execute(db);
  return rows[0]?.['QUERY PLAN']?.[0].Plan['Plan Rows'] ?? 0;
}

/** Where nearly everything matches, the newest messages are gone through without the index. */
function newestOnPostgres({ before, room }: SearchAsked, query: RawBuilder<unknown>): Windows<string> {
  const size = 4_000;
  const inRoom = room === undefined ? sql`` : sql`and room_id = ${room}`;
  return {
    bound: before ?? LAST,
    most: 1,
    below(bound) {
      const rows = sql`select id as place, text from messages where id < ${bound} ${inRoom} order by id desc limit ${size}`;
      const hits = sql`
        select place from (select place, text from (${rows}) as newest offset 0) as looked where ${WORDS} @@ (${query})`;
      return { hits, rows, size };
    },
    place: sql`m.id`,
    idAt: async (place) => place,
  };
}

/** After every message's id. */
const LAST = 'msg_ZZZZZZZZZZZZZZZZZZZZZZZZZZZ';

/**
 * All matches by the index, and the newest of them that may be seen; only of these the rest is read. The first part stands by
 * itself, so that PostgreSQL never takes the other way by its own choice, through everything that was ever said.
 */
async function atOnce(db: Db, asked: SearchAsked, query: RawBuilder<unknown>): Promise<Found> {
  const before = asked.before === undefined ? sql`` : sql`and id < ${asked.before}`;
  const { rows } = await sql<FoundRow>`
    with m as materialized (
      select id, room_id, author_id, created_at, deleted_at from messages where ${WORDS} @@ (${query}) ${before}
    ),
    page as materialized (
      select m.id as place from m ${seenBy(asked.account)} and ${conditions(asked)}
      order by m.id desc limit ${asked.limit + 1}
    )
    select ${COLUMNS} from page join messages m on m.id = page.place join rooms r on r.id = m.room_id ${BY}
    order by page.place desc`.execute(db);
  return pageOf(rows, asked.limit);
}

/** As the index has it. */
const WORDS = sql`to_tsvector('simple', guildhall_words(text))`;

/** Nothing where PostgreSQL finds no word in it. */
function queryOf({ text, begins }: Phrase): RawBuilder<unknown> {
  const phrase = sql`phraseto_tsquery('simple', guildhall_words(${text}::text))`;
  return begins ? sql`(nullif(${phrase}::text, '') || ':*')::tsquery` : phrase;
}

const COLUMNS = sql`
  m.id, m.seq, m.room_id, m.author_id, m.text, m.extra, m.client_id, m.created_at, m.edited_at,
  a.name as "authorName", r.name as "roomName", r.community_id as community`;

const BY = sql`left join accounts a on a.id = m.author_id`;

function seenBy(account: string): RawBuilder<unknown> {
  return sql`
    join rooms r on r.id = m.room_id and r.deleted_at is null
    join members c on c.community_id = r.community_id and c.account_id = ${account}
    left join room_members p on p.room_id = r.id and p.account_id = ${account}
    where m.deleted_at is null and (r.private = 0 or p.account_id is not null)`;
}

function conditions({ community, room, author, since }: SearchAsked): RawBuilder<unknown> {
  return sql.join(
    [
      community === undefined ? sql`1 = 1` : sql`r.community_id = ${community}`,
      ...(room === undefined ? [] : [sql`r.id = ${room}`]),
      ...(author === undefined ? [] : [sql`m.author_id = ${author}`]),
      ...(since === undefined ? [] : [sql`m.created_at >= ${since}`]),
    ],
    sql` and `,
  );
}

type FoundRow = MessageRow & { roomName: string; community: string };

/** `rows`: one more than a page holds, where there are more. */
function pageOf(rows: FoundRow[], limit: number): Found {
  const messages = rows
    .slice(0, limit)
    .map((row) => ({ ...toMessage(row), roomName: row.roomName, community: row.community }));
  const last = messages.at(-1);
  return rows.length > limit && last ? { messages, next: last.id } : { messages };
}
