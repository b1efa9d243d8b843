import { LINE_LENGTH } from './twitch.external.ts';
import { TEXTS } from './texts.ts';

/** A text for a place that has one line and no markup: what stood on several lines has ` · ` between. */
export function flatText(text: string): string {
  if (!LAYOUT.test(text)) return noPings(text);
  const lines = plain(text)
    .split('\n')
    .map((line) => line.replace(LINE_MARK, '').replace(BLANKS, ' ').trim())
    .filter((line) => line !== '');
  return noPings(
    lines.reduce((all, line) => all + (all.endsWith(':') ? ' ' : ' · ') + line, '').slice(SEPARATOR.length),
  );
}

/** Pieces of at most a line's length, three at most; what is more is cut off, with a hint where to find it. */
export function cutText(text: string): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest !== '') {
    const isLast = pieces.length === MOST_LINES - 1;
    const whole = endOf(rest, LINE_LENGTH);
    const end = whole < rest.length ? cutAt(rest, isLast ? endOf(rest, LINE_LENGTH - TEXTS.cut.length) : whole) : whole;
    pieces.push(noCommand(rest.slice(0, end).trimEnd() + (isLast && end < rest.length ? TEXTS.cut : '')));
    rest = isLast ? '' : rest.slice(end).replace(AT_BORDER, '');
  }
  return pieces;
}

const SEPARATOR = ' · ';
const MOST_LINES = 3;
const AT_BORDER = /^(?:\s+·)?\s+/;

/** Anything that has to be looked at twice: control characters, line ends, marks of markdown, two blanks. */
// oxlint-disable-next-line no-control-regex
const LAYOUT = /[\u0000-\u001F\u007F-\u009F\u2028\u2029`[]|\*\*|~~|\s\s|^[#>*-]|^\s|\s$/;
const LINE_MARK = /^\s*(?:#{1,6}|>|[-*•])\s+/;
// oxlint-disable-next-line no-control-regex
const BLANKS = /[\s\u0000-\u001F\u007F-\u009F]+/g;

function plain(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/^```.*$/gm, '')
    .replace(/!?\[([^\]\n]*)\]\((https?:[^\s)]+)\)/g, (_, words: string, url: string) =>
      words === '' || words === url ? url : `${words} (${url})`,
    )
    .replace(/\*\*|~~|`/g, '');
}

/** A name behind an @ would be called; an invisible character keeps it a word. Addresses stay as they are. */
function noPings(text: string): string {
  return text.includes('@') ? text.replace(/(?<![\w/.-])@(?=[\p{L}\p{N}_])/gu, '@\u200B') : text;
}

/** A line that begins with / or . is a command to Twitch. */
function noCommand(text: string): string {
  return /^[/.]/.test(text) ? `\u200B${text}` : text;
}

/** Where the first so many characters end; a character may take two units. */
function endOf(text: string, most: number): number {
  if (text.length <= most) return text.length;
  let at = 0;
  for (let count = 0; count < most && at < text.length; count++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

/** The last border before `end`: between two things, else between two words, else `end` itself. */
function cutAt(text: string, end: number): number {
  for (const border of [SEPARATOR, ' ']) {
    const at = text.lastIndexOf(border, end);
    if (at > end / 2) return at;
  }
  return end;
}
