import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from '#contracts/web.ts';
import { chosen, filled, helpFor, mistakeIn, shownLine } from './command-line.ts';
import { csvOf, figureOf, sortedRows } from './csv.ts';
import { matching, mentionAt, mentioned } from './mention-line.ts';
import { initialsOf, hueOf } from './people-look.ts';
import { blocksOf, type Piece } from './rich-text.ts';

const stock: Command = {
  name: 'stock',
  summary: 'Latest price of a share',
  args: [{ name: 'symbol', about: 'a ticker', kind: 'word', required: true, pattern: '^[a-z0-9.^-]{1,16}$' }],
  example: '/stock aapl.us',
  allow: 'member',
};
const give: Command = {
  name: 'give',
  summary: 'Give points',
  args: [
    { name: 'amount', about: 'how many', kind: 'number', required: true },
    { name: 'kind', about: 'which', kind: 'choice', required: true, choices: ['gold', 'silver'] },
    { name: 'note', about: 'why', kind: 'text', required: false },
  ],
  example: '/give 3 gold for the map',
  allow: 'member',
};
const commands = [stock, give];

function help(text: string, caret = text.length) {
  return helpFor(commands, { text, caret });
}

function pieces(text: string, mentions = true): Piece[] {
  return blocksOf(text, { mentions }).flatMap((block) => (block.kind === 'words' ? block.pieces : []));
}

test('a slash offers the commands, and letters narrow them', () => {
  const all = help('/');
  assert.equal(all?.stage === 'choose' && all.options.length, 2);
  const some = help('/st');
  assert.deepEqual(some?.stage === 'choose' && some.options.map((one) => one.name), ['stock']);
  assert.equal(help('no slash'), null);
  assert.equal(help('/usr/bin is a path'), null);
});

test('after the name the present argument is the current one', () => {
  const at = help('/give 3 go');
  assert.deepEqual(at?.stage === 'fill' && at.usage, [
    { text: '/give', state: 'given' },
    { text: '3', state: 'given' },
    { text: 'kind', state: 'current' },
    { text: '[note]', state: 'later' },
  ]);
  assert.deepEqual(at?.stage === 'fill' && at.options, ['gold']);
});

test('the form with an equals sign is the same command', () => {
  const at = help('/stock=aapl.us');
  assert.equal(at?.stage === 'fill' && at.command.name, 'stock');
  assert.equal(mistakeIn(commands, '/stock=aapl.us'), null);
});

test('a word that is no number is said at once; an unfinished one is not', () => {
  const wrong = help('/give lots');
  assert.equal(wrong?.stage === 'fill' && wrong.mistake?.kind, 'number');
  const half = help('/stock aapl');
  assert.equal(half?.stage === 'fill' && half.mistake, null);
});

test('a finished line tells its first mistake', () => {
  assert.equal(mistakeIn(commands, '/stock')?.kind, 'missing');
  assert.equal(mistakeIn(commands, '/stock a$b')?.kind, 'form');
  assert.equal(mistakeIn(commands, '/stock aapl.us now')?.kind, 'extra');
  assert.equal(mistakeIn(commands, '/give 3 copper')?.kind, 'choice');
  assert.equal(mistakeIn(commands, '/give 3 gold for the long road'), null);
  assert.equal(mistakeIn(commands, '/nosuch thing'), null);
});

test('choosing fills the line in', () => {
  assert.deepEqual(chosen(stock), { text: '/stock ', caret: 7 });
  assert.deepEqual(filled({ text: '/give 3 go', caret: 10 }, 'gold'), { text: '/give 3 gold ', caret: 13 });
});

test('an at sign at the caret asks for a person, an address does not', () => {
  assert.deepEqual(mentionAt('hi @an', 6), { from: 3, query: 'an' });
  assert.equal(mentionAt('ann@example', 11), null);
  assert.equal(mentionAt('hi @ann there', 13), null);
});

test('the chosen person stands in the text with the caret after', () => {
  const typed = mentionAt('hi @an there', 6);
  assert.ok(typed);
  assert.deepEqual(mentioned('hi @an there', { typed, username: 'ann' }), { text: 'hi @ann there', caret: 8 });
});

