import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkDocuments } from './documents.ts';
import { withTree } from './planted.ts';

const findings = (files: Record<string, string>): string[] => withTree(files, (root) => checkDocuments(root).findings);

describe('documents', () => {
  test('a link to a page, a folder, a picture and a heading that exist is fine', () => {
    const readme =
      '# Hi\n[a](docs/a.md) [b](docs/a.md#what-it-is) [c](docs/) ![d](docs/d.png) [e](#hi) [f](https://a.example)';
    assert.deepEqual(findings({ 'README.md': readme, 'docs/a.md': '## What it is?\n', 'docs/d.png': '' }), []);
  });

  const dead: [why: string, link: string][] = [
    ['the file is gone', '[a](docs/gone.md)'],
    ['the heading is gone', '[a](docs/a.md#gone)'],
    ['it leads out of the repository', '[a](../outside.md)'],
    ['the picture is gone', '<img src="docs/gone.png">'],
    ['the named link is gone', '[a]: docs/gone.md'],
  ];
  for (const [why, link] of dead) {
    test(`a link is caught when ${why}`, () => {
      assert.equal(findings({ 'README.md': link, 'docs/a.md': '# A' }).length, 1);
    });
  }

  test('what stands in code is no link', () => {
    assert.deepEqual(findings({ 'README.md': 'Write `[a](gone.md)`.\n```\n[b](gone.md)\n```\n' }), []);
  });

  test('a feature and a connector need a README', () => {
    const found = findings({
      'src/features/stock/index.ts': '',
      'src/connectors/http/index.ts': '',
      'src/bus/bus.ts': '',
    });
    assert.deepEqual(found, ['src/connectors/http has no README.md', 'src/features/stock has no README.md']);
    assert.deepEqual(findings({ 'src/features/stock/index.ts': '', 'src/features/stock/README.md': '' }), []);
  });

  const traces = [
    ['', 'work', 'main'].join('/'),
    ['see `', 'home', 'ann', 'guildhall'].join('/'),
    `"resolved": "${'http'}://mirror.example/a.tgz"`,
    `${'registry'}=http://mirror.example`,
  ];
  for (const trace of traces) {
    test(`a trace of one machine is caught: ${trace}`, () => {
      const found = findings({ 'docs/notes.md': `first line\n${trace}\n` });
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', /^docs\/notes\.md:2 /);
    });
  }

  test('an address on the web that looks like a path is no trace', () => {
    assert.deepEqual(findings({ 'docs/a.md': 'https://a.example/home/ann and /v1/rooms/x' }), []);
  });
});
