import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { say, whisper, type Reply } from '#core/message.ts';
import { cutText, flatText } from './flat-text.ts';
import { write } from './write.ts';

function written(reply: Reply, via?: Record<string, string>) {
  const to = { platform: 'twitch', room: 'square', account: 'twitch:103', ...(via && { via }) };
  return write({
    id: 'job_1',
    n: 0,
    final: true,
    to,
    community: 'comm_1',
    reply,
    cause: { account: '', name: '', text: '' },
  });
}

describe('A text becomes one line', () => {
  const texts: [string, string][] = [
    ['AAPL.US quote is 126.85', 'AAPL.US quote is 126.85'],
    ['one\ntwo\r\n\n three ', 'one · two · three'],
    ['Commands here:\n!help\n!stock', 'Commands here: !help · !stock'],
    ['# Head\n- **a**\n* `b`\n> ~~c~~', 'Head · a · b · c'],
    ['```python\nx = 1\ny = 2\n```', 'x = 1 · y = 2'],
    [
      '[a page](https://example.org/x) and ![](https://example.org/y)',
      'a page (https://example.org/x) and https://example.org/y',
    ],
    ['2 * 3 ** 4 = [1, 2]', '2 * 3 4 = [1, 2]'],
    ['a\u0000b\u0007\u2028c', 'a b · c'],
    ['hi @max and https://example.org/@max', 'hi @\u200Bmax and https://example.org/@max'],
    ['', ''],
  ];
  for (const [text, flat] of texts) it(JSON.stringify(text), () => assert.equal(flatText(text), flat));
});

describe('A long text', () => {
  it('is cut between things, else between words, else anywhere but inside a character', () => {
    const things = cutText(Array.from({ length: 50 }, (_, n) => `thing number ${n}`).join(' · '));
    assert.equal(things.length, 2);
    assert.match(things[0] ?? '', /thing number \d+$/);
    assert.match(things[1] ?? '', /^thing number/);
    const smiles = cutText('😀'.repeat(1_000));
    assert.equal(smiles.length, 3);
    assert.equal(smiles.join(''), '😀'.repeat(1_000));
  });

  it('has three lines of 500 characters at most, and says that it was cut', () => {
    const lines = cutText('x'.repeat(5_000));
    assert.deepEqual(
      lines.map((one) => [...one].length <= 500),
      [true, true, true],
    );
    assert.match(lines[2] ?? '', /x… \(ask in the web chat for the rest\)$/);
  });

  it('has no line that Twitch takes for a command', () => {
    const [, second] = cutText(`${'x'.repeat(466)} /ban somebody else`);
    assert.match(second ?? '', /^\u200B\/ban/);
  });
});

describe('An answer', () => {
  it('hangs on the asker’s line', () => {
    assert.deepEqual(written(say('hello'), { id: 'abc', name: 'Mia' }), {
      channel: 'square',
      parent: 'abc',
      texts: ['hello'],
    });
  });

  it('that is private begins with the asker’s name', () => {
    assert.deepEqual(written(whisper('hello'), { id: 'abc', name: 'Mia' }).texts, ['@Mia hello']);
    assert.deepEqual(written(whisper('hello'), { id: '', name: 'Mia' }).texts, ['@Mia hello']);
    assert.deepEqual(written(say('hello'), { id: '', name: 'Mia' }).texts, ['hello']);
  });

  it('shows a table as words', () => {
    const table = (names: string[], rows: string[][]) => ({ columns: names.map((name) => ({ name })), rows });
    const texts = (one: ReturnType<typeof table>, title?: string) =>
      written({ ...say(''), table: { ...one, ...(title !== undefined && { title }) } }).texts;
    assert.deepEqual(
      texts(
        table(
          ['Code', 'Price'],
          [
            ['A', '1'],
            ['B', '2'],
          ],
        ),
      ),
      ['A: 1 · B: 2'],
    );
    assert.deepEqual(texts(table(['Name'], [['Mia'], ['Max']]), 'Winners'), ['Winners: Mia · Max']);
    assert.deepEqual(
      texts(
        table(
          ['Code', 'Price', 'Volume'],
          [
            ['A', '1', '9'],
            ['B', '2', '8'],
          ],
        ),
      ),
      ['A: Price 1, Volume 9 · B: Price 2, Volume 8'],
    );
  });

  it('without words says so', () => {
    assert.deepEqual(written(say(' ')).texts, ['Done, with nothing to show.']);
  });
});
