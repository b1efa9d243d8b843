import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { LiveEvent, PresenceEvent } from '#core/live.ts';
import { LooseBus, type Fate } from '#test/support/loose-bus.ts';
import { FakeTime } from '#test/support/fake-time.ts';
import { long, seed } from '#test/support/seed.ts';
import { BEAT_EVERY, GONE_AFTER, OtherHalls } from './other-halls.ts';
import { Presence } from './presence.ts';

const ROOM = 'room_1';

/** One hall's part in it: what its sockets were told of who is here, and what it said to the others. */
class Hall {
  readonly presence: Presence;
  readonly others: OtherHalls;
  readonly said: PresenceEvent[] = [];
  readonly lost: number[] = [];
  /** Who a socket that followed the room from the start thinks is here: names by account. */
  readonly shown = new Map<string, string>();
  hears = true;

  constructor(bus: LooseBus, id: string) {
    this.presence = new Presence((room, frame) => room === ROOM && this.#show(frame));
    const announce = bus.join((event) => this.hears && this.others.hear(event as PresenceEvent));
    this.others = new OtherHalls({
      id,
      announce: (event) => {
        this.said.push(event);
        announce(event as LiveEvent);
      },
      presence: this.presence,
      onLost: (since) => this.lost.push(since),
    });
    this.others.start();
  }

  arrive(account: string, room = ROOM): void {
    this.presence.arrive(room, { account, name: account });
  }

  leave(account: string, room = ROOM): void {
    this.presence.leave(room, { account });
  }

  here(room = ROOM): string[] {
    return [...this.presence.here(room)].toSorted();
  }

  #show(frame: Buffer): void {
    const { here, left } = JSON.parse(frame.subarray(frame.indexOf('{')).toString());
    for (const { id } of left) this.shown.delete(id);
    for (const { id, name } of here) this.shown.set(id, name);
  }
}

let time: FakeTime;
let bus: LooseBus;
let halls: Hall[];

const open = (id: string): Hall => {
  const hall = new Hall(bus, id);
  halls.push(hall);
  return hall;
};

function close(): void {
  for (const { others, presence } of halls.splice(0)) {
    others.stop();
    presence.stop();
  }
}

