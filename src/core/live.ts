import type { Refusal, Reply } from './message.ts';

/** A message as people get it; the shape of HTTP and live alike. Times are RFC 3339. */
export interface PublicMessage {
  id: string;
  seq: number;
  room: string;
  author: { id: string; name: string; kind: 'person' | 'bot' };
  text: string;
  table?: Reply['table'];
  pictures?: Reply['pictures'];
  cause?: { account: string; name: string; text: string };
  mentions?: string[];
  createdAt: string;
  editedAt?: string;
}

/** Who came to a room and who left it, through one hall. */
export interface RoomChange {
  room: string;
  here: { id: string; name: string }[];
  /** Ids of accounts. */
  left: string[];
}

/**
 * Who follows rooms through another hall. Each hall numbers what it tells (`n`, from 1): a hole is something lost, and
 * whoever sees one asks for the whole. The whole comes as more of the same, from the one that is `first` to the one that is `last`.
 */
export type PresenceEvent =
  | { kind: 'presence'; hall: string; n: number; rooms: RoomChange[]; first?: true; last?: true }
  /** This hall is there, and the number of what it told last. */
  | { kind: 'hall'; hall: string; n: number }
  | { kind: 'hall-gone'; hall: string }
  /** Asks a hall, or without `to` all of them, for the whole. */
  | { kind: 'presence-ask'; hall: string; to?: string };

/** What travels on `rooms` to every hall process. It may be lost, come twice or in another order. */
export type LiveEvent =
  | { kind: 'message'; room: string; message: PublicMessage }
  | { kind: 'edited'; room: string; message: PublicMessage }
  | { kind: 'deleted'; room: string; message: { id: string; seq: number; room: string } }
  | { kind: 'typing'; room: string; who: { id: string; name: string } }
  | { kind: 'read'; account: string; room: string; seq: number }
  /** `request`: the command that this answers for good; without it more is to come. */
  | { kind: 'private'; account: string; room?: string; reply: Reply; cause?: { text: string }; request?: string }
  | { kind: 'answer'; hall: string; id: string; final: boolean; reply: Reply; refusal?: Refusal }
  /** Who may see which rooms changed: for one account, or for everybody in the community. */
  | { kind: 'rooms'; community: string; account?: string; gone?: string }
  /** Members came or went, or have another role. */
  | { kind: 'members'; community: string }
  /** What holds for these accounts in the community changed, or what waits there for them as moderators. */
  | { kind: 'order'; community: string; accounts: string[] }
  | { kind: 'renamed'; account: string; name: string }
  | { kind: 'session-ended'; sessions: string[] }
  | PresenceEvent;
