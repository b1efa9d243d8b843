import { AppError } from './errors.ts';
import type { AnyCommand } from './command.ts';
import type { Actor } from './permission.ts';
import type { PlaceGate } from './place-gate.ts';
import type { IncomingMessage, OutgoingMessage } from './message.ts';
import type { Sealer } from './secret.ts';
import type { WordRule } from './word-list.ts';

/** A platform as the rest of the program sees it. */
export interface Connector {
  readonly platform: string;
  /** Begins to connect and comes back at once. What goes wrong later is told by `health`, never thrown. */
  start(): void;
  /**
   * Resolves when the platform has taken the answer, or has refused it for good. Answers to one room go out in the order
   * of the calls. `again`: it may have been sent before, by a process that ended in the middle.
   */
  send(answer: OutgoingMessage, again: boolean): Promise<void>;
  health(): PlatformHealth;
  readonly actions: PlatformActions;
  /** Where the platform posts its events to us. */
  readonly webhook?: Webhook;
  /** A community switched commands on or off, or changed its word list or lock-down; where a platform keeps those it is told anew. */
  commandsChanged?(community: string): void;
  /** Lets what is on its way end, `graceMs` at most; what waits stays in the outbox. */
  stop(graceMs: number): Promise<void>;
}

/** An address of ours that a platform calls. */
export interface Webhook {
  path: string;
  /** Answers one call by its headers and its body as it came. */
  handle(headers: Record<string, string | string[] | undefined>, body: Uint8Array): Promise<WebhookAnswer>;
}

export interface WebhookAnswer {
  status: number;
  body: string;
  contentType?: string;
}

/** up: heard from within the platform's heartbeat. refused: the platform will not have the token; trying again is of no use. */
export type PlatformState = 'starting' | 'up' | 'silent' | 'down' | 'refused';

export interface PlatformHealth {
  platform: string;
  state: PlatformState;
  /** What is wrong and what mends it; also where it is up and single rooms are not. */
  why?: string;
  /** When the platform was last heard, ms since 1970. */
  heardAt?: number;
  /** Places that do not work while the others do, by the platform's id or name of them: why. */
  places?: Record<string, string>;
  /** Answers that wait to be sent. */
  waiting: number;
  /** Since the start: what was received, sent, and refused by the platform for good. */
  counts: { received: number; sent: number; refused: number };
}

/** Where a platform action applies: a guild, workspace or channel, in the platform's own ids. */
export interface ActionTarget {
  space: string;
  room?: string;
  message?: string;
  person?: string;
}

/** What features may do on a platform, the same words everywhere. Each throws `cannot` where a platform has no such thing. */
export interface PlatformActions {
  deleteMessage(target: ActionTarget): Promise<void>;
  grantRole(target: ActionTarget, role: string): Promise<void>;
  removeRole(target: ActionTarget, role: string): Promise<void>;
  /** An empty nickname takes it away. */
  setNickname(target: ActionTarget, nickname: string): Promise<void>;
  /** The person cannot write for so many seconds; 0 ends it. */
  timeOut(target: ActionTarget, seconds: number, reason: string): Promise<void>;
  /** Takes the person out of the space; they may come back. */
  kick(target: ActionTarget, reason: string): Promise<void>;
  /** Nothing of theirs gets in until `unban`. */
  ban(target: ActionTarget, reason: string): Promise<void>;
  unban(target: ActionTarget, reason: string): Promise<void>;
  /** Seconds between two messages of one person in a room; 0 ends it. */
  slowMode(target: ActionTarget, seconds: number): Promise<void>;
  /**
   * What the person is there now, in the words of `DEFAULT_ROLES` and the ids of their roles; nothing for who is not there. Left out
   * where the platform itself guards those who stand higher, or does nothing to people.
   */
  rolesOf?(target: ActionTarget): Promise<string[]>;
}

/** What a platform's connector is asked to do, as it travels on `outgoing` among the answers. */
export interface PlatformAct {
  act: Exclude<PlatformAction, 'wordList'>;
  community: string;
  target: ActionTarget;
  /** Of grantRole and removeRole the platform's id of the role, of setNickname the name. */
  value?: string;
  seconds?: number;
  reason?: string;
  /** Who asks for it to be done to a person. Left out: the program does, or it takes something back. */
  by?: Actor;
}

/** `wordList`: the platform looks for words by itself, by a list that we keep there. */
export type PlatformAction = Exclude<keyof PlatformActions, 'rolesOf'> | 'wordList';

/** 409, fault platform: the platform has no such thing, or does not let bots do it. `detail` says what to do instead. */
export function cannot(platform: string, action: PlatformAction, detail: string): AppError {
  return new AppError({
    status: 409,
    code: `cannot-${WORDS[action]}`,
    detail: `${platform}: ${detail}`,
    fault: 'platform',
  });
}

