import type { PresenceEvent, RoomChange } from '#core/live.ts';
import type { Named, Presence } from './presence.ts';

/** ms between two signs of life of a hall. */
export const BEAT_EVERY = 5_000;
/** ms of silence after which a hall is gone: two signs of life may be lost. */
export const GONE_AFTER = 15_000;
/** ms that a hall gathers changes for the others: little beside the second in which people are told of them. */
const SHARE_WINDOW = 250;
/** People in one event: about 30 kB. A room is not parted when the whole is told. */
const PEOPLE_AT_ONCE = 500;
/** ms between two askings of one hall: the answer is told to all halls. */
const ASK_EVERY = 1_000;
/** Halls that went silent and are remembered, should they be heard again: more than a deployment loses at once. */
const REMEMBERED = 100;

export interface OtherHallsParts {
  /** This hall. */
  id: string;
  announce(event: PresenceEvent): void;
  presence: Presence;
  /** Something that another hall announced since then (ms since 1970) may not have come. */
  onLost(since: number): void;
}

/**
 * Who follows rooms through other halls. Each hall tells the others what changes, with a number; a hole in the numbers, or
 * a sign of life with another number than the last that came, has the whole told again. Nothing is kept or told
 * as long as no other hall was ever heard, but the signs of life.
 */
export class OtherHalls {
  readonly #parts: OtherHallsParts;
  readonly #halls = new Map<string, OtherHall>();
  /** By room and account, since the others were told last. */
  readonly #changes = new Map<string, Map<string, Named & { here: boolean }>>();
  /** Halls that went silent, with the time until which all of theirs had come. */
  readonly #silent = new Map<string, number>();
  /** The number of what was told last. */
  #n = 0;
  /** Something changed that nobody was told of. */
  #untold = false;
  #asked = false;
  #tellingWhole = false;
  #stopped = false;
  #beatAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #beating: NodeJS.Timeout | undefined;

  constructor(parts: OtherHallsParts) {
    this.#parts = parts;
    parts.presence.onOwn = (room, who, here) => this.#changed(room, { ...who, here });
  }

  /** Asks who is there, and says from now on that this hall is. */
  start(): void {
    this.#say({ kind: 'presence-ask', hall: this.#parts.id });
    this.#beating = setInterval(() => this.#beat(), BEAT_EVERY).unref();
  }

  hear(event: PresenceEvent): void {
    if (event.hall === this.#parts.id || this.#stopped) return;
    if (event.kind === 'hall-gone') return this.#forget(event.hall);
    const hall = this.#halls.get(event.hall) ?? this.#meet(event.hall);
    hall.heardAt = performance.now();
    if (event.kind === 'presence') this.#told(hall, event);
    else if (event.kind === 'hall') this.#compare(hall, event.n);
    else if (event.to === undefined || event.to === this.#parts.id) this.#askedForAll();
  }

  /** The way to the others was cut: what this hall said may not have come, nor what they said. */
  cut(): void {
    if (this.#stopped) return;
    this.#n++;
    for (const { soundAt } of this.#halls.values()) if (soundAt > 0) this.#parts.onLost(soundAt);
    this.#say({ kind: 'presence-ask', hall: this.#parts.id });
    this.#say({ kind: 'hall', hall: this.#parts.id, n: this.#n });
  }

  /** Says goodbye: the others need not wait. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#parts.presence.onOwn = undefined;
    clearInterval(this.#beating);
    clearTimeout(this.#timer);
    this.#say({ kind: 'hall-gone', hall: this.#parts.id });
  }

  #say(event: PresenceEvent): void {
    this.#parts.announce(event);
  }

  /** A hall that was not heard before, or not for long: what it has is asked for. */
  #meet(id: string): OtherHall {
    // Whoever has an older number than this asks for the whole.
    if (this.#untold) this.#n++;
    this.#untold = false;
    const hall = newHall(id, this.#silent.get(id));
    this.#silent.delete(id);
    this.#halls.set(id, hall);
    this.#ask(hall);
    return hall;
  }

  #told(hall: OtherHall, event: Extract<PresenceEvent, { kind: 'presence' }>): void {
    if (hall.n !== undefined && event.n <= hall.n) return;
    if (event.n !== (hall.n ?? event.n) + 1) {
      if (!event.first) return this.#unsound(hall);
      hall.sound = false;
    }
    if (event.first && !hall.sound) hall.next = new Map();
    hall.n = event.n;
    if (hall.next) for (const change of event.rooms) note(hall.next, change);
    else if (hall.sound) for (const change of event.rooms) this.#apply(hall, change);
    if (event.last && hall.next) this.#whole(hall, hall.next);
    if (hall.sound) hall.soundAt = Date.now();
  }

  #compare(hall: OtherHall, n: number): void {
    if (hall.n !== undefined && n < hall.n) return;
    if (hall.n !== n || !(hall.sound || hall.next)) return this.#unsound(hall);
    if (hall.sound) hall.soundAt = Date.now();
  }

  /** Something of it is missing: what is known stays until the whole has come. */
  #unsound(hall: OtherHall): void {
    hall.sound = false;
    hall.n = undefined;
    hall.next = undefined;
    this.#ask(hall);
  }

  #ask(hall: OtherHall): void {
    const now = performance.now();
    if (now - hall.askedAt < ASK_EVERY) return;
    hall.askedAt = now;
    this.#say({ kind: 'presence-ask', hall: this.#parts.id, to: hall.id });
  }

  #apply(hall: OtherHall, { room, here, left }: RoomChange): void {
    for (const who of here) this.#enter(hall, room, who);
    for (const account of left) this.#exit(hall, room, account);
  }

