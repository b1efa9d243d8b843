import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { root } from './test-command.ts';

describe('npm test', () => {
  const ends = (t: test.TestContext, body: string, env: NodeJS.ProcessEnv = {}): number | null => {
    const folder = mkdtempSync(join(tmpdir(), 'guildhall-planted-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'planted.test.ts');
    writeFileSync(file, `import { test } from 'node:test';\ntest('planted', () => { ${body} });\n`);
    // Inside a run of the test runner another one would only report to it.
    const { NODE_TEST_CONTEXT: _, ...own } = process.env;
    const run = [join(root, 'tools/test.ts'), file];
    return spawnSync(process.execPath, run, { cwd: root, env: { ...own, ...env }, stdio: 'ignore' }).status;
  };

  test('ends with 1 where a test fails, and with 0 where none does', (t) => {
    assert.equal(ends(t, "throw new Error('planted')"), 1);
    assert.equal(ends(t, ''), 0);
  });

  test('ends with 1 also where the packaged PostgreSQL was started for it', (t) => {
    assert.equal(ends(t, "throw new Error('planted')", { TEST_POSTGRES: 'npm' }), 1);
  });
});
