import { LIMITS } from '#core/limits.ts';
import type { LiveEvent } from '#core/live.ts';
import { Feed, type RoomFrame } from './feed.ts';
import { textFrame } from './frames.ts';
import { Presence } from './presence.ts';
import type { LiveCounts, LiveSocket } from './socket.ts';

/** What a socket that follows a room from now on gets first. */
export interface Past {
  head: Buffer;
  frames: Buffer[];
  /** The last number that `head` and `frames` cover. */
  upTo: number;
}

/**
 * Live fan-out of one process. A frame is built once; what gathers in a few ms goes to each socket as one write:
 * at once when it was quiet, else at the end of the window.
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
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  connect(socket: LiveSocket): void {
    this.sockets.add(socket);
  }

  disconnect(socket: LiveSocket): void {
    for (const room of socket.rooms) this.leave(socket, room);
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
      const { head, frames, upTo } = await past();
      if (!this.sockets.has(socket) || feed.joining.get(socket) !== held) return;
      // What waits for the others is in `held` too: it goes out to them before the newcomer is one of them.
      if (this.#dirtyFeeds.has(room)) this.flush();
      if (feed.sockets.size === 0) feed.written = upTo;
      this.send(
        socket,
        head,
        ...frames,
        ...held.filter((one) => one.seq === 0 || one.seq > upTo).map((one) => one.frame),
      );
      feed.sockets.add(socket);
      socket.rooms.add(room);
      this.#unwatch(room, socket);
      this.send(socket, this.#presence.arrive(room, socket.session));
    } finally {
      if (feed.joining.get(socket) === held) feed.joining.delete(socket);
      if (feed.empty) this.#feeds.delete(room);
    }
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

  /** Sends frames to one socket with the next flush. */
  send(socket: LiveSocket, ...frames: Buffer[]): void {
    for (const frame of frames) socket.add(frame);
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
    const written = [...this.#dirtyFeeds.values()].map((feed) => [feed, feed.spread(this.#dirtySockets)] as const);
    this.#dirtyFeeds.clear();
    this.#tellNews();
    const stands = (room: string): number => this.#feeds.get(room)?.written ?? 0;
    for (const socket of this.#dirtySockets) socket.flush(stands);
    this.#dirtySockets.clear();
    for (const [feed, seq] of written) feed.written = seq;
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
      const frames = [false, true].map((mention) => textFrame({ type: 'activity', room, seq, mention }));
      for (const socket of this.#watchers.get(room) ?? []) {
        socket.add(frames[mentioned.has(socket.session.account) ? 1 : 0] as Buffer);
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
    const frame = textFrame(value);
    for (const socket of this.sockets) if (socket.session.account === account) this.send(socket, frame);
  }

  #endSessions(ids: string[]): void {
    const ended = new Set(ids);
    for (const socket of this.sockets) if (ended.has(socket.session.id)) socket.close(4401, 'session ended');
  }

  #schedule(): void {
    if (this.#timer) return;
    const since = performance.now() - this.#lastFlush;
    const flush = (): void => this.flush();
    this.#timer = since >= LIMITS.flushWindow ? setImmediate(flush) : setTimeout(flush, LIMITS.flushWindow - since);
  }

  #cancel(): void {
    if (this.#timer && 'hasRef' in this.#timer) clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
    this.#timer = undefined;
  }

  #feed(room: string): Feed {
    let feed = this.#feeds.get(room);
    if (!feed) this.#feeds.set(room, (feed = new Feed()));
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
