import { AppError, tooFast, unknown } from '#core/errors.ts';
import { newId, newSecret } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { Scope } from '#core/scopes.ts';
import { findAccount, type Account } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { deleteDeviceLogins } from '#storage/device-logins.ts';
import { inTurn } from '#storage/in-turn.ts';
import { endCodes } from '#storage/one-time-codes.ts';
import type { Tx } from '#storage/storage.ts';
import {
  deleteSessions,
  findSession,
  insertSession,
  listSessions,
  liveSessions,
  touchSessions,
  type SessionRow,
} from '#storage/sessions.ts';
import { deleteTokens, liveTokens, touchTokens } from '#storage/tokens.ts';
import { digest, type Auth } from './auth.ts';
import { passwordMatches } from './passwords.ts';
import { needFactor } from './need-factor.ts';
import { checkToken, isToken } from './tokens.ts';

export type { SessionRow } from '#storage/sessions.ts';

/** Who asks, known by a session's token or by an API token. */
export interface Session {
  id: string;
  account: string;
  username: string;
  name: string;
  operator: boolean;
  /** What an API token may; left out for a session, which may all that its person may. */
  scopes?: ReadonlySet<Scope>;
}

export interface SignIn {
  username: string;
  password: string;
  /** Of the second factor, where there is one. */
  code?: string;
  /** A shared computer: the session ends after 30 minutes without use. */
  shared?: boolean;
  /** What the person will recognise the device by, from its user agent. */
  device: string;
  address: string;
}

/** Opens a session for the right pair. A wrong one is the same 401 whatever is wrong; too many of them wait. */
export async function signIn(
  auth: Auth,
  asked: SignIn,
): Promise<{ token: string; account: Account; idleExpiresAt: number }> {
  const wait = await auth.throttle.wait(asked.username, asked.address);
  if (wait > 0) throw tooFast(wait);
  const account = await findAccount(auth.storage.db, { username: asked.username });
  // An account of another service's has none, which nothing matches.
  const right = await passwordMatches(asked.password, account?.passwordHash || undefined);
  if (!account || !right || account.disabled) {
    await auth.throttle.failed(asked.username, asked.address);
    throw wrongSignIn();
  }
  await needFactor(auth, { account: account.id, code: asked.code, address: asked.address });
  await auth.throttle.succeeded(asked.username, asked.address);
  const { passwordHash: kept, ...person } = account;
  return { account: person, ...(await openSession(auth, { id: account.id, kept }, asked)) };
}

/** Opens a session for somebody who proved who they are. `kept`: the password's hash as it stood then. */
export async function openSession(
  auth: Auth,
  account: { id: string; kept: string },
  asked: Pick<SignIn, 'shared' | 'device'>,
): Promise<{ token: string; idleExpiresAt: number }> {
  const token = newSecret();
  const at = auth.clock();
  const idleMs = (asked.shared ? Math.min(LIMITS.sharedIdleMinutes, auth.idleMinutes) : auth.idleMinutes) * 60_000;
  const expiresAt = at + LIMITS.sessionAbsoluteDays * 86_400_000;
  const ended = await auth.storage.write(async (tx) => {
    await inTurn(tx.db, sessionsOf(account.id));
    // Hashing takes a while: a password that was changed meanwhile, or an account that was disabled, opens nothing.
    const now = await findAccount(tx.db, { id: account.id });
    if (!now || now.disabled || now.passwordHash !== account.kept) throw wrongSignIn();
    const surplus = await endOldest(tx.db, account.id);
    await insertSession(tx.db, digest(token), {
      id: newId('sess', at),
      account: account.id,
      device: asked.device,
      createdAt: at,
      lastSeenAt: at,
      idleMs,
      expiresAt,
    });
    return surplus;
  });
  if (ended.length > 0) auth.announce({ kind: 'session-ended', sessions: ended });
  return { token, idleExpiresAt: at + idleMs };
}

function wrongSignIn(): AppError {
  return new AppError({ status: 401, code: 'wrong-sign-in', detail: 'That name and password do not match.' });
}

/** Makes room for one more session. Returns the ids of those that ended. */
async function endOldest(db: Auth['storage']['db'], account: string): Promise<string[]> {
  const surplus = (await listSessions(db, account)).slice(LIMITS.sessionsPerAccount - 1);
  for (const { id } of surplus) await deleteSessions(db, account, { id });
  return surplus.map(({ id }) => id);
}

