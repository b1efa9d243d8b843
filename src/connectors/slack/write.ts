import type { Address, OutgoingMessage, Picture, Reply, Table } from '#core/message.ts';
import { pictureData } from '#core/picture-data.ts';
import { splitText } from '#core/split-text.ts';
import { tableCsv, tableText } from '#core/table-text.ts';
import { escape, link, mrkdwn } from './mrkdwn.ts';
import { ALT_MOST, RESPONSE_URL, TEXT_MOST, type SlackBlock } from './slack.external.ts';
import { TEXTS } from './texts.ts';

/** One wire message of an answer. */
export type Part = Words | File;

export interface Words {
  /** As Slack writes it. */
  text: string;
  /** A picture from the web; `text` stands in its place where Slack cannot get it. */
  blocks?: SlackBlock[];
}

export interface File {
  /** Of one answer's part alone, so that a repeat can be found by it. */
  name: string;
  title: string;
  alt: string | undefined;
  bytes: Uint8Array<ArrayBuffer>;
}

/** An answer as wire messages: the words with a small table, a large table as a file, the pictures. */
export function write({ id, n, reply }: Pick<OutgoingMessage, 'id' | 'n' | 'reply'>): Part[] {
  const mark = (index: number): string => `${id.slice(-6).toLowerCase()}-${n}-${index}`;
  const parts: Part[] = writeWords(reply).map((text) => ({ text: mrkdwn(text) }));
  if (reply.table && !fence(reply.table)) parts.push(tableFile(reply.table, mark(0)));
  for (const [index, picture] of (reply.pictures ?? []).entries()) parts.push(writePicture(picture, mark(index + 1)));
  return parts.length > 0 ? parts : [{ text: TEXTS.empty }];
}

/** Words and a table that fits, in as few messages as they take. */
function writeWords({ text, table }: Reply): string[] {
  const code = table && fence(table);
  if (!text.trim()) return code ? [code] : [];
  if (code && text.length + 1 + code.length <= TEXT_MOST) return [`${text}\n${code}`];
  return [...splitText(text, TEXT_MOST), ...(code ? [code] : [])];
}

/** A table in a font of one width. Lines above this width would be broken by the window. */
const WIDEST = 120;

function fence(table: Table): string | undefined {
  const text = tableText(table);
  if (text.length > TEXT_MOST - 10 || text.split('\n').some((line) => line.length > WIDEST)) return undefined;
  return `\`\`\`\n${text}\n\`\`\``;
}

function tableFile(table: Table, mark: string): File {
  const title = table.title ?? 'Table';
  const bytes = new TextEncoder().encode(tableCsv(table));
  return { name: `${slug(title) || 'table'}-${mark}.csv`, title: `${title}.csv`, alt: undefined, bytes };
}

const slug = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);

function writePicture({ url, alt }: Picture, mark: string): Part {
  const data = pictureData(url);
  if (data)
    return { name: `picture-${mark}.${data.extension}`, title: alt, alt: alt.slice(0, ALT_MOST), bytes: data.bytes };
  if (!/^https?:\/\//i.test(url)) return { text: escape(alt) };
  return { text: link(url, alt), blocks: [{ type: 'image', image_url: url, alt_text: alt.slice(0, ALT_MOST) || url }] };
}

/** Where an answer goes. */
export interface Place {
  /** Undefined: to the person alone, as a direct message. */
  channel: string | undefined;
  user: string;
  thread: string | undefined;
  /** A slash command's response_url, and until when Slack takes answers there. */
  url: string | undefined;
  urlUntil: number;
  /** Slack's time of the question: no part of the answer is older. */
  since: string;
  /** Between the bot and one person: there nothing needs to be hidden. */
  direct: boolean;
}

export function placeOf({ room, account, via = {} }: Address): Place {
  const at = Number(via.at ?? 0);
  return {
    channel: room,
    user: account.slice(account.indexOf(':') + 1),
    thread: via.thread,
    url: via.url,
    urlUntil: at + RESPONSE_URL.ms,
    // A minute earlier, as our clock and Slack's differ.
    since: via.ts ?? String(Math.max(0, Math.floor(at / 1_000) - 60)),
    direct: via.url === undefined && (room === undefined || room.startsWith('D')),
  };
}
