import { orLater, OutboundQueue, TryLater, type Pace, type Step, type Timer } from '#bus/outbound-queue.ts';
import { asAllowed, type OutgoingMessage } from '#core/message.ts';
import type { ConnectorPorts } from '#core/platform.ts';
import { backOff } from './back-off.ts';
import type { Delivery, Sending } from './deliver.ts';
import { AT_ONCE, AWAY_CODES, CallFailed, type Times } from './slack.external.ts';
import type { Standing } from './standing.ts';
import { TEXTS } from './texts.ts';
import { placeOf, write } from './write.ts';

export interface SendOptions {
  ports: ConnectorPorts;
  delivery: Delivery;
  /** Whether a part is in Slack already. */
  isThere(sending: Sending): Promise<boolean>;
  standing: Standing;
  /** How the bot is mentioned, without the @. */
  botName(): string;
  pace: Pace;
  timer: Timer;
  times: Times;
}

export interface Sender {
  send(answer: OutgoingMessage, again: boolean): Promise<void>;
  /** Answers that wait. */
  readonly waiting: number;
  stop(graceMs: number): Promise<void>;
}

/** Carries answers out: each room in order, each part once where Slack gives a handle for it. */
export function sender(options: SendOptions): Sender {
  const { pace, timer } = options;
  const queue = new OutboundQueue({ pace, timer, atOnce: AT_ONCE });
  return {
    async send(answer, again) {
      await queue.send(laneOf(answer), steps(options, asAllowed(answer), again));
    },
    get waiting() {
      return queue.waiting;
    },
    stop: (graceMs) => queue.stop(graceMs),
  };
}

const laneOf = ({ to }: OutgoingMessage): string => to.room ?? to.account;

/** What the parts of one answer share. */
interface Course {
  again: boolean;
  /** Slack refused a part for good: the others are not tried. */
  isOver: boolean;
}

/** One for each part. What cannot even be written is given up in its turn. */
function steps(options: SendOptions, answer: OutgoingMessage, again: boolean): Step[] {
  const course: Course = { again, isOver: false };
  try {
    return sendings(answer).map((sending) => step(options, course, sending));
  } catch (error) {
    return [() => giveUp(options, { place: placeOf(answer.to), name: `${answer.id}:${answer.n}` }, error)];
  }
}

function sendings(answer: OutgoingMessage): Sending[] {
  const place = placeOf(answer.to);
  let hint = true;
  return write(answer).map((part, index) => {
    const name = `${answer.id}:${answer.n}:${index}`;
    const sending = { part, name, place, isPrivate: answer.reply.private, hint: hint && 'bytes' in part };
    if (sending.hint) hint = false;
    return sending;
  });
}

function step(options: SendOptions, course: Course, sending: Sending): Step {
  const { deliveries } = options.ports;
  /** Of tries before, here or in a process that ended: whether one may have worked. */
  let unsure = course.again;
  let failures = 0;
  let isSaid = false;
  return async () => {
    if (course.again && (await orLater(deliveries.wasSent(sending.name)))) return;
    try {
      if (!course.isOver && !isSaid) await attempt(options, sending, unsure);
    } catch (error) {
      if (error instanceof CallFailed) {
        unsure ||= error.unsure;
        await settle(options, sending, { error, failures: ++failures });
      } else await giveUp(options, sending, error);
      course.isOver = true;
    }
    isSaid = true;
    await orLater(deliveries.record(sending.name));
  };
}

async function attempt({ delivery, isThere, standing }: SendOptions, sending: Sending, unsure: boolean): Promise<void> {
  if (!unsure || !(await isThere(sending))) await delivery.deliver(sending);
  standing.counts.sent++;
}

interface Trouble {
  error: CallFailed;
  failures: number;
}

/** What passes is tried again, as long as it takes. What Slack refuses for good is told to the asker, and is over. */
async function settle(options: SendOptions, sending: Sending, { error, failures }: Trouble): Promise<void> {
  const { trouble, method, code, retryAfter } = error;
  const { times, ports } = options;
  if (trouble === 'limited') throw new TryLater(retryAfter, { everywhere: !OF_ONE_ROOM.test(method) });
  if (trouble === 'token') throw new TryLater(times.refused, { everywhere: true });
  const facts = { platform: 'slack', method, code, part: sending.name };
  if (trouble === 'passing') {
    if (failures === 1) ports.log.warn(facts, TEXTS.log.rejected);
    throw new TryLater(backOff(failures, times));
  }
  await refused(options, sending, error);
}

/** Slack counts these by channel and by answer address, all others by workspace. */
const OF_ONE_ROOM = /^(chat\.postMessage$|response_url)/;

async function refused(options: SendOptions, { place, name }: Sending, error: CallFailed): Promise<void> {
  const { ports, standing, delivery } = options;
  const { method, code, needed } = error;
  const facts = { platform: 'slack', method, code, part: name, ...(needed !== undefined && { needed }) };
  standing.counts.refused++;
  ports.log.error(facts, TEXTS.log.refused);
  const told = await delivery.tell(place, sentence(error, options.botName()), AWAY_CODES.has(code));
  if (!told) ports.log.warn(facts, TEXTS.log.notTold);
}

/** A mistake in our own code would come back without end: it is told once, and is over. */
async function giveUp(
  { ports, standing, delivery }: SendOptions,
  { place, name }: Pick<Sending, 'place' | 'name'>,
  err: unknown,
): Promise<void> {
  standing.counts.refused++;
  ports.log.error({ platform: 'slack', err, part: name }, TEXTS.log.ours);
  await delivery.tell(place, TEXTS.ours, false);
}

function sentence({ code, needed }: CallFailed, bot: string): string {
  if (AWAY_CODES.has(code)) return TEXTS.away(bot);
  if (code === 'is_archived') return TEXTS.archived;
  return code === 'missing_scope' ? TEXTS.scope(needed ?? code) : TEXTS.refused(code);
}
