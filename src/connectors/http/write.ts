import type { LiveEvent } from '#core/live.ts';
import type { OutgoingMessage } from '#core/message.ts';

/** An answer on its way to the hall process that holds the call open. */
export function write(answer: OutgoingMessage): LiveEvent {
  const { id, final, reply, refusal } = answer;
  return { kind: 'answer', hall: answer.to.hall ?? '', id, final, reply, ...(refusal && { refusal }) };
}
