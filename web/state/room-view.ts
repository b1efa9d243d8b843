import type { Author, Message } from '#contracts/web.ts';
import type { Note, Pending, RoomLog } from './room-log.ts';
import { dayOf } from './time.ts';

/** One line of what somebody said. */
export type Line =
  | { kind: 'message'; key: string; at: string; message: Message }
  | { kind: 'pending'; key: string; at: string; pending: Pending }
  | { kind: 'note'; key: string; at: string; note: Note };

/** What stands in the log from top to bottom. */
export type Item =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'new'; key: string; since: string | null; count: number }
  | { kind: 'said'; key: string; author: Author; lines: Line[] };

type Entry = { author: Author; line: Line };
type Asked = { me: Author; bot: Author; newAfter: number | null };

const GROUP_MS = 5 * 60_000;

/**
 * The log as it is read: groups by author within five minutes, a line for each day,
 * and one line where the reader left off (`newAfter`, a seq; null for none).
 */
export function viewOf(log: RoomLog, asked: Asked): Item[] {
  const items: Item[] = [];
  const news = newLine(log, asked);
  let day = '';
  for (const entry of entriesOf(log, asked)) {
    const today = dayOf(entry.line.at);
    if (today !== day) items.push({ kind: 'day', key: `day ${today}`, at: entry.line.at });
    day = today;
    if (news && entry.line.key === news.before) items.push(news.item);
    place(items, entry);
  }
  return items;
}

function entriesOf(log: RoomLog, { me, bot }: Asked): Entry[] {
  const said = log.messages.map((message) => ({
    seq: message.seq,
    author: message.author,
    line: saidLine(log, message),
  }));
  const notes = log.notes.map((note) => ({ seq: note.after + 0.5, author: bot, line: noteLine(note) }));
  const both = notes.length === 0 ? said : [...said, ...notes].toSorted((a, b) => a.seq - b.seq);
  const waits = log.pending.filter((one) => one.landed === undefined);
  return [...both, ...waits.map((pending) => ({ author: me, line: pendingLine(pending) }))];
}

function saidLine(log: RoomLog, message: Message): Line {
  return { kind: 'message', key: log.sentAs.get(message.id) ?? message.id, at: message.createdAt, message };
}

function noteLine(note: Note): Line {
  return { kind: 'note', key: note.id, at: note.at, note };
}

function pendingLine(pending: Pending): Line {
  return { kind: 'pending', key: pending.clientId, at: pending.at, pending };
}

function newLine(log: RoomLog, { me, newAfter }: Asked) {
  if (newAfter === null) return null;
  const at = log.messages.findIndex((one) => one.seq > newAfter);
  const first = log.messages[at];
  if (!first || (at === 0 && !log.complete)) return null;
  const count = log.messages.slice(at).filter((one) => one.author.id !== me.id).length;
  if (count === 0) return null;
  const since = log.messages[at - 1]?.createdAt ?? null;
  const item: Item = { kind: 'new', key: 'new', since, count };
  return { before: log.sentAs.get(first.id) ?? first.id, item };
}

function place(items: Item[], { author, line }: Entry): void {
  const last = items.at(-1);
  if (last?.kind === 'said' && last.author.id === author.id && within(last.lines, line)) last.lines.push(line);
  else items.push({ kind: 'said', key: `said ${line.key}`, author, lines: [line] });
}

function within(lines: Line[], line: Line): boolean {
  const first = lines[0];
  return first !== undefined && Math.abs(Date.parse(line.at) - Date.parse(first.at)) < GROUP_MS;
}
