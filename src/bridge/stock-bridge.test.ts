import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import { Connection } from 'rabbitmq-client';
import { notReady } from '#core/errors.ts';
import { job } from '#core/job.ts';
import { say, type Address, type OutgoingMessage } from '#core/message.ts';
import type { QuoteWork } from '#core/quote.ts';
import type { Storage } from '#storage/storage.ts';
import { insertJob, openAnswer } from '#storage/work.ts';
import { freshStorage } from '#test/contracts/fixtures.ts';
import { policedRabbit, type PolicedRabbit } from '#test/support/policed-rabbit.ts';
import { eventually } from '#test/support/wait.ts';
import { runJob, type Worker } from '#worker/run-job.ts';
import { StockBridge } from './stock-bridge.ts';

type Fields = Record<string, unknown>;

const ANSWER: Fields = { stock_name: 'AAPL.US', stock_quote: '126.85', chatroom: 'room_1', bot_name: 'stockbot' };

/** The library can read it, and cannot write it again. */
const NESTED = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;

const NO_OPEN = 'no open request of this room and code';
const NO_PRICE = 'wrong shape: stock_quote is not a plain price and not N/D';

/** On a broker with the least rights: the bridge as `guildhall-worker`, the bot as `guildhall-bridge`. */
describe('a stock bot of somebody else’s', () => {
  let policed: PolicedRabbit | undefined;
  before(async () => (policed = await policedRabbit()));
  after(() => policed?.rabbit.remove());
  beforeEach((t) => (policed ? undefined : (t as TestContext).skip('no RabbitMQ here')));

  async function onStage(t: TestContext, more: { seconds?: number; workers?: number } = {}): Promise<Stage> {
    const stage = await Stage.open(policed as PolicedRabbit, await freshStorage(t), more);
    t.after(() => stage.close());
    return stage;
  }

  test('is asked with the code, the room and the request, and its price is said in the room', async (t) => {
    const stage = await onStage(t);
    const asked = stage.ask('job_1', { symbol: 'AAPL.US' });
    const request = await stage.request();
    const expected = { stock_code: 'AAPL.US', chatroom: 'room_1', bot_name: 'stockbot', request_id: 'job_1' };
    assert.deepEqual(request, expected);
    await stage.answer({ ...ANSWER, request_id: 'job_1' });
    await asked;
    assert.deepEqual(await stage.told(), [['job_1', 'AAPL.US is 126.85', false, 'room_1']]);
  });

  for (const [said, words] of [
    [126.85, 'AAPL.US is 126.85'],
    [7, 'AAPL.US is 7'],
    [' 0.0125\r\n', 'AAPL.US is 0.0125'],
    ['N/D', 'no AAPL.US'],
  ] as const)
    test(`may say ${JSON.stringify(said)}, and the code in any case`, async (t) => {
      const stage = await onStage(t);
      const asked = stage.ask('job_1', { symbol: 'AAPL.US' });
      await stage.request();
      await stage.answer({ ...ANSWER, stock_name: 'aapl.us', stock_quote: said, request_id: 'job_1', more: [1] });
      await asked;
      assert.equal((await stage.told())[0]?.[1], words);
    });

  test('that knows nothing of requests answers the oldest one of the room and the code', async (t) => {
    const stage = await onStage(t);
    const asked = [
      stage.ask('job_b', { symbol: 'MSFT.US' }),
      stage.ask('job_c', { symbol: 'AAPL.US', room: 'room_2' }),
      stage.ask('job_2', { symbol: 'AAPL.US', at: 2 }),
      stage.ask('job_1', { symbol: 'AAPL.US', at: 1 }),
    ];
    for (const _ of asked) await stage.request();
    const answered: unknown[] = [];
    for (const request_id of [undefined, null]) {
      await stage.answer({ ...ANSWER, request_id });
      answered.push(await eventually('one more', async () => (await stage.told())[answered.length]?.[0]));
    }
    assert.deepEqual(answered, ['job_1', 'job_2']);
    await stage.answer(ANSWER);
    assert.equal(await stage.refused(), 'no open request of this room and code');
    await stage.answer({ ...ANSWER, chatroom: 'room_2' });
    await stage.answer({ ...ANSWER, stock_name: 'MSFT.US' });
    await Promise.all(asked);
    assert.equal((await stage.told()).length, 4);
  });

  test('is given the request’s own id as the room where something was asked in none', async (t) => {
    const stage = await onStage(t);
    const asked = [stage.ask('job_1', { room: null }), stage.ask('job_2', { room: null })];
    const rooms = [(await stage.request())['chatroom'], (await stage.request())['chatroom']];
    assert.deepEqual(rooms.toSorted(), ['job_1', 'job_2']);
    await stage.answer({ ...ANSWER, chatroom: 'job_2' });
    await stage.answer({ ...ANSWER, chatroom: 'job_1', request_id: 'job_1' });
    await Promise.all(asked);
    assert.equal((await stage.told()).length, 2);
  });

  const WRONG: [what: string, answer: Fields | string | Buffer, reason: string][] = [
    ['of another room', { chatroom: 'room_2' }, 'the request is of another room'],
    ['of another code', { stock_name: 'MSFT.US' }, 'the request is of another code'],
    ['to no request', { request_id: 'job_9' }, 'no such request'],
    ['to another job', { request_id: 'job_other' }, 'no such request'],
    ['without a request, of another room', { request_id: null, chatroom: 'room_2' }, NO_OPEN],
    ['without a request, of another code', { request_id: null, stock_name: 'MSFT.US' }, NO_OPEN],
    ['with words for a price', { stock_quote: 'cheap! http://x.example' }, NO_PRICE],
    ['with markup for a price', { stock_quote: '<b>1</b>' }, NO_PRICE],
    ['with two lines for a price', { stock_quote: '1\n@everyone' }, NO_PRICE],
    ['with a negative price', { stock_quote: -1 }, NO_PRICE],
    ['with a price that is too large', { stock_quote: 1e21 }, NO_PRICE],
    ['with a list for a price', { stock_quote: [1] }, 'wrong shape: stock_quote'],
    ['without a name', { bot_name: undefined, stock_name: undefined }, 'wrong shape: stock_name, bot_name'],
    ['with a request that is a number', { request_id: 1 }, 'wrong shape: request_id'],
    ['that is a list', '[]', 'wrong shape: not an object'],
    ['that is no JSON', '{"stock_name": ', 'not JSON'],
    ['that is nothing', '', 'not JSON'],
    ['that is bytes', Buffer.from([0, 255, 254, 1]), 'not JSON'],
    ['that is too long', JSON.stringify({ ...ANSWER, more: 'x'.repeat(5_000) }), 'longer than 4096 characters'],
    ['that is nested deeply', NESTED, 'not JSON'],
  ];
  test('that says what fits to no request, or is no quote, is not heard, and the operator sees why', async (t) => {
    const stage = await onStage(t);
    await stage.insert('job_other', { name: 'another.job' });
    const asked = stage.ask('job_1', { symbol: 'AAPL.US' });
    await stage.request();
    for (const [what, answer, reason] of WRONG) {
      const isFields = typeof answer === 'object' && !Buffer.isBuffer(answer);
      await stage.answer(isFields ? { ...ANSWER, request_id: 'job_1', ...answer } : answer);
      assert.equal(await stage.refused(), reason, `an answer ${what}`);
    }
    assert.deepEqual(await stage.told(), []);
    await stage.answer({ ...ANSWER, request_id: 'job_1' });
    await asked;
    assert.equal((await stage.told()).length, 1);
  });

  test('that calls its garbage JSON or text ends nothing either', async (t) => {
    const stage = await onStage(t);
    for (const contentType of ['application/json', 'text/plain', 'image/png'])
      for (const [body, reason] of [
        ['{', /^not JSON$/],
        [NESTED, /^(not JSON|longer than .*)$/],
      ] as const) {
        await stage.answer(Buffer.from(body), contentType);
        assert.match(String(await stage.refused()), reason);
      }
  });

  test('that answers again and again at once is heard once', async (t) => {
    const stage = await onStage(t);
    const asked = stage.ask('job_1', { symbol: 'AAPL.US' });
    await stage.request();
    const prices = ['1', '2', '3', '4', '5'];
    await Promise.all(prices.map((stock_quote) => stage.answer({ ...ANSWER, stock_quote, request_id: 'job_1' })));
    await asked;
    for (const _ of prices.slice(1)) assert.equal(await stage.refused(), 'answered already');
    assert.deepEqual((await stage.told()).length, 1);
  });

  test('that answers too late is not heard: the asker was told that there is no quote', async (t) => {
    const stage = await onStage(t, { seconds: 0.1 });
    await stage.ask('job_1', { symbol: 'AAPL.US' });
    assert.deepEqual(await stage.told(), [['job_1', 'AAPL.US failed', true, 'room_1']]);
    await stage.answer({ ...ANSWER, request_id: 'job_1' });
    assert.equal(await stage.refused(), 'too late, the asker was told so');
    await stage.answer(ANSWER);
    assert.equal(await stage.refused(), NO_OPEN);
    await stage.request();
  });

  test('is heard by whichever worker, whoever asked', async (t) => {
    const stage = await onStage(t, { workers: 2 });
    const ids = Array.from({ length: 20 }, (_, n) => `job_${n}`);
    const asked = ids.map((id, n) => stage.ask(id, { worker: n % 2 }));
    for (const _ of ids) await stage.request();
    // All of the first worker's are heard by the other one.
    await stage.bridges[0]?.stop(0);
    for (const id of ids) await stage.answer({ ...ANSWER, request_id: id });
    await Promise.all(asked);
    const told = (await stage.told()).map(([id]) => id);
    assert.deepEqual(told.toSorted(), ids.toSorted());
    assert.deepEqual(stage.failures, [], 'nobody waited until the time was over');
  });

  test('is heard after the database was away', async (t) => {
    const stage = await onStage(t);
    const asked = stage.ask('job_1', { symbol: 'AAPL.US' });
    await stage.request();
    stage.away = true;
    await stage.answer({ ...ANSWER, request_id: 'job_1' });
    await eventually('a failed commit', () => (stage.failed > 0 ? true : undefined));
    stage.away = false;
    await asked;
    assert.deepEqual((await stage.told()).length, 1);
  });

  test('is asked when the broker is back: a job that could not be asked for is nobody’s failure', async (t) => {
    const stage = await onStage(t);
    await stage.bridges[0]?.stop(0);
    await assert.rejects(stage.ask('job_1', {}), { code: 'broker-away' });
    assert.deepEqual(await stage.told(), []);
  });

  test('is heard after the broker was away', async (t) => {
    const stage = await onStage(t, { seconds: 60 });
    await policed?.rabbit.kill();
    await eventually('the bridge to notice', () => stage.bridges[0]?.why);
    await policed?.rabbit.startAgain();
    await stage.bridges[0]?.ready();
    const asked = stage.ask('job_1', { symbol: 'AAPL.US' });
    await stage.request();
    await stage.answer({ ...ANSWER, request_id: 'job_1' });
    await asked;
    assert.deepEqual((await stage.told()).length, 1);
  });
});

