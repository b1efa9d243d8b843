import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { identityOf } from '#core/message.ts';
import type { Proved, SeenBinding } from '#core/verification.ts';
import { record } from '#storage/audit.ts';
import { findGate } from '#storage/gate.ts';
import { findIdentity } from '#storage/identities.ts';
import { findEntry, type KeptEntry } from '#storage/list-people.ts';
import type { Tx } from '#storage/storage.ts';
import {
  bindingOf,
  bindingOfEntry,
  endBinding,
  insertBinding,
  isBanned,
  isEntryBanned,
  type Binding,
  type Ending,
} from '#storage/verifications.ts';
import { endRequests, findRequest, settleRequest, waitingFor, type VerifyRequest } from '#storage/verify-requests.ts';
import { giveRight, isAccount, takeRight, tell } from './effects.ts';
import type { VerifyParts } from './parts.ts';
import { TEXTS } from './texts.ts';

/** What came of something in its commit, with the accounts whose role is another now. */
export interface Settled<T> {
  result: T;
  accounts: string[];
}

/**
 * Somebody proved that a request is theirs, which is used up by now. Undefined where the entry is on the list no more. Asked in
 * the community's turn, so that of several who prove to be one entry at once one is it.
 */
export async function settleProof(
  parts: VerifyParts,
  tx: Tx,
  request: VerifyRequest,
  how: 'link' | 'code',
): Promise<Settled<Proved | undefined>> {
  const { community, key, platform } = request;
  const at = parts.clock();
  const subject = await subjectNow(tx, request);
  const entry = await findEntry(tx.db, community, key, at);
  if (!entry) return { result: undefined, accounts: [] };
  const end = (outcome: Proved['outcome']) => ({ result: { outcome, platform }, accounts: [] });
  if ((await isEntryBanned(tx.db, community, key, at)) || (await isBanned(tx.db, community, subject, at)))
    return end('banned');
  const mine = await bindingOf(tx.db, community, subject);
  if (mine) return end(mine.key === key ? 'verified' : 'taken');
  const holder = await bindingOfEntry(tx.db, community, key);
  if (holder) return end(await askHolder(parts, tx, { request, holder }));
  const accounts = await bind(parts, tx, { entry, community, subject, name: request.name, how });
  await tell(parts, tx, { to: request, id: request.id, text: TEXTS.maySpeak(platform) });
  return { result: { outcome: 'verified', platform }, accounts };
}

/** Who asked may have linked their name to an account since. */
async function subjectNow(tx: Tx, { subject, platform, platformId }: VerifyRequest): Promise<string> {
  return (await findIdentity(tx.db, { platform, platformId }))?.account ?? subject;
}

/** The entry is another account's: where the community wants it so, that one is asked to give it back. */
async function askHolder(
  parts: VerifyParts,
  tx: Tx,
  { request, holder }: { request: VerifyRequest; holder: Binding },
): Promise<'waits' | 'taken'> {
  const { id, community, name } = request;
  const gate = await findGate(tx.db, community);
  if (gate.second !== 'replace') return 'taken';
  const at = parts.clock();
  await settleRequest(tx.db, { id, state: 'waiting', at, expiresAt: at + LIMITS.verifyWaitHours * 3_600_000 });
  const where = whereIs(holder);
  await tell(parts, tx, { to: { ...where, community }, id: `${id}.holder`, text: TEXTS.asksToReplace(name) });
  return 'waits';
}

/** Where somebody who is verified can be told something: here, or on the platform of their name. */
function whereIs({ subject, name }: Binding) {
  if (isAccount(subject)) return { platform: 'webchat', platformId: subject, name };
  return { ...identityOf(subject), name };
}

export interface ToBind {
  entry: KeptEntry;
  community: string;
  subject: string;
  name: string;
  how: SeenBinding['how'];
  /** The moderator who vouches; where left out, the person themselves. */
  by?: string;
}

/** The entry is theirs from this commit on. */
export async function bind(parts: VerifyParts, tx: Tx, made: ToBind): Promise<string[]> {
  const { entry, community, subject, name, how } = made;
  const at = parts.clock();
  const id = newId('ver', at);
  await insertBinding(tx.db, { id, community, key: entry.key, subject, name, how, verifiedAt: at });
  await endRequests(tx.db, { community, key: entry.key, at });
  await endRequests(tx.db, { community, subject, at });
  const detail = JSON.stringify({ person: name, entry: entry.userId, how });
  const account = made.by ?? subject;
  await record(tx.db, { community, account, action: 'verification.confirm', subject, detail, at });
  return giveRight(parts, tx, { community, subject, gate: await findGate(tx.db, community), name: entry.name });
}

/** Somebody is verified no more. Whoever waits for the entry, and proved that it is theirs, has it then. Undefined where it had ended before. */
export async function unbind(
  parts: VerifyParts,
  tx: Tx,
  {
    community,
    id,
    action,
    reason,
    ...ending
  }: Ending & { community: string; id: string; action: string; reason?: string },
): Promise<Settled<Binding> | undefined> {
  const ended = await endBinding(tx.db, community, id, ending);
  if (!ended) return undefined;
  const { subject, key, name } = ended;
  const detail = JSON.stringify({ person: name, entry: key, ...(reason !== undefined && { reason }) });
  const account = ending.by;
  await record(tx.db, { community, account, action, subject, detail, at: ending.at });
  const accounts = await takeRight(parts, tx, { community, subject, gate: await findGate(tx.db, community) });
  const next = await follow(parts, tx, { community, key });
  return { result: ended, accounts: [...accounts, ...next] };
}

async function follow(
  parts: VerifyParts,
  tx: Tx,
  { community, key }: { community: string; key: string },
): Promise<string[]> {
  const [first] = await waitingFor(tx.db, community, key, parts.clock());
  if (!first) return [];
  await settleRequest(tx.db, { id: first.id, state: 'used', at: parts.clock() });
  const request = await findRequest(tx.db, first.id);
  return request ? (await settleProof(parts, tx, request, 'link')).accounts : [];
}
