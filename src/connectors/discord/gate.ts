import { NO_PACE, orLater, OutboundQueue, TryLater, type Timer } from '#bus/outbound-queue.ts';
import { every } from '#core/every.ts';
import type { PlaceGate, PlaceRules } from '#core/place-gate.ts';
import type { ConnectorPorts, PlatformActions } from '#core/platform.ts';
import { backoff, type Backoff } from './backoff.ts';
import { MEMBERS_INTENT, WRITTEN_IN, type MemberPayload, type MessagePayload } from './discord.external.ts';
import { faultOf } from './faults.ts';
import { GateLines, lineOf, type Door } from './gate-lines.ts';
import { settle, settleAll, settleVerified, type GatePeopleOptions } from './gate-people.ts';
import { rightsIn } from './gate-rights.ts';
import type { Guild, Guilds } from './guilds.ts';
import type { Health } from './health.ts';
import type { Intents } from './intents.ts';
import type { Post } from './post.ts';
import { idAt, isLater } from './snowflake.ts';
import { PERMISSION_WORDS, TEXTS } from './texts.ts';

export interface GatesOptions {
  ports: Pick<ConnectorPorts, 'space' | 'log' | 'clock'> & { gate: PlaceGate };
  post: Post;
  guilds: Guilds;
  intents: Intents;
  actions: PlatformActions;
  timer: Timer;
  health: Health;
  backoff: Backoff;
}

/** ms between two looks at everything, and between two notes of how far was looked. */
const LOOK_MS = 3_600_000;
const NOTE_MS = 60_000;

/** Rooms that are cleared at once, and guilds that are looked at. */
const ROOMS_AT_ONCE = 4;
const GUILDS_AT_ONCE = 2;

/** ms by which Discord's clock may be behind ours. */
const SKEW_MS = 30_000;

/** ms in which the gate gives or takes one person's role once: another program may want it otherwise. */
const AGAIN_MS = 60_000;

/** A door with what its guild lacks. */
interface Kept extends Door {
  role: string | undefined;
  lacks: string[];
}

/**
 * The verification gate in guilds. All that happens is heard; what happened while nothing was heard is found at the start and
 * hourly: lines since the last look, who has the role, who came.
 */
export class Gates {
  readonly #options: GatesOptions;
  readonly #lines: GateLines;
  /** What is heard, and looks at whole guilds: those take long. */
  readonly #queue: OutboundQueue;
  readonly #looks: OutboundQueue;
  readonly #doors = new Map<string, Kept>();
  readonly #settled = new Map<string, number>();
  readonly #ends: (() => void)[] = [];

