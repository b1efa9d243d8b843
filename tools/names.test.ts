import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkNames } from './names.ts';
import { withTree } from './planted.ts';

const findings = (path: string, text = ''): string[] => withTree({ [path]: text }, (root) => checkNames(root).findings);

describe('names', () => {
  for (const path of [
    'src/rateLimit.ts',
    'src/Rate-Limit.ts',
    'src/rate_limit.ts',
    'src/Chat/post.ts',
    'docs/Jobs.md',
  ]) {
    test(`${path} is not kebab-case`, () => assert.match(findings(path).join(), /kebab-case/));
  }

  for (const path of ['src/utils.ts', 'src/helpers/post.ts', 'src/room-manager.ts', 'test/helper.test.ts']) {
    test(`${path} says nothing about what is inside`, () => assert.match(findings(path).join(), /says nothing/));
  }

  const fine = [
    'README.md',
    'LICENSE',
    '.ci/run',
    '.oxlintrc.json',
    'src/stock.job.test.ts',
    'docs/decisions/0001-a.md',
  ];
  for (const path of fine) {
    test(`${path} is a good name`, () => assert.deepEqual(findings(path), []));
  }

  const unnamed = ['export default 1;', 'export default class {}', 'export { a as default };'];
  for (const text of unnamed) {
    test(`a default export is caught: ${text}`, () =>
      assert.match(findings('src/a.ts', text).join(), /default export/));
  }

  test('vite wants a default export and gets one', () => {
    assert.deepEqual(findings('vite.config.ts', 'export default {};'), []);
  });
});
