import type { Message, Reply } from '#contracts/web.ts';

/** A message of mine that the hall has not acknowledged yet. `clientId` stays the same however often it is sent. */
export type Pending = {
  clientId: string;
  text: string;
  /** The same without what is secret in it, where there is something. */
  shown?: string;
  at: string;
  /** It waits for a moderator. */
  held?: true;
  /** Why it stayed behind; absent while it is on its way. */
  failed?: { words: string; code: string };
  /** The message that it became, where that was heard before the acknowledgement. */
  landed?: string;
};

/** A reply that only I see. It stands after the message that was the newest when it came. */
export type Note = { id: string; after: number; at: string; reply: Reply; asked?: string };

/**
 * What one browser knows of one room. Plain data: `change` makes the next one from it, so that
 * no order of frames, answers and reconnects can lose or double a message.
 */
export type RoomLog = {
  /** By `seq`, each once. */
  messages: Message[];
  /** Everything up to this `seq` is known; a reconnect resumes here. */
  resume: number;
  /** Set while messages after it are still being fetched, because the hall skipped them. */
  gap: number | null;
  /** The first message of the room is here. */
  complete: boolean;
  pending: Pending[];
  notes: Note[];
  /** Ids of deleted messages, so that a late answer does not bring one back. */
  gone: ReadonlySet<string>;
  /** The `clientId` that a message of mine was sent with, by message id: its line keeps its place. */
  sentAs: ReadonlyMap<string, string>;
};

export type Change =
  | { type: 'newest'; page: Message[]; limit: number; asOf: number }
  | { type: 'older'; page: Message[]; limit: number }
  | { type: 'missed'; page: Message[]; limit: number }
  | { type: 'message'; message: Message; mine?: boolean }
  | { type: 'edited'; message: Message }
  | { type: 'deleted'; id: string }
  | { type: 'gap'; from: number }
  | { type: 'wrote'; pending: Pending }
  | { type: 'posted'; clientId: string; message: Message }
  | { type: 'accepted'; clientId: string }
  | { type: 'refused'; clientId: string; words: string; code: string }
  | { type: 'held'; clientId: string }
  | { type: 'again'; clientId: string }
  | { type: 'dropped'; clientId: string }
  | { type: 'note'; note: Note }
  | { type: 'dismissed'; id: string }
  | { type: 'trim'; keep: number };

/** As many messages as the hall replays at most. */
const FAR = 500;

export function emptyLog(): RoomLog {
  return {
    messages: [],
    resume: 0,
    gap: null,
    complete: false,
    pending: [],
    notes: [],
    gone: new Set(),
    sentAs: new Map(),
  };
}

/** The log after one change. Never alters the log that it is given. */
export function change(log: RoomLog, what: Change): RoomLog {
  switch (what.type) {
    case 'newest':
      return withNewest(log, what);
    case 'older':
      return { ...log, messages: merged(log, what.page), complete: what.page.length < what.limit };
    case 'missed':
      return withMissed(log, what);
    case 'message':
      return withMessage(what.mine ? withLanded(log, what.message) : log, what.message);
    case 'edited':
      return withEdit(log, what.message);
    case 'deleted':
      return without(log, what.id);
    case 'gap':
      return { ...log, gap: log.gap === null ? what.from : Math.min(log.gap, what.from) };
    case 'note':
      return { ...log, notes: [...log.notes, what.note] };
    case 'dismissed':
      return { ...log, notes: log.notes.filter((note) => note.id !== what.id) };
    case 'trim':
      return trimmed(log, what.keep);
    default:
      return withOutbox(log, what);
  }
}

/** The highest `seq` that is here; 0 in an empty room. */
export function newestSeq(log: RoomLog): number {
  return log.messages.at(-1)?.seq ?? 0;
}

/**
 * The newest page, read again: edits and deletions that happened meanwhile show.
 * `asOf` is the newest `seq` that was here when the page was asked for.
 */
function withNewest(log: RoomLog, { page, limit, asOf }: { page: Message[]; limit: number; asOf: number }): RoomLog {
  const first = page.length < limit ? 0 : (page[0]?.seq ?? 0);
  if (first - log.resume > FAR && log.resume > 0) return begunAnew(log, page);
  const last = Math.max(asOf, page.at(-1)?.seq ?? 0);
  const inPage = new Set(page.map((message) => message.id));
  const stale = log.messages.filter((one) => one.seq >= first && one.seq <= last && !inPage.has(one.id));
  const cleaned = { ...log, gone: added(log.gone, ...stale.map((one) => one.id)) };
  const fresh = log.messages.length === 0;
  return {
    ...cleaned,
    messages: merged(cleaned, page),
    resume: fresh ? Math.max(log.resume, page.at(-1)?.seq ?? 0) : log.resume,
    complete: log.complete || page.length < limit,
  };
}

