import { describe, test } from 'node:test';
import { SHAPES } from '#test/support/deployment.ts';
import { killAmidAnswers } from '#test/support/platform-kills.ts';
import { seed } from '#test/support/seed.ts';

for (const shape of SHAPES)
  describe(`the hall is killed while its answers go out, and started again, ${shape}`, { concurrency: 3 }, () => {
    test('on Discord everybody has one answer: nothing is lost and nothing is doubled', async (t) => {
      t.diagnostic(
        JSON.stringify({ seed, ...(await killAmidAnswers({ platform: 'discord', rounds: 1, seed, shape })) }),
      );
    });

    test('on Slack everybody has an answer, and at most the private line that was on its way in each room is doubled', async (t) => {
      t.diagnostic(JSON.stringify({ seed, ...(await killAmidAnswers({ platform: 'slack', rounds: 1, seed, shape })) }));
    });

    test('on Twitch everybody has an answer, and at most the one line that was on its way is doubled', async (t) => {
      t.diagnostic(
        JSON.stringify({ seed, ...(await killAmidAnswers({ platform: 'twitch', rounds: 1, seed, shape })) }),
      );
    });
  });
