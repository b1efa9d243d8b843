import type { OwnedPlace } from './platform.ts';
import { LIMITS } from './limits.ts';

/** How the verification gate of a community stands in one of its places on a platform. */
export interface PlaceRules {
  mode: 'delete' | 'role';
  /** When it was shut, ms since 1970: what was said before stays. */
  since: number;
  /** The platform's id or name of the role that verified people have; undefined for none. */
  role: string | undefined;
  /** What verified people are called, `{name}` for the list's name; null: as they are. */
  nickname: string | null;
  /** The platform's id of the room in which a bare code is taken. */
  welcome: string | undefined;
}

/** Somebody of a platform, and what they are there: words of `DEFAULT_ROLES` and ids of roles. */
export interface PlacePerson {
  person: string;
  platformRoles: readonly string[];
}

/** held: not verified; verified: as the list calls them, null where it does not; free: they keep order, and the gate lets them be. */
export type AtPlace = { is: 'held' } | { is: 'verified'; name: string | null } | { is: 'free' };

/** What a connector asks of the gate; people and rooms in the platform's own ids. */
export interface PlaceGate {
  /** Undefined where the gate is open, or nobody vouched that the place is the community's. */
  rules(place: OwnedPlace): Promise<PlaceRules | undefined>;
  look(place: OwnedPlace, people: readonly PlacePerson[]): Promise<Map<string, AtPlace>>;
  /** People of the platform who are verified, in the order of their ids; some at once, from after one on. */
  verified(place: OwnedPlace, after: string): Promise<string[]>;
  /** True for the first who asks: who is held back is told what to do once. */
  tellOnce(place: OwnedPlace, person: string): Promise<boolean>;
  /** Somebody pasted a code; gives what they read of it. */
  prove(place: OwnedPlace, pasted: { person: string; name: string; room: string; code: string }): Promise<string>;
  /** Something keeps the gate from its work there, with what to change; undefined once nothing does. Kept for the moderators, once for each cause. */
  lacks(place: OwnedPlace, why: string | undefined): Promise<void>;
  /** Up to when all that was said there was looked at, ms since 1970. */
  lookedUntil(place: OwnedPlace): Promise<number | undefined>;
  looked(place: OwnedPlace, until: number): Promise<void>;
}

/** What somebody is called by a template, in the letters that a platform takes. */
export function nicknameBy(template: string, name: string): string {
  return template
    .replaceAll('{name}', () => name)
    .trim()
    .slice(0, LIMITS.platformNickname)
    .toWellFormed();
}

/** A code alone, as the mail shows it. Without the hyphen many a word of eight letters would be one. */
export function pastedCode(line: string): string | undefined {
  const code = line.trim();
  return /^[0-9a-z]{4}-[0-9a-z]{4}$/i.test(code) ? code : undefined;
}
