/**
 * Cuts a text into pieces of at most `most` UTF-16 units, 40 at least: at line borders, else between words, else inside a
 * word but never inside a character. A code fence (```) that a cut goes through is closed and opened again. No piece is blank.
 */
export function splitText(text: string, most: number): string[] {
  const pieces: string[] = [];
  let rest = text.trimEnd();
  let fence = '';
  while (fence.length + rest.length > most) {
    // A fence may have to be closed: room is kept for it.
    const cut = cutAt(rest, most - fence.length - CLOSE.length);
    const words = rest.slice(0, cut).trimEnd();
    const piece = fence + words;
    rest = fence || openFence(piece) ? rest.slice(cut).replace(/^\n/, '') : rest.slice(cut).trimStart();
    fence = openFence(piece);
    // A line that only opens or closes is carried on, or was closed before.
    if (words !== '' && !FENCE_LINE.test(words)) pieces.push(fence ? piece + CLOSE : piece);
    if (fence && CLOSING.test(rest)) [fence, rest] = ['', rest.replace(CLOSING, '').trimStart()];
  }
  if (rest !== '' || pieces.length === 0) pieces.push(fence + rest);
  return pieces;
}

const CLOSE = '\n```';

/** The end of a fence that the cut has closed already. */
const CLOSING = /^```[ \t]*(?:\n|$)/;

/** At least 1: each cut takes something away. */
function cutAt(text: string, room: number): number {
  const line = text.lastIndexOf('\n', room);
  if (line > 0) return line;
  const blank = text.lastIndexOf(' ', room);
  if (blank > 0) return blank;
  const inPair = /[\uD800-\uDBFF]/.test(text[room - 1] ?? '');
  return Math.max(1, inPair ? room - 1 : room);
}

/** The line that opens the fence which is still open at the end of the text, with its language and line end; else nothing. */
function openFence(text: string): string {
  let open = '';
  for (const line of text.split('\n')) {
    if (!line.startsWith('```')) continue;
    open = open ? '' : `\`\`\`${FENCE_LINE.exec(line)?.[1] ?? ''}\n`;
  }
  return open;
}

/** Behind the signs of a fence anything may stand; only a short word is a language that can be carried on. */
const FENCE_LINE = /^```([\w+#.-]{0,20})\s*$/;
