import { after, before, describe, test } from 'node:test';
import type { Stage, StageName } from '#test/support/stage.ts';
import { stageFeature } from '#test/support/stage-commands.ts';
import { STAGES } from '#test/support/stages.ts';
import { connectorsContract } from './connectors.contract.ts';

const NAMES: StageName[] = ['webchat', 'discord', 'slack', 'slack events', 'twitch'];

/** The stages run beside each other, as most of their time is waiting; a stage's cases in turn. */
describe('what holds for every connector', { concurrency: NAMES.length }, () => {
  for (const name of NAMES) {
    describe(`on ${name}`, { concurrency: 1 }, () => {
      let stage: Stage;
      before(async () => {
        const rooms = [...new Set(connectorsContract.map(({ room }) => room))];
        stage = await STAGES[name]({ rooms, apart: 'slow', features: [stageFeature()], shape: 'in one process' });
        for (const { begins, room } of connectorsContract) await begins?.(stage.room(room));
      });
      after(() => stage?.close());
      for (const { says, room, holds } of connectorsContract) test(says, () => holds(stage.room(room), stage));
    });
  }
});
