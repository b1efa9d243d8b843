/** Slack's own words: payloads narrowed to what is used here, error codes, addresses, limits and times. */
export const API_URL = 'https://slack.com/api/';

/** The event, as `event_callback` carries it: a mention, a message or a changed person. https://docs.slack.dev/reference/events */
export interface SlackEvent {
  type: string;
  subtype?: string;
  channel?: string;
  /** `im` in direct messages. */
  channel_type?: string;
  /** The writer's id; the whole person in `user_change`. */
  user?: string | SlackUser;
  /** Of a bot's or webhook's message. */
  bot_id?: string;
  text?: string;
  ts?: string;
  thread_ts?: string;
  /** In `tokens_revoked`: whose tokens, people's ids and the bot's. */
  tokens?: { oauth?: string[]; bot?: string[] };
  /** Of a message that was changed after it was written. */
  edited?: object;
}

/**
 * What arrives, by Socket Mode or by HTTP: an event, or a slash command, whose fields stand beside each other.
 * https://docs.slack.dev/apis/events-api · https://docs.slack.dev/interactivity/implementing-slash-commands
 */
export interface SlackBody {
  type?: string;
  event_id?: string;
  event?: SlackEvent;
  /** The workspace. */
  team_id?: string;
  /** Of an event: one of the workspaces with the app that may see it. */
  authorizations?: { team_id?: string | null }[];
  challenge?: string;
  command?: string;
  text?: string;
  user_id?: string;
  user_name?: string;
  channel_id?: string;
  trigger_id?: string;
  response_url?: string;
  thread_ts?: string;
}

/** https://docs.slack.dev/reference/objects/user-object */
export interface SlackUser {
  id: string;
  team_id?: string;
  name?: string;
  real_name?: string;
  profile?: { display_name?: string; real_name?: string };
  enterprise_user?: { teams?: string[] };
  is_admin?: boolean;
  is_owner?: boolean;
  is_primary_owner?: boolean;
  is_stranger?: boolean;
}

/** A message of `conversations.history` and `conversations.replies`. */
export interface SlackMessage {
  ts: string;
  metadata?: { event_type?: string; event_payload?: { part?: string } };
  files?: { name?: string }[];
}

/** https://docs.slack.dev/reference/methods/auth.test */
export interface SlackIdentity {
  team_id: string;
  team: string;
  user_id: string;
  user: string;
}

/** A message's layout where plain words do not do. https://docs.slack.dev/reference/block-kit/blocks/image-block */
export interface SlackBlock {
  type: 'image';
  image_url: string;
  alt_text: string;
}

/** What a delivered message carries so that a repeat can find it. https://docs.slack.dev/messaging/message-metadata */
export const METADATA = 'guildhall_answer';

/** The one command that stands for all others. */
export const UMBRELLA = '/guildhall';

/** What the bot token must allow; the README says what for. https://docs.slack.dev/reference/scopes */
export const SCOPES = [
  'app_mentions:read',
  'channels:history',
  'chat:write',
  'commands',
  'files:write',
  'groups:history',
  'im:history',
  'im:write',
  'mpim:history',
  'users:read',
];

/** The token itself is refused. https://docs.slack.dev/reference/methods/auth.test#errors */
export const TOKEN_CODES: ReadonlySet<string> = new Set([
  'account_inactive',
  'invalid_auth',
  'not_allowed_token_type',
  'not_authed',
  'team_disabled',
  'token_expired',
  'token_revoked',
  'user_removed_from_team',
]);

/** Slack's own trouble, which passes. https://docs.slack.dev/reference/methods/chat.postMessage#errors */
export const PASSING_CODES: ReadonlySet<string> = new Set([
  'fatal_error',
  'internal_error',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
]);

export const LIMITED_CODES: ReadonlySet<string> = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded']);

/** The bot is not there, or the place is not there for it. */
export const AWAY_CODES: ReadonlySet<string> = new Set(['channel_not_found', 'not_in_channel', 'user_not_in_channel']);

