/** What happens to a post that holds the words. */
export const WORD_ACTS = ['delete', 'hold', 'mute'] as const;
export type WordAct = (typeof WORD_ACTS)[number];

export interface WordRule {
  id: string;
  words: string;
  act: WordAct;
}

/** Finds the first rule that a text breaks, the strictest of them where several do. */
export type WordMatcher = (text: string) => WordRule | undefined;

/**
 * Whole words and phrases, whatever their case, width and what stands between them. A text is cut into words once and each
 * word is looked up, so its cost grows with the text alone: there is no pattern in a rule that could take long.
 */
export function wordMatcher(rules: readonly WordRule[]): WordMatcher {
  const byFirst = new Map<string, { rest: string[]; rule: WordRule }[]>();
  for (const rule of rules.toSorted((a, b) => strictness(b) - strictness(a))) {
    const [first, ...rest] = wordsOf(rule.words);
    if (first === undefined) continue;
    const same = byFirst.get(first) ?? [];
    same.push({ rest, rule });
    byFirst.set(first, same);
  }
  return (text) => {
    if (byFirst.size === 0) return undefined;
    const words = wordsOf(text);
    let found: WordRule | undefined;
    for (const [place, word] of words.entries()) {
      const hit = byFirst.get(word)?.find(({ rest }) => rest.every((one, n) => words[place + 1 + n] === one));
      if (hit && (!found || strictness(hit.rule) > strictness(found))) found = hit.rule;
    }
    return found;
  };
}

function strictness({ act }: WordRule): number {
  return ['hold', 'delete', 'mute'].indexOf(act);
}

/** A letter of a script that puts no blanks between words and a picture count as a word each; elsewhere letters and digits in a row do. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Extended_Pictographic}]|[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

/** What cannot be seen and only parts a word from itself. */
const INVISIBLE = /[\p{Cf}\u034F\uFE0E\uFE0F]/gu;

/** The words of a text as they are compared. Upper case first: then ß and SS, and both small sigmas, are the same. */
export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKC').replace(INVISIBLE, '').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  return plain.match(WORD)?.map((word) => word) ?? [];
}
