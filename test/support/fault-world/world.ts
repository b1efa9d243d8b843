import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startDiscord } from '#test/simulators/discord/index.ts';
import type { Simulator } from '#test/simulators/shared/simulator.ts';
import { startSlack } from '#test/simulators/slack/index.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import { startTwitch } from '#test/simulators/twitch/index.ts';
import type { Settings } from '#test/support/deployment.ts';
import type { Decided } from '#test/support/fault-load/platform-load.ts';
import { hasPlaces, makePlace } from '#test/support/namespaces.ts';
import { call, PASSWORD } from '#test/support/person.ts';
import { type PlatformName, until } from '#test/support/platform-faults.ts';
import { type FaultEngines, startFaultEngines } from './engines.ts';
import { Member } from './member.ts';

export type Counts = Record<'hall' | 'bot' | 'worker' | PlatformName, number>;

/** A whole deployment, each process on a machine of its own as far as the network goes, with platforms around it and people in it. */
export class World {
  readonly engines: FaultEngines;
  readonly members: ReadonlyMap<string, Member>;
  readonly simulators: Simulator[];
  /** Tokens of people; the first is an owner. */
  tokens: string[] = [];
  readonly #stock: StockSource;
  readonly #folder: string;

  private constructor(
    parts: Pick<World, 'engines' | 'members' | 'simulators'> & { stock: StockSource; folder: string },
  ) {
    this.engines = parts.engines;
    this.members = parts.members;
    this.simulators = parts.simulators;
    this.#stock = parts.stock;
    this.#folder = parts.folder;
  }

