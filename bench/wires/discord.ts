import { CHANNELS, type Ask, type Hear, type Said } from '#bench/load/dispatch.ts';
import { turns } from '#bench/load/turns.ts';
import { answerOf, jsonAnswer, type Answer } from './response.ts';

/** Discord, cut off at the wire. */
export interface DiscordWire {
  /** https://discord.js.org/docs/packages/rest/stable/RESTOptions:Interface#makeRequest */
  makeRequest(url: string, init: { method?: string; body?: unknown }): Promise<Answer>;
  /** From now on packets go to `take`, greetings first. */
  connect(take: (packet: Packet) => void): void;
  hear: Hear;
}

/** https://discord.com/developers/docs/events/gateway-events#payload-structure */
export interface Packet {
  op: number;
  s: number;
  t: string;
  d: unknown;
}

/**
 * Packets are parsed from the text that the gateway would send; requests are whole when they come here. No answer of
 * Discord's tells a limit; the one that its library keeps by itself, 50 requests a second, is lifted by whoever uses this.
 */
export function discordWire(said: Said, channels = CHANNELS): DiscordWire {
  const later = turns();
  let take = (_packet: Packet): void => undefined;
  return {
    makeRequest: (url, { method = 'GET', body }) =>
      new Promise((resolve) => {
        said(`${method} ${url} ${String(body)}`);
        later(() => resolve(answer(method, url)));
      }),
    connect(to) {
      take = to;
      later(() => greetings(channels).forEach((packet) => take(packet)));
    },
    hear: (ask) => later(() => take(JSON.parse(interaction(ask, ask.id % channels)) as Packet)),
  };
}

const APPLICATION = '1100000000000000001';
const BOT = '1100000000000000002';
const GUILD = '1100000000000000003';
const OWNER = '1100000000000000005';

/** https://discord.com/developers/docs/topics/permissions: MODERATE_MEMBERS, beside what everybody may. */
const MODERATES = String((1n << 40n) | 0x800n | 0x400n | (1n << 31n));
const MEMBER = String(0x800n | 0x400n | (1n << 31n));

function greetings(channels: number): Packet[] {
  const user = { id: BOT, username: 'guildhall', discriminator: '0', global_name: null, avatar: null, bot: true };
  const ready = {
    v: 10,
    user,
    guilds: [{ id: GUILD, unavailable: true }],
    session_id: 'bench',
    resume_gateway_url: 'ws://127.0.0.1',
    shard: [0, 1],
    application: { id: APPLICATION, flags: 0 },
  };
  return [
    { op: 0, s: 1, t: 'READY', d: ready },
    { op: 0, s: 2, t: 'GUILD_CREATE', d: guild(user, channels) },
  ];
}

function guild(user: object, channels: number): object {
  const everyone = { id: GUILD, name: '@everyone', permissions: MEMBER, position: 0, color: 0, flags: 0 };
  return {
    id: GUILD,
    name: 'Bench',
    owner_id: OWNER,
    joined_at: '2026-01-01T00:00:00.000000+00:00',
    large: false,
    unavailable: false,
    member_count: 102,
    preferred_locale: 'en-US',
    features: [],
    roles: [{ ...everyone, hoist: false, managed: false, mentionable: false, icon: null, unicode_emoji: null }],
    emojis: [],
    stickers: [],
    channels: Array.from({ length: channels }, (_, position) => channel(position)),
    members: [{ user, roles: [], joined_at: '2026-01-01T00:00:00.000000+00:00', deaf: false, mute: false, flags: 0 }],
    threads: [],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
  };
}

function channelId(position: number): string {
  return `11000000000000001${10 + position}`;
}

function channel(position: number): object {
  return {
    id: channelId(position),
    type: 0,
    name: `room${position}`,
    position,
    permission_overwrites: [],
    nsfw: false,
    parent_id: null,
    topic: null,
    last_message_id: null,
    flags: 0,
  };
}

/** Ninety people of each kind take turns. https://discord.com/developers/docs/interactions/receiving-and-responding */
function interaction({ id, by, n, text }: Ask, position: number): string {
  const moderates = by === 'moderator';
  const person = `${moderates ? '12000000000000000' : '13000000000000000'}${10 + (id % 90)}`;
  const value = /^\d+$/.test(n) ? `"type":4,"value":${n}` : `"type":3,"value":"${n}"`;
  const room = channelId(position);
  return `{"op":0,"s":${id + 2},"t":"INTERACTION_CREATE","d":{"version":1,"type":2,"token":"${TOKEN}${id}",\
"member":{"user":{"username":"person${id % 90}","public_flags":0,"id":"${person}","global_name":"Person ${id % 90}",\
"discriminator":"0","clan":null,"avatar_decoration_data":null,"avatar":null},"unusual_dm_activity_until":null,"roles":[],\
"premium_since":null,"permissions":"${moderates ? MODERATES : MEMBER}","pending":false,"nick":null,"mute":false,\
"joined_at":"2026-01-01T00:00:00.000000+00:00","flags":0,"deaf":false,"communication_disabled_until":null,"banner":null,\
"avatar":null},"locale":"en-US","id":"${snowflake(id)}","guild_locale":"en-US","guild_id":"${GUILD}",\
"guild":{"locale":"en-US","id":"${GUILD}","features":[]},"entitlements":[],"entitlement_sku_ids":[],\
"data":{"type":1,"options":[{"name":"n",${value}},{"name":"text","type":3,"value":"${text}"}],"name":"echo",\
"id":"1100000000000000006"},"context":0,"channel_id":"${room}","channel":{"type":0,"topic":null,\
"rate_limit_per_user":0,"position":0,"permissions":"${MEMBER}","parent_id":null,"nsfw":false,"name":"room${position}",\
"last_message_id":null,"id":"${room}","guild_id":"${GUILD}","flags":0},"authorizing_integration_owners":{"0":"${GUILD}"},\
"attachment_size_limit":10485760,"application_id":"${APPLICATION}","app_permissions":"${MODERATES}"}}`;
}

const TOKEN = 'aW50ZXJhY3Rpb246'.repeat(10);

/** An id of this moment. https://discord.com/developers/docs/reference#snowflakes */
function snowflake(id: number): string {
  return String(((BigInt(Date.now()) - 1_420_070_400_000n) << 22n) | BigInt(id & 0x3f_ffff));
}

function answer(method: string, url: string): Answer {
  if (url.includes('/callback')) return url.includes('with_response=true') ? CALLBACK : NOTHING;
  if (url.endsWith('/gateway/bot')) return GATEWAY;
  return method === 'PUT' || (method === 'GET' && url.endsWith('/commands')) ? EMPTY : MESSAGE;
}

const NOTHING = answerOf(204, '');
const EMPTY = jsonAnswer([]);

const GATEWAY = jsonAnswer({
  url: 'ws://127.0.0.1',
  shards: 1,
  session_start_limit: { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 },
});

const SENT = {
  id: '1100000000000000007',
  channel_id: channelId(0),
  type: 0,
  content: '',
  author: { id: BOT, username: 'guildhall', discriminator: '0', avatar: null, bot: true },
  attachments: [],
  embeds: [],
  mentions: [],
  mention_roles: [],
  mention_everyone: false,
  pinned: false,
  tts: false,
  timestamp: '2026-01-01T00:00:00.000000+00:00',
  edited_timestamp: null,
  flags: 0,
  components: [],
};

const MESSAGE = jsonAnswer(SENT);

const CALLBACK = jsonAnswer({
  interaction: { id: '1100000000000000008', type: 2, response_message_id: SENT.id },
  resource: { type: 4, message: SENT },
});
