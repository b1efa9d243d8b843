import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '#contracts/web.ts';
import { change, type Change, emptyLog, newestSeq, type RoomLog } from './room-log.ts';

function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    id: `msg_${seq}`,
    seq,
    room: 'room_1',
    author: { id: 'acc_ann', name: 'Ann', kind: 'person' },
    text: `line ${seq}`,
    createdAt: '2026-11-19T09:00:00Z',
    ...more,
  };
}

function pages(from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, at) => message(from + at));
}

function after(...changes: Change[]): RoomLog {
  return changes.reduce(change, emptyLog());
}

function seqs(log: RoomLog): number[] {
  return log.messages.map((one) => one.seq);
}

const newest = (page: Message[], asOf = 0): Change => ({ type: 'newest', page, limit: 50, asOf });

test('the newest page says where to resume and that there is no more above a short one', () => {
  const log = after(newest(pages(1, 3)));
  assert.equal(log.resume, 3);
  assert.equal(log.complete, true);
  assert.equal(after(newest(pages(1, 50))).complete, false);
});

test('a message that comes twice stands once', () => {
  const log = after(
    newest(pages(1, 3)),
    { type: 'message', message: message(3) },
    { type: 'message', message: message(3) },
  );
  assert.deepEqual(seqs(log), [1, 2, 3]);
});

test('messages that come out of order are read in order', () => {
  const log = after(
    newest([]),
    { type: 'message', message: message(2) },
    { type: 'message', message: message(1) },
    { type: 'message', message: message(3) },
  );
  assert.deepEqual(seqs(log), [1, 2, 3]);
});

test('what I wrote stands once, whether the acknowledgement or the message comes first', () => {
  const wrote: Change = { type: 'wrote', pending: { clientId: 'c1', text: 'line 4', at: '2026-11-19T09:00:00Z' } };
  const posted: Change = { type: 'posted', clientId: 'c1', message: message(4) };
  const live: Change = { type: 'message', message: message(4), mine: true };
  for (const order of [
    [wrote, posted, live],
    [wrote, live, posted],
  ]) {
    const log = after(newest(pages(1, 3)), ...order);
    assert.deepEqual(seqs(log), [1, 2, 3, 4]);
    assert.deepEqual(log.pending, []);
    assert.equal(log.sentAs.get('msg_4'), 'c1');
  }
});

test('my words come back before they are acknowledged: a refusal still gives them back to me', () => {
  const wrote: Change = { type: 'wrote', pending: { clientId: 'c1', text: 'line 4', at: '2026-11-19T09:00:00Z' } };
  const back = after(newest(pages(1, 3)), wrote, { type: 'message', message: message(4), mine: true });
  assert.equal(back.pending[0]?.landed, 'msg_4');
  const refused = change(back, { type: 'refused', clientId: 'c1', words: 'Too fast.', code: 'too-fast' });
  assert.equal(refused.pending[0]?.landed, undefined);
});

test('the same words said twice are two messages', () => {
  const wrote = (clientId: string): Change => ({
    type: 'wrote',
    pending: { clientId, text: 'ok', at: '2026-11-19T09:00:00Z' },
  });
  const came = (seq: number): Change => ({ type: 'message', message: message(seq, { text: 'ok' }), mine: true });
  const log = after(newest([]), wrote('c1'), wrote('c2'), came(1), came(2));
  assert.deepEqual(
    [...log.sentAs],
    [
      ['msg_1', 'c1'],
      ['msg_2', 'c2'],
    ],
  );
  assert.deepEqual(
    log.pending.map((one) => one.landed),
    ['msg_1', 'msg_2'],
  );
});

test('an acknowledgement does not skip what others said just before it', () => {
  const log = after(newest(pages(1, 3)), { type: 'posted', clientId: 'c1', message: message(6) });
  assert.equal(log.resume, 3);
  assert.equal(newestSeq(log), 6);
});

