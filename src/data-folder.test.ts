import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { FolderInUse, isLocked, lockFolder, openFolder } from './data-folder.ts';

describe('the folder of all data', () => {
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

  test('is made where it is absent, for its owner alone', (t) => {
    const path = join(temporaryFolder(t), 'deep/data');
    const folder = openFolder(path);
    assert.deepEqual([folder.made, mode(folder.path), mode(folder.database)], [true, '700', '600']);
    assert.equal(openFolder(path).made, false);
  });

  test('a database that is there is left as it is', (t) => {
    const path = temporaryFolder(t);
    writeFileSync(join(path, 'hall.db'), 'what was there');
    openFolder(path);
    assert.equal(statSync(join(path, 'hall.db')).size, 'what was there'.length);
  });

  test('has one user at a time; a second is told who has it since when', (t) => {
    const folder = openFolder(temporaryFolder(t));
    const lock = lockFolder(folder);
    assert.throws(
      () => lockFolder(folder),
      (error: unknown) =>
        error instanceof FolderInUse && error.by?.pid === process.pid && !Number.isNaN(Date.parse(error.by.since)),
    );
    assert.equal(isLocked(folder), true);
    lock.release();
    assert.equal(isLocked(folder), false);
    lockFolder(folder).release();
  });

  test('the lock keeps nobody’s secret: its files are for their owner alone', (t) => {
    const folder = openFolder(temporaryFolder(t));
    lockFolder(folder).release();
    for (const name of ['hall.lock', 'hall.pid']) {
      const path = join(folder.path, name);
      if (existsSync(path)) assert.equal(mode(path), '600', name);
    }
  });

  test('a file that somebody cannot read as a holder is no trouble', (t) => {
    const folder = openFolder(temporaryFolder(t));
    const lock = lockFolder(folder);
    writeFileSync(join(folder.path, 'hall.pid'), 'half a li');
    assert.throws(() => lockFolder(folder), { by: undefined });
    lock.release();
  });
});
