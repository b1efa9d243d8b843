/** Discord's own words and numbers, API version 10. Nothing here loads a library. */

import { SLOWEST } from '#core/unable.ts';

/** https://discord.com/developers/docs/reference#api-reference */
export const API_URL = 'https://discord.com/api';
export const API_VERSION = '10';

/**
 * What is asked for at the gateway: guilds, messages in them, direct messages, and what AutoMod did. None is privileged: a
 * message's text is there where the bot is mentioned, and in direct messages.
 * https://discord.com/developers/docs/events/gateway#gateway-intents
 */
export const INTENTS = (1 << 0) | (1 << 9) | (1 << 12) | (1 << 21);

/**
 * Privileged intents, asked for where the application's owner switched them on: who comes and goes, and the words of every message.
 * The flags say which are, for large bots and for others. https://discord.com/developers/docs/resources/application#application-object-application-flags
 */
export const PRIVILEGED = [
  { intent: 1 << 1, flags: (1 << 14) | (1 << 15) },
  { intent: 1 << 15, flags: (1 << 18) | (1 << 19) },
] as const;
export const MEMBERS_INTENT = 1 << 1;

export const LIMIT = {
  /** Characters of one message. https://discord.com/developers/docs/resources/message#create-message */
  content: 2_000,
  /** Files of one message. */
  files: 10,
  /** Choices of an option, and of one completion. https://discord.com/developers/docs/interactions/application-commands */
  choices: 25,
  choiceText: 100,
  description: 100,
  optionText: 6_000,
  /** Options of one command, and commands of one guild. */
  options: 25,
  commands: 100,
  /** Commands in the menu of messages. */
  menus: 5,
  /** A timeout at most: 28 days. https://discord.com/developers/docs/resources/guild#modify-guild-member */
  timeOutSeconds: 28 * 24 * 3_600,
  nickname: 32,
  /** Characters of a reason in the audit log. https://discord.com/developers/docs/resources/audit-log */
  reason: 512,
  /** Seconds of slow mode. https://discord.com/developers/docs/resources/channel#modify-channel */
  slowSeconds: SLOWEST.discord,
  /** A rule of AutoMod: its words, the characters of one, and roles that it lets be. https://discord.com/developers/docs/resources/auto-moderation */
  keywords: 1_000,
  keyword: 60,
  exemptRoles: 20,
  /** Messages deleted by one request, and how old they may be: two weeks. https://discord.com/developers/docs/resources/message#bulk-delete-messages */
  bulk: 100,
  bulkAgeMs: 14 * 86_400_000,
  /** Messages, and members, of one page. */
  messages: 100,
  members: 1_000,
  /** Invites are paused for a day at most. https://discord.com/developers/docs/resources/guild#modify-guild-incident-actions */
  pauseSeconds: 86_400,
} as const;

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-type */
export const INTERACTION = { command: 2, completion: 4 } as const;

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type */
export const CALLBACK = { message: 4, deferred: 5, choices: 8 } as const;

/** https://discord.com/developers/docs/resources/message#message-object-message-flags */
export const FLAG = { ephemeral: 64, loading: 128 } as const;

/** A line of a person, and one that answers another; all other types are the platform's own lines. */
export const MESSAGE_TYPE = { line: 0, reply: 19 } as const;

/** Kinds of channel in which people write lines: text, voice, news, stage; threads are asked for by themselves. https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
export const WRITTEN_IN: ReadonlySet<number> = new Set([0, 2, 5, 13]);

/** https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-option-type */
export const OPTION = { text: 3, whole: 4 } as const;
export const CHAT_COMMAND = 1;
/** Chosen in the menu of a message. */
export const MENU_COMMAND = 3;

/** https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags */
export const PERMISSION = {
  ADMINISTRATOR: 1n << 3n,
  VIEW_CHANNEL: 1n << 10n,
  SEND_MESSAGES: 1n << 11n,
  MANAGE_MESSAGES: 1n << 13n,
  ATTACH_FILES: 1n << 15n,
  READ_MESSAGE_HISTORY: 1n << 16n,
  MANAGE_NICKNAMES: 1n << 27n,
  KICK_MEMBERS: 1n << 1n,
  BAN_MEMBERS: 1n << 2n,
  MANAGE_CHANNELS: 1n << 4n,
  MANAGE_GUILD: 1n << 5n,
  MANAGE_ROLES: 1n << 28n,
  SEND_MESSAGES_IN_THREADS: 1n << 38n,
  MODERATE_MEMBERS: 1n << 40n,
} as const;

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
export const CODE = {
  unknownChannel: 10003,
  unknownGuild: 10004,
  unknownMember: 10007,
  unknownMessage: 10008,
  unknownRole: 10011,
  unknownUser: 10013,
  unknownWebhook: 10015,
  unknownBan: 10026,
  unknownInteraction: 10062,
  alreadyAcknowledged: 40060,
  missingAccess: 50001,
  closedDirect: 50007,
  missingPermissions: 50013,
  invalidWebhookToken: 50027,
  noCommonGuild: 50278,
  noHistory: 160002,
} as const;

