import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killNine } from '#test/support/kill-nine.ts';
import { seed } from '#test/support/seed.ts';

test('the hall is killed twice while 50 clients post: nothing acknowledged is lost, nothing is doubled', async (t) => {
  const toll = await killNine({ rounds: 2, seed });
  t.diagnostic(JSON.stringify({ seed, ...toll }));
  assert.ok(toll.acknowledged >= 200);
  assert.equal(toll.jobs, 2);
});
