import { createHash } from 'node:crypto';
import type { RawFile } from '@discordjs/rest';
import type { Picture, Reply, Table } from '#core/message.ts';
import { pictureData } from '#core/picture-data.ts';
import { splitText } from '#core/split-text.ts';
import { tableCsv, tableText } from '#core/table-text.ts';
import { CALLBACK, FLAG, LIMIT } from './discord.external.ts';
import { TEXTS } from './texts.ts';

/** One message of Discord. */
export interface Part {
  content: string;
  files: PartFile[];
}

/** A file of a message; `alt` is read to those who do not see it. */
export interface PartFile {
  name: string;
  type: string;
  data: Buffer;
  alt?: string;
}

/** What a request carries: a JSON body, and files where there are any. */
export interface Body {
  body: object;
  files?: RawFile[];
}

/** A reply as the messages that it takes: words and tables first, files with the last of them. */
export function write(reply: Reply): Part[] {
  if (!reply.table && !reply.pictures && reply.text.length <= LIMIT.content) return [plain(reply.text.toWellFormed())];
  const { files, lines } = filesOf(reply);
  const words = wordsOf([reply.text, ...lines].join('\n'), reply.table);
  const parts = words.map(plain);
  (parts.at(-1) as Part).files = files.splice(0, LIMIT.files);
  while (files.length > 0) parts.push({ content: '', files: files.splice(0, LIMIT.files) });
  return parts;
}

/** A part of words alone. */
export function plain(content: string): Part {
  return { content, files: NO_FILES };
}

const NO_FILES: never[] = [];

/** The first answer to a slash command. */
export function callbackBody(part: Part, ephemeral: boolean): Body {
  return withFiles(part, { type: CALLBACK.message, data: answerOf(part, ephemeral) });
}

/** A further answer to a slash command. */
export function followUpBody(part: Part, ephemeral: boolean): Body {
  return withFiles(part, answerOf(part, ephemeral));
}

/** An answer in the place of an earlier one, whose files go. */
export function editBody(part: Part): Body {
  return withFiles(part, {
    content: contentOf(part),
    allowed_mentions: NO_PINGS,
    attachments: attachmentsOf(part.files),
  });
}

/**
 * A message in a channel. Of the same nonce Discord makes one message, however often it comes within some minutes.
 * https://discord.com/developers/docs/resources/message#create-message
 */
export function messageBody(part: Part, name: string, answers?: string): Body {
  return withFiles(part, {
    content: contentOf(part),
    allowed_mentions: NO_PINGS,
    nonce: nonceOf(name),
    enforce_nonce: true,
    ...(part.files.length > 0 && { attachments: attachmentsOf(part.files) }),
    ...(answers !== undefined && { message_reference: { message_id: answers, fail_if_not_exists: false } }),
  });
}

/** Nobody is called by what the bot says, the author of an answered message neither. */
const NO_PINGS = { parse: [], replied_user: false };

function answerOf(part: Part, ephemeral: boolean): object {
  return {
    content: contentOf(part),
    allowed_mentions: NO_PINGS,
    ...(ephemeral && { flags: FLAG.ephemeral }),
    ...(part.files.length > 0 && { attachments: attachmentsOf(part.files) }),
  };
}

/** Discord refuses a message without anything in it. */
function contentOf({ content, files }: Part): string {
  return files.length === 0 && content.trim() === '' ? TEXTS.nothing : content;
}

function withFiles({ files }: Part, body: object): Body {
  if (files.length === 0) return { body };
  return { body, files: files.map(({ name, type, data }) => ({ name, data, contentType: type })) };
}

function attachmentsOf(files: PartFile[]): object[] {
  return files.map(({ name, alt }, id) => ({ id, filename: name, ...(alt && { description: alt }) }));
}

/** 24 characters that are the same for the same part; Discord takes 25. */
function nonceOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 24);
}

/** The text, and a table that fits, in pieces that Discord takes. */
function wordsOf(text: string, table: Table | undefined): string[] {
  const pieces = splitText(text.toWellFormed(), LIMIT.content);
  if (!table || !fits(table)) return pieces;
  const last = pieces.pop() as string;
  const both = last === '' ? fenced(table) : `${last}\n${fenced(table)}`;
  return [...pieces, ...(both.length <= LIMIT.content ? [both] : [last, fenced(table)])];
}

/** Whether it goes into one message, and is no wider than a usual window shows without breaking its lines. */
function fits(table: Table): boolean {
  if (table.rows.length > LIMIT.content) return false;
  const text = fenced(table);
  return text.length <= LIMIT.content && text.split('\n').every((line) => line.length <= LINE);
}

/** Characters of a line in a code block of a window of 1,280 points; with longer ones the columns are lost. */
const LINE = 100;

function fenced(table: Table): string {
  return `\`\`\`\n${tableText(table).toWellFormed()}\n\`\`\``;
}

/** What is attached, and the lines that stand for pictures which cannot be. */
function filesOf({ table, pictures = [] }: Reply): { files: PartFile[]; lines: string[] } {
  const files: PartFile[] = [];
  const lines: string[] = [];
  if (table && !fits(table))
    files.push({ name: 'table.csv', type: 'text/csv', data: Buffer.from(tableCsv(table).toWellFormed()) });
  for (const picture of pictures) {
    const file = pictureFile(picture, files.length + 1);
    if (file) files.push(file);
    else lines.push(picture.url.startsWith('data:') ? picture.alt : picture.url);
  }
  return { files, lines };
}

function pictureFile({ url, alt }: Picture, number: number): PartFile | undefined {
  const found = pictureData(url);
  if (!found) return undefined;
  const name = `picture-${number}.${found.extension}`;
  return { name, type: found.type, data: Buffer.from(found.bytes.buffer), alt: alt.slice(0, ALT) };
}

/** Characters of an attachment's description. https://discord.com/developers/docs/resources/message#attachment-object */
const ALT = 1_024;
