import { type Connection, type GatewayState, OPS } from './connection.ts';
import { payloadCompression } from './encoding.ts';
import { applicationFlags, INTENTS, KNOWN_INTENTS, PRIVILEGED } from './intents.ts';
import { type Platform, violate } from './platform.ts';
import { type Session, shardOf } from './sessions.ts';
import { texts } from './texts.ts';
import { isToken } from './tokens.ts';
import { fullMember, guildCreateWire, userWire } from './wire.ts';
import type { Guild, Json, Member } from './world.ts';

/** A client says who it is and what it wants to be told: https://discord.com/developers/docs/topics/gateway-events#identify */
export function identify(state: GatewayState, connection: Connection, data: unknown): void {
  const { platform } = state;
  const asked = objectOf(data);
  const refusal = connection.session ? ALREADY : refused(platform, asked);
  if (refusal) return connection.close(...refusal);
  if (isTooEarly(state)) return connection.send({ op: OPS.invalidSession, d: false });
  if (asked.compress === true && !connection.compressed)
    connection.encode = payloadCompression((frame) => connection.socket.send(frame));
  const session = platform.sessions.open({
    token: String(asked.token),
    intents: Number(asked.intents),
    shard: shardAsked(asked),
  });
  hold(connection, session);
  platform.sessions.tell(session, 'READY', ready(platform, session));
  for (const guild of guildsOf(platform, session)) tellGuild(platform, session, guild);
  welcomeAll(state);
}

/** Tells a session of a guild, as after signing in or when the bot was added to it. */
export function tellGuild(platform: Platform, session: Session, guild: Guild): void {
  if (!(session.intents & INTENTS.guilds)) return;
  const { bot } = platform.world;
  const all = [...guild.members.values()];
  const members = session.intents & INTENTS.presences ? all : all.filter((one) => one.user.id === bot.id);
  platform.sessions.tell(session, 'GUILD_CREATE', guildCreateWire(guild, members, bot));
}

/** A client comes back and is told what it missed: https://discord.com/developers/docs/events/gateway#resuming */
export function resume(state: GatewayState, connection: Connection, data: unknown): void {
  const { sessions } = state.platform;
  const asked = objectOf(data);
  if (connection.session) return connection.close(...ALREADY);
  if (!isToken(state.platform, asked.token)) return connection.close(4004, 'Authentication failed.');
  const session = sessions.find(String(asked.session_id));
  const from = Number(asked.seq);
  if (!session || session.token !== asked.token || isForgotten(session, from))
    return connection.send({ op: OPS.invalidSession, d: false });
  if (!(from <= session.sequence)) return connection.close(4007, 'Invalid seq.');
  const missed = session.history.filter((packet) => (packet.s ?? 0) > from);
  hold(connection, session);
  for (const packet of missed) connection.send(packet);
  sessions.tell(session, 'RESUMED', { _trace: [] });
  welcomeAll(state);
}

/** A client asks for members: https://discord.com/developers/docs/topics/gateway-events#request-guild-members */
export function requestMembers({ platform }: GatewayState, { session }: Connection, data: unknown): void {
  const asked = objectOf(data);
  const guild = platform.world.guilds.get(String(asked.guild_id));
  if (!guild || !session) return;
  const wantsAll = asked.user_ids === undefined && asked.query === '';
  if (wantsAll && !(session.intents & INTENTS.members)) return violate(platform, texts.membersWithoutIntent);
  const { found, unknown } = membersAsked(guild, asked);
  platform.sessions.tell(session, 'GUILD_MEMBERS_CHUNK', {
    guild_id: guild.id,
    members: found.map(fullMember),
    chunk_index: 0,
    chunk_count: 1,
    ...(unknown.length > 0 ? { not_found: unknown } : {}),
    ...(asked.nonce === undefined ? {} : { nonce: asked.nonce }),
  });
}

type Refusal = [code: number, reason: string];

const ALREADY: Refusal = [4005, 'Already authenticated.'];

const objectOf = (data: unknown): Json => (typeof data === 'object' && data !== null ? { ...data } : {});

function refused(platform: Platform, asked: Json): Refusal | undefined {
  const intents = asked.intents;
  const [shard, count] = shardAsked(asked);
  if (!isToken(platform, asked.token)) return [4004, 'Authentication failed.'];
  if (!(shard < count)) return [4010, 'Invalid shard.'];
  if (typeof intents !== 'number' || (intents & ~KNOWN_INTENTS) !== 0) return [4013, 'Invalid intent(s).'];
  if (intents & PRIVILEGED & ~platform.settings.privileged) return [4014, 'Disallowed intent(s).'];
  return undefined;
}

function isTooEarly(state: GatewayState): boolean {
  const passed = Date.now() - state.lastIdentify;
  if (passed < state.platform.settings.identifyEveryMs) {
    violate(state.platform, texts.tooEarlyIdentify);
    return true;
  }
  state.lastIdentify = Date.now();
  return false;
}

function shardAsked({ shard }: Json): [number, number] {
  const [index, count] = Array.isArray(shard) ? shard : [];
  return [Number(index ?? 0), Number(count ?? 1)];
}

function hold(connection: Connection, session: Session): void {
  connection.session = session;
  session.send = connection.send;
  session.droppedAt = undefined;
}

function welcomeAll(state: GatewayState): void {
  for (const resolve of state.waiting.splice(0)) resolve();
}

function guildsOf({ world }: Platform, { shard: [shard, count] }: Session): Guild[] {
  return [...world.guilds.values()].filter((one) => one.members.has(world.bot.id) && shardOf(one, count) === shard);
}

function ready(platform: Platform, session: Session): Json {
  return {
    v: 10,
    user: { ...userWire(platform.world.bot), verified: true, mfa_enabled: true, email: null, flags: 0 },
    guilds: guildsOf(platform, session).map(({ id }) => ({ id, unavailable: true })),
    session_id: session.id,
    session_type: 'normal',
    resume_gateway_url: `${platform.base.replace('http', 'ws')}/gateway`,
    shard: session.shard,
    application: { id: platform.world.bot.id, flags: applicationFlags(platform.settings.privileged) },
    user_settings: {},
    relationships: [],
    private_channels: [],
    presences: [],
    _trace: [],
  };
}

/** What was told so long ago that it was forgotten cannot be told again. */
const isForgotten = ({ history }: Session, from: number): boolean => (history[0]?.s ?? 1) > from + 1;

function membersAsked(guild: Guild, asked: Json): { found: Member[]; unknown: unknown[] } {
  const all = [...guild.members.values()];
  if (asked.user_ids === undefined) {
    const begins = String(asked.query ?? '').toLowerCase();
    const found = all.filter((one) => (one.nick ?? one.user.name).toLowerCase().startsWith(begins));
    return { found: found.slice(0, Number(asked.limit) || found.length), unknown: [] };
  }
  const ids = [asked.user_ids].flat();
  return {
    found: all.filter((one) => ids.includes(one.user.id)),
    unknown: ids.filter((id) => !guild.members.has(String(id))),
  };
}
