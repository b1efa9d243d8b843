import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { memoryBus } from '#bus/memory.ts';
import { postMessage } from '#chat/post-message.ts';
import { readHistory } from '#chat/read-room.ts';
import type { Chat } from '#chat/chat.ts';
import type { LiveEvent, PublicMessage } from '#core/live.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import type { Hall } from '#http/hall.ts';
import { freshStorage, roomOf, somebody, type Somebody } from '#test/contracts/fixtures.ts';
import { Line, type LineFrame } from '#test/support/line.ts';
import { long, seed } from '#test/support/seed.ts';
import { eventually } from '#test/support/wait.ts';
import { handleFrame } from './handle-frame.ts';
import { Hub } from './hub.ts';
import { readPage } from './reads.ts';
import { LiveSocket } from './socket.ts';

type Step =
  | { do: 'post'; room: number; times: number }
  | { do: 'stick' }
  | { do: 'flow' }
  | { do: 'reconnect'; stuck: boolean }
  | { do: 'leave and come back'; room: number }
  | { do: 'catch up' }
  | { do: 'settle' }
  | { do: 'wait'; turns: number };

const ends: (() => Promise<void> | void)[] = [];
let desk: Desk;

describe('what a live client has after any interleaving', () => {
  before(async () => (desk = await open()));
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  test('of posts, stuck lines, gaps and reconnects: every message once, in order', async () => {
    const room = fc.integer({ min: 0, max: 1 });
    const step: fc.Arbitrary<Step> = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant('post' as const), room, times: fc.integer({ min: 1, max: 4 }) }),
      },
      { weight: 2, arbitrary: fc.constant({ do: 'stick' as const }) },
      { weight: 2, arbitrary: fc.constant({ do: 'flow' as const }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('reconnect' as const), stuck: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('leave and come back' as const), room }) },
      { weight: 1, arbitrary: fc.constant({ do: 'catch up' as const }) },
      { weight: 3, arbitrary: fc.constant({ do: 'settle' as const }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.integer({ min: 0, max: 8 }) }) },
    );
    const play = fc.array(step, { minLength: 3, maxLength: 40 });
    const property = fc.asyncProperty(play, async (steps) => assertWhole(await new Play(desk).run(steps)));
    await fc.assert(property, { seed, numRuns: long ? 2_000 : 150 });
  });

  test('a replay that a stuck line could not take is a gap from where the client stood', async () => {
    const play = await new Play(desk).run([
      { do: 'stick' },
      { do: 'post', room: 1, times: 3 },
      { do: 'settle' },
      { do: 'reconnect', stuck: true },
      { do: 'settle' },
      { do: 'flow' },
    ]);
    await assertWhole(play);
    assert.ok(play.client.gaps > 0, 'the line was stuck for long enough to make one');
  });

  test('a subscription that is asked for on a stuck line is answered once it flows', async () => {
    const play = new Play(desk);
    await play.run([{ do: 'wait', turns: 8 }, { do: 'stick' }]);
    const extra = await roomOf(desk.chat.storage, desk.ann);
    await postMessage(desk.chat, desk.ann, { room: extra.id, text: 'before' });
    play.say({ type: 'subscribe', room: extra.id, after: 0 });
    await turns(8);
    await postMessage(desk.chat, desk.ann, { room: extra.id, text: 'after' });
    await play.run([{ do: 'flow' }]);
    await play.client.has(extra.id, 2);
    assert.ok(play.client.types.includes('subscribed'));
  });

  test('what is said to one person alone waits for a stuck line and is not lost', async () => {
    const play = new Play(desk);
    await play.run([{ do: 'wait', turns: 8 }, { do: 'stick' }]);
    desk.hub.deliver({ kind: 'private', account: desk.bob.account, reply: { text: 'for you', private: true } });
    play.say({ type: 'post', room: desk.rooms[0] ?? '', text: 'mine', clientId: 'c1' });
    play.say({ type: 'nonsense' });
    await turns(8);
    await play.run([{ do: 'flow' }]);
    for (const type of ['private', 'posted', 'error'])
      await eventually(type, () => (play.client.types.includes(type) ? true : undefined));
    play.end();
  });

  test('a line that never takes anything is ended before it holds much', async () => {
    const play = new Play(desk);
    await play.run([{ do: 'wait', turns: 8 }, { do: 'stick' }]);
    for (let n = 0; n < 400; n++)
      desk.hub.deliver({
        kind: 'private',
        account: desk.bob.account,
        reply: { text: 'x'.repeat(4_000), private: true },
      });
    await eventually('the end', () => play.client.line.closed);
    assert.equal(play.client.line.closed, 1008);
    play.end();
  });
});

