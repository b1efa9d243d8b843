import type { Chat, Person } from '#chat/chat.ts';
import { enterRoom } from '#chat/chat.ts';
import { checkText, postMessage, type Post, type Posted as PostedWords } from '#chat/post-message.ts';
import { commandIn } from '#core/arguments.ts';
import type { IncomingMessage } from '#core/message.ts';
import { whyNotCommand } from '#core/permission.ts';
import { findSecret, hiddenLine, sealedAsk, type Ask, type Sealing } from '#core/secret-arguments.ts';
import { isCommand, read } from './read.ts';

/** Hands a message to the bot, once for each platform's id of it; resolves to the request's id. */
export type Receive = (message: IncomingMessage, platformId: string) => Promise<string>;

/** `asked`: the line as it may be kept and shown, without what is secret in it. */
export type Posted = PostedWords | { command: string; asked: string };

export interface ListenParts extends Sealing {
  receive: Receive;
}

/** Takes what a person typed in a room: words are posted, a command goes to the bot and is not stored as words. */
export function listen(
  chat: Chat,
  { receive, ...sealing }: ListenParts,
): (person: Person, post: Post) => Promise<Posted> {
  return async (person, post) => {
    // Such as `/ keep-key …`, which would be ordinary words and show the secret to the room.
    if (!isCommand(post.text) && !findSecret({ text: post.text }, sealing.commands))
      return postMessage(chat, person, post);
    const refusal = whyNotCommand(person.scopes, sealing.commands.get(commandIn(post.text).name)?.token);
    if (refusal) throw refusal;
    const text = checkText(post.text);
    const room = await enterRoom(chat, person, post.room, 'room.read');
    const who = { account: person.account, name: person.name, username: person.username };
    const message = read({ who, role: room.role, community: room.community, room: room.id, text, at: chat.clock() });
    message.ask = await sealedAsk(message.ask, person.account, sealing);
    if (post.turn?.before) await post.turn.before;
    const receiving = receive(message, `${person.account}:${room.id}:${post.clientId ?? message.id}`);
    post.turn?.pass();
    return { command: await receiving, asked: shown(message.ask) };
  };
}

/** Arguments are apart only where a secret was among them. */
function shown(ask: Ask): string {
  return 'text' in ask ? ask.text : hiddenLine(ask.name);
}
