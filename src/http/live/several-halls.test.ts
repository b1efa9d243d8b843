import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { deleteMessage, editMessage } from '#chat/change-message.ts';
import { postMessage } from '#chat/post-message.ts';
import type { PublicMessage } from '#core/live.ts';
import { roomOf, somebody, type Somebody } from '#test/contracts/fixtures.ts';
import type { LineFrame } from '#test/support/line.ts';
import type { Fate } from '#test/support/loose-bus.ts';
import { long, seed } from '#test/support/seed.ts';
import { Caller, severalHalls, type LiveHall, type SeveralHalls } from '#test/support/several-halls.ts';
import { eventually } from '#test/support/wait.ts';

type Step =
  | { do: 'post'; hall: number; times: number }
  | { do: 'edit' | 'delete'; hall: number; which: number }
  | { do: 'come back'; reader: number; hall: number; knows: boolean }
  | { do: 'let go' }
  | { do: 'heal'; hall: number }
  | { do: 'wait'; turns: number };

const ends: (() => Promise<void> | void)[] = [];
let all: SeveralHalls;
let ann: Somebody;

describe('messages in a room that people follow through several halls', () => {
  before(async () => {
    all = await severalHalls({ after: (end) => void ends.push(end) }, 3);
    ann = await somebody(all.storage, 'ann');
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  test('come to everybody, each once and in order, whatever the network does', async () => {
    const hall = fc.integer({ min: 0, max: 2 });
    const step: fc.Arbitrary<Step> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('post' as const), hall, times: fc.integer({ min: 1, max: 4 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constantFrom('edit' as const, 'delete' as const), hall, which: fc.nat(20) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('come back' as const), reader: hall, hall, knows: fc.boolean() }),
      },
      { weight: 2, arbitrary: fc.constant({ do: 'let go' as const }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('heal' as const), hall }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.integer({ min: 0, max: 6 }) }) },
    );
    const fate = fc.constantFrom<Fate>('soon', 'soon', 'soon', 'twice', 'late', 'late', 'lost');
    const property = fc.asyncProperty(
      fc.array(fate, { minLength: 1, maxLength: 13 }),
      fc.array(step, { minLength: 3, maxLength: 40 }),
      async (fates, steps) => {
        all.bus.fates = fates;
        const play = await new Play().begin();
        for (const one of steps) await play.act(one);
        await play.assertWhole();
      },
    );
    await fc.assert(property, { seed, numRuns: long ? 1_000 : 100 });
  });
});

/** Somebody who reads on from where they were, through whichever hall. */
class Reader {
  caller: Caller | undefined;
  readonly seen = new Map<number, string>();
  readonly wrong: string[] = [];
  #room: string;
  #last = 0;

  constructor(room: string) {
    this.#room = room;
  }

  follow(hall: LiveHall, knows: boolean): Promise<void> {
    this.caller?.end();
    const caller: Caller = new Caller(hall, ann, (frame) => caller === this.caller && this.#hear(frame));
    this.caller = caller;
    if (!knows) this.#last = -1;
    const from = this.#last < 0 ? {} : { after: this.#last };
    return caller.say({ type: 'subscribe', room: this.#room, ...from });
  }

  #hear(frame: LineFrame): void {
    if (frame.type === 'subscribed' && this.#last < 0) this.#jump(frame.seq);
    if (frame.type === 'gap' || frame.type === 'error') this.wrong.push(JSON.stringify(frame));
    if (frame.type === 'message') this.#note(frame.message);
    if (frame.type === 'edited' && frame.message.seq > this.#last) this.wrong.push(`${frame.message.seq} edited early`);
  }

  /** It did not want what came before. */
  #jump(to: number): void {
    this.#last = to;
    for (let seq = 1; seq <= to; seq++) if (!this.seen.has(seq)) this.seen.set(seq, 'not asked for');
  }

  #note({ seq, id }: PublicMessage): void {
    if (seq <= this.#last) this.wrong.push(`${seq} after ${this.#last}`);
    this.#last = Math.max(this.#last, seq);
    this.seen.set(seq, id);
  }
}

/** One run of steps in a new room that three people follow. */
class Play {
  readonly #readers: Reader[] = [];
  readonly #under: Promise<unknown>[] = [];
  readonly #posted: PublicMessage[] = [];
  readonly #deleted = new Set<number>();
  #room = '';

  async begin(): Promise<this> {
    this.#room = (await roomOf(all.storage, ann)).id;
    for (const hall of all.halls) {
      const reader = new Reader(this.#room);
      this.#readers.push(reader);
      await reader.follow(hall, true);
    }
    return this;
  }

  async act(step: Step): Promise<void> {
    switch (step.do) {
      case 'post':
        for (let n = 0; n < step.times; n++) this.#post(hallAt(step.hall));
        return;
      case 'edit':
      case 'delete':
        return this.#change(step.do, hallAt(step.hall), step.which);
      case 'come back':
        return void this.#under.push(this.#reader(step.reader).follow(hallAt(step.hall), step.knows));
      case 'let go':
        return all.bus.letGo();
      case 'heal':
        return void this.#under.push(hallAt(step.hall).healing.round());
      case 'wait':
        return turns(step.turns);
    }
  }

  async assertWhole(): Promise<void> {
    await Promise.all(this.#under);
    all.bus.letGo();
    await turns(2);
    for (const { healing } of all.halls) await healing.round();
    const expected = this.#posted.map(({ seq }) => seq).toSorted((a, b) => a - b);
    assert.deepEqual(
      expected,
      Array.from({ length: expected.length }, (_, index) => index + 1),
    );
    for (const reader of this.#readers) await this.#assertSaw(reader, expected);
    for (const { caller } of this.#readers) caller?.end();
  }

  async #assertSaw(reader: Reader, expected: number[]): Promise<void> {
    const missing = (): number[] => expected.filter((seq) => !reader.seen.has(seq) && !this.#deleted.has(seq));
    await eventually('all messages', () => (missing().length === 0 ? true : undefined)).catch(() => undefined);
    assert.deepEqual([missing(), reader.wrong, reader.caller?.failures], [[], [], []]);
  }

  #reader(index: number): Reader {
    return this.#readers[index] as Reader;
  }

  #post({ chat }: LiveHall): void {
    const posting = postMessage(chat, ann, { room: this.#room, text: 'hello' });
    this.#under.push(posting.then(({ message }) => this.#posted.push(message)));
  }

  async #change(how: 'edit' | 'delete', { chat }: LiveHall, which: number): Promise<void> {
    const message = this.#posted[which % Math.max(1, this.#posted.length)];
    if (!message || this.#deleted.has(message.seq)) return;
    if (how === 'edit') return void this.#under.push(editMessage(chat, ann, message.id, 'better'));
    this.#deleted.add(message.seq);
    await Promise.all(this.#under);
    await deleteMessage(chat, ann, message.id);
  }
}

const hallAt = (index: number): LiveHall => all.halls[index] as LiveHall;

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((next) => setImmediate(next));
}
