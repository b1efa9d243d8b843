import type { Chat } from '#chat/chat.ts';
import { listen, type Receive } from './listen.ts';
import { offer } from './register.ts';
import { send } from './send.ts';

/** The web chat as one more platform. */
export function webchatConnector(chat: Chat, receive: Receive) {
  return {
    platform: 'webchat' as const,
    post: listen(chat, receive),
    send: (answer: Parameters<typeof send>[1]) => send(chat, answer),
    offer,
  };
}
