import { announce, type Chat } from '#chat/chat.ts';
import { sayAsBot } from '#chat/say-as-bot.ts';
import type { OutgoingMessage } from '#core/message.ts';
import { write } from './write.ts';

/** Delivers an answer to the web chat. A public one is stored once, however often it comes. */
export async function send(chat: Chat, answer: OutgoingMessage): Promise<void> {
  const written = write(answer);
  if ('say' in written) await sayAsBot(chat, written.say, written.answer);
  else announce(chat, written.show);
}
