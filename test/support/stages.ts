import type { Feature } from '#core/feature.ts';
import { type Discord, startDiscord } from '#test/simulators/discord/index.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { startTwitch, type Twitch } from '#test/simulators/twitch/index.ts';
import type { Shape } from './deployment.ts';
import type { Stage, StageName } from './stage.ts';
import { StageHall, type StageHallOptions } from './stage-hall.ts';
import { httpPlaces } from './stage-http.ts';
import { type Manners, platformStage } from './stage-platform.ts';
import { castOf, roomsOf, webPlace, webStage } from './stage-web.ts';
import { eventually } from './wait.ts';

/** What a test wants of a stage: rooms, named in small letters, and commands beside those of the hall. */
export interface Wanted {
  rooms: string[];
  /** One of them in which something is going on while others are played in. */
  apart?: string;
  features: Feature[];
  shape: Shape;
}

/** Every way into the hall, with the whole hall behind it. Open a stage once for a file: rooms keep plays apart. */
export const STAGES: Record<StageName, (wanted: Wanted) => Promise<Stage>> = {
  webchat,
  http,
  discord,
  slack,
  'slack events': slackEvents,
  twitch,
};

async function webchat({ rooms, ...wanted }: Wanted): Promise<Stage> {
  const hall = await StageHall.open(wanted);
  const cast = await orClose(hall, async () => castOf(hall, await roomsOf(hall, rooms)));
  return {
    ...webStage(hall, cast),
    name: 'webchat',
    tellsMeanwhile: true,
    redelivers: true,
    room: (room) => webPlace(cast, room),
    cut: () => Object.values(cast).forEach((viewer) => viewer.leave()),
  };
}

async function http({ rooms, ...wanted }: Wanted): Promise<Stage> {
  const hall = await StageHall.open(wanted);
  const cast = await orClose(hall, async () => castOf(hall, await roomsOf(hall, rooms)));
  const calls = new Set<AbortController>();
  const room = await orClose(hall, () => httpPlaces({ hall, cast, cut: calls }));
  return {
    ...webStage(hall, cast),
    name: 'http',
    tellsMeanwhile: false,
    redelivers: false,
    room,
    notCommands: [],
    cut() {
      for (const one of calls) one.abort();
      for (const viewer of Object.values(cast)) viewer.leave();
    },
  };
}

async function discord({ rooms, ...wanted }: Wanted): Promise<Stage> {
  const simulator = await startDiscord({ rooms });
  const offers = (command: string): boolean => simulator.commands().guild.some((one) => one['name'] === command);
  return started(
    { ...wanted, settings: simulator.env },
    {
      name: 'discord',
      simulator,
      hides: true,
      noticesAbsence: true,
      signs: { usual: '/', other: '@Guildhall ' },
      offers,
      async connected() {
        await simulator.connected();
        await eventually('the commands to be registered', () => offers('help') || undefined);
      },
      notCommands: discordNotCommands(simulator),
      called: ({ id }) => simulator.pinged(id),
    },
  );
}

function discordNotCommands(simulator: Discord): Stage['notCommands'] {
  const mention = (line: string): string => `@Guildhall ${line.slice(1)}`;
  return [
    {
      what: 'a line that is changed into one',
      act: async (room, line) => simulator.edit(await simulator.say('mia', room, 'Only words.'), mention(line)),
    },
    { what: 'what another bot says', act: async (room, line) => simulator.botSays(room, mention(line)) },
    { what: 'what a webhook says', act: async (room, line) => simulator.webhookSays(room, mention(line)) },
  ];
}

async function slack({ rooms, ...wanted }: Wanted): Promise<Stage> {
  const simulator = await startSlack({ rooms, retryAfterMs: SOON_MS });
  return started(
    { ...wanted, settings: simulator.env },
    {
      ...slackManners(simulator),
      name: 'slack',
      noticesAbsence: true,
      stayAway: () => simulator.faults.answer(503, 1, { match: 'apps.connections.open' }),
    },
  );
}

/** Slack calls us when there is something: that it does not call is no sign that it is away. */
async function slackEvents({ rooms, ...wanted }: Wanted): Promise<Stage> {
  const simulator = await startSlack({ rooms, retryAfterMs: SOON_MS });
  return started(
    { ...wanted, settings: simulator.httpEnv },
    {
      ...slackManners(simulator),
      name: 'slack events',
      noticesAbsence: false,
      opened: (url) => simulator.deliverTo(`${url}/slack/events`),
    },
  );
}

