/**
 * What the hall and a browser say to each other: bodies of `/v1/…` and frames of `/v1/live`.
 * Types only. The hall checks what comes in with its own schemas; a test there holds both together.
 *
 * Times are RFC 3339 UTC strings. Ids are opaque strings with a prefix (`room_…`).
 * `seq` is a room's own count of messages, from 1. Deleted messages leave holes in it.
 */

/** What a person may do in a community, from least to most. */
export type Role = 'guest' | 'member' | 'moderator' | 'admin' | 'owner';

export type Account = { id: string; username: string; name: string };
export type Community = { id: string; name: string; role: Role };

/** `GET /v1/hall`, open to strangers. `empty`: nobody has an account yet. */
export type Hall = {
  name: string;
  signup: 'invite' | 'open' | 'closed';
  /** Who may make a community beside the first. */
  communities: 'operator' | 'anyone';
  version: string;
  demo: boolean;
  empty: boolean;
  /** The name of the service that one may sign in by. */
  oidc: string | null;
};

export type Me = { account: Account; operator: boolean; communities: Community[] };

/** A device that is signed in. `device` is a phrase such as “Firefox on Linux”. */
export type Session = {
  id: string;
  device: string;
  createdAt: string;
  lastSeenAt: string;
  /** When it ends by itself, where it is not used any more. */
  idleExpiresAt: string;
  shared: boolean;
  current: boolean;
};

/** What a program may do with a token. */
export type Scope = 'read' | 'post' | 'commands' | 'manage' | 'people' | 'me';

/** What a program asks for that signs in by its person's browser. */
export type DeviceRequest = { client: string; scopes: Scope[]; createdAt: string; expiresAt: string };

/** A personal API token; `token` itself is told only when it is made. */
export type Token = {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
};
export type SignedIn = { token: string; account: Account; idleExpiresAt: string };

/** What a stranger with the link may know of it. */
export type InviteOffer = { role: Role; community: string; expiresAt: string | null };
export type Invite = {
  id: string;
  code: string;
  url: string;
  role: Role;
  uses: number;
  used: number;
  expiresAt: string | null;
  createdAt: string;
  /** The name of whoever made it; null for the server itself. */
  by: string | null;
};

/** An address that a program posts to, in one room and under one name. */
export type Webhook = {
  id: string;
  room: string;
  roomName: string;
  name: string;
  madeBy: string | null;
  madeAt: string;
  lastUsedAt: string | null;
};

/** A message that was looked for. `marks`: where it says so, in UTF-16 units of its text. */
export type Found = {
  message: Message;
  room: { id: string; name: string; community: string };
  marks: [from: number, to: number][];
};
/** `next`: there may be more; ask with `before`. */
export type FoundPage = { results: Found[]; next?: string };

/** What is told of a stored secret. Its value never leaves the vault. `lastUsedBy`: `check`, or the service that was asked. */
export type Secret = {
  purpose: string;
  setAt: string;
  lastUsedAt: string | null;
  lastUsedBy: string | null;
  /** The vault has not the key that sealed it. */
  lost?: true;
};
/** `why` is for operators. */
export type SecretList = { secrets: Secret[]; vault: { state: 'ready' | 'away' | 'no-key'; why?: string } };

/** A name elsewhere. `platform`: discord, slack, twitch, or `oidc:` and the issuer of a sign-in. */
export type Identity = {
  platform: string;
  platformId: string;
  name: string;
  proof: 'code' | 'oauth';
  linkedAt: string;
};
/** How one's name on a platform can be linked: by a code that the bot takes there, by asking the platform. */
export type LinkWay = { platform: string; code: boolean; oauth: boolean };
export type IdentityList = { identities: Identity[]; platforms: LinkWay[] };
export type LinkCode = { code: string; expiresAt: string };

/** Unread is `seq − read`. `mentions` counts the unread ones that name me. */
export type Room = {
  id: string;
  name: string;
  topic: string;
  private: boolean;
  community: string;
  seq: number;
  read: number;
  mentions: number;
  /** Seconds between two posts of one person; 0 for none. */
  slowSeconds: number;
};

