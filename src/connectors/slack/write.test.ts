import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reply } from '#core/message.ts';
import { TEXTS } from './texts.ts';
import { placeOf, write } from './write.ts';

const DOT = 'data:image/png;base64,iVBORw0KGgo=';
const parts = (reply: Partial<Reply>) =>
  write({ id: 'job_01ABCDEFGH', n: 1, reply: { text: '', private: false, ...reply } });
const table = (rows: number, wide = 3) => ({
  columns: [{ name: 'a' }, { name: 'b' }],
  rows: Array.from({ length: rows }, () => ['x'.repeat(wide), '1']),
});

describe('an answer as messages', () => {
  test('words are one message', () => assert.deepEqual(parts({ text: 'a **b**' }), [{ text: 'a *b*' }]));

  test('an answer of nothing says so', () => assert.deepEqual(parts({}), [{ text: TEXTS.empty }]));

  test('a small table stands under the words in the same message', () => {
    const [part, ...rest] = parts({ text: 'T', table: table(1) });
    assert.deepEqual([part, rest], [{ text: 'T\n```\na    b\n───  ─\nxxx  1\n```' }, []]);
  });

  test('a table that does not fit beside long words has a message of its own', () => {
    const all = parts({ text: 'word '.repeat(680), table: table(20) });
    assert.equal(all.length, 2);
    assert.match((all[1] as { text: string }).text, /^```\na/);
  });

  test('a table that is too long or too wide is a file after the words', () => {
    for (const large of [table(600), table(1, 150)]) {
      const [words, file] = parts({ text: 'T', table: large });
      assert.deepEqual(words, { text: 'T' });
      assert.ok(file && 'bytes' in file);
      assert.equal(file.name, 'table-cdefgh-1-0.csv');
      assert.match(new TextDecoder().decode(file.bytes), /^a,b\r\nx/);
    }
  });

  test('a table in code cannot ping either', () => {
    const [part] = parts({ table: { columns: [{ name: '<!here>' }], rows: [['<@U1>']] } });
    assert.doesNotMatch((part as { text: string }).text, /</);
  });

  test('a long text comes in pieces, and an open fence is closed in each', () => {
    const all = parts({ text: `\`\`\`\n${'line of code\n'.repeat(600)}\`\`\`` }) as { text: string }[];
    assert.ok(all.length > 1);
    for (const { text } of all) assert.ok(text.startsWith('```\n') && text.endsWith('```') && text.length <= 3_600);
  });

  test('pictures in the answer are files, those on the web are shown from there, others are told', () => {
    const picture = (url: string) => ({ url, alt: 'A <dot>', width: 1, height: 1 });
    const [file, web, other] = parts({ pictures: [DOT, 'https://e.org/a.png', '/dot.png'].map(picture) });
    assert.ok(file && 'bytes' in file);
    assert.deepEqual(
      [file.name, file.title, file.alt, file.bytes.length],
      ['picture-cdefgh-1-1.png', 'A <dot>', 'A <dot>', 8],
    );
    assert.deepEqual(web, {
      text: '<https://e.org/a.png|A &lt;dot&gt;>',
      blocks: [{ type: 'image', image_url: 'https://e.org/a.png', alt_text: 'A <dot>' }],
    });
    assert.deepEqual(other, { text: 'A &lt;dot&gt;' });
  });
});

describe('where an answer goes', () => {
  const at = (room: string | undefined, via?: Record<string, string>) =>
    placeOf({ platform: 'slack', account: 'slack:U1', ...(room !== undefined && { room }), ...(via && { via }) });

  test('a mention: its channel and thread', () => {
    const { channel, user, thread, url, since, direct } = at('C1', { ts: '1.1', thread: '0.9' });
    assert.deepEqual([channel, user, thread, url, since, direct], ['C1', 'U1', '0.9', undefined, '1.1', false]);
  });

  test('a slash command: its answer address for 30 minutes, looked up from a minute before', () => {
    const { url, urlUntil, since, direct } = at('D1', { url: 'https://h', at: '600000' });
    assert.deepEqual([url, urlUntil, since, direct], ['https://h', 2_400_000, '540', false]);
  });

  test('a direct message, or no room at all: nothing needs to be hidden', () =>
    assert.deepEqual(
      [at('D1', { ts: '1.1' }).direct, at(undefined).direct, at(undefined).channel],
      [true, true, undefined],
    ));
});