const WORDS: Record<PlatformAction, string> = {
  deleteMessage: 'delete-message',
  grantRole: 'grant-role',
  removeRole: 'remove-role',
  setNickname: 'set-nickname',
  timeOut: 'time-out',
  kick: 'kick',
  ban: 'ban',
  unban: 'unban',
  slowMode: 'slow-mode',
  wordList: 'word-list',
};

/** What a connector is given; it looks nothing up by itself. */
export interface ConnectorPorts extends OpenPorts {
  /** Communities' own applications on a platform that has such. */
  applications?(platform: string): Applications;
}

/**
 * An application of a community; on Slack a workspace that the operator's was added to. `version` is another one once it has a
 * new token.
 */
export interface Application {
  id: string;
  community: string;
  /** The platform's own id of it. */
  platformId: string;
  version: number | null;
}

export type ApplicationState = 'live' | 'waiting' | 'refused';

/** Applications that are served beside the operator's. */
export interface Applications {
  list(): Promise<Application[]>;
  /** Throws `AppError`: 409 where somebody has to do something, 503 where the vault is away. */
  token(id: string): Promise<string>;
  noted(id: string, state: ApplicationState, why: string | undefined): Promise<void>;
  /** The platform ended it: its token is forgotten. */
  ended(id: string): Promise<void>;
  /** The application that serves a place; undefined for the operator's. */
  servedBy(space: string): Promise<string | undefined>;
  /** What a connection of the application is given. */
  ports(app: Application): ConnectorPorts;
}

/** What every connection is given. */
export interface OpenPorts {
  /** Takes in what was read, once for each platform's id of it. Resolves after the commit. */
  receive(message: IncomingMessage, platformId: string): Promise<string>;
  /** Every command by name, switched on or not. */
  commands: ReadonlyMap<string, AnyCommand>;
  /** Seals what a `secret(…)` argument holds: nothing unsealed goes to `receive` or the log. */
  seal: Sealer;
  /** The community that a guild, workspace or channel belongs to; noted where it is new. `symbol`: the channel's own, else null. */
  space(place: {
    platform: string;
    platformId: string;
    name: string;
  }): Promise<{ community: string; symbol: string | null }>;
  /** Whether the community has the command switched on, and the symbol it chose for it. */
  setting(community: string, command: string): Promise<{ on: boolean; symbol: string | null }>;
  /** For the community's word list. Told by connectors that read every line anyway; none reads more for its sake. */
  overheard?(line: Overheard): Promise<void>;
  /** The word list for platforms that look for words by themselves; empty where nobody vouched that the place is the community's. */
  wordRules?(place: OwnedPlace): Promise<readonly WordRule[]>;
  /** The lock-down that holds there now; ms since 1970, null without an end. None where nobody vouched for the place. */
  lockDown?(place: OwnedPlace): Promise<{ until: number | null } | undefined>;
  /** The verification gate of the community that a place belongs to. */
  gate?: PlaceGate;
  /** Such a platform kept a line from being said. */
  blocked?(line: Blocked): Promise<void>;
  /** What a platform tells of its places beside what is asked there. */
  places: PlaceNotes;
  deliveries: Deliveries;
  memory: ConnectorMemory;
  log: PlatformLog;
  clock(): number;
}

/** A line that was said where the bot reads all, by somebody who keeps no order there. Ids are the platform's own. */
export interface Overheard {
  platform: string;
  space: string;
  room: string;
  message: string;
  person: string;
  /** As they are called there. */
  name?: string;
  text: string;
}

/** A place in the platform's own id, with the community that it belongs to. */
export interface OwnedPlace {
  platform: string;
  platformId: string;
  community: string;
}

/** A line that a platform kept back for a word of the list. Ids are the platform's own. */
export interface Blocked {
  platform: string;
  space: string;
  room?: string;
  person: string;
  /** As it stands in the list that the platform was given. */
  words: string;
}

export interface PlaceNotes {
  /** The bot was removed from it. */
  gone(place: { platform: string; platformId: string }): Promise<void>;
  /** The roles that people may have there. */
  roles(place: { platform: string; platformId: string }, roles: readonly { id: string; name: string }[]): Promise<void>;
}

/** Parts of answers that were sent. A part is named `request:n:part`. */
export interface Deliveries {
  wasSent(part: string): Promise<boolean>;
  record(part: string): Promise<void>;
}

/** The little that a connector must know after a restart beside its deliveries, such as when it sent last. */
export interface ConnectorMemory {
  recall(name: string): Promise<string | undefined>;
  remember(name: string, value: string): Promise<void>;
}

/** One line each; `facts` hold the platform's own code. Never a token. */
export interface PlatformLog {
  info(facts: Record<string, unknown>, words: string): void;
  warn(facts: Record<string, unknown>, words: string): void;
  error(facts: Record<string, unknown>, words: string): void;
}
