import { isId, timeOf } from './ids.ts';
import { permissionsOf } from './permissions.ts';
import {
  type Attachment,
  type Channel,
  DIRECT,
  type Guild,
  type Json,
  type Member,
  type Message,
  type Role,
  THREAD,
  type User,
  type World,
} from './world.ts';

/** https://discord.com/developers/docs/resources/user#user-object */
export function userWire(user: User): Json {
  return {
    id: user.id,
    username: user.name,
    discriminator: user.bot ? '4242' : '0',
    global_name: user.bot ? null : user.name,
    avatar: null,
    public_flags: 0,
    ...(user.bot ? { bot: true } : {}),
  };
}

/** A member without its user, as messages carry it: https://discord.com/developers/docs/resources/guild#guild-member-object */
function memberWire(member: Member): Json {
  return {
    nick: member.nick,
    avatar: null,
    roles: [...member.roles],
    joined_at: member.joinedAt,
    premium_since: null,
    communication_disabled_until: member.disabledUntil,
    deaf: false,
    mute: false,
    flags: 0,
    pending: false,
  };
}

export const fullMember = (member: Member): Json => ({ ...memberWire(member), user: userWire(member.user) });

export function roleWire(role: Role): Json {
  return {
    id: role.id,
    name: role.name,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    icon: null,
    unicode_emoji: null,
    position: role.position,
    permissions: String(role.permissions),
    managed: role.botId !== undefined,
    mentionable: role.mentionable,
    flags: 0,
    ...(role.botId ? { tags: { bot_id: role.botId } } : {}),
  };
}

/** https://discord.com/developers/docs/resources/channel#channel-object */
export function channelWire(channel: Channel): Json {
  const common = { id: channel.id, type: channel.type, last_message_id: channel.messages.at(-1)?.id ?? null, flags: 0 };
  if (channel.type === DIRECT) return { ...common, recipients: channel.recipient ? [userWire(channel.recipient)] : [] };
  const inGuild = {
    ...common,
    guild_id: channel.guild?.id,
    name: channel.name,
    rate_limit_per_user: channel.slow ?? 0,
  };
  return channel.type === THREAD ? { ...inGuild, ...threadWire(channel) } : { ...inGuild, ...textWire(channel) };
}

function textWire(channel: Channel): Json {
  const overwrites = channel.overwrites.map((one) => ({ ...one, allow: String(one.allow), deny: String(one.deny) }));
  return { position: 0, parent_id: null, topic: null, nsfw: false, permission_overwrites: overwrites };
}

function threadWire(channel: Channel): Json {
  const made = timeOf(channel.id);
  return {
    parent_id: channel.parent?.id,
    owner_id: channel.guild?.ownerId,
    message_count: channel.messages.length,
    total_message_sent: channel.messages.length,
    member_count: 1,
    thread_metadata: {
      archived: false,
      auto_archive_duration: 1_440,
      archive_timestamp: made,
      create_timestamp: made,
      locked: false,
    },
  };
}

/** A guild as REST gives it: https://discord.com/developers/docs/resources/guild#guild-object */
export function guildWire(guild: Guild): Json {
  return {
    id: guild.id,
    name: guild.name,
    owner_id: guild.ownerId,
    icon: null,
    splash: null,
    discovery_splash: null,
    banner: null,
    description: null,
    vanity_url_code: null,
    afk_channel_id: null,
    afk_timeout: 300,
    application_id: null,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    verification_level: 1,
    default_message_notifications: 1,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw_level: 0,
    premium_tier: 0,
    incidents_data: guild.invitesDisabledUntil === null ? null : incidentsWire(guild),
    premium_subscription_count: 0,
    premium_progress_bar_enabled: false,
    preferred_locale: 'en-US',
    features: [],
    emojis: [],
    stickers: [],
    roles: [...guild.roles.values()].map(roleWire),
  };
}

/** https://discord.com/developers/docs/resources/guild#incidents-data-object */
export const incidentsWire = ({ invitesDisabledUntil }: Guild): Json => ({
  invites_disabled_until: invitesDisabledUntil,
  dms_disabled_until: null,
  dm_spam_detected_at: null,
  raid_detected_at: null,
});

