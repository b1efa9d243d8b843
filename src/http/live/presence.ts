import type { Session } from '#auth/sessions.ts';
import { LIMITS } from '#core/limits.ts';
import { textFrame } from './frames.ts';

interface Named {
  id: string;
  name: string;
}

interface RoomPresence {
  /** Connections by account. */
  counts: Map<string, number>;
  names: Map<string, string>;
  came: Map<string, string>;
  went: Map<string, string>;
}

/** Who follows which room. Changes are gathered and told once a second. */
export class Presence {
  readonly #rooms = new Map<string, RoomPresence>();
  readonly #tell: (room: string, frame: Buffer) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (room: string, frame: Buffer) => void) {
    this.#tell = tell;
  }

  /** A connection follows the room. Returns the frame with all who are here, for it alone. */
  arrive(room: string, who: Session): Buffer {
    const presence = this.#of(room);
    const count = presence.counts.get(who.account) ?? 0;
    presence.counts.set(who.account, count + 1);
    presence.names.set(who.account, who.name);
    if (count === 0) {
      if (!presence.went.delete(who.account)) presence.came.set(who.account, who.name);
      this.#schedule();
    }
    return textFrame({ type: 'presence', room, here: listed(presence.names), left: [] });
  }

  leave(room: string, who: Session): void {
    const presence = this.#of(room);
    const count = (presence.counts.get(who.account) ?? 1) - 1;
    if (count > 0) return void presence.counts.set(who.account, count);
    presence.counts.delete(who.account);
    presence.names.delete(who.account);
    if (!presence.came.delete(who.account)) presence.went.set(who.account, who.name);
    this.#schedule();
  }

  /** Tells the rooms that a person follows the new name. */
  rename(account: string, name: string): void {
    for (const { names, came } of this.#rooms.values()) {
      if (!names.has(account)) continue;
      names.set(account, name);
      came.set(account, name);
    }
    this.#schedule();
  }

  here(room: string): Set<string> {
    return new Set(this.#rooms.get(room)?.counts.keys());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #of(room: string): RoomPresence {
    let presence = this.#rooms.get(room);
    if (!presence)
      this.#rooms.set(room, (presence = { counts: new Map(), names: new Map(), came: new Map(), went: new Map() }));
    return presence;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#tellAll(), LIMITS.presenceWindow).unref();
  }

  #tellAll(): void {
    this.#timer = undefined;
    for (const [room, presence] of this.#rooms) {
      const { came, went, counts } = presence;
      if (came.size + went.size > 0)
        this.#tell(room, textFrame({ type: 'presence', room, here: listed(came), left: listed(went) }));
      came.clear();
      went.clear();
      if (counts.size === 0) this.#rooms.delete(room);
    }
  }
}

function listed(names: Map<string, string>): Named[] {
  return [...names].slice(0, LIMITS.presenceListed).map(([id, name]) => ({ id, name }));
}
