import { guildFor } from './bot-may.ts';
import { namesTwice, wrongCommand } from './command-body.ts';
import { nextId } from './ids.ts';
import type { Platform } from './platform.ts';
import { problems, refuseForm, wrong } from './problems.ts';
import type { Asked, Reply, Route } from './routes.ts';
import type { Json } from './world.ts';

const GLOBAL = '/applications/:application/commands';
const OF_GUILD = '/applications/:application/guilds/:guild/commands';

/** Two lists of commands: those for every guild, and those for one. https://discord.com/developers/docs/interactions/application-commands */
export const commandRoutes: Route[] = [GLOBAL, OF_GUILD].flatMap((path): Route[] => [
  { method: 'GET', path, answer: list },
  { method: 'PUT', path, answer: replaceAll },
  { method: 'POST', path, answer: add },
  { method: 'GET', path: `${path}/:command`, answer: getOne },
  { method: 'PATCH', path: `${path}/:command`, answer: edit },
  { method: 'DELETE', path: `${path}/:command`, answer: removeOne },
]);

const MOST_COMMANDS = 100;

function list(asked: Asked): Reply {
  return { status: 200, body: placeOf(asked).commands };
}

/** The whole list at once. A command that keeps its name keeps its id. */
function replaceAll(asked: Asked): Reply {
  const { body } = asked;
  const place = placeOf(asked);
  if (!Array.isArray(body)) return refuseForm([wrong.type('LIST')]) ?? { status: 400 };
  const given = body.map((one: unknown): Json => ({ ...Object(one) }));
  if (given.length > MOST_COMMANDS) throw problems.tooManyCommands();
  const keys = given.map(keyOf);
  refuseForm([
    ...given.flatMap((one, index) => wrongCommand(one, [index])),
    ...keys.flatMap((key, index) => (keys.indexOf(key) === index ? [] : [namesTwice([index])])),
  ]);
  place.commands = given.map((one) =>
    registered(
      asked,
      one,
      place.commands.find((old) => keyOf(old) === keyOf(one)),
    ),
  );
  return { status: 200, body: place.commands };
}

/** One more; one of the same name takes the place of the old. */
function add(asked: Asked): Reply {
  const place = placeOf(asked);
  const given: Json = { ...Object(asked.body) };
  refuseForm(wrongCommand(given, []));
  const old = place.commands.find((one) => keyOf(one) === keyOf(given));
  if (!old && place.commands.length >= MOST_COMMANDS) throw problems.tooManyCommands();
  const command = registered(asked, given, old);
  place.commands = [...place.commands.filter((one) => one !== old), command];
  return { status: old ? 200 : 201, body: command };
}

function getOne(asked: Asked): Reply {
  return { status: 200, body: commandFor(asked) };
}

function edit(asked: Asked): Reply {
  const place = placeOf(asked);
  const old = commandFor(asked);
  const given: Json = { ...old, ...Object(asked.body) };
  refuseForm(wrongCommand(given, []));
  const command = registered(asked, given, old);
  place.commands = place.commands.map((one) => (one === old ? command : one));
  return { status: 200, body: command };
}

function removeOne(asked: Asked): Reply {
  const place = placeOf(asked);
  const old = commandFor(asked);
  place.commands = place.commands.filter((one) => one !== old);
  return { status: 204 };
}

/** What holds the list of a call: the whole application, or one guild. 20012 for an application that is not the bot's. */
function placeOf({ platform, params }: Asked): { commands: Json[] } {
  if (params.application !== platform.world.bot.id) throw problems.notYourApplication();
  return params.guild === undefined ? platform.world : accessible(platform, params.guild);
}

/** A guild that the bot is not in gives 50001 here, not 10004. */
function accessible(platform: Platform, id: string): { commands: Json[] } {
  if (!platform.world.guilds.get(id)?.members.has(platform.world.bot.id)) throw problems.missingAccess();
  return guildFor(platform, id);
}

function commandFor(asked: Asked): Json {
  const found = placeOf(asked).commands.find((one) => one.id === asked.params.command);
  if (!found) throw problems.unknownCommand();
  return found;
}

const keyOf = (command: Json): string => `${String(command.type ?? 1)} ${String(command.name)}`;

function registered({ platform, params }: Asked, given: Json, old: Json | undefined): Json {
  const { guild } = params;
  return {
    id: old?.id ?? nextId(),
    application_id: platform.world.bot.id,
    version: nextId(),
    type: given.type ?? 1,
    name: given.name,
    name_localizations: given.name_localizations ?? null,
    description: given.description ?? '',
    description_localizations: given.description_localizations ?? null,
    default_member_permissions: given.default_member_permissions ?? null,
    nsfw: given.nsfw ?? false,
    options: given.options ?? [],
    ...(guild === undefined ? globally(given) : { guild_id: guild }),
  };
}

const globally = (given: Json): Json => ({
  dm_permission: given.dm_permission ?? true,
  contexts: given.contexts ?? null,
  integration_types: given.integration_types ?? [0],
});
