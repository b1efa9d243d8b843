import { AppError } from '#core/errors.ts';
import { findAccount, setPasswordHash } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { endCodes } from '#storage/one-time-codes.ts';
import type { Auth } from './auth.ts';
import { needProof } from './need-proof.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { endSessionsIn, type Session } from './sessions.ts';

export interface PasswordChange {
  /** The one that holds now; left out by who has none yet. */
  current?: string;
  new: string;
  /** Of the second factor, where one is on. */
  code?: string;
  address: string;
}

/** Gives oneself a new password. Every other session ends, and every mailed link; API tokens stay. */
export async function changePassword(auth: Auth, session: Session, asked: PasswordChange): Promise<void> {
  checkPassword(asked.new);
  const { account, id } = session;
  const { current: password, code, address } = asked;
  const kept = await needProof(auth, { session, password, code, address });
  const passwordHash = await hashPassword(asked.new);
  const at = auth.clock();
  const ended = await auth.storage.write(async (tx) => {
    // First, so that nobody signs in with the old one in between.
    const others = await endSessionsIn(tx, { account, but: id, at });
    const now = await findAccount(tx.db, { id: account });
    if (!now || now.disabled || now.passwordHash !== kept) throw changedMeanwhile();
    await setPasswordHash(tx.db, account, passwordHash);
    // A link that somebody else asked for would undo it.
    await endCodes(tx.db, account, { at });
    await record(tx.db, { community: null, account, action: 'password.change', subject: account, at });
    return others;
  });
  if (ended.length > 0) auth.announce({ kind: 'session-ended', sessions: ended });
}

function changedMeanwhile(): AppError {
  const detail = 'The password was changed meanwhile. Nothing was changed now.';
  return new AppError({ status: 409, code: 'password-changed', detail });
}
