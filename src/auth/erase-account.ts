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

/**
 * Deletes somebody. The account ends in one commit, with every way in and all that is little; the rest follows a piece at a
 * time, and is remembered until it is done, also over a kill. Tells what stays, and why.
 */
export async function eraseAccount(
  parts: PersonalParts,
  session: Session,
  asked: EraseAsked,
): Promise<{ kept: KeptData[] }> {
  const { storage, clock, announce, personal } = parts;
  if (asked.username.trim().toLowerCase() !== session.username)
    throw badRequest('wrong-name', 'That is not the name of your account. Nothing was deleted.');
  await needProof(parts, session, asked);
  const how: Forgetting = { messages: asked.messages, at: clock() };
  const ended = await storage.write((tx) => endAccount(tx, parts, { account: session.account, how }));
  announce({ kind: 'session-ended', sessions: ended });
  announce({ kind: 'renamed', account: session.account, name: NOBODY });
  await sweepErased(parts);
  return { kept: personal.flatMap(({ keeps }) => keeps(how)) };
}

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

interface Unfinished {
  person: PersonOnRecord;
  how: Forgetting;
}

/** Ends what was begun with everybody who was deleted. Housekeeping asks for it too: nothing is left half done by a kill. */
export async function sweepErased({ storage, personal }: Pick<PersonalParts, 'storage' | 'personal'>): Promise<void> {
  for (const [account, text] of await readFacts(storage.db, ERASING)) {
    const { person, how } = JSON.parse(text) as Unfinished;
    for (const part of personal) {
      let from: string | undefined;
      do from = await storage.write(async (tx) => part.sweep?.(tx.db, person, { ...how, from }));
      while (from !== undefined);
    }
    await storage.write((tx) => deleteFact(tx.db, `${ERASING}${account}`));
  }
}
