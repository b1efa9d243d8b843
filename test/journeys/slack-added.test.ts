import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { severalWorkspaces, type SeveralWorkspaces } from '#test/simulators/slack/several.ts';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { owner as makeOwner, type Person } from '#test/support/person.ts';
import { play } from '#test/support/play.ts';
import { eventually } from '#test/support/wait.ts';

/** A play of a workspace that joins a hall whose operator has none: the hall seals its token, and Slack's connector has it leased. */
for (const shape of SHAPES)
  describe(`a workspace by “Add to Slack”, ${shape}`, { concurrency: 1 }, () => {
    let none: SlackSimulator;
    let traders: SlackSimulator;
    let all: SeveralWorkspaces;
    let hall: Deployment;
    let olga: Person;
    let community: string;
    const scene = play();

    before(async () => {
      [none, traders] = await Promise.all([
        startSlack({ installed: false }),
        startSlack({ team: 'Traders', installed: false }),
      ]);
      all = await severalWorkspaces([none, traders]);
      const { SLACK_BOT_TOKEN: _, ...settings } = all.env;
      hall = await startDeployment(shape, settings, { hall: 1, bot: 1, worker: 0, slack: 1, vault: 1 });
      olga = await makeOwner(hall);
      const { communities } = await olga.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
      community = communities[0]?.id ?? '';
      await none.connected();
    });
    after(async () => {
      await hall?.remove();
      await Promise.all([all, none, traders].map((one) => one?.stop()));
    });

    scene('olga adds it, and its people are answered by its own token', async () => {
      const headers = { authorization: `Bearer ${olga.token}` };
      const path = `${hall.url}/v1/communities/${community}/slack-workspaces`;
      const begun = await fetch(path, { method: 'POST', headers });
      const { address } = (await begun.json()) as { address: string };
      const page = await fetch(`${address}&team=${traders.team.id}&login=olga`, { redirect: 'manual' });
      const cookie = (begun.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      const back = await fetch(page.headers.get('location') ?? '', {
        headers: { ...headers, cookie },
        redirect: 'manual',
      });
      assert.equal(back.headers.get('location'), `/c/${community}/spaces?added=slack`);
      await live();
      await traders.say('mia', 'dm:mia', 'help');
      await eventually('an answer', () => traders.seen('dm:mia', 'mia').find(({ author }) => author.bot));
    });

    scene(
      'after a new start it is served again, and nothing of its token was printed or stored in the clear',
      async () => {
        await hall.stop();
        await hall.startAgain();
        await none.connected();
        const before = traders.seen('dm:mia', 'mia').length;
        await live();
        await traders.say('mia', 'dm:mia', 'help');
        await eventually('an answer', () => traders.seen('dm:mia', 'mia').length > before + 1 || undefined);
        assert.ok(!hall.output.includes(traders.token()));
        assert.ok(!JSON.stringify(await hall.rows('select * from secrets')).includes(traders.token()));
        assert.deepEqual(traders.violations, []);
      },
    );

    async function live(): Promise<void> {
      await eventually('the workspace to be live', async () => {
        const { apps } = await olga.done<{ apps: { state: string }[] }>('GET', `/v1/communities/${community}/apps`);
        return apps.some(({ state }) => state === 'live') || undefined;
      });
    }
  });
