/** A piece of what somebody wrote. Everything that is not one of the others is text. */
export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'mention'; text: string };

/** A paragraph of pieces, or a block of code between two lines of three backticks. */
export type Block = { kind: 'words'; pieces: Piece[] } | { kind: 'block'; text: string };

const FENCE = /```[^\S\n]*[\w+-]*\n([\s\S]*?)\n?```/g;
const TOKEN = /`([^`\n]+)`|\bhttps?:\/\/[^\s<>"`]+|(?<![\w@.-])@[a-z0-9_.-]{3,30}/gi;
const TRAILING = /[.,;:!?'’”)\]}]+$/;

/**
 * What somebody wrote, in pieces that a page can show without trusting them: nothing here becomes
 * markup. `mentions`: whether an `@name` is one (the hall says so with the message).
 */
export function blocksOf(text: string, { mentions }: { mentions: boolean }): Block[] {
  const blocks: Block[] = [];
  let from = 0;
  for (const found of text.matchAll(FENCE)) {
    addWords(blocks, text.slice(from, found.index), mentions);
    blocks.push({ kind: 'block', text: found[1] ?? '' });
    from = found.index + found[0].length;
  }
  addWords(blocks, text.slice(from), mentions);
  return blocks;
}

function addWords(blocks: Block[], text: string, mentions: boolean): void {
  const trimmed = text.replace(/^\n+|\s+$/g, '');
  if (trimmed) blocks.push({ kind: 'words', pieces: piecesOf(trimmed, mentions) });
}

function piecesOf(text: string, mentions: boolean): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(TOKEN)) {
    const piece = pieceOf(found[0], found[1], mentions);
    if (!piece) continue;
    if (found.index > from) pieces.push({ kind: 'text', text: text.slice(from, found.index) });
    pieces.push(piece);
    from = found.index + (found[1] === undefined ? piece.text.length : found[0].length);
  }
  if (from < text.length) pieces.push({ kind: 'text', text: text.slice(from) });
  return pieces;
}

function pieceOf(whole: string, code: string | undefined, mentions: boolean): Piece | null {
  if (code !== undefined) return { kind: 'code', text: code };
  if (whole.startsWith('@')) return mentions ? { kind: 'mention', text: whole.replace(/[.-]+$/, '') } : null;
  const text = withoutTrailing(whole);
  return URL.canParse(text) ? { kind: 'link', text, href: new URL(text).href } : null;
}

/** A sentence's full stop is not the link's; a bracket is, where the link opened it. */
function withoutTrailing(link: string): string {
  const tail = TRAILING.exec(link)?.[0] ?? '';
  if (tail.startsWith(')') && link.includes('(')) return link.slice(0, link.length - tail.length + 1);
  return link.slice(0, link.length - tail.length);
}
