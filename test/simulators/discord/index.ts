import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { controlRoutes } from '#test/simulators/shared/control.ts';
import type { Simulator } from '#test/simulators/shared/simulator.ts';
import { createFaults, type DiscordFaults, noFaults } from './faults.ts';
import { findGuild, findMessage } from './find.ts';
import { createGateway } from './gateway.ts';
import { createHappenings, type Happenings } from './happenings.ts';
import { INTENTS } from './intents.ts';
import { createInteractions } from './interactions.ts';
import { autocomplete, botSays, choose, edit, press, say, slash, type Typed, unsay, webhookSays } from './people.ts';
import { OAuth } from './oauth.ts';
import { type Platform, type Settings, violate } from './platform.ts';
import { createRest } from './rest.ts';
import { peopleIn, pinged, roomsIn, seen } from './seen.ts';
import { createSessions } from './sessions.ts';
import { texts } from './texts.ts';
import { sampleToken } from './tokens.ts';
import { createWorld, type Json } from './world.ts';

/** What became of an interaction: `first` is the type of the first answer, `afterMs` how long it took. */
export interface Answered {
  first: number | undefined;
  afterMs: number | undefined;
}

/** Discord on loopback. */
export interface Discord extends Simulator, Happenings {
  faults: DiscordFaults;
  botId: string;
  /** Of the sample guild. */
  guildId: string;
  /** Uses a command with options as they are given, unchecked: a list in the wire form, or values by name. */
  slash(person: string, room: string, name: string, options?: Json[] | Json): Promise<string>;
  /** A person types into an option; gives the choices that the bot offers. */
  autocomplete(person: string, room: string, name: string, option: string, typed: string): Promise<Json[]>;
  /** A person chooses a command in the menu of a message. */
  choose(person: string, messageId: string, name: string): Promise<string>;
  /** A person presses a button of a message. */
  press(person: string, messageId: string, customId: string): Promise<string>;
  edit(messageId: string, text: string): void;
  /** A message is deleted. */
  remove(messageId: string): void;
  botSays(room: string, text: string, name?: string): string;
  webhookSays(room: string, text: string, name?: string): string;
  /** Whom a message called, by id. */
  pinged(messageId: string): string[];
  answered(interactionId: string): Answered;
  /** How many connections are open. */
  connections(): number;
  /** The commands that are registered: for one guild (the sample one without a name), and for all. */
  commands(guild?: string): { guild: Json[]; everywhere: Json[] };
}

const DEFAULTS: Settings = {
  port: 0,
  rooms: [],
  people: [],
  bot: 'Guildhall',
  guild: 'The Square',
  heartbeatMs: 41_250,
  messageLimit: { calls: 5, perMs: 5_000 },
  bulkLimit: { calls: 5, perMs: 1_000 },
  followUpLimit: { calls: 5, perMs: 2_000 },
  globalLimit: { calls: 50, perMs: 1_000 },
  answerWithinMs: 3_000,
  tokenLifeMs: 15 * 60_000,
  resumeWithinMs: 5 * 60_000,
  nonceLifeMs: 5 * 60_000,
  identifyEveryMs: 0,
  privileged: INTENTS.members | INTENTS.messageContent,
  anyToken: false,
  largestFile: 10 * 1_024 * 1_024,
};

/** Starts it; port 0 takes a free one. Every number of the platform can be changed. */
export async function startDiscord(options: Partial<Settings> = {}): Promise<Discord> {
  const platform = createPlatform({ ...DEFAULTS, ...options });
  const gateway = createGateway(platform);
  const server = createServer();
  platform.base = await listen(server, platform.settings.port);
  const oauth = new OAuth(platform);
  const simulator: Discord = {
    ...talking(platform),
    ...createHappenings(platform),
    ...facts(platform, oauth.env),
    connections: () => gateway.connections.size,
    get people() {
      return peopleIn(platform.world);
    },
    get rooms() {
      return roomsIn(platform.world);
    },
    faults: createFaults(platform, gateway),
    connected: gateway.connected,
    async stop() {
      gateway.stop();
      await close(server);
    },
  };
  serve(server, { platform, simulator, oauth, upgrade: gateway.upgrade });
  return simulator;
}

