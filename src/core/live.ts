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

/** What travels on `rooms` to every hall process. */
export type LiveEvent =
  | { kind: 'message'; room: string; message: PublicMessage }
  | { kind: 'edited'; room: string; message: PublicMessage }
  | { kind: 'deleted'; room: string; message: { id: string; seq: number; room: string } }
  | { kind: 'typing'; room: string; who: { id: string; name: string } }
  | { kind: 'read'; account: string; room: string; seq: number }
  | { kind: 'private'; account: string; room?: string; reply: Reply; cause?: { text: string } }
  | { kind: 'answer'; hall: string; id: string; final: boolean; reply: Reply; refusal?: Refusal }
  /** Who may see which rooms changed: for one account, or for everybody in the community. */
  | { kind: 'rooms'; community: string; account?: string; gone?: string }
  | { kind: 'renamed'; account: string; name: string }
  | { kind: 'session-ended'; sessions: string[] };
