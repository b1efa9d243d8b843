import { SLOWEST } from '#core/unable.ts';

/** Where Twitch is. Each is a setting too: TWITCH_IRC_URL, TWITCH_API_URL, TWITCH_AUTH_URL. */
export const ADDRESSES = {
  irc: 'wss://irc-ws.chat.twitch.tv:443',
  api: 'https://api.twitch.tv/helix',
  auth: 'https://id.twitch.tv/oauth2',
};

/** What a bot's account may send and join. Times are in ms. */
export interface ChatLimits {
  /** Lines of one account in a window, where one goes to a channel in which it is nobody special. */
  plain: number;
  /** The same where it is the broadcaster, a moderator or a VIP. */
  privileged: number;
  windowMs: number;
  /** Between two lines to a channel in which it is nobody special. */
  pauseMs: number;
  joins: number;
  joinWindowMs: number;
  /** For how long the last line of such a channel may not be said again. */
  repeatMs: number;
}

/**
 * https://dev.twitch.tv/docs/chat/#rate-limits: 20 or 100 lines in 30 s, 20 joins in 10 s. Who sends more is not heard for
 * half an hour, so each window is a little longer than Twitch's, and a line counts from when Twitch answered it: however long
 * each one travels, Twitch never sees more. Joins are not waited for one by one; their window has more to spare.
 */
export const CHAT_LIMITS: ChatLimits = {
  plain: 20,
  privileged: 100,
  windowMs: 30_200,
  pauseMs: 1_100,
  joins: 20,
  joinWindowMs: 10_400,
  repeatMs: 31_000,
};

/** How long things may take, in ms. */
export interface Times {
  /** A line's acknowledgement; then a PING asks whether it was read. */
  ack: number;
  /** Without a frame for so long we ask for one: Twitch itself asks about every five minutes only. */
  pingAfter: number;
  /** For the answer to that: https://dev.twitch.tv/docs/chat/irc/#keepalive-messages gives no number; a round trip takes 0.2 s. */
  pongWithin: number;
  loginWithin: number;
  joinWithin: number;
  /** Until a channel that could not be joined is tried again: the first time, then doubled up to the second. */
  rejoinFirst: number;
  rejoinEvery: number;
  /** After the PONG behind a line, on a server that acknowledges lines: without it the line was dropped. */
  dropped: number;
  /** https://dev.twitch.tv/docs/authentication/validate-tokens/ asks for an hour. */
  validateEvery: number;
  /** The first pause before a new connection; it doubles. */
  backOffLeast: number;
  backOffMost: number;
  /** After Twitch said that we were too fast; it doubles, up to `backOffMost`. */
  tooFast: number;
  /** One call to the API or the sign-in server. */
  call: number;
  /** How long the old connection is read beside a new one when Twitch asked for the change. */
  overlap: number;
}

export const TIMES: Times = {
  ack: 700,
  pingAfter: 60_000,
  pongWithin: 15_000,
  loginWithin: 15_000,
  joinWithin: 10_000,
  rejoinFirst: 20_000,
  rejoinEvery: 300_000,
  dropped: 5_000,
  validateEvery: 3_600_000,
  backOffLeast: 1_000,
  backOffMost: 60_000,
  tooFast: 5_000,
  call: 10_000,
  overlap: 15_000,
};

/**
 * Characters of one line, as Twitch counts them (code points): 500, less the `@name ` that it puts before an answer
 * (a name has 25 at most) and an invisible mark.
 */
export const LINE_LENGTH = 470;

/** https://dev.twitch.tv/docs/authentication/scopes/ */
export const CHAT_SCOPES = ['chat:read', 'chat:edit'];
export const ACTION_SCOPES = {
  deleteMessage: 'moderator:manage:chat_messages',
  timeOut: 'moderator:manage:banned_users',
  ban: 'moderator:manage:banned_users',
  unban: 'moderator:manage:banned_users',
  slowMode: 'moderator:manage:chat_settings',
};
export const SCOPES = [...new Set([...CHAT_SCOPES, ...Object.values(ACTION_SCOPES)])];

/** Seconds of the longest time-out, two weeks: https://dev.twitch.tv/docs/api/reference/#ban-user */
export const LONGEST_TIMEOUT = 1_209_600;

/** Seconds of slow mode: https://dev.twitch.tv/docs/api/reference/#update-chat-settings */
export const SLOW_SECONDS = { least: 3, most: SLOWEST.twitch };

/** What Twitch says where somebody is already, or no longer, what was asked: no code of theirs, a sentence. */
export const ALREADY = { banned: /already banned/i, pardoned: /not (?:banned|timed out)/i };

/** Characters of a reason. https://dev.twitch.tv/docs/api/reference/#ban-user */
export const LONGEST_REASON = 500;

/** The badges that lift a bot's limits. */
export const LIFTING_BADGES = /(?:^|,)(?:broadcaster|moderator|lead_moderator|vip)\//;

/** A line with this badge is a program's: https://dev.twitch.tv/docs/chat/#chatbot-badge-and-chat-identity */
export const BOT_BADGE = /(?:^|,)bot-badge\//;

/** What Twitch says where it does not take a login. */
export const LOGIN_FAILURES =
  /^(?:Login (?:authentication failed|unsuccessful)|Improperly formatted auth|Invalid NICK)/i;

/**
 * What became of a line that Twitch answered with a notice, https://dev.twitch.tv/docs/irc/msg-id/:
 * repeat: it is the same as the one before. fast: too many. later: the notice tells in how many seconds.
 * held: its words were held back, another sentence may get through. dropped: read, and neither taken nor answered (no code of
 * Twitch's; it does so with lines over its limits). refused: nothing of ours may be said there.
 */
export type NoticeMeaning = 'repeat' | 'fast' | 'later' | 'held' | 'dropped' | 'refused';

export const NOTICES: Record<string, NoticeMeaning> = {
  msg_duplicate: 'repeat',
  msg_r9k: 'repeat',
  msg_ratelimit: 'fast',
  msg_slowmode: 'later',
  msg_timedout: 'later',
  msg_rejected: 'held',
  msg_rejected_mandatory: 'held',
  msg_bad_characters: 'held',
  dropped: 'dropped',
  msg_banned: 'refused',
  msg_channel_suspended: 'refused',
  msg_channel_blocked: 'refused',
  msg_room_not_found: 'refused',
  msg_suspended: 'refused',
  msg_emoteonly: 'refused',
  msg_followersonly: 'refused',
  msg_followersonly_followed: 'refused',
  msg_followersonly_zero: 'refused',
  msg_subsonly: 'refused',
  msg_verified_email: 'refused',
  msg_requires_verified_phone_number: 'refused',
  no_permission: 'refused',
  unrecognized_cmd: 'refused',
};

/** POST {auth}/token with grant_type=refresh_token: https://dev.twitch.tv/docs/authentication/refresh-tokens/ */
export interface TokenAnswer {
  access_token: string;
  refresh_token?: string;
  /** Seconds. */
  expires_in?: number;
}

/** GET {auth}/validate with `Authorization: OAuth …`: https://dev.twitch.tv/docs/authentication/validate-tokens/ */
export interface ValidateAnswer {
  login: string;
  user_id: string;
  scopes: string[] | null;
  /** Seconds. */
  expires_in: number;
}

/** How both servers tell what is wrong. */
export interface FailureAnswer {
  status: number;
  message: string;
}
