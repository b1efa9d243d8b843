import { AppError, refused, tooFast } from '#core/errors.ts';
import { findAccount, setPasswordHash } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import type { Auth } from './auth.ts';
import { checkPassword, hashPassword, passwordMatches } from './passwords.ts';
import { endSessionsIn, type Session } from './sessions.ts';

export interface PasswordChange {
  /** The one that holds now; left out by who has none yet. */
  current?: string;
  new: string;
  address: string;
}

/** Gives oneself a new password. Every other session ends; API tokens stay. */
export async function changePassword(auth: Auth, session: Session, asked: PasswordChange): Promise<void> {
  checkPassword(asked.new);
  const kept = await needCurrent(auth, session, asked);
  const passwordHash = await hashPassword(asked.new);
  const { account, id } = session;
  const at = auth.clock();
  const ended = await auth.storage.write(async (tx) => {
    // First, so that nobody signs in with the old one in between.
    const others = await endSessionsIn(tx, { account, but: id, at });
    const now = await findAccount(tx.db, { id: account });
    if (!now || now.disabled || now.passwordHash !== kept) throw changedMeanwhile();
    await setPasswordHash(tx.db, account, passwordHash);
    await record(tx.db, { community: null, account, action: 'password.change', subject: account, at });
    return others;
  });
  if (ended.length > 0) auth.announce({ kind: 'session-ended', sessions: ended });
}

/** The hash that is kept, once the right password was given for it. Guessing waits as it does for signing in. */
async function needCurrent(auth: Auth, { account, username }: Session, asked: PasswordChange): Promise<string> {
  const kept = (await findAccount(auth.storage.db, { id: account }))?.passwordHash ?? '';
  if (kept === '') return kept;
  const wait = await auth.throttle.wait(username, asked.address);
  if (wait > 0) throw tooFast(wait);
  if (!(await passwordMatches(asked.current ?? '', kept))) {
    await auth.throttle.failed(username, asked.address);
    throw refused(
      'wrong-password',
      'That is not your current password. Nothing was changed.',
      'password: whoever knows the one that holds now; the operator can set another',
    );
  }
  await auth.throttle.succeeded(username, asked.address);
  return kept;
}

function changedMeanwhile(): AppError {
  const detail = 'The password was changed meanwhile. Nothing was changed now.';
  return new AppError({ status: 409, code: 'password-changed', detail });
}
