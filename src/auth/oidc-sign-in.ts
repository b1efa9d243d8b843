import { AppError, unknown } from '#core/errors.ts';
import { findAccount } from '#storage/accounts.ts';
import { findIdentity } from '#storage/identities.ts';
import { findInvite } from '#storage/invites.ts';
import { digest, type Auth } from './auth.ts';
import { linkIdentity } from './identities.ts';
import { tellSanctioned } from './linked-sanctions.ts';
import { hasFactor, needFactor } from './need-factor.ts';
import {
  beginAttempt,
  ownPath,
  readSecondStep,
  takeAttempt,
  useAttempt,
  type Attempt,
  type Kept,
} from './oauth-state.ts';
import type { Oidc, OidcPerson } from './oidc.ts';

import { openSession } from './sessions.ts';
import { createAccount, readCode } from './sign-up.ts';

/** A sign-in, or the linking of one more way to sign in. */
export interface OidcAsked extends Pick<Attempt, 'by' | 'invite' | 'shared' | 'next'> {
  purpose: 'sign-in' | 'link';
  /** Where the service sends the browser back to: exactly as it is registered there. */
  redirectUri: string;
}

/** Where to send the browser, and what to seal into it meanwhile. 404 where no such service is set up, 503 `issuer-away`. */
export async function beginOidc(auth: Auth, asked: OidcAsked): Promise<{ address: string; sealed: string }> {
  const oidc = oidcIn(auth);
  const { redirectUri, ...attempt } = asked;
  const { sealed, ...proof } = await beginAttempt(auth, { ...attempt, provider: 'oidc', next: ownPath(asked.next) });
  return { address: await oidc.address({ redirectUri, ...proof }), sealed };
}

export interface OidcCameBack {
  /** The address that the browser came to, with all that the service put into it. */
  url: URL;
  sealed: string | undefined;
  /** Whose session the browser has. */
  by: Attempt['by'] | undefined;
  device: string;
  address: string;
}

/** What it came to. */
export type OidcEnd =
  | { is: 'signed-in'; next: string; token: string; shared: boolean }
  | { is: 'linked'; next: string }
  /** The account has a second factor: what is sealed into the browser now waits for its code. */
  | { is: 'second-step'; next: string; sealed: string };

/**
 * Ends what was begun. A known identity signs in; an unknown one gets an account, by the same rules as everybody. An
 * e-mail address is never looked at. Throws what `takeAttempt`, `Oidc.person`, `createAccount` and `linkIdentity` throw.
 */
export async function endOidc(auth: Auth, came: OidcCameBack): Promise<OidcEnd> {
  const oidc = oidcIn(auth);
  const kept = await takeAttempt(auth, {
    purpose: ['sign-in', 'link'],
    provider: 'oidc',
    sealed: came.sealed,
    state: came.url.searchParams.get('state') ?? undefined,
    ...(came.by && { by: came.by }),
  });
  const person = await oidc.person(came.url, kept);
  const next = ownPath(kept.next);
  if (kept.by) return { is: 'linked', next: await link(auth, { oidc, person, account: kept.by.account, next }) };
  const known = await knownAs(auth, oidc, person);
  if (known === undefined) return newcomer(auth, { oidc, person, kept, came });
  return comeIn(auth, known, { shared: kept.shared === true, device: came.device, next });
}

/** Who has a second factor is asked for it first. */
async function comeIn(auth: Auth, account: string, how: Entering): Promise<OidcEnd> {
  const { shared, device, next } = how;
  if (await hasFactor(auth, account)) {
    const { sealed } = await beginAttempt(auth, { purpose: 'second-step', provider: 'oidc', account, shared, next });
    return { is: 'second-step', next, sealed };
  }
  return { is: 'signed-in', next, ...(await enter(auth, account, { shared, device })) };
}

interface Entering {
  shared: boolean;
  device: string;
  next: string;
}

/** The second step of whoever another service vouched for: the code of their second factor. */
export async function endSecondStep(
  auth: Auth,
  came: Pick<OidcCameBack, 'sealed' | 'device' | 'address'> & { code: string },
) {
  const kept = await readSecondStep(auth, came.sealed);
  const { account } = kept;
  await needFactor(auth, { account, code: came.code, address: came.address });
  await useAttempt(auth, kept);
  return enter(auth, account, { shared: kept.shared === true, device: came.device });
}

function oidcIn({ oidc }: Auth): Oidc {
  if (oidc) return oidc;
  throw new AppError({ status: 404, code: 'no-such-sign-in', detail: 'Nobody signs in by another service here.' });
}

interface Linking {
  oidc: Oidc;
  person: OidcPerson;
  account: string;
  next: string;
}

async function link(auth: Auth, { oidc, person, account, next }: Linking): Promise<string> {
  const identity = { ...identityOf(oidc, person), account, proof: 'oauth', linkedAt: auth.clock() } as const;
  const { sanctionedIn } = await auth.storage.write((tx) => linkIdentity(tx, identity));
  tellSanctioned(auth.announce, account, sanctionedIn);
  return next;
}

async function knownAs(auth: Auth, { platform }: Oidc, { subject }: OidcPerson): Promise<string | undefined> {
  return (await findIdentity(auth.storage.db, { platform, platformId: subject }))?.account;
}

interface Coming {
  oidc: Oidc;
  person: OidcPerson;
  kept: Kept;
  came: OidcCameBack;
}

/** A newcomer by an invite begins in the community that asked them in; they are in the first one too. */
async function newcomer(auth: Auth, { oidc, person, kept, came }: Coming): Promise<OidcEnd> {
  const asked = { username: { from: person.name }, name: person.name, identity: identityOf(oidc, person) };
  const { invite } = kept;
  const right = { by: 'outside', address: came.address, ...(invite !== undefined && { invite }) } as const;
  const community = invite === undefined ? undefined : await communityOf(auth, invite);
  const { id } = await createAccount(auth, asked, right);
  const next = community === undefined ? ownPath(kept.next) : `/?community=${community}`;
  return comeIn(auth, id, { shared: kept.shared === true, device: came.device, next });
}

async function communityOf({ storage, clock }: Auth, code: string): Promise<string | undefined> {
  return (await findInvite(storage.db, digest(readCode(code)), clock()))?.community;
}

function identityOf({ platform, name }: Oidc, person: OidcPerson) {
  return { platform, platformId: person.subject, name: person.name || name };
}

async function enter(auth: Auth, id: string, how: { shared: boolean; device: string }) {
  const account = await findAccount(auth.storage.db, { id });
  if (!account) throw unknown('account');
  const { passwordHash: kept, ...person } = account;
  return { account: person, shared: how.shared, ...(await openSession(auth, { id, kept }, how)) };
}