test('people match by username or any word of their name, those who are here first', () => {
  const people = [
    { username: 'tora', name: 'Tora Okafor', here: false },
    { username: 'tl', name: 'Tomas Lindqvist', here: true },
    { username: 'ann', name: 'Ann Brandt', here: true },
  ];
  assert.deepEqual(
    matching(people, 'to').map((one) => one.username),
    ['tl', 'tora'],
  );
});

test('an address becomes a link without the full stop after it', () => {
  assert.deepEqual(pieces('see https://example.org/a. Then'), [
    { kind: 'text', text: 'see ' },
    { kind: 'link', text: 'https://example.org/a', href: 'https://example.org/a' },
    { kind: 'text', text: '. Then' },
  ]);
});

test('only http and https become links', () => {
  assert.deepEqual(pieces('javascript:alert(1)'), [{ kind: 'text', text: 'javascript:alert(1)' }]);
});

test('backticks hold code, and nothing inside is a link or a mention', () => {
  assert.deepEqual(pieces('run `@ann https://x.org` now')[1], { kind: 'code', text: '@ann https://x.org' });
});

test('a name is marked only where the hall says that it names somebody', () => {
  assert.deepEqual(pieces('hi @ann.')[1], { kind: 'mention', text: '@ann' });
  assert.deepEqual(pieces('hi @ann.', false), [{ kind: 'text', text: 'hi @ann.' }]);
});

test('three backticks make a block with its lines kept', () => {
  assert.deepEqual(blocksOf('look:\n```py\na = 1\n  b\n```\ndone', { mentions: false }), [
    { kind: 'words', pieces: [{ kind: 'text', text: 'look:' }] },
    { kind: 'block', text: 'a = 1\n  b' },
    { kind: 'words', pieces: [{ kind: 'text', text: 'done' }] },
  ]);
});

test('a table sorts figures by value and words by letter', () => {
  const table = {
    columns: [{ name: 'Symbol' }, { name: 'Change', numeric: true }],
    rows: [
      ['B', '+10.5 %'],
      ['A', '−2.0 %'],
      ['C', '9'],
    ],
  };
  const by = (column: number, descending: boolean) => sortedRows(table, { column, descending }).map((row) => row[0]);
  assert.deepEqual(by(1, false), ['A', 'C', 'B']);
  assert.deepEqual(by(1, true), ['B', 'C', 'A']);
  assert.deepEqual(by(0, false), ['A', 'B', 'C']);
  assert.equal(figureOf('N/D'), Number.NEGATIVE_INFINITY);
});

test('a downloaded table quotes what must be quoted and runs no formula', () => {
  const table = {
    columns: [{ name: 'a,b' }, { name: 'c' }],
    rows: [
      ['say "hi"', '=1+1'],
      ['-3', '+x'],
    ],
  };
  assert.equal(csvOf(table), '"a,b",c\r\n"say ""hi""",\'=1+1\r\n-3,\'+x\r\n');
});

test('a person keeps one hue and gets two letters', () => {
  assert.equal(hueOf('acc_1'), hueOf('acc_1'));
  assert.ok(new Set(Array.from({ length: 60 }, (_, at) => hueOf(`acc_${at}`))).size > 8);
  assert.equal(initialsOf('Ann Brandt'), 'AB');
  assert.equal(initialsOf('plutothedog'), 'PL');
});

test('a line with a secret is shown and kept without it, in whatever form it is typed', () => {
  const keep: Command = {
    name: 'keep-key',
    summary: 'Keeps a key',
    args: [{ name: 'key', about: 'the key', kind: 'secret', required: true }],
    example: '/keep-key KEY',
    allow: 'member',
  };
  const all = [...commands, keep, { ...stock, name: 'keep-keys' }];
  for (const line of ['/keep-key abc', '/keep-key=abc', ' /KEEP-KEY abc', '/keep-key:abc', '/keep-keyabc', '/keep-key'])
    assert.equal(shownLine(all, line), '/keep-key •••');
  for (const line of ['/keep-keys abc', '/stock abc', 'keep-key abc', '//keep-key', '/ x', ''])
    assert.equal(shownLine(all, line), line);
  assert.equal(shownLine([], '/keep-key abc'), '•••', 'before the commands are known');
  const filling = helpFor(all, { text: '/keep-key abc', caret: 0 });
  assert.ok(filling?.stage === 'fill' && !JSON.stringify(filling.usage).includes('abc'));
});
