import type { Chat } from '#chat/chat.ts';
import { listen, type ListenParts } from './listen.ts';
import { offer } from './register.ts';
import { send } from './send.ts';

/** The web chat as one more platform. */
export function webchatConnector(chat: Chat, parts: ListenParts) {
  return {
    platform: 'webchat' as const,
    post: listen(chat, parts),
    send: (answer: Parameters<typeof send>[1]) => send(chat, answer),
    offer,
  };
}
