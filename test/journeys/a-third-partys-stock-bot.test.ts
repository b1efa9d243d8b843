import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Connection } from 'rabbitmq-client';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import { bareEnvironment, ROOT } from '#test/support/child.ts';
import { Cluster } from '#test/support/cluster.ts';
import type { Frame, Live } from '#test/support/live.ts';
import { ownRedis } from '#test/support/own-redis.ts';
import { owner as makeOwner, type Person } from '#test/support/person.ts';
import { policedRabbit, type PolicedRabbit } from '#test/support/policed-rabbit.ts';
import { startPostgres } from '#test/support/postgres.ts';
import { eventually } from '#test/support/wait.ts';

/** The example in Node of docs/stock.md, run as it stands there, beside the program with two workers. */
describe(
  'a stock bot that somebody else wrote',
  { skip: process.env['TEST_ENGINES'] === 'none' && 'no engines here', concurrency: 1 },
  () => {
    let stage: Stage;
    before(async () => (stage = await Stage.open()));
    after(() => stage?.close());

    test('finds the quotes of the web chat, as its page says', async () => {
      assert.deepEqual(await stage.ask('aapl.us'), ['Looking up AAPL.US…', 'AAPL.US quote is 126.85']);
      assert.deepEqual(await stage.ask('zzz'), ['Looking up ZZZ…', 'No quote for ZZZ.']);
    });

    test('finds those of a call in no room, too', async () => {
      assert.equal(await stage.call('msft.us'), 'MSFT.US quote is 252.46');
    });

    test('is heard by the worker that is left', async () => {
      await stage.cluster.child('worker-1').end('SIGKILL');
      for (let n = 0; n < 2; n++) assert.equal((await stage.ask('aapl.us'))[1], 'AAPL.US quote is 126.85');
      await stage.cluster.run('worker-1');
    });

    test('that is away leaves the asker with a sentence, and finds nothing old when it is back', async () => {
      await stage.endBot();
      const [, told] = await stage.ask('aapl.us');
      assert.match(told ?? '', /no usable answer for AAPL\.US/);
      await eventually('the request to go', async () =>
        (await stage.waiting('requeststock')) === 0 ? true : undefined,
      );
      await stage.startBot();
      const asked = stage.source.asked.length;
      assert.equal((await stage.ask('msft.us'))[1], 'MSFT.US quote is 252.46');
      assert.equal(stage.source.asked.length, asked + 1);
      assert.equal(await stage.waiting('publishstock.dead'), 0);
    });
  },
);

class Stage {
  readonly cluster: Cluster;
  readonly source: StockSource;
  readonly #ends: (() => Promise<unknown>)[];
  readonly #policed: PolicedRabbit;
  #bot: ChildProcess | undefined;
  #owner: Person | undefined;
  #live: Live | undefined;
  #room = '';

  private constructor(parts: {
    cluster: Cluster;
    source: StockSource;
    policed: PolicedRabbit;
    ends: (() => Promise<unknown>)[];
  }) {
    this.cluster = parts.cluster;
    this.source = parts.source;
    this.#policed = parts.policed;
    this.#ends = parts.ends;
  }

  static async open(): Promise<Stage> {
    const [postgres, redis, policed] = await Promise.all([startPostgres(), ownRedis(), policedRabbit()]);
    if (!postgres || !redis || !policed) throw new Error('not all three engines are here');
    const { rabbit } = policed;
    const settings = { DATABASE_URL: await postgres.freshDatabase(), AMQP_URL: rabbit.url, REDIS_URL: redis.url };
    const source = await startStock();
    const cluster = await Cluster.prepare({
      // Nothing of its own: whatever is found, the bot finds.
      settings: { STOCK_BRIDGE: 'on', STOCK_URL: 'http://127.0.0.1:9/' },
      counts: { hall: 1, bot: 1, worker: 2 },
      engines: { settings, remove: async () => undefined },
    });
    const ends = [() => source.stop(), () => redis.remove(), () => rabbit.remove(), () => postgres.stop()];
    const stage = new Stage({ cluster, source, policed, ends });
    try {
      await stage.#begin();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    await this.cluster.startAgain();
    await this.startBot();
    this.#owner = await makeOwner(this.cluster);
    this.#room = await this.#owner.makeRoom('markets');
    this.#live = await this.#owner.live();
    await this.#live.subscribe(this.#room);
  }

  /** Asks in the room: what the asker alone sees first, and what comes of it. */
  async ask(symbol: string): Promise<string[]> {
    const live = this.#live as Live;
    const seen = live.frames.length;
    const later = (frame: Frame): boolean => live.frames.indexOf(frame) >= seen;
    assert.equal((await live.post(this.#room, `/stock ${symbol}`)).type, 'accepted');
    const first = await live.frame('private', later);
    const last = await live.frame(['message', 'private'], (frame) => later(frame) && frame !== first);
    return [first.reply.text, last.message?.text ?? last.reply.text];
  }

  async call(symbol: string): Promise<string | undefined> {
    const path = '/v1/commands/stock?wait=14';
    const answer = await this.#owner?.done<{ reply: { text: string } }>('POST', path, { args: { symbol } });
    return answer?.reply.text;
  }

  async waiting(queue: string): Promise<number> {
    const connection = new Connection({ url: this.#policed.rabbit.url });
    try {
      return (await connection.queueDeclare({ queue, passive: true })).messageCount;
    } finally {
      await connection.close();
    }
  }

  async startBot(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'guildhall-stock-bot-'));
    writeFileSync(join(folder, 'bot.mjs'), example());
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const env = { ...bareEnvironment(), BROKER_URL: this.#policed.urlOf('bridge'), SOURCE: this.source.url };
    const bot = spawn(process.execPath, ['bot.mjs'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    bot.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    let said = '';
    for (const stream of [bot.stdout, bot.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    this.#bot = bot;
    await eventually('the bot to be ready', () => {
      if (said.includes('ready')) return true;
      throw new Error(said);
    });
  }

  async endBot(): Promise<void> {
    const bot = this.#bot;
    this.#bot = undefined;
    if (!bot || bot.exitCode !== null) return;
    const ended = once(bot, 'exit');
    bot.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    this.#live?.close();
    await this.endBot();
    await this.cluster.remove();
    await Promise.all(this.#ends.map((end) => end()));
  }
}

function example(): string {
  const page = readFileSync(join(ROOT, 'docs/stock.md'), 'utf8');
  const [, code] = /```js\n(.*?)```/s.exec(page) ?? [];
  if (code === undefined) throw new Error('docs/stock.md has no example in Node');
  return code;
}
