import type { JobWork } from '#core/job.ts';
import { engineCa } from '#src/engines.ts';
import type { Part, Site } from './site.ts';

export interface BridgePart extends Part {
  /** Jobs that another program does, instead of the features' own ways. */
  jobs: JobWork[];
}

/** Quotes by a stock bot of somebody else's, where the operator wants it so. RabbitMQ's library is loaded only then. */
export async function bridgePart(site: Site): Promise<BridgePart | undefined> {
  const { id, config, storage, features, logger } = site;
  const quotes = features.find((feature) => feature.quotes)?.quotes;
  if (config.STOCK_BRIDGE === 'off' || config.AMQP_URL === undefined || !quotes) return undefined;
  const { StockBridge } = await import('#bridge/stock-bridge.ts');
  const ca = engineCa(config);
  const name = new URL(config.AMQP_URL).searchParams.get('name') ?? undefined;
  const some = { ...(ca !== undefined && { ca }), ...(name !== undefined && { name }) };
  const bridge = new StockBridge({ url: config.AMQP_URL, ...some, process: id, logger, storage, quotes });
  return {
    jobs: [bridge.work],
    health() {
      const { why } = bridge;
      return [{ name: 'stock-bridge', state: why === undefined ? 'up' : 'down', ...(why !== undefined && { why }) }];
    },
    stop: (graceMs) => bridge.stop(graceMs),
  };
}
