import { outgoingTo } from '#bus/bus.ts';
import type { OutgoingMessage, Reply } from '#core/message.ts';
import type { Storage } from '#storage/storage.ts';
import { buryJob, closeAnswer, finishJob, type JobRow } from '#storage/work.ts';

/** Ends a job: its reply goes out with the commit that ends it. False where it had ended before; then nothing is said. */
export function answerJob(storage: Storage, row: JobRow, reply: Reply): Promise<boolean> {
  return storage.write(async (tx) => {
    if (!(await finishJob(tx.db, row.id))) return false;
    if (await closeAnswer(tx.db, row.id, { state: 'done', reply }))
      await tx.publish(outgoingTo(row.request.to.platform), outgoing(row, reply));
    return true;
  });
}

export interface GivenUp {
  /** For the asker. */
  reply: Reply;
  /** For the operator. */
  reason: string;
  at: number;
}

/** Lays a job with the dead and tells the asker. False where it had ended before: somebody else may have answered it meanwhile. */
export function giveUpJob(storage: Storage, row: JobRow, { reply, reason, at }: GivenUp): Promise<boolean> {
  return storage.write(async (tx) => {
    if (!(await buryJob(tx.db, row.id, reason.slice(0, REASON), at))) return false;
    if (await closeAnswer(tx.db, row.id, { state: 'failed', reply }))
      await tx.publish(outgoingTo(row.request.to.platform), outgoing(row, reply));
    return true;
  });
}

/** Characters of a reason that are kept. */
const REASON = 500;

function outgoing(row: JobRow, reply: Reply): OutgoingMessage {
  return { ...row.request, n: 1, final: true, reply };
}
