import { roomPace, SYSTEM_TIMER, type Pace, type Timer } from '#bus/outbound-queue.ts';
import type { Connector, ConnectorPorts, Webhook } from '#core/platform.ts';
import { slackActions } from './actions.ts';
import { Pauses } from './back-off.ts';
import { Delivery } from './deliver.ts';
import { directMessages } from './direct-messages.ts';
import { slackEvents } from './events.ts';
import { httpLink, socketLink, type Link } from './link.ts';
import { listen, type Arrival, type Listener } from './listen.ts';
import { logIn } from './log-in.ts';
import { lookUp } from './look-up.ts';
import { people, type People } from './people.ts';
import type { Asked, Bot } from './read.ts';
import { sender } from './send.ts';
import { API_URL, PACE, TIMES, type Times } from './slack.external.ts';
import { Standing } from './standing.ts';
import { TEXTS } from './texts.ts';
import { webApi, type WebApi } from './web-api.ts';
import { placeOf, type Place } from './write.ts';

export interface SlackOptions {
  /** SLACK_BOT_TOKEN, `xoxb-…`. */
  botToken: string;
  /** SLACK_APP_TOKEN, `xapp-…`: then Socket Mode is used. */
  appToken?: string;
  /** SLACK_SIGNING_SECRET: then `webhook` answers Slack's requests. */
  signingSecret?: string;
  /** SLACK_API_URL, with a slash at the end. */
  apiUrl?: string;
  /** Every call goes through it. */
  fetch?: typeof globalThis.fetch;
  /** Messages of one channel. */
  pace?: Pace;
  timer?: Timer;
  times?: Partial<Times>;
}

export interface SlackConnector extends Connector {
  /** A payload from any transport, as Bolt's receivers hand it to an App. Never rejects. */
  processEvent(arrival: Arrival): Promise<void>;
}

/** Slack as one more platform: by Socket Mode where there is an app token, else by signed HTTP requests. */
export function slackConnector(options: SlackOptions, ports: ConnectorPorts): SlackConnector {
  const parts = assemble(options, ports);
  const { api, listener, out, standing, link, pauses } = parts;
  return {
    platform: 'slack',
    start: () => void run(parts),
    send: (answer, again) => out.send(answer, again),
    health: () => standing.health(out.waiting),
    actions: slackActions(api),
    processEvent: (arrival) => listener.arrived(arrival),
    ...webhookOf(options, parts),
    async stop(graceMs) {
      parts.isStopped = true;
      pauses.end();
      // Acknowledgements go back by the link: it is closed last.
      await Promise.all([out.stop(graceMs), within(parts.timer, graceMs, listener.stop())]);
      link.close();
      standing.stopped();
    },
  };
}

interface Parts {
  ports: ConnectorPorts;
  times: Times;
  timer: Timer;
  standing: Standing;
  pauses: Pauses;
  api: WebApi;
  folk: People;
  listener: Listener;
  out: ReturnType<typeof sender>;
  link: Link;
  bot: Bot | undefined;
  isStopped: boolean;
}

function assemble(options: SlackOptions, ports: ConnectorPorts): Parts {
  const { timer = SYSTEM_TIMER, pace = roomPace(PACE.uses, PACE.ms) } = options;
  const times = { ...TIMES, ...options.times };
  const standing = new Standing(ports.log);
  const pauses = new Pauses(timer);
  const bot = (): Bot | undefined => parts.bot;
  const api = apiOf(options, { times, standing, clock: ports.clock, bot });
  const folk = people({ api, team: () => parts.bot?.team ?? '', times, timer, log: ports.log });
  const direct = directMessages(api);
  const delivery = new Delivery({ api, direct, clock: ports.clock });
  const tell = (asked: Asked, words: string): Promise<boolean> => delivery.tell(placeOfAsked(asked), words, false);
  const actions = slackActions(api);
  const listener = listen({ ports, api, people: folk, standing, bot, actions, tell, times, timer });
  const out = sender({
    ports,
    delivery,
    isThere: lookUp({ api, direct, log: ports.log }),
    standing,
    botName: () => parts.bot?.name ?? 'Guildhall',
    pace,
    timer,
    times,
  });
  const isStopped = (): boolean => parts.isStopped;
  const link = linkOf(options, { api, times, standing, pauses, ports, listener, isStopped });
  const parts: Parts = {
    ports,
    times,
    timer,
    standing,
    pauses,
    api,
    folk,
    listener,
    out,
    link,
    bot: undefined,
    isStopped: false,
  };
  return parts;
}

function placeOfAsked({ channel: room, user, via }: Asked): Place {
  return placeOf({ platform: 'slack', room, account: `slack:${user}`, via });
}

interface Heard {
  times: Times;
  standing: Standing;
  clock(): number;
  bot(): Bot | undefined;
}

/** A token that was refused at the start stays so until the next start, as nothing is listened to without it. */
function apiOf(options: SlackOptions, to: Heard): WebApi {
  const { botToken: token, apiUrl = API_URL, fetch = globalThis.fetch } = options;
  const heard = (refused?: string): void => {
    to.standing.heard(to.clock());
    if (refused !== undefined) to.standing.tokenRefused('SLACK_BOT_TOKEN', refused);
    else if (to.bot()) to.standing.tokenTaken('SLACK_BOT_TOKEN');
  };
  return webApi({ token, apiUrl, fetch, timeout: to.times.call, heard });
}

function linkOf(
  options: SlackOptions,
  parts: Pick<Parts, 'api' | 'times' | 'standing' | 'pauses' | 'ports' | 'listener'> & { isStopped(): boolean },
): Link {
  const { api, ports, listener, ...shared } = parts;
  const { appToken, apiUrl = API_URL, fetch = globalThis.fetch } = options;
  if (appToken === undefined) return httpLink({ ...shared, ask: () => api.call('auth.test', {}) });
  const failed = (error: unknown): void =>
    ports.log.warn({ platform: 'slack', code: (error as Error).name }, TEXTS.log.badFrame);
  const { arrived } = listener;
  return socketLink({ ...shared, appToken, apiUrl, fetch, clock: ports.clock, arrived, failed });
}

async function run(parts: Parts): Promise<void> {
  const { api, folk, standing, pauses, times, link } = parts;
  const bot = await logIn({ api, standing, pauses, times, isStopped: () => parts.isStopped });
  if (!bot) return;
  parts.bot = bot;
  // People mention it by the name that its profile shows.
  parts.bot = { ...bot, name: (await folk.who(bot.user, bot.name)).name };
  if (!parts.isStopped) await link.run();
}

function webhookOf({ signingSecret }: SlackOptions, { listener, standing, ports }: Parts): { webhook?: Webhook } {
  if (signingSecret === undefined) return {};
  const { arrived } = listener;
  const heard = (): void => standing.heard(ports.clock());
  return {
    webhook: { path: '/slack/events', handle: slackEvents({ signingSecret, clock: ports.clock, arrived, heard }) },
  };
}

async function within(timer: Timer, ms: number, work: Promise<void>): Promise<void> {
  const time = Promise.withResolvers<void>();
  const cancel = timer.after(ms, time.resolve);
  await Promise.race([work, time.promise]);
  cancel();
}
