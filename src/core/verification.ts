import { LIMITS } from './limits.ts';
import type { By } from './moderation.ts';
import type { FailureRule } from './rate.ts';
import type { PeopleList } from './verification-list.ts';

/** What a community decided about its gate. */
export interface GateSettings {
  /** Only verified people speak. */
  on: boolean;
  /** What holds others back on platforms: their messages are deleted, or a role that they lack. */
  mode: 'delete' | 'role';
  /** One answer for all who ask, so that nobody learns who is on the list. */
  neutral: boolean;
  /** What people are called on platforms from then on, `{name}` for the list's name; null: as they are. */
  nickname: string | null;
  linkMinutes: number;
  /** A second account for one entry: refused, or it follows once the first one's person has given it back. */
  second: 'refuse' | 'replace';
  /** By place (`space_…`) the room there in which a bare code is taken. */
  welcome: Record<string, string>;
  /** By place (`space_…`) the role there that verified people get. */
  roles: Record<string, string>;
  /** Grows with each change; 0 where nothing was ever decided. */
  version: number;
}

export const NO_GATE: GateSettings = {
  on: false,
  mode: 'delete',
  neutral: false,
  nickname: null,
  linkMinutes: LIMITS.verifyLinkMinutes,
  second: 'refuse',
  welcome: {},
  roles: {},
  version: 0,
};

/** How somebody stands at a community's gate. `open`: there is none, or it is not shut. */
export type AtGate = 'open' | 'verified' | 'unverified';

/** Asked by whatever lets people speak. */
export interface Gate {
  /** `person`: an account, or `platform:id`. An account is verified with each of its linked names, and they with it. */
  at(community: string, person: string): Promise<AtGate>;
}

/** Somebody of a community's list. */
export interface ListEntry {
  /** As the list writes it; compared by `entryKey`. */
  userId: string;
  /** In lower case. */
  email: string;
  name: string;
  /** ms since 1970; null: without an end. */
  until: number | null;
}

/** What user ids are compared by: the blanks around them and their case do not matter. */
export function entryKey(userId: string): string {
  return userId.trim().normalize('NFC').toLowerCase();
}

/** Who asks, and where: an account, or somebody of a platform. */
export interface Prover {
  community: string;
  /** An account, or `platform:id` for who linked none. */
  subject: string;
  /** Where they ask: webchat, http, discord, slack, twitch; and who they are there: an account, or the platform's id. */
  platform: string;
  platformId: string;
  name: string;
  /** The platform's own id of the place, and the room. */
  space?: string;
  room?: string;
}

/** What a link is good for, for the page that shows it. */
export interface SeenLink {
  /** Its name. */
  community: string;
  /** Who asks, as they are called where they asked. */
  name: string;
  platform: string;
  /** The entry's. */
  userId: string;
}

/** What came of a proof. `waits`: the account before has to give the entry back first. */
export interface Proved {
  outcome: 'verified' | 'waits' | 'banned' | 'taken';
  platform: string;
}

export type RequestState = 'mailing' | 'live' | 'used' | 'waiting' | 'denied' | 'replaced' | 'over';

export interface SeenRequest {
  id: string;
  userId: string;
  /** An account, or `platform:id`. */
  subject: string;
  name: string;
  platform: string;
  state: RequestState;
  createdAt: number;
  expiresAt: number;
  endedAt: number | null;
}

export interface SeenBinding {
  id: string;
  userId: string;
  /** The list's name; null where the entry is gone. */
  listName: string | null;
  subject: string;
  /** As the person was called. */
  name: string;
  how: 'link' | 'code' | 'oidc' | 'moderator';
  verifiedAt: number;
  endedAt: number | null;
  why: EndedWhy | null;
  /** A ban holds against a person of this entry, so it is nobody's. */
  banned: boolean;
}

export type EndedWhy = 'unlinked' | 'given-back' | 'replaced' | 'removed' | 'expired';

/** Who may ask no more. */
export interface SeenBar {
  subject: string;
  name: string;
  barredAt: number;
}

