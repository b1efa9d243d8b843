import { texts } from './texts.ts';
import {
  type Channel,
  type Guild,
  type Member,
  type Message,
  type Role,
  TEXT,
  type User,
  type World,
} from './world.ts';

/** A person, the bot too, by name or id. Throws where nobody is called so. */
export function findUser(world: World, who: string): User {
  const found = [world.bot, ...world.people, ...world.others].find((one) => one.id === who || one.name === who);
  if (!found) throw new Error(texts.noPerson(who));
  return found;
}

/**
 * A room by id, by name (the first guild's before another's), as `Guild name/room`, or a direct channel as `dm:mia`.
 * Throws where there is none.
 */
export function findRoom(world: World, which: string): Channel {
  const all = [...channelsOf(world)];
  const found =
    all.find((one) => one.id === which || one.name === which) ??
    all.find((one) => one.guild && `${one.guild.name}/${one.name}` === which);
  if (!found) throw new Error(texts.noRoom(which));
  return found;
}

export function* channelsOf(world: World): Iterable<Channel> {
  for (const guild of world.guilds.values()) yield* guild.channels.values();
  yield* world.directs.values();
}

/** A guild by id or name, the first one without either. Throws where there is none. */
export function findGuild(world: World, which?: string): Guild {
  const all = [...world.guilds.values()];
  const found = which === undefined ? all[0] : all.find((one) => one.id === which || one.name === which);
  if (!found) throw new Error(texts.noGuild(which ?? ''));
  return found;
}

export function findRole(guild: Guild, which: string): Role {
  const found = [...guild.roles.values()].find((one) => one.id === which || one.name === which);
  if (!found) throw new Error(texts.noRole(which));
  return found;
}

export function findMember(guild: Guild, who: User): Member {
  const found = guild.members.get(who.id);
  if (!found) throw new Error(texts.noMember(who.name, guild.name));
  return found;
}

/** A message by id, wherever it stands. Throws where there is none. */
export function findMessage(world: World, id: string): Message {
  for (const channel of channelsOf(world)) {
    const found = channel.messages.find((one) => one.id === id);
    if (found) return found;
  }
  throw new Error(texts.noMessage(id));
}

/** Where a room of this name may be looked for: the text channels of a guild. */
export const roomsOf = (guild: Guild): Channel[] => [...guild.channels.values()].filter((one) => one.type === TEXT);
