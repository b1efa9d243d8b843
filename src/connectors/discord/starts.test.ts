import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backoff } from './backoff.ts';
import { isGatewayUrl, ShardContext } from './shard-context.ts';
import { Starts } from './starts.ts';

const limit = { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 };
const signal = new AbortController().signal;

describe('signing in to the gateway', () => {
  test('leaves the time between two that Discord asks for', async () => {
    const starts = new Starts({ limit, everyMs: 80, onNone: () => undefined });
    const since = performance.now();
    await Promise.all([starts.wait(0, signal), starts.wait(1, signal), starts.wait(2, signal)]);
    assert.ok(performance.now() - since >= 150);
  });

  test('lets as many in at once as Discord allows', async () => {
    const starts = new Starts({ limit: { ...limit, max_concurrency: 16 }, everyMs: 60_000, onNone: () => undefined });
    await Promise.all(Array.from({ length: 16 }, (_, id) => starts.wait(id, signal)));
  });

  test('waits for the next day when the day’s are used up, and says so', async () => {
    let until = 0;
    const starts = new Starts({
      limit: { ...limit, remaining: 1, reset_after: 150 },
      everyMs: 0,
      onNone: (at) => (until = at),
    });
    const since = Date.now();
    await starts.wait(0, signal);
    await starts.wait(0, signal);
    assert.ok(until >= since + 150 && Date.now() >= until);
  });

  test('ends with the connection that it was for', async () => {
    const starts = new Starts({ limit, everyMs: 60_000, onNone: () => undefined });
    await starts.wait(0, signal);
    const closed = new AbortController();
    const waiting = starts.wait(0, closed.signal);
    closed.abort();
    await assert.rejects(waiting);
  });
});

describe('opening a connection again', () => {
  test('comes after pauses that grow to a minute and are not the same for all', () => {
    const pauses = { first: 1_000, most: 60_000 };
    for (const [tries, full] of [
      [0, 1_000],
      [1, 2_000],
      [5, 32_000],
      [6, 60_000],
      [5_000, 60_000],
    ] as const) {
      const ms = backoff(pauses, tries);
      assert.ok(ms >= full * 0.75 && ms <= full);
    }
  });

  test('keeps the session where only the network failed', () => {
    const starts = new Starts({ limit, everyMs: 0, onNone: () => undefined });
    const info = { url: 'ws://127.0.0.1', shards: 1, session_start_limit: limit };
    const context = new ShardContext({
      token: 't',
      info,
      intents: 1,
      starts,
      reconnect: { first: 1, most: 1 },
      helloMs: 1,
      opening: () => undefined,
    });
    const session = { resumeURL: 'ws://127.0.0.1', sequence: 1, sessionId: 's', shardCount: 1, shardId: 0 };
    context.updateSessionInfo(0, session);
    context.updateSessionInfo(0, null);
    assert.deepEqual(context.retrieveSessionInfo(), session);
    context.reached();
    context.updateSessionInfo(0, null);
    assert.equal(context.retrieveSessionInfo(), null);
  });

  test('goes to addresses of a gateway alone', () => {
    assert.deepEqual(
      ['wss://gateway.discord.gg', 'ws://127.0.0.1:1', 'https://x', 'nonsense', undefined, 7].map(isGatewayUrl),
      [true, true, false, false, false, false],
    );
  });
});
