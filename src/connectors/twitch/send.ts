import { orLater, OutboundQueue, TryLater, type Step, type Timer } from '#bus/outbound-queue.ts';
import type { OutgoingMessage } from '#core/message.ts';
import type { ConnectorPorts } from '#core/platform.ts';
import type { Channels } from './channels.ts';
import type { Connection } from './connection.ts';
import { InFlight, type Outcome } from './in-flight.ts';
import type { IrcLine } from './irc-line.ts';
import { chatPace, type ChatPace, type Window } from './pace.ts';
import { Repeats } from './repeats.ts';
import { TEXTS } from './texts.ts';
import { NOTICES, type ChatLimits, type Times } from './twitch.external.ts';
import { write } from './write.ts';

export interface SendOptions {
  ports: Pick<ConnectorPorts, 'deliveries' | 'log'>;
  channels: Channels;
  /** The connection that is logged in. */
  connection(): Connection | undefined;
  limits: ChatLimits;
  times: Times;
  timer: Timer;
  /** A line went, or was answered: what counts for the limits has changed. */
  sending(): void;
}

/** One line to be said, and what is known of its earlier tries. */
interface Saying {
  channel: string;
  text: string;
  parent: string | undefined;
  /** It may be there already: a repeat that Twitch refuses as such proves it. */
  isDoubtful: boolean;
  tries: number;
}

/** Twitch will not have it: its code. */
class Refused extends Error {}

/** Says answers in chat, in order, within Twitch's limits, each line once where that can be known. */
export class Sender {
  readonly #options: SendOptions;
  readonly #pace: ChatPace;
  readonly #queue: OutboundQueue;
  readonly #inFlight: InFlight;
  readonly #repeats: Repeats;
  /** When people of a channel were told last that something was not taken in. */
  readonly #told = new Map<string, number>();
  readonly counts = { sent: 0, refused: 0 };

