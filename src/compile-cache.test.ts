import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { bareEnvironment } from '#test/support/child.ts';

test('nothing that is run is read from a folder that everybody on the machine can write to', (t) => {
  const everybodys = temporaryFolder(t);
  const { NODE_COMPILE_CACHE: _ours, ...env } = bareEnvironment();
  const program = join(import.meta.dirname, 'guildhall.ts');
  const { status } = spawnSync(process.execPath, [program, '--help'], { env: { ...env, TMPDIR: everybodys } });
  assert.equal(status, 0);
  assert.deepEqual(readdirSync(everybodys), []);
});
