import { newId } from '#core/ids.ts';
import type { IncomingMessage } from '#core/message.ts';
import type { Role } from '#core/roles.ts';

export interface Typed {
  who: { account: string; name: string; username: string };
  role: Role | undefined;
  community: string;
  room: string;
  text: string;
  at: number;
}

/** A line that asks the bot: a slash and a letter. `//` and `/ ` are ordinary words. */
export function isCommand(text: string): boolean {
  return /^\s*\/[a-z]/i.test(text);
}

/** What was typed in a room of the web chat, as the spine reads it. */
export function read(typed: Typed): IncomingMessage {
  return {
    id: newId('job', typed.at),
    from: { platform: 'webchat', room: typed.room, account: typed.who.account },
    community: typed.community,
    who: { ...typed.who, role: typed.role },
    ask: { text: typed.text },
    // A private answer costs nothing here.
    mustAnswer: true,
    at: typed.at,
  };
}
