import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NO_PACE } from '#bus/outbound-queue.ts';
import { say, whisper, type Reply } from '#core/message.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { eventually } from '#test/support/wait.ts';
import { slackConnector, type SlackConnector } from './index.ts';
import { TestHall } from '#test/support/slack-hall.ts';
import { TEXTS } from './texts.ts';

const DOT =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const table = (rows: number) => ({
  title: 'Prices',
  columns: [{ name: 'share' }, { name: 'price', numeric: true }],
  rows: Array.from({ length: rows }, (_, index) => [`S${index}.US`, String(index * 10)]),
});

/** What the commands of these tests answer. */
const ANSWERS: Record<string, () => Reply[]> = {
  '/stock aapl.us': () => [whisper('Looking up AAPL.US…'), say('AAPL.US quote is 126.85')],
  '/help': () => [whisper('Commands here:\n/stock symbol')],
  '/hello': () => [say('Hello to **all**')],
  '/small': () => [{ text: 'Today', table: table(3), private: false }],
  '/large': () => [{ text: 'All of it', table: table(600), private: false }],
  '/dot': () => [{ text: '', pictures: [{ url: DOT, alt: 'A dot', width: 1, height: 1 }], private: false }],
  '/mydot': () => [{ text: 'Yours', pictures: [{ url: DOT, alt: 'A dot', width: 1, height: 1 }], private: true }],
  '/web': () => [
    { text: '', pictures: [{ url: 'https://example.org/a_b.png', alt: 'A & B', width: 1, height: 1 }], private: false },
  ],
  '/long': () => [say(Array.from({ length: 900 }, (_, index) => `line ${index}`).join('\n'))],
  '/loud': () => [say('<!channel> <@U0MIA> @here & `<!here>` [x](!channel)')],
};

