import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startDiscord } from './discord/index.ts';
import { startMail } from './mail/index.ts';
import { startSlack } from './slack/index.ts';
import { startStock } from './stock/index.ts';
import { startTwitch } from './twitch/index.ts';

/** Starts one stand-in on loopback: `npm run simulator -- stock --port 4010`. It ends on Ctrl-C or SIGTERM. */
interface StandIn {
  says: string[];
  stop(): Promise<void>;
}

const STAND_INS: Record<string, (port: number) => Promise<StandIn>> = {
  discord: (at) => chat('Discord', startDiscord({ port: at, anyToken: true })),
  slack: (at) => chat('Slack', startSlack({ port: at, anyToken: true })),
  twitch: (at) => chat('Twitch', startTwitch({ port: at, anyToken: true })),
  stock,
  mail,
};

const { values, positionals } = parseArgs({ options: { port: { type: 'string' } }, allowPositionals: true });
const start = STAND_INS[positionals[0] ?? ''];
const port = Number(values.port ?? 0);

if (!start || positionals.length !== 1 || !Number.isInteger(port) || port < 0 || port > 65_535) refuse();
else await serve(start);

async function serve(startOne: (port: number) => Promise<StandIn>): Promise<void> {
  const standIn = await startOne(port);
  console.log(standIn.says.join('\n'));
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await standIn.stop();
}

function refuse(): void {
  console.error('Usage: npm run simulator -- NAME [--port N]');
  console.error(`NAME is one of: ${Object.keys(STAND_INS).join(', ')}. Without a port a free one is taken.`);
  process.exitCode = 2;
}

async function stock(at: number): Promise<StandIn> {
  const source = await startStock({ port: at });
  const says = [
    `The stock source listens. Start the hall with STOCK_URL=${source.url}`,
    `Change how it behaves: POST ${source.control} {"mode": "slow"}. GET shows the mode and what was asked.`,
  ];
  return { says, stop: source.stop };
}

async function mail(at: number): Promise<StandIn> {
  const server = await startMail({
    port: at,
    onMail: (one) => console.log(`\nTo ${one.to.join(', ')}: ${one.subject}\n\n${one.text}`),
  });
  const says = [
    'The mail server listens. What comes is printed here and goes nowhere.',
    `Start the hall with SMTP_URL=${server.url} and MAIL_FROM=hall@example.org`,
  ];
  return { says, stop: server.stop };
}

/** A chat platform: what people would see stands on its page, and what the hall needs is printed as settings. */
async function chat(
  name: string,
  starting: Promise<{ page: string; env: Record<string, string>; stop(): Promise<void> }>,
): Promise<StandIn> {
  const { page, env, stop } = await starting;
  const settings = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const says = [
    `${name} listens. Talk as its people in a browser: ${page}`,
    'Start the hall with these settings:',
    '',
    ...settings,
  ];
  return { says, stop };
}
