import { answerParent } from '#bench/load/answer-parent.ts';
import { commandNames, dispatchCost, type Asked, type Connect, type Dispatched } from '#bench/load/dispatch.ts';
import { discordWire, type DiscordWire } from '#bench/wires/discord.ts';
import { peerModule } from './peer-module.ts';

/** A bot as its guide shows it: a map of commands, one listener. https://discordjs.guide/creating-your-bot/command-handling */
answerParent({ dispatch });

interface DiscordJs {
  Client: new (options: object) => Client;
  Events: { InteractionCreate: string; ClientReady: string };
  GatewayIntentBits: { Guilds: number };
  MessageFlags: { Ephemeral: number };
  PermissionFlagsBits: { ModerateMembers: bigint };
}

interface Client {
  on(event: string, listener: (interaction: Interaction) => Promise<void>): void;
  once(event: string, listener: () => void): void;
  login(token: string): Promise<string>;
}

interface Interaction {
  commandName: string;
  memberPermissions: { has(permission: bigint): boolean } | null;
  options: { getInteger(name: string, required: true): number; getString(name: string, required: true): string };
  isChatInputCommand(): boolean;
  reply(words: string | { content: string; flags: number }): Promise<unknown>;
}

type Execute = (interaction: Interaction) => Promise<unknown>;

async function dispatch({ bot, pace }: Asked): Promise<Dispatched> {
  const discord = await peerModule<DiscordJs>('discord.js');
  return dispatchCost(connect(discord, bot.commands), pace);
}

function connect(discord: DiscordJs, count: number): Connect {
  const { Client, Events, GatewayIntentBits } = discord;
  return async (said) => {
    const wire = discordWire(said);
    const rest = { makeRequest: wire.makeRequest, globalRequestsPerSecond: 1e9 };
    const client = new Client({ intents: [GatewayIntentBits.Guilds], rest, ws: { buildStrategy: overWire(wire) } });
    const commands = new Map(commandNames(count).map((name) => [name, echo(discord)]));
    client.on(Events.InteractionCreate, async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      await commands.get(interaction.commandName)?.(interaction);
    });
    const ready = new Promise<void>((resolve) => client.once(Events.ClientReady, resolve));
    await client.login('bench.bench.bench');
    await ready;
    return wire.hear;
  };
}

/** A strategy for connections that has none. https://discord.js.org/docs/packages/ws/stable/IShardingStrategy:Interface */
function overWire(wire: DiscordWire): (manager: Manager) => object {
  const nothing = async (): Promise<void> => undefined;
  return (manager) => ({
    spawn: nothing,
    async connect() {
      wire.connect((packet) => {
        if (packet.t === 'READY') manager.emit('ready', { data: packet.d, shardId: 0 });
        manager.emit('dispatch', { data: packet, shardId: 0 });
      });
    },
    destroy: nothing,
    send: nothing,
    fetchStatus: async () => new Map(),
  });
}

/** What a strategy tells. */
interface Manager {
  emit(event: 'ready' | 'dispatch', told: { data: unknown; shardId: number }): void;
}

function echo({ MessageFlags, PermissionFlagsBits }: DiscordJs): Execute {
  const tell = (interaction: Interaction, content: string): Promise<unknown> =>
    interaction.reply({ content, flags: MessageFlags.Ephemeral });
  return async (interaction) => {
    if (!interaction.memberPermissions?.has(PermissionFlagsBits.ModerateMembers))
      return tell(interaction, 'This is for moderators.');
    let n: number;
    try {
      n = interaction.options.getInteger('n', true);
    } catch {
      return tell(interaction, 'n is not a whole number.');
    }
    return interaction.reply(`${n}-${interaction.options.getString('text', true)}`);
  };
}
