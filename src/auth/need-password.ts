import { refused, tooFast } from '#core/errors.ts';
import { findAccount } from '#storage/accounts.ts';
import type { Auth } from './auth.ts';
import { passwordMatches } from './passwords.ts';

export interface PasswordAsked {
  account: string;
  username: string;
  /** As typed; left out by who has none yet. */
  password: string | undefined;
  address: string;
}

/**
 * Asks for the password once more, before what a session that was left open must not do. Gives the hash that is kept: empty for
 * an account without a password. Guessing waits as it does for signing in. 403 `wrong-password`.
 */
export async function needPassword(
  auth: Auth,
  { account, username, password, address }: PasswordAsked,
): Promise<string> {
  const kept = (await findAccount(auth.storage.db, { id: account }))?.passwordHash ?? '';
  if (kept === '') return kept;
  const wait = await auth.throttle.wait(username, address);
  if (wait > 0) throw tooFast(wait);
  if (!(await passwordMatches(password ?? '', kept))) {
    await auth.throttle.failed(username, address);
    throw refused(
      'wrong-password',
      'That is not your current password. Nothing was changed.',
      'password: whoever knows the one that holds now; the operator can set another',
    );
  }
  await auth.throttle.succeeded(username, address);
  return kept;
}
