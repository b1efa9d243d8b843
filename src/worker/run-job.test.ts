import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { OperatorPort } from '#http/hall.ts';
import { notReady } from '#core/errors.ts';
import { job, work, type JobHandler } from '#core/job.ts';
import { say, type OutgoingMessage } from '#core/message.ts';
import { operatorPort } from '#src/operator-port.ts';
import type { Storage } from '#storage/storage.ts';
import { findAnswer, findJob, insertJob, openAnswer } from '#storage/work.ts';
import { freshStorage } from '#test/contracts/fixtures.ts';
import { answerJob } from './end-job.ts';
import { runJob, type Taken, type Worker } from './run-job.ts';

type Handler = JobHandler<{ symbol: string }>;

describe('a job', () => {
  test('is answered by its handler, once, with the commit that ends it', async (t) => {
    const desk = await deskFor(t, async ({ symbol }) => say(`${symbol} is 1`));
    await desk.run();
    await desk.run();
    assert.deepEqual(await desk.told(), [['AAPL is 1', false, true]]);
    assert.deepEqual([(await desk.row())?.state, (await desk.row())?.attempts], ['done', 1]);
    assert.equal((await findAnswer(desk.storage.db, 'job_1'))?.state, 'done');
  });

  test('is tried again after a failure, after a pause that doubles, and then answered', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let tries = 0;
    const desk = await deskFor(t, async () => {
      if (++tries < 3) throw new Error('the source is down');
      return say('at last');
    });
    const after = async (ms: number): Promise<number> => {
      t.mock.timers.tick(ms);
      for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
      return tries;
    };
    const running = desk.run({ retryMs: 500 });
    assert.deepEqual([await after(0), await after(499), await after(1)], [1, 1, 2]);
    assert.deepEqual([await after(999), await after(1)], [2, 3]);
    await running;
    assert.deepEqual([(await desk.told())[0]?.[0], (await desk.row())?.attempts], ['at last', 3]);
  });

  test('that fails for good is told to the asker alone in a plain sentence, and lies with the dead with its reason', async (t) => {
    const desk = await deskFor(t, () => Promise.reject(new TypeError('the source is down')));
    await desk.run();
    assert.deepEqual(await desk.told(), [['No quote for AAPL today.', true, true]]);
    const row = await desk.row();
    assert.deepEqual([row?.state, row?.attempts, row?.reason], ['dead', 3, 'TypeError: the source is down']);
    assert.deepEqual(desk.failures, ['test.quote']);
    const answer = await findAnswer(desk.storage.db, 'job_1');
    assert.deepEqual([answer?.state, answer?.reply?.text], ['failed', 'No quote for AAPL today.']);
  });

  test('whose handler ignores its signal does not hold the answer back', async (t) => {
    const desk = await deskFor(t, () => new Promise(() => undefined), { seconds: 0.05 });
    await desk.run();
    assert.deepEqual((await desk.told()).length, 1);
    assert.match((await desk.row())?.reason ?? '', /TimeoutError/);
  });

  test('has its time from the asking: what waited in a queue is not waited for again', async (t) => {
    let tries = 0;
    const desk = await deskFor(t, () => {
      tries++;
      return new Promise(() => undefined);
    });
    await desk.run({ clock: () => ASKED + 12_000 });
    assert.ok(tries <= 1);
    assert.equal((await desk.row())?.state, 'dead');
    assert.match((await desk.row())?.reason ?? '', /TimeoutError/);
  });

  test('that came late as something of ours was away has its whole time', async (t) => {
    const desk = await deskFor(t, async () => say('late, and done'));
    await desk.run({ clock: () => ASKED + 60_000 }, { queued: false });
    assert.deepEqual((await desk.told())[0], ['late, and done', false, true]);
  });

  test('is nobody’s failure while our own database is away: it is handed back, and done when that is there', async (t) => {
    const desk = await deskFor(t, async () => say('done after all'));
    const away = { ...desk.storage, write: () => Promise.reject(notReady('not-stored', 'Not now.')) };
    await assert.rejects(desk.run({ storage: away }), { code: 'not-stored' });
    assert.deepEqual([(await desk.row())?.state, desk.failures, await desk.told()], ['waiting', [], []]);
    await desk.run();
    assert.equal((await desk.told())[0]?.[0], 'done after all');
  });

  test('that outlived a restart has its time anew', async (t) => {
    const desk = await deskFor(t, async () => say('after the restart'));
    await desk.run({ clock: () => ASKED + 3_600_000, startedAt: ASKED + 3_600_000 });
    assert.equal((await desk.told())[0]?.[0], 'after the restart');
  });

  test('under way when the process stops is left as it is, for the next start', async (t) => {
    const stopping = new AbortController();
    const desk = await deskFor(t, () => {
      stopping.abort();
      return new Promise(() => undefined);
    });
    await assert.rejects(desk.run({ stopping: stopping.signal }), { name: 'AbortError' });
    assert.deepEqual([(await desk.row())?.state, await desk.told()], ['waiting', []]);
    desk.box.handle = async () => say('after the restart');
    await desk.run();
    assert.equal((await desk.told())[0]?.[0], 'after the restart');
  });

  test('that nobody here can do lies with the dead, and the asker is told', async (t) => {
    const desk = await deskFor(t, async () => say('never'));
    await desk.run({ jobs: new Map() });
    assert.deepEqual((await desk.told())[0]?.[1], true);
    assert.equal((await desk.row())?.reason, 'no handler for test.quote');
  });

  for (const [how, end] of [
    ['fails', () => Promise.reject(new Error('the time is over'))],
    ['answers as well', async () => say('AAPL is 2')],
  ] as const)
    test(`that somebody else answered meanwhile stays answered, where this worker ${how}`, async (t) => {
      const desk = await deskFor(t, async (_payload, _signal, { id, room }) => {
        assert.equal(room, 'room_1');
        const row = await findJob(desk.storage.db, id);
        if (row?.state === 'waiting') assert.equal(await answerJob(desk.storage, row, say('AAPL is 1')), true);
        return end();
      });
      await desk.run();
      assert.deepEqual(await desk.told(), [['AAPL is 1', false, true]]);
      assert.deepEqual([(await desk.row())?.state, (await desk.row())?.reason], ['done', null]);
    });

  test('that does not exist any more is no trouble', async (t) => {
    const desk = await deskFor(t, async () => say('never'));
    await desk.storage.write((tx) => tx.db.deleteFrom('jobs').execute());
    await desk.run();
    assert.deepEqual(await desk.told(), []);
  });
});

