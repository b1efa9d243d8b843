import { refused, tooFast } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { findAccount } from '#storage/accounts.ts';
import { listSessions } from '#storage/sessions.ts';
import type { Auth } from './auth.ts';
import { needFactor } from './need-factor.ts';
import { passwordMatches } from './passwords.ts';
import type { Session } from './sessions.ts';

export interface ProofAsked {
  session: Pick<Session, 'id' | 'account' | 'username'>;
  /** As typed; left out by who has none yet. */
  password?: string | undefined;
  /** Of the second factor, as typed; left out by who has none. */
  code?: string | undefined;
  address: string;
}

/**
 * Asks once more who somebody is, before what changes how they get in: a session that was left open or stolen must not do it. It
 * takes the password, or of an account without one a sign-in of just now; and the code of the second factor where one is on. Gives
 * the password's hash that is kept, empty for none. Guessing waits as it does for signing in. 403 `wrong-password`, 403
 * `not-fresh`, and what `needFactor` throws.
 */
export async function needProof(auth: Auth, asked: ProofAsked): Promise<string> {
  const { session, code, address } = asked;
  const kept = (await findAccount(auth.storage.db, { id: session.account }))?.passwordHash ?? '';
  if (kept !== '') await needPassword(auth, asked, kept);
  else if (!(await isFresh(auth, session))) throw notFresh();
  await needFactor(auth, { account: session.account, code, address });
  return kept;
}

/** Whether somebody signed in just now, so that it is surely they who ask. */
export async function isFresh(
  { storage, clock }: Pick<Auth, 'storage' | 'clock'>,
  { id, account }: Pick<Session, 'id' | 'account'>,
): Promise<boolean> {
  const mine = (await listSessions(storage.db, account)).find((one) => one.id === id);
  return mine !== undefined && clock() - mine.createdAt <= LIMITS.freshSessionMinutes * 60_000;
}

async function needPassword(auth: Auth, { session, password, address }: ProofAsked, kept: string): Promise<void> {
  const wait = await auth.throttle.wait(session.username, address);
  if (wait > 0) throw tooFast(wait);
  if (!(await passwordMatches(password ?? '', kept))) {
    await auth.throttle.failed(session.username, address);
    throw refused(
      'wrong-password',
      'That is not your current password. Nothing was changed.',
      'password: whoever knows the one that holds now; the operator can set another',
    );
  }
  await auth.throttle.succeeded(session.username, address);
}

function notFresh() {
  return refused(
    'not-fresh',
    `Your account has no password, so this takes a sign-in of the last ${LIMITS.freshSessionMinutes} minutes. Sign out, sign in again and come back. Nothing was changed.`,
    'an account without a password changes how its person gets in just after a sign-in',
  );
}
