import { conflict, unknown } from '#core/errors.ts';
import { newId, newSecret } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { SCOPES, type Scope } from '#core/scopes.ts';
import { findAccount } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import type { Tx } from '#storage/storage.ts';
import { countTokens, deleteTokens, findToken, insertToken, listTokens, touchTokens } from '#storage/tokens.ts';
import { digest, type Auth } from './auth.ts';
import type { Session } from './sessions.ts';

/** A personal API token: what a program shows instead of its person's session. */
export interface Token {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: number;
  expiresAt: number | null;
  lastUsedAt: number | null;
}

export interface TokenAsked {
  name: string;
  scopes: readonly Scope[];
  /** Days until it ends. */
  days: number;
}

type Keeper = Pick<Auth, 'storage' | 'clock'>;

/** Stands before each token, so that people and scanners of leaked secrets know what they see. */
const PREFIX = 'guildhall_';

export function isToken(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Makes a token for somebody. The token itself is told this once; what is kept is enough to know it again. */
export async function makeToken(auth: Keeper, account: string, asked: TokenAsked): Promise<Token & { token: string }> {
  return auth.storage.write((tx) => makeTokenIn(tx, { ...asked, account, at: auth.clock() }));
}

/** The same within a commit that holds more. */
export async function makeTokenIn(
  tx: Tx,
  asked: TokenAsked & { account: string; at: number },
): Promise<Token & { token: string }> {
  const { account, at } = asked;
  await inTurn(tx.db, tokensOf(account));
  const person = await findAccount(tx.db, { id: account });
  if (!person || person.disabled) throw unknown('account');
  await needRoom(tx, account, at);
  const scopes = SCOPES.filter((scope) => asked.scopes.includes(scope));
  const token = PREFIX + newSecret();
  const expiresAt = at + asked.days * 86_400_000;
  const made = { id: newId('tok', at), name: asked.name, createdAt: at, expiresAt };
  await insertToken(tx.db, digest(token), { ...made, account, scopes: JSON.stringify(scopes) });
  const detail = JSON.stringify({ scopes, days: asked.days });
  await record(tx.db, { community: null, account, action: 'token.make', subject: made.id, detail, at });
  return { ...made, scopes, lastUsedAt: null, token };
}

/** 409 where the account holds as many tokens as it may. */
export async function needRoom(tx: Pick<Tx, 'db'>, account: string, now: number): Promise<void> {
  if ((await countTokens(tx.db, account, now)) < LIMITS.tokensPerAccount) return;
  throw conflict('too-many-tokens', `You have ${LIMITS.tokensPerAccount} tokens. Revoke one that nothing needs.`);
}

/** Who holds this token; undefined where it is unknown, ended, or its account disabled. */
export async function checkToken(auth: Keeper, token: string): Promise<Session | undefined> {
  const [row] = await findToken(auth.storage.db, digest(token));
  const now = auth.clock();
  if (!row || (row.expires_at !== null && row.expires_at <= now)) return undefined;
  if (now - (row.last_used_at ?? 0) > LIMITS.tokenTouchEvery * 1000) void noteUse(auth, row.id);
  const { id, account_id: account, username, name } = row;
  return { id, account, username, name, operator: row.operator === 1, scopes: readScopes(row.scopes) };
}

/** Failing to note it refuses nobody. */
async function noteUse(auth: Keeper, id: string): Promise<void> {
  await auth.storage.write((tx) => touchTokens(tx.db, [id], auth.clock())).catch(() => undefined);
}

/** The account's tokens, the newest first; those that ended lately are among them. */
export async function seeTokens(auth: Keeper, account: string): Promise<Token[]> {
  const rows = await listTokens(auth.storage.db, account);
  return rows.map(({ account: _, scopes, ...row }) => ({ ...row, scopes: [...readScopes(scopes)] }));
}

/** Ends one of the account's tokens, at once and for open connections too. */
export async function endToken(auth: Keeper & Pick<Auth, 'announce'>, account: string, id: string): Promise<void> {
  const at = auth.clock();
  const ended = await auth.storage.write(async (tx) => {
    const gone = await deleteTokens(tx.db, account, id);
    if (gone.length > 0) await record(tx.db, { community: null, account, action: 'token.end', subject: id, at });
    return gone;
  });
  if (ended.length === 0) throw unknown('token');
  auth.announce({ kind: 'session-ended', sessions: ended });
}

function tokensOf(account: string): string {
  return `tokens of ${account}`;
}

/** The few combinations there are, each made once: a token is looked at with every call. */
const known = new Map<string, ReadonlySet<Scope>>();

function readScopes(text: string): ReadonlySet<Scope> {
  let scopes = known.get(text);
  if (!scopes) known.set(text, (scopes = new Set(JSON.parse(text) as Scope[])));
  return scopes;
}