  constructor(options: GatesOptions) {
    this.#options = options;
    const { ports, timer, actions, post } = options;
    this.#queue = new OutboundQueue({ pace: NO_PACE, atOnce: ROOMS_AT_ONCE, timer });
    this.#looks = new OutboundQueue({ pace: NO_PACE, atOnce: GUILDS_AT_ONCE, timer });
    this.#lines = new GateLines({
      gate: ports.gate,
      log: ports.log,
      clock: ports.clock,
      post,
      queue: this.#queue,
      timer,
      actions,
      backoff: options.backoff,
      stuck: (guild) => this.#report(guild),
    });
  }

  start(): void {
    const { guilds } = this.#options;
    const all = async (): Promise<void> => guilds.all().forEach((guild) => this.keep(guild));
    this.#ends.push(every(LOOK_MS, all, () => undefined));
    this.#ends.push(
      every(
        NOTE_MS,
        () => this.#note(),
        () => undefined,
      ),
    );
  }

  /** What waits is found by the next start. */
  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    await Promise.all([this.#queue.stop(0), this.#looks.stop(0)]);
  }

  /** Looks at everything in the guild, in its turn. `changed`: only where what the community decided is another now. */
  keep(guild: Guild, { changed = false } = {}): void {
    let tries = 0;
    const read = new Map<string, string>();
    const step = (): Promise<void> => this.#step(guild.id, { tries: tries++, changed, read });
    this.#looks.send(`gate of ${guild.id}`, [step]).catch(() => undefined);
  }

  left(guild: string): void {
    this.#doors.delete(guild);
  }

  /** A new line, or one whose words are others now. */
  line(heard: MessagePayload): void {
    const door = this.#doors.get(heard.guild_id ?? '');
    const line = door && lineOf(heard, this.#options.guilds.get(door.id));
    if (door && line) this.#lines.take(door, line);
  }

  /** Somebody came, or has other roles. */
  member(heard: MemberPayload, came: boolean): void {
    const { guilds, ports } = this.#options;
    const door = this.#doors.get(heard.guild_id ?? '');
    const guild = guilds.get(heard.guild_id ?? '');
    if (!door || !guild) return;
    if (heard.user.id === guild.bot) return this.keep(guild);
    const key = `${door.id} ${heard.user.id}`;
    const now = ports.clock();
    if (!came && now - (this.#settled.get(key) ?? 0) < AGAIN_MS) return;
    const settling = { door, role: door.role, joinedSince: came ? 0 : Number.POSITIVE_INFINITY };
    let tries = 0;
    const step = async (): Promise<void> => {
      if (!(await this.#retried(tries++, () => settle(this.#people, settling, [heard])))) return;
      if (this.#settled.size >= SETTLED_KEPT) this.#settled.clear();
      this.#settled.set(key, now);
    };
    this.#queue.send(`gate people of ${door.id}`, [step]).catch(() => undefined);
  }

  /** A role of the guild is another now, or stands elsewhere. */
  roleChanged(guild: Guild, role: string): void {
    const door = this.#doors.get(guild.id);
    if (door && (role === guild.mine || role === door.role)) this.keep(guild);
  }

  /** Rights in a room may be others now. */
  roomChanged(guild: string | undefined): void {
    const found = this.#options.guilds.get(guild ?? '');
    if (found && this.#lines.isStuck(found.id)) this.keep(found);
  }

  get #people(): GatePeopleOptions {
    const { ports, post, actions } = this.#options;
    return { gate: ports.gate, calls: post.calls, actions, log: ports.log };
  }

  async #step(id: string, looking: Looking): Promise<void> {
    const { ports, health, guilds } = this.#options;
    const guild = guilds.get(id);
    if (!guild) return;
    const { place, rules } = await orLater(this.#rulesOf(guild));
    const known = this.#doors.get(guild.id);
    if (!rules) {
      this.#doors.delete(guild.id);
      return health.place(guild.id, 'gate', undefined);
    }
    if (looking.changed && known && JSON.stringify(known.rules) === JSON.stringify(rules)) return;
    const until = ports.clock();
    const before = Math.max(rules.since, (await orLater(ports.gate.lookedUntil(place))) ?? 0);
    const door: Kept = { id: guild.id, name: guild.name, place, rules, role: undefined, lacks: known?.lacks ?? [] };
    this.#doors.set(guild.id, door);
    this.#lines.retry(guild.id);
    await this.#retried(looking.tries, () => this.#catchUp(door, { guild, before, read: looking.read }));
    if (!this.#lines.isBusy(guild.id)) await orLater(ports.gate.looked(place, until - SKEW_MS));
  }

  async #rulesOf(guild: Guild): Promise<Pick<Door, 'place'> & { rules: PlaceRules | undefined }> {
    const { ports } = this.#options;
    const at = { platform: 'discord', platformId: guild.id };
    const { community } = await ports.space({ ...at, name: guild.name });
    const place = { ...at, community };
    return { place, rules: await ports.gate.rules(place) };
  }

  async #catchUp(
    door: Kept,
    { guild, before, read }: { guild: Guild; before: number; read: Map<string, string> },
  ): Promise<void> {
    const { post, intents } = this.#options;
    const { lacks, role } = await rightsIn(guild, door.rules, { calls: post.calls, intents });
    Object.assign(door, { lacks, role });
    this.#report(guild.id);
    if (door.rules.mode === 'delete') await this.#readAll(door, idAt(before), read);
    const wants = role !== undefined || door.rules.nickname !== null;
    const all = intents.has(MEMBERS_INTENT) ? settleAll : settleVerified;
    if (wants) await all(this.#people, { door, role, joinedSince: before });
  }

  /** Lines that nobody heard, room by room; `read`: how far each room is. */
  async #readAll(door: Door, from: string, read: Map<string, string>): Promise<void> {
    const { calls } = this.#options.post;
    const [rooms, { threads }] = [await calls.channels(door.id), await calls.threads(door.id)];
    const written = [...rooms.filter(({ type }) => WRITTEN_IN.has(type)), ...threads];
    for (const { id, last_message_id: last } of written)
      if (last && isLater(last, read.get(id) ?? from)) await this.#readRoom(door, id, { from, read });
  }

  async #readRoom(
    door: Door,
    room: string,
    { from, read }: { from: string; read: Map<string, string> },
  ): Promise<void> {
    const { post, guilds } = this.#options;
    try {
      for (;;) {
        const heard = await post.calls.messages(room, read.get(room) ?? from);
        const newest = heard[0]?.id;
        if (newest === undefined) return;
        const lines = heard.flatMap((one) => lineOf(one, guilds.get(door.id)) ?? []);
        await this.#lines.handle(door, room, lines);
        read.set(room, newest);
      }
    } catch (error) {
      // A room that the bot does not see is not its to guard.
      const fault = error instanceof TryLater ? undefined : faultOf(error);
      if (fault?.kind !== 'refused') throw error;
    }
  }

  async #retried<T>(tries: number, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TryLater) throw error;
      const { ports, backoff: pauses } = this.#options;
      const fault = faultOf(error);
      if (fault.kind === 'later') throw new TryLater(Math.max(fault.ms ?? 0, backoff(pauses, tries)));
      ports.log.warn({ platform: 'discord', code: fault.code }, `the gate could not look at a server: ${fault.words}`);
      return undefined;
    }
  }

  /** What keeps the gate from its work in a guild, for those who can change it. */
  #report(guild: string): void {
    const door = this.#doors.get(guild);
    if (!door) return;
    const stuck = this.#lines.isStuck(guild) && door.lacks.length === 0;
    const lacks = stuck ? [TEXTS.gate.cannotDelete(PERMISSION_WORDS.deleteMessage)] : door.lacks;
    const why = lacks.length > 0 ? lacks.join(' ') : undefined;
    const { health, ports } = this.#options;
    health.place(guild, 'gate', why);
    ports.gate
      .lacks(door.place, why)
      .catch((err: unknown) => ports.log.error({ platform: 'discord', err }, 'not noted'));
  }

  /** All was heard up to now: after a restart nobody looks further back. */
  async #note(): Promise<void> {
    const { ports, health } = this.#options;
    const { state, heardAt = 0 } = health.tell(0);
    if (state !== 'up') return;
    const until = Math.min(heardAt, ports.clock()) - SKEW_MS;
    for (const { id, place } of this.#doors.values())
      if (!this.#lines.isBusy(id)) await ports.gate.looked(place, until);
  }
}

interface Looking {
  tries: number;
  changed: boolean;
  read: Map<string, string>;
}

/** People of whom is known when their role was put right. */
const SETTLED_KEPT = 10_000;
