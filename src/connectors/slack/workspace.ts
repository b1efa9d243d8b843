import type { Pace, Timer } from '#bus/outbound-queue.ts';
import type { Connector, ConnectorPorts } from '#core/platform.ts';
import { slackActions } from './actions.ts';
import { Pauses } from './back-off.ts';
import { Delivery } from './deliver.ts';
import { directMessages } from './direct-messages.ts';
import { httpLink } from './link.ts';
import { listen, type Arrival, type Listener } from './listen.ts';
import { logIn } from './log-in.ts';
import { lookUp } from './look-up.ts';
import { people, type People } from './people.ts';
import type { Asked, Bot } from './read.ts';
import { sender } from './send.ts';
import type { CallFailed, Times } from './slack.external.ts';
import type { Standing, TokenName } from './standing.ts';
import { webApi, type WebApi } from './web-api.ts';
import { placeOf, type Place } from './write.ts';

export interface WorkspaceOptions {
  /** Its bot token, `xoxb-…`, and what that is called where it is refused. */
  token: string;
  named: TokenName;
  /** With a slash at the end. */
  apiUrl: string;
  fetch: typeof globalThis.fetch;
  /** Messages of one channel. */
  pace: Pace;
  timer: Timer;
  times: Times;
  /** How things stand is told here. */
  standing: Standing;
}

/** The bot in one workspace, by the token that it has there: all but what brings events. */
export interface Workspace extends Connector {
  /** Undefined until Slack told who the bot is. */
  readonly bot: Bot | undefined;
  /** Throws `CallFailed`. */
  readonly api: WebApi;
  /** A payload from any transport. Never rejects. */
  arrived(arrival: Arrival): Promise<void>;
  /** Asks Slack who the bot is, until it answers. Undefined where the token is refused, or this was stopped. */
  logIn(): Promise<Bot | undefined>;
}

/** `start` logs in and then asks now and then whether the token still works; whoever has a link logs in by itself instead. */
export function slackWorkspace(options: WorkspaceOptions, ports: ConnectorPorts): Workspace {
  const parts = assemble(options, ports);
  const { api, listener, out, pauses } = parts;
  const { standing, timer } = options;
  return {
    platform: 'slack',
    get bot() {
      return parts.bot;
    },
    api,
    logIn: () => enter(options, parts),
    start: () => void stay(options, parts),
    arrived: (arrival) => listener.arrived(arrival),
    send: (answer, again) => out.send(answer, again),
    health: () => standing.health(out.waiting),
    actions: slackActions(api),
    async stop(graceMs) {
      parts.isStopped = true;
      pauses.end();
      await Promise.all([out.stop(graceMs), within(timer, graceMs, listener.stop())]);
    },
  };
}

interface Parts {
  pauses: Pauses;
  api: WebApi;
  folk: People;
  listener: Listener;
  out: ReturnType<typeof sender>;
  bot: Bot | undefined;
  isStopped: boolean;
}

function assemble(options: WorkspaceOptions, ports: ConnectorPorts): Parts {
  const { pace, timer, times, standing } = options;
  const bot = (): Bot | undefined => parts.bot;
  const api = apiOf(options, ports, bot);
  const folk = people({ api, team: () => parts.bot?.team ?? '', times, timer, log: ports.log });
  const direct = directMessages(api);
  const delivery = new Delivery({ api, direct, clock: ports.clock });
  const tell = (asked: Asked, words: string): Promise<boolean> => delivery.tell(placeOfAsked(asked), words, false);
  const actions = slackActions(api);
  const listener = listen({ ports, api, people: folk, standing, bot, actions, tell, times, timer });
  const isThere = lookUp({ api, direct, log: ports.log });
  const botName = (): string => parts.bot?.name ?? 'Guildhall';
  const out = sender({ ports, delivery, isThere, standing, botName, pace, timer, times });
  const pauses = new Pauses(timer);
  const parts: Parts = { pauses, api, folk, listener, out, bot: undefined, isStopped: false };
  return parts;
}

function placeOfAsked({ channel: room, user, via }: Asked): Place {
  return placeOf({ platform: 'slack', room, account: `slack:${user}`, via });
}

/** A token that was refused before it was taken once stays so until somebody logs in with it. */
function apiOf(
  { token, named, apiUrl, fetch, times, standing }: WorkspaceOptions,
  { clock }: ConnectorPorts,
  bot: () => Bot | undefined,
): WebApi {
  const heard = (refused?: string): void => {
    standing.heard(clock());
    if (refused !== undefined) standing.tokenRefused(named, refused);
    else if (bot()) standing.tokenTaken(named);
  };
  return webApi({ token, apiUrl, fetch, timeout: times.call, heard });
}

async function enter({ standing, times }: WorkspaceOptions, parts: Parts): Promise<Bot | undefined> {
  const { api, folk, pauses } = parts;
  const bot = await logIn({ api, standing, pauses, times, isStopped: () => parts.isStopped });
  if (!bot) return undefined;
  parts.bot = bot;
  // People mention it by the name that its profile shows.
  parts.bot = { ...bot, name: (await folk.who(bot.user, bot.name)).name };
  return parts.bot;
}

async function stay(options: WorkspaceOptions, parts: Parts): Promise<void> {
  const { standing, times, named } = options;
  const { api, pauses } = parts;
  const isStopped = (): boolean => parts.isStopped;
  while (!(await enter(options, parts))) {
    if (isStopped()) return;
    await pauses.wait(times.heartbeat);
  }
  standing.tokenTaken(named);
  await httpLink({ ask: () => api.call('auth.test', {}), standing, pauses, times, isStopped }).run();
}

/** Whether Slack says that the token is good no more. Throws `CallFailed` where Slack cannot be asked. */
export async function isRevoked({ api }: Pick<Workspace, 'api'>): Promise<boolean> {
  try {
    await api.call('auth.test', {});
    return false;
  } catch (error) {
    if ((error as CallFailed).trouble === 'token') return true;
    throw error;
  }
}

async function within(timer: Timer, ms: number, work: Promise<void>): Promise<void> {
  const time = Promise.withResolvers<void>();
  const cancel = timer.after(ms, time.resolve);
  await Promise.race([work, time.promise]);
  cancel();
}
