import { badRequest, conflict } from '#core/errors.ts';
import { readAddress } from '#core/mail.ts';
import { record } from '#storage/audit.ts';
import { findEmail, isTaken, setEmail } from '#storage/emails.ts';
import { endCodes } from '#storage/one-time-codes.ts';
import { inTurn } from '#storage/in-turn.ts';
import type { Auth } from './auth.ts';
import { mayWrite, takeLink, writeTo, type MailParts } from './mailed-links.ts';
import { needProof, type ProofAsked } from './need-proof.ts';
import type { Session } from './sessions.ts';

export interface EmailAsked extends ProofAsked {
  session: Session;
  email: string;
  /** Where people reach the hall. */
  base: string;
}

/** Mails a link to the address. Only when it is opened does the address count; until then the one before stays. */
export async function askForEmail(auth: Auth, parts: MailParts, asked: EmailAsked): Promise<void> {
  const to = readAddress(asked.email);
  if (to === undefined) throw badRequest('bad-email', 'That is not an e-mail address such as ann@example.org.');
  // Whoever may change the address may change the password.
  await needProof(auth, asked);
  const { session, base } = asked;
  if (!(await mayWrite(parts, to))) return;
  await writeTo(parts, { kind: 'email', account: session.account, base, to });
}

/** By the mailed link. 404 `unknown-link`, 409 `email-taken`. The address before is told. */
export async function verifyEmail(parts: MailParts, token: string, base: string): Promise<void> {
  const at = parts.clock();
  const { account, before, email } = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, 'e-mail addresses');
    const { account, name } = await takeLink(tx, { purpose: 'email', token, at });
    const [email, before] = [name ?? '', await findEmail(tx.db, account)];
    if (await isTaken(tx.db, email, account)) throw taken();
    await setEmail(tx.db, account, { email, verifiedAt: at });
    // Whoever still reads the one before sets no password by what was mailed there.
    await endCodes(tx.db, account, { at, purpose: 'password' });
    await record(tx.db, { community: null, account, action: 'email.verify', subject: account, at });
    return { account, before, email };
  });
  if (!before || before.email === email || !(await mayWrite(parts, before.email))) return;
  await writeTo(parts, { kind: 'changed', account, base, to: before.email });
}

/** Forgets the address. A lost password can then be set by the operator alone. */
export async function forgetEmail(auth: Auth, asked: ProofAsked): Promise<void> {
  await needProof(auth, asked);
  const { account } = asked.session;
  const at = auth.clock();
  await auth.storage.write(async (tx) => {
    await setEmail(tx.db, account, null);
    for (const purpose of ['password', 'email']) await endCodes(tx.db, account, { at, purpose });
    await record(tx.db, { community: null, account, action: 'email.forget', subject: account, at });
  });
}

function taken() {
  return conflict(
    'email-taken',
    'This address belongs to another account here. Sign in to that one, or forget the address there first.',
  );
}
