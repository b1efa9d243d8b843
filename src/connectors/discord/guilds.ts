import { PERMISSION, type GuildPayload, type GuildRolePayload, type RolePayload } from './discord.external.ts';

/** All that is kept of a guild. */
export interface Guild {
  id: string;
  name: string;
  owner: string;
  /** The bot's own id. */
  bot: string;
  /** The permissions of each role, by its id; the guild's own id is everybody's. */
  roles: Map<string, bigint>;
  /** How the roles that people can be given are called, by their id. */
  names: Map<string, string>;
  /** The role that Discord made for the bot; a mention of it is meant for the bot. */
  mine: string | undefined;
  /** The community that it belongs to, once it was asked. */
  community?: string;
}

/** The guilds that the bot is in, kept true by the gateway's events. */
export class Guilds {
  readonly #guilds = new Map<string, Guild>();

  get(id: string): Guild | undefined {
    return this.#guilds.get(id);
  }

  all(): Guild[] {
    return [...this.#guilds.values()];
  }

  /** Those of one community. */
  of(community: string): Guild[] {
    return [...this.#guilds.values()].filter((one) => one.community === community);
  }

  /** GUILD_CREATE and GUILD_UPDATE. `bot` is the bot's own id. */
  arrived(payload: GuildPayload, bot: string): Guild {
    const community = this.#guilds.get(payload.id)?.community;
    const guild: Guild = {
      id: payload.id,
      name: payload.name,
      owner: payload.owner_id,
      bot,
      roles: new Map(payload.roles.map((role) => [role.id, BigInt(role.permissions)])),
      names: new Map(payload.roles.flatMap((role) => nameOf(role, payload.id))),
      mine: payload.roles.find((role) => role.tags?.bot_id === bot)?.id,
      ...(community !== undefined && { community }),
    };
    this.#guilds.set(guild.id, guild);
    return guild;
  }

  /** The bot was removed. One that is only unavailable stays as it is known. */
  left(payload: { id: string; unavailable?: boolean }): void {
    if (!payload.unavailable) this.#guilds.delete(payload.id);
  }

  /** GUILD_ROLE_CREATE and GUILD_ROLE_UPDATE. */
  role({ guild_id, role }: GuildRolePayload, bot: string): Guild | undefined {
    const guild = this.#guilds.get(guild_id);
    if (guild && role) keepRole(guild, role, bot);
    return guild;
  }

  roleGone({ guild_id, role_id = '' }: GuildRolePayload): Guild | undefined {
    const guild = this.#guilds.get(guild_id);
    guild?.roles.delete(role_id);
    guild?.names.delete(role_id);
    return guild;
  }
}

/** Everybody's role has the guild's id. A bot's own can be given to nobody. */
function nameOf({ id, name, managed }: RolePayload, guild: string): [id: string, name: string][] {
  return id === guild || managed || name === undefined ? [] : [[id, name]];
}

/** The roles that people can be given, as the guild calls them. */
export function rolesOf({ names }: Guild): { id: string; name: string }[] {
  return [...names].map(([id, name]) => ({ id, name }));
}

function keepRole(guild: Guild, role: RolePayload, bot: string): void {
  guild.roles.set(role.id, BigInt(role.permissions));
  for (const [id, name] of nameOf(role, guild.id)) guild.names.set(id, name);
  if (role.tags?.bot_id === bot) guild.mine = role.id;
}

/** The permissions of somebody with these roles, before any channel's own rules. */
export function permissionsOf(guild: Guild, roles: string[]): bigint {
  let bits = guild.roles.get(guild.id) ?? 0n;
  for (const role of roles) bits |= guild.roles.get(role) ?? 0n;
  return bits;
}

/** What somebody with these permissions is there, in one word. */
export function standingBy(permissions: bigint): string[] {
  if (permissions & PERMISSION.ADMINISTRATOR) return ['administrator'];
  return permissions & MODERATION ? ['moderator'] : [];
}

/** Roles whose people keep order in the guild; what everybody may do makes nobody one of them. */
export function moderatorRoles({ id, roles }: Guild): string[] {
  const KEEPS_ORDER = MODERATION | PERMISSION.ADMINISTRATOR;
  return [...roles].flatMap(([role, bits]) => (role !== id && bits & KEEPS_ORDER ? [role] : []));
}

const MODERATION = PERMISSION.MODERATE_MEMBERS | PERMISSION.MANAGE_MESSAGES;
