import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Author, Message } from '#contracts/web.ts';
import { emptyLog, type RoomLog } from './room-log.ts';
import { type Item, viewOf } from './room-view.ts';

const ann: Author = { id: 'acc_ann', name: 'Ann', kind: 'person' };
const tom: Author = { id: 'acc_tom', name: 'Tom', kind: 'person' };
const bot: Author = { id: 'bot', name: 'Guildhall', kind: 'bot' };

function message(seq: number, author: Author, at: string): Message {
  return { id: `msg_${seq}`, seq, room: 'room_1', author, text: `line ${seq}`, createdAt: `2026-11-19T${at}:00.000Z` };
}

function logOf(messages: Message[], more: Partial<RoomLog> = {}): RoomLog {
  return { ...emptyLog(), messages, complete: true, ...more };
}

function view(log: RoomLog, newAfter: number | null = null): Item[] {
  return viewOf(log, { me: ann, bot, newAfter });
}

function shape(items: Item[]): string[] {
  return items.map((item) => (item.kind === 'said' ? `${item.author.name} ${item.lines.length}` : item.kind));
}

test('lines by one author within five minutes stand under one name', () => {
  const log = logOf([message(1, ann, '12:00'), message(2, ann, '12:04'), message(3, ann, '12:06')]);
  assert.deepEqual(shape(view(log)), ['day', 'Ann 2', 'Ann 1']);
});

test('another author begins a group, and so does the first one again', () => {
  const log = logOf([message(1, ann, '12:00'), message(2, tom, '12:01'), message(3, ann, '12:02')]);
  assert.deepEqual(shape(view(log)), ['day', 'Ann 1', 'Tom 1', 'Ann 1']);
});

test('each day has one line, before its first message', () => {
  const later = { ...message(2, ann, '12:00'), createdAt: '2026-11-21T12:00:00.000Z' };
  assert.deepEqual(shape(view(logOf([message(1, ann, '12:00'), later]))), ['day', 'Ann 1', 'day', 'Ann 1']);
});

test('the new line stands where I left off and counts what others said', () => {
  const log = logOf([
    message(1, ann, '12:00'),
    message(2, tom, '12:01'),
    message(3, ann, '12:02'),
    message(4, tom, '12:03'),
  ]);
  const items = view(log, 1);
  assert.deepEqual(shape(items), ['day', 'Ann 1', 'new', 'Tom 1', 'Ann 1', 'Tom 1']);
  const line = items.find((item) => item.kind === 'new');
  assert.deepEqual([line?.count, line?.since], [2, '2026-11-19T12:00:00.000Z']);
});

test('the new line splits a group that it falls into', () => {
  const log = logOf([message(1, tom, '12:00'), message(2, tom, '12:01')]);
  assert.deepEqual(shape(view(log, 1)), ['day', 'Tom 1', 'new', 'Tom 1']);
});

test('there is no new line where all is read, where only I wrote, or where its place is not here yet', () => {
  const mine = logOf([message(1, tom, '12:00'), message(2, ann, '12:01')]);
  assert.ok(!shape(view(mine, 2)).includes('new'));
  assert.ok(!shape(view(mine, 1)).includes('new'));
  assert.ok(!shape(view(logOf([message(60, tom, '12:00')], { complete: false }), 10)).includes('new'));
});

test('what I am sending stands last, under my name', () => {
  const log = logOf([message(1, ann, '12:00')], {
    pending: [{ clientId: 'c1', text: 'more', at: '2026-11-19T12:01:00.000Z' }],
  });
  assert.deepEqual(shape(view(log)), ['day', 'Ann 2']);
});

test('what I sent is not shown twice while the acknowledgement is on its way', () => {
  const pending = [{ clientId: 'c1', text: 'line 1', at: '2026-11-19T12:00:00.000Z', landed: 'msg_1' }];
  assert.deepEqual(shape(view(logOf([message(1, ann, '12:00')], { pending }))), ['day', 'Ann 1']);
});

test('a private reply keeps its place when others go on talking', () => {
  const note = { id: 'n1', after: 1, at: '2026-11-19T12:00:30.000Z', reply: { text: 'No quote.', private: true } };
  const log = logOf([message(1, ann, '12:00'), message(2, tom, '12:01')], { notes: [note] });
  assert.deepEqual(shape(view(log)), ['day', 'Ann 1', 'Guildhall 1', 'Tom 1']);
});

test('a line of mine keeps its key when the hall has it', () => {
  const log = logOf([message(1, ann, '12:00')], { sentAs: new Map([['msg_1', 'c1']]) });
  const said = view(log).find((item) => item.kind === 'said');
  assert.equal(said?.lines[0]?.key, 'c1');
});
