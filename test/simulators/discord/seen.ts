import type { Person, Room, Seen } from '#test/simulators/shared/simulator.ts';
import { channelsOf, findRoom, findUser } from './find.ts';
import { textOfEmbed } from './message-body.ts';
import { may, permissionsOf } from './permissions.ts';
import { messageWire } from './wire.ts';
import { type Channel, DIRECT, type Guild, type Message, THREAD, type User, type World } from './world.ts';

/** What a person sees in a room, oldest first; without a person, what everybody there sees. */
export function seen(world: World, room: string, who?: string): Seen[] {
  const channel = findRoom(world, room);
  const person = who === undefined ? undefined : findUser(world, who);
  if (person && !isInside(channel, person)) return [];
  return channel.messages.filter((one) => !one.only || one.only === person).map(asSeen);
}

/** Whom a message called, by id: the people, and who has a role or is there where those were called. */
export function pinged({ channel, mentions }: Message): string[] {
  const members = [...(channel.guild?.members.values() ?? [])];
  const byRole = members.filter((one) => mentions.everyone || mentions.roles.some((id) => one.roles.has(id)));
  return [...new Set([...mentions.users.map(({ id }) => id), ...byRole.map((one) => one.user.id)])];
}

export const roomsIn = (world: World): Room[] =>
  [...channelsOf(world)].map(({ id, name, type }) => ({ id, name, kind: KINDS[type] }));

export function peopleIn(world: World): Person[] {
  const guild = world.guilds.values().next().value;
  return world.people.map((user) => ({ id: user.id, name: user.name, role: guild ? roleOf(guild, user) : 'member' }));
}

const KINDS = { 0: 'room', [DIRECT]: 'direct', [THREAD]: 'thread' } as const;

function roleOf(guild: Guild, user: User): Person['role'] {
  const member = guild.members.get(user.id);
  if (guild.ownerId === user.id) return 'owner';
  if (!member) return 'member';
  const held = permissionsOf(guild, { ...member, disabledUntil: null });
  if (may(held, 'ADMINISTRATOR')) return 'admin';
  return may(held, 'MANAGE_MESSAGES') ? 'moderator' : 'member';
}

function isInside({ guild, recipient, ...channel }: Channel, person: User): boolean {
  if (recipient) return recipient === person;
  const member = guild?.members.get(person.id);
  return (
    guild !== undefined &&
    member !== undefined &&
    may(permissionsOf(guild, member, { ...channel, guild }), 'VIEW_CHANNEL')
  );
}

function asSeen(message: Message): Seen {
  const { id, channel, author, only, interaction, reference } = message;
  const to = only ?? channel.recipient;
  const answers = interaction?.id ?? reference?.messageId ?? (channel.type === THREAD ? channel.id : undefined);
  return {
    id,
    room: channel.id,
    author: { id: author.id, name: author.name, bot: author.bot },
    text: [message.content, ...message.embeds.map(textOfEmbed)].filter((part) => part !== '').join('\n'),
    attachments: message.attachments.map(({ name, type, bytes }) => ({ name, type, bytes })),
    raw: messageWire(message),
    ...(to ? { to: to.id } : {}),
    ...(answers ? { replyTo: answers } : {}),
  };
}
