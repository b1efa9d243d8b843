import { badRequest, conflict, refused, tooFast } from '#core/errors.ts';
import { NOBODY, type Forgetting, type KeptData, type PersonOnRecord } from '#core/personal-data.ts';
import { findAccount } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { membershipsOf } from '#storage/communities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { deleteFact, readFacts, writeFact } from '#storage/instance.ts';
import { otherOperator, ownedAlone } from '#storage/owned.ts';
import { deleteSessions } from '#storage/sessions.ts';
import type { Tx } from '#storage/storage.ts';
import { deleteTokens } from '#storage/tokens.ts';
import { personOf, type PersonalParts } from './export-account.ts';
import { isFresh } from './need-proof.ts';
import { passwordMatches } from './passwords.ts';
import type { Session } from './sessions.ts';

export interface EraseAsked {
  /** Typed by the person, so that nothing is deleted by a slip. */
  username: string;
  password?: string | undefined;
  messages: Forgetting['messages'];
  address: string;
}

export interface Erased {
  kept: KeptData[];
  /** What is not done yet: a sentence for that person. */
  goesOn: string;
}

/**
 * Deletes somebody. The account ends in one commit, with every way in and all that is little. The rest is left to
 * housekeeping, which does it by `sweepErased`: nobody waits here for a large table. Tells what stays, and why, and what goes on.
 */
export async function eraseAccount(parts: PersonalParts, session: Session, asked: EraseAsked): Promise<Erased> {
  const { storage, clock, announce, personal } = parts;
  if (asked.username.trim().toLowerCase() !== session.username)
    throw badRequest('wrong-name', 'That is not the name of your account. Nothing was deleted.');
  await needProof(parts, session, asked);
  const how: Forgetting = { messages: asked.messages, at: clock() };
  const ended = await storage.write((tx) => endAccount(tx, parts, { account: session.account, how }));
  announce({ kind: 'session-ended', sessions: ended });
  announce({ kind: 'renamed', account: session.account, name: NOBODY });
  return { kept: personal.flatMap(({ keeps }) => keeps(how)), goesOn: GOES_ON };
}

const GOES_ON =
  'Your account has ended. What lies in large tables, such as your messages and the bot’s answers to you, is gone through now: within seconds to minutes, also if the hall is restarted.';

/** The password, or a sign-in of just now. Wrong ones wait as at the door. */
async function needProof(
  { storage, clock, throttle }: PersonalParts,
  session: Session,
  { password, address }: EraseAsked,
): Promise<void> {
  if (password === undefined) {
    if (await isFresh({ storage, clock }, session)) return;
    throw refused('not-fresh', 'Give your password, or sign in again and come back within ten minutes.', RULE);
  }
  const wait = await throttle.wait(session.username, address);
  if (wait > 0) throw tooFast(wait);
  const account = await findAccount(storage.db, { id: session.account });
  if (await passwordMatches(password, account?.passwordHash || undefined)) return;
  await throttle.failed(session.username, address);
  throw refused('wrong-password', 'That is not your password. Nothing was deleted.', RULE);
}

const RULE = 'an account is deleted by its owner, with the password or a sign-in of the last ten minutes';

/** Gives the sessions and tokens that end with it. */
async function endAccount(
  tx: Tx,
  { personal }: PersonalParts,
  { account, how }: { account: string; how: Forgetting },
): Promise<string[]> {
  const { db } = tx;
  // Two owners who go at once, or two operators: the second one sees that the first is gone.
  await inTurn(db, 'owners');
  await inTurn(db, `sessions of ${account}`);
  await inTurn(db, `tokens of ${account}`);
  await inTurn(db, `identities of ${account}`);
  const communities = (await membershipsOf(db, account)).map(({ id }) => id).toSorted();
  // As whoever changes roles: an owner who steps down meanwhile sees that this one is gone.
  for (const community of communities) await inTurn(db, `members of ${community}`);
  await needSuccessor(tx, account);
  const person = await personOf(db, account);
  const ended = [...(await deleteSessions(db, account)), ...(await deleteTokens(db, account))];
  for (const community of communities)
    await record(db, { community, account, action: 'member.erase', subject: account, at: how.at });
  for (const part of personal) await part.erase(db, person, how);
  await record(db, { community: null, account, action: 'account.erase', subject: account, at: how.at });
  await writeFact(db, `${ERASING}${account}`, JSON.stringify({ person, how } satisfies Unfinished));
  return ended;
}

