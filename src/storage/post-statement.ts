import { CompiledQuery, type Kysely } from 'kysely';
import type { PostDraft, Posted } from './post.ts';
import type { Schema } from './schema.ts';

/** Stores messages in PostgreSQL, numbered in their order, by one statement. No two of them may be the same. */
export async function storePosts(db: Kysely<Schema>, drafts: readonly PostDraft[]): Promise<Posted[]> {
  const { rows } = await db.executeQuery<{ seq: number | null; gone: boolean }>(
    CompiledQuery.raw(STATEMENT, columnsOf(drafts)),
  );
  return rows.map(({ seq, gone }) => seq ?? (gone ? 'gone' : 'repeated'));
}

/**
 * `open` locks the rooms that are there, in the order of their ids, so that two halls never wait for each other. What was
 * posted or delivered before is left out of `fresh`, so it takes no number. A statement sees what was committed when it
 * began: where another hall stored the same message while this one waited for the room, the unique index refuses the
 * statement (23505), and run again it sees it. The room's number is the newest one even so, as an update reads a row anew
 * that it had to wait for: https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
 */
const STATEMENT = `
with asked as materialized (
  select id, room, author, words, client, extra, delivery, at, n
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
    with ordinality as a (id, room, author, words, client, extra, delivery, at, n)
),
open as materialized (
  select id from rooms where id = any($2::text[]) and deleted_at is null order by id for no key update
),
fresh as materialized (
  select id, room, author, words, client, extra, delivery, at, n from asked a
  where not exists (
      select from messages m where m.room_id = a.room and m.author_id = a.author and m.client_id = a.client
    )
    and not exists (select from deliveries d where d.id = a.delivery)
),
numbered as materialized (
  select f.id, room, author, words, client, extra, at,
    (row_number() over (partition by room order by n))::integer as place
  from fresh f join open o on o.id = f.room
),
taken as (
  update rooms r set seq = r.seq + c.many
  from (select room, max(place) as many from numbered group by room) c where r.id = c.room
  returning r.id, r.seq - c.many as before
),
stored as (
  insert into messages (room_id, seq, id, author_id, text, extra, client_id, created_at)
  select p.room, t.before + p.place, p.id, p.author, p.words, p.extra, p.client, p.at
  from numbered p join taken t on t.id = p.room
  returning room_id, seq, id
),
told as (
  insert into mentions (account_id, room_id, seq)
  select m.account, s.room_id, s.seq
  from unnest($9::text[], $10::text[]) as m (message, account) join stored s on s.id = m.message
),
said as (
  insert into deliveries (id, at) select delivery, at from fresh where delivery is not null
)
select s.seq, o.id is null as gone
from asked a left join stored s on s.id = a.id left join open o on o.id = a.room
order by a.n`;

/** A list for each column, and the mentions as pairs. */
function columnsOf(drafts: readonly PostDraft[]): unknown[] {
  const column = <T>(of: (draft: PostDraft) => T): T[] => drafts.map(of);
  const mentions = drafts.flatMap(({ id, extra }) => (extra?.mentions ?? []).map((account) => ({ id, account })));
  return [
    column(({ id }) => id),
    column(({ room }) => room),
    column(({ author }) => author),
    column(({ text }) => text),
    column(({ clientId }) => clientId),
    column(({ extra }) => (extra === undefined ? null : JSON.stringify(extra))),
    column(({ delivery }) => delivery ?? null),
    column(({ createdAt }) => createdAt),
    mentions.map(({ id }) => id),
    mentions.map(({ account }) => account),
  ];
}
