import {
  type ChatInputCommandInteraction,
  Client,
  type ClientEvents,
  type ClientOptions,
  GatewayIntentBits,
  Partials,
  type TextChannel,
} from 'discord.js';
import { type Discord, startDiscord } from './index.ts';
import type { Settings } from './platform.ts';

export interface There {
  discord: Discord;
  client: Client<true>;
}

/** For tests: starts the stand-in, signs the vendor's own client in, and ends both. */
export async function withClient(
  options: Partial<Settings>,
  work: (there: There) => Promise<void>,
  more: Partial<ClientOptions> = {},
): Promise<void> {
  await withDiscord(options, async (discord) => {
    const client = newClient(discord, more);
    try {
      await Promise.all([told(client, 'clientReady'), client.login(discord.env.DISCORD_TOKEN ?? '')]);
      await work({ discord, client: client as Client<true> });
    } finally {
      await client.destroy();
    }
  });
}

export async function withDiscord(
  options: Partial<Settings>,
  work: (discord: Discord) => Promise<void>,
): Promise<void> {
  const discord = await startDiscord(options);
  try {
    await work(discord);
  } finally {
    await discord.stop();
  }
}

export function newClient({ env }: Discord, more: Partial<ClientOptions> = {}): Client {
  const { Guilds, GuildMembers, GuildMessages, DirectMessages, MessageContent } = GatewayIntentBits;
  return new Client({
    rest: { api: env.DISCORD_API_URL ?? '', version: '10' },
    intents: [Guilds, GuildMembers, GuildMessages, DirectMessages, MessageContent],
    partials: [Partials.Channel],
    ...more,
  });
}

/** Resolves with what the client tells of an event, the first that fits. */
export function told<Name extends keyof ClientEvents>(
  client: Client,
  name: Name,
  fits: (...args: ClientEvents[Name]) => boolean = () => true,
): Promise<ClientEvents[Name]> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the client was not told: ${name}`)), PATIENCE_MS);
    const hear = (...args: ClientEvents[Name]): void => {
      if (!fits(...args)) return;
      clearTimeout(late);
      client.off(name, hear);
      resolve(args);
    };
    client.on(name, hear);
  });
}

/** A room as the client knows it. */
export const room = ({ discord, client }: There, name = 'square'): TextChannel =>
  client.channels.cache.get(discord.rooms.find((one) => one.name === name)?.id ?? '') as TextChannel;

const PATIENCE_MS = 10_000;

/** Registers commands for the sample guild, and answers those that are used. */
export async function answering(
  { discord, client }: There,
  commands: Parameters<NonNullable<Client<true>['application']>['commands']['set']>[0],
  answer: (used: ChatInputCommandInteraction) => Promise<unknown>,
): Promise<void> {
  await client.application.commands.set(commands, discord.guildId);
  client.on('interactionCreate', (used) => {
    if (used.isChatInputCommand()) void answer(used);
  });
}
