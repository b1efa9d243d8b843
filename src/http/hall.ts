import type { Attempt } from '#auth/oauth-state.ts';
import type { Auth } from '#auth/auth.ts';
import type { IssuedCode } from '#auth/one-time-codes.ts';
import type { Prover } from '#auth/proof.ts';
import type { EraseAsked, Erased } from '#auth/erase-account.ts';
import type { Session } from '#auth/sessions.ts';
import type { Chat } from '#chat/chat.ts';
import type { Post, Posted } from '#chat/post-message.ts';
import type { AnyCommand } from '#core/command.ts';
import type { CommandChange, CommandRules } from '#core/command-setting.ts';
import type { Field, SettingValue } from '#core/feature-settings.ts';
import type { Rate } from '#core/limits.ts';
import type { MailOut } from '#core/mail.ts';
import type { Verification } from '#core/verification.ts';
import type { Refusal, Reply } from '#core/message.ts';
import type { KeptData } from '#core/personal-data.ts';
import type { PlatformHealth, Webhook } from '#core/platform.ts';
import type { Actor } from '#core/permission.ts';
import type { PlaceHealth } from '#core/place-health.ts';
import type { RateStore } from '#core/rate.ts';
import type { RoleMapping } from '#core/role-mapping.ts';
import type { Role } from '#core/roles.ts';
import type { Secrets } from '#core/secret.ts';
import type { SeenMappings } from '#spaces/map-roles.ts';
import type { SeenSpace, SpacePage } from '#spaces/see-spaces.ts';
import type { Adding } from '#spaces/add-workspace.ts';
import type { PlatformApp, PlatformName } from '#spaces/spaces.ts';

/** What the HTTP side of the hall is made of. Everything arrives here; nothing is looked up. */
export interface Hall {
  /** This process, as the other halls know it. */
  id: string;
  /** Other halls may serve the same rooms: events go between them. */
  shared?: boolean;
  auth: Auth;
  chat: Chat;
  commands: CommandPort;
  communities: CommunityPort;
  spaces: SpacePort;
  features: FeaturePort;
  secrets: Secrets;
  linking: LinkingPort;
  audit: AuditPort;
  overview: OverviewPort;
  yourData: YourDataPort;
  operator: OperatorPort;
  /** The instance at one look. Whether one may ask is the route's question. */
  instance(): Promise<InstanceOverview>;
  /** Addresses that platforms post their events to. */
  webhooks: readonly Webhook[];
  settings: HallSettings;
  rates: RateStore;
  mailer: MailOut;
  /** Where the feature is there. */
  verification?: Verification;
}

export interface HallSettings {
  version: string;
  demo: boolean;
  /** Where people reach us, without a slash at the end; undefined: as the request says. */
  publicUrl: string | undefined;
  https: boolean;
  loopback: boolean;
  corsOrigins: string[];
  trustedProxies: string[];
  metricsToken: string | undefined;
  /** Who may make a community beside the first. */
  communities: 'operator' | 'anyone';
  limits: { post: Rate; read: Rate };
  /** The folder of the built pages; undefined serves none. */
  pages: string | undefined;
}

/** `asked`: the line as it may be kept and shown, without what is secret in it. */
export interface AcceptedCommand {
  command: string;
  asked: string;
}

/** The bot, as the web chat and HTTP reach it. */
export interface CommandPort {
  all: ReadonlyMap<string, AnyCommand>;
  /** Words go into the room, a command to the bot. */
  post(person: Session, post: Post): Promise<Posted | AcceptedCommand>;
  /** What somebody may use in a community, for the palette. */
  offer(community: string, who: Actor): Promise<unknown[]>;
  schema(command: AnyCommand): Record<string, unknown>;
  call(called: CommandCall, seconds: number): Promise<{ reply: Reply; refusal?: Refusal } | { job: string }>;
  /** The state of what an account asked for. */
  answer(id: string): Promise<{ account: string; state: string; reply: Reply | null; refusal?: Refusal } | undefined>;
}

export interface CommandCall {
  who: Session;
  role: Role | undefined;
  community: string;
  room?: string;
  name: string;
  args: Record<string, unknown>;
}

/** By what ways people can link their names on platforms. */
export interface LinkingPort {
  ways(): { platform: string; code: boolean; oauth: boolean }[];
  /** Undefined where the operator set up no such way. */
  prover(platform: string): Prover | undefined;
}

