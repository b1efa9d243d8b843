/** What to look for: words that stand one after the other. `begins`: the last of them is only the beginning of one. */
export interface Phrase {
  text: string;
  begins: boolean;
}

/** Places in a text, in UTF-16 units: from the first to before the second. */
export type Mark = [from: number, to: number];

/** Phrases that one search may ask for; nobody types more, and each costs a look into the index. */
const PHRASES = 32;

/** Letters that the beginning of a word needs: with fewer, thousands of words are meant. A sign of a script without blanks says more. */
const BEGINNING = 3;
const WITHOUT_BLANKS = /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/u;

/**
 * Reads what somebody typed: `two words` means both, `"two words"` one after the other, `begin*` what begins so. Whatever
 * else they type is no operator and no mistake. Empty where there is no letter and no digit in it.
 */
export function readQuery(typed: string): Phrase[] {
  const found = typed.toWellFormed().replaceAll('\0', ' ').matchAll(PIECE);
  const phrases = Array.from(found, ([, exact, loose]) => phraseOf(exact ?? loose ?? '', exact !== undefined));
  return phrases.filter(({ text }) => A_WORD.test(text)).slice(0, PHRASES);
}

/** Between quotes of any kind, or up to the next blank or quote. A quote that is never closed is none. */
const PIECE = /["“„«]([^"“”„«»]*)["”“»]|([^\s"“”„«»]+)/gu;
const A_WORD = /[\p{L}\p{N}]/u;

function phraseOf(text: string, exact: boolean): Phrase {
  const words = wordsOf(text);
  const last = words.at(-1)?.word ?? '';
  const enough = [...last].length >= BEGINNING || WITHOUT_BLANKS.test(last);
  return { text, begins: !exact && text.endsWith('*') && enough };
}

/** Where a text says what was looked for, from left to right. */
export function marksOf(text: string, phrases: readonly Phrase[]): Mark[] {
  const said = wordsOf(text);
  const found = new Set(phrases.flatMap((phrase) => placesOf(said, phrase)));
  return said.filter((_, n) => found.has(n)).map(({ mark }) => mark);
}

interface Word {
  word: string;
  mark: Mark;
}

/** The numbers of all words that belong to the phrase. */
function placesOf(said: Word[], { text, begins }: Phrase): number[] {
  const wanted = wordsOf(text);
  const isAt = (start: number): boolean =>
    wanted.every(({ word }, n) => {
      const there = said[start + n]?.word ?? '';
      return begins && n === wanted.length - 1 ? there.startsWith(word) : there === word;
    });
  const starts = said.flatMap((_, n) => (isAt(n) ? [n] : []));
  return starts.flatMap((start) => wanted.map((_, n) => start + n));
}

/** The words of a text as both databases take them apart. */
function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(/[\p{L}\p{N}\p{M}]+/gu), ({ 0: word, index }) => ({
    word: plain(word),
    mark: [index, index + word.length] as Mark,
  }));
}

/** In lower case, without the marks on Latin letters: ü is u, й stays. */
function plain(word: string): string {
  return word
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/([a-z])[\u0300-\u036F]+/g, '$1')
    .normalize('NFC')
    .replaceAll('ς', 'σ');
}
