import type { LiveEvent, PresenceEvent, PublicMessage } from '#core/live.ts';
import { Feed, messageFrame, type Past, type RoomFrame } from './feed.ts';
import { FlushWindow } from './flush-window.ts';
import { textFrame } from './frames.ts';
import type { Page } from './order.ts';
import { OtherHalls } from './other-halls.ts';
import { Presence } from './presence.ts';
import type { LiveCounts, LiveSocket } from './socket.ts';
import { Watchers } from './watchers.ts';

export interface HubParts {
  /** Reads the messages of a room after a number from the database. */
  read(room: string, after: number): Promise<Page>;
  /** Where other halls may serve the same rooms: how this one is called among them, and how it tells them. */
  among?: { id: string; announce(event: PresenceEvent): void };
  /** Something that another hall announced since then (ms since 1970) may not have come. */
  onLost?(since: number): void;
  /** Tells a connection a private answer; at once where nobody says otherwise. */
  answer?(socket: LiveSocket, request: string | undefined, frame: unknown): void;
}

/**
 * Live fan-out of one process. A frame is built once; what gathers goes to each socket as one write. Messages go out in
 * the order of their numbers, however they come (`RoomOrder`); what is new in rooms that a socket does not follow is
 * only named (`Watchers`).
 */
export class Hub {
  readonly counts: LiveCounts = { writes: 0, frames: 0, flushes: 0, gaps: 0, healed: 0 };
  readonly sockets = new Set<LiveSocket>();
  readonly #read: HubParts['read'];
  readonly #feeds = new Map<string, Feed>();
  readonly #watchers = new Watchers();
  readonly #dirtyFeeds = new Map<string, Feed>();
  readonly #dirtySockets = new Set<LiveSocket>();
  readonly #presence = new Presence((room, frame) => this.#toRoom(room, { seq: 0, frame }));
  readonly #others: OtherHalls | undefined;
  readonly #answer: NonNullable<HubParts['answer']>;
  readonly #window = new FlushWindow(() => this.flush());

  constructor({ read, among, answer, onLost = () => undefined }: HubParts) {
    this.#read = read;
    this.#answer = answer ?? ((socket, _request, frame) => this.tell(socket, frame));
    if (among) this.#others = new OtherHalls({ ...among, presence: this.#presence, onLost });
  }

  /** From now on other halls, where there may be some, know of this one. */
  start(): void {
    this.#others?.start();
  }

  connect(socket: LiveSocket): void {
    this.sockets.add(socket);
  }

  disconnect(socket: LiveSocket): void {
    for (const room of socket.rooms.keys()) this.leave(socket, room);
    for (const feed of this.#feeds.values()) feed.joining.delete(socket);
    this.see(socket, []);
    this.sockets.delete(socket);
    this.#dirtySockets.delete(socket);
  }

  /** Sets what the socket may see, with the rooms' last numbers: a room that it does not follow tells it only that something is new. */
  see(socket: LiveSocket, rooms: { id: string; seq: number }[]): void {
    const before = socket.visible;
    socket.visible = new Set(rooms.map(({ id }) => id));
    for (const room of before) if (!socket.visible.has(room)) this.#watchers.remove(room, socket);
    for (const { id, seq } of rooms) if (!before.has(id) && !socket.rooms.has(id)) this.#watchers.add(id, socket, seq);
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
      const missed = await feed.readPast(past);
      if (!this.sockets.has(socket) || feed.joining.get(socket) !== held) return;
      // What waits for the others is in `held` too: it goes out to them before the newcomer is one of them.
      if (this.#dirtyFeeds.has(room)) this.flush();
      this.#admit(socket, feed, { room, past: missed, held });
    } finally {
      if (feed.joining.get(socket) === held) feed.joining.delete(socket);
      this.#closeEmpty(room, feed);
    }
  }

  leave(socket: LiveSocket, room: string): void {
    const feed = this.#feeds.get(room);
    feed?.joining.delete(socket);
    if (!feed?.sockets.has(socket)) return;
    if (this.#dirtyFeeds.has(room)) this.flush();
    feed.drop(socket);
    socket.rooms.delete(room);
    if (socket.visible.has(room)) this.#watchers.add(room, socket, feed.order.last);
    this.#presence.leave(room, socket.session);
    this.#closeEmpty(room, feed);
  }

  /** Says something to one connection with the next flush. */
  tell(socket: LiveSocket, value: unknown): void {
    socket.tell(value);
    this.#dirtySockets.add(socket);
    this.#window.schedule();
  }

  /** Says something to all connections of an account. */
  tellAccount(account: string, value: unknown): void {
    for (const socket of this.sockets) if (socket.session.account === account) this.tell(socket, value);
  }

  /** Says something to all connections of a community's members. */
  tellCommunity(community: string, value: unknown): void {
    for (const socket of this.sockets) if (socket.communities.has(community)) this.tell(socket, value);
  }

  /** Takes an event from the bus; `rooms` events are for whoever keeps what sockets may see. */
  deliver(event: LiveEvent): void {
    switch (event.kind) {
      case 'message':
        return this.#newMessage(event.room, event.message);
      case 'edited':
      case 'deleted':
        return this.#changedMessage(event);
      case 'typing':
        return this.#toRoom(event.room, {
          seq: 0,
          frame: textFrame({ type: 'typing', room: event.room, who: event.who }),
          except: event.who.id,
        });
      case 'read':
        return this.tellAccount(event.account, { type: 'read', room: event.room, seq: event.seq });
      case 'private':
        return this.#private(event);
      case 'renamed':
        return this.#rename(event.account, event.name);
      case 'session-ended':
        return this.#endSessions(event.sessions);
      case 'presence':
      case 'presence-ask':
      case 'hall':
      case 'hall-gone':
        return this.#others?.hear(event);
      default:
    }
  }

