import { LIMITS } from '#core/limits.ts';
import type { IncomingMessage } from '#core/message.ts';
import type { RateStore } from '#core/rate.ts';

/** Whether a refusal goes into the audit; `last`: it does, and those after it do not for a while. */
export type Written = 'written' | 'last' | 'unwritten';

export type WriteRefusal = (message: Pick<IncomingMessage, 'who' | 'community'>) => Promise<Written>;

/**
 * A refusal costs its asker nothing, and a row in the audit costs us a place on disk for a year. So of one person, and of one
 * community, only so many are written down; the last one says that more may have followed.
 */
export function writtenRefusals(rates: RateStore): WriteRefusal {
  const { refusalsWritten: own, refusalsOfCommunity: all } = LIMITS;
  return async ({ who, community }) => {
    const taken = await rates.take([
      { key: `refused ${who.account}`, rate: own },
      { key: `refused ${community}`, rate: all },
    ]);
    if (!taken.ok) return 'unwritten';
    const [mine, everybodys] = taken.counts;
    return mine?.used === own.uses || everybodys?.used === all.uses ? 'last' : 'written';
  };
}
