import { outgoingTo } from '#bus/bus.ts';
import { byTurns } from '#core/by-turns.ts';
import type { Clock } from '#core/clock.ts';
import { AppError } from '#core/errors.ts';
import type { Later } from '#core/job.ts';
import type { IncomingMessage, OutgoingMessage, Refusal, Reply } from '#core/message.ts';
import type { Taken } from '#core/rate.ts';
import { record, type AuditEntry } from '#storage/audit.ts';
import { keepUse, type CommandUse } from '#storage/command-uses.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { answerOnce, findAnswer, insertJob, type JobRequest } from '#storage/work.ts';
import { placeOf } from './receive-message.ts';
import type { Written } from './written-refusals.ts';

/** What the spine made of a message. */
export interface Decided {
  answer: Reply | Later;
  command: string;
  /** What the person used, as they would type it. */
  text: string;
  /** Where nothing was run: why. */
  refusal?: Refusal;
  /** Who asked knows the answer already: it is kept, and not sent. */
  untold?: boolean;
  /** Where nothing was run: whether that is written into the audit. */
  written?: Written;
  /** Where it was run: the use, which is given back where this answer is not kept. */
  taken?: Taken;
  /** Where it must outlive a restart: what is remembered of it with the answer. */
  keepUse?: CommandUse | undefined;
}

/** Keeps what is being decided; resolves after the commit. False where the request was answered before. */
export type Keep = (message: IncomingMessage, deciding: Promise<Decided>) => Promise<boolean>;

/** Keeps answers in the database: those of one room in the order of the calls, whichever of them is decided first. */
export function answerKeeper(storage: Storage, clock: Clock): Keep {
  const turns = byTurns();
  return async (message, deciding) => {
    const turn = turns(placeOf(message));
    try {
      const decided = await deciding;
      const ahead = turn.before && (await turn.before);
      // It comes again with the one before it, and behind it.
      if (ahead !== undefined) throw ahead as AppError;
      const kept = storage.write((tx) => settle(tx, clock(), { message, decided }));
      // The door commits in the order of the calls: nobody waits for another one's commit.
      turn.pass();
      return await kept;
    } catch (error) {
      turn.pass(isOutage(error) ? error : undefined);
      throw error;
    }
  };
}

/** The database is away: what was asked is handed back, and asked again when it is there. */
function isOutage(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'not-stored' || error.code === 'not-ready');
}

interface Answered {
  message: IncomingMessage;
  decided: Decided;
}

/** One commit: the answers go to the outbox, the job to the workers, the use into the audit. A repeat finds it done: false. */
async function settle(tx: Tx, at: number, answered: Answered): Promise<boolean> {
  const { decided } = answered;
  const { answer } = decided;
  const isNew = 'job' in answer ? await keepJob(tx, answered, answer) : await keepReply(tx, answered, answer);
  if (!isNew) return false;
  if (decided.written !== 'unwritten') await record(tx.db, { ...auditOf(answered, at), at });
  if (decided.keepUse) await keepUse(tx.db, decided.keepUse);
  return true;
}

/** The job, with what is said meanwhile. False where the request has its job, or its answer. */
async function keepJob(tx: Tx, { message, decided }: Answered, answer: Later): Promise<boolean> {
  const { id, at } = message;
  if ((await findAnswer(tx.db, id))?.state !== 'waiting') return false;
  const request = requestOf(message, decided);
  const isNew = await insertJob(tx.db, { id, name: answer.job, payload: answer.payload, request, at });
  if (!isNew) return false;
  if (answer.meanwhile) await send(tx, { ...request, n: 0, final: false, reply: answer.meanwhile });
  await tx.publish('jobs', { id });
  return true;
}

async function keepReply(tx: Tx, { message, decided }: Answered, reply: Reply): Promise<boolean> {
  const { refusal, untold } = decided;
  if (!(await answerOnce(tx.db, message.id, { reply, ...(refusal && { refusal }) }))) return false;
  const answer = { ...requestOf(message, decided), n: 1, final: true, reply, ...(refusal && { refusal }) };
  if (!untold) await send(tx, answer);
  return true;
}

function requestOf(message: IncomingMessage, { text }: Decided): JobRequest {
  const { id, from, community, who } = message;
  return { id, to: from, community, cause: { account: who.account, name: who.username, text } };
}

function send(tx: Tx, answer: OutgoingMessage): Promise<void> {
  return tx.publish(outgoingTo(answer.to.platform), answer);
}

function auditOf({ message, decided }: Answered, at: number): Omit<AuditEntry, 'at'> {
  const { from, who, community } = message;
  const { command, refusal } = decided;
  const more = decided.written === 'last' && { more: true };
  return {
    community,
    account: who.account,
    // An answer goes to the person there, whoever they are here.
    ...(from.account.includes(':') && { identity: from.account }),
    action: `command.${refusal?.code === 'unknown-command' ? 'unknown' : command}`,
    subject: message.id,
    // ms from the asking to the first answer.
    detail: JSON.stringify({ from: from.platform, ms: Math.max(0, at - message.at), ...more }),
    ...(from.room !== undefined && { place: OUR_ROOM.test(from.room) ? from.room : `${from.platform}:${from.room}` }),
    ...(refusal && { result: refusal.code }),
  };
}

/** A room of ours by its form: the platforms' own ids have other ones. */
const OUR_ROOM = /^room_[0-9A-Z]{26}$/;