describe('who is here, over several halls', () => {
  beforeEach(() => {
    [time, bus, halls] = [new FakeTime(), new LooseBus(), []];
  });
  afterEach(() => {
    close();
    time.end();
  });

  test('is the same in all of them within two seconds of a coming or a going', () => {
    const [one, two] = [open('one'), open('two')];
    time.pass(1_000);
    one.arrive('ann');
    two.arrive('bob');
    time.pass(2_000);
    assert.deepEqual([one.here(), two.here()], [['ann', 'bob'], ['ann', 'bob']]); // prettier-ignore
    assert.deepEqual([...one.shown.keys()].toSorted(), ['ann', 'bob']);
    one.leave('ann');
    time.pass(2_000);
    assert.deepEqual([one.here(), two.here(), [...two.shown.keys()]], [['bob'], ['bob'], ['bob']]);
  });

  test('is known to a hall that starts later, and those who are in it are known to the others', () => {
    const one = open('one');
    one.arrive('ann');
    one.arrive('ann', 'room_2');
    time.pass(20_000);
    const two = open('two');
    two.arrive('bob');
    time.pass(2_000);
    assert.deepEqual([one.here(), two.here(), two.here('room_2')], [['ann', 'bob'], ['ann', 'bob'], ['ann']]); // prettier-ignore
  });

  test('counts somebody in two halls until both connections ended', () => {
    const [one, two] = [open('one'), open('two')];
    time.pass(1_000);
    one.arrive('ann');
    two.arrive('ann');
    time.pass(2_000);
    one.leave('ann');
    time.pass(2_000);
    assert.deepEqual([one.here(), two.here()], [['ann'], ['ann']]);
    two.leave('ann');
    time.pass(2_000);
    assert.deepEqual([one.here(), two.here(), one.shown.size], [[], [], 0]);
  });

  test('forgets at once who was in a hall that stops', () => {
    const [one, two] = [open('one'), open('two')];
    time.pass(1_000);
    two.arrive('bob');
    time.pass(2_000);
    assert.deepEqual(one.here(), ['bob']);
    two.others.stop();
    time.pass(50);
    assert.deepEqual(one.here(), []);
    assert.deepEqual(one.lost, [], 'and nothing was lost');
  });

  test('forgets who was in a hall that is silent for 15 seconds, unless they are here too', () => {
    const [one, two] = [open('one'), open('two')];
    time.pass(1_000);
    two.arrive('bob');
    two.arrive('ann');
    one.arrive('ann');
    time.pass(2_000);
    [two.hears, bus.fates] = [false, ['lost']];
    time.pass(GONE_AFTER - BEAT_EVERY);
    assert.deepEqual(one.here(), ['ann', 'bob']);
    time.pass(2 * BEAT_EVERY + 1_000);
    assert.deepEqual(one.here(), ['ann']);
    assert.ok((one.lost[0] ?? 0) <= 1_000_000 + 5_000, 'what it said since may be lost');
    [two.hears, bus.fates] = [true, ['soon']];
    time.pass(BEAT_EVERY + 2_000);
    assert.deepEqual([one.here(), two.here()], [['ann', 'bob'], ['ann', 'bob']], 'and they are back with it'); // prettier-ignore
  });

  test('nobody goes and comes again in the eyes of others when the whole is told anew', () => {
    const [one, two] = [open('one'), open('two')];
    time.pass(1_000);
    for (let n = 0; n < 1_200; n++) two.arrive(`p${n}`, `room_${n % 7}`);
    two.arrive('bob');
    time.pass(3_000);
    assert.equal(one.here('room_3').length, 171);
    const told: string[] = [];
    const here = one.presence.leaveElsewhere.bind(one.presence);
    one.presence.leaveElsewhere = (room, account) => (told.push(account), here(room, account));
    bus.fates = ['lost'];
    two.leave('p3', 'room_3');
    time.pass(1_000);
    bus.fates = ['soon'];
    two.others.cut();
    time.pass(3_000);
    assert.deepEqual([told, one.here('room_3').length], [['p3'], 170]);
    assert.equal(one.lost.length, 1, 'and what else may be lost is looked for');
  });

  test('says nothing but signs of life as long as a hall is alone', () => {
    const one = open('one');
    for (let n = 0; n < 50; n++) one.arrive(`p${n}`);
    time.pass(20_000);
    assert.deepEqual([...new Set(one.said.map(({ kind }) => kind))], ['presence-ask', 'hall']);
    assert.equal(one.said.length, 1 + 20_000 / BEAT_EVERY);
  });

  test('that this process was stopped for a while does not make the others gone', () => {
    const [one, two] = [open('one'), open('two')];
    two.arrive('bob');
    time.pass(2_000);
    // As after SIGCONT: the clock has gone on, and the timer comes before what waits to be read.
    time.stand(4 * GONE_AFTER);
    time.pass(BEAT_EVERY);
    assert.deepEqual([one.here(), one.lost], [['bob'], []]);
  });

  test('is not asked for again because something comes twice or late', () => {
    bus.fates = ['twice'];
    const [one, two] = [open('one'), open('two')];
    time.pass(1_000);
    for (const who of ['ann', 'bob', 'carl']) {
      two.arrive(who);
      time.pass(BEAT_EVERY);
    }
    bus.fates = ['late'];
    time.pass(BEAT_EVERY);
    bus.fates = ['soon'];
    two.arrive('dora');
    time.pass(1_000);
    bus.letGo();
    time.pass(1_000);
    assert.equal(one.said.filter(({ kind }) => kind === 'presence-ask').length, 2);
    assert.deepEqual(one.here(), ['ann', 'bob', 'carl', 'dora']);
  });

  test('comes right with the whole that another hall asked for', () => {
    const [one, two] = [open('one'), open('two')];
    time.pass(1_000);
    two.arrive('ann');
    time.pass(2_000);
    bus.fates = ['lost'];
    two.leave('ann');
    time.pass(1_000);
    bus.fates = ['soon'];
    open('three');
    time.pass(1_000);
    assert.deepEqual(one.here(), []);
  });

  test('comes right in every hall, whatever the network did before it was well', () => {
    const hall = fc.integer({ min: 0, max: 2 });
    const step: fc.Arbitrary<Step> = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constantFrom('arrive' as const, 'leave' as const),
          hall,
          who: fc.constantFrom('ann', 'bob', 'carl', 'dora'),
          room: fc.constantFrom(...ROOMS),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 50, max: 20_000 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('deaf' as const, 'restart' as const), hall }) },
      { weight: 1, arbitrary: fc.constant({ do: 'let go' as const }) },
    );
    const fate = fc.constantFrom<Fate>('soon', 'soon', 'twice', 'late', 'lost');
    const fates = fc.array(fate, { minLength: 1, maxLength: 9 });
    const property = fc.property(fates, fc.array(step, { maxLength: 30 }), (some, steps) => {
      const play = new Play(some);
      try {
        for (const one of steps) play.act(one);
        play.assertRight();
      } finally {
        close();
      }
    });
    fc.assert(property, { seed, numRuns: long ? 20_000 : 500 });
  });
});

