import type { Faults, Simulator } from '#test/simulators/shared/simulator.ts';

/** A JSON object as it goes over the wire. */
export type Wire = Record<string, unknown>;

/** A member of the workspace: a person, or somebody's bot. */
export interface Member {
  id: string;
  name: string;
  role: 'owner' | 'admin' | 'moderator' | 'member';
  isBot: boolean;
}

/** A message as it is kept. `wire` is what the Web API's history would give. */
export interface Kept {
  wire: Wire & { ts: string; text: string };
  /** The one person who sees it. */
  to?: string;
  /** The slash command or button press that it answers. */
  answers?: string;
}

/** The app's bot user as one workspace has it. */
export interface Bot {
  id: string;
  botId: string;
  appId: string;
  name: string;
  /** The workspace. */
  team: string;
}

/** A channel, or the direct messages between the bot and one person. */
export interface Channel {
  id: string;
  name: string;
  kind: 'room' | 'direct';
  /** The app's, whether it is a member or not. */
  bot: Bot;
  /** Ids of people and bots. */
  members: Set<string>;
  archived: boolean;
  /** In ms since the epoch. */
  created: number;
  /** Oldest first, the newest 5,000. */
  messages: Kept[];
}

/** A request that Slack sends to the program: by a Socket Mode link, or by a signed POST. */
export interface Envelope {
  type: 'events_api' | 'slash_commands' | 'interactive';
  payload: Wire;
  attempt: number;
  reason: string;
}

/** What became of an envelope. `reply` is the message that the acknowledgement carried. */
export interface Outcome {
  ok: boolean;
  reason: string;
  reply?: unknown;
  noRetry?: boolean;
}

/** Takes envelopes to the program. Never throws: a failure is an outcome. */
export interface Carrier {
  carry(envelope: Envelope): Promise<Outcome>;
}

/** How the stand-in behaves. Times are in ms. */
export interface SlackOptions {
  port: number;
  /** The workspace's name. Ids of any other than the sample one hold it, as Slack's are never the same in two. */
  team: string;
  /** Whether the app is installed at the start; else `/oauth/v2/authorize` installs it. */
  installed: boolean;
  /** An organisation installs the app for all of its workspaces at once. */
  orgWide: boolean;
  /** More rooms and people beside the sample ones. */
  rooms: string[];
  people: string[];
  /** Slash commands that the app has registered, each with its slash. */
  commands: string[];
  /** Scopes of the bot token. */
  scopes: string[];
  /** Any token of the right form is taken, not only the sample ones. */
  anyToken: boolean;
  /** How long the program may take to acknowledge. Slack's 3 s. */
  acknowledgeMs: number;
  /** The pauses before the three further attempts at an event. Slack's are 0, 1 and 5 minutes. */
  retryAfterMs: number[];
  /** Pause between two pings of the server on a link. */
  pingMs: number;
  /** How long a link lives after it was asked to go. */
  goodbyeMs: number;
  /** chat.postMessage in one channel: so many at once, then so many a second. */
  postLimit: { burst: number; perSecond: number };
  /** Every other method: so many a minute. */
  callsPerMinute: number;
  /** The life of a response_url. Slack's 30 minutes. */
  responseUrlMs: number;
  /** How long an address may take to answer its first challenge, as a program may start later than we. */
  challengeMs: number;
  /** Deliver by signed HTTP to this address (the program's `…/slack/events`) instead of by Socket Mode. */
  http?: { url: string };
}

/** The stand-in, with the things that happen only on Slack. Rooms and people are named or given by id. */
export interface SlackSimulator extends Simulator {
  /** Settings for a program that listens for signed HTTP instead of Socket Mode. */
  httpEnv: Record<string, string>;
  /** Ids of events that Slack gave up on, after the last attempt. */
  lost: string[];
  bot: Bot;
  /** The workspace. `token`: the app's bot token in it, as it is now. */
  team: { id: string; name: string };
  token(): string;
  /** Hands an event over to the program, for a workspace that shares its app with this one. */
  carry(envelope: Envelope): Promise<Outcome>;
  /** Its events go by the links, or the signed HTTP, of another workspace that has the same app. */
  carriedBy(other: SlackSimulator): void;
  faults: Faults;
  /** Sends everything to this address from now on, once it has answered the challenge. Rejects after `challengeMs`. */
  deliverTo(url: string): Promise<void>;
  /** The request to reconnect with the reason given; `link_disabled` means that Socket Mode was turned off. */
  askToReconnect(reason: 'warning' | 'refresh_requested' | 'link_disabled'): void;
  enableSocketMode(): void;
  /** A line in the thread under the message `ts`. */
  thread(person: string, room: string, ts: string, text: string): Promise<string>;
  /** A slash command with its raw text. Gives its trigger id. */
  slash(person: string, room: string, command: string, text: string): Promise<string>;
  /** A person presses the button with this action id. Gives the trigger id. */
  press(person: string, room: string, ts: string, actionId: string): Promise<string>;
  /** A person uploads a file. Gives the ts of the message. */
  share(person: string, room: string, file: { name: string; type: string; bytes: number }, text?: string): string;
  /** Gives the ts of the event. */
  edit(person: string, room: string, ts: string, text: string): string;
  erase(person: string, room: string, ts: string): string;
  /** Another app's bot says something. */
  botSays(room: string, text: string): string;
  join(person: string, room: string): void;
  leave(person: string, room: string): void;
  inviteBot(room: string): void;
  removeBot(room: string): void;
  archive(room: string): void;
  unarchive(room: string): void;
  renameRoom(room: string, name: string): void;
  deleteRoom(room: string): void;
  createRoom(name: string): string;
  rename(person: string, name: string): void;
  joinTeam(name: string): string;
  setScopes(scopes: string[]): void;
  revokeToken(): void;
  restoreToken(): void;
  uninstall(): void;
}
