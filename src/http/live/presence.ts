import { LIMITS } from '#core/limits.ts';
import { textFrame } from './frames.ts';

export interface Named {
  id: string;
  name: string;
}

/** Who is in a room, and through what. */
interface Here {
  name: string;
  /** Connections to this hall. */
  connections: number;
  /** Other halls. */
  halls: number;
}

interface RoomPresence {
  people: Map<string, Here>;
  /** Who came, went or has another name since it was told last, with how that was: the name, or undefined for not here. */
  changed: Map<string, string | undefined>;
}

/** Who follows which room, here or through another hall. Changes are gathered and told once a second. */
export class Presence {
  /** Told when somebody's first connection to this hall follows a room, and when their last one leaves it. */
  onOwn: ((room: string, who: Named, here: boolean) => void) | undefined;
  readonly #rooms = new Map<string, RoomPresence>();
  readonly #tell: (room: string, frame: Buffer) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (room: string, frame: Buffer) => void) {
    this.#tell = tell;
  }

  /** A connection follows the room. Returns the frame with all who are here, for it alone. */
  arrive(room: string, { account, name }: { account: string; name: string }): Buffer {
    const presence = this.#of(room);
    const one = this.#enter(presence, { id: account, name });
    this.#name(presence, account, name);
    if (++one.connections === 1) this.onOwn?.(room, { id: account, name }, true);
    return textFrame({ type: 'presence', room, here: listed(presence.people), left: [] });
  }

  leave(room: string, { account }: { account: string }): void {
    const one = this.#rooms.get(room)?.people.get(account);
    if (!one || one.connections === 0) return;
    if (--one.connections > 0) return;
    this.onOwn?.(room, { id: account, name: one.name }, false);
    this.#exit(room, account, one);
  }

  /** Somebody follows the room through one more hall. */
  arriveElsewhere(room: string, who: Named): void {
    this.#enter(this.#of(room), who).halls++;
  }

  leaveElsewhere(room: string, account: string): void {
    const one = this.#rooms.get(room)?.people.get(account);
    if (!one || one.halls === 0) return;
    one.halls--;
    this.#exit(room, account, one);
  }

  /** Tells the rooms that a person follows the new name. */
  rename(account: string, name: string): void {
    for (const presence of this.#rooms.values()) this.#name(presence, account, name);
  }

  here(room: string): Set<string> {
    return new Set(this.#rooms.get(room)?.people.keys());
  }

  /** The rooms that somebody follows, here or elsewhere. */
  rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /** Who follows the room through this hall. */
  own(room: string): Named[] {
    const here: Named[] = [];
    for (const [id, { name, connections }] of this.#rooms.get(room)?.people ?? [])
      if (connections > 0) here.push({ id, name });
    return here;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #enter({ people, changed }: RoomPresence, { id, name }: Named): Here {
    let one = people.get(id);
    if (one) return one;
    people.set(id, (one = { name, connections: 0, halls: 0 }));
    if (!changed.has(id)) changed.set(id, undefined);
    this.#schedule();
    return one;
  }

  #name({ people, changed }: RoomPresence, account: string, name: string): void {
    const one = people.get(account);
    if (!one || one.name === name) return;
    if (!changed.has(account)) changed.set(account, one.name);
    one.name = name;
    this.#schedule();
  }

  #exit(room: string, account: string, one: Here): void {
    if (one.connections + one.halls > 0) return;
    const { people, changed } = this.#of(room);
    people.delete(account);
    if (!changed.has(account)) changed.set(account, one.name);
    this.#schedule();
  }

  #of(room: string): RoomPresence {
    let presence = this.#rooms.get(room);
    if (!presence) this.#rooms.set(room, (presence = { people: new Map(), changed: new Map() }));
    return presence;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#tellAll(), LIMITS.presenceWindow).unref();
  }

  #tellAll(): void {
    this.#timer = undefined;
    for (const [room, presence] of this.#rooms) {
      if (presence.changed.size > 0) this.#tellRoom(room, presence);
      if (presence.people.size === 0) this.#rooms.delete(room);
    }
  }

  #tellRoom(room: string, { people, changed }: RoomPresence): void {
    const here: Named[] = [];
    const left: Named[] = [];
    for (const [id, before] of changed) {
      const name = people.get(id)?.name;
      if (name === undefined && before !== undefined) left.push({ id, name: before });
      else if (name !== undefined && name !== before) here.push({ id, name });
    }
    changed.clear();
    if (here.length + left.length === 0) return;
    const [some, gone] = [here, left].map((all) => all.slice(0, LIMITS.presenceListed));
    this.#tell(room, textFrame({ type: 'presence', room, here: some, left: gone }));
  }
}

function listed(people: Map<string, Here>): Named[] {
  const list: Named[] = [];
  for (const [id, { name }] of people) {
    if (list.length === LIMITS.presenceListed) break;
    list.push({ id, name });
  }
  return list;
}
