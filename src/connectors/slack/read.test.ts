import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { botOf, plain, read } from './read.ts';
import type { SlackBody, SlackEvent } from './slack.external.ts';

const bot = botOf({ user: 'U0BOT', name: 'Guildhall', team: 'T1', teamName: 'One' });

const mention = (text: string, more: Partial<SlackEvent> = {}): SlackBody => ({
  event_id: 'Ev1',
  event: { type: 'app_mention', channel: 'C1', user: 'U1', ts: '1.1', text, ...more },
});
const direct = (text: string, more: Partial<SlackEvent> = {}): SlackBody =>
  mention(text, { type: 'message', channel: 'D1', channel_type: 'im', ...more });
const slash = (command: string, text: string, more: Partial<SlackBody> = {}): SlackBody => ({
  command,
  text,
  user_id: 'U1',
  user_name: 'mia',
  channel_id: 'C1',
  trigger_id: 'Tr1',
  response_url: 'https://hooks.example.org/1',
  ...more,
});

describe('what was asked', () => {
  const asked: [what: string, body: SlackBody, text: string, sign: string][] = [
    ['a mention', mention('<@U0BOT> stock aapl.us'), '/stock aapl.us', '@Guildhall '],
    ['a mention with its name', mention('<@U0BOT|guildhall> stock aapl.us'), '/stock aapl.us', '@Guildhall '],
    ['a mention with a comma', mention('  <@U0BOT>, stock aapl.us '), '/stock aapl.us', '@Guildhall '],
    ['a hard blank after the mention', mention('<@U0BOT>\u00a0stock aapl.us'), '/stock aapl.us', '@Guildhall '],
    ['a slash after the mention', mention('<@U0BOT> /stock aapl.us'), '/stock aapl.us', '@Guildhall '],
    ['a mention alone', mention('<@U0BOT>'), '/help', '@Guildhall '],
    ['a mention and a slash', mention('<@U0BOT> /'), '/help', '@Guildhall '],
    ['two lines', mention('<@U0BOT> e 1 +\n2'), '/e 1 +\n2', '@Guildhall '],
    ['a link that Slack made', mention('<@U0BOT> stock <http://aapl.us|aapl.us>'), '/stock aapl.us', '@Guildhall '],
    ['another person', mention('<@U0BOT> thank <@U2>'), '/thank @U2', '@Guildhall '],
    ['a direct message', direct('stock aapl.us'), '/stock aapl.us', ''],
    ['a direct message with a slash', direct('/stock aapl.us'), '/stock aapl.us', ''],
    ['a direct message that names the bot', direct('<@U0BOT> stock aapl.us'), '/stock aapl.us', ''],
    ['a direct message that only names the bot', direct('<@U0BOT>'), '/help', ''],
    ['the command for all', slash('/guildhall', 'stock aapl.us'), '/stock aapl.us', '/guildhall '],
    ['the command for all with a slash', slash('/guildhall', ' /stock aapl.us'), '/stock aapl.us', '/guildhall '],
    ['the command for all alone', slash('/guildhall', ''), '/help', '/guildhall '],
    ['an own command', slash('/stock', 'aapl.us'), '/stock aapl.us', '/guildhall '],
    ['an own command alone', slash('/stock', ''), '/stock', '/guildhall '],
    ['entities', slash('/e', '1 &lt; 2 &amp;&amp; 3 &gt; 2'), '/e 1 < 2 && 3 > 2', '/guildhall '],
  ];
  for (const [what, body, text, sign] of asked) {
    test(`${what} is “${text.replace('\n', '⏎')}”`, () => {
      const found = read(body, bot);
      assert.deepEqual([found?.text, found?.sign], [text, sign]);
    });
  }
});

describe('what is not for the bot', () => {
  const ignored: [what: string, body: SlackBody][] = [
    ['a line in a channel', mention('<@U0BOT> stock', { type: 'message', channel_type: 'channel' })],
    ['a line in a private channel', mention('<@U0BOT> stock', { type: 'message', channel_type: 'group' })],
    ['a mention further on', mention('ask <@U0BOT> stock')],
    ['a mention of another', mention('<@U0OTHER> stock')],
    ['a mention in a direct message, which comes as a message too', mention('<@U0BOT> stock', { channel: 'D1' })],
    ['an edited mention', mention('<@U0BOT> stock', { edited: { user: 'U1', ts: '1.2' } })],
    ['a bot', mention('<@U0BOT> stock', { bot_id: 'B1' })],
    ['the bot itself', mention('<@U0BOT> stock', { user: 'U0BOT' })],
    ['an edit in a direct message', direct('stock', { subtype: 'message_changed' })],
    ['a bot in a direct message', direct('stock', { bot_id: 'B1' })],
    ['the bot in a direct message', direct('stock', { user: 'U0BOT' })],
    ['an empty direct message', direct('  ')],
    ['a reaction', { event_id: 'Ev1', event: { type: 'reaction_added', user: 'U1' } }],
    ['a payload without an event', { type: 'app_rate_limited' }],
    ['a command without an asker', { command: '/stock', text: '' }],
    ['nothing', {}],
  ];
  for (const [what, body] of ignored) test(what, () => assert.equal(read(body, bot), undefined));
});

describe('what an answer needs', () => {
  test('of a mention: its time, and its thread', () => {
    const { platformId, user, channel, via, isSlash } = read(mention('<@U0BOT> x', { thread_ts: '0.9' }), bot) ?? {};
    assert.deepEqual(
      { platformId, user, channel, via, isSlash },
      {
        platformId: 'Ev1',
        user: 'U1',
        channel: 'C1',
        via: { ts: '1.1', thread: '0.9' },
        isSlash: false,
      },
    );
  });

  test('of a slash command: the address for answers', () => {
    const { platformId, username, via, isSlash } = read(slash('/stock', 'x'), bot) ?? {};
    assert.deepEqual(
      { platformId, username, via, isSlash },
      {
        platformId: 'Tr1',
        username: 'mia',
        via: { url: 'https://hooks.example.org/1' },
        isSlash: true,
      },
    );
  });
});

describe('a text of Slack’s as it was typed', () => {
  const typed: [slack: string, words: string][] = [
    ['plain words', 'plain words'],
    ['a &lt;b&gt; &amp;amp; c', 'a <b> &amp; c'],
    ['<http://aapl.us|aapl.us>', 'aapl.us'],
    ['<https://example.org/a?b=1&amp;c=2>', 'https://example.org/a?b=1&c=2'],
    ['<mailto:mia@example.org|mia@example.org>', 'mia@example.org'],
    ['<mailto:mia@example.org>', 'mia@example.org'],
    ['<tel:+123|123>', '123'],
    ['<@U1> <@U1|mia> <#C1|square> <#C1>', '@U1 @mia #square #C1'],
    ['<!here> <!channel> <!subteam^S1|@admins>', '@here @channel @admins'],
    ['<!date^1392734382^{date}|Feb 18, 2014>', 'Feb 18, 2014'],
    ['x <b> y', 'x <b> y'],
    ['a < b', 'a < b'],
    ['<http://a.us|a.us><http://b.us|b.us>', 'a.usb.us'],
  ];
  for (const [slack, words] of typed) test(slack, () => assert.equal(plain(slack), words));

  test('a hostile line costs no time', () => {
    const started = performance.now();
    for (const line of ['<@'.repeat(20_000), '<http:'.repeat(10_000), '&lt'.repeat(20_000), `<!${'|'.repeat(40_000)}`])
      plain(line);
    assert.ok(performance.now() - started < 500);
  });
});
