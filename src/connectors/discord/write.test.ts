import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Reply } from '#core/message.ts';
import { seed } from '#test/support/seed.ts';
import { callbackBody, editBody, followUpBody, messageBody, plain, write, type Part } from './write.ts';

const reply = (more: Partial<Reply>): Reply => ({ text: '', private: false, ...more });
const data = (extra = ''): string => `data:image/png;base64,iVBORw0KGgo=${extra}`;
const picture = (url: string, alt = 'a dot') => ({ url, alt, width: 1, height: 1 });
const bodyOf = (part: Part): Record<string, unknown> => messageBody(part, 'job_1:1:0').body as Record<string, unknown>;

describe('how an answer looks on Discord', () => {
  test('words stand as they are, in messages that Discord takes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 9_000, unit: 'grapheme' }), (text) => {
        for (const { content } of write(reply({ text }))) assert.ok(content.length <= 2_000);
      }),
      { seed, numRuns: 200 },
    );
    assert.deepEqual(write(reply({ text: 'x'.repeat(2_000) })).length, 1);
    assert.deepEqual(write(reply({ text: '**bold** `code` <b>' })), [plain('**bold** `code` <b>')]);
  });

  test('half a character is no harm on the wire', () => {
    assert.ok(write(reply({ text: 'a\ud800b' }))[0]?.content.isWellFormed());
  });

  test('nobody is called, in whatever form it goes out', () => {
    const calm = { parse: [], replied_user: false };
    const part = plain('@everyone');
    assert.deepEqual(bodyOf(part)['allowed_mentions'], calm);
    for (const { body } of [followUpBody(part, true), editBody(part)])
      assert.deepEqual((body as Record<string, unknown>)['allowed_mentions'], calm);
    assert.deepEqual(
      (callbackBody(part, false).body as { data: { allowed_mentions: object } }).data.allowed_mentions,
      calm,
    );
  });

  test('an answer without anything in it says so', () => {
    assert.equal(bodyOf(write(reply({ text: '  \n' }))[0] as Part)['content'], 'There is nothing to show.');
  });

  test('the same part has the same nonce, of 25 characters at most, and another part another', () => {
    const nonce = (name: string): unknown => (messageBody(plain('a'), name).body as { nonce: string }).nonce;
    assert.equal(nonce('job_1:1:0'), nonce('job_1:1:0'));
    assert.notEqual(nonce('job_1:1:0'), nonce('job_1:1:1'));
    assert.ok(String(nonce('job_1:1:0')).length <= 25);
  });

  test('a table that fits stands in columns, in a message of its own where the words are long', () => {
    const table = { columns: [{ name: 'a' }], rows: [['1']] };
    assert.deepEqual(
      write(reply({ table })).map(({ content }) => content),
      ['```\na\n─\n1\n```'],
    );
    const long = write(reply({ text: 'x'.repeat(1_995), table }));
    assert.deepEqual(
      long.map(({ content }) => content.slice(0, 3)),
      ['xxx', '```'],
    );
  });

  test('a table that is too wide or too long is a file after the words', () => {
    const wide = { columns: [{ name: 'a' }], rows: [['x'.repeat(200)]] };
    const [part] = write(reply({ text: 'Here:', table: wide }));
    assert.equal(part?.content, 'Here:');
    assert.equal(part?.files[0]?.data.toString(), `a\r\n${'x'.repeat(200)}\r\n`);
  });

  test('pictures are attached with their words, ten to a message; those that lie elsewhere are links', () => {
    const pictures = Array.from({ length: 12 }, () => picture(data()));
    const parts = write(reply({ text: 'Look', pictures: [...pictures, picture('https://example.org/a.png')] }));
    assert.deepEqual(
      parts.map(({ files }) => files.length),
      [10, 2],
    );
    assert.equal(parts[0]?.content, 'Look\nhttps://example.org/a.png');
    assert.deepEqual((bodyOf(parts[0] as Part)['attachments'] as object[])[0], {
      id: 0,
      filename: 'picture-1.png',
      description: 'a dot',
    });
  });

  test('a picture that is none stands as its words', () => {
    assert.equal(
      write(reply({ text: 'Look', pictures: [picture('data:image/svg+xml,<svg/>')] }))[0]?.content,
      'Look\na dot',
    );
  });

  test('an edit takes the files of what it replaces away', () => {
    assert.deepEqual((editBody(plain('a')).body as { attachments: [] }).attachments, []);
  });
});
