import type { Bus, DurableChannel, Handler, Subscription } from '#bus/bus.ts';

export interface SharesParts {
  bus: Pick<Bus, 'subscribe'>;
  /** This process. */
  self: string;
  channels: readonly DurableChannel[];
  handler: Handler;
}

export interface Shares {
  /** Told who takes part, this process included, whenever it was looked. */
  seen(takers: readonly string[]): void;
  /** Takes no more, and ends what is in hand. */
  stop(graceMs: number): Promise<void>;
}

/** ms that what is in hand may take before a part is given to another process: it comes to that one then. */
const HAND_OVER_MS = 5_000;

/**
 * Parts a channel among processes: each part goes to one of them, so that what belongs together keeps its order. Every
 * process stands by for every part, and the broker hands a part to whoever has stood longest. So when somebody comes or
 * goes, each gives up the parts that are another's by the list, and stands behind: the right one is in front then.
 */
export function shareParts({ bus, self, channels, handler }: SharesParts): Shares {
  const taken = new Map<DurableChannel, Subscription>();
  let list = '';
  let moving = Promise.resolve();
  let stopped = false;

  const take = (channel: DurableChannel): void => void taken.set(channel, bus.subscribe(channel, handler));
  const standBehind = async (channel: DurableChannel): Promise<void> => {
    if (stopped) return;
    await taken.get(channel)?.stop(HAND_OVER_MS);
    if (!stopped) take(channel);
  };

  for (const channel of channels) take(channel);
  return {
    seen(takers) {
      const now = takers.toSorted();
      if (stopped || now.join(' ') === list) return;
      list = now.join(' ');
      const others = channels.filter((_, index) => now.length > 0 && now[index % now.length] !== self);
      moving = moving.then(async () => void (await Promise.all(others.map(standBehind))));
    },
    async stop(graceMs) {
      stopped = true;
      await Promise.all([...taken.values()].map((one) => one.stop(graceMs)));
      await moving;
    },
  };
}