/** Slack delivers three times more, within six minutes: longer than any absence. Here it has less time, so it tries more often. */
const SOON_MS = [0, ...Array.from({ length: 10 }, () => 1_000)];

/** Slack knows owners, admins and members: an admin plays the moderator. */
function slackManners(simulator: SlackSimulator): Omit<Manners, 'name' | 'noticesAbsence'> {
  const mention = (line: string): string => `@Guildhall ${line.slice(1)}`;
  return {
    simulator,
    hides: true,
    signs: { usual: '@Guildhall ', other: '/guildhall ' },
    plays: { mona: 'adam' },
    connected: () => simulator.connected(),
    called: ({ raw }) => String((raw as { text: string }).text).match(/<[!@][^>]*>/g) ?? [],
    notCommands: [
      {
        what: 'a line that is changed into one',
        act: async (room, line) =>
          simulator.edit('mia', room, await simulator.say('mia', room, 'Only words.'), mention(line)),
      },
      { what: 'what another bot says', act: async (room, line) => simulator.botSays(room, mention(line)) },
    ],
  };
}

/**
 * The bot is a moderator in each channel, as docs/twitch.md asks for. All plays are given in one channel, and one apart: each
 * channel costs a join after every cut, of which Twitch allows 20 in 10 s.
 */
async function twitch({ apart, ...wanted }: Wanted): Promise<Stage> {
  const simulator = await startTwitch();
  for (const { name } of simulator.rooms) simulator.makeBotMod(name, true);
  return started(
    { ...wanted, settings: simulator.env },
    {
      name: 'twitch',
      simulator,
      hides: false,
      noticesAbsence: true,
      signs: { usual: '!', other: '@Guildhall ' },
      roomOf: (room) => (room === apart ? 'trading_floor' : 'square'),
      connected: () => simulator.connected(),
      notCommands: [
        {
          what: 'a line that tells what one does',
          act: (room, line) => simulator.say('mia', room, `/me !${line.slice(1)}`),
        },
        {
          what: 'what another program says for the bot',
          act: (room, line) => saysAsBot(simulator, room, `!${line.slice(1)}`),
        },
      ],
      called: ({ text }) => text.match(/@[a-z]\w*/gi) ?? [],
    },
  );
}

/** Another program with the bot's own account: Twitch sends its lines to the bot. */
async function saysAsBot({ env, rooms }: Twitch, room: string, message: string): Promise<void> {
  const { TWITCH_CLIENT_ID: id = '', TWITCH_CLIENT_SECRET: secret = '', TWITCH_BOT_REFRESH_TOKEN: token = '' } = env;
  const body = new URLSearchParams({
    client_id: id,
    client_secret: secret,
    refresh_token: token,
    grant_type: 'refresh_token',
  });
  const signedIn = await fetch(`${env['TWITCH_AUTH_URL']}/token`, { method: 'POST', body });
  const { access_token: access } = (await signedIn.json()) as { access_token: string };
  const authorized = { authorization: `Bearer ${access}`, 'client-id': id };
  const me = await fetch(`${env['TWITCH_API_URL']}/users`, { headers: authorized });
  const { data } = (await me.json()) as { data: { id: string }[] };
  const there = rooms.find(({ name }) => name === room);
  const line = { broadcaster_id: there?.id, sender_id: data[0]?.id, message };
  const headers = { ...authorized, 'content-type': 'application/json' };
  const said = await fetch(`${env['TWITCH_API_URL']}/chat/messages`, {
    method: 'POST',
    headers,
    body: JSON.stringify(line),
  });
  if (!said.ok) throw new Error(`Twitch: ${said.status} ${await said.text()}`);
}

/** The stage when the platform is there. */
async function started(options: StageHallOptions, manners: Manners): Promise<Stage> {
  const { simulator, opened } = manners;
  const hall = await orStop(simulator, () => StageHall.open(options));
  const stage = platformStage(hall, manners);
  return orClose(stage, async () => {
    await opened?.(hall.webhooks);
    await stage.back();
    return stage;
  });
}

/** What is open goes where the rest cannot be opened, or it would keep the process of the test. */
async function orClose<T>(open: { close(): Promise<void> }, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    await open.close();
    throw error;
  }
}

const orStop = <T>(open: { stop(): Promise<void> }, act: () => Promise<T>): Promise<T> =>
  orClose({ close: () => open.stop() }, act);
