import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { constants, inflateSync } from 'node:zlib';
import { WebSocket } from 'ws';
import type { Discord } from './index.ts';
import type { Packet } from './sessions.ts';
import { withDiscord } from './with-client.ts';

/** A client of the gateway by hand, for what the vendor's own would never send. */
class Wire {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  readonly packets: Packet[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(discord: Discord, query = 'v=10&encoding=json', read: (frame: Buffer) => string = String) {
    this.socket = new WebSocket(`${discord.page.replace('http', 'ws')}gateway?${query}`);
    this.closed = once(this.socket, 'close').then(([code]) => Number(code));
    this.socket.on('message', (frame: Buffer) => {
      const text = read(frame);
      if (text) this.packets.push(JSON.parse(text));
      for (const look of this.#waiting.splice(0)) look();
    });
  }

  /** The next packet of this op (and event) among those that came or will come. */
  async next(op: number, event?: string): Promise<Packet & { d: Record<string, unknown> }> {
    for (;;) {
      const index = this.packets.findIndex((one) => one.op === op && (event === undefined || one.t === event));
      const [found] = index < 0 ? [] : this.packets.splice(index, 1);
      if (found) return found as Packet & { d: Record<string, unknown> };
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  send(op: number, d: unknown): void {
    this.socket.send(JSON.stringify({ op, d }));
  }

  async identify({ env }: Discord, more: object = {}): Promise<Packet & { d: Record<string, unknown> }> {
    await this.next(10);
    this.send(2, { token: env.DISCORD_TOKEN, intents: 1 | (1 << 9) | (1 << 15), properties: {}, ...more });
    return this.next(0, 'READY');
  }
}

/** Ends the wires of a test with it. */
async function withWire(work: (discord: Discord, wire: Wire) => Promise<void>, options = {}): Promise<void> {
  await withDiscord(options, async (discord) => {
    const wire = new Wire(discord);
    await work(discord, wire);
    wire.socket.terminate();
  });
}

describe('the gateway by hand', { concurrency: true, timeout: 10_000 }, () => {
  test('it says hello, acknowledges a heartbeat, and greets who identifies', () =>
    withWire(async (discord, wire) => {
      const ready = await wire.identify(discord);
      assert.equal(ready.s, 1);
      assert.deepEqual(ready.d.guilds, [{ id: discord.guildId, unavailable: true }]);
      assert.equal((await wire.next(0, 'GUILD_CREATE')).s, 2);
      wire.send(1, 2);
      await wire.next(11);
    }));

  const mistakes: [string, number, (wire: Wire, discord: Discord) => Promise<void>][] = [
    ['a payload that is no JSON', 4002, async (wire) => wire.socket.send('hello?')],
    ['an op that does not exist', 4001, async (wire) => wire.send(99, null)],
    ['a presence before signing in', 4003, async (wire) => wire.send(3, {})],
    ['a wrong token', 4004, async (wire) => wire.send(2, { token: 'x', intents: 1 })],
    [
      'signing in twice',
      4005,
      async (wire, discord) => {
        await wire.identify(discord);
        wire.send(2, { token: discord.env.DISCORD_TOKEN, intents: 1 });
      },
    ],
    [
      'a sequence that was never reached',
      4007,
      async (wire, discord) => {
        const { d } = await wire.identify(discord);
        const again = new Wire(discord);
        await again.next(10);
        again.send(6, { token: discord.env.DISCORD_TOKEN, session_id: d.session_id, seq: 999 });
        assert.equal(await again.closed, 4007);
        wire.socket.close(4007);
      },
    ],
    [
      'more than 120 payloads in a minute',
      4008,
      async (wire) => {
        await wire.next(10);
        for (let count = 0; count <= 120; count += 1) wire.send(1, null);
      },
    ],
    [
      'a shard beyond the count',
      4010,
      async (wire, discord) => wire.send(2, { token: discord.env.DISCORD_TOKEN, intents: 1, shard: [1, 1] }),
    ],
    [
      'an intent that does not exist',
      4013,
      async (wire, discord) => wire.send(2, { token: discord.env.DISCORD_TOKEN, intents: 1 << 30 }),
    ],
    [
      'an intent that was not granted',
      4014,
      async (wire, discord) => wire.send(2, { token: discord.env.DISCORD_TOKEN, intents: 1 << 8 }),
    ],
  ];
  for (const [name, code, make] of mistakes) {
    test(`${name} closes the connection with ${code}`, () =>
      withWire(async (discord, wire) => {
        await once(wire.socket, 'open');
        await make(wire, discord);
        assert.equal(await wire.closed, code);
      }));
  }

  test('another version closes the connection with 4012', () =>
    withDiscord({}, async (discord) => {
      assert.equal(await new Wire(discord, 'v=8&encoding=json').closed, 4012);
      assert.match(discord.violations[0] ?? '', /v=8/);
    }));

  test('who sends no heartbeat is closed with 4009', () =>
    withWire(async (_discord, wire) => assert.equal(await wire.closed, 4009), { heartbeatMs: 40 }));

  test('a line that went silent says nothing any more, a goodbye neither', () =>
    withWire(
      async (discord, wire) => {
        await wire.identify(discord);
        await wire.next(0, 'GUILD_CREATE');
        discord.faults.silent(true);
        wire.send(1, null);
        await discord.say('mia', 'square', 'anybody?');
        await pause(400);
        assert.deepEqual([wire.socket.readyState, wire.packets], [WebSocket.OPEN, []]);
        discord.faults.silent(false);
        wire.send(1, null);
        await wire.next(11);
      },
      { heartbeatMs: 200 },
    ));

  test('a resume tells what was missed, in order, and a wrong one is refused', () =>
    withWire(async (discord, wire) => {
      const { d } = await wire.identify(discord);
      await wire.next(0, 'GUILD_CREATE');
      const resume = { token: discord.env.DISCORD_TOKEN, session_id: d.session_id, seq: 2 };
      wire.socket.terminate();
      await wire.closed;
      await discord.say('mia', 'square', 'one');
      await discord.say('mia', 'square', 'two');
      const again = new Wire(discord);
      await again.next(10);
      again.send(6, { ...resume, session_id: 'nobody’s' });
      assert.equal((await again.next(9)).d, false);
      again.send(6, resume);
      await again.next(0, 'RESUMED');
      assert.deepEqual(
        again.packets.map((one) => [one.s, (one.d as { content: string }).content]),
        [
          [3, 'one'],
          [4, 'two'],
        ],
      );
      again.socket.terminate();
    }));

  test('who says goodbye gives the session up', () =>
    withWire(async (discord, wire) => {
      const { d } = await wire.identify(discord);
      wire.socket.close(1000);
      await wire.closed;
      const again = new Wire(discord);
      await again.next(10);
      again.send(6, { token: discord.env.DISCORD_TOKEN, session_id: d.session_id, seq: 1 });
      assert.equal((await again.next(9)).d, false);
      again.socket.terminate();
    }));

  test('a session that was left too long is forgotten', () =>
    withWire(
      async (discord, wire) => {
        const { d } = await wire.identify(discord);
        wire.socket.terminate();
        await wire.closed;
        const again = new Wire(discord);
        await again.next(10);
        again.send(6, { token: discord.env.DISCORD_TOKEN, session_id: d.session_id, seq: 1 });
        assert.equal((await again.next(9)).d, false);
        again.socket.terminate();
      },
      { resumeWithinMs: -1 },
    ));

  test('two that identify at once: the second must wait', () =>
    withWire(
      async (discord, wire) => {
        await wire.identify(discord);
        const other = new Wire(discord);
        await other.next(10);
        other.send(2, { token: discord.env.DISCORD_TOKEN, intents: 1 });
        assert.equal((await other.next(9)).d, false);
        assert.equal(discord.violations.length, 1);
        other.socket.terminate();
      },
      { identifyEveryMs: 5_000 },
    ));

  test('members are told on request, all of them only with the intent', () =>
    withWire(async (discord, wire) => {
      await wire.identify(discord);
      const mia = discord.people.find((one) => one.name === 'mia')?.id;
      wire.send(8, { guild_id: discord.guildId, query: '', limit: 0 });
      wire.send(8, { guild_id: discord.guildId, user_ids: [mia, '1'], nonce: 'n' });
      const { d } = await wire.next(0, 'GUILD_MEMBERS_CHUNK');
      assert.deepEqual([(d.members as unknown[]).length, d.not_found, d.nonce], [1, ['1'], 'n']);
      assert.match(discord.violations[0] ?? '', /GUILD_MEMBERS/);
    }));

  test('one stream compresses a whole connection', () =>
    withDiscord({}, async (discord) => {
      const wire = new Wire(discord, 'v=10&encoding=json&compress=zlib-stream', inflating());
      await wire.identify(discord);
      await wire.next(0, 'GUILD_CREATE');
      for (let count = 0; count < 20; count += 1) await discord.say('mia', 'square', `line ${count}`);
      for (let count = 0; count < 20; count += 1)
        assert.equal((await wire.next(0, 'MESSAGE_CREATE')).d.content, `line ${count}`);
      wire.socket.terminate();
    }));

  test('payloads are compressed one by one for who asks so', () =>
    withDiscord({}, async (discord) => {
      const read = (frame: Buffer): string => (frame[0] === 0x78 ? inflateSync(frame).toString() : String(frame));
      const wire = new Wire(discord, 'v=10&encoding=json', read);
      await wire.identify(discord, { compress: true });
      await discord.say('mia', 'square', 'small');
      assert.equal((await wire.next(0, 'MESSAGE_CREATE')).d.content, 'small');
      wire.socket.terminate();
    }));

  test('of two shards each is told of its own guilds', () =>
    withWire(async (discord, wire) => {
      const own = Number((BigInt(discord.guildId) >> 22n) % 2n);
      const other = new Wire(discord);
      const [mine, others] = await Promise.all([
        wire.identify(discord, { shard: [own, 2] }),
        other.identify(discord, { shard: [1 - own, 2] }),
      ]);
      assert.deepEqual([(mine.d.guilds as unknown[]).length, (others.d.guilds as unknown[]).length], [1, 0]);
      other.socket.terminate();
    }));
});

/** Reads frames of one stream: each makes sense only after all before it, and ends in the sync flush. */
function inflating(): (frame: Buffer) => string {
  const frames: Buffer[] = [];
  let read = 0;
  return (frame) => {
    assert.deepEqual([...frame.subarray(-4)], [0, 0, 0xff, 0xff]);
    frames.push(frame);
    const all = inflateSync(Buffer.concat(frames), { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    const fresh = all.slice(read);
    read = all.length;
    return fresh;
  };
}
