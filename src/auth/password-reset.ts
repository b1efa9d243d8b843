import { readAddress } from '#core/mail.ts';
import { findAccount, setPasswordHash } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { findReached } from '#storage/emails.ts';
import { unknown } from '#core/errors.ts';
import type { Auth } from './auth.ts';
import { mayWrite, takeLink, writeTo, type MailParts } from './mailed-links.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { endEveryWayIn } from './sessions.ts';

/** Mails whom this stands for a link to set a new password, if there is such a person with a verified address. Tells nobody whether there is. */
export async function askForReset(parts: MailParts, who: { username: string } | { email: string }, base: string) {
  const email = 'email' in who ? readAddress(who.email) : undefined;
  if ('email' in who && email === undefined) return;
  const reached = await findReached(parts.storage.db, email === undefined ? (who as { username: string }) : { email });
  if (!reached) return;
  // Too many an hour are not sent, and nobody is told. The last one that was stays good: else a stranger who asks on could end it.
  if (!(await mayWrite(parts, reached.email))) return;
  await writeTo(parts, { kind: 'password', account: reached.account, base });
}

/** Sets a new password by a mailed link. All sessions end. A second factor stays. 404 `unknown-link`. */
export async function resetByLink(
  auth: Pick<Auth, 'storage' | 'clock' | 'announce'>,
  token: string,
  password: string,
): Promise<void> {
  checkPassword(password);
  const passwordHash = await hashPassword(password);
  const at = auth.clock();
  const account = await auth.storage.write(async (tx) => {
    const link = await takeLink(tx, { purpose: 'password', token, at });
    const found = await findAccount(tx.db, { id: link.account });
    if (!found || found.disabled) throw unknown('link');
    await setPasswordHash(tx.db, link.account, passwordHash);
    await record(tx.db, {
      community: null,
      account: link.account,
      action: 'password.reset',
      subject: link.account,
      at,
    });
    return link.account;
  });
  await endEveryWayIn(auth, account);
}
