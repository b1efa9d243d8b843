import { randomBytes } from 'node:crypto';
import { nextId } from './ids.ts';
import { permissionsOf } from './permissions.ts';
import { keepIn, type Platform } from './platform.ts';
import { channelWire, interactionMember, messageWire, resolvedWire, userWire } from './wire.ts';
import type { Channel, Guild, Json, Message, User } from './world.ts';

/** Kinds of interaction: https://discord.com/developers/docs/interactions/receiving-and-responding */
export const INTERACTION = { command: 2, component: 3, autocomplete: 4 } as const;

export interface Interaction {
  id: string;
  token: string;
  type: number;
  name: string;
  user: User;
  channel: Channel;
  at: number;
  /** When it was answered first, and with which type. */
  answered: { at: number; type: number } | undefined;
  /** The first answer. */
  original: Message | undefined;
  /** Of a press: the message with the button. */
  pressed: Message | undefined;
  /** Told of the first answer. */
  onAnswer: ((type: number, data: unknown) => void)[];
}

export interface Interactions {
  byId: Map<string, Interaction>;
  byToken: Map<string, Interaction>;
}

export const createInteractions = (): Interactions => ({ byId: new Map(), byToken: new Map() });

/** What somebody did: where, and with which data. */
export interface Deed {
  type: number;
  user: User;
  channel: Channel;
  name: string;
  data: Json;
  pressed?: Message;
}

/** Starts an interaction and tells the bot of it. */
export function interact(platform: Platform, deed: Deed): Interaction {
  const id = nextId();
  const interaction: Interaction = {
    id,
    token: randomBytes(96).toString('base64url'),
    type: deed.type,
    name: deed.name,
    user: deed.user,
    channel: deed.channel,
    at: Date.now(),
    answered: undefined,
    original: undefined,
    pressed: deed.pressed,
    onAnswer: [],
  };
  keepIn(platform.interactions.byId, id, interaction);
  keepIn(platform.interactions.byToken, interaction.token, interaction);
  const event = interactionWire(platform, interaction, deed.data);
  const { guild } = deed.channel;
  platform.sessions.happen({
    name: 'INTERACTION_CREATE',
    intents: 0,
    key: id,
    tell: () => event,
    ...(guild ? { guild } : {}),
  });
  return interaction;
}

const ATTACHMENT_LIMIT = 10 * 1_024 * 1_024;

function interactionWire({ world }: Platform, interaction: Interaction, data: Json): Json {
  const { channel, user, pressed } = interaction;
  const guild = channel.guild;
  const bot = guild?.members.get(world.bot.id);
  return {
    id: interaction.id,
    application_id: world.bot.id,
    type: interaction.type,
    token: interaction.token,
    version: 1,
    channel_id: channel.id,
    channel: channelWire(channel),
    app_permissions: String(guild && bot ? permissionsOf(guild, bot, channel) : IN_DIRECT),
    locale: 'en-US',
    entitlements: [],
    attachment_size_limit: ATTACHMENT_LIMIT,
    data: { ...data, ...resolvedOf(world, guild, data) },
    ...(guild ? inGuild(guild, user, channel) : { ...ALONE, user: userWire(user) }),
    ...(pressed ? { message: messageWire(pressed) } : {}),
  };
}

/** What an application may do in a direct channel. */
const IN_DIRECT = 1n << 49n;

const ALONE = { context: 1, authorizing_integration_owners: { 0: '0' } };

function inGuild(guild: Guild, user: User, channel: Channel): Json {
  const member = guild.members.get(user.id);
  return {
    context: 0,
    authorizing_integration_owners: { 0: guild.id },
    guild_id: guild.id,
    guild: { id: guild.id, locale: 'en-US', features: [] },
    guild_locale: 'en-US',
    ...(member ? { member: interactionMember(guild, member, channel) } : {}),
  };
}

function resolvedOf(world: Parameters<typeof resolvedWire>[0], guild: Guild | undefined, { options }: Json): Json {
  const resolved = resolvedWire(world, guild, valuesIn(options));
  return Object.keys(resolved).length > 0 ? { resolved } : {};
}

/** The values of options that name somebody or something: users, channels, roles, any of these. */
function valuesIn(options: unknown): unknown[] {
  if (!Array.isArray(options)) return [];
  return options.flatMap(({ type, value, options: inner }) => {
    return typeof type === 'number' && type >= 6 && type <= 9 ? [value] : valuesIn(inner);
  });
}
