import type { Clock } from '#core/clock.ts';
import type { Later } from '#core/job.ts';
import type { IncomingMessage, OutgoingMessage, Refusal, Reply } from '#core/message.ts';
import { record } from '#storage/audit.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { closeAnswer, findAnswer, insertJob } from '#storage/work.ts';

/** What the spine made of a message. */
export interface Decided {
  answer: Reply | Later;
  command: string;
  /** What the person used, as they would type it. */
  text: string;
  /** Where nothing was run: why. */
  refusal?: Refusal;
}

/** Keeps answers in the database; resolves after the commit. */
export function answerKeeper(
  storage: Storage,
  clock: Clock,
): (message: IncomingMessage, decided: Decided) => Promise<void> {
  return (message, decided) => storage.write((tx) => settle(tx, clock(), { message, decided }));
}

/** One commit: the answers go to the outbox, the job to the workers, the use into the audit. A repeat finds it done. */
async function settle(
  tx: Tx,
  at: number,
  { message, decided }: { message: IncomingMessage; decided: Decided },
): Promise<void> {
  const { answer, refusal } = decided;
  const request = { id: message.id, to: message.from, community: message.community, cause: causeOf(message, decided) };
  const send = (n: number, final: boolean, reply: Reply): Promise<void> =>
    tx.publish('outgoing', { ...request, n, final, reply, ...(refusal && { refusal }) } satisfies OutgoingMessage);
  if ('job' in answer) {
    if ((await findAnswer(tx.db, message.id))?.state !== 'waiting') return;
    const isNew = await insertJob(tx.db, {
      id: message.id,
      name: answer.job,
      payload: answer.payload,
      request,
      at: message.at,
    });
    if (!isNew) return;
    if (answer.meanwhile) await send(0, false, answer.meanwhile);
    await tx.publish('jobs', { id: message.id });
  } else {
    if (!(await closeAnswer(tx.db, message.id, { state: 'done', reply: answer, ...(refusal && { refusal }) }))) return;
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
}

function causeOf(message: IncomingMessage, decided: Decided): OutgoingMessage['cause'] {
  return { account: message.who.account, name: message.who.username, text: decided.text };
}
