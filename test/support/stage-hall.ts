import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Feature } from '#core/feature.ts';
import { firstCommunity } from '#storage/communities.ts';
import { openPostgres } from '#storage/postgres.ts';
import type { Storage } from '#storage/storage.ts';
import { readConfig } from '#src/config.ts';
import { startHall, type RunningHall } from '#src/roles.ts';
import { somebody, type Somebody } from '#test/contracts/fixtures.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import { Cluster } from './cluster.ts';
import type { Shape } from './deployment.ts';
import { call } from './person.ts';

export interface StageHallOptions {
  settings?: Record<string, string>;
  features: Feature[];
  shape: Shape;
}

/** What a stage needs of the program, in whichever shape it runs. */
interface Program {
  storage: Storage;
  /** Where people and programs go: each hall in turn. */
  next(): string;
  /** The process that has the platform's connector: it knows at once how the platform is, and takes its events. */
  near: string;
  /** Stops it in the middle of its work and starts it again on the same data, at the same addresses. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** The whole program with a quote source beside it, at addresses and on data that outlive a restart. */
export class StageHall {
  readonly stock: StockSource;
  /** The owner's account here, who changes the rules over HTTP. */
  readonly owner: Somebody;
  readonly #program: Program;
  readonly #community: string;

  private constructor(parts: { stock: StockSource; program: Program; owner: Somebody; community: string }) {
    this.stock = parts.stock;
    this.owner = parts.owner;
    this.#program = parts.program;
    this.#community = parts.community;
  }

  static async open(options: StageHallOptions): Promise<StageHall> {
    const stock = await startStock();
    const given = { ...options, settings: { STOCK_URL: stock.url, ...WIDE, ...options.settings } };
    try {
      const program = await (options.shape === 'in one process' ? inThisProcess(given) : inSeparateProcesses(given));
      const owner = await somebody(program.storage, 'olga', 'owner');
      const community = (await firstCommunity(program.storage.db)).id;
      return new StageHall({ stock, program, owner, community });
    } catch (error) {
      await stock.stop();
      throw error;
    }
  }

  /** Another hall each time, where there are several. */
  get url(): string {
    return this.#program.next();
  }

  /** Where a platform posts its events. */
  get webhooks(): string {
    return this.#program.near;
  }

  /** Somebody with an account here. */
  account(name: string, role: 'owner' | 'moderator' | 'member'): Promise<Somebody> {
    return somebody(this.#program.storage, name, role);
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
    const { body } = await call<{ notReady: { name: string }[] }>(
      { url: this.#program.near },
      { method: 'GET', path: '/health/ready' },
    );
    return body.notReady.map(({ name }) => name);
  }

  /** How many requests the hall has taken in. */
  async taken(): Promise<number> {
    const { count } = await this.#program.storage.db
      .selectFrom('answers')
      .select((row) => row.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  restart(): Promise<void> {
    return this.#program.restart();
  }

  async close(): Promise<void> {
    await this.#program.close();
    await this.stock.stop();
  }
}

/** What is under way at a stop may end, but nobody waits for work of seconds. */
const SOON_MS = 200;

/** Limits have tests of their own. */
const WIDE = { POST_LIMIT: '100000/10', COMMAND_LIMIT: '100000/60', READ_LIMIT: '100000/60' };

type Given = StageHallOptions & { settings: Record<string, string> };

/** All roles in the process of the test, on SQLite. The first start takes any free port, all others that one. */
async function inThisProcess({ settings, features }: Given): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-stage-'));
  const database = join(folder, 'hall.db');
  const logger = pino({ level: 'silent' });
  const start = (PORT: string): Promise<RunningHall> =>
    startHall(readConfig({ ...settings, PORT }, folder), { database, logger, features });
  let hall = await start('0');
  const url = await hall.listen();
  return {
    get storage() {
      return hall.storage;
    },
    next: () => url,
    near: url,
    async restart() {
      await hall.stop(SOON_MS);
      hall = await start(new URL(url).port);
      await hall.listen();
    },
    async close() {
      await hall.stop(SOON_MS);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A bot, a worker, the platform and a hall, or two where people are in the web chat, on the three engines. */
async function inSeparateProcesses({ settings, features }: Given): Promise<Program> {
  const names = features.flatMap(({ commands }) => commands.map(({ name }) => name));
  const platform = Object.keys(settings).some((name) => /^(DISCORD|SLACK|TWITCH)_/.test(name));
  const cluster = await Cluster.start({
    settings: { ...settings, STAGE_COMMANDS: names.join(',') },
    counts: { hall: platform ? 1 : 2, bot: 1 },
    program: 'test/support/role-with-features.ts',
  });
  const connector = [...cluster.children.keys()].find((name) => /^(discord|slack|twitch)-/.test(name));
  const storage = openPostgres(cluster.engines.settings.DATABASE_URL, { readers: 1 });
  return {
    storage,
    next: () => cluster.next(),
    near: cluster.child(connector ?? 'hall-1').url,
    async restart() {
      await cluster.stop();
      await cluster.startAgain();
    },
    async close() {
      await storage.close();
      await cluster.remove();
    },
  };
}