describe('the operator’s list of the dead', () => {
  test('shows what failed, and a retry does it again as if asked for now', async (t) => {
    let broken = true;
    const desk = await deskFor(t, async () => {
      if (broken) throw new Error('down');
      return say('AAPL is 1');
    });
    await desk.run();
    const operator = operatorOf(desk.storage, () => ASKED + 60_000);
    const [dead] = await operator.dead();
    assert.deepEqual([dead?.id, dead?.job, dead?.reason, dead?.attempts], ['job_1', 'test.quote', 'Error: down', 3]);
    assert.match(dead?.failedAt ?? '', /^2026-.*Z$/);
    broken = false;
    assert.deepEqual(
      [await operator.retry('job_1', 'acct_olga'), await operator.retry('job_1', 'acct_olga')],
      [true, false],
    );
    await desk.run({ clock: () => ASKED + 60_001 });
    assert.equal((await desk.told()).at(-1)?.[0], 'AAPL is 1');
    assert.deepEqual(await operator.dead(), []);
  });

  test('forgets what the operator gives up, and nothing else', async (t) => {
    const desk = await deskFor(t, () => Promise.reject(new Error('down')));
    const operator = operatorOf(desk.storage, () => ASKED);
    assert.equal(await operator.forget('job_1', 'acct_olga'), false, 'a waiting job is not dead');
    await desk.run();
    assert.equal(await operator.forget('job_1', 'acct_olga'), true);
    assert.equal(await desk.row(), undefined);
  });
});

const ASKED = Date.UTC(2026, 0, 1);

async function deskFor(t: TestContext, handle: Handler, more: { seconds?: number } = {}) {
  const storage = await freshStorage(t);
  const quote = job<{ symbol: string }>({
    name: 'test.quote',
    failed: ({ symbol }) => `No quote for ${symbol} today.`,
    ...more,
  });
  const failures: string[] = [];
  const box = { handle };
  const worker: Worker = {
    jobs: new Map([[quote.name, work(quote, (...asked) => box.handle(...asked))]]),
    storage,
    clock: () => ASKED,
    startedAt: ASKED - 1,
    stopping: new AbortController().signal,
    retryMs: 1,
    onFailure: (name) => void failures.push(name),
  };
  const to = { platform: 'webchat', room: 'room_1', account: 'acct_1' };
  const request = { id: 'job_1', to, community: 'comm_1', cause: { account: 'acct_1', name: 'ann', text: '/q' } };
  await storage.write(async (tx) => {
    await openAnswer(tx.db, 'job_1', 'acct_1', ASKED);
    await insertJob(tx.db, { id: 'job_1', name: quote.name, payload: { symbol: 'AAPL' }, request, at: ASKED });
  });
  return {
    box,
    failures,
    storage,
    run: (other: Partial<Worker> = {}, taken?: Taken) => runJob({ ...worker, ...other }, 'job_1', taken),
    row: () => findJob(storage.db, 'job_1'),
    told: () => toldBy(storage),
  };
}

/** Of each answer that went out: its text, whether for the asker alone, whether the last. */
async function toldBy(storage: Storage): Promise<[string, boolean, boolean][]> {
  const rows = await storage.db.selectFrom('outbox').selectAll().where('channel', 'like', 'outgoing.%').execute();
  const sent = rows.map(({ body }) => JSON.parse(body) as OutgoingMessage);
  return sent.map(({ reply, final }) => [reply.text, reply.private, final]);
}

function operatorOf(storage: Storage, clock: () => number): OperatorPort {
  return operatorPort({ storage, clock, connectors: () => [], engines: () => [], processes: () => [] });
}