  /** The whole has come: nobody leaves and comes again who was there before. */
  #whole(hall: OtherHall, next: Told): void {
    for (const [room, people] of hall.people)
      for (const account of people) if (!next.get(room)?.has(account)) this.#exit(hall, room, account);
    for (const [room, people] of next) for (const who of people.values()) this.#enter(hall, room, who);
    hall.next = undefined;
    hall.sound = true;
    if (hall.soundAt > 0) this.#parts.onLost(hall.soundAt);
  }

  #enter({ people }: OtherHall, room: string, who: Named): void {
    let there = people.get(room);
    if (!there) people.set(room, (there = new Set()));
    if (there.has(who.id)) return;
    there.add(who.id);
    this.#parts.presence.arriveElsewhere(room, who);
  }

  #exit({ people }: OtherHall, room: string, account: string): void {
    const there = people.get(room);
    if (!there?.delete(account)) return;
    if (there.size === 0) people.delete(room);
    this.#parts.presence.leaveElsewhere(room, account);
  }

  #forget(id: string): void {
    const hall = this.#halls.get(id);
    if (!hall) return;
    this.#halls.delete(id);
    for (const [room, people] of hall.people) for (const account of people) this.#exit(hall, room, account);
  }

  #beat(): void {
    const now = performance.now();
    // After a stop of this process itself the others' signs of life are still to be read.
    const slept = now - this.#beatAt > 2 * BEAT_EVERY;
    this.#beatAt = now;
    for (const hall of this.#halls.values()) {
      if (slept) hall.heardAt = now;
      if (now - hall.heardAt > GONE_AFTER) this.#silence(hall);
    }
    this.#say({ kind: 'hall', hall: this.#parts.id, n: this.#n });
  }

  #silence({ id, soundAt }: OtherHall): void {
    this.#forget(id);
    if (soundAt === 0) return;
    this.#parts.onLost(soundAt);
    this.#silent.set(id, soundAt);
    const [oldest] = this.#silent.keys();
    if (oldest !== undefined && this.#silent.size > REMEMBERED) this.#silent.delete(oldest);
  }

  #changed(room: string, who: Named & { here: boolean }): void {
    if (this.#halls.size === 0) return void (this.#untold = true);
    let changes = this.#changes.get(room);
    if (!changes) this.#changes.set(room, (changes = new Map()));
    changes.set(who.id, who);
    this.#schedule();
  }

  #askedForAll(): void {
    this.#asked = true;
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#share(), SHARE_WINDOW).unref();
  }

  #share(): void {
    this.#timer = undefined;
    for (const rooms of inPieces(this.#changes)) this.#tell({ rooms });
    this.#changes.clear();
    if (this.#asked && !this.#tellingWhole) this.#tellWhole();
  }

  #tell(what: { rooms: RoomChange[]; first?: true; last?: true }): void {
    this.#say({ kind: 'presence', hall: this.#parts.id, n: ++this.#n, ...what });
  }

  /** Tells room for room who is there when its turn comes; what changes meanwhile is told in between, and is right after it. */
  #tellWhole(): void {
    this.#asked = false;
    this.#tellingWhole = true;
    this.#tellSome(this.#parts.presence.rooms().values(), true);
  }

  #tellSome(left: Iterator<string>, first: boolean): void {
    const rooms: RoomChange[] = [];
    let [people, last] = [0, false];
    while (people < PEOPLE_AT_ONCE && !last) {
      const { value: room, done } = left.next();
      const here = done ? [] : this.#parts.presence.own(room);
      if (here.length > 0) rooms.push({ room, here, left: [] });
      people += here.length;
      last = done === true;
    }
    this.#tell({ rooms, ...(first && { first }), ...(last && { last }) });
    if (!last) return void setImmediate(() => this.#stopped || this.#tellSome(left, false));
    this.#tellingWhole = false;
    if (this.#asked) this.#schedule();
  }
}

/** By room the people, by account. */
type Told = Map<string, Map<string, Named>>;

interface OtherHall {
  id: string;
  /** The number of what came last; undefined where the whole is awaited. */
  n: number | undefined;
  /** All that it told has come. */
  sound: boolean;
  /** When it was last heard, by `performance.now()`, and until when all of it had come, in ms since 1970; 0 for never. */
  heardAt: number;
  soundAt: number;
  askedAt: number;
  /** By room the accounts that are counted as here. */
  people: Map<string, Set<string>>;
  /** The whole, while it comes. */
  next: Told | undefined;
}

function newHall(id: string, soundAt = 0): OtherHall {
  return {
    id,
    n: undefined,
    sound: false,
    heardAt: performance.now(),
    soundAt,
    askedAt: -Infinity,
    people: new Map(),
    next: undefined,
  };
}

function note(told: Told, { room, here, left }: RoomChange): void {
  let people = told.get(room);
  if (!people) told.set(room, (people = new Map()));
  for (const who of here) people.set(who.id, who);
  for (const account of left) people.delete(account);
}

/** What changed, as events of some hundred people each. */
function inPieces(changes: Map<string, Map<string, Named & { here: boolean }>>): RoomChange[][] {
  const pieces: RoomChange[][] = [];
  let piece: RoomChange[] = [];
  let count = 0;
  for (const [room, people] of changes) {
    let change: RoomChange | undefined;
    for (const { id, name, here } of people.values()) {
      if (count++ % PEOPLE_AT_ONCE === 0) pieces.push((piece = []));
      if (!change || piece.at(-1) !== change) piece.push((change = { room, here: [], left: [] }));
      if (here) change.here.push({ id, name });
      else change.left.push(id);
    }
  }
  return pieces;
}