function createPlatform(settings: Settings): Platform {
  const world = createWorld(settings);
  const faults = noFaults();
  return {
    settings,
    world,
    faults,
    base: '',
    token: sampleToken(world.bot.id),
    sessions: createSessions({ settings, world, faults }),
    interactions: createInteractions(),
    calls: [],
    violations: [],
    files: new Map(),
    nonces: new Map(),
  };
}

type Talking =
  | 'choose'
  | 'say'
  | 'slash'
  | 'autocomplete'
  | 'press'
  | 'edit'
  | 'remove'
  | 'botSays'
  | 'webhookSays'
  | 'again';

function talking(platform: Platform): Pick<Discord, Talking> {
  return {
    say: async (who, room, text) => say(platform, who, room, text),
    slash: async (who, room, name, options = []) => slash(platform, { who, room, name, options }),
    autocomplete: async (...[who, room, name, option, typed]) =>
      autocomplete(platform, { who, room, name, option, typed } satisfies Typed),
    choose: async (who, messageId, name) => choose(platform, who, messageId, name),
    press: async (who, messageId, customId) => press(platform, who, messageId, customId),
    edit: (messageId, text) => edit(platform, messageId, text),
    remove: (messageId) => unsay(platform, messageId),
    botSays: (room, text, name = 'otherbot') => botSays(platform, room, text, name),
    webhookSays: (room, text, name = 'newsfeed') => webhookSays(platform, room, text, name),
    again: (id) => platform.sessions.again(id),
  };
}

type Facts = Exclude<
  keyof Discord,
  Talking | keyof Happenings | 'people' | 'rooms' | 'faults' | 'connected' | 'connections' | 'stop'
>;

function facts(platform: Platform, oauthEnv: OAuth['env']): Pick<Discord, Facts> {
  const { world, base } = platform;
  return {
    platform: 'discord',
    page: `${base}/`,
    env: { DISCORD_TOKEN: platform.token, DISCORD_API_URL: `${base}/api`, ...oauthEnv },
    botId: world.bot.id,
    guildId: findGuild(world).id,
    calls: platform.calls,
    violations: platform.violations,
    seen: (room, who) => seen(world, room, who),
    pinged: (messageId) => pinged(findMessage(world, messageId)),
    commands: (which) => ({ guild: findGuild(world, which).commands, everywhere: world.commands }),
    answered(interactionId) {
      const interaction = platform.interactions.byId.get(interactionId);
      if (!interaction) throw new Error(texts.noEvent(interactionId));
      const { answered, at } = interaction;
      return { first: answered?.type, afterMs: answered && answered.at - at };
    },
  };
}

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`);
    });
  });
}

interface Served {
  platform: Platform;
  simulator: Simulator;
  oauth: OAuth;
  upgrade: ReturnType<typeof createGateway>['upgrade'];
}

function serve(server: Server, { platform, simulator, oauth, upgrade }: Served): void {
  const rest = createRest(platform);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    const work = async (): Promise<void> => {
      if (await oauth.serve(request, response)) return;
      if (/^\/api(\/|$)/.test(path)) return rest(request, response);
      return other({ platform, simulator, request, response });
    };
    work().catch((error: unknown) => fail(platform, response, error));
  });
  server.on('upgrade', (request, socket, head) => {
    if (/^\/gateway\/?(\?|$)/.test(request.url ?? '')) upgrade(request, socket, head);
    else socket.destroy();
  });
}

interface Other {
  platform: Platform;
  simulator: Simulator;
  request: IncomingMessage;
  response: ServerResponse;
}

/** An uploaded file, the page and the control addresses; nothing else is here. */
async function other({ platform, simulator, request, response }: Other): Promise<void> {
  const url = request.url ?? '/';
  const file = platform.files.get(/^\/attachments\/\d+\/(\d+)\//.exec(url)?.[1] ?? '');
  if (file) return void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(file);
  if (await controlRoutes(simulator, request, response)) return;
  violate(platform, texts.unknownCall(request.method ?? 'GET', url));
  response.writeHead(404).end();
}

/** A fault of the stand-in itself: seen by whoever looks at the violations, and by the caller as 500. */
function fail(platform: Platform, response: ServerResponse, error: unknown): void {
  violate(platform, String(error instanceof Error ? error.stack : error));
  if (!response.headersSent) response.writeHead(500);
  response.end();
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
