import { createHash } from 'node:crypto';
import { AppError, badRequest, tooFast } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { readProofCode, WRONG_PROOFS, type Proved, type Prover, type SeenLink } from '#core/verification.ts';
import { record } from '#storage/audit.ts';
import { findCommunity } from '#storage/communities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { findEntry } from '#storage/list-people.ts';
import { bar, findBar } from '#storage/verify-bars.ts';
import { countDenied, findByLink, takeRequest, tryCodes, type VerifyRequest } from '#storage/verify-requests.ts';
import type { Tx } from '#storage/storage.ts';
import { settleProof, type Settled } from './bind.ts';
import { turnOf, type VerifyParts } from './parts.ts';
import { TEXTS } from './texts.ts';

/** What is kept of a link's secret part. */
export function linkHash(session: string): string {
  return createHash('sha256').update(session).digest('base64url');
}

/** What is kept of a code: nothing that another request's code could match. */
export function codeHash(request: string, code: string): string {
  return createHash('sha256').update(`${request} ${code}`).digest('base64url');
}

/** What a link is good for. Changes nothing. */
export async function look({ storage, clock }: VerifyParts, session: string): Promise<SeenLink | undefined> {
  const found = await findByLink(storage.db, linkHash(session), clock());
  if (!found) return undefined;
  const { community, name, platform, key } = found;
  const entry = await findEntry(storage.db, community, key, clock());
  const where = await findCommunity(storage.db, community);
  return entry && where && { community: where.name, name, platform, userId: entry.userId };
}

/** Uses a link up. Of many who do it at once one does. */
export async function confirm(parts: VerifyParts, session: string): Promise<Proved | undefined> {
  const request = await findByLink(parts.storage.db, linkHash(session), parts.clock());
  if (!request) return undefined;
  const { community, id } = request;
  const settled = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    const taken = await takeRequest(tx.db, { id, to: 'used', at: parts.clock() });
    return taken && settleProof(parts, tx, taken, 'link');
  });
  return told(parts, community, settled);
}

function told<T>({ changed }: VerifyParts, community: string, settled: Settled<T> | undefined): T | undefined {
  if (settled) changed(community, settled.accounts);
  return settled?.result;
}

/** "This was not me": the request ends, moderators are told, and the third one in a day ends the asking. */
export async function deny(parts: VerifyParts, session: string): Promise<boolean> {
  const request = await findByLink(parts.storage.db, linkHash(session), parts.clock());
  if (!request) return false;
  const { community, id } = request;
  const denied = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    const taken = await takeRequest(tx.db, { id, to: 'denied', at: parts.clock() });
    if (taken) await noteDenied(parts, tx, taken);
    return taken !== undefined;
  });
  if (denied) await parts.tellModerators(community);
  return denied;
}

async function noteDenied(
  { clock }: VerifyParts,
  tx: Tx,
  { community, subject, name, key }: VerifyRequest,
): Promise<void> {
  const at = clock();
  const entry = await findEntry(tx.db, community, key, at);
  const about = {
    community,
    account: null,
    subject,
    detail: JSON.stringify({ person: name, entry: entry?.userId ?? key }),
  };
  await record(tx.db, { ...about, action: 'verification.denied', at });
  const { uses, perSeconds } = LIMITS.verifyDenials;
  const lifted = (await findBar(tx.db, community, subject))?.liftedAt ?? 0;
  const since = Math.max(at - perSeconds * 1_000, lifted);
  if ((await countDenied(tx.db, { community, subject, since })) < uses) return;
  await bar(tx.db, community, { subject, name, barredAt: at });
  await record(tx.db, { ...about, action: 'verification.barred', at });
}

/** The code of a mail, typed by who asked for it: does what the link does. 400 and 429 for what is wrong, 403 and 409 as the link. */
export async function proveByCode(parts: VerifyParts, { community, subject }: Prover, typed: string): Promise<string> {
  const key = `verify code ${subject}`;
  const wait = await parts.rates.wait([{ key, rate: ENDLESS }]);
  if (wait > 0) throw tooFast(wait, TEXTS.tooManyCodes(wait));
  const code = readProofCode(typed);
  const settled = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    const open = await tryCodes(tx.db, { community, subject, at: parts.clock() });
    const match = code === undefined ? undefined : open.find(({ id, codeHash: kept }) => kept === codeHash(id, code));
    const taken = match && (await takeRequest(tx.db, { id: match.id, to: 'used', at: parts.clock() }));
    if (taken) return settleProof(parts, tx, taken, 'code');
    for (const { id, triesLeft } of open)
      if (triesLeft === 0) await takeRequest(tx.db, { id, to: 'over', at: parts.clock() });
    return undefined;
  });
  const proved = told(parts, community, settled);
  if (!proved) {
    await parts.rates.failed(key, WRONG_PROOFS);
    throw badRequest('wrong-code', TEXTS.wrongCode);
  }
  await parts.rates.forget(key, WRONG_PROOFS);
  return wordsFor(proved);
}

/** Failures alone make somebody wait. */
const ENDLESS = { uses: Number.MAX_SAFE_INTEGER, perSeconds: 1 };

/** What somebody is told of their proof, by code or by link. Throws where it came to nothing. */
export function wordsFor({ outcome, platform }: Proved): string {
  switch (outcome) {
    case 'verified':
      return TEXTS.linked(platform);
    case 'waits':
      return TEXTS.waits(platform);
    case 'banned':
      throw new AppError({
        status: 403,
        code: 'entry-banned',
        detail: TEXTS.banned,
        rule: 'a ban; a moderator can lift it',
      });
    case 'taken':
      throw new AppError({ status: 409, code: 'entry-taken', detail: TEXTS.taken });
  }
}