  /** Accounts that follow the room now, here or through another hall. */
  here(room: string): Set<string> {
    return this.#presence.here(room);
  }

  /** The rooms that sockets follow. */
  followed(): string[] {
    return [...this.#feeds.keys()];
  }

  /** The rooms that somebody may see and nobody need follow. */
  watched(): string[] {
    return this.#watchers.rooms();
  }

  /** Says what the last number of a room is. What of it does not come is read. */
  expect(room: string, seq: number): void {
    const feed = this.#feeds.get(room);
    if (feed?.order.begun) feed.order.expect(seq);
  }

  /** After which number the watchers of a room do not know what there is up to `seq`; undefined where they do. */
  untoldAfter(room: string, seq: number): number | undefined {
    return this.#watchers.missing(room, seq);
  }

  /** Tells watchers of a message that did not come to us. */
  news(room: string, message: Pick<PublicMessage, 'seq' | 'mentions'>): void {
    if (this.#watchers.came(room, message)) this.#window.schedule();
  }

  /** The way to the other halls was cut and is there again. */
  cut(): void {
    this.#others?.cut();
  }

  /** Writes all that waits: one write a socket. */
  flush(): void {
    this.#window.run(() => {
      this.counts.flushes++;
      for (const feed of this.#dirtyFeeds.values()) feed.spread(this.#dirtySockets);
      this.#dirtyFeeds.clear();
      this.#watchers.tell(this.#dirtySockets);
      for (const socket of this.#dirtySockets) socket.flush();
      this.#dirtySockets.clear();
    });
  }

  /** Ends all connections, as what they were shown was replaced. Where rooms stand is learned anew. */
  closeAll(reason: string): void {
    this.flush();
    for (const socket of this.sockets) {
      socket.close(1012, reason);
      this.disconnect(socket);
    }
    for (const [room, feed] of this.#feeds) this.#close(room, feed);
  }

  /** Ends all connections for good. */
  stop(reason: string): void {
    this.#others?.stop();
    this.closeAll(reason);
    this.#presence.stop();
  }

  #admit(socket: LiveSocket, feed: Feed, { room, past, held }: { room: string; past: Past; held: RoomFrame[] }): void {
    socket.rooms.set(room, past.after);
    this.tell(socket, { type: 'subscribed', room, seq: past.seq });
    if (past.gap) socket.tell({ type: 'gap', room, from: past.after });
    const piece = feed.admit(socket, past, held);
    if (piece) socket.add(piece);
    socket.add({ bytes: this.#presence.arrive(room, socket.session), frames: 1 });
    this.#watchers.remove(room, socket);
  }

  #newMessage(room: string, message: PublicMessage): void {
    const feed = this.#feeds.get(room);
    if (feed?.order.wants(message.seq)) feed.order.take(messageFrame(room, message));
    this.news(room, message);
  }

  #changedMessage({ kind, room, message }: Extract<LiveEvent, { kind: 'edited' | 'deleted' }>): void {
    const frame = { seq: 0, frame: textFrame({ type: kind, room, message }) };
    this.#feeds.get(room)?.order.follow(message.seq, frame);
  }

  #toRoom(room: string, frame: RoomFrame): void {
    const feed = this.#feeds.get(room);
    if (feed) this.#push(room, feed, frame);
  }

  #push(room: string, feed: Feed, frame: RoomFrame): void {
    feed.push(frame);
    if (feed.sockets.size === 0) return;
    this.#dirtyFeeds.set(room, feed);
    this.#window.schedule();
  }

  #private({ account, room, reply, cause, request }: Extract<LiveEvent, { kind: 'private' }>): void {
    for (const socket of this.sockets)
      if (socket.session.account === account && !(request !== undefined && socket.asked?.answered(request)))
        this.#answer(socket, request, { type: 'private', room, reply, cause });
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

  #feed(room: string): Feed {
    const known = this.#feeds.get(room);
    if (known) return known;
    const feed: Feed = new Feed({
      room,
      hand: (frame) => this.#push(room, feed, frame),
      read: (after) => this.#readOn(room, after),
    });
    this.#feeds.set(room, feed);
    return feed;
  }

  #closeEmpty(room: string, feed: Feed): void {
    if (feed.empty && this.#feeds.get(room) === feed) this.#close(room, feed);
  }

  #close(room: string, feed: Feed): void {
    feed.order.stop();
    this.#feeds.delete(room);
    this.#dirtyFeeds.delete(room);
  }

  async #readOn(room: string, after: number): Promise<Page> {
    const page = await this.#read(room, after);
    this.counts.healed += page.frames.length;
    return page;
  }
}
