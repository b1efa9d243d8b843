import { LIMITS } from '#core/limits.ts';
import type { LiveEvent } from '#core/live.ts';
import { Feed, pieceOf, type RoomFrame } from './feed.ts';
import { textFrame } from './frames.ts';
import { Presence } from './presence.ts';
import type { LiveCounts, LiveSocket, Piece } from './socket.ts';

/** What a socket that follows a room from now on gets first. */
export interface Past {
  /** The room's last number. */
  seq: number;
  /** The number after which the client's own knowledge ends; `seq` where it asked only for what comes. */
  after: number;
  /** What it missed, oldest first. */
  missed: RoomFrame[];
  /** More was missed than is sent: it reads on from `after` by itself. */
  gap: boolean;
}

/**
 * Live fan-out of one process. A frame is built once; what gathers goes to each socket as one write: at once when it was
 * quiet, else at the end of a window that grows with the work of a flush.
 */
export class Hub {
  readonly counts: LiveCounts = { writes: 0, frames: 0, flushes: 0, gaps: 0 };
  readonly sockets = new Set<LiveSocket>();
  readonly #feeds = new Map<string, Feed>();
  /** Who may see a room and does not follow it. */
  readonly #watchers = new Map<string, Set<LiveSocket>>();
  /** Per room what is new since the last flush, for its watchers. */
  readonly #news = new Map<string, { seq: number; mentioned: Set<string> }>();
  readonly #dirtyFeeds = new Map<string, Feed>();
  readonly #dirtySockets = new Set<LiveSocket>();
  readonly #presence = new Presence((room, frame) => this.#toRoom(room, { seq: 0, frame }));
  #lastFlush = 0;
  /** ms from one flush to the next, at least: as long as the last one took, so that writing takes half of the time at most. */
  #window = 0;
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  connect(socket: LiveSocket): void {
    this.sockets.add(socket);
  }

