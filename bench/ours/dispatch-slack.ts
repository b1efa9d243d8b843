import { answerParent } from '#bench/load/answer-parent.ts';
import { dispatchCost, type Asked, type Dispatched } from '#bench/load/dispatch.ts';
import { slackWire, type Arrival } from '#bench/wires/slack.ts';
import { startBot, type BotAsked, type Connector, type Ports } from './bot.ts';
import { source } from './source.ts';

/** Ours in a Slack workspace: the connector and the spine. */
answerParent({ dispatch });

interface Source {
  slackConnector(options: object, ports: Ports): Connector & { processEvent(arrival: Arrival): Promise<void> };
  roomPace(uses: number, ms: number): object;
}

async function dispatch({ bot, pace }: Asked<BotAsked>): Promise<Dispatched> {
  const { slackConnector } = await source<Source>('connectors/slack/index.ts');
  const { roomPace } = await source<Source>('bus/outbound-queue.ts');
  return dispatchCost(async (said) => {
    const { fetch, connect, hear, known } = slackWire(said, bot.channels);
    // A pace that is counted and never reached.
    const options = { botToken: 'xoxb-bench', signingSecret: 'bench', fetch, pace: roomPace(200, 1) };
    await startBot(bot, async (ports) => {
      const connector = slackConnector(options, ports);
      connect((arrival) => connector.processEvent(arrival));
      return connector;
    });
    await known;
    return hear;
  }, pace);
}
