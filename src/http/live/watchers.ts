import type { PublicMessage } from '#core/live.ts';
import { textFrame } from './frames.ts';
import type { LiveSocket, Piece } from './socket.ts';

/** A room that somebody may see and does not follow. */
interface Watched {
  sockets: Set<LiveSocket>;
  /** The last number that we know of. */
  newest: number;
  /** The last number that they were told of. */
  told: number;
}

/** Who may see a room and does not follow it: they are told once a flush that something is new there. */
export class Watchers {
  readonly #rooms = new Map<string, Watched>();
  /** Per room who is mentioned in what is new since the last flush. */
  readonly #news = new Map<string, Set<string> | undefined>();

  /** `newest`: the room's last number, as far as the caller knows. */
  add(room: string, socket: LiveSocket, newest: number): void {
    const watched = this.#rooms.get(room);
    if (watched) watched.sockets.add(socket);
    else this.#rooms.set(room, { sockets: new Set([socket]), newest, told: 0 });
  }

  remove(room: string, socket: LiveSocket): void {
    const watched = this.#rooms.get(room);
    watched?.sockets.delete(socket);
    if (watched?.sockets.size === 0) this.#rooms.delete(room);
  }

  /** Takes a message. True where there is something to tell: a late one is told for the sake of whom it mentions. */
  came(room: string, { seq, mentions }: Pick<PublicMessage, 'seq' | 'mentions'>): boolean {
    const watched = this.#rooms.get(room);
    if (!watched || seq === watched.told || (seq < watched.told && !mentions)) return false;
    watched.newest = Math.max(watched.newest, seq);
    watched.told = Math.max(watched.told, seq);
    const mentioned = this.#news.get(room);
    if (!mentions) this.#news.set(room, mentioned);
    else this.#news.set(room, new Set([...(mentioned ?? []), ...mentions]));
    return true;
  }

  tell(touched: Set<LiveSocket>): void {
    for (const [room, mentioned] of this.#news) this.#tellOne(room, mentioned, touched);
    this.#news.clear();
  }

  rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /** The number after which something is not known here, though the room's last one is `seq`; undefined where all is. */
  missing(room: string, seq: number): number | undefined {
    const watched = this.#rooms.get(room);
    return watched && watched.newest < seq ? watched.newest : undefined;
  }

  #tellOne(room: string, mentioned: Set<string> | undefined, touched: Set<LiveSocket>): void {
    const watched = this.#rooms.get(room);
    if (!watched) return;
    const frame = (mention: boolean): Piece => ({
      bytes: textFrame({ type: 'activity', room, seq: watched.told, mention }),
      frames: 1,
    });
    const plain = frame(false);
    const mention = mentioned ? frame(true) : plain;
    for (const socket of watched.sockets) {
      socket.add(mentioned?.has(socket.session.account) ? mention : plain);
      touched.add(socket);
    }
  }
}
