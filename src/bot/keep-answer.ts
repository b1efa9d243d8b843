import { outgoingTo } from '#bus/bus.ts';
import type { Clock } from '#core/clock.ts';
import type { Later } from '#core/job.ts';
import type { IncomingMessage, OutgoingMessage, Refusal, Reply } from '#core/message.ts';
import { record } from '#storage/audit.ts';
import { keepUse } from '#storage/command-uses.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { answerOnce, findAnswer, insertJob } from '#storage/work.ts';
import type { Counted } from './own-pace.ts';

/** What the spine made of a message. */
export interface Decided {
  answer: Reply | Later;
  command: string;
  /** What the person used, as they would type it. */
  text: string;
  /** Where nothing was run: why. */
  refusal?: Refusal;
  /** Where the community set the pace: the use, to be remembered with the answer. */
  counted?: Counted;
}

/** Keeps answers in the database; resolves after the commit. False where the request was answered before. */
export function answerKeeper(
  storage: Storage,
  clock: Clock,
): (message: IncomingMessage, decided: Decided) => Promise<boolean> {
  return (message, decided) => storage.write((tx) => settle(tx, clock(), { message, decided }));
}

/** One commit: the answers go to the outbox, the job to the workers, the use into the audit. A repeat finds it done: false. */
async function settle(
  tx: Tx,
  at: number,
  { message, decided }: { message: IncomingMessage; decided: Decided },
): Promise<boolean> {
  const { answer, refusal } = decided;
  const request = { id: message.id, to: message.from, community: message.community, cause: causeOf(message, decided) };
  const send = (n: number, final: boolean, reply: Reply): Promise<void> =>
    tx.publish(outgoingTo(message.from.platform), {
      ...request,
      n,
      final,
      reply,
      ...(refusal && { refusal }),
    } satisfies OutgoingMessage);
  if ('job' in answer) {
    if ((await findAnswer(tx.db, message.id))?.state !== 'waiting') return false;
    const isNew = await insertJob(tx.db, {
      id: message.id,
      name: answer.job,
      payload: answer.payload,
      request,
      at: message.at,
    });
    if (!isNew) return false;
    if (answer.meanwhile) await send(0, false, answer.meanwhile);
    await tx.publish('jobs', { id: message.id });
  } else {
    if (!(await answerOnce(tx.db, message.id, { reply: answer, ...(refusal && { refusal }) }))) return false;
    await send(1, true, answer);
  }
  await record(tx.db, {
    community: message.community,
    account: message.who.account,
    action: `command.${refusal?.code === 'unknown-command' ? 'unknown' : decided.command}`,
    subject: message.id,
    detail: JSON.stringify({ from: message.from.platform, ...(refusal && { refused: refusal.code }) }),
    at,
  });
  if (decided.counted) await keepUse(tx.db, decided.counted.use);
  return true;
}

function causeOf(message: IncomingMessage, decided: Decided): OutgoingMessage['cause'] {
  return { account: message.who.account, name: message.who.username, text: decided.text };
}
