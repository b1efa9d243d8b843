import { answerParent } from '#bench/load/answer-parent.ts';
import { commandNames, dispatchCost, type Asked, type Connect, type Dispatched } from '#bench/load/dispatch.ts';
import { MODERATORS, slackWire, type Arrival } from '#bench/wires/slack.ts';
import { peerModule } from './peer-module.ts';

/** A Bolt app, each command a listener of its own. https://docs.slack.dev/tools/bolt-js/concepts/commands */
answerParent({ dispatch });

interface Bolt {
  App: new (options: object) => App;
}

interface App {
  command(name: string | RegExp, listener: Listener): void;
  start(): Promise<unknown>;
  processEvent(arrival: Arrival): Promise<void>;
}

type Listener = (heard: Heard) => Promise<unknown>;

interface Heard {
  command: { command: string; user_id: string; text: string };
  ack(): Promise<void>;
  respond(words: string): Promise<unknown>;
  say(words: string): Promise<unknown>;
}

interface Made {
  /** One listener for all, with a map behind it: what a careful author would come to. */
  map?: boolean;
}

async function dispatch({ bot, pace }: Asked<Made>): Promise<Dispatched> {
  const bolt = await peerModule<Bolt>('@slack/bolt');
  return dispatchCost(connect(bolt, bot.commands, bot.map ? oneListener : manyListeners), pace);
}

function connect({ App }: Bolt, commands: number, listen: typeof oneListener): Connect {
  return async (said) => {
    const { fetch, connect: listenTo, hear } = slackWire(said);
    const nothing = async (): Promise<void> => undefined;
    const receiver = {
      init: (one: App) => listenTo((arrival) => one.processEvent(arrival)),
      start: nothing,
      stop: nothing,
    };
    const app = new App({ token: 'xoxb-bench', receiver, logLevel: 'error', clientOptions: { fetch } });
    listen(
      app,
      commandNames(commands).map((name) => `/${name}`),
    );
    await app.start();
    return hear;
  };
}

function manyListeners(app: App, names: string[]): void {
  for (const name of names) app.command(name, echo());
}

function oneListener(app: App, names: string[]): void {
  const commands = new Map(names.map((name) => [name, echo()]));
  app.command(/^\//, async (heard) => commands.get(heard.command.command)?.(heard));
}

/** What all may read is said in the channel, as ours does it; a refusal is for the asker alone. */
function echo(): Listener {
  const moderators = new Set(MODERATORS);
  return async ({ command, ack, respond, say }) => {
    await ack();
    if (!moderators.has(command.user_id)) return respond('This is for moderators.');
    const [, n, text] = /^(\d+)\s+(.+)$/.exec(command.text) ?? [];
    if (n === undefined) return respond('n is not a whole number.');
    return say(`${Number(n)}-${text}`);
  };
}
