import assert from 'node:assert/strict';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { say } from '#core/message.ts';
import { endedJobs, findOpenJob } from '#storage/open-jobs.ts';
import type { Storage } from '#storage/storage.ts';
import { startRelay } from '#storage/relay.ts';
import {
  buryJob,
  closeAnswer,
  countAttempt,
  countOutbox,
  deleteDead,
  deleteOldRecords,
  deleteUnserved,
  deliverOnce,
  findAnswer,
  findJob,
  finishJob,
  insertJob,
  listDead,
  openAnswer,
  outboxChannels,
  receiveOnce,
  reviveJob,
} from '#storage/work.ts';
import { eventually } from '#test/support/wait.ts';
import type { StorageCase } from './storage.contract.ts';

/** Inbox, outbox and its relay, answers, jobs and the dead. */
export const workContract: StorageCase[] = [
  {
    says: 'a second delivery of the same message is known as such, also when both come at once',
    async holds(storage) {
      const told = await Promise.all(
        ['job_1', 'job_2'].map((job) =>
          storage.write((tx) => receiveOnce(tx.db, { id: 'web:1', request: job, digest: 'd', at: 1 })),
        ),
      );
      assert.deepEqual(told, [
        { request: 'job_1', digest: 'd', fresh: true },
        { request: 'job_1', digest: 'd', fresh: false },
      ]);
      const deliver = () => storage.write((tx) => deliverOnce(tx.db, 'web:1', 1));
      assert.deepEqual([await deliver(), await deliver()], [true, false], 'sent is not received');
    },
  },
  {
    says: 'a request is answered once, and its answer and refusal are kept',
    async holds(storage) {
      await storage.write((tx) => openAnswer(tx.db, 'job_1', 'acct_1', 1));
      assert.deepEqual(await findAnswer(storage.db, 'job_1'), waiting('job_1'));
      const refusal = { status: 429, code: 'too-fast', retryAfter: 3 };
      const close = (text: string) =>
        storage.write((tx) => closeAnswer(tx.db, 'job_1', { state: 'done', reply: say(text), refusal }));
      assert.deepEqual([await close('one'), await close('two')], [true, false]);
      const kept = await findAnswer(storage.db, 'job_1');
      assert.deepEqual([kept?.state, kept?.reply?.text, kept?.refusal], ['done', 'one', refusal]);
    },
  },
  {
    says: 'a job is made once and comes back with its payload and its way back',
    async holds(storage) {
      const job = await jobOf(storage, 'job_1');
      assert.equal(await storage.write((tx) => insertJob(tx.db, { ...job, payload: 'other' })), false);
      await storage.write((tx) => countAttempt(tx.db, 'job_1'));
      const kept = await findJob(storage.db, 'job_1');
      assert.deepEqual([kept?.payload, kept?.request, kept?.attempts], [job.payload, job.request, 1]);
      assert.deepEqual([kept?.state, kept?.createdAt, kept?.failedAt], ['waiting', 5, null]);
    },
  },
  {
    says: 'jobs that failed for good are listed newest first until the operator retries or forgets them',
    async holds(storage) {
      for (const [n, id] of ['job_1', 'job_2', 'job_3'].entries()) {
        await jobOf(storage, id);
        await storage.write((tx) => buryJob(tx.db, id, 'the source is down', 10 + n));
      }
      const ids = async () => (await listDead(storage.db)).map(({ id }) => id);
      assert.deepEqual(await ids(), ['job_3', 'job_2', 'job_1']);
      assert.equal(await storage.write((tx) => deleteDead(tx.db, 'job_2')), true);
      const revived = await storage.write((tx) => reviveJob(tx.db, 'job_3', 50));
      assert.deepEqual([revived?.state, revived?.attempts, revived?.createdAt], ['waiting', 0, 50]);
      assert.deepEqual([revived?.reason, revived?.failedAt], [null, null]);
      assert.deepEqual(await ids(), ['job_1']);
      assert.equal(await storage.write((tx) => reviveJob(tx.db, 'job_3', 60)), undefined, 'it is not dead any more');
      assert.equal(await storage.write((tx) => deleteDead(tx.db, 'job_3')), false);
    },
  },
  {
    says: 'a job ends once: what is done is not buried, and what lies with the dead is not done',
    async holds(storage) {
      for (const id of ['job_1', 'job_2']) await jobOf(storage, id);
      const ends = await storage.write(async (tx) => [
        await finishJob(tx.db, 'job_1'),
        await buryJob(tx.db, 'job_1', 'the time is over', 6),
        await buryJob(tx.db, 'job_2', 'the time is over', 6),
        await finishJob(tx.db, 'job_2'),
        await finishJob(tx.db, 'job_3'),
      ]);
      assert.deepEqual(ends, [true, false, true, false, false]);
      const [done, dead] = [await findJob(storage.db, 'job_1'), await findJob(storage.db, 'job_2')];
      assert.deepEqual([done?.state, done?.reason, dead?.state], ['done', null, 'dead']);
    },
  },
  {
    says: 'an open job is found by what it is for and where it was asked, the oldest first',
    async holds(storage) {
      const made = async (
        id: string,
        { at = 5, symbol = 'A', room }: { at?: number; symbol?: string; room?: string },
      ) => {
        const to = { platform: 'webchat', account: 'acct_1', ...(room !== undefined && { room }) };
        const cause = { account: 'acct_1', name: 'ann', text: '/q "room":"room_x"' };
        const request = { id, to, community: 'comm_1', cause };
        await storage.write((tx) => insertJob(tx.db, { id, name: 'quote', payload: { symbol }, request, at }));
      };
      await made('job_young', { at: 9, room: 'room_1' });
      await made('job_old', { at: 7, room: 'room_1' });
      await made('job_code', { at: 1, room: 'room_1', symbol: 'B' });
      await made('job_100%', { at: 1, room: 'room_1%_"\\' });
      await made('job_alone', {});
      const find = async (place: string, symbol = 'A') =>
        (await findOpenJob(storage.db, { name: 'quote', payload: { symbol }, place }))?.id;
      assert.deepEqual(await Promise.all(['room_1', 'room_x', 'room_%', 'room_1%_"\\'].map((place) => find(place))), [
        'job_old',
        undefined,
        undefined,
        'job_100%',
      ]);
      assert.deepEqual(
        [await find('job_alone'), await find('job_alone', 'B'), await find('job_old')],
        ['job_alone', undefined, undefined],
      );
      assert.deepEqual(await endedJobs(storage.db, ['job_old', 'job_gone', 'job_young']), ['job_gone']);
      await storage.write((tx) => finishJob(tx.db, 'job_old'));
      assert.equal(await find('room_1'), 'job_young');
      assert.deepEqual(await endedJobs(storage.db, ['job_old']), ['job_old']);
    },
  },
  {
    says: 'a retried job may be answered again',
    async holds(storage) {
      await storage.write((tx) => openAnswer(tx.db, 'job_1', 'acct_1', 1));
      await jobOf(storage, 'job_1');
      await storage.write(async (tx) => {
        await buryJob(tx.db, 'job_1', 'down', 2);
        await closeAnswer(tx.db, 'job_1', { state: 'failed', reply: say('not today') });
      });
      await storage.write((tx) => reviveJob(tx.db, 'job_1', 3));
      assert.deepEqual(await findAnswer(storage.db, 'job_1'), waiting('job_1'));
    },
  },
  {
    says: 'old records are swept, but nothing that still waits for somebody',
    async holds(storage) {
      await storage.write(async (tx) => {
        await receiveOnce(tx.db, { id: 'old', request: 'job_1', digest: 'd', at: 1 });
        await receiveOnce(tx.db, { id: 'new', request: 'job_2', digest: 'd', at: 100 });
      });
      for (const id of ['job_done', 'job_dead', 'job_waiting']) await jobOf(storage, id);
      await storage.write(async (tx) => {
        await finishJob(tx.db, 'job_done');
        await buryJob(tx.db, 'job_dead', 'down', 6);
        await deleteOldRecords(tx.db, 50);
      });
      const again = (id: string) =>
        storage.write((tx) => receiveOnce(tx.db, { id: id, request: 'job_3', digest: 'd', at: 60 }));
      assert.deepEqual([(await again('old')).fresh, (await again('new')).fresh], [true, false]);
      const left = await Promise.all(['job_done', 'job_dead', 'job_waiting'].map((id) => findJob(storage.db, id)));
      assert.deepEqual(
        left.map((job) => job?.state),
        [undefined, 'dead', 'waiting'],
      );
    },
  },
  {
    says: 'what waits in the outbox is never swept, but for old answers to a platform that nobody serves',
    async holds(storage) {
      const channels = ['incoming', 'jobs', 'outgoing.webchat', 'outgoing.discord'];
      await storage.write(async (tx) => {
        for (const channel of channels) await tx.publish(channel, { channel });
        await deleteOldRecords(tx.db, Date.now() + 1_000);
        assert.equal(await deleteUnserved(tx.db, 1, ['outgoing.webchat']), 0, 'what is young stays');
        assert.equal(await deleteUnserved(tx.db, Date.now() + 1_000, ['outgoing.webchat']), 1);
      });
      const left = await outboxChannels(storage.db);
      assert.deepEqual(left.map(({ channel }) => channel).toSorted(), ['incoming', 'jobs', 'outgoing.webchat']);
    },
  },
  {
    says: 'the relay sends what a commit left, in order, and a row goes only when its sending is confirmed',
    async holds(storage) {
      const sent: Sent[] = [];
      const relay = startRelay(storage, (channel, body) => new Promise((done) => sent.push({ channel, body, done })));
      await storage.write(async (tx) => {
        for (const n of [1, 2, 3]) await tx.publish('incoming', { n });
      });
      await eventually('three sendings', () => (sent.length === 3 ? true : undefined));
      assert.deepEqual(
        sent.map(({ channel, body }) => `${channel} ${body}`),
        [1, 2, 3].map((n) => `incoming {"n":${n}}`),
      );
      assert.equal(await countOutbox(storage.db), 3);
      sent[1]?.done();
      await eventually('one row to go', async () => ((await countOutbox(storage.db)) === 2 ? true : undefined));
      sent[0]?.done();
      sent[2]?.done();
      await relay.stop();
      assert.equal(await countOutbox(storage.db), 0);
    },
  },
  {
    says: 'what was not confirmed before a stop is sent again by the next start',
    async holds(storage) {
      await storage.write((tx) => tx.publish('jobs', { id: 'job_1' }));
      let tries = 0;
      const first = startRelay(storage, () => Promise.reject(new Error(`the broker went away ${++tries}`)));
      await eventually('a try', () => tries || undefined);
      await first.stop();
      assert.equal(await countOutbox(storage.db), 1);
      const bodies: string[] = [];
      const second = startRelay(storage, async (_channel, body) => void bodies.push(body));
      await eventually('the second try', () => bodies[0]);
      await second.stop();
      assert.deepEqual([bodies, await countOutbox(storage.db)], [['{"id":"job_1"}'], 0]);
    },
  },
  {
    says: 'a channel whose sending hangs holds up no other channel',
    async holds(storage) {
      await fillOutbox(storage, LIMITS.outboxInFlight + LIMITS.outboxBatch);
      await storage.write((tx) => tx.publish('outgoing.webchat', 'quick'));
      const quick: string[] = [];
      const gate = Promise.withResolvers<void>();
      const relay = startRelay(storage, async (channel, body) => {
        if (channel !== 'outgoing.webchat') return gate.promise;
        quick.push(body);
      });
      await eventually('the quick one', () => quick[0]);
      gate.resolve();
      await relay.stop();
      assert.deepEqual(quick, ['"quick"']);
    },
  },
  {
    says: 'a row that an earlier process may have sent is marked, one from now is not',
    async holds(storage) {
      await storage.write((tx) => tx.publish('jobs', 'old'));
      const told: [string, boolean][] = [];
      const relay = startRelay(storage, async (_channel, body, again) => void told.push([body, again]));
      await eventually('the old one', () => told[0]);
      await storage.write((tx) => tx.publish('jobs', 'new'));
      await eventually('the new one', () => told[1]);
      await relay.stop();
      assert.deepEqual(told, [
        ['"old"', true],
        ['"new"', false],
      ]);
    },
  },
  {
    says: 'many rows at once go out each one time, with a bound on how many are on their way',
    async holds(storage) {
      const many = LIMITS.outboxInFlight + 3 * LIMITS.outboxBatch;
      await fillOutbox(storage, many);
      const seen = new Map<string, number>();
      const gate = Promise.withResolvers<void>();
      const relay = startRelay(storage, (_channel, body) => {
        seen.set(body, (seen.get(body) ?? 0) + 1);
        return gate.promise;
      });
      await eventually('the bound', () => (seen.size >= LIMITS.outboxInFlight ? true : undefined));
      await storage.write(async () => undefined);
      assert.ok(seen.size < LIMITS.outboxInFlight + LIMITS.outboxBatch, `${seen.size} on their way`);
      gate.resolve();
      await eventually('all rows to go', async () => ((await countOutbox(storage.db)) === 0 ? true : undefined));
      await relay.stop();
      assert.equal(seen.size, many);
      assert.ok([...seen.values()].every((times) => times === 1));
    },
  },
  {
    says: 'a work that undoes itself publishes nothing',
    async holds(storage) {
      const undone = storage.write(async (tx) => {
        await tx.publish('incoming', 'never');
        throw new Error('no');
      });
      await assert.rejects(undone, /no/);
      assert.equal(await countOutbox(storage.db), 0);
    },
  },
];

interface Sent {
  channel: string;
  body: string;
  done(): void;
}

const waiting = (id: string) => ({ id, account: 'acct_1', state: 'waiting', reply: null });

async function fillOutbox(storage: Storage, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => ({ channel: 'incoming', body: `${n}`, created_at: 1 }));
  await storage.write(async (tx) => {
    while (rows.length > 0) await tx.db.insertInto('outbox').values(rows.splice(0, 2_000)).execute();
  });
}

async function jobOf(storage: Storage, id: string) {
  const to = { platform: 'webchat', room: 'room_1', account: 'acct_1' };
  const request = { id, to, community: newId('comm'), cause: { account: 'acct_1', name: 'ann', text: '/stock x' } };
  const job = { id, name: 'stock.quote', payload: { symbol: 'AAPL.US', deep: [1, null] }, request, at: 5 };
  assert.equal(await storage.write((tx) => insertJob(tx.db, job)), true);
  return job;
}
