import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApplicationCommandType, DiscordAPIError, GatewayIntentBits, type Message, MessageFlags } from 'discord.js';
import { answering, newClient, room, type There, told, withClient, withDiscord } from './with-client.ts';

const STOCK = {
  name: 'stock',
  description: 'Latest price of a share',
  options: [{ name: 'symbol', description: 'A ticker', type: 3, required: true }],
};

const texts = ({ discord }: There, person?: string, where = 'square'): string[] =>
  discord.seen(where, person).map((one) => one.text);

/** Resolves when the bot has answered the command, in whatever way. */
async function used(
  there: There,
  person: string,
  line: string,
  answer: Parameters<typeof answering>[2],
): Promise<string> {
  const answered = Promise.withResolvers<void>();
  await answering(there, [STOCK], (interaction) => answer(interaction).then(() => answered.resolve(), answered.reject));
  const id = await there.discord.say(person, 'square', line);
  await answered.promise;
  return id;
}

describe('the vendor’s own client finds a Discord here', { concurrency: true }, () => {
  test('a bot signs in and knows its guild, rooms, roles and owner', () =>
    withClient({ rooms: ['lounge'] }, async ({ discord, client }) => {
      const guild = client.guilds.cache.get(discord.guildId);
      const owner = discord.people.find((one) => one.role === 'owner');
      assert.deepEqual(
        [client.user.username, guild?.name, guild?.ownerId, guild?.memberCount],
        ['Guildhall', 'The Square', owner?.id, 6],
      );
      assert.deepEqual(
        guild?.channels.cache.map((one) => one.name),
        ['square', 'trading-floor', 'lounge'],
      );
      assert.deepEqual(guild?.members.me?.roles.cache.map((one) => one.name).includes('Guildhall'), true);
      await discord.connected();
      assert.deepEqual(discord.violations, []);
    }));

  test('a wrong token is refused at once', () =>
    withDiscord({}, async (discord) => {
      const client = newClient(discord);
      await assert.rejects(client.login('not.the.token'), { code: 'TokenInvalid' });
      await client.destroy();
    }));

  test('an intent that was not granted is refused', () =>
    withDiscord({ privileged: 0 }, async (discord) => {
      const client = newClient(discord);
      const closed = told(client, 'shardDisconnect', ({ code }) => code === 4014);
      const login = assert.rejects(client.login(discord.env.DISCORD_TOKEN ?? ''), /disallowed intents/);
      await Promise.all([closed, login]);
      await client.destroy();
    }));

  test('a person says something, and the bot hears it with their name, roles and whom they call', () =>
    withClient({}, async ({ discord, client }) => {
      const heard = told(client, 'messageCreate');
      const id = await discord.say('mona', 'square', '@Guildhall good morning');
      const [message] = await heard;
      assert.equal(message.id, id);
      assert.equal(message.content, `<@${discord.botId}> good morning`);
      assert.ok(message.mentions.has(client.user));
      assert.ok(message.member?.permissions.has('ManageMessages'));
    }));

  test('a command is typed with options and answered for all to see', () =>
    withClient({}, async (there) => {
      const id = await used(there, 'mia', '/stock aapl.us', (one) =>
        one.reply(`price of ${one.options.getString('symbol')}`),
      );
      const [answer] = there.discord.seen('square');
      assert.deepEqual([answer?.text, answer?.replyTo, answer?.to], ['price of aapl.us', id, undefined]);
      assert.equal(there.discord.answered(id).first, 4);
      assert.deepEqual(there.discord.violations, []);
    }));

  test('an answer comes later, to this person alone', () =>
    withClient({}, async (there) => {
      const id = await used(there, 'mia', '/stock symbol:aapl.us', async (one) => {
        await one.deferReply({ flags: MessageFlags.Ephemeral });
        await one.editReply('126.85');
      });
      const [answer] = there.discord.seen('square', 'mia');
      const mia = there.discord.people.find((one) => one.name === 'mia');
      assert.deepEqual([answer?.text, answer?.to, answer?.replyTo], ['126.85', mia?.id, id]);
      assert.deepEqual([texts(there), texts(there, 'max')], [[], []]);
    }));

  test('what follows a promise takes its place, what follows an answer stands below it', () =>
    withClient({}, async (there) => {
      await used(there, 'max', '/stock msft.us', async (one) => {
        await one.deferReply({ flags: MessageFlags.Ephemeral });
        await one.followUp('first, though it says it is for all');
        await one.followUp('second, for all');
        await one.followUp({ content: 'third, for one', flags: MessageFlags.Ephemeral });
      });
      assert.deepEqual(texts(there), ['second, for all']);
      assert.deepEqual(texts(there, 'max'), [
        'first, though it says it is for all',
        'second, for all',
        'third, for one',
      ]);
    }));

  test('after a promise was taken back, what follows is a message of its own', () =>
    withClient({}, async (there) => {
      await used(there, 'max', '/stock msft.us', async (one) => {
        await one.deferReply();
        await one.deleteReply();
        await one.followUp({ content: 'for one', flags: MessageFlags.Ephemeral });
      });
      assert.deepEqual([texts(there), texts(there, 'max')], [[], ['for one']]);
    }));

  test('the client is told what became of its answer, and can delete it', () =>
    withClient({}, async (there) => {
      await used(there, 'mia', '/stock a', async (one) => {
        const { interaction, resource } = await one.reply({ content: 'soon gone', withResponse: true });
        assert.equal(interaction.responseMessageId, resource?.message?.id);
        assert.equal((await one.fetchReply()).content, 'soon gone');
        await one.deleteReply();
      });
      assert.deepEqual(texts(there), []);
    }));

  test('choices are offered while a person types', () =>
    withClient({}, async ({ discord, client }) => {
      const option = { name: 'symbol', description: 'A ticker', type: 3, autocomplete: true };
      await client.application.commands.set([{ ...STOCK, options: [option] }], discord.guildId);
      client.on('interactionCreate', (one) => {
        if (one.isAutocomplete()) void one.respond([{ name: one.options.getFocused(), value: 'found' }]);
      });
      const offered = await discord.autocomplete('mia', 'square', 'stock', 'symbol', 'aa');
      assert.deepEqual(offered, [{ name: 'aa', value: 'found' }]);
    }));

  test('a command is chosen in the menu of a message, whose words come with it', () =>
    withClient({}, async ({ discord, client }) => {
      const menu = { name: 'Report this', type: ApplicationCommandType.Message as const };
      await client.application.commands.set([menu], discord.guildId);
      const line = await discord.say('max', 'square', 'buy this');
      const heard = told(client, 'interactionCreate');
      const id = await discord.choose('mia', line, 'Report this');
      const [used] = await heard;
      assert.ok(used.isMessageContextMenuCommand());
      const { content, author } = used.targetMessage;
      assert.deepEqual(
        [used.commandName, content, author.username, used.user.username],
        [menu.name, 'buy this', 'max', 'mia'],
      );
      await used.reply({ content: 'Thank you.', flags: MessageFlags.Ephemeral });
      assert.equal(discord.answered(id).first, 4);
      assert.equal(discord.seen('square', 'mia').at(-1)?.text, 'Thank you.');
      await assert.rejects(discord.choose('mia', line, 'Something else'), /no command/);
      assert.deepEqual(discord.violations, []);
    }));

  test('a button is pressed and its message changes', () =>
    withClient({}, async (there) => {
      const { discord, client } = there;
      const pressed = Promise.withResolvers<void>();
      client.on('interactionCreate', (one) => {
        if (one.isButton())
          one.update({ content: 'pressed', components: [] }).then(() => pressed.resolve(), pressed.reject);
      });
      const button = { type: 2, style: 1, label: 'Go', custom_id: 'go' } as const;
      const sent = await room(there).send({ content: 'press', components: [{ type: 1, components: [button] }] });
      await discord.press('mia', sent.id, 'go');
      await pressed.promise;
      assert.deepEqual(texts(there), ['pressed']);
    }));

  test('a message carries a file, which can be fetched again', () =>
    withClient({}, async (there) => {
      const files = [{ attachment: Buffer.from('a,b\n1,2\n'), name: 'table.csv', description: 'a table' }];
      const sent = await room(there).send({ content: 'here', files });
      const [shown] = there.discord.seen('square');
      assert.deepEqual(
        shown?.attachments.map(({ name, bytes }) => ({ name, bytes })),
        [{ name: 'table.csv', bytes: 8 }],
      );
      const attachment = sent.attachments.first();
      assert.equal(attachment?.description, 'a table');
      assert.equal(await (await fetch(attachment?.url ?? '')).text(), 'a,b\n1,2\n');
    }));

  test('a message is answered, changed, listed and deleted', () =>
    withClient({}, async (there) => {
      const { discord } = there;
      const asked = await discord.say('mia', 'square', 'a question');
      const sent = await room(there).send({ content: 'an answer', reply: { messageReference: asked } });
      assert.equal((await sent.fetchReference()).content, 'a question');
      assert.equal(discord.seen('square').at(-1)?.replyTo, asked);
      await sent.edit('a better answer');
      const listed = await room(there).messages.fetch({ limit: 10 });
      assert.deepEqual(
        listed.map((one) => one.content),
        ['a better answer', 'a question'],
      );
      await sent.delete();
      await room(there).bulkDelete([asked, await discord.say('max', 'square', 'another')]);
      assert.deepEqual(texts(there), []);
    }));

  test('many messages are deleted at once, but none that is older than two weeks', () =>
    withClient({}, async (there) => {
      const { discord } = there;
      const lines = [await discord.say('mia', 'square', 'one'), await discord.say('mia', 'square', 'two')];
      await assert.rejects(room(there).bulkDelete([...lines, discord.guildId]), { code: 50_034 });
      assert.deepEqual(texts(there), ['one', 'two']);
      await room(there).bulkDelete(lines);
      assert.deepEqual(texts(there), []);
    }));

  test('threads that are open are listed', () =>
    withClient({}, async (there) => {
      const id = there.discord.openThread('square', 'side talk');
      const { threads } = await room(there).guild.channels.fetchActiveThreads();
      assert.deepEqual([...threads.keys()], [id]);
    }));

  test('a role stands where somebody dragged it, and who comes back joined just then', () =>
    withClient({}, async (there) => {
      const { discord } = there;
      const { guild } = room(there);
      const role = guild.roles.cache.find(({ name }) => name === 'Verified');
      const mia = discord.people.find((one) => one.name === 'mia')?.id ?? '';
      await guild.members.addRole({ user: mia, role: role?.id ?? '' });
      discord.moveRole('Verified', 9);
      await assert.rejects(guild.members.removeRole({ user: mia, role: role?.id ?? '' }), { code: 50_013 });
      const before = (await guild.members.fetch({ user: mia, force: true })).joinedTimestamp ?? 0;
      discord.leave('mia');
      discord.join('mia');
      assert.ok(((await guild.members.fetch({ user: mia, force: true })).joinedTimestamp ?? 0) > before);
    }));

  test('nobody is called whom the bot does not allow to be called', () =>
    withClient({}, async (there) => {
      const { discord } = there;
      const mia = discord.people.find((one) => one.name === 'mia')?.id ?? '';
      const content = `<@${mia}> and @everyone`;
      const quiet = await room(there).send({ content, allowedMentions: { parse: [] } });
      const loud = await room(there).send({ content });
      assert.deepEqual([discord.pinged(quiet.id), discord.pinged(loud.id)], [[], [mia]]);
      discord.givePermission(undefined, 'MENTION_EVERYONE');
      const louder = await room(there).send({ content });
      assert.equal(discord.pinged(louder.id).length, 6);
    }));

  test('the same nonce makes one message', () =>
    withClient({}, async (there) => {
      const send = (): Promise<Message> => room(there).send({ content: 'once', nonce: 'n-1', enforceNonce: true });
      const [first, second] = [await send(), await send()];
      assert.equal(first.id, second.id);
      assert.deepEqual(texts(there), ['once']);
    }));

  test('the bot and a person talk alone', () =>
    withClient({}, async (there) => {
      const { discord, client } = there;
      const heard = told(client, 'messageCreate');
      await discord.say('mia', 'dm:mia', 'psst');
      const [message] = await heard;
      assert.ok(message.channel.isDMBased());
      await message.author.send('yes?');
      assert.deepEqual([texts(there, 'mia', 'dm:mia'), texts(there, 'max', 'dm:mia')], [['psst', 'yes?'], []]);
      discord.closeDms('mia');
      await assert.rejects(message.author.send('still there?'), { code: 50_007 });
    }));

  test('a thread is opened, and the bot may answer in it only with that permission', () =>
    withClient({}, async ({ discord, client }) => {
      const made = told(client, 'threadCreate');
      const id = discord.openThread('square', 'a side talk');
      const [thread] = await made;
      assert.equal(thread.id, id);
      await thread.send('in here');
      assert.equal(discord.seen(id)[0]?.text, 'in here');
      discord.takePermission('square', 'SEND_MESSAGES_IN_THREADS');
      await assert.rejects(thread.send('and now?'), { code: 50_013 });
    }));

  test('roles and nicks are given to those below the bot, and to nobody above it', () =>
    withClient({}, async ({ discord, client }) => {
      const guild = await client.guilds.fetch({ guild: discord.guildId, force: true });
      const [olga, mia] = ['olga', 'mia'].map((name) => discord.people.find((one) => one.name === name)?.id ?? '');
      const member = await guild.members.fetch(mia ?? '');
      const verified = guild.roles.cache.find((one) => one.name === 'Verified');
      const admin = guild.roles.cache.find((one) => one.name === 'Admin');
      await member.roles.add(verified?.id ?? '');
      await member.setNickname('Mia the brave');
      assert.deepEqual(discord.people.find((one) => one.id === mia)?.role, 'member');
      await assert.rejects(member.roles.add(admin?.id ?? ''), { code: 50_013 });
      await assert.rejects(member.roles.add('100000000000000001'), { code: 10_011 });
      await assert.rejects((await guild.members.fetch(olga ?? '')).setNickname('no'), { code: 50_013 });
      await member.timeout(60_000);
      await assert.rejects(discord.say('mia', 'square', 'hello'), /may not write/);
    }));

  test('people are taken out, kept out and let in again, and a room is slowed down', () =>
    withClient({}, async (there) => {
      const { discord, client } = there;
      const guild = await client.guilds.fetch({ guild: discord.guildId, force: true });
      const [olga, mia] = ['olga', 'mia'].map((name) => discord.people.find((one) => one.name === name)?.id ?? '');
      await guild.members.kick(mia ?? '', 'third warning');
      await assert.rejects(guild.members.kick(mia ?? ''), { code: 10_007 });
      discord.join('mia');
      await guild.bans.create(mia ?? '', { deleteMessageSeconds: 0, reason: 'spam, “ж”' });
      assert.equal((await guild.bans.fetch(mia ?? '')).reason, 'spam, “ж”');
      assert.deepEqual([...(await guild.bans.fetch()).keys()], [mia]);
      await assert.rejects(guild.bans.create(olga ?? ''), { code: 50_013 });
      await guild.bans.remove(mia ?? '');
      await assert.rejects(guild.bans.remove(mia ?? ''), { code: 10_026 });
      discord.leave('max');
      await guild.setIncidentActions({ invitesDisabledUntil: Date.now() + 3_600_000 });
      assert.throws(() => discord.join('max'), /paused/);
      await assert.rejects(guild.setIncidentActions({ invitesDisabledUntil: Date.now() + 90_000_000 }), {
        code: 50_035,
      });
      await guild.setIncidentActions({ invitesDisabledUntil: null });
      discord.join('max');
      assert.equal((await room(there).setRateLimitPerUser(30)).rateLimitPerUser, 30);
      await assert.rejects(room(there).setRateLimitPerUser(21_601), { code: 50_035 });
    }));

  test('a rule for words keeps lines back, tells the bot which word it was, and leaves moderators alone', () =>
    withClient(
      {},
      async ({ discord, client }) => {
        const guild = await client.guilds.fetch({ guild: discord.guildId, force: true });
        const moderator = guild.roles.cache.find((one) => one.name === 'Moderator')?.id ?? '';
        const rule = await guild.autoModerationRules.create({
          name: 'Words',
          enabled: true,
          eventType: 1,
          triggerType: 1,
          triggerMetadata: { keywordFilter: ['free coins', '彩票*'] },
          actions: [{ type: 1, metadata: { customMessage: 'Not here.' } }],
          exemptRoles: [moderator],
        });
        assert.equal(rule.creatorId, client.user.id);
        const heard = told(client, 'autoModerationActionExecution');
        await assert.rejects(discord.say('mia', 'square', 'Buy FREE coins!'), /Not here/);
        const [{ matchedKeyword, userId, ruleId, content }] = await heard;
        const mia = discord.people.find((one) => one.name === 'mia')?.id;
        assert.deepEqual([matchedKeyword, userId, ruleId, content], ['free coins', mia, rule.id, '']);
        await discord.say('mona', 'square', 'no free coins here');
        await discord.say('mia', 'square', 'carefree coinsmith');
        await rule.setKeywordFilter(['lottery']);
        await discord.say('mia', 'square', 'free coins');
        await assert.rejects(rule.setKeywordFilter(['x'.repeat(61)]), { code: 50_035 });
        await rule.delete();
        assert.equal((await guild.autoModerationRules.fetch()).size, 0);
        discord.takePermission(undefined, 'MANAGE_GUILD');
        await assert.rejects(guild.autoModerationRules.fetch(), { code: 50_013 });
        assert.deepEqual(discord.violations, []);
      },
      { intents: [GatewayIntentBits.Guilds, GatewayIntentBits.AutoModerationExecution] },
    ));

  test('what changes in a guild is told', () =>
    withClient({}, async ({ discord, client }) => {
      await client.guilds.cache.get(discord.guildId)?.members.fetch();
      const heard = [
        told(client, 'guildUpdate', (_old, guild) => guild.name === 'The Circle'),
        told(client, 'guildMemberUpdate', (_old, member) => member.nickname === 'M'),
        told(client, 'channelDelete', (channel) => channel.id === floor?.id),
        told(client, 'messageDelete', (message) => message.id === gone),
        told(client, 'guildCreate', (guild) => guild.name === 'Elsewhere'),
      ];
      const floor = discord.rooms.find((one) => one.name === 'trading-floor');
      const gone = await discord.say('max', 'square', 'typo');
      discord.remove(gone);
      discord.renameGuild('The Circle');
      discord.rename('mia', 'M');
      discord.deleteRoom('trading-floor');
      const elsewhere = discord.addGuild('Elsewhere');
      await Promise.all(heard);
      const left = told(client, 'guildDelete', (guild) => guild.id === elsewhere);
      discord.removeBot('Elsewhere');
      await left;
      await assert.rejects(client.rest.get(`/guilds/${elsewhere}`), { code: 10_004 });
    }));

  test('of a room that it does not see the bot hears nothing', () =>
    withClient({}, async ({ discord, client }) => {
      const heard = told(client, 'messageCreate');
      discord.takePermission('square', 'VIEW_CHANNEL');
      await discord.say('mia', 'square', 'behind its back');
      await discord.say('mia', 'trading-floor', 'to its face');
      assert.equal((await heard)[0].content, 'to its face');
    }));

  test('other bots and webhooks are told apart from people', () =>
    withClient({}, async ({ discord, client }) => {
      const byBot = told(client, 'messageCreate', (message) => message.author.bot && message.webhookId === null);
      const byWebhook = told(client, 'messageCreate', (message) => message.webhookId !== null);
      discord.botSays('square', 'beep');
      discord.webhookSays('square', 'news');
      assert.deepEqual([(await byBot)[0].content, (await byWebhook)[0].content], ['beep', 'news']);
    }));

  test('without the message content intent only what is meant for the bot can be read', () => {
    const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages];
    return withClient(
      {},
      async ({ discord, client }) => {
        const heard: string[] = [];
        client.on('messageCreate', (message) => void heard.push(message.content));
        const last = told(client, 'messageCreate', (message) => message.mentions.has(client.user));
        await discord.say('mia', 'dm:mia', 'not even told');
        await discord.say('mia', 'square', 'between us');
        await discord.say('mia', 'square', '@Guildhall you');
        await last;
        assert.deepEqual(heard, ['', `<@${discord.botId}> you`]);
      },
      { intents },
    );
  });

  test('a client waits for the end of a rate limit and loses nothing', () =>
    withClient({ messageLimit: { calls: 2, perMs: 400 } }, async (there) => {
      await Promise.all(['1', '2', '3', '4', '5'].map((text) => room(there).send(text)));
      assert.deepEqual(texts(there), ['1', '2', '3', '4', '5']);
      there.discord.faults.answer(429, 1, { retryAfter: 1, match: 'messages' });
      await room(there).send('6');
      assert.deepEqual([texts(there).length, there.discord.violations], [6, []]);
      assert.ok(there.discord.calls.some((call) => call.status === 429));
    }));

  test('an unknown call is answered as Discord would, and noted', () =>
    withClient({}, async ({ discord, client }) => {
      await assert.rejects(
        client.rest.get('/no/such/thing'),
        (error) => error instanceof DiscordAPIError && error.status === 404,
      );
      assert.deepEqual(discord.violations, ['Unknown call: GET /no/such/thing.']);
    }));
});