/** What a community decides about its commands and its places on platforms. Whether one may ask is the route's question. */
export interface CommunityPort {
  commands(community: string): Promise<CommandRules[]>;
  /** Gives the command as it holds then. 404 for one that there is not, 400 for people who are no members, 403 for what stays. */
  changeCommand(wanted: Wanted & { name: string; change: CommandChange }): Promise<CommandRules>;
  /** Each rule that the bot asks, with what it comes to for one person of the community; 404 for a stranger. */
  why(asked: { community: string; name: string; person: string }): Promise<RuleMet[]>;
  spaces(community: string): Promise<PublicSpace[]>;
  /** The sign before commands in one place; null for the usual one. 404 where the community has no such place. */
  setSymbol(wanted: Wanted & { space: string; symbol: string | null }): Promise<PublicSpace>;
}

interface Wanted {
  community: string;
  /** Who wants it, for the audit; null for the operator at the command line. */
  by: string | null;
}

/** The features of this hall, and what a community set about them. Whether one may ask is the route's question. */
export interface FeaturePort {
  /** All of them: as many as the program has. */
  list(community: string): Promise<SeenFeature[]>;
  /** 404 for a feature that there is not, or that has no settings. */
  settings(community: string, feature: string): Promise<SeenSettings>;
  /** Gives them as they hold then. 409 where another version holds, 400 with what is wrong by field. */
  change(wanted: WantedSettings): Promise<SeenSettings>;
}

/** `changed`: how many fields differ from what the feature declares. */
export interface SeenFeature {
  name: string;
  commands: string[];
  settings: { title: string; about: string; fields: number; changed: number } | null;
}

/** A field with what holds now. Of a role, `choices` are those that the community's places have. */
export interface SeenField extends Omit<Field, 'schema' | 'platform'> {
  name: string;
  value: SettingValue;
}

export interface SeenSettings {
  feature: string;
  title: string;
  about: string;
  version: number;
  fields: SeenField[];
}

/** What is absent stays, null goes back to what is declared. `version`: of the settings that were looked at. */
export interface WantedSettings extends Wanted {
  feature: string;
  version: number;
  values: Record<string, SettingValue | null>;
}

/** How a community is. */
export interface OverviewPort {
  activity(community: string): Promise<TimedFigure[]>;
  work(community: string): Promise<Overview['work']>;
  /** Puts a failed job of the community back among those that wait; 404 where it is none of its own. */
  retry(wanted: Wanted & { job: string }): Promise<void>;
  drop(wanted: Wanted & { job: string }): Promise<void>;
}

/** A figure of a span that begins at `at`. */
export interface TimedFigure {
  at: string;
  figure: number;
}

export interface Overview {
  /** Messages an hour. */
  activity: TimedFigure[];
  work: {
    waiting: number;
    /** Jobs that waited in each of the last 60 minutes. */
    waited: TimedFigure[];
    /** Median ms to the first answer, in spans of 5 minutes; null where nothing was asked. */
    answers: { at: string; figure: number | null }[];
    failed: {
      id: string;
      job: string;
      /** What the person used, and who it was. */
      asked: string;
      by: string;
      platform: string;
      reason: string | null;
      attempts: number;
      failedAt: string | null;
    }[];
  };
}

/** A community's places on platforms, and what roles there are worth here. Whether one may ask is the route's question. */
export interface SpacePort {
  list(community: string, page: SpacePage): Promise<{ spaces: SeenSpace[]; next?: string }>;
  /** Each platform that a place can be on; `invite`: what puts the bot into another one; `adds`: a place is added by a button. */
  platforms(): Promise<{ platform: string; health: PlaceHealth; invite?: string; adds?: boolean }[]>;
  askToConnect(asked: { community: string; by: string; platform: PlatformName }): Promise<IssuedCode>;
  giveBack(asked: { community: string; by: string; space: string }): Promise<void>;
  /** The community's own applications. `invite`: what puts one's bot into a Discord server. */
  applications(community: string): Promise<InvitedApp[]>;
  addApplication(asked: { community: string; by: string; token: string }): Promise<InvitedApp>;
  removeApplication(asked: { community: string; by: string; app: string }): Promise<void>;
  slack: SlackPort;
  mappings(community: string): Promise<SeenMappings>;
  setMappings(asked: { community: string; by: string; role: Role; mappings: RoleMapping[] }): Promise<SeenMappings>;
}

/** One rule that a use of a command meets. `open`: it cannot be told before it is used. */
export interface RuleMet {
  rule: 'house' | 'account' | 'on' | 'who' | 'pace';
  state: 'passes' | 'refuses' | 'open';
  /** What whoever is refused is told, and who can change it. */
  says?: string;
  change?: string;
}
export type InvitedApp = PlatformApp & { invite?: string };

