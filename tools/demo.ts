import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import closeWithGrace from 'close-with-grace';
import pino from 'pino';
import { createAccount } from '#auth/sign-up.ts';
import { nameCommunity } from '#auth/profile.ts';
import type { Chat, Person } from '#chat/chat.ts';
import { changeRoom, createRoom } from '#chat/change-room.ts';
import { seeRooms } from '#chat/read-room.ts';
import { postMessage } from '#chat/post-message.ts';
import { systemClock } from '#core/clock.ts';
import { firstCommunity } from '#storage/communities.ts';
import { readConfig, WrongSettings } from '#src/config.ts';
import { openFolder } from '#src/data-folder.ts';
import { whenOrphaned } from '#src/orphaned.ts';
import { startHall, type RunningHall } from '#src/roles.ts';
import { terminal } from '#src/terminal.ts';
import { VERSION } from '#src/version.ts';
import { startDiscord } from '#test/simulators/discord/index.ts';
import { startSlack } from '#test/simulators/slack/index.ts';
import { startStock } from '#test/simulators/stock/index.ts';
import { startTwitch } from '#test/simulators/twitch/index.ts';

/** `npm run demo`: the hall with sample rooms and people, beside stand-ins of every platform and of the quote source, on a folder that is thrown away at the end. */
const PEOPLE = [
  { username: 'plutothedog', name: 'Pluto the Dog', password: 'barks-at-four-squirrels', owner: true },
  { username: 'john', name: 'John', password: 'keeps-the-quiet-minutes', owner: false },
];

const ROOMS = [
  {
    name: 'square',
    topic: 'For everybody. Say hello.',
    said: [
      '1 Good morning. Is anybody here already?',
      '0 I have been here since four. A squirrel woke me.',
      '1 Then you can tell me how to ask for a share price.',
      '0 Type `/stock aapl.us` and the bot says it here.',
    ],
  },
  {
    name: 'trading-floor',
    topic: 'Quotes and questions.',
    said: ['0 @john the exchange opens in half an hour.', '1 I am ready. `/help` lists what the bot can do.'],
  },
];

const say = terminal();
const folder = mkdtempSync(join(tmpdir(), 'guildhall-demo-'));
const source = await startStock();
const chats = await Promise.all([startDiscord(), startSlack(), startTwitch()]);
say.plain(`\nGuildhall ${VERSION}, the demo: nothing leaves this machine`);
try {
  await open();
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof WrongSettings) for (const { name, lines } of error.wrong) say.wrong(name, ...lines);
  else
    say.wrong(
      'demo',
      code === 'EADDRINUSE'
        ? 'The port is taken by another program. Set PORT, for example PORT=3001 npm run demo'
        : message,
    );
  await throwAway();
  process.exit(1);
}

async function open(): Promise<void> {
  const stood = Object.assign({}, ...chats.map(({ env }) => env)) as Record<string, string>;
  const given = { ...process.env, ...stood, GUILDHALL_DATA: join(folder, 'data'), STOCK_URL: source.url };
  const config = readConfig(given, folder);
  const hall = await startHall(config, {
    database: openFolder(config.GUILDHALL_DATA).database,
    logger: pino({ level: 'error' }),
    demo: true,
  });
  await furnish(hall);
  const address = await hall.listen();
  const { close } = closeWithGrace({ delay: 10_000, logger: false }, async () => {
    await hall.stop(3_000);
    await throwAway();
    say.plain('Stopped. The demo’s data is gone.');
  });
  whenOrphaned(close);
  say.ok('data', 'a folder of its own, thrown away at the end');
  say.ok('stand-in', `stock at ${source.url}`);
  for (const { platform, page } of chats) say.ok(platform, `${page} (a stand-in: talk there as its people)`);
  say.ok('mail', `${address}/mail (what the hall would send; nothing leaves)`);
  say.ok('web', address);
  say.plain(`\n${PEOPLE.map(({ username, password }) => `  ${username.padEnd(14)}${password}`).join('\n')}\n`);
  say.plain('Sign in twice, in two browsers, and type /stock aapl.us');
  say.plain('On Discord it is /stock aapl.us too, on Slack @Guildhall stock aapl.us, on Twitch !stock aapl.us');
}

async function furnish(hall: RunningHall): Promise<void> {
  const chat: Chat = { storage: hall.storage, bus: { announce: () => undefined }, clock: systemClock };
  const people: Person[] = [];
  for (const { username, password, owner, name } of PEOPLE) {
    const { id } = await createAccount(hall.auth, { username, password, name }, { by: 'operator', owner });
    people.push({ account: id, username, name });
  }
  const [owner] = people as [Person];
  const community = (await firstCommunity(hall.storage.db)).id;
  await nameCommunity(hall.auth, owner.account, community, 'The Demo Hall');
  for (const { name, topic, said } of ROOMS) {
    const there = (await seeRooms(chat, owner)).find((room) => room.name === name);
    const room = there
      ? await changeRoom(chat, owner, there.id, { topic })
      : await createRoom(chat, owner, { community, name, topic, private: false });
    for (const line of said)
      await postMessage(chat, people[Number(line[0])] as Person, { room: room.id, text: line.slice(2) });
  }
}

async function throwAway(): Promise<void> {
  await Promise.all([source, ...chats].map((one) => one.stop()));
  rmSync(folder, { recursive: true, force: true });
}
