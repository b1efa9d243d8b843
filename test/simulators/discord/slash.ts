import { OPTION } from './command-body.ts';
import { findRole, findUser } from './find.ts';
import { may, permissionsOf } from './permissions.ts';
import { texts } from './texts.ts';
import type { Channel, Guild, Json, User, World } from './world.ts';

/** Where a line is typed, and by whom. */
export interface Place {
  world: World;
  user: User;
  channel: Channel;
}

/**
 * The command of this name that the person finds in the room: the guild's before one for every guild. Throws where the
 * person's client would offer none.
 */
export function findCommand(place: Place, name: string, type = 1): Json {
  const { world, channel } = place;
  const mine = [...(channel.guild?.commands ?? []), ...world.commands];
  const found = mine.find((one) => one.type === type && one.name === name && isOffered(one, place));
  if (!found) throw new Error(texts.noCommand(name));
  return found;
}

/**
 * Reads what was typed after `/name` as Discord's own client would send it: words in the order of the options, or
 * `option:value`; the last option of text takes the rest of the line. Throws where the client would not send it.
 */
export function readOptions(place: Place, command: Json, line: string): Json[] {
  const options = optionsOf(command);
  const name = String(command.name);
  if (!options.some((one) => isBranch(one))) return readValues(place, { name, options }, line);
  const [, word = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/.exec(line) ?? [];
  const branch = options.find((one) => one.name === word && isBranch(one));
  if (!branch) throw new Error(texts.noSubcommand(name));
  return [{ name: word, type: branch.type, options: readOptions(place, { ...branch, name: `${name} ${word}` }, rest) }];
}

/** Options as they are given, unchecked: a list in the wire form, or values by name with the types that are registered. */
export function rawOptions(command: Json, given: Json[] | Json): Json[] {
  if (Array.isArray(given)) return given;
  const options = optionsOf(command);
  return Object.entries(given).map(([name, value]) => {
    const type = options.find((one) => one.name === name)?.type ?? OPTION.string;
    return { name, type, value };
  });
}

/** The option of this name, and where it stands: the subcommands that lead to it. Throws where there is none. */
export function findOption(command: Json, name: string): { option: Json; under: Json[] } {
  for (const option of optionsOf(command)) {
    if (option.name === name && !isBranch(option)) return { option, under: [] };
    const inner = isBranch(option) && optionsOf(option).length > 0 ? attempt(option, name) : undefined;
    if (inner) return { option: inner.option, under: [option, ...inner.under] };
  }
  throw new Error(texts.noOption(name, String(command.name)));
}

export const optionsOf = ({ options }: Json): Json[] => (Array.isArray(options) ? options : []);

const isBranch = ({ type }: Json): boolean => type === OPTION.subcommand || type === OPTION.group;

function attempt(command: Json, name: string): ReturnType<typeof findOption> | undefined {
  try {
    return findOption(command, name);
  } catch {
    return undefined;
  }
}

function isOffered(command: Json, { world, user, channel }: Place): boolean {
  const { guild } = channel;
  if (guild && !guild.members.has(world.bot.id)) return false;
  const contexts = Array.isArray(command.contexts) ? command.contexts : undefined;
  if (!guild) return command.guild_id === undefined && (contexts?.includes(1) ?? command.dm_permission !== false);
  if (contexts && !contexts.includes(0)) return false;
  const member = guild.members.get(user.id);
  const held = member ? permissionsOf(guild, member, channel) : 0n;
  if (!may(held, 'USE_APPLICATION_COMMANDS')) return false;
  const needed = command.default_member_permissions;
  if (needed === null || needed === undefined) return true;
  return may(held, 'ADMINISTRATOR') || (needed !== '0' && (held & BigInt(String(needed))) === BigInt(String(needed)));
}

interface Wanted {
  name: string;
  options: Json[];
}

function readValues(place: Place, wanted: Wanted, line: string): Json[] {
  const { words, named } = splitNamed(wanted.options, line);
  const given = new Map([...takeWords(wanted, named, words), ...named]);
  const missing = wanted.options.find((one) => one.required === true && !given.has(String(one.name)));
  if (missing) throw new Error(texts.missingOption(String(missing.name), wanted.name));
  return wanted.options.flatMap((option) => {
    const text = given.get(String(option.name));
    return text === undefined ? [] : [{ name: option.name, type: option.type, value: valueOf(place, option, text) }];
  });
}

/** Cuts the line where an option is named. */
function splitNamed(options: Json[], line: string): { words: string; named: Map<string, string> } {
  if (options.length === 0) return { words: line.trim(), named: new Map() };
  const names = options.map((one) => String(one.name)).join('|');
  const [words = '', ...rest] = line.split(new RegExp(`(?:^|\\s)(${names}):`, 'u'));
  const named = new Map<string, string>();
  for (let index = 0; index < rest.length; index += 2)
    named.set(rest[index] ?? '', unquoted((rest[index + 1] ?? '').trim()));
  return { words: words.trim(), named };
}

const unquoted = (text: string): string => /^"([\s\S]*)"$/.exec(text)?.[1] ?? text;

function takeWords({ name, options }: Wanted, named: Map<string, string>, words: string): [string, string][] {
  const open = options.filter((one) => !named.has(String(one.name)));
  const taken: [string, string][] = [];
  let left = words;
  for (const [index, option] of open.entries()) {
    if (left === '') break;
    const takesAll = index === open.length - 1 && option.type === OPTION.string;
    const [whole = '', quoted, word] = takesAll
      ? [left, undefined, left]
      : (/^(?:"([^"]*)"|(\S+))\s*/.exec(left) ?? []);
    taken.push([String(option.name), quoted ?? word ?? '']);
    left = left.slice(whole.length);
  }
  if (left !== '') throw new Error(texts.tooManyWords(name));
  return taken;
}

function valueOf(place: Place, option: Json, text: string): unknown {
  const read = READERS[Number(option.type)];
  const value = read?.(text, place, option);
  if (value === undefined)
    throw new Error(texts.badOption(String(option.name), WANTED[Number(option.type)] ?? 'nothing'));
  return value;
}

type Reader = (text: string, place: Place, option: Json) => unknown;

const WANTED: Record<number, string> = {
  [OPTION.string]: 'a text of its length or one of its choices',
  [OPTION.integer]: 'a whole number within its bounds',
  [OPTION.boolean]: 'true or false',
  [OPTION.user]: 'a person',
  [OPTION.channel]: 'a room',
  [OPTION.role]: 'a role',
  [OPTION.mentionable]: 'a person or a role',
  [OPTION.number]: 'a number within its bounds',
};

const READERS: Record<number, Reader> = {
  [OPTION.string]: (text, _place, option) =>
    choiceOr(option, text, (value) => (fitsLength(option, value) ? value : undefined)),
  [OPTION.integer]: (text, _place, option) =>
    choiceOr(option, text, (value) => (/^-?\d+$/.test(value) ? within(option, Number(value)) : undefined)),
  [OPTION.number]: (text, _place, option) =>
    choiceOr(option, text, (value) =>
      value !== '' && Number.isFinite(Number(value)) ? within(option, Number(value)) : undefined,
    ),
  [OPTION.boolean]: (text) => ({ true: true, false: false })[text.toLowerCase()],
  [OPTION.user]: (text, { world }) => found(() => findUser(world, bare(text)).id),
  [OPTION.role]: (text, { channel }) => found(() => findRole(guildOf(channel), bare(text)).id),
  [OPTION.channel]: (text, { channel }) => roomIn(guildOf(channel), bare(text)),
  [OPTION.mentionable]: (text, { world, channel }) =>
    found(() => findUser(world, bare(text)).id) ?? found(() => findRole(guildOf(channel), bare(text)).id),
};

/** Where an option has choices the client takes nothing else, by their name or their value. */
function choiceOr({ choices }: Json, text: string, read: (text: string) => unknown): unknown {
  if (!Array.isArray(choices) || choices.length === 0) return read(text);
  return choices.find(({ name, value }) => name === text || String(value) === text)?.value;
}

const fitsLength = ({ min_length: least, max_length: most }: Json, text: string): boolean =>
  text.length >= Number(least ?? 0) && text.length <= Number(most ?? 6_000);

const within = ({ min_value: least, max_value: most }: Json, value: number): number | undefined =>
  value >= Number(least ?? -(2 ** 53)) && value <= Number(most ?? 2 ** 53) ? value : undefined;

/** `@mia`, `#square`, `<@123>`, `<#123>` and `<@&123>` as what they name. */
const bare = (text: string): string => text.replace(/^<[@#][!&]?(\d+)>$/, '$1').replace(/^[@#]/, '');

function found<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function guildOf({ guild }: Channel): Guild {
  if (!guild) throw new Error(texts.noGuild(''));
  return guild;
}

const roomIn = (guild: Guild, which: string): string | undefined =>
  [...guild.channels.values()].find((one) => one.id === which || one.name === which)?.id;
