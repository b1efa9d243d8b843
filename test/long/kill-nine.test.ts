import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHAPES } from '#test/support/deployment.ts';
import { killNine } from '#test/support/kill-nine.ts';
import { seed } from '#test/support/seed.ts';

for (const shape of SHAPES)
  test(`the hall is killed ten times while 50 clients post: nothing acknowledged is lost, nothing is doubled, ${shape}`, async (t) => {
    const toll = await killNine({ rounds: 10, seed, shape });
    t.diagnostic(JSON.stringify({ seed, ...toll }));
    assert.ok(toll.acknowledged >= 1_000);
    assert.equal(toll.jobs, 10);
  });
