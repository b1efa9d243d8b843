import type { Role } from './roles.ts';

/** A table in a reply: rows of text, one cell a column. */
export interface Table {
  title?: string;
  columns: { name: string; numeric?: boolean }[];
  rows: string[][];
}

export interface Picture {
  url: string;
  alt: string;
  width: number;
  height: number;
}

/** What the bot answers. `private`: for the asker alone. `text` is the words alone. */
export interface Reply {
  text: string;
  table?: Table;
  pictures?: Picture[];
  private: boolean;
}

/** A public reply. */
export function say(text: string): Reply {
  return { text, private: false };
}

/** A reply that the asker alone sees. */
export function whisper(text: string): Reply {
  return { text, private: true };
}

/** Where an answer goes: the connector that owns `platform` reads the rest. */
export interface Address {
  platform: string;
  /** The conversation, where there is one. */
  room?: string;
  /** Who asked: an account's id, or `platform:id` for a person of a platform. */
  account: string;
  /** HTTP only: the hall process that holds the request open. */
  hall?: string;
  /** Everything that answers it is for the asker alone: the platform would show what was asked beside it, a secret included. */
  alone?: true;
  /** What the platform's connector needs to answer, such as an interaction's token or a thread. Nobody else reads it. */
  via?: Record<string, string>;
}

/** How a command is written where it was asked; help and refusals show it so. */
export interface Style {
  /** What stands before a command's name: `/`, `!`, `@Guildhall `. */
  sign: string;
  /** The platform has little room: one line has to do. */
  brief?: boolean;
  /** All that is said there is read by everybody, private answers too. */
  open?: true;
}

/** Who asks: an account, or `platform:id` for a person of a platform who linked none. */
export interface Asker {
  account: string;
  name: string;
  username: string;
  /** What they are here. */
  role: Role | undefined;
  /** What they are on their platform, in its own words. */
  platformRoles?: string[];
  /** `platform:id`, where that is linked to `account`. */
  identity?: string;
  /** The account is disabled: nothing is run for it. */
  disabled?: true;
}

/** A platform and its own id of a person, of `platform:id`. */
export function identityOf(person: string): { platform: string; platformId: string } {
  const end = person.indexOf(':');
  return { platform: person.slice(0, end), platformId: person.slice(end + 1) };
}

/** What a person asked, as plain data; the same from every platform. */
export interface IncomingMessage {
  /** The id of this request for its whole life: in the inbox, at a waiting caller, in the audit. */
  id: string;
  from: Address;
  community: string;
  /** The guild, workspace or channel, in the platform's own id; undefined where there is none, as in a direct message. */
  place?: string;
  who: Asker;
  /**
   * `/name rest` as typed, or a name with arguments already apart (HTTP, slash commands, and all that take secrets, which are
   * sealed here). `wrong`: what is wrong with a line that held secrets, none of which is in `args`.
   */
  ask: { text: string } | { name: string; args: Record<string, unknown>; wrong?: string };
  /** The message that it was asked about, where the platform lets people choose one. */
  about?: Quoted;
  /** Without one commands are written `/name`. */
  style?: Style;
  /** Its platform shows an error where nothing is answered, or an answer costs nothing there: also what was told before is. */
  mustAnswer?: boolean;
  at: number;
}

/** A message of a platform as it stood there, with the platform's own ids. */
export interface Quoted {
  id: string;
  author: { platformId: string; name: string };
  text: string;
}

/** The n-th answer to a request. `final`: no other follows. */
export interface OutgoingMessage {
  id: string;
  n: number;
  final: boolean;
  to: Address;
  community: string;
  reply: Reply;
  /** Where nothing was run: why, for callers that want more than the words. */
  refusal?: Refusal;
  cause: { account: string; name: string; text: string };
}

/** The answer as the asker's platform may show it: for the asker alone where all of it is. */
export function asAllowed(answer: OutgoingMessage): OutgoingMessage {
  return answer.to.alone ? { ...answer, reply: { ...answer.reply, private: true } } : answer;
}

/** A refusal as HTTP tells it. */
export interface Refusal {
  status: number;
  code: string;
  rule?: string;
  retryAfter?: number;
}
