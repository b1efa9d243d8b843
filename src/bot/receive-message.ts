import type { IncomingMessage } from '#core/message.ts';
import type { Storage } from '#storage/storage.ts';
import { openAnswer, receiveOnce } from '#storage/work.ts';

/** Takes in what a connector read. `platformId` is the platform's own id of it; resolves after the commit. */
export type Receive = (message: IncomingMessage, platformId: string) => Promise<void>;

/** Records the message in the inbox and, in the same commit, hands it to the spine. A second delivery ends here. */
export function receiver(storage: Storage): Receive {
  return (message, platformId) =>
    storage.write(async (tx) => {
      if (!(await receiveOnce(tx.db, `${message.from.platform}:${platformId}`, message.at))) return;
      await openAnswer(tx.db, message.id, message.who.account, message.at);
      await tx.publish('incoming', message);
    });
}
