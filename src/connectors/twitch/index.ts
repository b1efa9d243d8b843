import { SYSTEM_TIMER, type Timer } from '#bus/outbound-queue.ts';
import type { Connector, ConnectorPorts, PlatformActions } from '#core/platform.ts';
import { AccessKeeper } from './access.ts';
import { twitchActions } from './actions.ts';
import { Channels } from './channels.ts';
import { tagOf, type IrcLine } from './irc-line.ts';
import { openLink, type OpenLink } from './link.ts';
import { listen, type Listener } from './listen.ts';
import { secretInPublic } from './secret-in-public.ts';
import { Sender } from './send.ts';
import { Session } from './session.ts';
import type { Application } from './sign-in.ts';
import { windowMemory, type WindowMemory } from './window-memory.ts';
import { ADDRESSES, CHAT_LIMITS, TIMES, type ChatLimits, type Times } from './twitch.external.ts';

export { checkTwitch } from './check.ts';

export interface TwitchOptions {
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  /** Names of channels, with or without #. */
  channels: readonly string[];
  ircUrl?: string | undefined;
  apiUrl?: string | undefined;
  authUrl?: string | undefined;
  /** Where these differ from Twitch's own: other limits and times, another network. */
  limits?: Partial<ChatLimits>;
  times?: Partial<Times>;
  timer?: Timer;
  open?: OpenLink;
  fetch?: typeof fetch;
}

/** The bot in the chats of Twitch channels. */
export function twitchConnector(options: TwitchOptions, ports: ConnectorPorts): Connector {
  const parts = partsOf(options, ports);
  const actions = twitchActions({ ...parts, apiUrl: options.apiUrl ?? ADDRESSES.api });
  const { session, sender, listener, memory, counts } = assemble(parts, ports, actions);
  return {
    platform: 'twitch',
    actions,
    // Twitch counts what an earlier process sent: that is known before anything goes.
    start: () => void memory.recall().then(() => session.start()),
    send: (answer, again) => sender.send(answer, again),
    health() {
      const { state, why, heardAt, away } = session;
      return {
        platform: 'twitch',
        state,
        ...(why !== undefined && { why }),
        ...(heardAt !== undefined && { heardAt }),
        places: away,
        waiting: sender.waiting,
        counts: { ...counts, ...sender.counts },
      };
    },
    async stop(graceMs) {
      await Promise.all([endWithin(listener.stop(), graceMs, parts.timer), sender.stop(graceMs)]);
      session.stop();
    },
  };
}

interface Parts {
  url: string;
  names: readonly string[];
  limits: ChatLimits;
  times: Times;
  timer: Timer;
  open: OpenLink;
  app: Application;
  access: AccessKeeper;
  log: ConnectorPorts['log'];
}

function partsOf(options: TwitchOptions, { log }: ConnectorPorts): Parts {
  const { clientId, clientSecret, authUrl = ADDRESSES.auth, fetch: call = fetch } = options;
  const times = { ...TIMES, ...options.times };
  const app = { clientId, clientSecret, authUrl, callMs: times.call, fetch: call };
  return {
    url: options.ircUrl ?? ADDRESSES.irc,
    names: options.channels,
    limits: { ...CHAT_LIMITS, ...options.limits },
    times,
    timer: options.timer ?? SYSTEM_TIMER,
    open: options.open ?? openLink,
    app,
    access: new AccessKeeper(app, options.refreshToken),
    log,
  };
}

interface Assembled {
  session: Session;
  sender: Sender;
  listener: Listener;
  memory: WindowMemory;
  counts: { received: number };
}

/** The four that know of each other: who listens, who sends, the connection, and the channels that it is in. */
function assemble(parts: Parts, ports: ConnectorPorts, actions: PlatformActions): Assembled {
  const counts = { received: 0 };
  const channels = new Channels({ ...parts, settled: () => session.settled(), joined: () => memory.note() });
  const sender = new Sender({
    ...parts,
    ports,
    channels,
    connection: () => session.current,
    sending: () => memory.note(),
  });
  const memory = windowMemory({
    memory: ports.memory,
    log: parts.log,
    now: () => parts.timer.now(),
    windows: { sent: sender.sent, joins: channels.joins },
  });
  const listener = listen({
    ports,
    own: () => parts.access.known?.login ?? '',
    received: () => void counts.received++,
    refuse: secretInPublic({ ports, actions, tell: (line, words, stays) => tellOf(sender, line, { words, stays }) }),
    notTaken: ({ target, tags }) => sender.sayNotTaken(target.slice(1), tagOf(tags, 'id')),
  });
  const session = new Session({
    ...parts,
    channels,
    lost: (connection) => sender.lost(connection),
    line(line, connection, isCurrent) {
      if (line.command === 'PRIVMSG') return listener.said(line);
      if (isCurrent) tellChannels(channels, line, parts.access.known?.login ?? '');
      sender.heard(line, connection);
    },
  });
  return { session, sender, listener, memory, counts };
}

function tellOf(
  sender: Sender,
  { target, tags, nick }: IrcLine,
  { words, stays }: { words: string; stays: boolean },
): void {
  const name = tagOf(tags, 'display-name') || nick;
  sender.sayTo(target.slice(1), { name, ...(stays && { parent: tagOf(tags, 'id') }) }, words);
}

/** https://dev.twitch.tv/docs/chat/irc/#supported-irc-messages */
function tellChannels(channels: Channels, line: IrcLine, own: string): void {
  switch (line.command) {
    case 'USERSTATE':
      return channels.userState(line);
    case 'ROOMSTATE':
      return channels.roomState(line);
    case 'NOTICE':
      return channels.notice(line);
    case 'PART':
      if (line.nick === own) channels.part(line);
  }
}

function endWithin(promise: Promise<void>, ms: number, timer: Timer): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timer.after(ms, resolve);
    void promise.finally(() => {
      cancel();
      resolve();
    });
  });
}