/** So far behind that the pages between are better read when somebody scrolls up to them. */
function begunAnew(log: RoomLog, page: Message[]): RoomLog {
  const messages = merged({ ...log, messages: [] }, page);
  return { ...log, messages, resume: page.at(-1)?.seq ?? 0, gap: null, complete: false };
}

/** One page of what a gap left out. The gap closes with the first page that is not full. */
function withMissed(log: RoomLog, { page, limit }: { page: Message[]; limit: number }): RoomLog {
  const messages = merged(log, page);
  const reached = Math.max(log.gap ?? 0, page.at(-1)?.seq ?? 0);
  if (page.length >= limit) return { ...log, messages, gap: reached, resume: Math.max(log.resume, reached) };
  return { ...log, messages, gap: null, resume: Math.max(log.resume, messages.at(-1)?.seq ?? 0) };
}

function withMessage(log: RoomLog, message: Message): RoomLog {
  const resume = log.gap === null ? Math.max(log.resume, message.seq) : log.resume;
  return { ...log, messages: merged(log, [message]), resume };
}

/** My own words come back to me as a message, perhaps before the acknowledgement: they are not shown twice. */
function withLanded(log: RoomLog, message: Message): RoomLog {
  if (log.sentAs.has(message.id)) return log;
  const sent = log.pending.find((one) => one.text === message.text && one.landed === undefined);
  if (!sent) return log;
  if (sent.held) return { ...log, pending: waitingBut(log, sent.clientId) };
  const pending = log.pending.map((one) => (one === sent ? { ...one, landed: message.id } : one));
  return { ...log, pending, sentAs: new Map(log.sentAs).set(message.id, sent.clientId) };
}

function withEdit(log: RoomLog, message: Message): RoomLog {
  if (!log.messages.some((one) => one.id === message.id)) return log;
  return { ...log, messages: merged(log, [message]) };
}

function without(log: RoomLog, id: string): RoomLog {
  return { ...log, messages: log.messages.filter((one) => one.id !== id), gone: added(log.gone, id) };
}

/** Lets the oldest go from memory; they can be read again. */
function trimmed(log: RoomLog, keep: number): RoomLog {
  if (log.messages.length <= keep) return log;
  return { ...log, messages: log.messages.slice(-keep), complete: false };
}

type OutboxChange = Extract<Change, { clientId: string } | { pending: Pending }>;

function withOutbox(log: RoomLog, what: OutboxChange): RoomLog {
  switch (what.type) {
    case 'wrote':
      return { ...log, pending: [...log.pending, what.pending] };
    case 'posted':
      return withPosted(log, what.clientId, what.message);
    case 'held':
      return {
        ...log,
        pending: log.pending.map((one) => (one.clientId === what.clientId ? { ...one, held: true } : one)),
      };
    case 'refused':
      return {
        ...log,
        pending: patched(log, { clientId: what.clientId, failed: { words: what.words, code: what.code } }),
      };
    case 'again':
      return { ...log, pending: patched(log, { clientId: what.clientId, failed: undefined }) };
    default:
      return { ...log, pending: waitingBut(log, what.clientId) };
  }
}

/** `resume` stays: what others said just before may still be on its way. */
function withPosted(log: RoomLog, clientId: string, message: Message): RoomLog {
  const sentAs = new Map(log.sentAs).set(message.id, clientId);
  return { ...log, messages: merged(log, [message]), pending: waitingBut(log, clientId), sentAs };
}

function waitingBut(log: RoomLog, clientId: string): Pending[] {
  return log.pending.filter((one) => one.clientId !== clientId);
}

function patched(log: RoomLog, next: Pick<Pending, 'clientId' | 'failed'>): Pending[] {
  return log.pending.map((one) =>
    one.clientId === next.clientId ? { ...one, failed: next.failed, landed: undefined } : one,
  );
}

function merged(log: RoomLog, incoming: Message[]): Message[] {
  const newest = log.messages.at(-1)?.seq ?? 0;
  const wanted = incoming.filter((one) => !log.gone.has(one.id));
  const kept = log.messages.filter((one) => !log.gone.has(one.id));
  if (wanted.every((one, at) => one.seq > (wanted[at - 1]?.seq ?? newest))) return [...kept, ...wanted];
  const bySeq = new Map(kept.map((one) => [one.seq, one]));
  for (const one of wanted) bySeq.set(one.seq, later(bySeq.get(one.seq), one));
  return [...bySeq.values()].toSorted((a, b) => a.seq - b.seq);
}

/** An answer that was on its way while an edit came by must not undo the edit. */
function later(here: Message | undefined, incoming: Message): Message {
  if (!here) return incoming;
  return (here.editedAt ?? '') > (incoming.editedAt ?? '') ? here : incoming;
}

function added(set: ReadonlySet<string>, ...ids: string[]): ReadonlySet<string> {
  return ids.length === 0 ? set : new Set([...set, ...ids]);
}
