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
  return db.getExecutor().adapter instanceof SqliteAdapter ? inWindows(db, asked) : atOnce(db, asked);
}

/** Matches looked at in one query, and queries in one search: together some 50 ms, in which nobody else is served. */
const WINDOW = 2_000;
const WINDOWS = 5;

/**
 * SQLite gives matches newest first without looking at the older ones, so a word that everybody uses costs no more than
 * another. Whether they may be seen is asked of some at a time.
 */
async function inWindows(db: Db, asked: SearchAsked): Promise<Found> {
  const match = asked.phrases.map(({ text, begins }) => `"${text.replaceAll('"', ' ')}"${begins ? '*' : ''}`).join(' ');
  let bound = await boundOf(db, asked.before);
  const rows: FoundRow[] = [];
  for (let n = 1; ; n++) {
    const window = sql`
      select rowid as place from message_words where message_words match ${match} and rowid < ${bound}
      order by rowid desc limit ${WINDOW}`;
    rows.push(...(await lookAt(db, asked, { window, most: asked.limit + 1 - rows.length })));
    if (rows.length > asked.limit) return pageOf(rows, asked.limit);
    const { rows: ends } = await sql<{ many: number; last: number }>`
      select count(*) as many, min(place) as last from (${window})`.execute(db);
    const { many, last } = ends[0] as { many: number; last: number };
    if (many < WINDOW) return pageOf(rows, asked.limit);
    bound = last;
    if (n === WINDOWS) return { ...pageOf(rows, asked.limit), next: await idAt(db, last) };
  }
}

/** Rows of a window that the asker may see. `most`: the newest of them. */
async function lookAt(
  db: Db,
  asked: SearchAsked,
  { window, most }: { window: RawBuilder<unknown>; most: number },
): Promise<FoundRow[]> {
  const { rows } = await sql<FoundRow>`
    with hit as materialized (${window})
    select ${COLUMNS} from hit join messages m on m.rowid = hit.place ${seenBy(asked.account)} and ${conditions(asked)}
    order by hit.place desc limit ${most}`.execute(db);
  return rows;
}

/** Row numbers below this one were given before the message. Its room may be gone: then what was said next before it counts. */
async function boundOf(db: Db, before: string | undefined): Promise<number> {
  if (before === undefined) return Number.MAX_SAFE_INTEGER;
  const { rows } = await sql<{ id: string; place: number }>`
    select id, rowid as place from messages where id <= ${before} order by id desc limit 1`.execute(db);
  const [row] = rows;
  if (!row) return 0;
  return row.id === before ? row.place : row.place + 1;
}

async function idAt(db: Db, place: number): Promise<string> {
  const { rows } = await sql<{ id: string }>`select id from messages where rowid = ${place}`.execute(db);
  return rows[0]?.id ?? '';
}

/**
 * PostgreSQL finds all matches by the index and takes the newest. The first part stands by itself, so that it never goes
 * through the messages backwards and takes each apart, as it would for words that seem to be common.
 */
async function atOnce(db: Db, asked: SearchAsked): Promise<Found> {
  const query = sql.join(asked.phrases.map(queryOf), sql` && `);
  const before = asked.before === undefined ? sql`` : sql`and id < ${asked.before}`;
  const { rows } = await sql<FoundRow>`
    with hit as materialized (select id as place from messages where ${WORDS} @@ (${query}) ${before})
    select ${COLUMNS} from hit join messages m on m.id = hit.place ${seenBy(asked.account)} and ${conditions(asked)}
    order by hit.place desc limit ${asked.limit + 1}`.execute(db);
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

function seenBy(account: string): RawBuilder<unknown> {
  return sql`
    join rooms r on r.id = m.room_id and r.deleted_at is null
    join members c on c.community_id = r.community_id and c.account_id = ${account}
    left join room_members p on p.room_id = r.id and p.account_id = ${account}
    left join accounts a on a.id = m.author_id
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
