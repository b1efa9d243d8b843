import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/support/seed.ts';
import { pictureData } from './picture-data.ts';
import { splitText } from './split-text.ts';
import { styled } from './styled.ts';
import { tableCsv, tableText } from './table-text.ts';

describe('a long text in pieces', () => {
  test('a short one is one piece, also when it is empty', () => {
    assert.deepEqual([splitText('hello', 10), splitText('', 10)], [['hello'], ['']]);
  });

  test('it is cut at line borders, else between words, else anywhere but never inside a character', () => {
    assert.deepEqual(splitText('one two\nthree four\nfive', 20), ['one two', 'three four\nfive']);
    assert.deepEqual(splitText('one two three four', 14), ['one two', 'three four']);
    assert.deepEqual(splitText('😀'.repeat(6), 9).join(''), '😀'.repeat(6));
  });

  test('a code block that is cut stays a code block in every piece', () => {
    const text = `Before\n\`\`\`py\n${'print(1)\n'.repeat(8)}\`\`\`\nafter`;
    const pieces = splitText(text, 50);
    assert.ok(pieces.length > 1);
    for (const piece of pieces) assert.equal(piece.split('```').length % 2, 1, piece);
    assert.match(pieces[1] ?? '', /^```py\n/);
  });

  test('a line that opens a code block and is as long as a piece ends, and only a short language is carried on', () => {
    for (const text of [`\`\`\`${'x'.repeat(5_000)}`, `\`\`\`${'x'.repeat(1_992)}\n${'y'.repeat(3_000)}`]) {
      const pieces = splitText(text, 2_000);
      for (const piece of pieces) assert.ok(piece.length <= 2_000, `${piece.length}`);
      assert.match(pieces[1] ?? '', /^```\n[xy]/);
      assert.equal(pieces.join('').replaceAll(/[^xy]/g, '').length, text.replaceAll(/[^xy]/g, '').length);
    }
  });

  test('there is no code block without anything in it, where a cut falls beside a fence', () => {
    assert.deepEqual(splitText(`\`\`\`py\n${'y'.repeat(60)}`, 40), [
      `\`\`\`py\n${'y'.repeat(30)}\n\`\`\``,
      `\`\`\`py\n${'y'.repeat(30)}`,
    ]);
    assert.deepEqual(splitText(`\`\`\`\n${'y'.repeat(32)}\n\`\`\` \nafter`, 40), [
      `\`\`\`\n${'y'.repeat(32)}\n\`\`\``,
      'after',
    ]);
  });

  test('blanks at the front make no piece that is blank', () => {
    assert.deepEqual(splitText(`  ${'x'.repeat(50)}`, 40), ['x'.repeat(36), 'x'.repeat(14)]);
  });

  const most = fc.integer({ min: 40, max: 90 });
  const scraps = fc.oneof(
    fc.lorem({ maxCount: 6 }),
    fc.string({ unit: 'grapheme', maxLength: 120 }),
    fc.constantFrom('\n', '  ', '\n\n', '😀'.repeat(30), 'x'.repeat(200)),
  );

  test('whatever the text: no piece is too long or blank, and no character is lost or broken', () => {
    fc.assert(
      fc.property(fc.array(scraps, { maxLength: 20 }), most, (lines, room) => {
        const text = lines.join('\n').replaceAll('`', '');
        const pieces = splitText(text, room);
        assert.equal(bare(pieces.join('')), bare(text));
        for (const piece of pieces) assert.ok(piece.length <= room && piece.isWellFormed(), piece);
        assert.ok(text.trim() === '' || pieces.every((piece) => piece.trim() !== ''));
      }),
      { seed },
    );
  });

  test('whatever the code blocks: no piece is too long or blank, and each that is cut stays closed', () => {
    const fences = fc.constantFrom('```', '```py', '```js\nlet a = 1;', `\`\`\`${'z'.repeat(100)}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(scraps, fences), { maxLength: 20 }), most, (lines, room) => {
        const text = lines.join('\n');
        const pieces = splitText(text, room);
        for (const piece of pieces) assert.ok(piece.length <= room, piece);
        assert.ok(text.trim() === '' || pieces.every((piece) => piece.trim() !== ''));
        for (const piece of pieces.slice(0, -1)) assert.equal((piece.match(/^```/gm) ?? []).length % 2, 0, piece);
      }),
      { seed },
    );
  });
});

/** What a cut may not take away. */
function bare(text: string): string {
  return text.replaceAll(/\s/g, '');
}

describe('a table where there are no tables', () => {
  const table = {
    title: 'Heroes',
    columns: [{ name: 'name' }, { name: 'gold', numeric: true }],
    rows: [
      ['Zoë', '12'],
      ['a\nb```', '3'],
    ],
  };

  test('its columns stand in line, numbers to the right, and nothing ends a code block', () => {
    assert.equal(tableText(table), "Heroes\nname    gold\n──────  ────\nZoë       12\na b'''     3");
  });

  test('as CSV a cell with a comma or a quote is quoted, and no cell runs as a formula', () => {
    const rows = [
      ['a,"b"', '-1.5'],
      ['=HYPERLINK("x")', '+cmd'],
    ];
    assert.equal(
      tableCsv({ columns: table.columns, rows }),
      'name,gold\r\n"a,""b""",-1.5\r\n"\'=HYPERLINK(""x"")",\'+cmd\r\n',
    );
  });
});

describe('pictures and signs', () => {
  test('a picture in its own address gives its bytes, another address none', () => {
    const picture = pictureData('data:image/png;base64,iVBORw==');
    assert.deepEqual([picture?.type, picture?.extension, picture?.bytes.length], ['image/png', 'png', 4]);
    for (const url of ['https://example.org/a.png', 'data:text/html;base64,PGI+', 'data:image/svg+xml;base64,PHN2Zz4='])
      assert.equal(pictureData(url), undefined, url);
  });

  test('a picture whose address is broken gives none, and nothing is thrown', () => {
    for (const data of ['abc=d', 'a', 'abcde', '=', '', ' ', 'abc==', 'ab===', 'abcd='])
      assert.equal(pictureData(`data:image/png;base64,${data}`), undefined, data);
    for (const data of ['ab', 'abc', 'ab==', 'abc=', 'ab cd\n', 'abcd'])
      assert.ok(pictureData(`data:image/png;base64,${data}`), data);
  });

  test('an example is shown as it is typed there', () => {
    assert.equal(styled('/stock aapl.us', { sign: '!' }), '!stock aapl.us');
    assert.equal(styled('/stock aapl.us'), '/stock aapl.us');
  });
});
