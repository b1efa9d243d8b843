import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Feature } from '#core/feature.ts';
import { readConfig } from '#src/config.ts';
import { startHall, type RunningHall } from '#src/roles.ts';
import { somebody, type Somebody } from '#test/contracts/fixtures.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import { call } from './person.ts';

export interface StageHallOptions {
  settings?: Record<string, string>;
  features: Feature[];
}

/** The whole program in this process with a quote source beside it, on a port and a folder that outlive a restart. */
export class StageHall {
  /** The first start takes any free port; all others that one. */
  url = 'http://127.0.0.1:0';
  readonly stock: StockSource;
  /** The owner's account here, who changes the rules over HTTP. */
  owner!: Somebody;
  #hall: RunningHall | undefined;
  #community = '';
  readonly #folder = mkdtempSync(join(tmpdir(), 'guildhall-stage-'));
  readonly #options: StageHallOptions;

  private constructor(stock: StockSource, options: StageHallOptions) {
    this.stock = stock;
    this.#options = options;
  }

  static async open(options: StageHallOptions): Promise<StageHall> {
    const hall = new StageHall(await startStock(), options);
    try {
      await hall.#open();
    } catch (error) {
      await hall.close();
      throw error;
    }
    return hall;
  }

  /** Somebody with an account here. */
  account(name: string, role: 'owner' | 'moderator' | 'member'): Promise<Somebody> {
    assert.ok(this.#hall, 'the hall runs');
    return somebody(this.#hall.storage, name, role);
  }

  /** A call that must work, the owner's where nobody else is named. */
  async done<Shape>(method: string, path: string, body?: unknown, token = this.owner.token): Promise<Shape> {
    const answer = await call<Shape>(this, { method, path, token, body });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  async set(command: string, change: Record<string, unknown>): Promise<void> {
    await this.done('PUT', `/v1/communities/${this.#community}/commands/${command}`, change);
  }

  async notReady(): Promise<string[]> {
    const { notReady } = await this.done<{ notReady: { name: string }[] }>('GET', '/health/ready');
    return notReady.map(({ name }) => name);
  }

  /** How many requests the hall has taken in. */
  async taken(): Promise<number> {
    assert.ok(this.#hall, 'the hall runs');
    const { db } = this.#hall.storage;
    const { count } = await db
      .selectFrom('answers')
      .select((row) => row.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async restart(): Promise<void> {
    await this.#hall?.stop(SOON_MS);
    await this.#start();
  }

  async close(): Promise<void> {
    await this.#hall?.stop(SOON_MS);
    await this.stock.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #open(): Promise<void> {
    await this.#start();
    this.owner = await this.account('olga', 'owner');
    const { communities } = await this.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
    this.#community = communities[0]?.id ?? '';
  }

  async #start(): Promise<void> {
    const { settings, features } = this.#options;
    const { port } = new URL(this.url);
    const given = { PORT: port, STOCK_URL: this.stock.url, ...WIDE, ...settings };
    const database = join(this.#folder, 'hall.db');
    const logger = pino({ level: 'silent' });
    this.#hall = await startHall(readConfig(given, this.#folder), { database, logger, features });
    this.url = await this.#hall.listen();
  }
}

/** What is under way at a stop may end, but nobody waits for work of seconds. */
const SOON_MS = 200;

/** Limits have tests of their own. */
const WIDE = { POST_LIMIT: '100000/10', COMMAND_LIMIT: '100000/60', READ_LIMIT: '100000/60' };