/** Who holds this token; undefined where it is unknown, ended, idle for too long, or its account disabled. */
export async function checkSession(auth: Pick<Auth, 'storage' | 'clock'>, token: string): Promise<Session | undefined> {
  if (isToken(token)) return checkToken(auth, token);
  const [row] = await findSession(auth.storage.db, digest(token));
  const now = auth.clock();
  if (!row || row.expires_at <= now || row.last_seen_at + row.idle_ms <= now) return undefined;
  if (now - row.last_seen_at > Math.min(LIMITS.sessionTouchEvery * 1000, row.idle_ms / 4)) void touch(auth, [row.id]);
  return { id: row.id, account: row.account_id, username: row.username, name: row.name, operator: row.operator === 1 };
}

/** Notes that sessions and tokens are in use. Failing to note it refuses nobody. */
export async function touch(auth: Pick<Auth, 'storage' | 'clock'>, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const { sessions, tokens } = apart(ids);
  const noting = auth.storage.write(async (tx) => {
    if (sessions.length > 0) await touchSessions(tx.db, sessions, auth.clock());
    if (tokens.length > 0) await touchTokens(tx.db, tokens, auth.clock());
  });
  await noting.catch(() => undefined);
}

/** An open connection knows its session by the id alone. */
function apart(ids: string[]): { sessions: string[]; tokens: string[] } {
  const { sessions = [], tokens = [] } = Object.groupBy(ids, (id) => (id.startsWith('tok_') ? 'tokens' : 'sessions'));
  return { sessions, tokens };
}

/** The account's sessions that are still good, the last used first. */
export async function seeSessions(auth: Auth, account: string): Promise<SessionRow[]> {
  const now = auth.clock();
  const rows = await listSessions(auth.storage.db, account);
  return rows.filter((row) => row.expiresAt > now && row.lastSeenAt + row.idleMs > now);
}

/** Ends one of the account's sessions, all, or all but one. Their live connections close at once. */
export async function endSessions(
  auth: Pick<Auth, 'storage' | 'clock' | 'announce'>,
  account: string,
  which: { id?: string; but?: string } = {},
): Promise<void> {
  const sessions = await auth.storage.write((tx) => endSessionsIn(tx, { account, at: auth.clock(), ...which }));
  if (which.id !== undefined && sessions.length === 0) throw unknown('session');
  auth.announce({ kind: 'session-ended', sessions });
}

/** The same within a commit that holds more. Returns the ids that ended, for an announcement after the commit. */
export async function endSessionsIn(
  tx: Tx,
  { account, id, but, at }: { account: string; id?: string; but?: string; at: number },
): Promise<string[]> {
  // One that is being opened with what held before is seen, too.
  await inTurn(tx.db, sessionsOf(account));
  const ended = await deleteSessions(tx.db, account, {
    ...(id !== undefined && { id }),
    ...(but !== undefined && { but }),
  });
  const subject = id ?? account;
  if (ended.length > 0) await record(tx.db, { community: null, account, action: 'session.end', subject, at });
  return ended;
}

/** Ends every way in that is open: sessions, API tokens, programs' sign-ins that wait, mailed links and codes. Live connections close at once. */
export async function endEveryWayIn(
  auth: Pick<Auth, 'storage' | 'clock' | 'announce'>,
  account: string,
): Promise<void> {
  const sessions = await auth.storage.write(async (tx) => {
    await inTurn(tx.db, sessionsOf(account));
    await deleteDeviceLogins(tx.db, account);
    await endCodes(tx.db, account, { at: auth.clock() });
    return [...(await deleteSessions(tx.db, account)), ...(await deleteTokens(tx.db, account))];
  });
  auth.announce({ kind: 'session-ended', sessions });
}

function sessionsOf(account: string): string {
  return `sessions of ${account}`;
}

/** Of these sessions and tokens those that ended meanwhile, by whatever process. */
export async function endedAmong(auth: Pick<Auth, 'storage' | 'clock'>, ids: string[]): Promise<string[]> {
  const { sessions, tokens } = apart(ids);
  const { db } = auth.storage;
  const live = sessions.length > 0 ? await liveSessions(db, sessions, auth.clock()) : new Set<string>();
  for (const id of tokens.length > 0 ? await liveTokens(db, tokens, auth.clock()) : []) live.add(id);
  return ids.filter((id) => !live.has(id));
}
