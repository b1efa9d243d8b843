import type { IncomingMessage } from '#core/message.ts';
import type { Storage } from '#storage/storage.ts';
import { openAnswer, receiveOnce } from '#storage/work.ts';

/** Takes in what a connector read; `platformId` is the platform's own id of it. Resolves after the commit to the request's id. */
export type Receive = (message: IncomingMessage, platformId: string) => Promise<string>;

/** Records the message in the inbox and, in the same commit, hands it to the spine. A second delivery ends here, with the first one's id. */
export function receiver(storage: Storage): Receive {
  return (message, platformId) =>
    storage.write(async (tx) => {
      const { request, fresh } = await receiveOnce(
        tx.db,
        `${message.from.platform}:${platformId}`,
        message.id,
        message.at,
      );
      if (!fresh) return request;
      await openAnswer(tx.db, message.id, message.who.account, message.at);
      await tx.publish('incoming', message);
      return request;
    });
}
