import { answerParent } from '#bench/load/answer-parent.ts';
import { dispatchCost, type Asked, type Dispatched } from '#bench/load/dispatch.ts';
import { discordWire, type Packet } from '#bench/wires/discord.ts';
import { startBot, type BotAsked, type Connector, type Ports } from './bot.ts';
import { source } from './source.ts';

/** Ours in a Discord guild: the connector and the spine. */
answerParent({ dispatch });

interface Source {
  discordConnector(options: object, ports: Ports): Connector;
}

async function dispatch({ bot, pace }: Asked<BotAsked>): Promise<Dispatched> {
  const { discordConnector } = await source<Source>('connectors/discord/index.ts');
  return dispatchCost(async (said) => {
    const { makeRequest, connect, hear } = discordWire(said, bot.channels);
    const options = {
      token: 'bench.bench.bench',
      rest: { makeRequest, globalRequestsPerSecond: 1e9 },
      gateway: (heard: (packet: Packet) => void) => ({ start: () => connect(heard), stop: async () => undefined }),
    };
    await startBot(bot, async (ports) => discordConnector(options, ports));
    return hear;
  }, pace);
}
