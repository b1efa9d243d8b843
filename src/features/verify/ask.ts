import { AppError, conflict, refused, tooFast } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { entryKey, type GateSettings, type Prover } from '#core/verification.ts';
import { record } from '#storage/audit.ts';
import { findGate } from '#storage/gate.ts';
import { inTurn } from '#storage/in-turn.ts';
import { findEntry } from '#storage/list-people.ts';
import { insertMail } from '#storage/mail-outbox.ts';
import type { Tx } from '#storage/storage.ts';
import { bindingOf, bindingOfEntry, isEntryBanned } from '#storage/verifications.ts';
import { findBar } from '#storage/verify-bars.ts';
import { insertRequest } from '#storage/verify-requests.ts';
import { turnOf, type VerifyParts } from './parts.ts';
import { TEXTS } from './texts.ts';

/**
 * Somebody asks to be verified as an entry of the list. Gives what they are told; 403 and 429 where they may not ask. A
 * community that wants it neutral tells all who may ask the same, after a commit in each case, so that neither words nor time
 * say who is on its list.
 */
export async function ask(parts: VerifyParts, prover: Prover, typed: string): Promise<string> {
  const gate = await findGate(parts.storage.db, prover.community);
  if (!gate.neutral) return askOpenly(parts, { prover, typed, gate });
  await needRequest(parts, prover);
  await whyNotSent(parts, { prover, typed, gate }).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    return noteRefused(parts, prover, error.code);
  });
  return TEXTS.neutral;
}

interface Asked {
  prover: Prover;
  typed: string;
  gate: GateSettings;
}

async function askOpenly(parts: VerifyParts, asked: Asked): Promise<string> {
  const { prover } = asked;
  if (await bindingOf(parts.storage.db, prover.community, prover.subject)) return TEXTS.already(prover.platform);
  await needRequest(parts, prover);
  return (await whyNotSent(parts, asked)) ?? TEXTS.sent;
}

/** Each asking counts, also for an id that is not there: nobody tries them all out. */
async function needRequest({ rates }: VerifyParts, { community, subject }: Prover): Promise<void> {
  const taken = await rates.take([{ key: `verify ask ${community} ${subject}`, rate: LIMITS.verifyRequests }]);
  if (!taken.ok) throw tooMany(taken.wait, TEXTS.tooMany(taken.wait));
}

/** Undefined where a mail was asked for. */
async function whyNotSent(parts: VerifyParts, { prover, typed, gate }: Asked): Promise<string | undefined> {
  const { community, subject, platform } = prover;
  const key = entryKey(typed);
  const at = parts.clock();
  const said = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    if (await bindingOf(tx.db, community, subject)) return TEXTS.already(platform);
    const barred = await findBar(tx.db, community, subject);
    if (barred?.liftedAt === null) throw barredNow();
    const entry = await findEntry(tx.db, community, key, at);
    if (entry) await needFree(tx, { community, key, gate, at });
    // In the turn of the community, so that two at once count one after the other.
    const refusal =
      entry && (await parts.rates.take([{ key: `verify mail ${community} ${key}`, rate: LIMITS.verifyMails }]));
    if (refusal?.ok === false) throw tooMany(refusal.wait, TEXTS.tooManyMails(refusal.wait));
    if (entry) await request(tx, { prover, key, at });
    await note(tx, prover, { at, ...(!entry && { result: 'invalid-user-id' }) });
    return entry ? undefined : TEXTS.invalid;
  });
  return said;
}

async function request(tx: Tx, { prover, key, at }: { prover: Prover; key: string; at: number }): Promise<void> {
  const id = newId('ask', at);
  const expiresAt = at + LIMITS.mailTriedMinutes * 60_000;
  await insertRequest(tx.db, { ...prover, id, key, at, expiresAt });
  await insertMail(tx.db, { kind: 'verify', ref: { request: id }, at });
}

/** 403 where a ban sticks to the entry, 409 where somebody else has it. */
async function needFree(
  tx: Tx,
  { community, key, gate, at }: { community: string; key: string; gate: GateSettings; at: number },
): Promise<void> {
  if (await isEntryBanned(tx.db, community, key, at))
    throw refused('entry-banned', TEXTS.banned, 'a ban of a person with this id; a moderator can lift it');
  if (gate.second === 'refuse' && (await bindingOfEntry(tx.db, community, key)))
    throw conflict('entry-taken', TEXTS.taken);
}

async function noteRefused({ storage, clock }: VerifyParts, prover: Prover, result: string): Promise<void> {
  await storage.write((tx) => note(tx, prover, { at: clock(), result }));
}

function note(tx: Tx, { community, subject }: Prover, { at, result }: { at: number; result?: string }): Promise<void> {
  const more = result === undefined ? {} : { result };
  return record(tx.db, { community, account: subject, action: 'verification.ask', subject, ...more, at });
}

function barredNow(): AppError {
  return refused('verify-barred', TEXTS.barred, 'three denials in a day; a moderator can lift it');
}

function tooMany(seconds: number, detail: string): AppError {
  const { status, code, retryAfter } = tooFast(seconds);
  return new AppError({ status, code, detail, rule: 'the verification gate', retryAfter: retryAfter ?? 1 });
}
