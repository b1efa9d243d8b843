import type { Clock } from '#core/clock.ts';
import type { AppError } from '#core/errors.ts';
import { LIMITS, type Rate } from '#core/limits.ts';
import type { IncomingMessage } from '#core/message.ts';
import { secondsLeft, type RateStore } from '#core/rate.ts';

/** Whether the asker is told that nothing was run, and why. */
export type Tell = (
  message: Pick<IncomingMessage, 'id' | 'from' | 'who' | 'mustAnswer'>,
  refusal: Pick<AppError, 'rule' | 'retryAfter'>,
) => Promise<boolean>;

interface Told {
  request: string;
  at: number;
  seconds: number;
}

/**
 * A refusal costs its asker nothing, and on a platform each answer takes a place in the queue of all. So nobody is told to
 * wait for one rule twice in a room before the wait is over, and of anything else no more often than `all` gives uses.
 * What was told is remembered in this process alone: the commands of a room reach one bot, and where another takes over,
 * somebody may be told once more. Bounded: who was told longest ago goes.
 */
export function toldOnce(all: Rate, { rates, clock }: { rates: RateStore; clock: Clock }): Tell {
  const rules = new Map<string, Told>();
  return async (message, { rule, retryAfter }) => {
    const { id, from, who } = message;
    if (message.mustAnswer) return true;
    if (rule === undefined || retryAfter === undefined)
      return (await rates.take([{ key: `mistakes ${who.account}`, rate: all }])).ok;
    const key = `${from.platform} ${from.room ?? ''} ${who.account} ${rule}`;
    const told = rules.get(key);
    const now = clock();
    // The same request comes again where its answer could not be kept.
    if (told && told.request !== id && secondsLeft(told.at, told.seconds, now) > 0) return false;
    rules.delete(key);
    rules.set(key, { request: id, at: now, seconds: retryAfter });
    if (rules.size > LIMITS.rateKeys) rules.delete(rules.keys().next().value as string);
    return true;
  };
}