  static async open(counts: Counts): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'guildhall-world-'));
    const apart = hasPlaces();
    const [engines, stock, simulators] = await Promise.all([startFaultEngines(apart), startStock(), startPlatforms()]);
    const settings = { ...GENEROUS, STOCK_URL: stock.url, ...engines.settings };
    const members = await prepare(counts, { folder, settings, simulators, apart });
    const world = new World({ engines, members, simulators, stock, folder });
    try {
      for (const member of members.values()) member.start();
      await world.settled();
      await world.#furnish();
      return world;
    } catch (error) {
      const said = [...members].map(([name, { output }]) => `${name}: ${output.slice(-1_500)}`);
      await world.close();
      throw new Error(`${(error as Error).message}\n${said.join('\n')}`, { cause: error });
    }
  }

  get halls(): string[] {
    return [...this.members.values()].flatMap(({ role, url }) => (role === 'hall' ? [url] : []));
  }

  member(name: string): Member {
    const found = this.members.get(name);
    assert.ok(found, `there is no ${name}`);
    return found;
  }

  /** Resolves when each process says that it has all it needs, and each platform hears its bot. */
  async settled(ms = 60_000): Promise<void> {
    for (const [name, member] of this.members)
      await until(`${name} to be ready`, async () => (await member.isReady()) || undefined, { ms });
    for (const simulator of this.simulators) {
      let isThere = false;
      void simulator.connected().then(() => (isThere = true));
      await until(`the bot on ${simulator.platform}`, () => isThere || undefined, { ms });
    }
  }

  async makeRooms(names: string[]): Promise<string[]> {
    const rooms: string[] = [];
    for (const name of names) rooms.push((await this.#done<{ id: string }>('POST', '/v1/rooms', { name })).id);
    return rooms;
  }

  /** Rows of what was asked on a platform. */
  decided(platform: PlatformName): Promise<Decided[]> {
    return this.query<Decided>(
      `select a.reply as reply, a.state as state, i.at::float8 as at from inbox i left join answers a on a.id = i.request where i.id like $1`,
      [`${platform}:%`],
    );
  }

  /** The process that relays the outbox: it alone listens to PostgreSQL. Where all share one address, any. */
  async relaying(): Promise<string> {
    const rows = await this.query<{ host: string }>(
      `select host(client_addr) as host from pg_stat_activity
        where application_name like 'guildhall %' and query in ('listen guildhall_outbox', 'select 1')`,
    );
    const found = [...this.members.values()].find(({ place }) => rows.some(({ host }) => host === place?.host));
    return found?.name ?? 'bot-1';
  }

  /** Sentences about jobs since then (ms since 1970) that were given up: the quote source is well all the time, so none may be. */
  async givenUp(since: number): Promise<string[]> {
    const rows = await this.query<{ payload: string; reason: string }>(
      `select payload, reason from jobs where state = 'dead' and failed_at >= $1`,
      [since],
    );
    return rows.map(({ payload, reason }) => `the job ${payload} was given up: ${reason}`);
  }

  /** Questions that were taken in, from wherever, and are not decided; and what waits to be sent. */
  async open(): Promise<{ asked: number; outbox: number }> {
    const [row] = await this.query<{ asked: string; outbox: string }>(
      `select (select count(*) from inbox i left join answers a on a.id = i.request where a.reply is null) as asked,
        (select count(*) from outbox) as outbox`,
    );
    return { asked: Number(row?.asked), outbox: Number(row?.outbox) };
  }

  async query<Row>(statement: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.engines.database, connectionTimeoutMillis: 3_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(statement, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.members.values()].map((member) => member.end('SIGKILL')));
    for (const { place } of this.members.values()) place?.remove();
    await Promise.all([this.#stock, ...this.simulators].map((one) => one.stop()));
    await this.engines.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** People sign up; the first becomes the owner, and rules of commands are out of the way. */
  async #furnish(): Promise<void> {
    const names = Array.from({ length: PEOPLE }, (_, n) => `person-${n}`);
    this.tokens = await Promise.all(names.map((name) => this.#signUp(name)));
    await this.query(
      `update members set role = 'owner' where account_id = (select id from accounts where username = $1)`,
      [names[0]],
    );
    const { communities } = await this.#done<{ communities: { id: string }[] }>('GET', '/v1/communities');
    const limit = { uses: 100_000, perSeconds: 1 };
    for (const name of ['help', 'stock'])
      await this.#done('PUT', `/v1/communities/${communities[0]?.id}/commands/${name}`, { limit });
  }

  async #signUp(username: string): Promise<string> {
    const hall = { url: String(this.halls[0]) };
    const body = { username, password: PASSWORD };
    const made = await call(hall, { method: 'POST', path: '/v1/accounts', body });
    assert.equal(made.status, 201, made.text);
    const session = await call<{ token: string }>(hall, { method: 'POST', path: '/v1/sessions', body });
    assert.equal(session.status, 201, session.text);
    return session.body.token;
  }

  async #done<Shape>(method: string, path: string, body?: unknown): Promise<Shape> {
    const token = String(this.tokens[0]);
    const answer = await call<Shape>({ url: String(this.halls[0]) }, { method, path, token, body });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }
}

const PEOPLE = 20;

const GENEROUS = {
  LOG_LEVEL: 'warn',
  SIGNUP: 'open',
  POST_LIMIT: '1000000/1',
  READ_LIMIT: '1000000/1',
  COMMAND_LIMIT: '1000000/1',
  SIGNUP_LIMIT: '1000/1',
};

/** Slack sends again what was not acknowledged for longer than any fault lasts. Logins on Twitch are not what is tried. */
async function startPlatforms(): Promise<Simulator[]> {
  const retryAfterMs = [0, ...Array.from({ length: 20 }, () => 2_000)];
  const [discord, slack, twitch] = await Promise.all([
    startDiscord({}),
    startSlack({ retryAfterMs }),
    startTwitch({ limits: { logins: 1_000 } }),
  ]);
  for (const { name } of twitch.rooms) twitch.makeBotMod(name, true);
  return [discord, slack, twitch];
}

interface Around {
  folder: string;
  settings: Settings;
  simulators: Simulator[];
  apart: boolean;
}

/** A platform's role alone gets its settings, as the others need none of them. */
async function prepare(counts: Counts, { folder, settings, simulators, apart }: Around): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  for (const [role, count] of Object.entries(counts))
    for (let n = 1; n <= count; n++) {
      const own = simulators.find(({ platform }) => platform === role)?.env;
      const place = apart ? makePlace(members.size + 1) : undefined;
      const name = `${role}-${n}`;
      members.set(name, await Member.prepare({ name, place, cwd: folder, settings: { ...settings, ...own } }));
    }
  return members;
}
