import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { type Attempt, type ChatLimits, createLimits, type Verdict } from './limits.ts';

describe('the limits of the chat, in simulated time', () => {
  let now = 0;
  let limits: ChatLimits;
  beforeEach(() => {
    now = 1_000_000;
    limits = createLimits(() => now);
  });

  let count = 0;
  const attempt = (more: Partial<Attempt> = {}): Verdict =>
    limits.judge({
      account: 'bot',
      channel: 'square',
      privileged: false,
      slow: 0,
      text: `line ${(count += 1)}`,
      ...more,
    });
  const says = (verdict: Verdict): string => (verdict.ok ? 'ok' : verdict.code);
  const every = (ms: number, times: number, more: Partial<Attempt> = {}): string[] =>
    Array.from({ length: times }, () => {
      now += ms;
      return says(attempt(more));
    });
  const OK_20 = Array.from({ length: 20 }, () => 'ok');

  test('20 messages in 30 s come through, the 21st silences the account for half an hour', () => {
    assert.deepEqual(every(1_000, 20), OK_20);
    const last = attempt();
    assert.ok(!last.ok && !last.notice, 'nobody is told');
    assert.match(last.violation ?? '', /more than 20 messages in 30 s/);
    assert.deepEqual(
      every(60_000, 29),
      Array.from({ length: 29 }, () => 'quiet'),
    );
    now += 60_000;
    assert.equal(says(attempt()), 'ok');
  });

  test('the window slides: one message every 1.5 s is never too much', () => {
    assert.ok(every(1_500, 200).every((one) => one === 'ok'));
  });

  test('a moderator has 100, and no pause between them', () => {
    assert.ok(every(10, 100, { privileged: true }).every((one) => one === 'ok'));
    assert.equal(says(attempt({ privileged: true })), 'over-limit');
  });

  test('messages as a moderator count for the 100 but not for the 20', () => {
    every(10, 90, { privileged: true });
    assert.deepEqual(every(1_000, 10, { channel: 'den' }), OK_20.slice(0, 10));
    assert.equal(says(attempt({ privileged: true })), 'over-limit');
  });

  test('each account has limits of its own', () => {
    every(1_000, 21);
    assert.equal(says(attempt()), 'quiet');
    assert.equal(says(attempt({ account: 'other' })), 'ok');
  });

  test('a second message within a second is dropped with a notice, in that channel', () => {
    assert.equal(says(attempt()), 'ok');
    const second = attempt();
    assert.ok(!second.ok && second.notice?.id === 'msg_ratelimit');
    assert.equal(says(attempt({ channel: 'den' })), 'ok');
    now += 1_000;
    assert.equal(says(attempt()), 'ok');
  });

  test('slow mode names the seconds that are left', () => {
    attempt({ slow: 10 });
    now += 4_000;
    const second = attempt({ slow: 10 });
    assert.ok(!second.ok && second.notice?.id === 'msg_slowmode');
    assert.match(second.notice.text, /in 6 seconds/);
    now += 6_000;
    assert.equal(says(attempt({ slow: 10 })), 'ok');
  });

  test('the last line may not be repeated for 30 s, but for a moderator', () => {
    assert.equal(says(attempt({ text: 'again' })), 'ok');
    now += 29_999;
    assert.equal(says(attempt({ text: 'again' })), 'msg_duplicate');
    now += 1;
    assert.equal(says(attempt({ text: 'again' })), 'ok');
    now += 2_000;
    assert.equal(says(attempt({ text: 'another' })), 'ok');
    now += 2_000;
    assert.equal(says(attempt({ text: 'again' })), 'ok', 'only the line before counts');
    assert.equal(says(attempt({ text: 'again', privileged: true })), 'ok');
  });

  test('what is dropped counts too', () => {
    const got = every(500, 21);
    assert.equal(got.filter((one) => one === 'ok').length, 10);
    assert.equal(got.at(-1), 'over-limit');
  });

  test('20 joins and 20 logins in 10 s are the most', () => {
    const joins = Array.from({ length: 21 }, () => limits.mayJoin('bot'));
    const logins = Array.from({ length: 21 }, () => limits.mayLogIn('bot'));
    assert.deepEqual([joins.indexOf(false), logins.indexOf(false)], [20, 20]);
    now += 10_000;
    assert.ok(limits.mayJoin('bot') && limits.mayLogIn('bot'));
  });

  test('a test may set other limits', () => {
    limits = createLimits(() => now, {
      plain: 2,
      privileged: 3,
      windowMs: 1_000,
      quietMs: 5_000,
      pauseMs: 0,
      repeatMs: 0,
      joins: 1,
      logins: 1,
      joinWindowMs: 1,
    });
    assert.deepEqual(every(1, 4), ['ok', 'ok', 'over-limit', 'quiet']);
    now += 5_000;
    assert.equal(says(attempt()), 'ok');
  });
});
