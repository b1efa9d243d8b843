import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { csvLine } from './csv.ts';
import { AppError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { readList, type ListForm, type ReadRow } from './list-file.ts';
import { entryKey } from './verification.ts';

const encoder = new TextEncoder();

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function read(text: string | Uint8Array, form: ListForm = 'csv', size = 7): Promise<ReadRow[]> {
  const bytes = typeof text === 'string' ? encoder.encode(text) : text;
  const rows: ReadRow[] = [];
  for await (const row of readList(inPieces(bytes, size), form)) rows.push(row);
  return rows;
}

const said = (rows: ReadRow[]): string[] =>
  rows.map((row) =>
    'wrong' in row ? `${row.wrong.line} ${row.wrong.field}: ${row.wrong.why}` : `${row.line} ${row.entry.userId}`,
  );

const isCode = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;

describe('a list of people in a file', () => {
  test('what table programs write is read: commas, semicolons or tabs, a byte order mark, CRLF, quotes', async () => {
    const expected = [
      { userId: '1', email: 'ann@example.org', name: 'Lee, "Ann"', until: null },
      { userId: 'É2', email: 'bob@example.org', name: 'Bob', until: Date.UTC(2027, 1, 1) },
    ];
    for (const sep of [',', ';', '\t']) {
      const lines = [
        ['User ID', 'E-mail', 'name', 'until'],
        ['1', 'Ann@Example.org ', '"Lee, ""Ann"""', ''],
        ['E\u03012', 'bob@example.org', 'Bob', '2027-01-31'],
        [''],
      ];
      const text = `\uFEFF${lines.map((fields) => fields.join(sep)).join('\r\n')}`;
      const rows = await read(text);
      assert.deepEqual(
        rows.map((row) => 'entry' in row && row.entry),
        expected,
        sep,
      );
    }
  });

  test('every wrong row is named by its line and field, and the good ones around it are read', async () => {
    const text = [
      'user_id,email,name,until,phone',
      '1,ann@example.org,Ann,,',
      ',bob@example.org,Bob,,',
      '2,bob.example.org,Bob,,',
      '3,bob@example.org,,,',
      ' 1 ,other@example.org,Other,,',
      '4,dan@example.org,Dan,2027-02-30,',
      '5,dan@example.org,Dan',
      '6,"dan@example.org"x,Dan,,',
      `${'7'.repeat(101)},dan@example.org,Dan,,`,
      '8,dan@example.org,"Dan\nLee",,',
      '9,dan@example.org,Dan,2027-01-31T18:00:00+02:00,',
      '10,dan@example.org,"Dan,,',
    ].join('\n');
    assert.deepEqual(said(await read(text)), [
      '1 phone: No such column is known: it is left out.',
      '2 1',
      '3 user_id: It is empty.',
      '4 email: “bob.example.org” is no address.',
      '5 name: It is empty.',
      '6 user_id: It is the same as in row 2.',
      '7 until: “2027-02-30” is no date such as 2027-01-31 or 2027-01-31T18:00:00Z.',
      '8 null: It has 3 fields, and the first line has 5.',
      '9 null: Text stands behind a closing quote.',
      '10 user_id: It is longer than 100 characters.',
      '11 name: It holds signs that are no text, or a line break.',
      '13 9',
      '14 null: A quote is opened and never closed.',
    ]);
  });

  test('a quote that is never closed costs its own row and not the rest of the file', async () => {
    const rest = Array.from({ length: 400 }, (_, n) => `${n},p${n}@example.org,Somebody`);
    const rows = await read(['user_id,email,name', 'x,x@example.org,"X', ...rest].join('\n'), 'csv', 997);
    const [first, ...good] = said(rows);
    assert.match(first ?? '', /^2 null: It is longer than 4000 characters\. Is a quote not closed\?/);
    assert.ok(good.length > 200 && good.at(-1)?.endsWith(' 399'));
  });

  test('the same as JSON; fields that nobody knows are wrong there', async () => {
    const rows = [
      { user_id: '1', email: 'ann@example.org', name: 'Ann', until: '2027-01-31T18:00:00Z' },
      { user_id: 2, email: 'bob@example.org', name: 'Bob' },
      { user_id: '3', email: 'cleo@example.org', name: 'Cleo', role: 'owner' },
      null,
      { user_id: '4', email: 'dan@example.org', name: 'Dan', until: null },
    ];
    assert.deepEqual(said(await read(JSON.stringify(rows), 'json')), [
      '1 1',
      '2 user_id: It is not text.',
      '3 role: No such field is known.',
      '4 null: It is not an object.',
      '5 4',
    ]);
  });

  test('what is no list is refused as a whole, in words', async () => {
    for (const [text, form] of [
      ['', 'csv'],
      ['name,email\nAnn,ann@example.org', 'csv'],
      ['user_id,email,name,email\n1,a@example.org,Ann,', 'csv'],
      [new Uint8Array([0xff, 0xfe, 0x75, 0x00]), 'csv'],
      ['{}', 'json'],
      ['[', 'json'],
    ] as const)
      await assert.rejects(read(text, form), isCode('bad-list'), String(text));
    const long = new Uint8Array(LIMITS.listJsonBytes + 1).fill(32);
    await assert.rejects(read(long, 'json', 65_536), isCode('list-too-long'));
  });

  test('rows above the most are refused, and nothing is read for ever', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield encoder.encode('user_id,email,name\n');
      for (let n = 0; ; n++)
        yield encoder.encode(Array.from({ length: 999 }, (_, m) => `${n}-${m},p@example.org,P\n`).join(''));
    }
    const reading = async (): Promise<void> => {
      for await (const _row of readList(endless(), 'csv'));
    };
    await assert.rejects(reading(), isCode('list-too-long'));
  });

  test('whatever is written as CSV is read back as it was, in pieces of any size', async () => {
    const id = fc
      .string({ minLength: 1, maxLength: 30 })
      .filter((text) => /^[^\p{Cc}\p{Cs}]+$/u.test(text) && text.trim() !== '');
    const entries = fc.uniqueArray(fc.tuple(id, id), { selector: ([one]) => entryKey(one), maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 50 }), async (people, size) => {
        const lines = people.map(([userId, name]) => csvLine([userId, 'p@example.org', name, '']));
        const rows = await read(csvLine(['user_id', 'email', 'name', 'until']) + lines.join(''), 'csv', size);
        const seen = rows.map((row) => ('entry' in row ? [row.entry.userId, row.entry.name] : row.wrong));
        const plain = (text: string): string => text.trim().normalize('NFC');
        assert.deepEqual(
          seen,
          people.map(([userId, name]) => [plain(userId), plain(name)]),
        );
      }),
      { numRuns: 300, seed: 8 },
    );
  });

  test('no bytes bring the reader down, and each row has its line', async () => {
    const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => bytes.map((byte) => byte & 0x7f));
    await fc.assert(
      fc.asyncProperty(noise, fc.integer({ min: 1, max: 40 }), async (bytes, size) => {
        const head = encoder.encode('user_id,email,name\n');
        const rows = await read(new Uint8Array([...head, ...bytes]), 'csv', size);
        const lines = rows.map(({ line }) => line);
        assert.deepEqual(
          lines,
          lines.toSorted((a, b) => a - b),
        );
        assert.deepEqual(
          rows,
          await read(new Uint8Array([...head, ...bytes]), 'csv', 4_096),
          'the pieces do not matter',
        );
      }),
      { numRuns: 500, seed: 8 },
    );
  });
});
