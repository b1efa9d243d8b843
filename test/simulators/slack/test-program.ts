import { App, type CodedError, HTTPReceiver, type Logger, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { type SlackOptions, type SlackSimulator, startSlack } from './index.ts';

/** Only for the tests here: a program made with the vendor's own client. */
export interface Program {
  slack: SlackSimulator;
  app: App;
  /** Errors that Bolt caught in listeners. */
  errors: CodedError[];
  stop(): Promise<void>;
}

interface Setup {
  options?: Partial<SlackOptions>;
  listen?: (app: App) => void;
}

/** A simulator, and a Bolt App that joined it by Socket Mode. It reconnects after 0.4 s instead of the client's 5 s. */
export async function joined({ options = {}, listen = () => undefined }: Setup = {}): Promise<Program> {
  const slack = await startSlack(options);
  const receiver = new SocketModeReceiver({
    appToken: slack.env.SLACK_APP_TOKEN ?? '',
    clientPingTimeout: 400,
    logger: SILENCE,
    installerOptions: { clientOptions: clientOptions(slack) },
  });
  const program = programOf(slack, receiver);
  listen(program.app);
  await program.app.start();
  await slack.connected();
  return program;
}

/** A simulator, and a Bolt App that listens for signed HTTP. `secret` may be wrong. */
export async function listening({ secret, ...setup }: Setup & { secret?: string } = {}): Promise<
  Program & { url: string }
> {
  const slack = await startSlack(setup.options);
  const signingSecret = secret ?? slack.httpEnv.SLACK_SIGNING_SECRET ?? '';
  const receiver = new HTTPReceiver({ signingSecret, logger: SILENCE, processBeforeResponse: true });
  const program = programOf(slack, receiver);
  setup.listen?.(program.app);
  const server = await program.app.start({ port: 0, host: '127.0.0.1' });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { ...program, url: `http://127.0.0.1:${port}/slack/events` };
}

/** Options of the vendor's client that point it at the simulator. */
export const clientOptions = (
  slack: SlackSimulator,
): { slackApiUrl: string; retryConfig: { retries: number }; logger: Logger } => ({
  slackApiUrl: slack.env.SLACK_API_URL ?? '',
  retryConfig: { retries: 1 },
  logger: SILENCE,
});

/** Disconnections are wanted here: their log lines would only hide a real failure. */
const SILENCE: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};

function programOf(slack: SlackSimulator, receiver: SocketModeReceiver | HTTPReceiver): Program {
  const options = {
    token: slack.env.SLACK_BOT_TOKEN ?? '',
    receiver,
    clientOptions: clientOptions(slack),
    logger: SILENCE,
  };
  const app = new App(options);
  const errors: CodedError[] = [];
  app.error(async (error) => void errors.push(error));
  const stop = async (): Promise<void> => {
    await app.stop();
    await slack.stop();
  };
  return { slack, app, errors, stop };
}
