import { setTimeout as pause } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { choice, optional, suggesting, text, whole, word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import { AppError } from '#core/errors.ts';
import type { IncomingMessage, OutgoingMessage, Reply } from '#core/message.ts';
import type { AtPlace, PlaceGate, PlacePerson, PlaceRules } from '#core/place-gate.ts';
import type { Blocked, Connector, ConnectorPorts } from '#core/platform.ts';
import { mappedRole } from '#core/role-mapping.ts';
import { atLeast } from '#core/roles.ts';
import type { WordRule } from '#core/word-list.ts';
import { discordConnector, type DiscordOptions } from '#connectors/discord/index.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { noVault } from './keep-key.ts';
import { eventually } from './wait.ts';

/** What the hall keeps, in memory: it outlives the connectors of a test, as the database outlives a process. */
export interface Kept {
  /** What was asked, once for each of Discord's ids. */
  asked: IncomingMessage[];
  inbox: Map<string, string>;
  delivered: Set<string>;
  /** Commands that are switched off. */
  off: Set<string>;
  log: { level: string; facts: Record<string, unknown>; words: string }[];
  commands: ReadonlyMap<string, AnyCommand>;
  /** Nothing is sealed here, but where a test says so. */
  seal: ConnectorPorts['seal'];
  /** Storage says no. */
  broken: boolean;
  places: { platformId: string; name: string }[];
  /** Guilds that the bot was removed from, and the roles that others have. */
  gone: string[];
  roles: Map<string, { id: string; name: string }[]>;
  /** The community’s word list, and what Discord kept back by it. */
  words: WordRule[];
  blocked: Blocked[];
  lockDown: { until: number | null } | undefined;
  gate: KeptGate;
  facts: Map<string, string>;
}

/** The verification gate of the guild, and who is verified there. */
export interface KeptGate {
  rules: PlaceRules | undefined;
  /** By Discord’s id of them as the list calls them. */
  verified: Map<string, string>;
  told: string[];
  lacks: (string | undefined)[];
  /** Codes that were pasted, by whom. */
  codes: { person: string; code: string }[];
  looked: number | undefined;
}

export interface Play {
  sim: Discord;
  kept: Kept;
  connector: Connector;
  /** Waits for the n-th question, counted from 1. */
  asked(n: number): Promise<IncomingMessage>;
  /** Answers it, as the hall would. */
  answer(
    message: IncomingMessage,
    reply: Partial<Reply>,
    how?: { n?: number; final?: boolean; again?: boolean },
  ): Promise<void>;
  /** The connector of a process that starts anew. */
  restart(options?: Partial<DiscordOptions>): Promise<Connector>;
}

/** Short, so that a test of waiting ends. */
export const QUICK = {
  deferAfterMs: 150,
  requestMs: 2_000,
  retry: { first: 20, most: 100 },
  reconnect: { first: 20, most: 100 },
  identifyEveryMs: 0,
};

type SimulatorOptions = Parameters<typeof startDiscord>[0];

/** Discord on loopback with a connector in it, ready; all ends with the test. */
export async function play(
  t: TestContext,
  {
    sim: simulated,
    kept = keeping(),
    ...options
  }: Partial<DiscordOptions> & { sim?: SimulatorOptions; kept?: Kept } = {},
): Promise<Play> {
  const sim = await startDiscord(simulated);
  const running: Connector[] = [];
  const begin = async (given: Partial<DiscordOptions>): Promise<Connector> => {
    const connector = connect(sim, kept, given);
    running.push(connector);
    connector.start();
    await ready(sim, connector);
    return connector;
  };
  t.after(async () => {
    await Promise.all(running.map((one) => one.stop(0)));
    await sim.stop();
  });
  const given: Play = {
    sim,
    kept,
    connector: await begin(options),
    asked: (n) => eventually(`question ${n}`, () => kept.asked[n - 1]),
    answer: (message, reply, { again = false, ...how } = {}) =>
      given.connector.send(outgoing(message, reply, how), again),
    async restart(other = {}) {
      await given.connector.stop(0);
      return (given.connector = await begin({ ...options, ...other }));
    },
  };
  return given;
}

/** A connector on the simulator, not started. */
export function connect(sim: Pick<Discord, 'env'>, kept: Kept, options: Partial<DiscordOptions> = {}): Connector {
  const { DISCORD_TOKEN = '', DISCORD_API_URL = '' } = sim.env;
  const times = { ...QUICK, ...options.times };
  return discordConnector({ token: DISCORD_TOKEN, apiUrl: DISCORD_API_URL, ...options, times }, portsOf(kept));
}

export function keeping(): Kept {
  return {
    asked: [],
    inbox: new Map(),
    delivered: new Set(),
    off: new Set(),
    log: [],
    commands: COMMANDS,
    seal: noVault,
    broken: false,
    places: [],
    gone: [],
    roles: new Map(),
    words: [],
    blocked: [],
    lockDown: undefined,
    gate: { rules: undefined, verified: new Map(), told: [], lacks: [], codes: [], looked: undefined },
    facts: new Map(),
  };
}

/** Connected, and the guild's commands are told. */
async function ready(sim: Discord, connector: Connector): Promise<void> {
  await eventually('the connector to be up', () => connector.health().state === 'up' || undefined);
  await eventually('the commands', () => sim.commands().guild.length > 0 || undefined);
}

export function outgoing(
  { id, from, community, who }: IncomingMessage,
  reply: Partial<Reply>,
  { n = 1, final = true }: { n?: number; final?: boolean } = {},
): OutgoingMessage {
  return {
    id,
    n,
    final,
    to: from,
    community,
    reply: { text: '', private: false, ...reply },
    cause: { account: who.account, name: who.username, text: '/stock aapl.us' },
  };
}

function portsOf(kept: Kept): ConnectorPorts {
  const say =
    (level: string) =>
    (facts: Record<string, unknown>, words: string): void =>
      void kept.log.push({ level, facts, words });
  return {
    async receive(message, platformId) {
      await pause(1);
      if (kept.broken) throw new AppError({ status: 503, code: 'not-ready', detail: 'no', fault: 'ours' });
      const first = kept.inbox.get(platformId);
      if (first !== undefined) return first;
      kept.inbox.set(platformId, message.id);
      // Through JSON, as the database keeps it.
      kept.asked.push(JSON.parse(JSON.stringify(message)) as IncomingMessage);
      return message.id;
    },
    commands: kept.commands,
    seal: (value, name) => kept.seal(value, name),
    async space({ platformId, name }) {
      kept.places.push({ platformId, name });
      return { community: `comm_${platformId}`, symbol: null };
    },
    setting: async (_community, name) => ({ on: !kept.off.has(name), symbol: null }),
    wordRules: async () => kept.words,
    lockDown: async () => kept.lockDown,
    gate: gateOf(kept.gate),
    blocked: async (line) => void kept.blocked.push(line),
    places: {
      gone: async ({ platformId }) => void kept.gone.push(platformId),
      roles: async ({ platformId }, roles) => void kept.roles.set(platformId, [...roles]),
    },
    deliveries: {
      wasSent: async (part) => kept.delivered.has(part),
      record: async (part) => void kept.delivered.add(part),
    },
    memory: {
      recall: async (name) => kept.facts.get(name),
      remember: async (name, value) => void kept.facts.set(name, value),
    },
    log: { info: say('info'), warn: say('warn'), error: say('error') },
    clock: Date.now,
  };
}

function gateOf(gate: KeptGate): PlaceGate {
  const look = ({ person, platformRoles }: PlacePerson): AtPlace => {
    const name = gate.verified.get(person);
    if (name !== undefined) return { is: 'verified', name };
    const role = mappedRole({ platform: 'discord', platformRoles });
    return { is: atLeast(role, 'moderator') ? 'free' : 'held' };
  };
  return {
    rules: async () => gate.rules && { ...gate.rules },
    look: async (_place, people) => new Map(people.map((one) => [one.person, look(one)])),
    verified: async (_place, after) =>
      [...gate.verified.keys()]
        .toSorted()
        .filter((one) => one > after)
        .slice(0, 2),
    async tellOnce(_place, person) {
      const first = !gate.told.includes(person);
      if (first) gate.told.push(person);
      return first;
    },
    async prove(_place, { person, code }) {
      gate.codes.push({ person, code });
      return 'That is the code.';
    },
    lacks: async (_place, why) => void gate.lacks.push(why),
    lookedUntil: async () => gate.looked,
    looked: async (_place, until) => void (gate.looked = until),
  };
}

const common = {
  allow: 'member',
  limit: { uses: 10, perSeconds: 60 },
  run: () => ({ text: '', private: false }),
} as const;
const CITIES = Array.from({ length: 40 }, (_, n) => `city-${n}`) as [string, ...string[]];

/** One command for each kind of argument. */
export const COMMANDS: ReadonlyMap<string, AnyCommand> = new Map(
  [
    command({
      ...common,
      name: 'stock',
      summary: 'Latest price of a share',
      args: { symbol: word('a ticker') },
      example: '/stock aapl.us',
    }),
    command({
      ...common,
      name: 'lend',
      summary: 'Lends a thing',
      args: {
        days: optional(whole('days', 1, 30)),
        item: suggesting(word('a thing'), () => ['ladder', 'lamp', 'spade']),
        note: optional(text('a note', 300)),
      },
      example: '/lend ladder',
    }),
    command({
      ...common,
      name: 'move',
      summary: 'Moves',
      args: { to: choice('where', ['north', 'south']), city: optional(choice('a city', CITIES)) },
      example: '/move north',
    }),
    command({ ...common, name: 'help', summary: 'What the bot can do', args: {}, example: '/help' }),
  ].map((one) => [one.name, one]),
);
