import type { Command, ServerFrame } from '#contracts/web.ts';
import { call } from './api.ts';
import { connection } from './connection.svelte.ts';
import { Live, type Wire } from './live.ts';
import { OpenRoom } from './open-room.svelte.ts';
import { order } from './order.svelte.ts';
import { rooms } from './rooms.svelte.ts';
import { session } from './session.svelte.ts';
import { toasts } from './toasts.svelte.ts';

/** A connection younger than this is given time to answer. */
const DOUBT_AFTER_MS = 5_000;

/** Everything live behind one connection: the rooms, the one that is open, the commands. */
class HallState {
  commands = $state<Command[]>([]);
  current = $state<OpenRoom | null>(null);
  /** Where members changed last; another object each time. */
  members = $state.raw<{ community: string } | null>(null);
  #open = new Map<string, OpenRoom>();
  #started = false;
  #upAt = 0;
  readonly #live = new Live({
    dial: () => new WebSocket(liveAddress()) as unknown as Wire,
    wait(act, ms) {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
    onFrame: (frame) => this.#hear(frame),
    onUp: () => this.#up(),
    onDown: () => connection.lost(),
    onEnded: () => session.forget(),
  });

  /** Once a person is known. Harmless when it runs already. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    connection.lost();
    this.#live.connect();
    void this.#refresh();
    addEventListener('online', this.#retry);
    addEventListener('offline', this.#offline);
    document.addEventListener('visibilitychange', this.#retry);
  }

  /** At sign-out: nothing of the person stays in memory. */
  stop(): void {
    this.#started = false;
    this.#live.stop();
    removeEventListener('online', this.#retry);
    removeEventListener('offline', this.#offline);
    document.removeEventListener('visibilitychange', this.#retry);
    connection.caughtUp();
    this.#open.clear();
    this.current = null;
    this.commands = [];
    rooms.forget();
    order.forget();
  }

  /** Opens a room, or none. */
  visit(id: string | null): void {
    if (id === (this.current?.id ?? null)) return;
    this.current?.leave();
    this.current = id === null ? null : this.#roomOf(id);
    if (this.current) this.current.newAfter = null;
    this.current?.markNew();
    void this.current?.follow();
  }

  #roomOf(id: string): OpenRoom {
    const room =
      this.#open.get(id) ?? new OpenRoom(id, { send: (frame) => this.#live.send(frame), doubt: this.#doubt });
    this.#open.set(id, room);
    return room;
  }

  /** A connection that does not answer is made anew, unless it is quite new. */
  readonly #doubt = (): void => {
    if (Date.now() - this.#upAt > DOUBT_AFTER_MS) this.#live.restart();
  };

  readonly #offline = (): void => this.#live.restart();

  readonly #retry = (): void => {
    if (!document.hidden) this.#live.connect();
  };

  #up(): void {
    this.#upAt = Date.now();
    if (!this.current) connection.caughtUp();
    void this.current?.follow();
    void this.#refresh();
  }

  /** A room that was not mine to see may be now. */
  #lookAgain(): void {
    if (!this.current?.missing || !rooms.find(this.current.id)) return;
    this.current.missing = false;
    void this.current.follow();
  }

  async #refresh(): Promise<void> {
    await Promise.allSettled([rooms.load(), this.#loadStands(), this.loadCommands()]);
    this.current?.markNew();
  }

  async #loadStands(): Promise<void> {
    await Promise.all((session.me?.communities ?? []).map(({ id }) => order.load(id)));
  }

  /** Those of the community that is looked at. */
  async loadCommands(): Promise<void> {
    const community = session.community?.id;
    const query = community === undefined ? '' : `?community=${community}`;
    const { commands } = await call<{ commands: Command[] }>(`/v1/commands${query}`);
    if (community === session.community?.id) this.commands = commands;
  }

  #hear(frame: ServerFrame): void {
    switch (frame.type) {
      case 'rooms':
        return void Promise.all([rooms.load(), session.refresh()])
          .then(() => this.#lookAgain())
          .catch(() => {});
      case 'members':
        this.members = { community: frame.community };
        return;
      case 'order':
        return void order.changed(frame.community);
      case 'activity':
        return rooms.came(frame.room, frame.seq, { mention: frame.mention });
      case 'read':
        return rooms.read(frame.room, frame.seq);
      case 'subscribed':
        return void this.#subscribed(frame.room);
      case 'posted':
      case 'held':
      case 'accepted':
      case 'error':
        return this.#answered(frame);
      case 'private':
        return (this.#open.get(frame.room ?? '') ?? this.current)?.hear(frame);
      default:
        this.#open.get(frame.room)?.hear(frame);
    }
  }

  async #subscribed(id: string): Promise<void> {
    await this.#open.get(id)?.subscribed();
    if (this.#live.isUp) connection.caughtUp();
  }

  #answered(frame: Extract<ServerFrame, { type: 'posted' | 'held' | 'accepted' | 'error' }>): void {
    const { clientId } = frame;
    const room = [...this.#open.values()].find((one) => clientId !== undefined && one.holds(clientId));
    if (frame.type === 'posted') room?.posted(frame.clientId, frame.message);
    else if (frame.type === 'held') room?.held(frame.clientId);
    else if (frame.type === 'accepted') room?.accepted(frame.clientId, frame.command);
    else if (room && clientId !== undefined) room.refused(clientId, frame);
    else if (frame.code === 'unknown-room') void rooms.load().catch(() => {});
    else if (frame.code === 'not-ready' && frame.room !== undefined) this.#followLater(frame.room);
    else toasts.bad(frame.detail);
  }

  /** The hall could not read its database when it was asked: the line is there, and the room is not followed. */
  #followLater(room: string): void {
    setTimeout(() => void this.#open.get(room)?.follow(), FOLLOW_AGAIN_MS);
  }
}

const FOLLOW_AGAIN_MS = 2_000;

function liveAddress(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/live`;
}

export const hall = new HallState();
