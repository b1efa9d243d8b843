import type { ClientFrame, Message, PersonInRoom, ServerFrame } from '#contracts/web.ts';
import { texts } from '#web/texts.ts';
import { connection } from './connection.svelte.ts';
import { call, Refusal } from './api.ts';
import { Asked } from './asked.ts';
import { keep, kept } from './keep.ts';
import { Past } from './past.svelte.ts';
import { Presence } from './presence.svelte.ts';
import { change, type Change, emptyLog, newestSeq, type Pending, type RoomLog } from './room-log.ts';
import { rooms, unreadOf } from './rooms.svelte.ts';
import { session } from './session.svelte.ts';

const PAGE = 50;
const FILL_PAGE = 200;
const ACK_MS = 10_000;
const TYPING_EVERY_MS = 3_000;
/** In memory at most; what is above is read again when it is scrolled to. */
const KEPT_MESSAGES = 400;

/** How a room speaks to the hall: false where the line is down. */
export type Speak = { send: (frame: ClientFrame) => boolean; doubt: () => void };

/** One room as this browser has it open: its log, who is here, what is on its way. */
export class OpenRoom {
  log: RoomLog = $state.raw(emptyLog());
  /** A piece of history that is looked at instead, and the number of the message that it is about. */
  past = $state.raw<Past | null>(null);
  aim = $state<number | null>(null);
  /** Nothing to show yet. */
  loading = $state(true);
  loadingOlder = $state(false);
  /** The reader sees the newest message. */
  atFoot = $state(true);
  /** The hall does not show this room to me. */
  missing = $state(false);
  /** The seq after which the “new” line stands; null for none. */
  newAfter = $state<number | null>(null);
  draft = $state('');
  readonly presence = new Presence();
  readonly id: string;
  readonly #speak: Speak;
  #loaded = false;
  #chain: Promise<void> = Promise.resolve();
  readonly #asked = new Asked();
  #waiting: Change[] = [];
  #typedAt = 0;
  /** The newest that was in sight, whether or not the hall knows it yet. */
  #seen = 0;
  #readSent = 0;
  #awayFrom: number | null = null;
  #readTimer: ReturnType<typeof setTimeout> | undefined;
  #acks = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(id: string, speak: Speak) {
    this.id = id;
    this.#speak = speak;
    this.draft = kept(`draft ${id}`);
  }

  /** Shows the newest page, then follows live from there. Called at each visit and each return of the line. */
  async follow(): Promise<void> {
    try {
      if (!this.#loaded) await this.#loadNewest();
      this.#speak.send({ type: 'subscribe', room: this.id, after: this.log.resume });
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) this.#isNotMine();
      else if (error instanceof Refusal && error.status !== 0) setTimeout(() => void this.follow(), 2_000);
    }
  }

  /** There is nothing to catch up with: the line is well. */
  #isNotMine(): void {
    this.missing = true;
    connection.caughtUp();
  }

  /** What the reader sees. */
  get shown(): RoomLog {
    return this.past?.log ?? this.log;
  }

  /** Leads the reader to a message, however far up it is. */
  async lookAt(seq: number): Promise<void> {
    const first = this.log.messages[0]?.seq;
    const here = first !== undefined && seq >= first;
    this.past = here ? null : await Past.around(seq, (where, limit) => this.#page(where, limit));
    this.aim = seq;
    this.loading = false;
  }

  /** Reads on from what is looked at, until it meets the newest. */
  async newer(): Promise<void> {
    const { past } = this;
    if (!past || !(await past.newer(this.log.messages[0]?.seq ?? Number.MAX_SAFE_INTEGER)) || past !== this.past)
      return;
    this.#apply({ type: 'older', page: past.log.messages, limit: 0 });
    this.past = null;
  }

  leave(): void {
    this.past = null;
    this.#speak.send({ type: 'unsubscribe', room: this.id });
    this.#apply({ type: 'trim', keep: KEPT_MESSAGES / 2 });
  }

  /** Puts the line where I left off, if anything came since. */
  markNew(): void {
    const room = rooms.find(this.id);
    const read = Math.max(room?.read ?? 0, this.#seen);
    if (room && read > 0 && read < room.seq) this.newAfter = read;
  }

  /** While the reader looks elsewhere, the line goes before the first message that comes. */
  attended(focused: boolean): void {
    this.#awayFrom = focused ? null : newestSeq(this.log);
  }

  hear(frame: ServerFrame): void {
    switch (frame.type) {
      case 'message':
        this.presence.stopped(frame.message.author.id);
        return this.#soon({
          type: 'message',
          message: frame.message,
          mine: frame.message.author.id === session.me?.account.id,
        });
      case 'edited':
        this.past?.change({ type: 'edited', message: frame.message });
        return this.#soon({ type: 'edited', message: frame.message });
      case 'deleted':
        this.past?.change({ type: 'deleted', id: frame.message.id });
        return this.#soon({ type: 'deleted', id: frame.message.id });
      case 'gap':
        this.#soon({ type: 'gap', from: frame.from });
        void this.#inTurn(() => this.#fill());
        return;
      case 'presence':
        return this.presence.change(frame);
      case 'typing':
        return this.presence.typing(frame.who);
      case 'private':
        return this.#soon({ type: 'note', note: this.#noteOf(frame) });
      default:
    }
  }

  /** The hall follows for me: what changed meanwhile is read, and what waits goes out. */
  async subscribed(): Promise<void> {
    this.presence.reset();
    for (const one of this.log.pending)
      if (!one.held && (!one.failed || one.failed.code === 'no-answer')) this.#send(one);
    await this.#inTurn(() => this.#loadNewest());
    await this.#hearMissed();
  }

  /** Private answers are said once and not stored with the room: those of the time away are asked for. */
  async #hearMissed(): Promise<void> {
    for (const { text, at, reply } of await this.#asked.answers()) {
      const known = this.log.notes.some(
        (note) => note.asked === text && note.reply.text === reply.text && Date.parse(note.at) >= at,
      );
      if (!known) this.hear({ type: 'private', room: this.id, reply: { ...reply, private: true }, cause: { text } });
    }
  }

  /** `shown`: the line without what is secret in it. */
  say(text: string, shown: string = text): void {
    const pending: Pending = { clientId: newId(), text, shown, at: new Date().toISOString() };
    this.past = null;
    this.#apply({ type: 'wrote', pending });
    this.#send(pending);
    this.#typedAt = 0;
  }

  again(pending: Pending): void {
    this.#apply({ type: 'again', clientId: pending.clientId });
    this.#send(pending);
  }

  drop(clientId: string): void {
    this.#settled(clientId);
    this.#apply({ type: 'dropped', clientId });
  }

  dismiss(id: string): void {
    this.#apply({ type: 'dismissed', id });
  }

  posted(clientId: string, message: Message): void {
    this.#settled(clientId);
    this.#soon({ type: 'posted', clientId, message });
  }

  accepted(clientId: string, command: string): void {
    const asked = this.log.pending.find((one) => one.clientId === clientId);
    if (asked) this.#asked.add(command, asked.shown ?? asked.text);
    this.#settled(clientId);
    this.#soon({ type: 'accepted', clientId });
  }

  /** It waits for a moderator. */
  held(clientId: string): void {
    this.#settled(clientId);
    this.#soon({ type: 'held', clientId });
  }

  refused(clientId: string, { code, detail }: { code: string; detail: string }): void {
    this.#settled(clientId);
    this.#soon({ type: 'refused', clientId, words: detail, code });
  }

  holds(clientId: string): boolean {
    return this.log.pending.some((one) => one.clientId === clientId);
  }

  /** `mayKeep`: nothing in it is secret. */
  write(draft: string, mayKeep = true): void {
    this.draft = draft;
    keep(`draft ${this.id}`, mayKeep ? draft : '');
    if (draft.trim() && !draft.startsWith('/')) this.#tellTyping();
  }

  async older(): Promise<void> {
    if (this.past) return this.past.older();
    const before = this.log.messages[0]?.seq;
    if (this.loadingOlder || this.log.complete || before === undefined) return;
    this.loadingOlder = true;
    try {
      this.#apply({ type: 'older', page: await this.#page(`before=${before}`, PAGE), limit: PAGE });
    } catch {
      // Scrolling up again asks again.
    } finally {
      this.loadingOlder = false;
    }
  }

  /** The newest message has been seen. Told to the hall at most once in half a second. */
  seen(): void {
    const seq = newestSeq(this.log);
    this.#seen = Math.max(this.#seen, seq);
    if (seq <= Math.max(this.#readSent, rooms.find(this.id)?.read ?? 0)) return;
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(() => void this.#tellRead(seq), 500);
  }

  /** Only the newest stay in memory while the reader is at the foot. */
  tidy(): void {
    if (this.log.messages.length > KEPT_MESSAGES) this.#apply({ type: 'trim', keep: KEPT_MESSAGES / 2 });
  }

  async edit(message: Message, text: string): Promise<void> {
    const edited = await call<Message>(`/v1/messages/${message.id}`, { method: 'PATCH', body: { text } });
    this.#apply({ type: 'edited', message: edited });
  }

  async remove(message: Message, reason = ''): Promise<void> {
    const why = reason.trim() === '' ? '' : `?${new URLSearchParams({ reason: reason.trim() })}`;
    await call(`/v1/messages/${message.id}${why}`, { method: 'DELETE' });
    this.#apply({ type: 'deleted', id: message.id });
  }

  /** All who may read this room, with who of them is here. */
  async people(): Promise<PersonInRoom[]> {
    return (await call<{ people: PersonInRoom[] }>(`/v1/rooms/${this.id}/people`)).people;
  }

  async #loadNewest(): Promise<void> {
    const asOf = newestSeq(this.log);
    const limit = this.#loaded ? PAGE : this.#firstPage();
    const page = await this.#page('', limit);
    this.#flush();
    this.#apply({ type: 'newest', page, limit, asOf });
    this.#loaded = true;
    this.loading = false;
    rooms.came(this.id, newestSeq(this.log));
  }

  /** The last 50, or as many as reach to where I left off, if that is not too far up. */
  #firstPage(): number {
    const room = rooms.find(this.id);
    const unread = room && room.read > 0 ? unreadOf(room) + 5 : 0;
    return unread > PAGE && unread <= FILL_PAGE ? unread : PAGE;
  }

  /** Reads what the hall skipped, page by page. */
  async #fill(): Promise<void> {
    this.#flush();
    while (this.log.gap !== null) {
      const page = await this.#page(`after=${this.log.gap}`, FILL_PAGE);
      this.#flush();
      this.#apply({ type: 'missed', page, limit: FILL_PAGE });
    }
  }

  async #page(where: string, limit: number): Promise<Message[]> {
    const query = where ? `&${where}` : '';
    const { messages } = await call<{ messages: Message[] }>(`/v1/rooms/${this.id}/messages?limit=${limit}${query}`);
    return messages;
  }

  /** One reading after the other. */
  #inTurn(read: () => Promise<void>): Promise<void> {
    this.#chain = this.#chain.then(() => this.#patiently(read));
    return this.#chain;
  }

  /** A hall that says when to come again is asked again then. One that says nothing is left to the next return of the line. */
  async #patiently(read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 0;
      if (status === 0) return this.#speak.doubt();
      if (status !== 429 && status !== 503) return;
      const seconds = error instanceof Refusal ? (error.retryAfter ?? 2) : 2;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      await this.#patiently(read);
    }
  }

  #send(pending: Pending): void {
    clearTimeout(this.#acks.get(pending.clientId));
    this.#acks.set(
      pending.clientId,
      setTimeout(() => this.#unanswered(pending.clientId), ACK_MS),
    );
    this.#speak.send({ type: 'post', room: this.id, text: pending.text, clientId: pending.clientId });
  }

  #unanswered(clientId: string): void {
    this.refused(clientId, { code: 'no-answer', detail: texts.log.noAnswer });
    this.#speak.doubt();
  }

  #settled(clientId: string): void {
    clearTimeout(this.#acks.get(clientId));
    this.#acks.delete(clientId);
  }

  #tellTyping(): void {
    if (Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = Date.now();
    this.#speak.send({ type: 'typing', room: this.id });
  }

  async #tellRead(seq: number): Promise<void> {
    this.#readSent = seq;
    try {
      await call(`/v1/rooms/${this.id}/read`, { method: 'POST', body: { seq } });
      rooms.read(this.id, seq);
    } catch {
      this.#readSent = 0;
    }
  }

  #noteOf(frame: Extract<ServerFrame, { type: 'private' }>) {
    const at = new Date().toISOString();
    return { id: `note ${newId()}`, after: newestSeq(this.log), at, reply: frame.reply, asked: frame.cause?.text };
  }

  #apply(what: Change): void {
    this.log = change(this.log, what);
  }

  /** Frames that come close together are drawn once. */
  #soon(what: Change): void {
    this.#waiting.push(what);
    if (this.#waiting.length > 1) return;
    requestAnimationFrame(() => this.#flush());
    // A page that nobody sees draws no frames; what came is counted all the same.
    setTimeout(() => this.#flush(), 100);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    this.log = waiting.reduce(change, this.log);
    const newest = newestSeq(this.log);
    rooms.came(this.id, newest);
    if (this.#awayFrom === null || newest <= this.#awayFrom) return;
    this.newAfter = this.#awayFrom;
    this.#awayFrom = null;
  }
}

/** Also where the page is not served over TLS, and randomUUID is missing. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
