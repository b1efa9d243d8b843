import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eachLine, readLine, sayLine, tagOf } from './irc-line.ts';
import { findCandidate, idOf, isForeign, read, rolesOf, spaceOf } from './read.ts';
import { symbolOf } from './register.ts';

const TAGS = 'badge-info=;badges=;display-name=Mia;id=abc-1;mod=0;room-id=5001;tmi-sent-ts=1700000000000;user-id=103';

function line(text: string, tags = TAGS) {
  return readLine(`@${tags} :mia!mia@mia.tmi.twitch.tv PRIVMSG #square :${text}`);
}

const found = (text: string, tags?: string) => findCandidate(line(text, tags), 'guildhall');

describe('A line of chat', () => {
  it('comes apart into tags, name, command, channel and text', () => {
    assert.deepEqual(line('!stock aapl.us :-) '), {
      tags: TAGS,
      nick: 'mia',
      command: 'PRIVMSG',
      target: '#square',
      text: '!stock aapl.us :-) ',
    });
    assert.deepEqual(readLine('PING :tmi.twitch.tv'), {
      tags: '',
      nick: '',
      command: 'PING',
      target: '',
      text: 'tmi.twitch.tv',
    });
    assert.equal(readLine(':tmi.twitch.tv 001 guildhall :Welcome').command, '001');
    assert.deepEqual(readLine(':a!a@b JOIN #square'), {
      tags: '',
      nick: 'a',
      command: 'JOIN',
      target: '#square',
      text: '',
    });
    assert.equal(readLine(':tmi.twitch.tv RECONNECT').command, 'RECONNECT');
    assert.equal(readLine('').command, '');
  });

  it('has tags that are unescaped, and found by their whole name', () => {
    const tags = 'room-id=2;source-room-id=1;msg=a\\sb\\:c\\\\s\\;empty=;id=7';
    assert.equal(tagOf(tags, 'room-id'), '2');
    assert.equal(tagOf(tags, 'msg'), 'a b;c\\s');
    assert.equal(tagOf(tags, 'empty'), '');
    assert.equal(tagOf(tags, 'id'), '7');
    assert.equal(tagOf(tags, 'd'), '');
    assert.equal(tagOf('', 'id'), '');
  });

  it('may come with others in one frame', () => {
    const lines: string[] = [];
    eachLine('one\r\ntwo\nthree', (one) => lines.push(one));
    assert.deepEqual(lines, ['one', 'two', 'three']);
  });

  it('of ours hangs on the asker’s line only by an id that cannot break it', () => {
    const said = { channel: 'square', text: 'hi', nonce: 'g1' };
    assert.equal(
      sayLine({ ...said, parent: 'abc-1' }),
      '@client-nonce=g1;reply-parent-msg-id=abc-1 PRIVMSG #square :hi\r\n',
    );
    assert.equal(sayLine({ ...said, parent: 'a PRIVMSG' }), '@client-nonce=g1 PRIVMSG #square :hi\r\n');
  });
});

