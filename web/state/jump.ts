import type { Command, Person, Room } from '#contracts/web.ts';

/** A place, a person or a command that a few letters may lead to; or what was said with these words. */
export type Goal =
  | { kind: 'room'; key: string; room: Room }
  | { kind: 'person'; key: string; person: Person }
  | { kind: 'command'; key: string; command: Command }
  | { kind: 'search'; key: string; words: string };

type Known = { rooms: Room[]; people: Person[]; commands: Command[] };

const MOST_OF_A_KIND = 6;

/** What fits the letters, rooms first, and the search last. Without letters: the rooms, unread ones before the others. */
export function goalsFor(query: string, known: Known): Goal[] {
  const letters = query
    .trim()
    .toLowerCase()
    .replace(/^[#@/]/, '');
  const rooms = letters ? best(known.rooms, letters, (room) => [room.name]) : unreadFirst(known.rooms);
  const people = letters ? best(known.people, letters, (person) => [person.username, person.name]) : [];
  const commands = letters ? best(known.commands, letters, (command) => [command.name]) : [];
  return [
    ...rooms.map((room): Goal => ({ kind: 'room', key: room.id, room })),
    ...people.map((person): Goal => ({ kind: 'person', key: person.id, person })),
    ...commands.map((command): Goal => ({ kind: 'command', key: command.name, command })),
    { kind: 'search', key: 'search', words: query.trim() },
  ];
}

function unreadFirst(rooms: Room[]): Room[] {
  const unread = (room: Room) => Number(room.mentions > 0) * 2 + Number(room.seq > room.read);
  return rooms.toSorted((a, b) => unread(b) - unread(a)).slice(0, 12);
}

function best<T>(all: T[], letters: string, namesOf: (one: T) => string[]): T[] {
  const ranked = all.map((one) => ({ one, rank: Math.min(...namesOf(one).map((name) => rankOf(name, letters))) }));
  const fitting = ranked.filter(({ rank }) => rank < Number.POSITIVE_INFINITY).toSorted((a, b) => a.rank - b.rank);
  return fitting.slice(0, MOST_OF_A_KIND).map(({ one }) => one);
}

/** Begins so, has a word that begins so, holds it, has the letters in this order. */
function rankOf(name: string, letters: string): number {
  const low = name.toLowerCase();
  if (low.startsWith(letters)) return 0;
  if (low.split(/[\s_.-]+/).some((word) => word.startsWith(letters))) return 1;
  if (low.includes(letters)) return 2;
  let at = -1;
  for (const letter of letters) {
    at = low.indexOf(letter, at + 1);
    if (at === -1) return Number.POSITIVE_INFINITY;
  }
  return 3;
}
