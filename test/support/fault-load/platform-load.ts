import { setTimeout as pause } from 'node:timers/promises';
import {
  type Ask,
  askInTurn,
  heardFrom,
  markIn,
  type PlatformName,
  tally,
  WAYS,
} from '#test/support/platform-faults.ts';
import type { Discord } from '#test/simulators/discord/index.ts';
import type { Simulator } from '#test/simulators/shared/simulator.ts';

/** What the database says of questions on platforms. */
export interface Decided {
  /** The answer where there is one: JSON. */
  reply: string | null;
  /** `failed`: the asker was told, alone, that it cannot be done. */
  state: 'waiting' | 'done' | 'failed' | null;
  at: number;
}

/** People on one platform who ask the bot, one question after the other. */
export class PlatformLoad {
  readonly simulator: Simulator;
  readonly asks: Ask[] = [];
  readonly #everyMs: number;
  readonly #from: number;
  #asking: Promise<void> | undefined;
  #quiet = false;

  /** `from`: marks of questions go on from there. */
  constructor(simulator: Simulator, { everyMs, from }: { everyMs: number; from: number }) {
    this.simulator = simulator;
    this.#everyMs = everyMs;
    this.#from = from;
  }

  get name(): PlatformName {
    return this.simulator.platform as PlatformName;
  }

  begin(): void {
    this.#asking = this.#ask();
  }

  async quiet(): Promise<void> {
    this.#quiet = true;
    await this.#asking;
  }

  /** Questions that were taken in and whose answer nobody has read yet. */
  missing(decided: Decided[]): string[] {
    const taken = new Set(decided.map(({ reply }) => markIn(reply ?? '')));
    return tally(this.simulator, this.asks).missing.filter((mark) => taken.has(mark) && !this.#isTooLate(mark));
  }

  /**
   * What must not be, a sentence each. `strikes`: how often something failed on which this platform's connector stands: so
   * often one line of each room may be there twice, where the platform keeps nothing to tell by.
   */
  wrong(decided: Decided[], strikes: number): string[] {
    const { misled, swapped } = tally(this.simulator, this.asks, orderOf(decided));
    const failed = new Set(decided.flatMap(({ state, reply }) => (state === 'failed' ? markIn(reply ?? '') : [])));
    return [
      ...this.missing(decided).map((mark) => `${this.name}: ${mark} was taken in and is not answered`),
      ...misled
        .filter((mark) => !failed.has(mark))
        .map((mark) => `${this.name}: the answer to ${mark} went to somebody else`),
      ...swapped.map((pair) => `${this.name}: ${pair}`),
      ...this.#doubledWrong(strikes),
    ];
  }

  /** Lines that people read twice. */
  repeated(): { what: string; room: string; handle: boolean }[] {
    const lines = heardFrom(this.simulator);
    const groups = Map.groupBy(
      lines,
      ({ mark, final }) => `${final ? 'the answer' : 'the word before the answer'} to ${mark}`,
    );
    return [...groups].flatMap(([what, [one, ...more]]) => {
      const ask = this.asks.find(({ mark }) => mark === one?.mark);
      const handle = one?.final ? ask?.way.handle === true : this.name === 'discord';
      return ask ? more.map(() => ({ what, room: ask.room, handle })) : [];
    });
  }

  #doubledWrong(strikes: number): string[] {
    const repeated = this.repeated();
    const byHandle = repeated.filter(({ handle }) => handle).map(({ what }) => `${this.name}: ${what} was said twice`);
    const rooms = [
      ...Map.groupBy(
        repeated.filter(({ handle }) => !handle),
        ({ room }) => room,
      ),
    ];
    const tooMany = rooms.filter(([, lines]) => lines.length > strikes);
    return [
      ...byHandle,
      ...tooMany.map(([room, lines]) => `${this.name}, ${room}: ${lines.length} lines twice after ${strikes} faults`),
    ];
  }

  /** Discord takes no answer to a slash command that was not acknowledged within 3 s; it has told the asker so. */
  #isTooLate(mark: string): boolean {
    const ask = this.asks.find((one) => one.mark === mark);
    if (!ask || this.name !== 'discord' || ask.way.sign !== '/') return false;
    return (this.simulator as Discord).answered(ask.id).first === undefined;
  }

  async #ask(): Promise<void> {
    const ways = WAYS[this.name];
    const rooms = this.simulator.rooms.filter(({ kind }) => kind === 'room').map(({ name }) => name);
    for (let n = 0; !this.#quiet; n++) {
      const from = this.#from + n;
      const asking = { from, count: 1, rooms: rooms.slice(0, ROOMS), ways };
      // Where the bot is away for long nobody can ask; that is what is tried here.
      const asked = await askInTurn(this.simulator, asking, 0).catch(() => []);
      this.asks.push(...asked);
      await pause(this.#everyMs);
    }
  }
}

/** In which people ask: few, so that questions of a room follow each other closely. */
const ROOMS = 2;

/** Where a question that was sent again may have come in behind later ones, it counts how they came in. */
function orderOf(decided: Decided[]): Map<string, number> {
  return new Map(decided.map(({ reply, at }) => [markIn(reply ?? '') ?? '', at]));
}
