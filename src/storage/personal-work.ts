import { sql } from 'kysely';
import { idsOf, NOBODY, type PersonOnRecord } from '#core/personal-data.ts';
import { isIn, stretchesOf, stretchFrom, type Db, type Personal, type Stretch } from './personal.ts';

/** What somebody asked the bot, and what it answered, as long as that is kept. */
export const personalWork: Personal = {
  name: 'commands',
  columns: { answers: ['account_id', 'reply'], jobs: ['request', 'payload'] },
  keeps: () => [],
  async *read(db, person) {
    for await (const stretch of stretchesOf(db, 'answers')) {
      const rows = await answersOf(db, person, stretch).selectAll().execute();
      for (const row of rows) yield { table: 'answers', ...row };
      for (const { id, name, payload, state, created_at } of await jobsOf(db, rows))
        yield { table: 'jobs', id, name, payload, state, created_at };
    }
  },
  async erase(db, person) {
    // Those that failed for good outlive their answers.
    for (const id of idsOf(person))
      await db
        .deleteFrom('jobs')
        .where('state', '=', 'dead')
        .where('request', 'like', `%"account":${JSON.stringify(id)}%`)
        .execute();
  },
  async sweep(db, person, { from }) {
    const stretch = await stretchFrom(db, 'answers', from);
    const ids = (await answersOf(db, person, stretch).select('id').execute()).map(({ id }) => id);
    for (let n = 0; n < ids.length; n += AT_ONCE) {
      const some = ids.slice(n, n + AT_ONCE);
      await db.deleteFrom('jobs').where('id', 'in', some).execute();
      await db.deleteFrom('answers').where('id', 'in', some).execute();
    }
    return stretch.to;
  },
};

/** Ids in one list. */
const AT_ONCE = 500;

function answersOf(db: Db, person: PersonOnRecord, stretch: Stretch) {
  return db.selectFrom('answers').where('account_id', 'in', idsOf(person)).where(isIn('id', stretch));
}

async function jobsOf(db: Db, answers: readonly { id: string }[]) {
  const jobs = [];
  for (let n = 0; n < answers.length; n += AT_ONCE) {
    const some = answers.slice(n, n + AT_ONCE).map(({ id }) => id);
    jobs.push(...(await db.selectFrom('jobs').selectAll().where('id', 'in', some).execute()));
  }
  return jobs;
}

/** What they did. The entries are the community's record of itself; only who they were elsewhere goes. */
export const personalAudit: Personal = {
  name: 'audit',
  columns: { audit: ['account_id', 'platform_id', 'subject', 'detail'] },
  keeps: () => [
    {
      what: 'Entries in the audit, with the number of the account and without your name or your ids on platforms.',
      why: 'A community must be able to see later what was done in it. They go when the audit’s time is over.',
    },
  ],
  async *read(db, person) {
    for await (const stretch of stretchesOf(db, 'audit')) {
      const rows = await db
        .selectFrom('audit')
        .selectAll()
        .where((e) => e.or([e('account_id', 'in', idsOf(person)), e('subject', 'in', idsOf(person))]))
        .where(isIn('id', stretch))
        .execute();
      // What others did about them is told without who did it.
      for (const row of rows)
        yield { table: 'audit', ...row, ...(!isBy(row.account_id, person) && { account_id: null, platform_id: null }) };
    }
  },
  async erase() {},
  async sweep(db, person, { from }) {
    const stretch = await stretchFrom(db, 'audit', from);
    await forgetName(db, person, stretch);
    for (const identity of person.identities) await forgetThere(db, { account: person.account, identity, stretch });
    return stretch.to;
  },
};

function isBy(account: string | null, person: PersonOnRecord): boolean {
  return account !== null && idsOf(person).includes(account);
}

/** What moderators did says whom it was about: the person, or one of their messages. Before ids on platforms are forgotten. */
async function forgetName(db: Db, person: PersonOnRecord, stretch: Stretch): Promise<void> {
  const rows = await db
    .selectFrom('audit')
    .select(['id', 'subject', 'detail'])
    .where('action', 'like', 'moderation.%')
    .where('detail', 'like', '%"person":%')
    .where(isIn('id', stretch))
    .execute();
  const subjects = rows.flatMap(({ subject }) => subject ?? []);
  const theirs = new Set([...idsOf(person), ...(await messagesBy(db, person, subjects))]);
  for (const { id, subject, detail } of rows) {
    if (subject === null || !theirs.has(subject)) continue;
    const nameless = { ...(JSON.parse(detail ?? '{}') as object), person: NOBODY };
    await db
      .updateTable('audit')
      .set({ detail: JSON.stringify(nameless) })
      .where('id', '=', id)
      .execute();
  }
}

/** Which of these are messages of theirs. By their ids: messages have no index by author. */
async function messagesBy(db: Db, { account }: PersonOnRecord, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const found = db.selectFrom('messages').select('id').where('id', 'in', ids).where('author_id', '=', account);
  return (await found.execute()).map(({ id }) => id);
}

/** Puts the account's number, which says nothing, in the place of `platform:id`. */
async function forgetThere(
  db: Db,
  { account, identity, stretch }: { account: string; identity: PersonOnRecord['identities'][number]; stretch: Stretch },
): Promise<void> {
  const here = isIn('id', stretch);
  const id = `${identity.platform}:${identity.id}`;
  const quoted = JSON.stringify(id);
  const was = sql`platform = ${identity.platform} and platform_id = ${identity.id}`;
  await sql`update audit set platform_id = null where ${was} and ${here}`.execute(db);
  await sql`update audit set account_id = ${account} where account_id = ${id} and ${here}`.execute(db);
  await sql`update audit set subject = ${account} where subject = ${id} and ${here}`.execute(db);
  await sql`update audit set detail = case when detail = ${id} then ${account} else
      replace(detail, ${quoted}, ${JSON.stringify(account)}) end
    where (detail = ${id} or detail like ${`%${quoted}%`}) and ${here}`.execute(db);
}