/** The interaction cannot be answered any more. */
export const TOO_LATE: ReadonlySet<number> = new Set([
  CODE.unknownInteraction,
  CODE.unknownWebhook,
  CODE.invalidWebhookToken,
]);

/** The bot does not see the channel, or may not write in it. */
export const NO_ENTRY: ReadonlySet<number> = new Set([CODE.missingAccess, CODE.missingPermissions]);

/** The person takes no direct messages from the bot. */
export const NO_DIRECT: ReadonlySet<number> = new Set([CODE.closedDirect, CODE.noCommonGuild]);

/** Discord's own trouble under a 4xx: direct channels opened too fast, a resource that is limited by itself, overload. */
export const PASSING: ReadonlySet<number> = new Set([40003, 40062, 130000]);

/**
 * How a connection ended. From 4010 on, and with a bad token, the same again is of no use. `lost` is the network's, `byUs` the
 * library's own where the session is resumed at once. https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
 */
export const CLOSED = {
  lost: 1006,
  byUs: 4200,
  badToken: 4004,
  invalidShard: 4010,
  shardingRequired: 4011,
  badVersion: 4012,
  badIntents: 4013,
  disallowedIntents: 4014,
} as const;

/** What `GET /gateway/bot` answers. https://discord.com/developers/docs/events/gateway#get-gateway-bot */
export interface GatewayBot {
  url: string;
  shards: number;
  session_start_limit: { total: number; remaining: number; reset_after: number; max_concurrency: number };
}

/** https://discord.com/developers/docs/resources/auto-moderation#auto-moderation-rule-object */
export const AUTOMOD = { messageSend: 1, keyword: 1, block: 1 } as const;

/** The parts of a rule that are used. */
export interface AutoModRule {
  id: string;
  creator_id: string;
  trigger_type: number;
  trigger_metadata: { keyword_filter?: string[] };
}

/** AUTO_MODERATION_ACTION_EXECUTION, once for each action of a rule. https://discord.com/developers/docs/events/gateway-events#auto-moderation-action-execution */
export interface AutoModPayload {
  guild_id: string;
  action: { type: number };
  rule_id: string;
  user_id: string;
  channel_id?: string;
  matched_keyword: string | null;
}

/** One event of the gateway. */
export interface Dispatch {
  t: string;
  d: unknown;
}

export interface UserPayload {
  id: string;
  username: string;
  global_name?: string | null;
  bot?: boolean;
}

/** The parts of READY that are used. */
export interface ReadyPayload {
  user: UserPayload;
  application: { id: string };
}

export interface RolePayload {
  id: string;
  name?: string;
  permissions: string;
  /** It belongs to a bot or another service. */
  managed?: boolean;
  /** The higher stands above; the bot gives roles that stand below its own highest. */
  position?: number;
  tags?: { bot_id?: string };
}

/** GUILD_CREATE, GUILD_UPDATE; GUILD_DELETE has the first two alone. */
export interface GuildPayload {
  id: string;
  unavailable?: boolean;
  name: string;
  owner_id: string;
  roles: RolePayload[];
}

export interface GuildRolePayload {
  guild_id: string;
  role?: RolePayload;
  role_id?: string;
}

export interface ChannelPayload {
  id: string;
  type: number;
  guild_id?: string;
  last_message_id?: string | null;
}

/** GUILD_MEMBER_ADD and GUILD_MEMBER_UPDATE; of a list without the guild. */
export interface MemberPayload {
  guild_id?: string;
  user: UserPayload;
  nick?: string | null;
  roles: string[];
  joined_at?: string | null;
}

/** MESSAGE_CREATE and MESSAGE_UPDATE; as REST gives it without guild and member. */
export interface MessagePayload {
  id: string;
  channel_id: string;
  guild_id?: string;
  type: number;
  content: string;
  author: UserPayload;
  webhook_id?: string;
  /** When its words were last changed. */
  edited_timestamp?: string | null;
  member?: { nick?: string | null; roles: string[] };
}

export interface OptionPayload {
  name: string;
  type: number;
  value?: string | number | boolean;
  focused?: boolean;
}

/** INTERACTION_CREATE. In a guild there is `member`, in a direct channel `user`. */
export interface InteractionPayload {
  id: string;
  application_id: string;
  type: number;
  token: string;
  channel_id?: string;
  guild_id?: string;
  member?: { user: UserPayload; nick?: string | null; permissions: string; roles?: string[] };
  user?: UserPayload;
  data?: {
    name: string;
    type?: number;
    options?: OptionPayload[];
    /** Of a command in the menu of a message. */
    target_id?: string;
    resolved?: { messages?: Record<string, Pick<MessagePayload, 'id' | 'content' | 'author'>> };
  };
}

/** A command as it is registered, and as it is read back. */
export interface CommandPayload {
  name: string;
  type: typeof CHAT_COMMAND;
  description: string;
  options: CommandOption[];
}

/** A command in the menu of messages: it has no words beside its name. */
export interface MenuPayload {
  name: string;
  type: typeof MENU_COMMAND;
}

export interface CommandOption {
  type: number;
  name: string;
  description: string;
  required: boolean;
  autocomplete?: boolean;
  choices?: { name: string; value: string }[];
  min_value?: number;
  max_value?: number;
  max_length?: number;
}