describe('A line is for the bot', () => {
  const commands: [string, string | undefined, string, string][] = [
    ['!stock aapl.us', '!', 'stock', '/stock aapl.us'],
    ['!STOCK', '!', 'stock', '/STOCK'],
    ['!stock=aapl.us', '!', 'stock', '/stock=aapl.us'],
    ['$$8ball  why? ', '$$', '8ball', '/8ball  why?'],
    ['?!e 1 + 1', '?!', 'e', '/e 1 + 1'],
    ['🎲roll 2d6', '🎲', 'roll', '/roll 2d6'],
    ['/stock x', '/', 'stock', '/stock x'],
    ['!stock aapl.us \u{E0000}', '!', 'stock', '/stock aapl.us'],
    ['@guildhall stock aapl.us', undefined, 'stock', '/stock aapl.us'],
    ['@GuildHall, stock', undefined, 'stock', '/stock'],
    ['@Guildhall: !stock x', '!', 'stock', '/stock x'],
    ['@stock x', '@', 'stock', '/stock x'],
  ];
  for (const [text, symbol, name, asked] of commands)
    it(`when it is “${text}”`, () => assert.deepEqual(found(text), { symbol, name, text: asked }));

  const chatter = [
    '',
    'stock aapl.us',
    ' !stock',
    '! stock',
    '!!!!stock',
    '!',
    '!!!',
    '!-',
    '(stock)',
    '!stock!',
    'so !stock',
  ];
  const addressed = [
    '@max !stock',
    '@Guildhall',
    '@Guildhall ',
    '@guildhalls stock',
    '\u0001ACTION !stock\u0001',
    'ä!stock',
  ];
  for (const text of [...chatter, ...addressed])
    it(`but not when it is “${text}”`, () => assert.notEqual(found(text)?.name, 'stock'));

  it('when it answers somebody and a command stands behind the name that Twitch put there', () => {
    const reply = `${TAGS};reply-parent-msg-id=xyz`;
    assert.equal(found('@max !stock x', reply)?.text, '/stock x');
    assert.equal(found('@max @guildhall stock x', reply)?.text, '/stock x');
    assert.equal(found('@max stock x', reply), undefined);
    assert.equal(found('@guildhall stock x', reply), undefined);
  });

  it('but not when a program said it, or another channel that shares its chat', () => {
    assert.equal(isForeign(line('!stock'), 'guildhall'), false);
    assert.equal(isForeign(line('!stock'), 'mia'), true);
    assert.equal(isForeign(line('!stock', 'badges=bot-badge/1;room-id=1'), 'guildhall'), true);
    assert.equal(isForeign(line('!stock', 'badges=;room-id=1;source-room-id=2'), 'guildhall'), true);
    assert.equal(isForeign(line('!stock', 'badges=;room-id=1;source-room-id=1'), 'guildhall'), false);
  });

  it('by the command’s own symbol, else the channel’s, else !', () => {
    assert.equal(symbolOf({ symbol: '$' }, { symbol: '?' }), '$');
    assert.equal(symbolOf({ symbol: null }, { symbol: '?' }), '?');
    assert.equal(symbolOf({ symbol: null }, { symbol: null }), '!');
  });
});

describe('What was asked in chat', () => {
  it('tells who asked, where, and how to answer', () => {
    const { id, ...rest } = read(line('!stock x'), { text: '/stock x', community: 'comm_1', sign: '!', at: 5 });
    assert.match(id, /^job_/);
    assert.deepEqual(rest, {
      from: { platform: 'twitch', room: 'square', account: 'twitch:103', via: { id: 'abc-1', name: 'Mia' } },
      community: 'comm_1',
      place: '5001',
      who: { account: 'twitch:103', name: 'Mia', username: 'mia', role: 'member', platformRoles: [] },
      ask: { text: '/stock x' },
      style: { sign: '!', brief: true, open: true },
      at: 5,
    });
    assert.deepEqual(spaceOf(line('')), { platform: 'twitch', platformId: '5001', name: 'square' });
    assert.equal(spaceOf(line('', 'id=1')).platformId, 'square');
  });

  it('tells what people are in the channel, as their badges show', () => {
    assert.deepEqual(rolesOf('badges=broadcaster/1,subscriber/0'), ['broadcaster', 'subscriber']);
    assert.deepEqual(rolesOf('badges=premium/1,moderator/1;mod=1'), ['moderator']);
    assert.deepEqual(rolesOf('badges=lead_moderator/1'), ['moderator']);
    assert.deepEqual(rolesOf('badges=;mod=1'), ['moderator']);
    assert.deepEqual(rolesOf('badges=vip/1,not-moderator/1'), ['vip']);
  });

  it('is the same by Twitch’s id, or else by who said what when', () => {
    assert.equal(idOf(line('!stock x')), 'abc-1');
    const without = 'tmi-sent-ts=17;user-id=103';
    assert.equal(idOf(line('!stock x', without)), idOf(line('!stock x', without)));
    assert.notEqual(idOf(line('!stock x', without)), idOf(line('!stock y', without)));
  });
});