async function needSuccessor({ db }: Tx, account: string): Promise<void> {
  const alone = await ownedAlone(db, account);
  if (alone.length > 0) {
    const names = alone.map(({ name }) => name).join(', ');
    throw conflict(
      'last-owner',
      `You are the only owner of ${names}. Make somebody else an owner first. Nothing was deleted.`,
    );
  }
  const operator = (await findAccount(db, { id: account }))?.operator ?? false;
  if (operator && !(await otherOperator(db, account)))
    throw conflict(
      'last-operator',
      'You are the only operator of this hall. Make somebody else one first. Nothing was deleted.',
    );
}

const ERASING = 'erasing ';

interface Unfinished extends Begun {
  person: PersonOnRecord;
  how: Forgetting;
}

/** How far it is: the next piece of which part. Without it nothing was done yet. */
interface Begun {
  part?: string;
  from?: string;
}

interface Sweeping extends Pick<PersonalParts, 'storage' | 'personal'> {
  /** Aborted where the process is to end: the piece under way is finished, and another process or start does the rest. */
  signal?: AbortSignal;
}

/**
 * Goes on with everybody who was deleted, from where it was left, and gives the accounts that are done. One that fails does not
 * hold up the others; the first failure is thrown at the end.
 */
export async function sweepErased(sweeping: Sweeping): Promise<string[]> {
  const done: string[] = [];
  const failures: unknown[] = [];
  for (const [account, text] of await readFacts(sweeping.storage.db, ERASING))
    try {
      if (await sweepOne(sweeping, account, JSON.parse(text) as Unfinished)) done.push(account);
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
  return done;
}

/** Tells whether it came to the end. */
async function sweepOne(
  { storage, personal, signal }: Sweeping,
  account: string,
  unfinished: Unfinished,
): Promise<boolean> {
  const key = `${ERASING}${account}`;
  for (let next: Begun | undefined = startOf(personal, unfinished); next !== undefined;) {
    if (signal?.aborted) return false;
    const now: Begun = next;
    next = await storage.write((tx) => sweepPiece(tx, { personal, key, unfinished, now }));
  }
  await storage.write((tx) => deleteFact(tx.db, key));
  return true;
}

interface Piece {
  personal: PersonalParts['personal'];
  key: string;
  unfinished: Unfinished;
  now: Begun;
}

/** A piece, and in the same commit how far it is then: a kill costs one piece at most. */
async function sweepPiece({ db }: Tx, { personal, key, unfinished, now }: Piece): Promise<Begun | undefined> {
  const { person, how } = unfinished;
  const at = personal.findIndex(({ name }) => name === now.part);
  const from = await personal[at]?.sweep?.(db, person, { ...how, from: now.from });
  const following = personal.slice(at + 1).find(({ sweep }) => sweep)?.name;
  const next = from === undefined ? begun(following) : begun(now.part, from);
  if (next) await writeFact(db, key, JSON.stringify({ person, how, ...next } satisfies Unfinished));
  return next;
}

/** From the beginning also where the part is known no more, as in another version of the program. */
function startOf(personal: PersonalParts['personal'], { part, from }: Begun): Begun | undefined {
  const swept = personal.filter(({ sweep }) => sweep);
  return swept.some(({ name }) => name === part) ? begun(part, from) : begun(swept[0]?.name);
}

function begun(part: string | undefined, from?: string): Begun | undefined {
  return part === undefined ? undefined : { part, ...(from !== undefined && { from }) };
}
