import { needAllowed } from './auto-moderation.ts';
import { findMember, findMessage, findRoom, findUser } from './find.ts';
import { sampleId } from './ids.ts';
import { interact, INTERACTION } from './interactions.ts';
import { called, post, remove, tellOf } from './messages.ts';
import { may, permissionsOf } from './permissions.ts';
import type { Platform } from './platform.ts';
import { findCommand, findOption, optionsOf, type Place, rawOptions, readOptions } from './slash.ts';
import { texts } from './texts.ts';
import { messageWire } from './wire.ts';
import { addMember, type Channel, type Json, THREAD, type User } from './world.ts';

/** A person types a line: a command where it begins with `/`, else a message. Gives the id of what came of it. */
export function say(platform: Platform, who: string, room: string, line: string): string {
  const place = placeOf(platform, who, room);
  const [, name, rest = ''] = /^\/([^\s/]+)([\s\S]*)$/.exec(line) ?? [];
  if (name === undefined) return write(platform, place, line);
  const command = findCommand(place, name);
  return use(platform, place, { command, options: readOptions(place, command, rest) });
}

/** The same with options as they are given, unchecked. */
export function slash(
  platform: Platform,
  typed: { who: string; room: string; name: string; options: Json[] | Json },
): string {
  const place = placeOf(platform, typed.who, typed.room);
  const command = findCommand(place, typed.name);
  return use(platform, place, { command, options: rawOptions(command, typed.options) });
}

export interface Typed {
  who: string;
  room: string;
  name: string;
  option: string;
  typed: string;
}

/** A person types into an option and waits for what is offered. Rejects where the bot offers nothing in time. */
export function autocomplete(platform: Platform, { who, room, name, option, typed }: Typed): Promise<Json[]> {
  const place = placeOf(platform, who, room);
  const command = findCommand(place, name);
  const asked = findOption(command, option);
  const focused: Json = { name: option, type: asked.option.type, value: typed, focused: true };
  const options = asked.under.reduceRight<Json[]>(
    (inner, one) => [{ name: one.name, type: one.type, options: inner }],
    [focused],
  );
  const { user, channel } = place;
  const type = INTERACTION.autocomplete;
  const interaction = interact(platform, { type, user, channel, name, data: commandData(command, options) });
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(texts.notAnswered)), platform.settings.answerWithinMs).unref();
    interaction.onAnswer.push((_type, data) => {
      clearTimeout(late);
      resolve(Object(data).choices ?? []);
    });
  });
}

/** A person chooses a command in the menu of a message. Throws where their client would offer none of that name. */
export function choose(platform: Platform, who: string, messageId: string, name: string): string {
  const message = findMessage(platform.world, messageId);
  const place = placeOf(platform, who, message.channel.id);
  const command = findCommand(place, name, MENU);
  const resolved = { messages: { [message.id]: messageWire(message) } };
  const data = { id: command.id, name, type: MENU, target_id: message.id, guild_id: command.guild_id, resolved };
  const { user, channel } = place;
  return interact(platform, { type: INTERACTION.command, user, channel, name, data }).id;
}

/** The type of a command in the menu of messages. */
const MENU = 3;

/** A person presses a button. */
export function press(platform: Platform, who: string, messageId: string, customId: string): string {
  const pressed = findMessage(platform.world, messageId);
  const user = findUser(platform.world, who);
  if (!hasButton(pressed.components, customId)) throw new Error(texts.noButton(customId));
  const { channel } = pressed;
  const data = { custom_id: customId, component_type: 2 };
  return interact(platform, { type: INTERACTION.component, user, channel, name: customId, data, pressed }).id;
}

/** A person changes a line. */
export function edit(platform: Platform, messageId: string, line: string): void {
  const message = findMessage(platform.world, messageId);
  message.content = worded(platform, line);
  message.mentions = called(platform, { content: message.content, allowedMentions: undefined }, message);
  message.editedAt = new Date().toISOString();
  tellOf(platform, 'MESSAGE_UPDATE', message);
}

export const unsay = (platform: Platform, messageId: string): void =>
  remove(platform, findMessage(platform.world, messageId));

/** Another bot says something. */
export function botSays(platform: Platform, room: string, line: string, name: string): string {
  const channel = findRoom(platform.world, room);
  const author = otherOf(platform, name);
  if (channel.guild && !channel.guild.members.has(author.id)) addMember(channel.guild, author);
  return post(platform, { channel, author, content: worded(platform, line) }).id;
}

/** A webhook says something: it is nobody's account, and no member. */
export function webhookSays(platform: Platform, room: string, line: string, name: string): string {
  const author = otherOf(platform, name);
  return post(platform, { channel: findRoom(platform.world, room), author, content: line, webhookId: author.id }).id;
}

/** Discord's own limit for a person without Nitro. */
const LONGEST_LINE = 2_000;

function placeOf({ world }: Platform, who: string, room: string): Place {
  const user = findUser(world, who);
  const channel = findRoom(world, room);
  if (channel.recipient ? channel.recipient !== user : !sees(channel, user))
    throw new Error(texts.maySee(user.name, channel.name));
  return { world, user, channel };
}

const sees = (channel: Channel, user: User): boolean =>
  channel.guild !== undefined &&
  may(permissionsOf(channel.guild, findMember(channel.guild, user), channel), 'VIEW_CHANNEL');

function write(platform: Platform, { user, channel }: Place, line: string): string {
  const { guild } = channel;
  const needed = channel.type === THREAD ? 'SEND_MESSAGES_IN_THREADS' : 'SEND_MESSAGES';
  if (guild && !may(permissionsOf(guild, findMember(guild, user), channel), needed))
    throw new Error(texts.maySay(user.name, channel.name));
  const content = worded(platform, line);
  if (content === '') throw new Error(texts.empty);
  if (content.length > LONGEST_LINE) throw new Error(texts.tooLong(LONGEST_LINE));
  needAllowed(platform, { user, channel, line: content });
  const mentions = called(platform, { content, allowedMentions: undefined }, { channel, author: user });
  return post(platform, { channel, author: user, content, mentions }).id;
}

/** What the client makes of a typed line: names after an @ become mentions. */
function worded({ world }: Platform, line: string): string {
  const people = [world.bot, ...world.people];
  const named = line.replace(/(^|\s)@([\w-]+)/g, (whole, before: string, name: string) => {
    const person = people.find((one) => one.name === name);
    return person ? `${before}<@${person.id}>` : whole;
  });
  return named.trim();
}

function use(
  platform: Platform,
  { user, channel }: Place,
  { command, options }: { command: Json; options: Json[] },
): string {
  const data = commandData(command, options);
  return interact(platform, { type: INTERACTION.command, user, channel, name: String(command.name), data }).id;
}

function commandData(command: Json, options: Json[]): Json {
  const ofGuild = command.guild_id === undefined ? {} : { guild_id: command.guild_id };
  const given = options.length > 0 || optionsOf(command).length > 0 ? { options } : {};
  return { id: command.id, name: command.name, type: 1, ...given, ...ofGuild };
}

function hasButton(components: unknown, customId: string): boolean {
  if (!Array.isArray(components)) return false;
  return components.some((one) => one.custom_id === customId || hasButton(one.components, customId));
}

function otherOf({ world }: Platform, name: string): User {
  const known = world.others.find((one) => one.name === name);
  if (known) return known;
  const user = { id: sampleId('bot', name), name, bot: true };
  world.others.push(user);
  return user;
}
