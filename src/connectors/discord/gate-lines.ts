import { orLater, TryLater, type OutboundQueue, type Timer } from '#bus/outbound-queue.ts';
import { whisper } from '#core/message.ts';
import { pastedCode, type AtPlace, type PlaceGate, type PlacePerson, type PlaceRules } from '#core/place-gate.ts';
import type { OwnedPlace, PlatformActions, PlatformLog } from '#core/platform.ts';
import { backoff, type Backoff } from './backoff.ts';
import { CODE, LIMIT, MESSAGE_TYPE, NO_ENTRY, type MessagePayload } from './discord.external.ts';
import { codeOf, faultOf } from './faults.ts';
import { permissionsOf, standingBy, type Guild } from './guilds.ts';
import { ClosedDirect, sendDirect, type Outgoing, type Post } from './post.ts';
import { madeAt } from './snowflake.ts';
import { TEXTS } from './texts.ts';
import { messageBody, plain } from './write.ts';

/** A guild whose gate is shut. */
export interface Door {
  id: string;
  name: string;
  place: OwnedPlace;
  rules: PlaceRules;
}

/** What a person wrote. */
export interface Line {
  id: string;
  room: string;
  person: string;
  name: string;
  text: string;
  /** Undefined where Discord did not tell it with the line. */
  platformRoles: string[] | undefined;
}

export interface GateLinesOptions {
  gate: PlaceGate;
  post: Post;
  queue: OutboundQueue;
  timer: Timer;
  actions: Pick<PlatformActions, 'rolesOf'>;
  log: PlatformLog;
  backoff: Backoff;
  clock(): number;
  /** The bot may not delete in a room of the guild. */
  stuck(guild: string): void;
}

/** ms in which lines of one room are gathered, so that a burst is deleted by few requests. */
const GATHER_MS = 100;

/** ms that a notice stands in the room, where its reader takes no direct messages. */
const NOTICE_MS = 20_000;

/** A line of a person; undefined for bots, webhooks and the platform's own lines. */
export function lineOf(line: MessagePayload, guild: Guild | undefined): Line | undefined {
  const { author, member } = line;
  if (!author || author.bot || line.webhook_id !== undefined) return undefined;
  if (line.type !== MESSAGE_TYPE.line && line.type !== MESSAGE_TYPE.reply) return undefined;
  const name = member?.nick ?? author.global_name ?? author.username;
  const { id, channel_id: room, content: text } = line;
  return { id, room, person: author.id, name, text, platformRoles: rolesOfWriter(line, guild) };
}

function rolesOfWriter({ author, member }: MessagePayload, guild: Guild | undefined): string[] | undefined {
  if (!guild || !member) return undefined;
  if (guild.owner === author.id) return ['owner'];
  return [...standingBy(permissionsOf(guild, member.roles)), ...member.roles];
}

/**
 * Deletes what unverified people write, many lines at once, and tells each of them once what to do. A code pasted in the
 * welcome room is deleted too and does what `/verify code` does.
 */
export class GateLines {
  readonly #options: GateLinesOptions;
  readonly #gathered = new Map<string, { door: Door; lines: Line[] }>();
  /** Rooms in which the bot may not delete, with their guild: left alone until the guild is looked at anew. */
  readonly #stuck = new Map<string, string>();
  readonly #told = new Set<string>();

  constructor(options: GateLinesOptions) {
    this.#options = options;
  }