  disconnect(socket: LiveSocket): void {
    for (const room of socket.rooms.keys()) this.leave(socket, room);
    for (const feed of this.#feeds.values()) feed.joining.delete(socket);
    this.see(socket, new Set());
    this.sockets.delete(socket);
    this.#dirtySockets.delete(socket);
  }

  /** Sets what the socket may see: a room that it does not follow tells it only that something is new. */
  see(socket: LiveSocket, visible: Set<string>): void {
    for (const room of socket.visible) this.#unwatch(room, socket);
    socket.visible = visible;
    for (const room of visible) if (!socket.rooms.has(room)) this.#watch(room, socket);
  }

  /**
   * Lets a socket follow a room. While `past` reads what it missed, new frames are held back; then all goes out in order:
   * nothing is lost between the past and the present, and nothing comes twice.
   */
  async join(socket: LiveSocket, room: string, past: () => Promise<Past>): Promise<void> {
    this.leave(socket, room);
    const feed = this.#feed(room);
    const held: RoomFrame[] = [];
    feed.joining.set(socket, held);
    try {
      const missed = await past();
      if (!this.sockets.has(socket) || feed.joining.get(socket) !== held) return;
      // What waits for the others is in `held` too: it goes out to them before the newcomer is one of them.
      if (this.#dirtyFeeds.has(room)) this.flush();
      this.#admit(socket, room, missed, held);
      feed.sockets.add(socket);
    } finally {
      if (feed.joining.get(socket) === held) feed.joining.delete(socket);
      if (feed.empty && this.#feeds.get(room) === feed) this.#feeds.delete(room);
    }
  }

  #admit(socket: LiveSocket, room: string, { seq, after, missed, gap }: Past, held: RoomFrame[]): void {
    const upTo = Math.max(seq, missed.at(-1)?.seq ?? 0);
    const frames = [...missed, ...held.filter((one) => one.seq === 0 || one.seq > upTo)];
    socket.rooms.set(room, after);
    this.tell(socket, { type: 'subscribed', room, seq });
    if (gap) socket.tell({ type: 'gap', room, from: after });
    if (frames.length > 0) socket.add(pieceOf(room, frames));
    socket.add({ bytes: this.#presence.arrive(room, socket.session), frames: 1 });
    this.#unwatch(room, socket);
  }

  leave(socket: LiveSocket, room: string): void {
    const feed = this.#feeds.get(room);
    feed?.joining.delete(socket);
    if (!feed?.sockets.has(socket)) return;
    if (this.#dirtyFeeds.has(room)) this.flush();
    feed.sockets.delete(socket);
    socket.rooms.delete(room);
    if (socket.visible.has(room)) this.#watch(room, socket);
    this.#presence.leave(room, socket.session);
    if (feed.empty) this.#feeds.delete(room);
  }

  /** Says something to one connection with the next flush. */
  tell(socket: LiveSocket, value: unknown): void {
    socket.tell(value);
    this.#dirtySockets.add(socket);
    this.#schedule();
  }

  /** Takes an event from the bus; `rooms` events are for whoever keeps what sockets may see. */
  deliver(event: LiveEvent): void {
    switch (event.kind) {
      case 'message':
        return this.#newMessage(event);
      case 'edited':
      case 'deleted':
        return this.#toRoom(event.room, {
          seq: 0,
          frame: textFrame({ type: event.kind, room: event.room, message: event.message }),
        });
      case 'typing':
        return this.#toRoom(event.room, {
          seq: 0,
          frame: textFrame({ type: 'typing', room: event.room, who: event.who }),
          except: event.who.id,
        });
      case 'read':
        return this.#toAccount(event.account, { type: 'read', room: event.room, seq: event.seq });
      case 'private':
        return this.#toAccount(event.account, {
          type: 'private',
          room: event.room,
          reply: event.reply,
          cause: event.cause,
        });
      case 'renamed':
        return this.#rename(event.account, event.name);
      case 'session-ended':
        return this.#endSessions(event.sessions);
      default:
    }
  }

  /** Accounts that follow the room now. */
  here(room: string): Set<string> {
    return this.#presence.here(room);
  }

  /** Writes all that waits: one write a socket. */
  flush(): void {
    this.#cancel();
    this.#lastFlush = performance.now();
    this.counts.flushes++;
    for (const feed of this.#dirtyFeeds.values()) feed.spread(this.#dirtySockets);
    this.#dirtyFeeds.clear();
    this.#tellNews();
    for (const socket of this.#dirtySockets) socket.flush();
    this.#dirtySockets.clear();
    this.#window = Math.min(LIMITS.flushWindow, performance.now() - this.#lastFlush);
  }

  /** Ends all connections: the process stops, or what it serves was replaced. */
  closeAll(reason: string): void {
    this.#presence.stop();
    this.flush();
    for (const socket of this.sockets) socket.close(1012, reason);
  }

  #newMessage({ room, message }: Extract<LiveEvent, { kind: 'message' }>): void {
    this.#toRoom(room, { seq: message.seq, frame: textFrame({ type: 'message', room, message }) });
    if (!this.#watchers.has(room)) return;
    const news = this.#news.get(room) ?? { seq: 0, mentioned: new Set() };
    this.#news.set(room, { seq: message.seq, mentioned: new Set([...news.mentioned, ...(message.mentions ?? [])]) });
    this.#schedule();
  }

  /** Who may see a room and does not follow it is told once a flush that something is new there. */
  #tellNews(): void {
    for (const [room, { seq, mentioned }] of this.#news) {
      const pieces = [false, true].map((mention) => ({
        bytes: textFrame({ type: 'activity', room, seq, mention }),
        frames: 1,
      }));
      for (const socket of this.#watchers.get(room) ?? []) {
        socket.add(pieces[mentioned.has(socket.session.account) ? 1 : 0] as Piece);
        this.#dirtySockets.add(socket);
      }
    }
    this.#news.clear();
  }

  #toRoom(room: string, frame: RoomFrame): void {
    const feed = this.#feeds.get(room);
    if (!feed) return;
    feed.push(frame);
    if (feed.sockets.size === 0) return;
    this.#dirtyFeeds.set(room, feed);
    this.#schedule();
  }

  #toAccount(account: string, value: unknown): void {
    for (const socket of this.sockets) if (socket.session.account === account) this.tell(socket, value);
  }

  #rename(account: string, name: string): void {
    for (const socket of this.sockets)
      if (socket.session.account === account) socket.session = { ...socket.session, name };
    this.#presence.rename(account, name);
  }

  #endSessions(ids: string[]): void {
    const ended = new Set(ids);
    for (const socket of this.sockets) if (ended.has(socket.session.id)) socket.close(4401, 'session ended');
  }

  #schedule(): void {
    if (this.#timer) return;
    const left = this.#lastFlush + this.#window - performance.now();
    const flush = (): void => this.flush();
    this.#timer = left < 0.5 ? setImmediate(flush) : setTimeout(flush, left);
  }

  #cancel(): void {
    if (this.#timer && 'hasRef' in this.#timer) clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
    this.#timer = undefined;
  }

  #feed(room: string): Feed {
    let feed = this.#feeds.get(room);
    if (!feed) this.#feeds.set(room, (feed = new Feed(room)));
    return feed;
  }

  #watch(room: string, socket: LiveSocket): void {
    const watchers = this.#watchers.get(room) ?? new Set();
    this.#watchers.set(room, watchers.add(socket));
  }

  #unwatch(room: string, socket: LiveSocket): void {
    const watchers = this.#watchers.get(room);
    watchers?.delete(socket);
    if (watchers?.size === 0) this.#watchers.delete(room);
  }
}
