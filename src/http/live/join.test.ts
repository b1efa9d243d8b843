import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { PublicMessage } from '#core/live.ts';
import { Line, type LineFrame } from '#test/support/line.ts';
import { eventually } from '#test/support/wait.ts';
import { messageFrame, type Past } from './feed.ts';
import { Hub } from './hub.ts';
import { LiveSocket } from './socket.ts';

const ROOM = 'room_1';

let hub: Hub;
/** What the database has. */
let stored: number;

const message = (seq: number) => ({ id: `msg_${seq}`, seq, room: ROOM }) as PublicMessage;
const come = (...seqs: number[]): void =>
  seqs.forEach((seq) => hub.deliver({ kind: 'message', room: ROOM, message: message(seq) }));

/** Somebody who follows the room as soon as the test says what the past was. */
class Newcomer {
  readonly got: number[] = [];
  readonly joined: Promise<void>;
  readonly #past = Promise.withResolvers<Past>();
  /** Whether the past is being read. */
  asked = false;

  constructor(account: string) {
    const line = new Line((frame: LineFrame) => frame.type === 'message' && this.got.push(frame.message.seq));
    const session = { id: account, account, username: account, name: account, operator: false };
    const socket = new LiveSocket(line.ws, session, hub.counts);
    hub.connect(socket);
    this.joined = hub.join(socket, ROOM, () => {
      this.asked = true;
      return this.#past.promise;
    });
  }

  /** The past is read: the room stands at `seq`, and this is what came after `after`. */
  read(seq: number, after: number): Promise<void> {
    const missed = Array.from({ length: seq - after }, (_, index) => messageFrame(ROOM, message(after + index + 1)));
    this.#past.resolve({ seq, after, missed, gap: false });
    return this.joined;
  }

  has(...seqs: number[]): Promise<void> {
    return eventually('the messages', () => (this.got.length >= seqs.length ? true : undefined)).then(() =>
      assert.deepEqual(this.got, seqs),
    );
  }
}

describe('between the past of a room and what comes', () => {
  beforeEach(() => {
    stored = 0;
    hub = new Hub({
      async read(room, after) {
        const seqs = Array.from({ length: Math.max(0, stored - after) }, (_, index) => after + index + 1);
        return { frames: seqs.map((seq) => messageFrame(room, message(seq))), whole: true };
      },
    });
  });

  test('nothing is lost and nothing comes twice', async () => {
    const one = new Newcomer('ann');
    come(4, 5, 6, 7);
    await one.read(6, 2);
    come(8);
    await one.has(3, 4, 5, 6, 7, 8);
    const two = new Newcomer('bob');
    come(9, 10);
    await two.read(9, 7);
    come(11);
    await two.has(8, 9, 10, 11);
    await one.has(3, 4, 5, 6, 7, 8, 9, 10, 11);
  });

  test('a newcomer whose past reaches further than what came here gets no message twice, and the others catch up', async () => {
    const one = new Newcomer('ann');
    await one.read(1, 0);
    const two = new Newcomer('bob');
    await two.read(4, 1);
    stored = 4;
    await one.has(1, 2, 3, 4);
    come(5, 4);
    await two.has(2, 3, 4, 5);
    await one.has(1, 2, 3, 4, 5);
  });

  test('of two who come first, the one whose past is read first tells where the room stands', async () => {
    const [one, two] = [new Newcomer('ann'), new Newcomer('bob')];
    await Promise.resolve();
    assert.deepEqual([one.asked, two.asked], [true, false]);
    come(3);
    await one.read(3, 3);
    come(4);
    await two.read(4, 2);
    come(5);
    await one.has(4, 5);
    await two.has(3, 4, 5);
  });
});
