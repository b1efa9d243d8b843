import assert from 'node:assert/strict';
import { test } from 'node:test';
import { marksOf, readQuery } from './search.ts';

test('what was looked for is marked where it stands, in whole words', () => {
  const marked = (text: string, query: string) =>
    marksOf(text, readQuery(query)).map(([from, to]) => text.slice(from, to));
  assert.deepEqual(marked('The Results of a result', 'result'), ['result']);
  assert.deepEqual(marked('The Results of a result', 'result*'), ['Results', 'result']);
  assert.deepEqual(marked('out and are out', '"are out"'), ['are', 'out']);
  assert.deepEqual(marked('🤣Über cafe\u0301 🤣', 'uber CAFÉ'), ['Über', 'cafe\u0301']);
  assert.deepEqual(marked('a-b is not a b', 'a-b'), ['a', 'b', 'a', 'b']);
  assert.deepEqual(marked('nothing here', '"'), []);
});

test('a query is words, words in a row and beginnings; whatever else is typed is left out', () => {
  assert.deepEqual(readQuery('tea "two words" begin* x* - 🤣 "'), [
    { text: 'tea', begins: false },
    { text: 'two words', begins: false },
    { text: 'begin*', begins: true },
    { text: 'x*', begins: false },
  ]);
  assert.equal(readQuery('a '.repeat(2_000)).length, 32);
});
