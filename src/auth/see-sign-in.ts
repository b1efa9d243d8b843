import { findAccount } from '#storage/accounts.ts';
import { findEmail } from '#storage/emails.ts';
import { waitingAddress } from '#storage/mail-outbox.ts';
import { pendingLink } from '#storage/one-time-codes.ts';
import { countRecoveryCodes, findFactor } from '#storage/second-factors.ts';
import type { Auth } from './auth.ts';

/** All that somebody signs in by, and finds a lost password again by. */
export async function seeSignIn({ storage: { db }, clock, oidc }: Auth, account: string) {
  const factor = await findFactor(db, account);
  const since = factor?.confirmedAt;
  return {
    password: ((await findAccount(db, { id: account }))?.passwordHash ?? '') !== '',
    oidc: oidc?.name ?? null,
    email: (await findEmail(db, account)) ?? null,
    pendingEmail: (await pendingEmail(db, account, clock())) ?? null,
    secondFactor: since ? { since, recoveryCodes: await countRecoveryCodes(db, account) } : null,
  };
}

/** The address that was asked for last: its link is made when its mail is sent. */
async function pendingEmail(db: Auth['storage']['db'], account: string, now: number): Promise<string | undefined> {
  const waiting = await waitingAddress(db, { account, kind: 'email', now });
  return waiting ?? pendingLink(db, { account, purpose: 'email', now });
}
