import { sql, type Expression, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import { newId } from '#core/ids.ts';
import type { Role } from '#core/roles.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface Account {
  id: string;
  username: string;
  name: string;
  operator: boolean;
  disabled: boolean;
}

export interface NewAccount {
  username: string;
  name: string;
  passwordHash: string;
  operator: boolean;
  at: number;
}

/** Makes an account; undefined where the username is taken. Usernames are kept in lower case. */
export async function insertAccount(db: Db, made: NewAccount): Promise<Account | undefined> {
  const id = newId('acct', made.at);
  const username = made.username.toLowerCase();
  const rows = await db
    .insertInto('accounts')
    .values({
      id,
      username,
      name: made.name,
      password_hash: made.passwordHash,
      operator: made.operator ? 1 : 0,
      created_at: made.at,
    })
    .onConflict((conflict) => conflict.column('username').doNothing())
    .returning('id')
    .execute();
  return rows.length === 0 ? undefined : { id, username, name: made.name, operator: made.operator, disabled: false };
}

export async function findAccount(
  db: Db,
  by: { id: string } | { username: string },
): Promise<(Account & { passwordHash: string }) | undefined> {
  const query = db.selectFrom('accounts').selectAll();
  const row = await (
    'id' in by ? query.where('id', '=', by.id) : query.where('username', '=', by.username.toLowerCase())
  ).executeTakeFirst();
  if (!row) return undefined;
  const { id, username, name } = row;
  return {
    id,
    username,
    name,
    operator: row.operator === 1,
    disabled: row.disabled_at !== null,
    passwordHash: row.password_hash,
  };
}

export async function countAccounts(db: Db): Promise<number> {
  const row = await db
    .selectFrom('accounts')
    .select((e) => e.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Whether somebody runs this hall. */
export async function anyOperator(db: Db): Promise<boolean> {
  return (
    (await db.selectFrom('accounts').select('id').where('operator', '=', 1).limit(1).executeTakeFirst()) !== undefined
  );
}

export async function renameAccount(db: Db, id: string, name: string): Promise<void> {
  await db.updateTable('accounts').set({ name }).where('id', '=', id).execute();
}

export async function setPasswordHash(db: Db, id: string, passwordHash: string): Promise<void> {
  await db.updateTable('accounts').set({ password_hash: passwordHash }).where('id', '=', id).execute();
}

export async function setOperator(db: Db, id: string, operator: boolean): Promise<void> {
  await db
    .updateTable('accounts')
    .set({ operator: operator ? 1 : 0 })
    .where('id', '=', id)
    .execute();
}

export async function disableAccount(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable('accounts').set({ disabled_at: at }).where('id', '=', id).execute();
}

/** False where there is no such account, or its person deleted it. */
export async function enableAccount(db: Db, id: string): Promise<boolean> {
  const asked = db
    .updateTable('accounts')
    .set({ disabled_at: null })
    .where('id', '=', id)
    .where('erased_at', 'is', null);
  return (await asked.returning('id').executeTakeFirst()) !== undefined;
}

export interface Person {
  id: string;
  username: string;
  name: string;
  role: Role;
}

/** Members of a community by name, `limit` at most; `query` matches the start of a username or name. */
export async function listPeople(
  db: Db,
  asked: { community: string; query?: string; limit: number },
): Promise<Person[]> {
  let query = db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select(['accounts.id', 'username', 'name', 'role'])
    .where('community_id', '=', asked.community)
    .where('disabled_at', 'is', null)
    .orderBy('username')
    .limit(asked.limit);
  const { query: start } = asked;
  if (start) query = query.where((e) => startsWith(e, start));
  return (await query.execute()).map((row) => ({ ...row, role: row.role as Role }));
}

/** Whether a username or name of `accounts` starts so. */
export function startsWith(
  e: { or(all: RawBuilder<boolean>[]): Expression<SqlBool> },
  start: string,
): Expression<SqlBool> {
  const patterns = spellings(start).map((spelling) => `${spelling.replaceAll(/[\\%_]/g, '\\$&')}%`);
  return e.or(
    patterns.flatMap((pattern) => [
      sql<boolean>`accounts.username like ${pattern} escape '\\'`,
      sql<boolean>`accounts.name like ${pattern} escape '\\'`,
    ]),
  );
}

/** SQLite's LIKE knows case for a to z only, PostgreSQL's not at all: the usual spellings of a name are asked for. */
function spellings(query: string): string[] {
  const lower = query.toLowerCase();
  const title = lower.replace(/^./u, (letter) => letter.toUpperCase());
  return [...new Set([query, lower, title, query.toUpperCase()])];
}