  constructor(options: SendOptions) {
    const { limits, times, timer, channels } = options;
    this.#options = options;
    this.#pace = chatPace(limits, (room) => {
      const channel = channels.get(room);
      return channel?.state === 'in' ? channel : undefined;
    });
    this.#queue = new OutboundQueue({ pace: this.#gate(), atOnce: 1, timer });
    this.#inFlight = new InFlight(timer, times);
    this.#repeats = new Repeats(limits.repeatMs);
  }

  /** What counts for the limits. */
  get sent(): Window {
    return this.#pace.sent;
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Resolves when Twitch has taken all of it, or has refused it for good. Rejects with `Stopped` at the end. */
  send(answer: OutgoingMessage, again: boolean): Promise<void> {
    const { channel, parent, texts } = write(answer);
    const steps = texts.map((text, part) => {
      const saying = { channel, text, parent, isDoubtful: again, tries: 0 };
      return this.#step(saying, `${answer.id}:${answer.n}:${part}`, again);
    });
    // What nobody waits for gives way to what somebody asked.
    const sent = this.#queue.send(channel, steps, parent === undefined ? 'announcement' : 'reply');
    return sent.catch((error: unknown) => this.#failed(error, answer, texts.length));
  }

  /** Tells who asked that it was not taken in; a channel hears it twice a minute at most. */
  sayNotTaken(channel: string, parent: string): void {
    const now = this.#options.timer.now();
    if (now - (this.#told.get(channel) ?? -Infinity) < NOTICE_EVERY_MS) return;
    this.#told.set(channel, now);
    this.#sayAside(channel, parent, TEXTS.notTaken);
  }

  /** One sentence to a person, outside of all answers. `parent`: the line that it answers. */
  sayTo(channel: string, { name, parent }: { name: string; parent?: string }, words: string): void {
    this.#sayAside(channel, parent, `@${name} ${words}`);
  }

  heard(line: IrcLine, connection: Connection): void {
    this.#inFlight.heard(line, connection);
  }

  lost(connection: Connection): void {
    this.#inFlight.lost(connection);
  }

  stop(graceMs: number): Promise<void> {
    return this.#queue.stop(graceMs);
  }

  /** Nothing goes while there is no connection, or to a channel that is being joined. */
  #gate(): ChatPace {
    const pace = this.#pace;
    return {
      ...pace,
      wait: (room, now, rooms) => {
        const isOpen = this.#options.connection() && this.#options.channels.get(room)?.state !== 'joining';
        return isOpen ? pace.wait(room, now, rooms) : LOOK_AGAIN_MS;
      },
    };
  }

  #step(saying: Saying, part: string, again: boolean): Step {
    const { deliveries } = this.#options.ports;
    let isSaid = false;
    let isAsked = again;
    return async () => {
      if (isAsked && (await orLater(deliveries.wasSent(part)))) return;
      isAsked = false;
      if (!isSaid) await this.#say(saying);
      isSaid = true;
      await orLater(deliveries.record(part));
    };
  }

  async #say(saying: Saying): Promise<void> {
    const { channels, connection, timer } = this.#options;
    const channel = channels.get(saying.channel);
    const over = connection();
    if (!channel) throw new Refused(TEXTS.notListed);
    if (channel.state === 'out') throw new Refused(channel.why);
    if (!over || channel.state === 'joining') throw new TryLater(LOOK_AGAIN_MS);
    const mayRepeat = channel.privileged || saying.isDoubtful;
    if (!mayRepeat) saying.text = this.#repeats.unlike(channel.name, saying.text, timer.now());
    this.#options.sending();
    const outcome = await this.#inFlight.send({ connection: over, ...saying });
    this.#pace.answered(channel.name, timer.now());
    this.#options.sending();
    if (outcome.taken === true) this.#taken(saying);
    else this.#notTaken(saying, outcome, channel.slow);
  }

  #taken({ channel, text }: Saying): void {
    this.counts.sent++;
    this.#repeats.said(channel, text, this.#options.timer.now());
  }

  /** Throws, unless the refusal shows that the line is there. */
  #notTaken(saying: Saying, outcome: Exclude<Outcome, { taken: true }>, slow: number): void {
    const { backOffMost, tooFast } = this.#options.times;
    const pause = Math.min(backOffMost, tooFast * 2 ** saying.tries++);
    if (outcome.taken === 'unknown') {
      saying.isDoubtful = true;
      throw new TryLater(LOOK_AGAIN_MS);
    }
    const { code, text } = outcome;
    const meaning = NOTICES[code] ?? 'refused';
    if (code === 'msg_duplicate' && saying.isDoubtful) return this.#taken(saying);
    if (meaning === 'dropped' && saying.tries < MOST_DROPPED) throw this.#sayOnceMore(saying);
    if (meaning === 'repeat' && saying.tries < MOST_REPEATS) throw this.#sayUnlike(saying);
    const seconds = secondsIn(text) ?? slow;
    if (meaning === 'later' && seconds <= LONGEST_WAIT_S) throw new TryLater((seconds + 1) * 1_000);
    if (meaning === 'fast') throw new TryLater(pause, { everywhere: true });
    throw new Refused(code);
  }

  /** It may be that only the acknowledgement was lost: then Twitch knows the line, and says so. */
  #sayOnceMore(saying: Saying): TryLater {
    saying.isDoubtful = true;
    this.#options.ports.log.warn({ channel: saying.channel, code: 'dropped' }, 'twitch: a line was dropped');
    return new TryLater(this.#options.limits.windowMs, { everywhere: true });
  }

  /** The channel knows this line already, from before we came: it counts as the last one there. */
  #sayUnlike(saying: Saying): TryLater {
    this.#repeats.said(saying.channel, saying.text, this.#options.timer.now());
    return new TryLater(this.#options.limits.pauseMs);
  }

  async #failed(error: unknown, answer: OutgoingMessage, parts: number): Promise<void> {
    if (!(error instanceof Refused)) throw error;
    const { ports } = this.#options;
    const { room = '', via } = answer.to;
    this.counts.refused++;
    ports.log.warn({ channel: room, request: answer.id, code: error.message }, 'twitch: an answer was refused');
    for (let part = 0; part < parts; part++) await ports.deliveries.record(`${answer.id}:${answer.n}:${part}`);
    if (NOTICES[error.message] === 'held') this.#sayAside(room, via?.id, TEXTS.heldBack);
  }

  /** A sentence that is no answer: it goes out once, and nobody hears of it where it does not. */
  #sayAside(channel: string, parent: string | undefined, text: string): void {
    const saying = { channel, text, parent: parent || undefined, isDoubtful: false, tries: 0 };
    this.#queue.send(channel, [() => this.#say(saying)]).catch(() => undefined);
  }
}

const LOOK_AGAIN_MS = 250;
const NOTICE_EVERY_MS = 30_000;
/** A time-out longer than this is no hiccup: answers would come when nobody remembers the question. */
const LONGEST_WAIT_S = 120;
const MOST_REPEATS = 5;
const MOST_DROPPED = 3;

/** `You are timed out for 30 more seconds.` */
function secondsIn(text: string): number | undefined {
  const found = /(\d+)(?= (?:more )?seconds?)/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
