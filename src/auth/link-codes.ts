import { AppError, badRequest, conflict, noSession, refused } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { LiveEvent } from '#core/live.ts';
import { findAccount, type Account } from '#storage/accounts.ts';
import { findIdentity, type Identity, type IdentityKey } from '#storage/identities.ts';
import type { Tx } from '#storage/storage.ts';
import { linkIdentity, nameOf, type LinkedIdentity } from './identities.ts';
import { tellSanctioned } from './linked-sanctions.ts';
import { issueCode, takeCode, type CodeParts, type IssuedCode, type OneTimeCode } from './one-time-codes.ts';

/** Somebody as a platform knows them. `login`: the name that is theirs alone there, where the platform has such names. */
export interface PlatformPerson extends IdentityKey {
  name: string;
  login?: string;
}

/** What was linked, and with what. */
export interface Linked extends LinkedIdentity {
  account: Pick<Account, 'id' | 'username'>;
}

/** What linking needs beside the codes. */
export interface LinkParts extends CodeParts {
  announce(event: LiveEvent): void;
}

/** For which platform a code is, and there for whom alone; without, whoever types it first proves to be the account's owner. */
export interface CodeFor {
  platform?: string;
  login?: string;
}

/** A code for an account, to be typed on a platform. 400 `name-needed` where all can read it there and it is for no name. */
export async function codeForAccount(
  parts: CodeParts,
  account: string,
  { platform, login }: CodeFor = {},
): Promise<IssuedCode> {
  if (platform === OPEN && login === undefined) throw nameNeeded();
  const name = login?.replace(/^@/, '').toLowerCase() ?? null;
  return parts.storage.write((tx) =>
    issueCode(parts, tx, { ...NOBODY, account, platform: platform ?? null, name, minutes }),
  );
}

/** A code for a person of a platform, to be typed here by who is signed in. 409 `already-linked`. */
export function codeForPerson(parts: CodeParts, { platform, platformId, name }: PlatformPerson): Promise<IssuedCode> {
  return parts.storage.write(async (tx) => {
    const known = await findIdentity(tx.db, { platform, platformId });
    if (known) throw alreadyLinked(platform, await usernameOf(tx, known.account));
    return issueCode(parts, tx, { ...NOBODY, platform, platformId, name, minutes });
  });
}

/**
 * A person of a platform typed an account's code there. Throws as `takeCode` and `linkIdentity`. Others may have read it, so it
 * is used up also where nothing is linked, and another could type it; but not by somebody whom it is not for.
 */
export async function typedThere(parts: LinkParts, person: PlatformPerson, typed: string): Promise<Linked> {
  const { platform, platformId } = person;
  const asked = { purpose: PURPOSE, typed, who: `${platform}:${platformId}`, platform };
  const linked = await takeCode(parts, asked, async (tx, code) => {
    if (code.account === null)
      return wrongPlace('That code is typed in the hall, on your profile page. Make a new one.');
    if (code.name === null && platform === OPEN) return wrongPlace(readByAll());
    if (code.name !== null && code.name !== person.login?.toLowerCase()) throw forAnother(platform);
    return link(parts, tx, { ...person, account: code.account }).catch(refusalOf);
  });
  if (linked instanceof AppError) throw linked;
  tellSanctioned(parts.announce, linked.account.id, linked.sanctionedIn);
  return linked;
}

/** A refusal changed nothing: what was done before it, the code used up, stands. */
function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

/** Who is signed in typed the code of a person of a platform here. */
export async function typedHere(parts: LinkParts, account: string, typed: string): Promise<Linked> {
  const linked = await takeCode(parts, { purpose: PURPOSE, typed, who: account }, async (tx, code) => {
    if (!isOfPerson(code)) throw wrongPlace('That code is typed on Discord, Slack or Twitch, with the command link.');
    const { platform, platformId, name } = code;
    return link(parts, tx, { platform, platformId, name: name ?? platformId, account });
  });
  tellSanctioned(parts.announce, account, linked.sanctionedIn);
  return linked;
}

const PURPOSE = 'link';
/** Where what is typed to the bot stands in a public chat: whoever is quicker could type the code that they read. */
const OPEN = 'twitch';
const NOBODY: OneTimeCode = {
  purpose: PURPOSE,
  account: null,
  community: null,
  platform: null,
  platformId: null,
  name: null,
};
const minutes = LIMITS.linkCodeMinutes;

function isOfPerson(code: OneTimeCode): code is OneTimeCode & { platform: string; platformId: string } {
  return code.account === null && code.platform !== null && code.platformId !== null;
}

async function link(
  { clock }: CodeParts,
  tx: Tx,
  { platform, platformId, name, account: id }: PlatformPerson & { account: string },
): Promise<Linked> {
  const account = await findAccount(tx.db, { id });
  if (!account) throw noSession();
  if (account.disabled) throw disabled();
  const wanted: Identity = { platform, platformId, account: id, name, proof: 'code', linkedAt: clock() };
  return { ...(await linkIdentity(tx, wanted)), account: { id, username: account.username } };
}

async function usernameOf(tx: Tx, id: string): Promise<string> {
  return (await findAccount(tx.db, { id }))?.username ?? id;
}

function alreadyLinked(platform: string, username: string): AppError {
  return conflict(
    'already-linked',
    `You are linked to the account ${username} here. To undo it, unlink ${nameOf(platform)} on its profile page.`,
  );
}

function nameNeeded(): AppError {
  return badRequest(
    'name-needed',
    `All can read a code on ${nameOf(OPEN)}. Send your login there as "name": the code then works for it alone.`,
  );
}

function readByAll(): string {
  return `All could read that code, so it is good no more. Make one for your name on ${nameOf(OPEN)}, on your profile page.`;
}

function wrongPlace(detail: string): AppError {
  return conflict('code-elsewhere', detail);
}

function forAnother(platform: string): AppError {
  return conflict('code-for-another', `That code is for somebody else on ${nameOf(platform)}.`);
}

function disabled(): AppError {
  return refused('account-disabled', 'That account is disabled.', 'a disabled account; the operator can change it');
}