/** What holds against me in a community; `until` null: until a moderator lifts it. */
export type Standing = { kind: 'mute' | 'ban'; reason: string; until: string | null };
export type LockDown = { since: string; until: string | null };
/** `unverified`: the gate holds me back. `waiting`: for moderators. */
export type Stand = {
  standing: Standing | null;
  unverified?: true;
  waiting?: { reports: number; held: number; lockDown: LockDown | null };
};
export type Who = { id: string; name: string };
export type SanctionKind = 'mute' | 'kick' | 'ban';
/** `person`: an account, or `platform:id`. `by` null: the word list. */
export type Sanction = {
  id: string;
  kind: SanctionKind;
  person: Who;
  reason: string;
  by: string | null;
  madeAt: string;
  until: string | null;
  liftedAt: string | null;
};
export type Done = { id: string; name: string; platforms: string[] };
export type WordAct = 'delete' | 'hold' | 'mute';
export type WordRule = { id: string; words: string; act: WordAct; madeAt: string };
export type Outcome = 'deleted' | 'muted' | 'banned' | 'left';
export type Report = {
  id: string;
  message: string;
  room: { id: string; name: string | null };
  author: Who | null;
  text: string;
  reason: string;
  by: Who;
  madeAt: string;
  outcome: Outcome | null;
  settledAt: string | null;
  /** Where it was reported outside the web chat; `text` is empty where a person was reported and no message. */
  there?: ReportedThere;
};
/** `name`: whom it is about, as they were called; `platformId` where the platform tells who that is. `said`: there is a message, which the platform can be asked to delete. */
export type ReportedThere = {
  platform: string;
  place: string | null;
  name: string;
  platformId: string | null;
  said: boolean;
};
export type HeldMessage = {
  id: string;
  room: { id: string; name: string };
  author: Who;
  text: string;
  why: 'words' | 'lockdown';
  at: string;
};
/** `detail`: facts by name, such as the person, the reason and until when. */
export type ModerationEntry = {
  id: string;
  at: string;
  action: string;
  by: Who | null;
  subject: string | null;
  detail: Record<string, unknown>;
  /** `done`, or the code of what a platform refused. */
  result: string;
};

/** `lastSeenAt` and `identities` are for moderators and up. */
export type Member = Person & {
  joinedAt: string;
  lastSeenAt?: string | null;
  identities?: { platform: string; name: string }[];
};
/** For the operator. `communities`: how many they are in. */
export type InstanceAccount = Account & {
  operator: boolean;
  disabled: boolean;
  createdAt: string;
  lastSeenAt: string | null;
  communities: number;
};
export type InstanceCommunity = { id: string; name: string; createdAt: string; members: number; rooms: number };

/** `counts` is of the whole community; `next` is what `after` takes, null on the last page. */
export type MembersPage = { members: Member[]; counts: Record<Role, number>; next: string | null };

export type Person = { id: string; username: string; name: string; role: Role };
export type PersonInRoom = Person & { here: boolean };

export type Author = { id: string; name: string; kind: 'person' | 'bot' };
export type Table = { title?: string; columns: { name: string; numeric?: boolean }[]; rows: string[][] };
/** `width` and `height` in CSS pixels, so that a page can leave room before it has the picture. */
export type Picture = { url: string; alt: string; width: number; height: number };
/** Who caused a bot's message, and with which words: “ann used /stock aapl.us”. */
export type Cause = { account: string; name: string; text: string };

export type Message = {
  id: string;
  seq: number;
  room: string;
  author: Author;
  text: string;
  table?: Table;
  pictures?: Picture[];
  createdAt: string;
  editedAt?: string;
  cause?: Cause;
  /** Ids of the accounts that the text names with `@username`. */
  mentions?: string[];
};

export type Reply = { text: string; table?: Table; pictures?: Picture[]; private: boolean };

export type CommandArg = {
  name: string;
  about: string;
  /** secret: sealed where it comes in; it is never shown again. */
  kind: 'word' | 'text' | 'number' | 'choice' | 'secret';
  required: boolean;
  choices?: string[];
  /** A regular expression's source; a word has to match it, whatever its case. */
  pattern?: string;
};
export type Command = {
  name: string;
  summary: string;
  args: CommandArg[];
  example: string;
  allow: Role;
};

/** How a place on a platform is. refused: somebody has to act; waiting: it comes back by itself. */
export type PlaceState = 'live' | 'waiting' | 'refused' | 'removed' | 'off';

