import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { wordMatcher, type WordAct } from './word-list.ts';

const rule = (words: string, act: WordAct = 'delete') => ({ id: words, words, act });
const finds = (words: string, text: string): boolean => wordMatcher([rule(words)])(text) !== undefined;

describe('the word list', () => {
  test('finds whole words, whatever their case and what stands around them', () => {
    for (const text of ['scam', 'SCAM!', 'a (scam).', 'ｓｃａｍ', 'sc\u200Bam', '*scam*', 'no-scam-here'])
      assert.ok(finds('Scam', text), text);
    for (const text of ['scams', 'escam', 'sca m', 'scamp', '']) assert.ok(!finds('scam', text), text);
  });

  test('finds phrases over blanks, lines and signs', () => {
    for (const text of ['400 a day', 'earn 400  a\nday now', '400, a… DAY']) assert.ok(finds('400 a day', text), text);
    for (const text of ['400 a', 'a day 400', '400 a days']) assert.ok(!finds('400 a day', text), text);
  });

  test('knows other scripts: umlauts, sharp s, Greek, Cyrillic, Hindi, Chinese, pictures', () => {
    for (const [words, text] of [
      ['Straße', 'die STRASSE dort'],
      ['οδος', 'ΟΔΟΣ'],
      ['бан', 'это БАН, да'],
      ['हिन्दी', 'यह हिन्दी है'],
      ['诈骗', '这是诈骗信息'],
      ['🖕', 'you🖕🏽'],
      ['bär', 'ba\u0308r'],
    ] as const)
      assert.ok(finds(words, text), text);
    assert.ok(!finds('schon', 'schön'), 'another letter is another word');
  });

  test('the strictest of several rules counts', () => {
    const match = wordMatcher([rule('tip', 'hold'), rule('insider tip', 'mute'), rule('insider', 'delete')]);
    assert.equal(match('an insider tip')?.act, 'mute');
    assert.equal(match('an insider')?.act, 'delete');
    assert.equal(match('a tip')?.act, 'hold');
  });

  test('a text made to be slow is done in one pass', () => {
    const phrase = 'a '.repeat(9) + 'b';
    const match = wordMatcher(Array.from({ length: 500 }, (_, n) => rule(`${phrase}${n}`)));
    assert.equal(match('a '.repeat(2_000)), undefined);
  });
});
