import { sql } from 'kysely';
import { NOBODY, type Forgetting, type PersonOnRecord, idsOf } from '#core/personal-data.ts';
import type { MessageExtra } from './messages.ts';
import {
  deleteRows,
  isIn,
  rowsOf,
  stretchesOf,
  stretchFrom,
  type Db,
  type Personal,
  type Stretch,
} from './personal.ts';

/** What somebody said, and how far they read. */
export const personalRooms: Personal = {
  name: 'messages',
  columns: { messages: ['author_id', 'text', 'extra'], reads: ['account_id'], mentions: ['account_id'] },
  keeps: ({ messages }) =>
    messages === 'delete'
      ? []
      : [
          {
            what: 'What you wrote in rooms, as words of a deleted person.',
            why: 'It is part of conversations with others, which would be torn without it. You may have it deleted instead.',
          },
        ],
  async *read(db, { account }) {
    for await (const stretch of stretchesOf(db, 'messages')) {
      const rows = await db
        .selectFrom('messages')
        .select(['id', 'room_id', 'seq', 'text', 'extra', 'created_at', 'edited_at'])
        .where('author_id', '=', account)
        .where('deleted_at', 'is', null)
        .where(isIn('id', stretch))
        .orderBy('id')
        .execute();
      for (const row of rows) yield { table: 'messages', ...row };
    }
    for (const table of SEEN) yield* rowsOf(db, { table, column: 'account_id', ids: [account] });
  },
  async erase(db, { account }) {
    await deleteRows(db, { table: 'reads', column: 'account_id', ids: [account] });
  },
  async sweep(db, person, how) {
    const stretch = await stretchFrom(db, 'messages', how.from);
    await sql`delete from mentions where account_id = ${person.account}
      and (room_id, seq) in (select room_id, seq from messages where ${isIn('id', stretch)})`.execute(db);
    if (how.messages === 'delete') await deleteWords(db, person, { stretch, at: how.at });
    await forgetAsker(db, person, { stretch, messages: how.messages });
    return stretch.to;
  },
};

const SEEN = ['reads', 'mentions'] as const;

/** As a message that its author deletes: the number stays. Who was mentioned in it is not told so any more. */
async function deleteWords(db: Db, { account }: PersonOnRecord, { stretch, at }: { stretch: Stretch; at: number }) {
  const theirs = sql`author_id = ${account} and ${isIn('id', stretch)}`;
  await sql`delete from mentions where (room_id, seq) in (select room_id, seq from messages where ${theirs})`.execute(
    db,
  );
  await sql`update messages set text = '', extra = null, client_id = null, deleted_at = coalesce(deleted_at, ${at})
    where ${theirs}`.execute(db);
}

/** The bot's answers say who asked for them, and how. */
async function forgetAsker(
  db: Db,
  person: PersonOnRecord,
  { stretch, messages }: Pick<Forgetting, 'messages'> & { stretch: Stretch },
): Promise<void> {
  const ids = idsOf(person);
  const rows = await db
    .selectFrom('messages')
    .select(['id', 'extra'])
    .where('author_id', 'is', null)
    .where('extra', 'like', '%"cause"%')
    .where(isIn('id', stretch))
    .execute();
  const nameless = rows.flatMap(({ id, extra }) => {
    const { cause, ...rest } = JSON.parse(extra ?? '{}') as MessageExtra;
    if (!cause || !ids.includes(cause.account)) return [];
    const text = messages === 'delete' ? (cause.text.split(' ')[0] ?? '') : cause.text;
    return [{ id, extra: JSON.stringify({ ...rest, cause: { account: person.account, name: NOBODY, text } }) }];
  });
  await writeExtras(db, nameless);
}

/** In one statement: hundreds one after the other would hold up whoever writes meanwhile. */
async function writeExtras(db: Db, all: readonly { id: string; extra: string }[]): Promise<void> {
  if (all.length === 0) return;
  const cases = all.map(({ id, extra }) => sql`when ${id} then ${extra}`);
  await sql`update messages set extra = case id ${sql.join(cases, sql` `)} end
    where id in (${sql.join(all.map(({ id }) => id))})`.execute(db);
}
