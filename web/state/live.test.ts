import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerFrame } from '#contracts/web.ts';
import { Live, type Wire } from './live.ts';

/** A hall at the other end of a wire, played by hand, and a clock that waits until it is told. */
function stage() {
  const wires: (Wire & { sent: string[] })[] = [];
  const waits: { act: () => void; ms: number; stopped: boolean }[] = [];
  const seen: string[] = [];
  const live = new Live({
    dial() {
      const wire = { sent: [] as string[], send: (text: string) => void wire.sent.push(text), close() {}, ...silent() };
      wires.push(wire);
      return wire;
    },
    wait(act, ms) {
      const waiting = { act, ms, stopped: false };
      waits.push(waiting);
      return () => {
        waiting.stopped = true;
      };
    },
    onFrame: (frame: ServerFrame) => seen.push(frame.type),
    onUp: () => seen.push('up'),
    onDown: () => seen.push('down'),
    onEnded: () => seen.push('ended'),
  });
  return { live, wires, waits, seen };
}

function silent(): Pick<Wire, 'onopen' | 'onmessage' | 'onclose'> {
  return { onopen: null, onmessage: null, onclose: null };
}

test('a lost connection comes back, each time a little later', () => {
  const { live, wires, waits, seen } = stage();
  live.connect();
  for (let at = 0; at < 4; at += 1) {
    wires[at]?.onclose?.({ code: 1006 });
    waits[at]?.act();
  }
  assert.equal(wires.length, 5);
  assert.ok((waits[3]?.ms ?? 0) > 2 * (waits[0]?.ms ?? 0));
  assert.deepEqual(seen, ['down', 'down', 'down', 'down']);
});

test('after a good connection the first try is quick again', () => {
  const { live, wires, waits } = stage();
  live.connect();
  wires[0]?.onclose?.({ code: 1006 });
  waits[0]?.act();
  wires[1]?.onopen?.();
  wires[1]?.onclose?.({ code: 1012 });
  assert.ok((waits[1]?.ms ?? 0) < 500);
});

test('when the session has ended there is no other try', () => {
  const { live, wires, waits, seen } = stage();
  live.connect();
  wires[0]?.onclose?.({ code: 4401 });
  assert.deepEqual(seen, ['ended']);
  assert.equal(waits.length, 0);
});

test('nothing is sent while there is no connection, and the caller is told', () => {
  const { live, wires } = stage();
  live.connect();
  assert.equal(live.send({ type: 'typing', room: 'room_1' }), false);
  wires[0]?.onopen?.();
  assert.equal(live.send({ type: 'typing', room: 'room_1' }), true);
  assert.deepEqual(wires[0]?.sent, ['{"type":"typing","room":"room_1"}']);
});

test('a message may hold one frame or several', () => {
  const { live, wires, seen } = stage();
  live.connect();
  wires[0]?.onmessage?.({ data: '{"type":"rooms"}' });
  wires[0]?.onmessage?.({ data: '[{"type":"rooms"},{"type":"gap","room":"room_1","from":3}]' });
  assert.deepEqual(seen, ['rooms', 'rooms', 'gap']);
});

test('giving up a silent connection makes one other and does not count the old one twice', () => {
  const { live, wires, waits, seen } = stage();
  live.connect();
  wires[0]?.onopen?.();
  live.restart();
  wires[0]?.onclose?.({ code: 1006 });
  assert.equal(waits.length, 1);
  waits[0]?.act();
  assert.equal(wires.length, 2);
  assert.deepEqual(seen, ['up', 'down']);
});

test('a stopped connection stays stopped', () => {
  const { live, wires, waits } = stage();
  live.connect();
  wires[0]?.onclose?.({ code: 1006 });
  live.stop();
  assert.equal(waits[0]?.stopped, true);
});