/** "Add to Slack". */
export interface SlackPort {
  /** Whether the operator set what Slack knows the app by. */
  isSetUp: boolean;
  begin(asked: { community: string; by: AttemptBy; redirect: string }): Promise<{ address: string; sealed: string }>;
  back(came: { sealed: string | undefined; state: string | undefined; by: AttemptBy }): Promise<{ community: string }>;
  begunFor(state: string | undefined): string | undefined;
  add(asked: Adding): Promise<PlatformApp>;
}

type AttemptBy = NonNullable<Attempt['by']>;

/** A guild, workspace or channel. */
export interface PublicSpace {
  id: string;
  platform: string;
  platformId: string;
  name: string;
  symbol: string | null;
  seenAt: string;
}

/** Everything about a person, for that person. */
export interface YourDataPort {
  export(account: string): AsyncIterable<object>;
  /** What stays, and why, and what goes on. 403 without proof, 409 for the last owner or operator. */
  erase(person: Session, asked: EraseAsked): Promise<Erased>;
  /** What would stay. */
  keeps(messages: EraseAsked['messages']): KeptData[];
}

/** Who did what. Whether one may ask is the route's question. */
export interface AuditPort {
  page(asked: AuditQuery, reader: string): Promise<{ entries: AuditEntry[]; after: string | null }>;
  /** All that the query finds, a piece at a time: read as fast as it is taken. */
  all(asked: AuditQuery, reader: string): AsyncIterable<AuditEntry>;
  /** Writes down that somebody took all of it away. */
  exported(community: string, by: string): Promise<void>;
  /** Days that entries are kept. */
  days: number;
}

export interface AuditQuery {
  /** Null for what belongs to no community. */
  community: string | null;
  /** An account, `platform:id`, or a username. */
  who?: string | undefined;
  /** Actions by name, or all that begin so: `command.*`. */
  action?: readonly string[] | undefined;
  subject?: string | undefined;
  /** What was changed, without the commands that were used. */
  kind?: 'change' | undefined;
  result?: 'done' | 'refused' | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** Where the page before ended. */
  after?: string | undefined;
  limit: number;
}

/** One entry, with what its ids are called today. */
export interface AuditEntry {
  id: string;
  at: string;
  /** Null: the operator at the command line, or the hall itself. */
  who: { id: string; name: string | null; username: string | null } | null;
  /** Where they did it from, where it was not here. */
  identity: { platform: string; id: string; name: string | null } | null;
  /** The platform that they did it from; it stays where the identity was deleted. Null: here. */
  platform: string | null;
  action: string;
  subject: { id: string; name: string | null } | null;
  detail: string | null;
  place: { id: string; name: string | null } | null;
  /** `done`, or the code of the refusal. */
  result: string;
}

/** What the operator may do beyond the chat. */
export interface OperatorPort {
  dead(): Promise<DeadJob[]>;
  /** `by`: who wants it, for the audit. */
  retry(id: string, by: string): Promise<boolean>;
  forget(id: string, by: string): Promise<boolean>;
  /** What does not work, by name; empty when all does. */
  unready(): Promise<{ name: string; why: string }[]>;
  /** How each connected platform is. */
  platforms(): PlatformHealth[];
  /** Rows that wait to be published. */
  outbox(): Promise<number>;
}

/** How everything runs: for the operator. */
export interface InstanceOverview {
  version: string;
  node: string;
  schema: number;
  processes: {
    id: string;
    role: string;
    version: string;
    /** troubled: it lives, and a part of it does not work; silent: it ended without a word. */
    state: 'live' | 'troubled' | 'silent';
    startedAt: string;
    seenAt: string;
    parts: SeenPart[];
    /** Bytes, and per cent of its time, of each minute of the last hour. */
    memory: MinuteFigures;
    busy: MinuteFigures;
  }[];
  /** When the first of the minutes began. */
  since: string;
  /** What waited in each minute: jobs, and what was committed and not yet taken. */
  waited: { jobs: MinuteFigures; outbox: MinuteFigures };
  /** `jobs`, and `outbox.` with each channel that has something. */
  queues: { name: string; waiting: number; oldest: string | null }[];
  /** The database first. */
  engines: (SeenPart & { version?: string; bytes?: number; answersMs?: number })[];
  /** The last one that was read back whole. */
  backup: { at: string; bytes: number } | null;
}

/** 60 of them, the present minute last; null where nothing was noted. */
export type MinuteFigures = (number | null)[];

export interface SeenPart {
  /** Such as `discord` or `redis`. */
  name: string;
  state: 'up' | 'standby' | 'starting' | 'silent' | 'refused' | 'down' | 'off';
  why?: string;
}

export interface DeadJob {
  id: string;
  job: string;
  reason: string | null;
  attempts: number;
  failedAt: string | null;
}
