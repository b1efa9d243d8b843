import type { LiveEvent } from '#core/live.ts';
import type { OutgoingMessage } from '#core/message.ts';
import { write } from './write.ts';

export interface Outlets {
  announce(event: LiveEvent): void;
  /** Says a public answer in a room of the web chat, once. */
  sayInRoom(answer: OutgoingMessage): Promise<void>;
}

/** Answers the waiting call; where it named a room, a public final answer is said there too. */
export async function send(outlets: Outlets, answer: OutgoingMessage): Promise<void> {
  if (answer.final && answer.to.room !== undefined && !answer.reply.private) await outlets.sayInRoom(answer);
  outlets.announce(write(answer));
}