const ROOMS = [ROOM, 'room_2', 'room_3'];

type Step =
  | { do: 'arrive' | 'leave'; hall: number; who: string; room: string }
  | { do: 'pass'; ms: number }
  | { do: 'deaf' | 'restart'; hall: number }
  | { do: 'let go' };

/** One run of steps in three halls. */
class Play {
  /** Connections. */
  #lines: { at: Hall; room: string; who: string }[] = [];
  #now: Hall[];
  #born = 0;

  constructor(fates: Fate[]) {
    bus = new LooseBus();
    this.#now = [0, 1, 2].map(() => open(`hall ${this.#born++}`));
    bus.fates = fates;
  }

  act(step: Step): void {
    switch (step.do) {
      case 'pass':
        return time.pass(step.ms);
      case 'let go':
        return bus.letGo();
      case 'deaf':
        this.#at(step.hall).hears = !this.#at(step.hall).hears;
        return;
      case 'restart':
        return this.#restart(step.hall);
      case 'arrive':
        this.#lines.push({ at: this.#at(step.hall), room: step.room, who: step.who });
        return this.#at(step.hall).arrive(step.who, step.room);
      case 'leave':
        return this.#leave(this.#at(step.hall), step);
    }
  }

  assertRight(): void {
    bus.letGo();
    bus.fates = ['soon'];
    for (const one of this.#now) one.hears = true;
    time.pass(GONE_AFTER + 2 * BEAT_EVERY);
    for (const room of ROOMS) {
      const here = this.#lines.filter((line) => line.room === room).map(({ who }) => who);
      const expected = [...new Set(here)].toSorted();
      for (const one of this.#now) assert.deepEqual(one.here(room), expected);
      if (room === ROOM) for (const one of this.#now) assert.deepEqual([...one.shown.keys()].toSorted(), expected);
    }
  }

  #at(hall: number): Hall {
    return this.#now[hall] as Hall;
  }

  #restart(hall: number): void {
    const was = this.#at(hall);
    was.others.stop();
    this.#lines = this.#lines.filter(({ at }) => at !== was);
    this.#now[hall] = open(`hall ${this.#born++}`);
  }

  #leave(at: Hall, { who, room }: { who: string; room: string }): void {
    const found = this.#lines.findIndex((line) => line.at === at && line.room === room && line.who === who);
    if (found < 0) return;
    this.#lines.splice(found, 1);
    at.leave(who, room);
  }
}
