import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bus, DurableChannel } from '#bus/bus.ts';
import { eventually } from '#test/support/wait.ts';
import { shareParts } from './part-shares.ts';

const PARTS: DurableChannel[] = ['incoming.0', 'incoming.1', 'incoming.2', 'incoming.3'];

/** A broker that gives each part to whoever has stood for it longest, as RabbitMQ does with a single active consumer. */
class Line implements Pick<Bus, 'subscribe'> {
  readonly standing = new Map<string, string[]>();
  readonly #who: string;

  constructor(who: string, standing: Map<string, string[]>) {
    this.#who = who;
    this.standing = standing;
  }

  subscribe(channel: DurableChannel): ReturnType<Bus['subscribe']> {
    const line = this.standing.get(channel) ?? [];
    this.standing.set(channel, [...line, this.#who]);
    return {
      stop: async () => {
        const now = this.standing.get(channel) ?? [];
        this.standing.set(channel, now.toSpliced(now.indexOf(this.#who), 1));
      },
    };
  }
}

describe('bots that share what comes in', () => {
  const share = (who: string, standing: Map<string, string[]>) =>
    shareParts({ bus: new Line(who, standing), self: who, channels: PARTS, handler: async () => undefined });
  const first = (standing: Map<string, string[]>): string =>
    PARTS.map((part) => standing.get(part)?.[0] ?? '-').join(' ');

  test('one that is alone has all parts', () => {
    const standing = new Map<string, string[]>();
    share('a', standing).seen(['a']);
    assert.equal(first(standing), 'a a a a');
  });

  test('each of two has half of them, and stands by for the others', async () => {
    const standing = new Map<string, string[]>();
    const [a, b] = [share('a', standing), share('b', standing)];
    for (const one of [a, b]) one.seen(['b', 'a']);
    await eventually('halves', () => first(standing) === 'a b a b' || undefined);
    for (const part of PARTS) assert.equal(standing.get(part)?.length, 2);
  });

  test('when one of three dies the others have everything, at once and then evenly', async () => {
    const standing = new Map<string, string[]>();
    const three = ['a', 'b', 'c'].map((who) => share(who, standing));
    for (const one of three) one.seen(['a', 'b', 'c']);
    await eventually('thirds', () => first(standing) === 'a b c a' || undefined);
    for (const [part, line] of standing)
      standing.set(
        part,
        line.filter((who) => who !== 'b'),
      );
    assert.doesNotMatch(first(standing), /[b-]$/, 'somebody stands for each part before anybody noticed');
    for (const one of [three[0], three[2]]) one?.seen(['a', 'c']);
    await eventually('halves', () => first(standing) === 'a c a c' || undefined);
  });

  test('one that stops leaves every line, also where it was just moving', async () => {
    const standing = new Map<string, string[]>();
    const [a, b] = [share('a', standing), share('b', standing)];
    for (const one of [a, b]) one.seen(['a', 'b']);
    await a.stop(100);
    await eventually('b alone', () => first(standing) === 'b b b b' || undefined);
    for (const part of PARTS) assert.deepEqual(standing.get(part), ['b']);
  });
});
