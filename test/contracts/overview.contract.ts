import assert from 'node:assert/strict';
import { newId } from '#core/ids.ts';
import { communityOverview } from '#src/community-overview.ts';
import { countActivity, deleteOldActivity, sampleWaitingJobs } from '#storage/activity.ts';
import { record } from '#storage/audit.ts';
import { firstCommunity } from '#storage/communities.ts';
import { deleteOldFigures, figuresSince, INSTANCE, noteFigures } from '#storage/minute-figures.ts';
import type { Storage } from '#storage/storage.ts';
import { buryJob, findJob, insertJob } from '#storage/work.ts';
import { roomOf, somebody } from './fixtures.ts';
import type { StorageCase } from './storage.contract.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const NOW = Date.UTC(2026, 2, 3, 14, 25);

/** How a community is: the figures of its overview. */
export const overviewContract: StorageCase[] = [
  {
    says: 'messages are counted once each into their hours, in bounded pieces, and the youngest when they are older',
    async holds(storage) {
      const { community, say, overview } = await hall(storage);
      for (let n = 0; n < 1_200; n++) await say(NOW - 2 * HOUR + n);
      await say(NOW - 1_000);
      const count = (until: number) => storage.write((tx) => countActivity(tx.db, until));
      assert.deepEqual(
        [await count(NOW - 15_000), await count(NOW - 15_000), await count(NOW - 15_000)],
        [true, false, false],
      );
      const seen = async () => (await overview.activity(community)).filter(({ figure }) => figure > 0);
      assert.deepEqual(await seen(), [{ at: '2026-03-03T12:00:00.000Z', figure: 1_200 }]);
      await count(NOW + 15_000);
      assert.deepEqual((await seen()).at(-1), { at: '2026-03-03T14:00:00.000Z', figure: 1 });
      assert.equal((await overview.activity(community)).length, 24);
      await storage.write((tx) => deleteOldActivity(tx.db, { hours: NOW - HOUR, minutes: NOW }));
      assert.deepEqual(await seen(), [{ at: '2026-03-03T14:00:00.000Z', figure: 1 }]);
    },
  },
  {
    says: 'jobs that wait are those of the community alone, now and minute by minute',
    async holds(storage) {
      const { community, job, overview } = await hall(storage);
      for (const id of ['job_1', 'job_2']) await job(id, community);
      await job('job_3', 'comm_other');
      await storage.write((tx) => sampleWaitingJobs(tx.db, NOW - 5 * MINUTE));
      await storage.write((tx) => sampleWaitingJobs(tx.db, NOW - 5 * MINUTE + 1));
      const { waiting, waited } = await overview.work(community);
      assert.equal(waiting, 2);
      assert.deepEqual(
        waited.filter(({ figure }) => figure > 0),
        [{ at: '2026-03-03T14:20:00.000Z', figure: 2 }],
      );
    },
  },
  {
    says: 'how a process was is noted once a minute, as it was last seen in it, and forgotten later',
    async holds(storage) {
      const note = (of: string, at: number, figures: Record<string, number>) =>
        storage.write((tx) => noteFigures(tx.db, { of, at, figures }));
      await note('proc_1', NOW, { memory: 5_000_000_000, busy: 12.4 });
      await note('proc_1', NOW + 59_999, { memory: 6_000_000_000, busy: 13.6 });
      await note(INSTANCE, NOW - 5 * MINUTE, { jobs: 3 });
      const seen = async (since: number) =>
        (await figuresSince(storage.db, since)).map(({ of, name, minute, figure }) =>
          [of, name, (minute - NOW) / MINUTE, figure].join(' '),
        );
      const now = ['proc_1 busy 0 14', 'proc_1 memory 0 6000000000'];
      assert.deepEqual((await seen(NOW)).toSorted(), now);
      assert.deepEqual((await seen(NOW - HOUR)).toSorted(), ['instance jobs -5 3', ...now]);
      await storage.write((tx) => deleteOldFigures(tx.db, NOW));
      assert.deepEqual((await seen(0)).toSorted(), now);
    },
  },
  {
    says: 'answer times are medians of five minutes, without what was refused and without other communities',
    async holds(storage) {
      const { community, overview } = await hall(storage);
      const asked = (ms: number, more = {}) =>
        storage.write((tx) =>
          record(tx.db, {
            community,
            account: null,
            action: 'command.stock',
            at: NOW - MINUTE,
            detail: JSON.stringify({ from: 'discord', ms }),
            ...more,
          }),
        );
      for (const ms of [40, 20, 90]) await asked(ms);
      await asked(5_000, { result: 'not-allowed' });
      await asked(6_000, { community: 'comm_other' });
      await asked(7_000, { action: 'command.settings', detail: '{"on":false}' });
      const { answers } = await overview.work(community);
      assert.deepEqual(
        [answers.length, answers.filter(({ figure }) => figure !== null)],
        [12, [{ at: '2026-03-03T14:20:00.000Z', figure: 40 }]],
      );
    },
  },
  {
    says: 'a failed job is shown to its community with who asked what; tried again or dropped there, and audited',
    async holds(storage) {
      const { community, job, overview } = await hall(storage);
      for (const [id, of] of [
        ['job_1', community],
        ['job_2', community],
        ['job_3', 'comm_other'],
      ] as const) {
        await job(id, of);
        await storage.write((tx) => buryJob(tx.db, id, 'Error: a page instead of prices', NOW));
      }
      const failed = async () => (await overview.work(community)).failed.map(({ id }) => id).toSorted();
      assert.deepEqual(await failed(), ['job_1', 'job_2']);
      const [first] = (await overview.work(community)).failed;
      assert.deepEqual(
        [first?.asked, first?.by, first?.reason],
        ['/stock zzzq', 'ann', 'Error: a page instead of prices'],
      );
      for (const id of ['job_3', 'job_none'])
        await assert.rejects(overview.retry({ community, by: 'acct_1', job: id }), { code: 'unknown-job' });
      await overview.retry({ community, by: 'acct_1', job: 'job_1' });
      await overview.drop({ community, by: 'acct_1', job: 'job_2' });
      assert.deepEqual(await failed(), []);
      assert.deepEqual(
        [(await findJob(storage.db, 'job_1'))?.state, await findJob(storage.db, 'job_2')],
        ['waiting', undefined],
      );
      const rows = await storage.db.selectFrom('audit').select(['action', 'subject']).orderBy('action').execute();
      assert.deepEqual(
        rows.map(({ action, subject }) => `${action} ${subject}`),
        ['job.drop job_2', 'job.retry job_1'],
      );
    },
  },
];

async function hall(storage: Storage) {
  const { id: community } = await firstCommunity(storage.db);
  const ann = await somebody(storage, 'ann');
  const room = await roomOf(storage, ann);
  let seq = 0;
  return {
    community,
    overview: communityOverview({ storage, clock: () => NOW }),
    say: (at: number) =>
      storage.write((tx) =>
        tx.db
          .insertInto('messages')
          .values({ room_id: room.id, seq: (seq += 1), id: newId('msg', at), text: 'a word', created_at: at })
          .execute(),
      ),
    job: (id: string, of: string) =>
      storage.write((tx) => {
        const cause = { account: ann.account, name: 'ann', text: '/stock zzzq' };
        const request = { id, to: { platform: 'webchat', account: ann.account }, community: of, cause };
        return insertJob(tx.db, { id, name: 'stock.quote', payload: {}, request, at: NOW });
      }),
  };
}