/** A response_url takes so many answers in so many ms. https://docs.slack.dev/interactivity/handling-user-interaction#message_responses */
export const RESPONSE_URL = { uses: 5, ms: 30 * 60_000 };

/** Addresses, people and channels remembered: about 200 bytes each. */
export const KEPT = 10_000;

/** Longer texts are cut by Slack's own clients; the advice is 4,000, and marks need room. https://docs.slack.dev/reference/methods/chat.postMessage#truncating */
export const TEXT_MOST = 3_500;

/** Of a description for screen readers. https://docs.slack.dev/reference/methods/files.getUploadURLExternal */
export const ALT_MOST = 1_000;

/** https://docs.slack.dev/reference/app-manifest#features */
export const MANIFEST = { commands: 50, command: 32, description: 2_000, usage: 1_000 };

/** One message a second and channel, short bursts allowed: 4 in 4.2 s. https://docs.slack.dev/apis/web-api/rate-limits */
export const PACE = { uses: 4, ms: 4_200 };

/** Calls under way at once, over all channels. */
export const AT_ONCE = 10;

/** All in ms. Tests shorten them. */
export interface Times {
  /** One call to Slack. */
  call: number;
  /** The first pause after trouble and the longest; each is twice the one before. */
  retryFirst: number;
  retryMost: number;
  /** Pause before answers are tried again with a token that was refused. */
  refused: number;
  /** A link on which nothing was heard for so long is dead. Three pings go out in it, and Slack answers each. */
  silent: number;
  /** From opening a link to Slack's greeting. */
  hello: number;
  /** Without a link (HTTP): how often Slack is asked whether the token still works. */
  heartbeat: number;
  /** A slash command not acknowledged within 3 s shows the person an error: a little less. */
  acknowledge: number;
  /** How long a message waits for Slack to tell who wrote it. */
  who: number;
  /** How long Slack's word on a person is kept, and how long a guess. */
  whoKept: number;
  whoGuessed: number;
  /** Between two tries to ask who somebody is, where Slack is in trouble. */
  whoAgain: number;
}

export const TIMES: Times = {
  call: 10_000,
  retryFirst: 1_000,
  retryMost: 60_000,
  refused: 60_000,
  silent: 12_000,
  hello: 30_000,
  heartbeat: 300_000,
  acknowledge: 2_500,
  who: 2_000,
  whoKept: 3_600_000,
  whoGuessed: 30_000,
  whoAgain: 1_000,
};

/** The ways a call can fail, told apart by what is to be done. */
export type Trouble =
  /** Slack wants a pause. */
  | 'limited'
  /** Network or Slack itself: it passes. */
  | 'passing'
  /** The token. */
  | 'token'
  /** This very call, for good. */
  | 'refused';

export interface Failure {
  trouble: Trouble;
  code: string;
  retryAfter?: number;
  needed?: string;
  unsure?: boolean;
}

/** A call to Slack that came to nothing. Holds no token, header or body. */
export class CallFailed extends Error {
  readonly trouble: Trouble;
  /** Slack's own code, an HTTP status or a network code. */
  readonly code: string;
  /** For `limited`: ms. */
  readonly retryAfter: number;
  /** For `missing_scope`: the scope. */
  readonly needed: string | undefined;
  /** The call may have been carried out all the same. */
  readonly unsure: boolean;
  /** Of the Web API, or what kind of address was called. */
  readonly method: string;

  constructor(method: string, told: Failure) {
    super(`Slack, ${method}: ${told.code}`);
    this.method = method;
    this.trouble = told.trouble;
    this.code = told.code;
    this.retryAfter = told.retryAfter ?? 0;
    this.needed = told.needed;
    this.unsure = told.unsure ?? false;
  }
}

/** What kind of trouble an error code of Slack's is. */
export function troubleOf(code: string): Trouble {
  if (TOKEN_CODES.has(code)) return 'token';
  if (LIMITED_CODES.has(code)) return 'limited';
  return PASSING_CODES.has(code) ? 'passing' : 'refused';
}
