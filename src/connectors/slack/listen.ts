import type { Timer } from '#bus/outbound-queue.ts';
import { AppError } from '#core/errors.ts';
import { byTurns, type Turn } from '#core/by-turns.ts';
import { newId } from '#core/ids.ts';
import type { IncomingMessage } from '#core/message.ts';
import type { ConnectorPorts, PlatformActions } from '#core/platform.ts';
import { findSecret, isNotSealed, sealedAsk } from '#core/secret-arguments.ts';
import type { People } from './people.ts';
import { read, type Asked, type Bot } from './read.ts';
import { secretInPublic } from './secret-in-public.ts';
import type { SlackBody, Times } from './slack.external.ts';
import type { Standing } from './standing.ts';
import { TEXTS } from './texts.ts';
import type { WebApi } from './web-api.ts';

/** A payload with what acknowledges it, as Bolt's receivers hand it over. */
export interface Arrival {
  body: SlackBody;
  /** Tells Slack that it has arrived; a slash command's acknowledgement may hold a message for the asker alone. */
  ack(response?: { response_type: 'ephemeral'; text: string }): Promise<void>;
}

export interface ListenOptions {
  ports: ConnectorPorts;
  api: WebApi;
  people: People;
  standing: Standing;
  /** Undefined until Slack told who the bot is. */
  bot(): Bot | undefined;
  actions: Pick<PlatformActions, 'deleteMessage'>;
  /** Tells the asker alone. Never throws. */
  tell(asked: Asked, words: string): Promise<unknown>;
  times: Times;
  timer: Timer;
}

export interface Listener {
  /** Takes a payload in; never rejects. What could not be stored is not acknowledged, so that Slack sends it again. */
  arrived(arrival: Arrival): Promise<void>;
  /** Takes nothing new from now on; resolves when what arrived is taken in. */
  stop(): Promise<void>;
}

export function listen(given: ListenOptions): Listener {
  const underWay = new Set<Promise<void>>();
  const options = { ...given, turns: byTurns() };
  const refusing = secretInPublic({ ...options, team: () => options.bot()?.team ?? '' });
  let stopping = false;
  return {
    arrived({ body, ack }) {
      const bot = options.bot();
      const asked = bot && read(body, bot);
      if (!bot || (asked && stopping)) return notTaken(body, ack);
      if (!asked) return ignore(options.people, body, ack);
      const refused = refusing(asked);
      const taking = refused
        ? Promise.all([quiet(ack()), refused]).then(() => undefined)
        : (asked.isSlash ? takeCommand : takeLine)(options, asked, bot, ack);
      underWay.add(taking);
      return taking.finally(() => underWay.delete(taking));
    },
    async stop() {
      stopping = true;
      await Promise.all(underWay);
    },
  };
}

type Ack = Arrival['ack'];

/** Not for the bot: acknowledged, so that it does not come again. */
function ignore(people: People, { event }: SlackBody, ack: Ack): Promise<void> {
  if (event?.type === 'user_change' && typeof event.user === 'object') people.changed(event.user);
  return quiet(ack());
}

/** Slack sends an event again that is not acknowledged. */
export function notTaken(body: SlackBody, ack: Ack): Promise<void> {
  return body.command === undefined ? Promise.resolve() : quiet(ack(NOT_TAKEN));
}

const NOT_TAKEN = { response_type: 'ephemeral', text: TEXTS.notTaken } as const;

/** An acknowledgement that gets lost brings the same payload again, which ends in the inbox. */
export function quiet(acknowledged: Promise<void>): Promise<void> {
  return acknowledged.catch(() => undefined);
}

/** Acknowledged when it is stored, or refused for now. If that takes too long Slack sends the line again, which does no harm. */
async function takeLine(options: Listening, asked: Asked, bot: Bot, ack: Ack): Promise<void> {
  const taken = await take(options, asked, bot);
  if (taken === false) return;
  if (taken !== true) await options.tell(asked, taken);
  await quiet(ack());
}

/** Slack never sends a command again, and shows an error where it is not acknowledged in time. */
async function takeCommand(options: Listening, asked: Asked, bot: Bot, ack: Ack): Promise<void> {
  let isLate = false;
  const cancel = options.timer.after(options.times.acknowledge, () => {
    isLate = true;
    void quiet(ack());
  });
  const taken = await take(options, asked, bot);
  cancel();
  const words = taken === false ? TEXTS.notTaken : taken;
  const notTold = words === true ? undefined : ({ response_type: 'ephemeral', text: words } as const);
  if (!isLate) return quiet(ack(notTold));
  const url = asked.via.url;
  if (notTold && url !== undefined) await quiet(options.api.respond(url, notTold));
}

interface Listening extends ListenOptions {
  /** By channel: a look at who asks may take long, and those behind are answered behind. */
  turns(channel: string): Turn;
}

/** Whether it is stored, now or before; a sentence for the asker where that has to wait for somebody. */
async function take(options: Listening, asked: Asked, bot: Bot): Promise<boolean | string> {
  const { ports, standing } = options;
  standing.counts.received++;
  try {
    await ports.receive(await complete(options, asked, bot), asked.platformId);
    return true;
  } catch (error) {
    // Another message under the same id: the first one counts.
    if (error instanceof AppError && error.status === 409) return true;
    const code = error instanceof AppError ? error.code : (error as Error).name;
    ports.log.error({ platform: 'slack', code }, TEXTS.log.notStored);
    return isNotSealed(error) ? error.message : false;
  }
}

/** With who asks and in which community, in the order in which the channel's lines came. */
async function complete({ ports, people, turns }: Listening, asked: Asked, bot: Bot): Promise<IncomingMessage> {
  const turn = turns(asked.channel);
  try {
    const who = await people.who(asked.user, asked.username);
    const message = messageOf(asked, { ...who, account: `slack:${asked.user}` }, ports.clock());
    if (findSecret(message.ask, ports.commands)) message.from.alone = true;
    message.ask = await sealedAsk(message.ask, message.who.account, ports);
    if (turn.before) await turn.before;
    const { community } = await ports.space({ platform: 'slack', platformId: bot.team, name: bot.teamName });
    return { ...message, community, place: bot.team };
  } finally {
    turn.pass();
  }
}

/** The community stands empty until the place is known. */
function messageOf(asked: Asked, who: IncomingMessage['who'], at: number): IncomingMessage {
  const { channel: room, text, sign, isSlash } = asked;
  const via = isSlash ? { ...asked.via, at: String(at) } : asked.via;
  return {
    id: newId('job', at),
    from: { platform: 'slack', room, account: who.account, via },
    community: '',
    who,
    ask: { text },
    style: { sign },
    at,
  };
}
