import assert from 'node:assert/strict';
import { eventually } from './wait.ts';

/** The ways into the hall that a play can be given on. */
export type StageName = 'webchat' | 'http' | 'discord' | 'slack' | 'slack events' | 'twitch';

/** Who plays: two members, a moderator and the owner. Their roles come from the platform. */
export type Part = (typeof PARTS)[number];

export const PARTS = ['mia', 'max', 'mona', 'olga'] as const;

/** What the bot said, as one person sees it. */
export interface Heard {
  id: string;
  text: string;
  /** For one person alone. Where nothing can be hidden: it begins with their name, which is left out here. */
  private: boolean;
  attachments: { name: string; type: string; bytes: number }[];
  /** The platform's own form. */
  raw: unknown;
}

/** Usual is what most people do there; other is the second way, such as a mention on Discord. */
export type Way = 'usual' | 'other';

/** One platform with the whole hall behind it. */
export interface Stage {
  name: StageName;
  /** Nobody else sees a private answer. */
  hides: boolean;
  /** What is said before the answer itself is shown. */
  tellsMeanwhile: boolean;
  /** `/stock aapl.us` as it is typed here. */
  typed(line: string, way?: Way): string;
  /** Whether people have the command at hand; Discord alone takes away what is switched off. */
  offers(command: string): boolean;
  /** What the hall calls somebody where people are named. */
  account(who: Part): string;
  /** A room that was named when the stage was opened. */
  room(name: string): Place;
  /** All that the bot said to this person or to everybody since the beginning, in any room, oldest first. */
  seen(who: Part): Heard[];
  /** The owner changes a command's rules over HTTP. Resolves when the platform knows. */
  set(command: string, change: Record<string, unknown>): Promise<void>;
  /** The platforms that /health/ready names. */
  notReady(): Promise<string[]>;
  /** Whether the hall notices by itself that the platform is away. */
  noticesAbsence: boolean;
  /** Whether what was typed can arrive a second time: a call over HTTP is a new one each time. */
  redelivers: boolean;
  /** Cuts every connection without a word. */
  cut(): void;
  /** The platform asks for a new connection, where it has such a thing. */
  askToReconnect(): void;
  /** Resolves when the platform's events arrive again. */
  back(): Promise<void>;
  /** Stops the hall in the middle of its work, and starts it again on the same data. */
  restart(): Promise<void>;
  /** What people, or other programs, may do that is no command, though it looks like one. */
  notCommands: { what: string; act(room: string, line: string): Promise<unknown> }[];
  /** Whom a message of the bot calls. */
  called(heard: Heard): string[];
  /** What the platform had to complain about. */
  violations(): string[];
  close(): Promise<void>;
}

/** One room of a stage. */
export interface Place {
  name: string;
  /** Types a command, given as `/stock aapl.us`, in the form of this platform. Rejects where it cannot be typed. */
  ask(who: Part, line: string, way?: Way): Promise<string>;
  /** Types words exactly as they are. Gives the platform's id of them. */
  say(who: Part, words: string): Promise<string>;
  /** The platform delivers this once more. */
  again(id: string): Promise<void>;
  /** All that the bot said here to everybody or to this person, oldest first; direct messages too. */
  seen(who: Part): Heard[];
}

/**
 * What stands in one message: the whole of it, or several parts. `‹/stock symbol›` means that line as it is typed on the
 * stage.
 */
export type Words = string | (string | RegExp)[];

/** One message of the bot. */
export interface Expected {
  words: Words;
  /** What must not stand in it. */
  lacks?: string[];
  private?: boolean;
  way?: Way;
}

/** Waits until somebody has heard exactly this: so many messages, in this order, each with all of its words. */
export async function hears(
  stage: Stage,
  place: Pick<Place, 'seen'>,
  who: Part,
  expected: Expected[],
): Promise<Heard[]> {
  return eventually(`${who} to hear ${expected.map(({ words }) => String(words)).join(', ')}`, () => {
    const heard = place.seen(who);
    assert.deepEqual(
      heard.map(shape),
      expected.map((one, index) => shapeOf(stage, one, heard[index]?.text)),
    );
    return heard;
  });
}

interface Shape {
  text: string;
  private: boolean;
}

const shape = ({ text, private: only }: Heard): Shape => ({ text, private: only });

/** What is expected, in a form that is the same as what was heard where that fits. */
function shapeOf(stage: Stage, one: Expected, heard: string | undefined): Shape {
  const form = (words: string): string => inForm(stage, words, one.way);
  const lacking = (one.lacks ?? []).map(form);
  const parts = [one.words].flat().map((part) => (typeof part === 'string' ? form(part) : part));
  const fits =
    heard !== undefined &&
    (typeof one.words === 'string' ? heard === parts[0] : parts.every((part) => stands(part, heard))) &&
    !lacking.some((part) => heard.includes(part));
  const wanted = parts.map(String).join(' … ') + lacking.map((part) => `, without ${part}`).join('');
  return { text: fits ? heard : wanted, private: one.private ?? false };
}

const stands = (part: string | RegExp, text: string): boolean =>
  typeof part === 'string' ? text.includes(part) : part.test(text);

/** Every `‹/line›` as it is typed on the stage. */
function inForm(stage: Stage, words: string, way: Way = 'usual'): string {
  return words.replace(/‹([^›]*)›/g, (_, line: string) => stage.typed(line, way));
}
