import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHAPES } from '#test/support/deployment.ts';
import { killNine } from '#test/support/kill-nine.ts';
import { seed } from '#test/support/seed.ts';

/** One bot: the long run has two, and kills ten times. */
for (const shape of SHAPES)
  test(`the hall is killed twice while 50 clients post: nothing acknowledged is lost, nothing is doubled, ${shape}`, async (t) => {
    const toll = await killNine({ rounds: 2, seed, shape, counts: { bot: 1 } });
    t.diagnostic(JSON.stringify({ seed, ...toll }));
    assert.ok(toll.acknowledged >= 200);
    assert.equal(toll.jobs, 2);
  });