interface Ask {
  symbol?: string;
  /** null: none. */
  room?: string | null;
  at?: number;
  /** Which of the workers does it. */
  worker?: number;
}

/** Workers with a bridge each on one database, and the bot as a program that knows nothing of ours. */
class Stage {
  readonly bridges: StockBridge[];
  /** The database takes no commit. */
  away = false;
  /** Commits that were refused. */
  failed = 0;
  /** Of jobs that no answer ended. */
  readonly failures: unknown[] = [];
  readonly #storage: Storage;
  readonly #quotes: QuoteWork;
  readonly #bot: Connection;
  readonly #operator: Connection;
  readonly #publisher: ReturnType<Connection['createPublisher']>;
  readonly #requests: Fields[] = [];
  readonly #consumer: ReturnType<Connection['createConsumer']>;

  private constructor(policed: PolicedRabbit, storage: Storage, { seconds = 12, workers = 1 }) {
    this.#storage = storage;
    const quote = job<{ symbol: string }>({ name: 'test.quote', seconds, failed: ({ symbol }) => `${symbol} failed` });
    this.#quotes = {
      job: quote,
      reply: (symbol, said) => say(said.found ? `${symbol} is ${said.close}` : `no ${symbol}`),
    };
    this.bridges = Array.from({ length: workers }, (_, n) => this.#bridge(policed.urlOf('worker'), `w${n}`));
    this.#bot = connected(policed.urlOf('bridge'));
    this.#operator = connected(policed.rabbit.url);
    this.#publisher = this.#bot.createPublisher({ confirm: true });
    this.#consumer = this.#bot.createConsumer(
      { queue: 'requeststock', queueOptions: { passive: true } },
      async ({ body }) => void this.#requests.push(JSON.parse(String(body))),
    );
    this.#consumer.on('error', () => undefined);
  }

  static async open(
    policed: PolicedRabbit,
    storage: Storage,
    more: { seconds?: number; workers?: number },
  ): Promise<Stage> {
    const stage = new Stage(policed, storage, more);
    await Promise.all(stage.bridges.map((bridge) => bridge.ready()));
    return stage;
  }

  #bridge(url: string, process: string): StockBridge {
    const storage: Storage = {
      ...this.#storage,
      write: (work) => {
        if (!this.away) return this.#storage.write(work);
        this.failed++;
        return Promise.reject(notReady('not-stored', 'The database is away.'));
      },
    };
    return new StockBridge({ url, process, logger: QUIET, storage, quotes: this.#quotes });
  }

  async insert(
    id: string,
    { name = 'test.quote', symbol = 'AAPL.US', room = 'room_1' as string | null, at = Date.now() } = {},
  ): Promise<void> {
    const to: Address = { platform: 'webchat', account: 'acct_1', ...(room !== null && { room }) };
    const request = { id, to, community: 'comm_1', cause: { account: 'acct_1', name: 'ann', text: '/stock' } };
    await this.#storage.write(async (tx) => {
      await openAnswer(tx.db, id, 'acct_1', at);
      await insertJob(tx.db, { id, name, payload: { symbol }, request, at });
    });
  }

  /** Somebody asks, and a worker does it. Resolves at the job's end. */
  async ask(id: string, { worker: n = 0, ...ask }: Ask): Promise<void> {
    await this.insert(id, ask);
    const { work } = this.bridges[n] as StockBridge;
    const worker: Worker = {
      jobs: new Map([[work.job.name, work]]),
      storage: this.#storage,
      clock: Date.now,
      startedAt: Date.now(),
      stopping: new AbortController().signal,
      onFailure: (_job, error) => void this.failures.push(error),
    };
    await runJob(worker, id);
  }

  /** The next one that the bot got. */
  request(): Promise<Fields> {
    return eventually('a request', () => this.#requests.shift());
  }

  /** The bot says something. */
  answer(body: unknown, contentType = 'application/json'): Promise<void> {
    const raw = typeof body === 'string' ? Buffer.from(body) : body;
    return this.#publisher.send({ exchange: 'publishstock', routingKey: 'publishstock', contentType }, raw);
  }

  /** Why the next one of those that were not heard was not. */
  refused(): Promise<unknown> {
    return eventually('an answer that was refused', async () => {
      const found = await this.#operator.basicGet({ queue: 'publishstock.dead', noAck: true });
      return found?.headers?.['reason'];
    });
  }

  /** Of each answer that went out: its request, its words, whether for the asker alone, its room. */
  async told(): Promise<[string, string, boolean, string | undefined][]> {
    const rows = await this.#storage.db.selectFrom('outbox').select('body').orderBy('n').execute();
    const sent = rows.map(({ body }) => JSON.parse(body) as OutgoingMessage);
    return sent.map(({ id, reply, to }) => [id, reply.text, reply.private, to.room]);
  }

  async close(): Promise<void> {
    await this.#consumer.close();
    await this.#publisher.close();
    await Promise.all(this.bridges.map((bridge) => bridge.stop(0)));
    await Promise.all([this.#bot.close(), this.#operator.close()]);
  }
}

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

function connected(url: string): Connection {
  const connection = new Connection({ url, retryLow: 100, retryHigh: 500 });
  connection.on('error', () => undefined);
  return connection;
}