/** The same with what only GUILD_CREATE tells; the members are those that the session may be told of. */
export function guildCreateWire(guild: Guild, members: Member[], bot: User): Json {
  const channels = [...guild.channels.values()];
  return {
    ...guildWire(guild),
    joined_at: guild.members.get(bot.id)?.joinedAt ?? null,
    large: false,
    unavailable: false,
    member_count: guild.members.size,
    members: members.map(fullMember),
    channels: channels.filter((one) => one.type !== THREAD).map(channelWire),
    threads: channels.filter((one) => one.type === THREAD).map(channelWire),
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

function attachmentWire(attachment: Attachment): Json {
  const { id, name, type, bytes, url, description, width, height } = attachment;
  return {
    id,
    filename: name,
    size: bytes,
    url,
    proxy_url: url,
    content_type: type,
    ...(description === undefined ? {} : { description }),
    ...(width === undefined ? {} : { width, height }),
  };
}

/** https://discord.com/developers/docs/resources/message#message-object, as REST gives it. */
export function messageWire(message: Message): Json {
  return {
    id: message.id,
    channel_id: message.channel.id,
    type: message.type,
    author: userWire(message.author),
    content: message.content,
    timestamp: timeOf(message.id),
    edited_timestamp: message.editedAt,
    tts: message.tts,
    pinned: false,
    flags: message.flags,
    mention_everyone: message.mentions.everyone,
    mention_roles: message.mentions.roles,
    mentions: message.mentions.users.map(userWire),
    attachments: message.attachments.map(attachmentWire),
    embeds: message.embeds,
    components: message.components,
    ...(message.nonce === undefined ? {} : { nonce: message.nonce }),
    ...(message.reference ? referenceWire(message) : {}),
    ...(message.webhookId ? { webhook_id: message.webhookId } : {}),
    ...(message.interaction ? interactionWire(message) : {}),
  };
}

function referenceWire({ reference, channel }: Message): Json {
  const found = channel.messages.find((one) => one.id === reference?.messageId);
  const guild = channel.guild ? { guild_id: channel.guild.id } : {};
  return {
    message_reference: { type: 0, channel_id: reference?.channelId, message_id: reference?.messageId, ...guild },
    referenced_message: found ? { ...messageWire(found), referenced_message: undefined } : null,
  };
}

function interactionWire({ interaction, webhookId, channel }: Message): Json {
  const user = interaction && userWire(interaction.user);
  const { id, type, name } = interaction ?? {};
  return {
    application_id: webhookId,
    interaction: { id, type, name, user },
    interaction_metadata: { id, type, user, authorizing_integration_owners: { 0: channel.guild?.id ?? '0' } },
  };
}

/** A message as the gateway tells of it: with the guild, the member, and who is called together with their member. */
export function messageEvent(message: Message): Json {
  const { channel, author, mentions } = message;
  const guild = channel.guild;
  const member = message.webhookId ? undefined : guild?.members.get(author.id);
  return {
    ...messageWire(message),
    channel_type: channel.type,
    mentions: mentions.users.map((user) => ({ ...userWire(user), ...memberOf(guild, user) })),
    ...(guild ? { guild_id: guild.id } : {}),
    ...(member ? { member: memberWire(member) } : {}),
  };
}

function memberOf(guild: Guild | undefined, user: User): Json {
  const member = guild?.members.get(user.id);
  return member ? { member: memberWire(member) } : {};
}

/** The member of an interaction: with its user, and with what it may do in this channel as a string of bits. */
export function interactionMember(guild: Guild, member: Member, channel: Channel): Json {
  return { ...fullMember(member), permissions: String(permissionsOf(guild, member, channel)) };
}

export function applicationWire(world: World, flags: number): Json {
  return {
    id: world.bot.id,
    name: world.bot.name,
    icon: null,
    description: '',
    summary: '',
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags,
    owner: userWire(world.people[0] ?? world.bot),
    team: null,
    bot: userWire(world.bot),
    approximate_guild_count: world.guilds.size,
  };
}

/** Users, members, roles and channels that the options of a command speak of. */
export function resolvedWire(world: World, guild: Guild | undefined, ids: unknown[]): Json {
  const users: Json = {};
  const members: Json = {};
  const roles: Json = {};
  const channels: Json = {};
  for (const id of ids.filter(isId)) {
    const user = [world.bot, ...world.people].find((one) => one.id === id);
    const member = guild?.members.get(id);
    const role = guild?.roles.get(id);
    const channel = guild?.channels.get(id);
    if (user) users[id] = userWire(user);
    if (guild && member) members[id] = { ...memberWire(member), permissions: String(permissionsOf(guild, member)) };
    if (role) roles[id] = roleWire(role);
    if (channel) channels[id] = channelWire(channel);
  }
  const all = Object.entries({ users, members, roles, channels });
  return Object.fromEntries(all.filter(([, found]) => Object.keys(found).length > 0));
}
