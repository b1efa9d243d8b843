import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as ws from 'ws';
import { seed } from '#test/support/seed.ts';
import { textFrame } from './frames.ts';
import { readFrame } from './frames-in.ts';

/** The library's reader, which its types leave out. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

describe('frames that we write by hand', () => {
  /** What ws's own reader makes of the bytes. */
  const heard = (bytes: Buffer): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const texts: string[] = [];
      const reader = new Receiver({ isServer: false });
      reader.on('message', (data: Buffer, binary: boolean) =>
        texts.push(`${binary ? 'binary ' : ''}${data.toString()}`),
      );
      reader.on('error', reject);
      reader.write(bytes, () => resolve(texts));
    });

  test('are read by ws as what they say, at every length where the head changes', async () => {
    for (const length of [0, 1, 123, 124, 125, 126, 127, 65_532, 65_533, 65_534, 65_535, 65_536, 70_000]) {
      const text = JSON.stringify('x'.repeat(length));
      assert.deepEqual(await heard(textFrame('x'.repeat(length))), [text], `${length}`);
    }
  });

  test('may stand one after another in one write, in any script', async () => {
    const values = fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 8 });
    const whole = fc.asyncProperty(values, async (all) => {
      const texts = all.map((value) => JSON.stringify(value));
      assert.deepEqual(await heard(Buffer.concat(all.map(textFrame))), texts);
    });
    await fc.assert(whole, { seed, numRuns: 50 });
  });
});

describe('frames that come', () => {
  test('are understood or told what is wrong with them, whatever they are', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `{"type":"post","room":${text}}`),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const read = readFrame(text);
        assert.ok(read.ok || read.detail.length > 0);
      }),
      { seed, numRuns: 300 },
    );
  });

  test('with a fault name their clientId where it can be made out', () => {
    for (const [given, told] of [
      ['"c1"', 'c1'],
      ['5', undefined],
      [`"${'x'.repeat(65)}"`, undefined],
    ]) {
      const read = readFrame(`{"type":"post","room":5,"text":"x","clientId":${given}}`);
      assert.ok(!read.ok);
      assert.equal(read.clientId, told);
    }
  });
});
