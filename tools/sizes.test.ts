import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withTree } from './planted.ts';
import { checkSizes, LIMITS } from './sizes.ts';

const statements = (count: number): string => '  work();\n'.repeat(count);
const named = (count: number): string => `function run() {\n${statements(count - 2)}}\n`;
const findings = (files: Record<string, string>): string[] => withTree(files, (root) => checkSizes(root).findings);

describe('sizes', () => {
  test('a function of 70 lines stands, one of 71 is named with its line', () => {
    assert.deepEqual(findings({ 'tools/a.ts': named(LIMITS.functionHard) }), []);
    const found = findings({ 'tools/a.ts': `\n${named(LIMITS.functionHard + 1)}` });
    assert.deepEqual(found, ['tools/a.ts:2 run has 71 lines, the limit is 70']);
  });

  test('a long callback is caught although it has no name, the callback of describe is not one', () => {
    const body = `() => {\n${statements(80)}}`;
    assert.equal(findings({ 'tools/a.ts': `later(${body});` }).length, 1);
    assert.deepEqual(findings({ 'tools/a.test.ts': `describe('x', ${body});` }), []);
  });

  test('a source file of 401 lines is caught, a test may have 600', () => {
    assert.equal(findings({ 'tools/a.ts': statements(401) }).length, 1);
    assert.deepEqual(findings({ 'tools/a.test.ts': statements(600) }), []);
    assert.equal(findings({ 'test/journeys/a.test.ts': statements(601) }).length, 1);
  });

  test('the median function of the program may have 10 lines, and small callbacks do not hide long functions', () => {
    const callbacks = 'list.map((one) => one.id);\n'.repeat(40);
    assert.deepEqual(findings({ 'src/a.ts': named(10) }), []);
    assert.deepEqual(findings({ 'src/a.ts': named(11) + callbacks }), [
      'the median function has 11 lines, the limit is 10',
    ]);
  });

  test('a component counts its script and markup, not its style', () => {
    const component = (lines: number, style: number): string =>
      `<script lang="ts">\n${statements(lines)}</script>\n<style>\n${'a{}\n'.repeat(style)}</style>`;
    assert.deepEqual(findings({ 'test/page.svelte': component(300, 500) }), []);
    assert.equal(findings({ 'bench/page.svelte': component(650, 0) }).length, 1);
  });

  test('a long function in a component is caught', () => {
    const text = `<p>hello</p>\n<script lang="ts">\n${named(71)}</script>`;
    assert.deepEqual(findings({ 'tools/page.svelte': text }), [
      'tools/page.svelte:2 run has 71 lines, the limit is 70',
    ]);
  });
});
