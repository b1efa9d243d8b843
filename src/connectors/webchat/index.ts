import type { Chat } from '#chat/chat.ts';
import type { AnyCommand } from '#core/command.ts';
import { listen, type Receive } from './listen.ts';
import { offer } from './register.ts';
import { send } from './send.ts';

/** The web chat as one more platform. */
export function webchatConnector(chat: Chat, commands: () => Iterable<AnyCommand>, receive: Receive) {
  return {
    platform: 'webchat' as const,
    post: listen(chat, receive),
    send: (answer: Parameters<typeof send>[1]) => send(chat, answer),
    offer: (role: Parameters<typeof offer>[1]) => offer(commands(), role),
  };
}