export type PlaceHealth = { state: PlaceState; why?: string; lastHeard?: string };

/** A guild, workspace or channel of a community. `connectedAt` is null where it came by itself. */
export type Space = {
  id: string;
  platform: string;
  platformId: string;
  name: string;
  symbol: string | null;
  seenAt: string;
  health: PlaceHealth;
  connectedAt: string | null;
  connectedBy: { id: string; name: string } | null;
};

/** A community's own application on a platform; `invite`: what puts its bot into a server. */
export type OwnApplication = {
  id: string;
  platform: string;
  name: string;
  state: 'live' | 'waiting' | 'refused';
  why?: string;
  invite?: string;
};

/** A platform that places can be on; `invite`: what puts the bot into another one; `adds`: "Add to Slack" is set up. */
export type SpacePlatform = { platform: string; health: PlaceHealth; invite?: string; adds?: boolean };

export type SpaceList = { spaces: Space[]; platforms: SpacePlatform[]; next?: string };

/** What a role on a platform is worth here. */
export type RoleMapping = { platform: string; platformRole: string; role: Role };

export type RoleMappings = {
  mappings: RoleMapping[];
  defaults: RoleMapping[];
  known: { platform: string; platformRole: string; name: string }[];
};

/** RFC 9457, with our `code` and whose `fault` it is. `rule`: what refused and who can change it. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  fault: 'caller' | 'platform' | 'ours';
  rule?: string;
  /** By field, what is wrong with it. */
  wrong?: Record<string, string>;
};

/** To the hall, at most 64 KiB each. */
export type ClientFrame =
  | { type: 'subscribe'; room: string; after?: number }
  | { type: 'unsubscribe'; room: string }
  | { type: 'post'; room: string; text: string; clientId: string }
  | { type: 'typing'; room: string };

/** From the hall. */
export type ServerFrame =
  | { type: 'subscribed'; room: string; seq: number }
  | { type: 'message'; room: string; message: Message }
  | { type: 'posted'; clientId: string; message: Message }
  /** It waits for a moderator. */
  | { type: 'held'; room: string; clientId: string }
  | { type: 'accepted'; clientId: string; command: string }
  | { type: 'edited'; room: string; message: Message }
  | { type: 'deleted'; room: string; message: { id: string; seq: number; room: string } }
  | { type: 'presence'; room: string; here: Who[]; left: Who[] }
  | { type: 'typing'; room: string; who: Who }
  | { type: 'read'; room: string; seq: number }
  | { type: 'rooms' }
  /** Somebody came to one of my communities, left it, or has another role there. */
  | { type: 'members'; community: string }
  /** How I stand in the community changed, or what waits there for me as a moderator. */
  | { type: 'order'; community: string }
  | { type: 'activity'; room: string; seq: number; mention: boolean }
  | { type: 'gap'; room: string; from: number }
  | { type: 'private'; room?: string; reply: Reply; cause?: { text: string } }
  | { type: 'error'; code: string; detail: string; clientId?: string; room?: string };

/** Why the hall closed a live connection. */
export type LiveCloseCode = 4401 | 1008 | 1009 | 1012;

export type FailedJob = {
  id: string;
  job: string;
  /** What the person used, and who it was. */
  asked: string;
  by: string;
  platform: string;
  reason: string | null;
  attempts: number;
  failedAt: string | null;
};
/** Figures of spans that begin at `at`. `work` is for moderators and up. */
export type CommunityOverview = {
  activity: { at: string; figure: number }[];
  work?: {
    waiting: number;
    waited: { at: string; figure: number }[];
    /** Median ms to the first answer; null where nothing was asked. */
    answers: { at: string; figure: number | null }[];
    failed: FailedJob[];
  };
};
/** `GET /v1/me/sign-in`. `pendingEmail` waits for its link to be opened. */
export type SignInFacts = {
  password: boolean;
  oidc: string | null;
  email: { address: string; verifiedAt: string } | null;
  pendingEmail: string | null;
  secondFactor: { since: string; recoveryCodes: number } | null;
};

/** `POST /v1/me/second-factor`: the key in base 32, and the same as an address for a picture. Shown once. */
export type NewFactor = { key: string; uri: string };
