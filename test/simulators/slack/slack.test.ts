import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RespondFn, webApi } from '@slack/bolt';
import { eventually } from '#test/support/wait.ts';
import { joined, type Program } from './test-program.ts';

interface Heard {
  type: string;
  subtype?: string;
  channel_type?: string;
  text?: string;
  ts?: string;
  thread_ts?: string;
  user?: string;
}

/** The words of a room, as this person sees them. */
const words = ({ slack }: Program, room: string, person?: string): string[] =>
  slack.seen(room, person).map(({ author, text }) => `${author.name}: ${text}`);

const untilSeen = (program: Program, room: string, line: string, person?: string): Promise<true> =>
  eventually(`"${line}" in ${room}`, () => words(program, room, person).includes(line) || undefined);

describe('a program that joined the simulated Slack by Socket Mode', () => {
  let program: Program;
  const heard: Heard[] = [];
  before(async () => {
    program = await joined({
      listen(app) {
        app.use(async ({ body, next }) => {
          if ('event' in body) heard.push(body.event as Heard);
          await next();
        });
        app.event('app_mention', async ({ event, say }) => void (await say(`hello <@${event.user}>`)));
        app.command('/stock', async ({ command, ack, respond }) => {
          await ack();
          await respond(`Looking up ${command.text}`);
          await respond({ text: 'AAPL.US quote is 126.85', response_type: 'in_channel' });
        });
        app.command('/guildhall', async ({ command, ack }) => void (await ack(`You said ${command.text}`)));
      },
      options: { rooms: ['events', 'files', 'history', 'limits'], postLimit: { burst: 100, perSecond: 100 } },
    });
  });
  after(() => program.stop());

  const heardAbout = (ts: string): Heard[] => heard.filter((event) => event.ts === ts);

  test('a mention in a room comes as a mention and as a message, and everybody sees the answer', async () => {
    const ts = await program.slack.say('mia', 'square', '@Guildhall hello');
    await untilSeen(program, 'square', 'Guildhall: hello @mia');
    const types = await eventually('both events', () => (heardAbout(ts).length === 2 ? heardAbout(ts) : undefined));
    assert.deepEqual(types.map(({ type }) => type).toSorted(), ['app_mention', 'message']);
    assert.equal(types[0]?.text, `<@${program.slack.bot.id}> hello`);
    assert.equal(types.find(({ type }) => type === 'app_mention')?.channel_type, undefined);
  });

  test('a slash command is answered first to its person alone, then to the room', async () => {
    const trigger = await program.slack.say('mia', 'square', '/stock aapl.us');
    await untilSeen(program, 'square', 'Guildhall: AAPL.US quote is 126.85');
    assert.ok(words(program, 'square', 'mia').includes('Guildhall: Looking up aapl.us'));
    assert.ok(!words(program, 'square', 'max').includes('Guildhall: Looking up aapl.us'));
    const whisper = program.slack.seen('square', 'mia').find(({ text }) => text === 'Looking up aapl.us');
    assert.deepEqual([whisper?.to, whisper?.replyTo, whisper?.author.bot], ['U0MIA', trigger, true]);
  });

  test('the words of an acknowledgement are shown to the person who asked', async () => {
    await program.slack.say('max', 'square', '/guildhall a < b & c');
    await untilSeen(program, 'square', 'Guildhall: You said a < b & c', 'max');
    assert.ok(!words(program, 'square', 'mia').includes('Guildhall: You said a < b & c'));
  });

  test('a command that nobody registered is refused before it is sent', async () => {
    await assert.rejects(program.slack.say('mia', 'square', '/dance'), /\/dance is not a valid command/);
  });

  test('what a person types reaches the program with entities, mentions and links', async () => {
    const ts = await program.slack.say(
      'mia',
      'events',
      'a<b & `x<y` @max #square aapl.us me@sample.test https://a.io/?x=1',
    );
    const [event] = await eventually('the message', () => (heardAbout(ts).length > 0 ? heardAbout(ts) : undefined));
    const links = '<http://aapl.us|aapl.us> <mailto:me@sample.test|me@sample.test> <https://a.io/?x=1>';
    assert.equal(event?.text, `a&lt;b &amp; \`x&lt;y\` <@U0MAX> <#C0SQUARE|square> ${links}`);
    const shown = 'a<b & `x<y` @max #square aapl.us me@sample.test https://a.io/?x=1';
    assert.equal(program.slack.seen('events').at(-1)?.text, shown);
  });

  test('a group mention in what a program sends calls the room, and does not where it is escaped', async () => {
    const { client } = program.app;
    await client.chat.postMessage({ channel: 'C0EVENTS', text: 'a <!channel> b' });
    await client.chat.postMessage({ channel: 'C0EVENTS', text: 'a &lt;!channel&gt; b & c' });
    const kept = program.slack.seen('events').at(-1)?.raw as { text: string };
    assert.equal(kept.text, 'a &lt;!channel&gt; b &amp; c');
    assert.deepEqual(words(program, 'events').slice(-2), ['Guildhall: a @channel b', 'Guildhall: a <!channel> b & c']);
  });

  test('direct messages come as im, without a mention event, and nobody else reads them', async () => {
    const ts = await program.slack.say('mia', 'dm:mia', '@Guildhall psst');
    const events = await eventually('the message', () => (heardAbout(ts).length > 0 ? heardAbout(ts) : undefined));
    assert.deepEqual(
      events.map(({ type, channel_type: kind }) => [type, kind]),
      [['message', 'im']],
    );
    const { channel } = await program.app.client.conversations.open({ users: 'U0MIA' });
    await program.app.client.chat.postMessage({ channel: channel?.id ?? '', text: 'yes?' });
    await program.app.client.chat.postMessage({ channel: 'U0MIA', text: 'still here' });
    assert.deepEqual(words(program, 'dm:mia', 'mia'), [
      'mia: @Guildhall psst',
      'Guildhall: yes?',
      'Guildhall: still here',
    ]);
    assert.deepEqual(program.slack.seen('dm:mia', 'max'), []);
    assert.deepEqual(program.slack.seen('dm:mia'), []);
  });

  test('an ephemeral message is seen by one person, and is not in the history', async () => {
    const { client } = program.app;
    const { message_ts: ts } = await client.chat.postEphemeral({
      channel: 'C0HISTORY',
      user: 'U0MIA',
      text: 'only you',
    });
    assert.deepEqual(
      [words(program, 'history', 'mia'), words(program, 'history', 'max')],
      [['Guildhall: only you'], []],
    );
    assert.deepEqual((await client.conversations.history({ channel: 'C0HISTORY' })).messages, []);
    await assert.rejects(client.chat.update({ channel: 'C0HISTORY', ts: ts ?? '', text: 'x' }), /message_not_found/);
  });

  test('a message is found again by its metadata, which only those who ask for it get', async () => {
    const { client } = program.app;
    const metadata = { event_type: 'guildhall_reply', event_payload: { job: 'job_1', n: 2 } };
    await client.chat.postMessage({ channel: 'C0HISTORY', text: 'with a mark', metadata });
    const full = await client.conversations.history({ channel: 'C0HISTORY', include_all_metadata: true });
    assert.deepEqual(full.messages?.[0]?.metadata, metadata);
    const short = await client.conversations.history({ channel: 'C0HISTORY' });
    assert.deepEqual(short.messages?.[0]?.metadata, { event_type: 'guildhall_reply' });
  });

  test('the history comes newest first, in pages, and within the times asked for', async () => {
    const { client } = program.app;
    const sent: string[] = [];
    for (const text of ['1', '2', '3', '4', '5']) sent.push(await program.slack.say('mia', 'files', text));
    const read: (string | undefined)[] = [];
    for await (const page of client.paginate('conversations.history', { channel: 'C0FILES', limit: 2 })) {
      read.push(...((page as webApi.ConversationsHistoryResponse).messages ?? []).map(({ text }) => text));
    }
    assert.deepEqual(read, ['5', '4', '3', '2', '1']);
    const span = { oldest: sent[1] ?? '', latest: sent[3] ?? '' };
    const inside = await client.conversations.history({ channel: 'C0FILES', ...span });
    const inclusive = await client.conversations.history({ channel: 'C0FILES', ...span, inclusive: true });
    assert.deepEqual([inside.messages?.map(({ text }) => text), inclusive.messages?.length], [['3'], 3]);
  });

  test('a thread holds its lines, and the history only the line above', async () => {
    const { client } = program.app;
    const ts = await program.slack.say('mia', 'events', 'who plays tonight?');
    const below = await program.slack.thread('max', 'events', ts, 'me');
    await client.chat.postMessage({ channel: 'C0EVENTS', thread_ts: ts, text: 'so do I' });
    const { messages } = await client.conversations.replies({ channel: 'C0EVENTS', ts });
    assert.deepEqual(
      messages?.map(({ text }) => text),
      ['who plays tonight?', 'me', 'so do I'],
    );
    const history = await client.conversations.history({ channel: 'C0EVENTS', limit: 1 });
    assert.deepEqual([history.messages?.[0]?.ts, history.messages?.[0]?.reply_count], [ts, 2]);
    const [event] = await eventually('the line in the thread', () =>
      heardAbout(below).length ? heardAbout(below) : undefined,
    );
    assert.equal(event?.thread_ts, ts);
    assert.equal(program.slack.seen('events').at(-1)?.replyTo, ts);
  });

  test('a file sent with the client is seen with its name, type and size', async () => {
    const file = Buffer.from([1, 2, 3, 4]);
    const about = { channel_id: 'C0FILES', filename: 'plot.png', initial_comment: 'a picture' };
    await program.app.client.filesUploadV2({ ...about, file });
    const seen = program.slack.seen('files').at(-1);
    assert.deepEqual(
      [seen?.text, seen?.attachments],
      ['a picture', [{ name: 'plot.png', type: 'image/png', bytes: 4 }]],
    );
  });

  test("a changed message shows its new words, a deleted one is gone, and a stranger's cannot be touched", async () => {
    const { client } = program.app;
    const channel = 'C0FILES';
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'frist' });
    await client.chat.update({ channel, ts, text: 'first' });
    assert.equal(program.slack.seen('files').at(-1)?.text, 'first');
    await client.chat.delete({ channel, ts });
    assert.ok(!program.slack.seen('files').some(({ id }) => id === ts));
    const theirs = await program.slack.say('mia', 'files', 'mine');
    await assert.rejects(client.chat.update({ channel, ts: theirs, text: 'x' }), /cant_update_message/);
    await assert.rejects(client.chat.delete({ channel, ts: theirs }), /cant_delete_message/);
  });

  test('blocks are what people see, in place of the text', async () => {
    const blocks = [
      { type: 'header', text: { type: 'plain_text', text: 'Quote' } },
      {
        type: 'section',
        text: { type: 'mrkdwn', text: 'AAPL &lt;US&gt;' },
        fields: [{ type: 'mrkdwn', text: '*126.85*' }],
      },
    ];
    await program.app.client.chat.postMessage({ channel: 'C0FILES', text: 'fallback', blocks });
    assert.equal(program.slack.seen('files').at(-1)?.text, 'Quote\nAAPL <US>\n*126.85*');
  });

  test('a pressed button reaches the program, whose answer replaces the message', async () => {
    const { app, slack } = program;
    app.action('again', async ({ ack, respond }) => {
      await ack();
      await (respond as RespondFn)({ text: 'once more', replace_original: true });
    });
    const button = {
      type: 'button' as const,
      action_id: 'again',
      text: { type: 'plain_text' as const, text: 'Again' },
    };
    const blocks = [{ type: 'actions' as const, elements: [button] }];
    const { ts = '' } = await app.client.chat.postMessage({ channel: 'C0FILES', text: 'play?', blocks });
    await slack.press('mia', 'files', ts, 'again');
    const changed = await eventually('the new words', () =>
      slack.seen('files').find(({ id, raw }) => {
        return id === ts && (raw as { text: string }).text === 'once more';
      }),
    );
    assert.equal(changed.author.name, 'Guildhall');
    await assert.rejects(slack.press('mia', 'files', ts, 'other'), /no button other/);
  });

  test('the app, the people, the rooms and the workspace are told as Slack tells them', async () => {
    const { client } = program.app;
    const me = await client.auth.test();
    assert.deepEqual([me.user_id, me.bot_id], [program.slack.bot.id, program.slack.bot.botId]);
    const { user } = await client.users.info({ user: 'U0OLGA' });
    assert.deepEqual(
      [user?.name, user?.is_owner, user?.is_admin, user?.profile?.email],
      ['olga', true, true, undefined],
    );
    const { members } = await client.users.list({});
    assert.equal(members?.filter(({ is_bot: bot }) => !bot).length, 5);
    const { channels } = await client.conversations.list({ types: 'public_channel' });
    assert.ok(channels?.some(({ name, is_member: member }) => name === 'trading-floor' && member));
    assert.equal((await client.conversations.info({ channel: 'C0SQUARE' })).channel?.name, 'square');
    assert.ok((await client.conversations.members({ channel: 'C0SQUARE' })).members?.includes('U0MIA'));
    assert.equal((await client.team.info()).team?.id, 'T0SAMPLE');
    assert.equal((await client.bots.info({ bot: me.bot_id ?? '' })).bot?.user_id, me.user_id);
  });

  test('a reaction is put on a message once', async () => {
    const { client } = program.app;
    const timestamp = await program.slack.say('mia', 'files', 'nice');
    await client.reactions.add({ channel: 'C0FILES', timestamp, name: 'eyes' });
    await assert.rejects(client.reactions.add({ channel: 'C0FILES', timestamp, name: 'eyes' }), /already_reacted/);
  });

  const happenings: [what: string, does: (slack: Program['slack']) => unknown, event: string][] = [
    [
      'a person changes a line',
      (s) => s.edit('mia', 'events', s.seen('events').find(isOfMia)?.id ?? '', 'new'),
      'message message_changed',
    ],
    [
      'a person deletes a line',
      (s) => s.erase('mia', 'events', s.seen('events').find(isOfMia)?.id ?? ''),
      'message message_deleted',
    ],
    ['another bot speaks', (s) => s.botSays('events', 'sunny'), 'message bot_message'],
    [
      'a person shares a file',
      (s) => s.share('mia', 'events', { name: 'a.txt', type: 'text/plain', bytes: 3 }),
      'message file_share',
    ],
    ['a person leaves a room', (s) => s.leave('max', 'events'), 'member_left_channel'],
    ['a person joins a room', (s) => s.join('max', 'events'), 'message channel_join'],
    ['a room gets another name', (s) => s.renameRoom('limits', 'bounds'), 'channel_rename'],
    ['a room is archived', (s) => s.archive('bounds'), 'channel_archive'],
    ['a room is deleted', (s) => s.deleteRoom('bounds'), 'channel_deleted'],
    ['a room is made', (s) => s.createRoom('new-room'), 'channel_created'],
    ['the bot is taken from a room', (s) => s.removeBot('history'), 'channel_left'],
    ['a person takes another name', (s) => s.rename('adam', 'Adam the Great'), 'user_change'],
    ['a person joins the workspace', (s) => s.joinTeam('nina'), 'team_join'],
  ];
  const isOfMia = ({ author }: { author: { name: string } }): boolean => author.name === 'mia';
  for (const [what, does, event] of happenings) {
    test(`${what}, and the program is told`, async () => {
      const already = heard.length;
      does(program.slack);
      const names = (): string[] =>
        heard.slice(already).map(({ type, subtype }) => [type, subtype].filter(Boolean).join(' '));
      await eventually(event, () => names().includes(event) || undefined);
    });
  }

  test('what is said where the bot is not, the program does not hear', async () => {
    const unheard = await program.slack.say('mia', 'history', 'are we alone?');
    const later = await program.slack.say('mia', 'square', 'hello');
    await eventually('the later line', () => heardAbout(later)[0]);
    assert.deepEqual(heardAbout(unheard), []);
  });

  test('after all this the program did nothing wrong, and no event was lost', () => {
    assert.deepEqual([program.slack.violations, program.slack.lost, program.errors], [[], [], []]);
    const people = program.slack.people.map(({ name }) => name);
    assert.deepEqual(people, ['olga', 'Adam the Great', 'mona', 'mia', 'max', 'nina']);
  });
});
