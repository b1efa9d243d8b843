import { answerParent } from '#bench/load/answer-parent.ts';
import { dispatchCost, type Asked, type Dispatched } from '#bench/load/dispatch.ts';
import { jsonAnswer, type Answer } from '#bench/wires/response.ts';
import { twitchWire, type TwitchWire } from '#bench/wires/twitch.ts';
import { startBot, type BotAsked, type Connector, type Ports } from './bot.ts';
import { source } from './source.ts';

/** Ours in a Twitch channel: the connector and the spine. */
answerParent({ dispatch });

interface Source {
  twitchConnector(options: object, ports: Ports): Connector;
}

async function dispatch({ bot, pace }: Asked<BotAsked>): Promise<Dispatched> {
  const { twitchConnector } = await source<Source>('connectors/twitch/index.ts');
  return dispatchCost(async (said) => {
    const wire = twitchWire(said);
    const settings = { clientId: 'bench', clientSecret: 'bench', refreshToken: 'bench', channels: ['square'] };
    const options = { ...settings, limits: BOUNDLESS, open: over(wire), fetch: signIn };
    await startBot(bot, async (ports) => twitchConnector(options, ports));
    await wire.joined;
    return wire.hear;
  }, pace);
}

/** Limits that are counted and never reached. */
const BOUNDLESS = { plain: 1e9, privileged: 1e9, windowMs: 1_000, pauseMs: 0 };

interface LinkEvents {
  opened(): void;
  frame(text: string): void;
}

function over(wire: TwitchWire): (url: string, events: LinkEvents) => object {
  return (_url, events) => {
    wire.connect({ opened: events.opened, receive: events.frame });
    return { send: wire.take, cut: () => undefined };
  };
}

async function signIn(url: string): Promise<Answer> {
  if (url.endsWith('/token')) return jsonAnswer({ access_token: 'bench', refresh_token: 'bench', expires_in: 14_400 });
  return jsonAnswer({ login: 'guildhall', user_id: '1', scopes: ['chat:read', 'chat:edit'], expires_in: 14_400 });
}