/** The chat on real storage and a hub that hears its bus; the lines are streams that a test can stop. */
interface Desk {
  hub: Hub;
  hall: Hall;
  chat: Chat;
  ann: Somebody;
  bob: Somebody;
  rooms: string[];
}

async function open(): Promise<Desk> {
  const storage = await freshStorage({ after: (end) => void ends.push(end) });
  const bus = memoryBus();
  const chat: Chat = { storage, bus, clock: Date.now };
  const hub = new Hub({ read: (room, after) => readPage(chat, room, after) });
  bus.listen('rooms', (body) => hub.deliver(body as LiveEvent));
  ends.push(() => hub.closeAll('the test ends'));
  const [ann, bob] = [await somebody(storage, 'ann'), await somebody(storage, 'bob')];
  const hall = {
    chat,
    rates: memoryRates(Date.now),
    settings: { limits: { post: WIDE, read: WIDE } },
    commands: { post: (person: Somebody, post: Parameters<typeof postMessage>[2]) => postMessage(chat, person, post) },
  } as unknown as Hall;
  const rooms = [await roomOf(storage, ann), await roomOf(storage, ann)].map(({ id }) => id);
  return { hub, hall, chat, ann, bob, rooms };
}

const WIDE = { uses: 1e9, perSeconds: 1 };

/** A client as the pages have it: it knows a message by its number, and after a gap it reads on from where it began. */
class Client {
  readonly log = new Map<string, Map<number, PublicMessage>>();
  readonly pending = new Map<string, number>();
  readonly types: string[] = [];
  gaps = 0;
  line: Line;
  readonly #desk: Desk;

  constructor(from: Desk) {
    this.#desk = from;
    this.line = this.connect();
  }

  connect(): Line {
    this.line = new Line((frame) => this.#hear(frame));
    return this.line;
  }

  /** Where it goes on from: the last number it has, or the begin of a gap that it has not read yet. */
  cursor(room: string): number {
    return this.pending.get(room) ?? Math.max(0, ...(this.log.get(room)?.keys() ?? []));
  }

  /** Reads every gap it was told of. */
  async catchUp(): Promise<void> {
    for (const [room, from] of this.pending) {
      this.pending.delete(room);
      let last = from;
      for (let page = await this.#read(room, last); page.length > 0; page = await this.#read(room, last)) {
        for (const message of page) this.#note(room, message);
        last = page.at(-1)?.seq ?? last;
      }
    }
  }

  async has(room: string, count: number): Promise<void> {
    const expected = Array.from({ length: count }, (_, index) => index + 1);
    let seen: number[] = [];
    await eventually(`${count} messages`, async () => {
      await this.catchUp();
      seen = [...(this.log.get(room)?.keys() ?? [])].toSorted((a, b) => a - b);
      return seen.length >= count ? true : undefined;
    }).catch(() => undefined);
    assert.deepEqual(seen, expected);
  }

  #read(room: string, from: number): Promise<PublicMessage[]> {
    return readHistory(this.#desk.chat, this.#desk.bob, room, { after: from, limit: 3 });
  }

  #hear(frame: LineFrame): void {
    this.types.push(frame.type);
    if (frame.type === 'message') this.#note(frame.room, frame.message);
    if (frame.type !== 'gap') return;
    this.gaps++;
    this.pending.set(frame.room, Math.min(frame.from, this.pending.get(frame.room) ?? Infinity));
  }