export interface VerifyPage {
  /** The last one of the page before. */
  after?: string | undefined;
  limit: number;
}

/** How far a community is with its list, and whom its gate holds back. */
export interface GateCounts {
  entries: number;
  verified: number;
  /** Requests that have not ended. */
  pending: number;
  /** Who may ask no more. */
  barred: number;
  /** Members whom the gate made guests. */
  held: number;
  /** Members who would become guests if it were shut now. */
  wouldBe: number;
}

/** A mail that somebody sent to themselves, to see that mails go out. */
export interface TestMail {
  at: number;
  state: 'going' | 'sent' | 'refused';
}

export interface GateOverview extends GateCounts {
  /** The proved address of whoever looks. */
  address: string | null;
  testMail: TestMail | null;
}

export type GateChange = Partial<Omit<GateSettings, 'version'>>;

/**
 * The verification gate, the same from a page, over HTTP and as a command. What moderators do asks for permission; what people
 * do for themselves does not. Answers for people are sentences.
 */
export interface Verification extends Gate {
  settings(community: string): Promise<GateSettings>;
  /** Whoever is no longer, or not yet, verified becomes a guest or a member in the same commit. */
  change(asked: { by: By; change: GateChange }): Promise<GateSettings>;
  /** `/verify 1234567890`. 403 and 429 where they may not ask. */
  ask(prover: Prover, userId: string): Promise<string>;
  /** `/verify code:ABCD-EFGH`: does what the link does, for who asked alone. */
  code(prover: Prover, typed: string): Promise<string>;
  /** `/unverify`: gives the entry back; a second account that waits for it has it then. */
  giveBack(prover: Prover): Promise<string>;
  /** Changes nothing. Undefined where the link is good for nothing. */
  look(session: string): Promise<SeenLink | undefined>;
  /** Uses the link up, whatever comes of it. Undefined where it was good for nothing. */
  confirm(session: string): Promise<Proved | undefined>;
  /** What somebody reads of their proof. Throws 403 and 409 where it came to nothing. */
  wordsFor(proved: Proved): string;
  /** "This was not me". False where the link was good for nothing. */
  deny(session: string): Promise<boolean>;
  overview(by: By): Promise<GateOverview>;
  /** To the proved address of whoever asks; 409 `no-address` where they have none. */
  testMail(by: By): Promise<void>;
  requests(by: By, page: VerifyPage & { state?: RequestState }): Promise<SeenRequest[]>;
  bindings(by: By, page: VerifyPage & { active: boolean; query?: string }): Promise<SeenBinding[]>;
  /** A moderator's acts. 404 where there is nothing to do it to. */
  unlink(asked: { by: By; id: string; reason: string }): Promise<void>;
  /** `name`: of somebody of a platform who has no account here. */
  vouch(asked: { by: By; userId: string; subject: string; name?: string }): Promise<void>;
  bars(by: By): Promise<SeenBar[]>;
  liftBar(asked: { by: By; subject: string }): Promise<void>;
  list: PeopleList;
  /** Ends what has ended by its time; goes on with letters to all. */
  sweep(): Promise<void>;
}

/** Wrong links of an address, and wrong codes of a person: 5 → 10 s, 10 → 20 s, 15 → 40 s, doubling on, up to an hour. */
export const WRONG_PROOFS: FailureRule = {
  every: LIMITS.wrongProofs,
  firstWait: LIMITS.wrongProofWait,
  longestWait: LIMITS.wrongProofWaitMost,
  forgetAfter: LIMITS.wrongProofsForgotten,
};

/** A code as it was typed, for comparing: eight signs without the hyphen; undefined for what is no code. Signs that look alike count as one. */
export function readProofCode(typed: string): string | undefined {
  const signs = typed
    .trim()
    .replace(/^code:\s*/i, '')
    .replace('-', '')
    .toUpperCase();
  if (!/^[0-9A-Z]{8}$/.test(signs) || signs.includes('U')) return undefined;
  return signs.replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}
