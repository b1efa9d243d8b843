import { hash } from 'node:crypto';
import { incomingOf } from '#bus/bus.ts';
import { SEALED } from '#core/arguments.ts';
import { conflict } from '#core/errors.ts';
import type { IncomingMessage } from '#core/message.ts';
import type { Storage } from '#storage/storage.ts';
import { openAnswer, receiveOnce } from '#storage/work.ts';

/** Takes in what a connector read; `platformId` is the platform's own id of it. Resolves after the commit to the request's id. */
export type Receive = (message: IncomingMessage, platformId: string) => Promise<string>;

/**
 * Records the message in the inbox and, in the same commit, hands it to the spine. A second delivery ends here, with the
 * first one's id; another message under the same id is refused. `parts`: how many parts of `incoming` the bus has.
 */
export function receiver(storage: Storage, parts = 1): Receive {
  return (message, platformId) =>
    storage.write(async (tx) => {
      const id = `${message.from.platform}:${platformId}`;
      const digest = digestOf(message.ask);
      const first = await receiveOnce(tx.db, { id, request: message.id, digest, at: message.at });
      if (first.digest !== digest) throw conflict('client-id-taken', 'Another message was posted under this clientId.');
      if (!first.fresh) return first.request;
      await openAnswer(tx.db, message.id, message.who.account, message.at);
      await tx.publish(incomingOf(placeOf(message), parts), message);
      return message.id;
    });
}

/**
 * Of what is asked, to tell a repeat from another message. A secret counts as a secret, whatever it is: it is sealed anew at
 * each try, and a digest of the value would let it be guessed.
 */
function digestOf(ask: IncomingMessage['ask']): string {
  const blind = (_: string, value: unknown): unknown =>
    typeof value === 'string' && SEALED.test(value) ? 'sealed' : value;
  return hash('sha256', 'text' in ask ? JSON.stringify(ask) : JSON.stringify(ask, blind), 'base64url');
}

/** What is asked in one place is answered in its order, by whichever bot. */
export function placeOf({ id, from }: Pick<IncomingMessage, 'id' | 'from'>): string {
  return `${from.platform} ${from.room ?? id}`;
}
