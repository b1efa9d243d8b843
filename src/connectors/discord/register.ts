import { TryLater, type OutboundQueue } from '#bus/outbound-queue.ts';
import { isSecret, type Argument } from '#core/arguments.ts';
import type { AnyCommand } from '#core/command.ts';
import type { ConnectorPorts } from '#core/platform.ts';
import { backoff, type Backoff } from './backoff.ts';
import type { Calls } from './calls.ts';
import {
  CHAT_COMMAND,
  CODE,
  LIMIT,
  MENU_COMMAND,
  OPTION,
  type CommandOption,
  type CommandPayload,
  type MenuPayload,
} from './discord.external.ts';
import { faultOf } from './faults.ts';
import { rolesOf, type Guild } from './guilds.ts';
import { TEXTS } from './texts.ts';

export interface RegisterOptions {
  ports: Pick<ConnectorPorts, 'commands' | 'space' | 'setting' | 'places' | 'log'>;
  calls: Calls;
  /** Where guilds wait for their turn. */
  queue: OutboundQueue;
  backoff: Backoff;
}

/**
 * Tells Discord which commands a guild has, where its list is another. Only the guild's own list is touched. The queue keeps
 * one guild's tellings in order and tries again what could not be told.
 */
export function registrar({ ports, calls, queue, backoff: pauses }: RegisterOptions) {
  async function tell(guild: Guild, app: string): Promise<void> {
    const wanted = await commandsOf(guild, ports);
    if (wanted.length > LIMIT.commands) ports.log.warn(factsOf(guild), TEXTS.tooManyCommands(LIMIT.commands));
    const menus = wanted.flatMap(menuOf).slice(0, LIMIT.menus);
    const list = [...menus, ...wanted.slice(0, LIMIT.commands).map(commandPayload)];
    if (normal(await calls.commands(app, guild.id)) !== JSON.stringify(list))
      await calls.setCommands(app, guild.id, list);
  }

  async function step(guild: Guild, app: string, tries: number): Promise<void> {
    try {
      await tell(guild, app);
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === 'later') throw new TryLater(Math.max(fault.ms ?? 0, backoff(pauses, tries)));
      const facts = { ...factsOf(guild), code: fault.code };
      if (fault.code !== CODE.missingAccess) return ports.log.warn(facts, TEXTS.commandsWrong(fault.words));
      if (tries === 0) ports.log.warn(facts, TEXTS.commandsRefused);
      // Nothing tells when somebody mends it.
      throw new TryLater(MENDED_MS);
    }
  }

  return (guild: Guild, app: string): void => {
    let tries = 0;
    queue.send(guild.id, [() => step(guild, app, tries++)]).catch(() => undefined);
  };
}

/** ms after which it is looked whether the bot may have commands in a guild at last. */
const MENDED_MS = 10 * 60_000;

function factsOf(guild: Guild): Record<string, unknown> {
  return { platform: 'discord', guild: guild.id };
}

/** The commands that are on in the guild's community, by name. */
async function commandsOf(guild: Guild, ports: RegisterOptions['ports']): Promise<AnyCommand[]> {
  const place = { platform: 'discord', platformId: guild.id };
  const { community } = await ports.space({ ...place, name: guild.name });
  guild.community = community;
  await ports.places.roles(place, rolesOf(guild));
  const names = [...ports.commands.keys()].toSorted();
  const settings = await Promise.all(names.map((name) => ports.setting(community, name)));
  return names.filter((_, index) => settings[index]?.on).map((name) => ports.commands.get(name) as AnyCommand);
}

function menuOf({ menu }: AnyCommand): MenuPayload[] {
  return menu === undefined ? [] : [{ name: menu, type: MENU_COMMAND }];
}

/** A command as Discord registers it. What is required comes first, as Discord demands. */
export function commandPayload(command: AnyCommand): CommandPayload {
  const options = Object.entries(command.args).map(([name, argument]) => optionOf(name, argument));
  return {
    name: command.name,
    type: CHAT_COMMAND,
    description: described(command.summary),
    options: options.toSorted((a, b) => Number(b.required) - Number(a.required)).slice(0, LIMIT.options),
  };
}

function optionOf(name: string, argument: Argument<unknown>): CommandOption {
  const { required, choices, least, most } = argument;
  // What is typed into a secret is not sent before it is sent for good.
  const completes = !isSecret(argument) && (argument.suggest || choices);
  const few = choices && choices.length <= LIMIT.choices && !argument.suggest;
  const whole = argument.kind === 'number';
  return {
    type: whole ? OPTION.whole : OPTION.text,
    name,
    description: described(argument.about),
    required,
    ...(few && { choices: choices.map((one) => ({ name: one, value: one })) }),
    ...(completes && !few && { autocomplete: true }),
    ...(whole && least !== undefined && { min_value: least }),
    ...(whole && most !== undefined && { max_value: most }),
    ...(!whole && !choices && { max_length: Math.min(most ?? LIMIT.optionText, LIMIT.optionText) }),
  };
}

function described(words: string): string {
  const one = words.trim() || '-';
  return one.length > LIMIT.description ? `${one.slice(0, LIMIT.description - 1)}…` : one;
}

/** A list that Discord gave, in our order and with our fields alone. */
function normal(list: unknown): string {
  if (!Array.isArray(list)) return '';
  const menus = (list as MenuPayload[]).filter(isMenu).map(({ name, type }) => ({ name, type }));
  const commands = (list as CommandPayload[])
    .filter((one) => !isMenu(one))
    .map(({ name, type, description, options = [] }) => ({
      name,
      type: type ?? CHAT_COMMAND,
      description,
      options: options.map(normalOption),
    }));
  return JSON.stringify([...menus, ...commands.toSorted((a, b) => (a.name < b.name ? -1 : 1))]);
}

function isMenu({ type }: { type?: number }): boolean {
  return type === MENU_COMMAND;
}

function normalOption({ type, name, description, required = false, ...rest }: CommandOption): CommandOption {
  const { choices, autocomplete, min_value, max_value, max_length } = rest;
  return {
    type,
    name,
    description,
    required,
    ...(choices?.length && { choices: choices.map((one) => ({ name: one.name, value: one.value })) }),
    ...(autocomplete && { autocomplete }),
    ...(min_value !== undefined && { min_value }),
    ...(max_value !== undefined && { max_value }),
    ...(max_length !== undefined && { max_length }),
  };
}
