import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InteractionPayload, MessagePayload } from './discord.external.ts';
import { Guilds, permissionsOf, standingBy, type Guild } from './guilds.ts';
import { readMessage, readSlash, type Me } from './read.ts';

const me: Me = { id: '10', app: '11', style: { sign: '@Guildhall ' } };
const guild: Guild = {
  id: '20',
  name: 'The Square',
  owner: '31',
  bot: '1',
  roles: new Map([
    ['20', 0n],
    ['21', 1n << 3n],
    ['22', 1n << 40n],
    ['23', 1n << 13n],
    ['29', 0n],
  ]),
  names: new Map(),
  mine: '29',
};
const line = (content: string, more: Partial<MessagePayload> = {}): MessagePayload => ({
  id: '90',
  channel_id: '40',
  guild_id: '20',
  type: 0,
  content,
  author: { id: '32', username: 'mia', global_name: 'Mia' },
  member: { nick: null, roles: [] },
  ...more,
});
const askOf = (content: string, more?: Partial<MessagePayload>): unknown =>
  readMessage(line(content, more), me, guild, 1_000)?.message.ask;
const direct = (content: string, more: Partial<MessagePayload> = {}): unknown => {
  const { guild_id: _guild, member: _member, ...rest } = line(content, more);
  return readMessage(rest, me, undefined, 1_000)?.message.ask;
};

describe('what is read of a line', () => {
  const lines: [string, string | undefined][] = [
    ['<@10> stock aapl.us', '/stock aapl.us'],
    ['<@!10> stock aapl.us', '/stock aapl.us'],
    ['<@&29> stock aapl.us', '/stock aapl.us'],
    ['<@10>stock', '/stock'],
    ['<@10> /stock a', '/stock a'],
    ['<@10>', '/help'],
    ['<@10>   ', '/help'],
    ['<@10>\nstock a', '/stock a'],
    ['<@10> <@32>', '/<@32>'],
    ['hello <@10> stock', undefined],
    ['<@100> stock', undefined],
    ['<@&10> stock', undefined],
    ['<@&28> stock', undefined],
    ['<@10', undefined],
    ['/stock aapl.us', undefined],
    ['', undefined],
  ];
  for (const [content, text] of lines)
    test(`${JSON.stringify(content)} in a guild ${text === undefined ? 'is not for the bot' : `is ${text}`}`, () =>
      assert.deepEqual(askOf(content), text === undefined ? undefined : { text }));

  test('in a direct channel is a command with or without a mention or a slash, and nothing where it is empty', () => {
    assert.deepEqual(
      ['stock a', '/stock a', '<@10> stock a', '<@10>', '  '].map((content) => direct(content)),
      [{ text: '/stock a' }, { text: '/stock a' }, { text: '/stock a' }, { text: '/help' }, undefined],
    );
  });

  test('of a bot, a webhook or the platform itself is nothing', () => {
    assert.equal(askOf('<@10> help', { author: { id: '50', username: 'b', bot: true } }), undefined);
    assert.equal(askOf('<@10> help', { webhook_id: '60' }), undefined);
    assert.equal(direct('help', { author: { id: '10', username: 'Guildhall', bot: true } }), undefined);
    assert.deepEqual(
      [0, 19, 6, 7, 18, 46].map((type) => askOf('<@10> help', { type }) !== undefined),
      [true, true, false, false, false, false],
    );
  });

  test('tells who asked, where, and how to answer', () => {
    const asked = readMessage(line('<@10> help', { member: { nick: 'Mimi', roles: ['23'] } }), me, guild, 1_000);
    assert.deepEqual(asked?.place, { platform: 'discord', platformId: '20', name: 'The Square' });
    const who = { account: 'discord:32', name: 'Mimi', username: 'mia', role: 'moderator' };
    assert.deepEqual(asked?.message.who, { ...who, platformRoles: ['moderator', '23'] });
    assert.equal(asked?.message.place, '20');
    assert.deepEqual(asked?.message.from, {
      platform: 'discord',
      room: '40',
      account: 'discord:32',
      via: { message: '90', guild: '20' },
    });
    assert.match(asked?.message.id ?? '', /^job_/);
  });

  test('in a guild that is not known yet is a member’s', () => {
    const asked = readMessage(line('<@10> help', { member: { roles: ['21'] } }), me, undefined, 1_000);
    assert.deepEqual([asked?.message.who.role, asked?.place.name], ['member', '20']);
  });
});

describe('what is read of a slash command', () => {
  const used: InteractionPayload = {
    id: '70',
    application_id: '11',
    type: 2,
    token: 'abc',
    channel_id: '40',
    guild_id: '20',
    member: { user: { id: '32', username: 'mia' }, permissions: String(1n << 40n) },
    data: { name: 'lend', type: 1, options: [{ name: 'days', type: 4, value: 3 }] },
  };

  test('are its options, and where the answer goes', () => {
    const message = readSlash(used, guild, 1_000)?.message;
    assert.deepEqual(message?.ask, { name: 'lend', args: { days: 3 } });
    assert.deepEqual(message?.from.via, { interaction: '70', token: 'abc', app: '11' });
    assert.deepEqual([message?.who.role, message?.who.name], ['moderator', 'mia']);
  });

  test('of the guild’s owner is the owner’s, whatever the permissions say', () => {
    const member = { user: { id: '31', username: 'olga' }, permissions: '0', roles: ['21'] };
    const { role, platformRoles } = readSlash({ ...used, member }, guild, 1)?.message.who ?? {};
    assert.deepEqual([role, platformRoles], ['owner', ['owner', '21']]);
  });

  test('in a direct channel is a member’s', () => {
    const { guild_id: _guild, member: _member, ...rest } = used;
    const asked = readSlash({ ...rest, user: { id: '32', username: 'mia' } }, undefined, 1);
    assert.deepEqual([asked?.message.who.role, asked?.place.platformId], ['member', 'direct']);
    assert.deepEqual([asked?.message.place, asked?.message.who.platformRoles], [undefined, []]);
  });

  test('is nothing where it is a press of a button or an entry of a menu', () => {
    assert.equal(readSlash({ ...used, type: 3 }, guild, 1), undefined);
    assert.equal(readSlash({ ...used, data: { name: 'lend', type: 2 } }, guild, 1), undefined);
  });
});

describe('what is kept of a guild', () => {
  const payload = {
    id: '20',
    name: 'The Square',
    owner_id: '31',
    roles: [
      { id: '20', permissions: '1024' },
      { id: '29', permissions: '0', tags: { bot_id: '10' } },
    ],
  };

  test('follows its events, and goes with the bot', () => {
    const guilds = new Guilds();
    assert.equal(guilds.arrived(payload, '10').mine, '29');
    guilds.role({ guild_id: '20', role: { id: '21', permissions: '8' } }, '10');
    const here = guilds.get('20') as Guild;
    assert.deepEqual(standingBy(permissionsOf(here, ['21'])), ['administrator']);
    guilds.roleGone({ guild_id: '20', role_id: '21' });
    assert.deepEqual(standingBy(permissionsOf(here, ['21'])), []);
    here.community = 'comm_1';
    assert.equal(guilds.arrived({ ...payload, name: 'Other' }, '10').community, 'comm_1');
    assert.deepEqual(
      guilds.of('comm_1').map(({ name }) => name),
      ['Other'],
    );
    guilds.left({ id: '20', unavailable: true });
    assert.ok(guilds.get('20'));
    guilds.left({ id: '20' });
    assert.equal(guilds.get('20'), undefined);
  });
});
