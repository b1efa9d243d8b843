import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLine, linesOf, parseLine } from './irc-line.ts';

test('a line with tags, a sender and a text is taken apart', () => {
  const line = parseLine(
    '@id=7;note=a\\sb\\:c\\\\d\\r\\n;empty= :mia!mia@mia.tmi.twitch.tv privmsg #square :!stock aapl.us :)',
  );
  assert.deepEqual(line, {
    tags: { id: '7', note: 'a b;c\\d\r\n', empty: '' },
    prefix: 'mia!mia@mia.tmi.twitch.tv',
    command: 'PRIVMSG',
    params: ['#square', '!stock aapl.us :)'],
  });
});

test('what is written reads the same again, whatever signs the tags hold', () => {
  const tags = { a: 'x; y\\z', b: 'one\r\ntwo', c: '', d: 'k=v' };
  const written = formatLine({ tags, command: 'PRIVMSG', params: ['#square'], text: ' : two  spaces ' });
  assert.deepEqual(parseLine(written), {
    tags,
    prefix: 'tmi.twitch.tv',
    command: 'PRIVMSG',
    params: ['#square', ' : two  spaces '],
  });
  assert.doesNotMatch(written, /[\r\n]/);
});

test('a line without tags, sender or text is one too', () => {
  assert.deepEqual(parseLine('JOIN #square,#den'), { tags: {}, prefix: '', command: 'JOIN', params: ['#square,#den'] });
  assert.equal(formatLine({ prefix: '', command: 'PING', text: 'tmi.twitch.tv' }), 'PING :tmi.twitch.tv');
  assert.deepEqual(parseLine('PRIVMSG #square :').params, ['#square', '']);
});

test('a flag without a value is empty, an escape of nothing gives its letter, and a last backslash goes', () => {
  assert.deepEqual(parseLine('@flag;odd=\\b;last=x\\ PING').tags, { flag: '', odd: 'b', last: 'x' });
});

test('a frame holds several lines', () => {
  assert.deepEqual(linesOf('NICK a\r\nJOIN #b\r\n'), ['NICK a', 'JOIN #b']);
});
