import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandNames } from '#bench/load/dispatch.ts';
import { onceOf } from './once.ts';
import { source } from './source.ts';

/** How a bot of ours is put together to be measured. */
export interface BotAsked {
  /** With inbox, outbox and audit in an SQLite file, as it ships; else everything it remembers is in memory. */
  durable?: boolean;
  /** Channels that are written in; on Twitch there is one. */
  channels?: number;
}

/** As much of a connector as is used here. */
export interface Connector {
  platform: string;
  start(): void;
  send(answer: object, again: boolean): Promise<void>;
}

/** What a connector is given: `ConnectorPorts` of src/core/platform.ts. */
export type Ports = object;

/** Spine and connector joined as src/roles.ts joins them; begins to connect. */
export async function startBot(
  asked: BotAsked & { commands: number },
  open: (ports: Ports) => Promise<Connector>,
): Promise<void> {
  const ours = await program();
  const commands = table(ours, asked.commands);
  const connector = await (asked.durable ? durableBot : memoryBot)({ ours, commands, open });
  connector.start();
}

interface Parts {
  ours: Source;
  commands: Map<string, Command>;
  open(ports: Ports): Promise<Connector>;
}

/** What is received is answered at once; what was received is known, and nothing else is kept. */
async function memoryBot({ ours, commands, open }: Parts): Promise<Connector> {
  const first = onceOf();
  const spine = {
    commands,
    settings: async () => undefined,
    within: within(ours, async () => undefined),
    keep: async (message: Message, deciding: Promise<Decided>) => {
      await connector.send(outgoing(message, await deciding), false);
      return true;
    },
  };
  const sent = onceOf();
  const connector = await open({
    commands,
    async receive(message: Message, platformId: string) {
      if (first(platformId)) void ours.answerMessage(spine, message).catch(fail);
      return message.id;
    },
    space: async () => SPACE,
    setting: async () => SETTING,
    memory: { recall: async () => undefined, remember: async () => undefined },
    places: { gone: async () => undefined, roles: async () => undefined },
    deliveries: { wasSent: async () => false, record: async (part: string) => void sent(part) },
    log: LOG,
    clock: Date.now,
  });
  return connector;
}

const SPACE = { community: 'comm_1', symbol: null };
const SETTING = { on: true, symbol: null };

/** The composition of src/roles.ts, without the web around it. */
async function durableBot({ ours, commands, open }: Parts): Promise<Connector> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const storage = ours.openSqlite(join(folder, 'guildhall.db'));
  await ours.migrate(storage);
  await storage.write((tx) => ours.ensureCommunity(tx.db, 'Guildhall', Date.now()));
  const bus = ours.memoryBus({ onError: (_channel, error) => fail(error) });
  const spine = {
    commands,
    settings: (community: string, name: string) => ours.readCommandSetting(storage.db, community, name),
    within: within(ours, (key) => ours.findUse(storage.db, key)),
    keep: ours.answerKeeper(storage, Date.now),
  };
  bus.subscribe('incoming', (body) => ours.answerMessage(spine, body as Message));
  const connector = await open(ours.connectorPorts({ storage, bus, clock: Date.now, commands, logger: LOG }));
  const send = (body: object, { again }: { again: boolean }): Promise<void> => connector.send(body, again);
  bus.subscribe(ours.outgoingTo(connector.platform), send, ours.LIMITS.outboundHeld);
  ours.startRelay(storage, (channel, body, again) => bus.publish(channel, body, again));
  return connector;
}

/** What goes wrong ends the measure. */
function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

/** Warnings are let pass: of 200 commands Discord lists 100 to people, and takes all. */
const LOG = {
  info: (): void => undefined,
  warn: (): void => undefined,
  error: (facts: object, words: string): void => console.error(words, facts),
};

function outgoing(message: Message, { answer, refusal, text }: Decided): object {
  const { id, from, community, who } = message;
  const cause = { account: who.account, name: who.username, text };
  return { id, n: 1, final: true, to: from, community, reply: answer, ...(refusal && { refusal }), cause };
}

function within(ours: Source, find: (key: object) => Promise<undefined>): object {
  return ours.withinLimit(ENDLESS, { rates: ours.memoryRates(Date.now), clock: Date.now, find });
}

/** A limit that is counted and never reached. */
const ENDLESS = { uses: 1e12, perSeconds: 60 };

function table(ours: Source, commands: number): Map<string, Command> {
  return new Map(commandNames(commands).map((name) => [name, echo(ours, name)]));
}

function echo(ours: Source, name: string): Command {
  return ours.command({
    name,
    summary: 'Says the words again, with their number',
    args: { n: ours.whole('a whole number', 0, 99), text: ours.text('some words') },
    example: `/${name} 7 hello`,
    allow: 'moderator',
    limit: ENDLESS,
    run: ({ args }: { args: { n: number; text: string } }) => ours.say(`${args.n}-${args.text}`),
  });
}

interface Message {
  id: string;
  from: object;
  community: string;
  who: { account: string; username: string };
}

interface Decided {
  answer: object;
  refusal?: object;
  text: string;
}

interface Command {
  name: string;
}

interface Storage {
  db: unknown;
  write<T>(work: (tx: { db: unknown }) => Promise<T>): Promise<T>;
}

interface Bus {
  publish(channel: string, body: string, again: boolean): Promise<void>;
  subscribe(
    channel: string,
    handler: (body: object, delivery: { again: boolean }) => Promise<void>,
    atOnce?: number,
  ): void;
}

interface Source {
  LIMITS: { outboundHeld: number };
  answerKeeper(
    storage: Storage,
    clock: () => number,
  ): (message: Message, deciding: Promise<Decided>) => Promise<boolean>;
  answerMessage(spine: object, message: Message): Promise<void>;
  command(declared: object): Command;
  connectorPorts(parts: object): Ports;
  ensureCommunity(db: unknown, name: string, at: number): Promise<unknown>;
  findUse(db: unknown, key: object): Promise<undefined>;
  memoryBus(options: { onError(channel: string, error: unknown): void }): Bus;
  migrate(storage: Storage): Promise<number>;
  openSqlite(path: string): Storage;
  outgoingTo(platform: string): string;
  readCommandSetting(db: unknown, community: string, name: string): Promise<unknown>;
  say(text: string): object;
  startRelay(storage: Storage, publish: (channel: string, body: string, again: boolean) => Promise<void>): unknown;
  text(about: string): object;
  whole(about: string, least: number, most: number): object;
  memoryRates(clock: () => number): object;
  withinLimit(
    all: object,
    parts: { rates: object; clock: () => number; find(key: object): Promise<undefined> },
  ): object;
}

async function program(): Promise<Source> {
  const paths = [
    'bot/answer-message.ts',
    'bot/keep-answer.ts',
    'bot/within-limit.ts',
    'bus/bus.ts',
    'bus/memory.ts',
    'connector-ports.ts',
    'core/arguments.ts',
    'core/command.ts',
    'core/limits.ts',
    'core/message.ts',
    'expiring/memory-rates.ts',
    'storage/command-settings.ts',
    'storage/command-uses.ts',
    'storage/communities.ts',
    'storage/migrate.ts',
    'storage/relay.ts',
    'storage/sqlite.ts',
  ];
  return Object.assign({}, ...(await Promise.all(paths.map((path) => source<object>(path))))) as Source;
}
