import { ROLES, type Role } from '#core/roles.ts';
import type { Person } from '#test/support/person.ts';

/**
 * Who is tried. What is at hand belongs to one community: the roles from guest to owner are in it, the others are not.
 * The stranger is a member of another community, and `elsewhere` is that one's owner; the operator runs the instance.
 */
export const WHO = ['anonymous', 'stranger', ...ROLES, 'operator', 'elsewhere'] as const;
export type Who = (typeof WHO)[number];
export type SignedIn = Exclude<Who, 'anonymous'>;

/** What each of WHO must get. */
export type Expect<T = number> = Readonly<Record<Who, T>>;

/** What stands in the hall while the tables are tried. Everything belongs to the host, one more owner, who is not tried. */
export interface World {
  host: Person;
  people: Record<SignedIn, Person>;
  /** The community at hand, and one that the host is not in. */
  community: string;
  other: string;
  /** A room for all of the community; one that only the host is in; one that the host let everybody of the community into. */
  open: string;
  closed: string;
  shared: string;
  /** A message of the host's in the closed room. */
  secret: string;
  /** A session of the host's, and a job that the host asked for. */
  session: string;
  job: string;
  /** Each gives something fresh, so that one caller's success does not spoil the next one's try. */
  freshRoom(): Promise<string>;
  freshMessage(): Promise<string>;
  /** Of the instance's first community, by the operator. */
  freshInvite(): Promise<{ id: string; code: string }>;
  /** The code of one that leads to a community which nobody who is tried is in before. */
  inviteElsewhere(): Promise<string>;
  /** Of the operator's, called “One more”. */
  freshCommunity(): Promise<string>;
  /** Somebody with this role in the community at hand. */
  freshMember(role: Role): Promise<string>;
  /** What a secret of the community's is called. */
  freshSecret(): Promise<string>;
}

interface Call {
  path: string;
  body?: unknown;
}

/** One try: the address filled in, the body, and what status everybody must get. */
export interface Try {
  about: string;
  expect: Expect;
  call(world: World, who: Who): Promise<Call> | Call;
}

export const at = (about: string, expect: Expect, call: Try['call']): Try => ({ about, expect, call });

/** An address that names nothing of a community's. */
export const plain = (path: string, expect: Expect, body?: unknown): Try[] => [
  at('as it stands', expect, () => ({ path, body })),
];

/** A community's address, in the one at hand and in one that is not there. */
export function inCommunities(rest: string, expect: Expect, body?: unknown): Try[] {
  return [
    at('the community at hand', expect, ({ community }) => ({ path: `/v1/communities/${community}${rest}`, body })),
    at('one that is not there', HIDDEN, () => ({ path: `/v1/communities/comm_none${rest}`, body })),
  ];
}

/** A room's address in four rooms: one for all, one that hides from everybody here, one that all are in, one that is not there. */
export function inRooms(rest: string, expect: Expect, body?: unknown): Try[] {
  const path = (room: string): string => `/v1/rooms/${room}${rest}`;
  return [
    at('a room for all', expect, ({ open }) => ({ path: path(open), body })),
    at('a private room, from outside', HIDDEN, ({ closed }) => ({ path: path(closed), body })),
    at('a private room, from inside', expect, ({ shared }) => ({ path: path(shared), body })),
    at('a room that is not there', HIDDEN, () => ({ path: path('room_none'), body })),
  ];
}

/** Anybody, with or without an account. */
export const everyone = (status: number): Expect => each(() => status);

/** Everybody with an account. */
export const signedIn = (status: number): Expect => ({ ...everyone(status), anonymous: 401 });

/** Not there for anybody, as far as they can tell. */
export const HIDDEN = signedIn(404);

/** Those of the community at hand from this role on; it is not there for others. */
export const from = (least: Role, status: number): Expect => fromRole(least, status, { below: 403, hidden: 404 });

/** Nobody of WHO, whatever their role. */
export const NOBODY: Expect = except(HIDDEN, Object.fromEntries(ROLES.map((role) => [role, 403])));

/** The operator, for things of the instance that anybody may know of. */
export const operatorOnly = (status: number): Expect => except(signedIn(403), { operator: status });

export function except<T>(expect: Expect<T>, others: Partial<Expect<T>>): Expect<T> {
  return { ...expect, ...others };
}

/** The same over a live connection, where nobody is anonymous: what is told instead of a status. */
export const told = (least: Role, answer: string): Expect<string> =>
  fromRole(least, answer, { below: 'not-allowed', hidden: 'unknown-room' });

export const hiddenRoom: Expect<string> = each(() => 'unknown-room');

function fromRole<T>(least: Role, allowed: T, { below, hidden }: { below: T; hidden: T }): Expect<T> {
  const inside = ROLES.map((role, rank) => [role, rank < ROLES.indexOf(least) ? below : allowed]);
  const nobody = typeof hidden === 'number' ? { anonymous: 401 } : {};
  return { ...each(() => hidden), ...nobody, ...Object.fromEntries(inside) } as Expect<T>;
}

function each<T>(what: (who: Who) => T): Expect<T> {
  return Object.fromEntries(WHO.map((who) => [who, what(who)])) as Record<Who, T>;
}

/** One caller for each thing that somebody must get: the first that must get it. Enough where others try everybody. */
export function fewOf<T>(expect: Expect<T>): Who[] {
  return WHO.filter((who, n) => WHO.findIndex((other) => expect[other] === expect[who]) === n);
}