  /** A line that was heard just now. */
  take(door: Door, line: Line): void {
    if (!isLookedAt(door, line)) return;
    if (this.#stuck.has(line.room)) return isPasted(door, line) ? this.#prove(door, line) : undefined;
    const known = this.#gathered.get(line.room);
    if (known) return void known.lines.push(line);
    this.#gathered.set(line.room, { door, lines: [line] });
    this.#options.timer.after(GATHER_MS, () => this.#send(line.room));
  }

  /** Whether lines of the guild wait, or cannot be deleted: what was said there is not all looked at. */
  isBusy(guild: string): boolean {
    return this.isStuck(guild) || [...this.#gathered.values()].some(({ door }) => door.id === guild);
  }

  isStuck(guild: string): boolean {
    return [...this.#stuck.values()].includes(guild);
  }

  /** A right may have come. */
  retry(guild: string): void {
    for (const [room, of] of this.#stuck) if (of === guild) this.#stuck.delete(room);
  }

  /** Deletes what has to go of lines of one room, a hundred at most. Throws `TryLater`. */
  async handle(door: Door, room: string, lines: Line[], tries = 0): Promise<void> {
    const codes = lines.filter((line) => isPasted(door, line));
    const held = door.rules.mode === 'delete' ? await orLater(this.#heldOf(door, lines)) : [];
    const gone = new Set([...codes, ...held]);
    if (gone.size === 0) return;
    const deleted = await this.#delete(
      { door, room, tries },
      [...gone].map(({ id }) => id),
    );
    // Where a code could not be deleted it was tried all the same, and others may have read it.
    for (const line of codes) this.#prove(door, line);
    if (deleted) for (const line of held) if (!codes.includes(line)) this.#tell(door, line);
  }

  #send(room: string): void {
    let tries = 0;
    const { queue } = this.#options;
    queue.send(`gate ${room}`, [() => this.#step(room, tries++)]).then(
      () => (this.#gathered.get(room)?.lines.length ? this.#send(room) : this.#gathered.delete(room)),
      () => this.#gathered.delete(room),
    );
  }

  async #step(room: string, tries: number): Promise<void> {
    const waiting = this.#gathered.get(room);
    if (!waiting) return;
    const some = waiting.lines.slice(0, LIMIT.bulk);
    if (!this.#stuck.has(room)) await this.handle(waiting.door, room, some, tries);
    waiting.lines.splice(0, some.length);
  }

  /** Who keeps order is let be: where that was not told with the line it is asked for, of who is not verified. */
  async #heldOf({ id: space, place }: Door, lines: Line[]): Promise<Line[]> {
    const { gate, actions } = this.#options;
    const people = new Map(lines.map((line) => [line.person, line.platformRoles]));
    const asked = (some: Map<string, string[] | undefined>): PlacePerson[] =>
      [...some].map(([person, platformRoles = []]) => ({ person, platformRoles }));
    const found = await gate.look(place, asked(people));
    const unknown = new Map<string, string[] | undefined>();
    for (const [person, roles] of people)
      if (roles === undefined && isHeld(found.get(person)))
        unknown.set(person, (await actions.rolesOf?.({ space, person })) ?? []);
    const more = unknown.size > 0 ? await gate.look(place, asked(unknown)) : new Map<string, AtPlace>();
    return lines.filter(({ person }) => isHeld(more.get(person) ?? found.get(person)));
  }

  /** False where the bot may not. */
  async #delete({ door, room, tries }: { door: Door; room: string; tries: number }, ids: string[]): Promise<boolean> {
    const { clock, log, post, backoff: pauses, stuck } = this.#options;
    const young = ids.filter((id) => madeAt(id) > clock() - LIMIT.bulkAgeMs);
    const many = young.length > 1 ? young : [];
    try {
      if (many.length > 0) await post.calls.removeMany(room, many);
      for (const id of ids.filter((one) => !many.includes(one))) await this.#deleteOne(room, id);
      return true;
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === 'later') throw new TryLater(Math.max(fault.ms ?? 0, backoff(pauses, tries)));
      if (fault.code === CODE.unknownChannel) return true;
      log.warn(
        { platform: 'discord', guild: door.id, room, code: fault.code },
        `the gate cannot delete: ${fault.words}`,
      );
      if (!NO_ENTRY.has(fault.code)) return false;
      this.#stuck.set(room, door.id);
      stuck(door.id);
      return false;
    }
  }

  async #deleteOne(room: string, id: string): Promise<void> {
    try {
      await this.#options.post.calls.remove(room, id);
    } catch (error) {
      if (codeOf(error) !== CODE.unknownMessage) throw error;
    }
  }

  #prove({ place, id }: Door, { person, name, room, text }: Line): void {
    const code = pastedCode(text) ?? '';
    const prove = async (): Promise<void> => {
      const words = await this.#options.gate.prove(place, { person, name, room, code });
      this.#say({ person, room, words, name: `gate code:${id}:${person}:${this.#options.clock()}` });
    };
    prove().catch((error: unknown) =>
      this.#options.log.error({ platform: 'discord', err: error }, 'a code was not tried'),
    );
  }

  #tell({ place, id, name }: Door, { person, room }: Line): void {
    const key = `${id} ${person}`;
    if (this.#told.has(key)) return;
    if (this.#told.size >= TOLD_KEPT) this.#told.clear();
    this.#told.add(key);
    const step = async (): Promise<void> => {
      if (!(await orLater(this.#options.gate.tellOnce(place, person)))) return;
      this.#say({ person, room, words: TEXTS.gate.notice(name), name: `gate:${id}:${person}` });
    };
    this.#options.queue.send('gate told', [step]).catch(() => undefined);
  }

  /** To the person alone; where they take no direct messages in the room, for a while. */
  #say(notice: Notice): void {
    const { queue, log, backoff: pauses } = this.#options;
    let tries = 0;
    const step = async (): Promise<void> => {
      try {
        await this.#carry(notice);
      } catch (error) {
        const fault = faultOf(error);
        if (error instanceof TryLater) throw error;
        if (fault.kind === 'later') throw new TryLater(Math.max(fault.ms ?? 0, backoff(pauses, tries++)));
        log.warn({ platform: 'discord', code: fault.code }, `somebody could not be told of the gate: ${fault.words}`);
      }
    };
    queue.send('gate notices', [step]).catch(() => undefined);
  }

  async #carry(notice: Notice): Promise<void> {
    const { post, timer } = this.#options;
    const { person, room, words, name } = notice;
    try {
      await sendDirect(post, outgoingOf(notice));
    } catch (error) {
      if (!(error instanceof ClosedDirect)) throw error;
      const { id } = await post.calls.message(room, messageBody(plain(`<@${person}> ${words}`), name));
      timer.after(NOTICE_MS, () => void this.#deleteOne(room, id).catch(() => undefined));
    }
  }
}

interface Notice {
  person: string;
  room: string;
  words: string;
  /** The same for the same notice. */
  name: string;
}

/** People of whom this process knows that they were told; the database knows of all. */
const TOLD_KEPT = 10_000;

function isLookedAt(door: Door, line: Line): boolean {
  return door.rules.mode === 'delete' || isPasted(door, line);
}

function isPasted({ rules }: Door, { room, text }: Line): boolean {
  return rules.welcome === room && pastedCode(text) !== undefined;
}

function isHeld(standing: AtPlace | undefined): boolean {
  return standing?.is === 'held';
}

function outgoingOf({ person, words, name }: Notice): Outgoing {
  const account = `discord:${person}`;
  const cause = { account, name: '', text: '' };
  return {
    answer: { to: { platform: 'discord', account }, final: true, reply: whisper(words), cause },
    part: plain(words),
    index: 0,
    name,
  };
}
