import type { LiveEvent } from '#core/live.ts';
import type { OutgoingMessage } from '#core/message.ts';

/** How an answer looks here: said in the room, or shown to the asker alone. */
export type Written = { say: string; answer: OutgoingMessage } | { show: LiveEvent };

export function write(answer: OutgoingMessage): Written {
  const { room, account } = answer.to;
  if (room !== undefined && !answer.reply.private) return { say: room, answer };
  const cause = { text: answer.cause.text };
  return {
    show: {
      kind: 'private',
      account,
      ...(room !== undefined && { room }),
      reply: { ...answer.reply, private: true },
      cause,
      ...(answer.final && { request: answer.id }),
    },
  };
}
