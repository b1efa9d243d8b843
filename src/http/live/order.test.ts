import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LIMITS } from '#core/limits.ts';
import { eventually } from '#test/support/wait.ts';
import { RoomOrder, type Page, type RoomFrame } from './order.ts';

const PAGE = 10;

/** A room whose messages stand in a table, and what its followers got. */
let order: RoomOrder;
let got: string[];
let reads: number[];
let stored: number[];
let away: boolean;

const one = (seq: number): RoomFrame => ({ seq, frame: Buffer.from(`${seq}`) });
const come = (...seqs: number[]): void => seqs.forEach((seq) => order.take(one(seq)));
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

async function read(after: number): Promise<Page> {
  reads.push(after);
  if (away) throw new Error('the database is away');
  const frames = stored.filter((seq) => seq > after).slice(0, PAGE);
  return { frames: frames.map(one), whole: frames.length < PAGE };
}

describe('messages of a room that come from several halls', () => {
  beforeEach(() => {
    [got, reads, stored, away] = [[], [], upTo(9), false];
    order = new RoomOrder({ room: 'room_1', hand: ({ frame }) => got.push(String(frame)), read });
    order.begin(0);
  });
  afterEach(() => order.stop());

  const all = (expected: string[]) =>
    eventually('all of them', () => (got.length >= expected.length ? true : undefined)).then(() =>
      assert.deepEqual(got, expected),
    );

  test('go on at once when they come in order', () => {
    come(1, 2, 3);
    assert.deepEqual(got, ['1', '2', '3']);
  });

  test('wait for those before them, and each goes on once', async () => {
    come(3, 1, 3, 1);
    assert.deepEqual(got, ['1']);
    come(2, 2, 3);
    assert.deepEqual(got, ['1', '2', '3']);
    assert.deepEqual(reads, []);
  });

  test('are read where they do not come, together with what came meanwhile', async () => {
    come(1, 4);
    await all(upTo(9).map(String));
    assert.deepEqual(reads, [1]);
    come(5, 9, 10);
    assert.equal(got.at(-1), '10');
  });

  test('that were deleted hold up nobody', async () => {
    stored = [1, 2, 6];
    come(1, 5);
    await all(['1', '2', '6']);
    come(7);
    assert.equal(got.at(-1), '7');
  });

  test('are looked for when the room’s number says that there are more, even the last ones', async () => {
    come(1);
    order.expect(9);
    await all(upTo(9).map(String));
    stored = [];
    order.expect(11);
    await eventually('the look', () => (reads.length === 2 ? true : undefined));
    come(12);
    assert.equal(got.at(-1), '12', 'ten and eleven were deleted');
  });

  test('that are on their way are not read', async () => {
    order.expect(1);
    come(1);
    order.expect(3);
    await all(upTo(9).map(String));
    assert.deepEqual(reads, [1]);
  });

  test('of many pages come whole', async () => {
    stored = upTo(95);
    order.expect(95);
    await all(stored.map(String));
    assert.deepEqual(reads, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  test('that are too many are told as one gap', async () => {
    const last = LIMITS.resumeReplay + 1;
    stored = upTo(last);
    come(last);
    await eventually('the gap', () => (got.length > 0 ? true : undefined));
    assert.match(got.join(), /\{"type":"gap","room":"room_1","from":0\}$/);
    come(last + 1);
    assert.equal(got.at(-1), `${last + 1}`);
  });

  test('wait while the database is away, and come when it is back', async () => {
    away = true;
    come(2);
    await eventually('a try', () => (reads.length > 0 ? true : undefined));
    come(4, 5);
    assert.deepEqual(got, []);
    away = false;
    await all(upTo(9).map(String));
  });

  test('are changed only after they were said', async () => {
    order.follow(2, { seq: 0, frame: Buffer.from('2 edited') });
    order.follow(3, { seq: 0, frame: Buffer.from('3 deleted') });
    come(2, 1);
    assert.deepEqual(got, ['1', '2', '2 edited']);
    order.follow(1, { seq: 0, frame: Buffer.from('1 edited') });
    assert.equal(got.at(-1), '1 edited');
    stored = [1, 2, 4];
    await eventually('the look', () => (reads.length > 0 ? true : undefined));
    come(5);
    assert.deepEqual(got.slice(4), ['4', '5'], 'what is deleted is never shown');
  });

  test('that came before it was known where the room stands go on from there', () => {
    order.stop();
    order = new RoomOrder({ room: 'room_1', hand: ({ frame }) => got.push(String(frame)), read });
    order.follow(7, { seq: 0, frame: Buffer.from('7 edited') });
    come(6, 9, 7, 8);
    assert.deepEqual(got, []);
    order.begin(7);
    assert.deepEqual(got, ['7 edited', '8', '9']);
  });
});