describe('Guildhall on Slack by Socket Mode', () => {
  let slack: SlackSimulator;
  let hall: TestHall;
  let connector: SlackConnector;

  before(async () => {
    slack = await startSlack({
      rooms: ['threads', 'files', 'chatter', 'names', 'away', 'loud'],
      commands: ['/guildhall', '/stock'],
      postLimit: { burst: 1_000, perSecond: 1_000 },
    });
    hall = new TestHall((message) => ANSWERS[(message.ask as { text: string }).text]?.() ?? [whisper('Unknown.')]);
    connector = slackConnector(
      {
        botToken: slack.env.SLACK_BOT_TOKEN ?? '',
        appToken: slack.env.SLACK_APP_TOKEN ?? '',
        apiUrl: slack.env.SLACK_API_URL ?? '',
        pace: NO_PACE,
      },
      hall.ports,
    );
    hall.connector = connector;
    connector.start();
    await slack.connected();
  });
  after(async () => {
    await connector.stop(1_000);
    await slack.stop();
  });

  const lines = (room: string, person?: string): string[] => slack.seen(room, person).map(({ text }) => text);
  const untilSeen = (room: string, text: string, person?: string) =>
    eventually(`“${text}” in ${room}`, () => slack.seen(room, person).find((one) => one.text === text));
  const calls = (method: string) => slack.calls.filter(({ path }) => path.endsWith(method));

  test('a mention is answered in the room, first to the asker alone', async () => {
    await slack.say('mia', 'square', '@Guildhall stock aapl.us');
    const said = await untilSeen('square', 'AAPL.US quote is 126.85');
    assert.equal(said.to, undefined);
    const [asked, alone, all] = lines('square', 'mia').slice(-3);
    assert.deepEqual(
      [asked, alone, all],
      ['@Guildhall stock aapl.us', 'Looking up AAPL.US…', 'AAPL.US quote is 126.85'],
    );
    assert.ok(!lines('square', 'max').includes('Looking up AAPL.US…'));
    const [message] = hall.received.slice(-1);
    assert.deepEqual(message?.ask, { text: '/stock aapl.us' });
    assert.deepEqual(message?.style, { sign: '@Guildhall ' });
    const mia = { account: 'slack:U0MIA', name: 'mia', username: 'mia', role: 'member', platformRoles: [] };
    assert.deepEqual(message?.who, mia);
    assert.equal(message?.from.account, 'slack:U0MIA');
  });

  test('a mention alone asks for help, which only the asker sees', async () => {
    await slack.say('max', 'square', '@Guildhall');
    const seen = await untilSeen('square', 'Commands here:\n/stock symbol', 'max');
    assert.equal(seen.to, 'U0MAX');
    assert.ok(!lines('square', 'mia').includes(seen.text));
  });

  test('marks become Slack’s own', async () => {
    await slack.say('mia', 'square', '@Guildhall, /hello');
    await untilSeen('square', 'Hello to *all*');
  });

  test('in a thread the answer stands in the thread, for all and for one', async () => {
    const ts = await slack.say('mia', 'threads', 'About shares');
    await slack.thread('mia', 'threads', ts, '@Guildhall stock aapl.us');
    const said = await untilSeen('threads', 'AAPL.US quote is 126.85');
    const alone = await untilSeen('threads', 'Looking up AAPL.US…', 'mia');
    assert.deepEqual([said.replyTo, alone.replyTo], [ts, ts]);
  });

  test('in direct messages each line is for the bot, and nothing needs to be hidden', async () => {
    await slack.say('mia', 'dm:mia', 'stock aapl.us');
    await untilSeen('dm:mia', 'AAPL.US quote is 126.85', 'mia');
    assert.deepEqual(lines('dm:mia', 'mia').slice(-2), ['Looking up AAPL.US…', 'AAPL.US quote is 126.85']);
    assert.deepEqual(hall.received.at(-1)?.style, { sign: '' });
  });

  test('slash commands work by their own name and by the bot’s', async () => {
    const first = await slack.say('mia', 'square', '/stock aapl.us');
    await eventually(
      'the answer for all',
      () => slack.seen('square').filter(({ text }) => /126/.test(text)).length > 1 || undefined,
    );
    const alone = await eventually('the answer for one', () =>
      slack.seen('square', 'mia').find(({ replyTo, text }) => replyTo === first && text === 'Looking up AAPL.US…'),
    );
    assert.equal(alone.to, 'U0MIA');
    await slack.say('mia', 'square', '/guildhall hello');
    await eventually(
      'the second',
      () => lines('square').filter((text) => text === 'Hello to *all*').length > 1 || undefined,
    );
    assert.deepEqual(hall.received.at(-1)?.style, { sign: '/guildhall ' });
    const third = await slack.say('mia', 'square', '/guildhall');
    await eventually('help', () => slack.seen('square', 'mia').find(({ replyTo }) => replyTo === third));
    assert.deepEqual(hall.texts.slice(-3), ['/stock aapl.us', '/hello', '/help']);
  });

  test('where the bot is no member a slash command is answered all the same', async () => {
    slack.removeBot('away');
    await slack.say('mia', 'away', '/stock aapl.us');
    const said = await untilSeen('away', 'AAPL.US quote is 126.85', 'max');
    assert.equal(said.to, undefined);
    assert.ok(lines('away', 'mia').includes('Looking up AAPL.US…'));
  });

  test('chatter, edits, other bots and news about the room cost no call', async () => {
    const [asked, called] = [hall.asked, slack.calls.length];
    const ts = await slack.say('mia', 'chatter', 'I like @Guildhall for stock aapl.us');
    slack.edit('mia', 'chatter', ts, '@Guildhall stock aapl.us');
    slack.botSays('chatter', '@Guildhall stock aapl.us');
    slack.share('mia', 'chatter', { name: 'a.txt', type: 'text/plain', bytes: 3 }, 'as in stock aapl.us');
    slack.leave('max', 'chatter');
    slack.join('max', 'chatter');
    await slack.say('mia', 'chatter', '@Guildhall hello');
    await untilSeen('chatter', 'Hello to *all*');
    assert.deepEqual([hall.asked - asked, hall.texts.at(-1)], [1, '/hello']);
    assert.deepEqual(
      slack.calls.slice(called).map(({ path }) => path.split('/').at(-1)),
      ['chat.postMessage'],
    );
  });

  test('roles are the workspace’s, asked once for each person', async () => {
    for (const person of ['olga', 'adam', 'mona', 'olga']) await slack.say(person, 'names', '@Guildhall hello');
    await eventually(
      'four',
      () => lines('names').filter((text) => text === 'Hello to *all*').length === 4 || undefined,
    );
    const roles = Object.fromEntries(hall.received.slice(-4).map(({ who }) => [who.name, who.role]));
    assert.deepEqual(roles, { olga: 'owner', adam: 'admin', mona: 'member' });
    const asked = calls('users.info')
      .map(({ body }) => JSON.stringify(body))
      .filter((body) => body.includes('U0OLGA'));
    assert.equal(asked.length, 1);
  });

  test('a changed name is known without asking again', async () => {
    slack.rename('mona', 'Mona Lisa');
    await slack.say('U0MONA', 'names', '@Guildhall hello');
    await eventually('the new name', () => hall.received.at(-1)?.who.name === 'Mona Lisa' || undefined);
  });

  test('a small table is a block of code, a large one a file after the words', async () => {
    await slack.say('mia', 'files', '@Guildhall small');
    const small = await eventually('the table', () => slack.seen('files').find(({ text }) => text.startsWith('Today')));
    assert.match(small.text, /^Today\n```\nPrices\nshare {2}price\n─+ {2}─+\nS0\.US {6}0\n/);
    await slack.say('mia', 'files', '@Guildhall large');
    const file = await eventually('the file', () =>
      slack.seen('files').find(({ attachments }) => attachments.length > 0),
    );
    assert.match(file.attachments[0]?.name ?? '', /^prices-.*\.csv$/);
    assert.ok(
      lines('files').indexOf('All of it') < slack.seen('files').indexOf(file) || lines('files').includes('All of it'),
    );
  });

  test('a picture in an answer is uploaded, one from the web is shown from there', async () => {
    await slack.say('mia', 'files', '@Guildhall dot');
    const file = await eventually('the picture', () =>
      slack.seen('files').find(({ attachments }) => attachments[0]?.name.endsWith('.png')),
    );
    assert.equal(file.attachments[0]?.bytes, 70);
    await slack.say('mia', 'files', '@Guildhall web');
    await untilSeen('files', 'A & B');
    assert.match(JSON.stringify(calls('chat.postMessage').at(-1)?.body), /image_url.*https:\/\/example\.org\/a_b\.png/);
  });

  test('a private picture goes by direct message, and the asker is told so', async () => {
    await slack.say('max', 'files', '@Guildhall mydot');
    await untilSeen('files', TEXTS.fileByDirectMessage, 'max');
    assert.ok(lines('files', 'max').includes('Yours'));
    assert.equal(slack.seen('dm:max', 'max').at(-1)?.attachments.length, 1);
    assert.ok(!slack.seen('files', 'mia').some(({ text }) => text === 'Yours'));
  });

  test('a long text comes in pieces, in order, cut between lines', async () => {
    await slack.say('mia', 'threads', '@Guildhall long');
    await eventually('the end', () => lines('threads').some((text) => text.endsWith('line 899')) || undefined);
    const pieces = lines('threads').filter((text) => /^line \d/.test(text));
    assert.ok(pieces.length > 1 && pieces.every((text) => text.length <= 3_500));
    assert.deepEqual(pieces.join('\n').split('\n').length, 900);
    assert.ok(
      pieces
        .join('\n')
        .split('\n')
        .every((text, index) => text === `line ${index}`),
    );
  });

  test('no answer pings anybody', async () => {
    await slack.say('mia', 'loud', '@Guildhall loud');
    await eventually('the answer', () => slack.seen('loud').at(-1)?.author.bot || undefined);
    assert.doesNotMatch(JSON.stringify(calls('chat.postMessage').at(-1)?.body), /<[!@#]|@(here|channel|everyone)/);
    assert.equal(slack.seen('loud').at(-1)?.text, '<!channel> <@U0MIA> @\u2060here & `<!here>` x (!channel)');
  });

  test('what Slack delivers twice is done once, and both are acknowledged', async () => {
    const before = hall.received.length;
    const ts = await slack.say('mia', 'names', '@Guildhall stock aapl.us');
    await untilSeen('names', 'AAPL.US quote is 126.85');
    const asked = hall.asked;
    slack.again(ts);
    await eventually('the second delivery', () => hall.asked > asked || undefined);
    slack.faults.duplicate(true);
    await slack.say('mia', 'names', '@Guildhall hello');
    await eventually('both deliveries', () => hall.asked > asked + 2 || undefined);
    slack.faults.duplicate(false);
    assert.equal(hall.received.length, before + 2);
    assert.deepEqual(slack.lost, []);
  });

  test('health tells what went through, and Slack had nothing to complain about', async () => {
    const { state, why, heardAt, waiting, counts } = connector.health();
    assert.deepEqual([state, why, waiting, counts.refused], ['up', undefined, 0, 0]);
    assert.ok(Date.now() - (heardAt ?? 0) < 60_000);
    assert.ok(counts.received >= hall.received.length && counts.sent > 20);
    assert.deepEqual(slack.violations, []);
    assert.deepEqual(
      hall.log.filter(({ level }) => level !== 'info'),
      [],
    );
  });
});
