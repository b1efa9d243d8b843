import type { Room, Seen, Simulator } from '#test/simulators/shared/simulator.ts';
import { eventually } from './wait.ts';
import { type Heard, type Part, PARTS, type Place, type Stage, type StageName, type Way } from './stage.ts';
import type { StageHall } from './stage-hall.ts';

/** What is a platform's own: all else is the same for every stand-in. */
export interface Manners {
  name: StageName;
  simulator: Simulator;
  hides: boolean;
  noticesAbsence: boolean;
  /** What stands before a command's name. */
  signs: Record<Way, string>;
  /** Who plays a part that this platform has no role for. */
  plays?: Partial<Record<Part, string>>;
  /** The platform's own room for one that a test names. */
  roomOf?(room: string): string;
  offers?(command: string): boolean;
  /** Keeps the platform away a while after a cut, where a client would be back within milliseconds. */
  stayAway?(): void;
  /** Told where the hall is, once. */
  opened?(url: string): Promise<void>;
  /** Resolves when events arrive. */
  connected(): Promise<void>;
  notCommands: Stage['notCommands'];
  called(heard: Heard): string[];
}

/** A stage on a stand-in that speaks a platform's wire. */
export function platformStage(hall: StageHall, manners: Manners): Stage {
  const { simulator, name, hides, noticesAbsence, offers, notCommands, called } = manners;
  const typed = typist(manners);
  const places = new Map<string, Place>();
  const ready = async (): Promise<void> => {
    await eventually(`${name} to be ready`, async () => (await hall.notReady()).length === 0 || undefined);
    await manners.connected();
  };
  return {
    name,
    hides,
    noticesAbsence,
    notCommands,
    tellsMeanwhile: true,
    redelivers: true,
    typed,
    offers: offers ?? (() => true),
    called,
    account: (who) => `${simulator.platform}:${personOf(manners, who).id}`,
    room(room) {
      const place = places.get(room) ?? platformPlace(manners, typed, room);
      places.set(room, place);
      return place;
    },
    seen: (who) => heardBy(manners, who, simulator.rooms),
    async set(command, change) {
      await hall.set(command, change);
      if (!offers || typeof change['on'] !== 'boolean') return;
      await eventually(`${name} to know that ${command} changed`, () => offers(command) === change['on'] || undefined);
    },
    notReady: () => hall.notReady(),
    cut() {
      manners.stayAway?.();
      simulator.faults.disconnect();
    },
    askToReconnect: () => simulator.faults.reconnect(),
    back: ready,
    async restart() {
      await hall.restart();
      await ready();
    },
    violations: () => simulator.violations,
    async close() {
      await hall.close();
      await simulator.stop();
    },
  };
}

function typist({ signs }: Manners): Stage['typed'] {
  return (line, way = 'usual') => signs[way] + line.slice(1);
}

function personOf({ simulator, plays = {} }: Manners, who: Part): { id: string; name: string } {
  const name = plays[who] ?? who;
  const found = simulator.people.find((one) => one.name === name);
  if (!found) throw new Error(`${simulator.platform} has nobody called ${name}`);
  return found;
}

/** Sees what came since it was made, as rooms may be shared and direct messages are. */
function platformPlace(manners: Manners, typed: Stage['typed'], name: string): Place {
  const { simulator } = manners;
  const room = manners.roomOf?.(name) ?? name;
  const say = (who: Part, words: string): Promise<string> => simulator.say(personOf(manners, who).name, room, words);
  const seen = (who: Part): Heard[] =>
    heardBy(
      manners,
      who,
      simulator.rooms.filter((one) => one.kind === 'direct' || one.name === room),
    );
  const before = new Set(PARTS.flatMap(seen).map(({ id }) => id));
  return {
    name: room,
    ask: (who, line, way) => say(who, typed(line, way)),
    say,
    again: async (id) => simulator.again(id),
    seen: (who) => seen(who).filter(({ id }) => !before.has(id)),
  };
}

/** What the bot said to somebody, or to all, in these rooms; of direct messages only their own. */
function heardBy(manners: Manners, who: Part, rooms: Room[]): Heard[] {
  const { simulator, hides } = manners;
  const { name } = personOf(manners, who);
  const mine = rooms.filter((room) => room.kind !== 'direct' || room.name === `dm:${name}`);
  const seen = mine.flatMap((room) => simulator.seen(room.name, name)).filter(isAnswer);
  return seen.toSorted(byAge).map((one) => heardOf(one, hides));
}

/** The bot's own, and not the mark that it is still thinking. */
function isAnswer({ author, text, attachments }: Seen): boolean {
  return author.bot && author.name === 'Guildhall' && (text !== '' || attachments.length > 0);
}

/** The platforms whose rooms are read together, Discord and Slack, give ids that grow. */
function byAge({ id: a }: Seen, { id: b }: Seen): number {
  if (!/^[\d.]+$/.test(a) || a === b) return 0;
  return Number(a) === Number(b) ? Number(BigInt(digits(a)) - BigInt(digits(b))) : Number(a) - Number(b);
}

const digits = (id: string): string => id.replace('.', '');

function heardOf({ id, text, to, attachments, raw }: Seen, hides: boolean): Heard {
  if (hides) return { id, text, private: to !== undefined, attachments, raw };
  const [name = ''] = /^@\w+ /.exec(text) ?? [];
  return { id, text: text.slice(name.length), private: name !== '', attachments, raw };
}