  #note(room: string, message: PublicMessage): void {
    const log = this.log.get(room) ?? new Map<number, PublicMessage>();
    this.log.set(room, log);
    const known = log.get(message.seq);
    if (known) assert.equal(known.id, message.id, 'one number is one message');
    log.set(message.seq, message);
  }
}

/** One run of steps by one client in two new rooms. */
class Play {
  readonly client: Client;
  readonly rooms: string[] = [];
  readonly posted: number[] = [0, 0];
  readonly #desk: Desk;
  readonly #under = new Set<Promise<unknown>>();
  readonly #failures: unknown[] = [];
  #socket: LiveSocket | undefined;

  constructor(from: Desk) {
    this.#desk = from;
    this.client = new Client(from);
  }

  async run(steps: Step[]): Promise<this> {
    if (!this.#socket) {
      for (const _room of [0, 1]) this.rooms.push((await roomOf(this.#desk.chat.storage, this.#desk.ann)).id);
      this.#connect(false);
    }
    for (const step of steps) await this.#act(step);
    return this;
  }

  say(frame: unknown): void {
    this.#under.add(handleFrame(this.#desk.hall, this.#desk.hub, this.#socket as LiveSocket, JSON.stringify(frame)));
  }

  /** Waits until all that was asked for is done and has been handed to the line. */
  async settle(): Promise<void> {
    await Promise.all(this.#under);
    this.#under.clear();
    await new Promise<void>((next) => this.#socket?.inTurn(async () => next()));
    assert.deepEqual(this.#failures, []);
    this.#desk.hub.flush();
    await turns(2);
  }

  end(): void {
    if (this.#socket) this.#desk.hub.disconnect(this.#socket);
  }

  #act(step: Step): Promise<void> | void {
    switch (step.do) {
      case 'post':
        return this.#post(step.room, step.times);
      case 'stick':
        return this.client.line.stick();
      case 'flow':
        return this.client.line.flow();
      case 'reconnect':
        return this.#connect(step.stuck);
      case 'leave and come back':
        this.say({ type: 'unsubscribe', room: this.rooms[step.room] });
        return this.#subscribe(step.room);
      case 'catch up':
        return void this.#under.add(this.client.catchUp());
      case 'settle':
        return this.settle();
      case 'wait':
        return turns(step.turns);
    }
  }

  #post(room: number, times: number): void {
    for (let n = 0; n < times; n++) {
      this.posted[room] = (this.posted[room] ?? 0) + 1;
      const post = { room: this.rooms[room] ?? '', text: `${this.posted[room]}` };
      this.#under.add(postMessage(this.#desk.chat, this.#desk.ann, post));
    }
  }

  #connect(stuck: boolean): void {
    this.end();
    const line = this.client.connect();
    if (stuck) line.stick();
    this.#socket = new LiveSocket(line.ws, this.#desk.bob, this.#desk.hub.counts);
    this.#socket.onFailure = (error) => void this.#failures.push(error);
    this.#desk.hub.connect(this.#socket);
    for (const room of [0, 1]) this.#subscribe(room);
  }

  #subscribe(room: number): void {
    const id = this.rooms[room] ?? '';
    this.say({ type: 'subscribe', room: id, after: this.client.cursor(id) });
  }
}

async function assertWhole(play: Play): Promise<void> {
  play.client.line.flow();
  await play.settle();
  play.client.line.flow();
  await turns(8);
  for (const [index, room] of play.rooms.entries()) await play.client.has(room, play.posted[index] ?? 0);
  play.end();
}

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((next) => setImmediate(next));
}
