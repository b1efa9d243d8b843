import type { TestContext } from 'node:test';
import { command, type AnyCommand } from '#core/command.ts';
import { say, type IncomingMessage, type OutgoingMessage, type Reply } from '#core/message.ts';
import type { Connector, ConnectorPorts } from '#core/platform.ts';
import { startTwitch, type Twitch, type TwitchOptions as SimulatorOptions } from '#test/simulators/twitch/index.ts';
import { noVault } from '#test/support/keep-key.ts';
import { eventually } from '#test/support/wait.ts';
import { twitchConnector, type TwitchOptions } from '#connectors/twitch/index.ts';

export interface Stage {
  twitch: Twitch;
  connector: Connector;
  /** What was asked of the bot, each once. */
  asked: IncomingMessage[];
  /** Parts of answers that were noted as sent. */
  delivered: Set<string>;
  remembered: Map<string, string>;
  logged: { words: string; facts: Record<string, unknown> }[];
  /** What the bot says to whatever it is asked; nothing by itself. */
  answers: (message: IncomingMessage) => Reply | undefined;
  /** Put in place of the ports that a test is about. */
  ports: ConnectorPorts;
  /** The bot's lines in a channel, oldest first. */
  said(room?: string): string[];
  /** Waits until the bot has said so many lines there, and gives them. */
  hears(lines: number, room?: string): Promise<string[]>;
}

export interface StageOptions {
  simulator?: SimulatorOptions;
  connector?: Partial<TwitchOptions>;
  /** The bot stays nobody special. */
  plain?: boolean;
  /** Do not connect yet. */
  waiting?: boolean;
  /** In place of those of the stage. */
  commands?: ConnectorPorts['commands'];
}

/** A Twitch on loopback with the connector in its two channels, and a hall that keeps what it is given in memory. */
export async function startStage(context: TestContext, options: StageOptions = {}): Promise<Stage> {
  const twitch = await startTwitch(options.simulator);
  if (!options.plain) for (const { name } of twitch.rooms) twitch.makeBotMod(name, true);
  const stage = makeStage(twitch, options);
  context.after(async () => {
    await stage.connector.stop(50);
    await twitch.stop();
  });
  if (!options.waiting) {
    stage.connector.start();
    await twitch.connected();
    const joined = (): number => stage.logged.filter(({ words }) => words === 'twitch: joined').length;
    const there = options.connector?.channels?.filter((name) => isThere(twitch, name)) ?? twitch.rooms;
    await eventually('the connector is in its channels', () => joined() === there.length || undefined);
  }
  return stage;
}

/** One answer to what was asked, as the spine would send it. */
export function answerTo({ id, from, community, who }: IncomingMessage, reply: Reply, n = 0): OutgoingMessage {
  const cause = { account: who.account, name: who.name, text: '' };
  return { id, n, final: true, to: from, community, reply, cause };
}

/** An answer to nobody's line: something that is said in a channel by itself. */
export function announcement(id: string, text: string, room = 'square'): OutgoingMessage {
  const to = { platform: 'twitch', room, account: 'twitch:0' };
  return {
    id,
    n: 0,
    final: true,
    to,
    community: 'comm_1',
    reply: say(text),
    cause: { account: '', name: '', text: '' },
  };
}

/** Times that a test can wait for. */
export const SHORT = {
  ack: 100,
  dropped: 150,
  backOffLeast: 40,
  backOffMost: 200,
  joinWithin: 300,
  rejoinFirst: 200,
  rejoinEvery: 400,
  tooFast: 100,
};

export const COMMANDS: ReadonlyMap<string, AnyCommand> = new Map(
  ['echo', 'stock', '8ball'].map((name) => [
    name,
    command({
      name,
      summary: name,
      args: {},
      example: `/${name}`,
      allow: 'guest',
      limit: { uses: 100, perSeconds: 1 },
      run: () => say(name),
    }),
  ]),
);

function makeStage(twitch: Twitch, { connector: options = {}, commands }: StageOptions): Stage {
  const stage: Omit<Stage, 'connector' | 'ports'> = {
    twitch,
    asked: [],
    delivered: new Set(),
    remembered: new Map(),
    logged: [],
    answers: () => undefined,
    said: (room = 'square') => linesOf(twitch, room),
    hears: (lines, room = 'square') =>
      eventually(`${lines} lines of the bot in ${room}`, () => {
        const found = linesOf(twitch, room);
        return found.length >= lines ? found : undefined;
      }),
  };
  const ports = portsOf(stage as Stage, commands);
  const connector = twitchConnector({ ...settingsOf(twitch), times: SHORT, ...options }, ports);
  return Object.assign(stage, { connector, ports });
}

const linesOf = (twitch: Twitch, room: string): string[] =>
  twitch
    .seen(room)
    .filter(({ author }) => author.bot)
    .map(({ text }) => text);

const isThere = (twitch: Twitch, name: string): boolean =>
  twitch.rooms.some((room) => room.name === name.toLowerCase().replace('#', ''));

export function settingsOf({ env }: Twitch): TwitchOptions {
  return {
    clientId: env.TWITCH_CLIENT_ID ?? '',
    clientSecret: env.TWITCH_CLIENT_SECRET ?? '',
    refreshToken: env.TWITCH_BOT_REFRESH_TOKEN ?? '',
    channels: env.TWITCH_CHANNELS?.split(',') ?? [],
    ircUrl: env.TWITCH_IRC_URL,
    apiUrl: env.TWITCH_API_URL,
    authUrl: env.TWITCH_AUTH_URL,
  };
}

function portsOf(stage: Stage, commands: ConnectorPorts['commands'] = COMMANDS): ConnectorPorts {
  const inbox = new Map<string, string>();
  const log = (facts: Record<string, unknown>, words: string): void => void stage.logged.push({ facts, words });
  return {
    commands,
    seal: noVault,
    clock: Date.now,
    log: { info: log, warn: log, error: log },
    space: ({ platformId }) => Promise.resolve({ community: `comm_${platformId}`, symbol: null }),
    setting: () => Promise.resolve({ on: true, symbol: null }),
    places: { gone: async () => undefined, roles: async () => undefined },
    deliveries: {
      wasSent: (part) => Promise.resolve(stage.delivered.has(part)),
      record: async (part) => void stage.delivered.add(part),
    },
    memory: {
      recall: async (name) => stage.remembered.get(name),
      remember: async (name, value) => void stage.remembered.set(name, value),
    },
    async receive(message, platformId) {
      const known = inbox.get(platformId);
      if (known !== undefined) return known;
      inbox.set(platformId, message.id);
      stage.asked.push(message);
      const reply = stage.answers(message);
      if (reply) void stage.connector.send(answerTo(message, reply), false).catch(() => undefined);
      return message.id;
    },
  };
}
