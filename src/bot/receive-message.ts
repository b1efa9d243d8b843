import { hash } from 'node:crypto';
import { conflict } from '#core/errors.ts';
import type { IncomingMessage } from '#core/message.ts';
import type { Storage } from '#storage/storage.ts';
import { openAnswer, receiveOnce } from '#storage/work.ts';

/** Takes in what a connector read; `platformId` is the platform's own id of it. Resolves after the commit to the request's id. */
export type Receive = (message: IncomingMessage, platformId: string) => Promise<string>;

/**
 * Records the message in the inbox and, in the same commit, hands it to the spine. A second delivery ends here, with the
 * first one's id; another message under the same id is refused.
 */
export function receiver(storage: Storage): Receive {
  return (message, platformId) =>
    storage.write(async (tx) => {
      const id = `${message.from.platform}:${platformId}`;
      const digest = hash('sha256', JSON.stringify(message.ask), 'base64url');
      const first = await receiveOnce(tx.db, { id, request: message.id, digest, at: message.at });
      if (first.digest !== digest) throw conflict('client-id-taken', 'Another message was posted under this clientId.');
      if (!first.fresh) return first.request;
      await openAnswer(tx.db, message.id, message.who.account, message.at);
      await tx.publish('incoming', message);
      return message.id;
    });
}