test('while a gap is open, newer messages do not move the place to resume', () => {
  const log = after(newest(pages(1, 3)), { type: 'gap', from: 3 }, { type: 'message', message: message(900) });
  assert.equal(log.resume, 3);
  assert.equal(log.gap, 3);
});

test('a gap is filled page by page and closes with the first short one', () => {
  const open = after(newest(pages(1, 3)), { type: 'gap', from: 3 }, { type: 'message', message: message(8) });
  const half = change(open, { type: 'missed', page: pages(4, 5), limit: 2 });
  assert.equal(half.gap, 5);
  assert.equal(half.resume, 5);
  const closed = change(change(half, { type: 'missed', page: pages(6, 7), limit: 2 }), {
    type: 'missed',
    page: [message(8)],
    limit: 2,
  });
  assert.equal(closed.gap, null);
  assert.equal(closed.resume, 8);
  assert.deepEqual(seqs(closed), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('an edit shows in place, and an older answer does not undo it', () => {
  const edited = message(2, { text: 'better', editedAt: '2026-11-19T09:05:00Z' });
  const log = after(newest(pages(1, 3)), { type: 'edited', message: edited }, newest(pages(1, 3), 3));
  assert.equal(log.messages[1]?.text, 'better');
});

test('an edit of a message that is not on this page adds none', () => {
  const log = after(newest(pages(10, 59)), { type: 'edited', message: message(2, { text: 'better' }) });
  assert.equal(log.messages[0]?.seq, 10);
});

test('a deleted message stays away, though a late answer still holds it', () => {
  const log = after(newest(pages(1, 3)), { type: 'deleted', id: 'msg_2' }, newest(pages(1, 3), 3));
  assert.deepEqual(seqs(log), [1, 3]);
});

test('what was deleted while I was away is gone after the newest page is read again', () => {
  const log = after(newest(pages(1, 4)), newest([message(1), message(3)], 4));
  assert.deepEqual(seqs(log), [1, 3]);
});

test('a message that came while the newest page was on its way is kept', () => {
  const log = after(newest(pages(1, 3)), { type: 'message', message: message(4) }, newest(pages(1, 3), 3));
  assert.deepEqual(seqs(log), [1, 2, 3, 4]);
});

test('after a long absence the log begins anew at the newest page, with what I wrote kept', () => {
  const wrote: Change = { type: 'wrote', pending: { clientId: 'c1', text: 'hi', at: '2026-11-19T09:00:00Z' } };
  const log = after(newest(pages(1, 50)), wrote, newest(pages(5001, 5050), 50));
  assert.equal(log.messages[0]?.seq, 5001);
  assert.equal(log.resume, 5050);
  assert.equal(log.complete, false);
  assert.equal(log.pending.length, 1);
});

test('after a short absence what lies between is still awaited from the place to resume', () => {
  const log = after(newest(pages(1, 50)), newest(pages(101, 150), 50));
  assert.equal(log.resume, 50);
});

test('older pages go on top, and a short one is the beginning of the room', () => {
  const log = after(newest(pages(51, 100)), { type: 'older', page: pages(41, 50), limit: 50 });
  assert.equal(log.messages[0]?.seq, 41);
  assert.equal(log.complete, true);
});

test('a refused line keeps its words and its reason until it is tried again or dropped', () => {
  const wrote: Change = { type: 'wrote', pending: { clientId: 'c1', text: 'hi', at: '2026-11-19T09:00:00Z' } };
  const refused = after(wrote, { type: 'refused', clientId: 'c1', words: 'Too fast.', code: 'too-fast' });
  assert.equal(refused.pending[0]?.failed?.words, 'Too fast.');
  assert.equal(change(refused, { type: 'again', clientId: 'c1' }).pending[0]?.failed, undefined);
  assert.equal(change(refused, { type: 'dropped', clientId: 'c1' }).pending.length, 0);
});

test('letting old messages go from memory leaves the newest', () => {
  const log = change(after(newest(pages(1, 40))), { type: 'trim', keep: 10 });
  assert.deepEqual(seqs(log), [31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
  assert.equal(log.complete, false);
});
