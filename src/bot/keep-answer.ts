import { outgoingTo } from '#bus/bus.ts';
import type { Clock } from '#core/clock.ts';
import type { Later } from '#core/job.ts';
import type { IncomingMessage, OutgoingMessage, Refusal, Reply } from '#core/message.ts';
import { record } from '#storage/audit.ts';
import { keepUse } from '#storage/command-uses.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { answerOnce, findAnswer, insertJob, type JobRequest } from '#storage/work.ts';
import { byTurns } from './by-turns.ts';
import type { Counted } from './own-pace.ts';

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
  /** Where the community set the pace: the use, to be remembered with the answer. */
  counted?: Counted;
}

/** Keeps what is being decided; resolves after the commit. False where the request was answered before. */
export type Keep = (message: IncomingMessage, deciding: Promise<Decided>) => Promise<boolean>;

/** Keeps answers in the database: those of one room in the order of the calls, whichever of them is decided first. */
export function answerKeeper(storage: Storage, clock: Clock): Keep {
  const turns = byTurns();
  return async (message, deciding) => {
    const { platform, room } = message.from;
    const turn = turns(`${platform} ${room ?? message.id}`);
    try {
      const decided = await deciding;
      if (turn.before) await turn.before;
      const kept = storage.write((tx) => settle(tx, clock(), { message, decided }));
      // The door commits in the order of the calls: nobody waits for another one's commit.
      turn.pass();
      return await kept;
    } finally {
      turn.pass();
    }
  };
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
  await record(tx.db, { ...auditOf(answered), at });
  if (decided.counted) await keepUse(tx.db, decided.counted.use);
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

function auditOf({ message, decided }: Answered): Omit<Parameters<typeof record>[1], 'at'> {
  const { command, refusal } = decided;
  return {
    community: message.community,
    account: message.who.account,
    action: `command.${refusal?.code === 'unknown-command' ? 'unknown' : command}`,
    subject: message.id,
    detail: JSON.stringify({ from: message.from.platform, ...(refusal && { refused: refusal.code }) }),
  };
}
