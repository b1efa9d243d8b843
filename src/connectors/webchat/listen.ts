import type { Chat, Person } from '#chat/chat.ts';
import { enterRoom } from '#chat/chat.ts';
import { checkText, postMessage, type Post } from '#chat/post-message.ts';
import type { PublicMessage } from '#core/live.ts';
import type { IncomingMessage } from '#core/message.ts';
import { isCommand, read } from './read.ts';

/** Hands a message to the bot, once for each platform's id of it; resolves to the request's id. */
export type Receive = (message: IncomingMessage, platformId: string) => Promise<string>;

export type Posted = { message: PublicMessage; fresh: boolean } | { command: string };

/** Takes what a person typed in a room: words are posted, a command goes to the bot and is not stored as words. */
export function listen(chat: Chat, receive: Receive): (person: Person, post: Post) => Promise<Posted> {
  return async (person, post) => {
    if (!isCommand(post.text)) return postMessage(chat, person, post);
    const text = checkText(post.text);
    const room = await enterRoom(chat, person, post.room, 'room.read');
    const who = { account: person.account, name: person.name, username: person.username };
    const message = read({ who, role: room.role, community: room.community, room: room.id, text, at: chat.clock() });
    return { command: await receive(message, `${person.account}:${room.id}:${post.clientId ?? message.id}`) };
  };
}
