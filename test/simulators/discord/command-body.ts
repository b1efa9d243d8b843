import { type Wrong, wrong } from './problems.ts';
import type { Json } from './world.ts';

/** Kinds of option: https://discord.com/developers/docs/interactions/application-commands#application-command-object */
export const OPTION = {
  subcommand: 1,
  group: 2,
  string: 3,
  integer: 4,
  boolean: 5,
  user: 6,
  channel: 7,
  role: 8,
  mentionable: 9,
  number: 10,
  attachment: 11,
};

type Path = (string | number)[];

/** What is wrong with one command that is registered; `path` leads to it. */
export function wrongCommand(command: Json, path: Path): Wrong[] {
  const isSlash = (command.type ?? 1) === 1;
  return [
    ...wrongName(command.name, isSlash, path),
    ...(isSlash ? wrongDescription(command.description, path) : []),
    ...(isSlash ? wrongOptions(command.options, path) : []),
    ...wrongPermissions(command.default_member_permissions, path),
    ...(lettersOf(command) > LONGEST_COMMAND
      ? [wrong.because('APPLICATION_COMMAND_TOO_LARGE', TOO_LARGE, ...path)]
      : []),
  ];
}

export const namesTwice = (path: Path): Wrong =>
  wrong.because('APPLICATION_COMMANDS_DUPLICATE_NAME', 'Application command names must be unique', ...path);

const LONGEST_COMMAND = 8_000;
const TOO_LARGE = `Command exceeds maximum size (${LONGEST_COMMAND})`;
const MOST = { options: 25, choices: 25, description: 100, choice: 100, text: 6_000 };

/** https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming */
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

function wrongName(name: unknown, isSlash: boolean, path: Path): Wrong[] {
  if (name === undefined || name === null) return [wrong.required(...path, 'name')];
  if (typeof name !== 'string') return [wrong.type('STRING', ...path, 'name')];
  if (name.length < 1 || name.length > 32) return [wrong.length(1, 32, ...path, 'name')];
  const fits = isSlash ? NAME.test(name) && name === name.toLowerCase() : name.trim() !== '';
  return fits ? [] : [wrong.because('APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid', ...path, 'name')];
}

function wrongDescription(description: unknown, path: Path): Wrong[] {
  if (description === undefined || description === null || description === '')
    return [wrong.required(...path, 'description')];
  if (typeof description !== 'string') return [wrong.type('STRING', ...path, 'description')];
  return description.length > MOST.description ? [wrong.length(1, MOST.description, ...path, 'description')] : [];
}

function wrongOptions(given: unknown, path: Path, depth = 0): Wrong[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) return [wrong.type('LIST', ...path, 'options')];
  const options = given.map((one: unknown): Json => ({ ...Object(one) }));
  return [
    ...(options.length > MOST.options ? [wrong.longerThan(MOST.options, ...path, 'options')] : []),
    ...options.flatMap((one, index) => wrongOption(one, [...path, 'options', index], depth)),
    ...wrongOrder(options, path),
    ...wrongTwins(options, path),
  ];
}

function wrongOption(option: Json, path: Path, depth: number): Wrong[] {
  const type = Number(option.type);
  const isBranch = type === OPTION.subcommand || type === OPTION.group;
  return [
    ...(Number.isInteger(type) && type >= 1 && type <= 11 ? [] : [wrong.choice('(1 to 11)', ...path, 'type')]),
    ...wrongName(option.name, true, path),
    ...wrongDescription(option.description, path),
    ...(isBranch ? wrongBranch(option, path, depth) : []),
    ...(isBranch ? [] : wrongChoices(option, path)),
    ...wrongBounds(option, path),
  ];
}

/** A group holds subcommands, a subcommand holds options, and neither goes deeper. */
function wrongBranch(option: Json, path: Path, depth: number): Wrong[] {
  const deepest = option.type === OPTION.group ? 0 : 1;
  if (depth <= deepest) return wrongOptions(option.options, path, depth + 1);
  return [wrong.because('APPLICATION_COMMAND_OPTIONS_TYPE_INVALID', 'Sub-commands nest too deep', ...path, 'type')];
}

function wrongChoices(option: Json, path: Path): Wrong[] {
  const { choices, type } = option;
  if (choices === undefined || choices === null) return [];
  if (!Array.isArray(choices)) return [wrong.type('LIST', ...path, 'choices')];
  if (option.autocomplete === true && choices.length > 0) return [bothWays(path)];
  const wanted = type === OPTION.string ? 'string' : 'number';
  return [
    ...(choices.length > MOST.choices ? [wrong.longerThan(MOST.choices, ...path, 'choices')] : []),
    ...choices.flatMap((choice: unknown, index) => {
      const { name, value }: Json = { ...Object(choice) };
      const at = [...path, 'choices', index];
      const isNamed = typeof name === 'string' && name.length >= 1 && name.length <= MOST.choice;
      const isFine = typeof value === wanted && String(value).length >= 1 && String(value).length <= MOST.choice;
      return [
        ...(isNamed ? [] : [wrong.length(1, MOST.choice, ...at, 'name')]),
        ...(isFine ? [] : [wrong.type(wanted === 'string' ? 'STRING' : 'INTEGER', ...at, 'value')]),
      ];
    }),
  ];
}

const bothWays = (path: Path): Wrong =>
  wrong.because(
    'APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE',
    'An option has choices or autocomplete, and not both',
    ...path,
    'autocomplete',
  );

function wrongBounds({ type, min_length: least, max_length: most, autocomplete }: Json, path: Path): Wrong[] {
  const canComplete = type === OPTION.string || type === OPTION.integer || type === OPTION.number;
  const within = (value: unknown, from: number): boolean =>
    value === undefined ||
    value === null ||
    (Number.isInteger(value) && Number(value) >= from && Number(value) <= MOST.text);
  return [
    ...(within(least, 0) ? [] : [wrong.because('NUMBER_TYPE_MAX', `0 to ${MOST.text}`, ...path, 'min_length')]),
    ...(within(most, 1) ? [] : [wrong.because('NUMBER_TYPE_MAX', `1 to ${MOST.text}`, ...path, 'max_length')]),
    ...(autocomplete === true && !canComplete
      ? [wrong.because('APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID', NO_COMPLETION, ...path, 'autocomplete')]
      : []),
  ];
}

const NO_COMPLETION = 'Only strings and numbers are completed';

function wrongOrder(options: Json[], path: Path): Wrong[] {
  const late = options.findIndex(
    (one, index) => one.required === true && options[index - 1]?.required !== true && index > 0,
  );
  const message = 'Required options must be placed before non-required options';
  return late < 0
    ? []
    : [wrong.because('APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID', message, ...path, 'options', late)];
}

function wrongTwins(options: Json[], path: Path): Wrong[] {
  const names = options.map((one) => one.name);
  const message = 'Option name already exists';
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [wrong.because('APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS', message, ...path, 'options', index)],
  );
}

function wrongPermissions(given: unknown, path: Path): Wrong[] {
  if (given === undefined || given === null || (typeof given === 'string' && /^\d+$/.test(given))) return [];
  return [wrong.type('STRING', ...path, 'default_member_permissions')];
}

/** Names, descriptions and values of a command and all its options together. */
function lettersOf(command: Json): number {
  const lists = [command.options, command.choices].map((list) => (Array.isArray(list) ? list : []));
  const own = [command.name, command.description, command.value].map((text) =>
    typeof text === 'string' ? text.length : 0,
  );
  const inner = lists.flat().map((one: unknown) => lettersOf({ ...Object(one) }));
  return [...own, ...inner].reduce((sum, length) => sum + length, 0);
}
