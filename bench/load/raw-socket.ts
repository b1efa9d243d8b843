import { connect, type Socket } from 'node:net';
import { clientFrame, FrameCounter, FrameReader, HEADROOM, type Mark } from './frames.ts';
import type { Site } from './site.ts';

/** One client on a bare TCP socket. */
export interface RawSocket {
  send(text: string): void;
  close(): void;
}

export interface RawOptions {
  site: Site;
  token: string | undefined;
  /** After the greeting: called after each read with how many frames had the mark so far. */
  onRead?: (counted: number) => void;
  /** What is counted; deliveries unless said. */
  mark?: Mark;
  /** After the greeting: gets every text frame. Slower, for the few that must know what was said. */
  onText?: (text: string) => void;
}

/** All sockets read into the same memory: what is read is counted before the next read. */
const SHARED = Buffer.allocUnsafeSlow(HEADROOM + 256 * 1024);

/** Connects, upgrades and goes through the greeting. */
export async function openSocket(options: RawOptions): Promise<RawSocket> {
  const { site, token, onRead = () => undefined, onText } = options;
  const pong = (): void => void socket.write(clientFrame('', 0xa));
  const counter = new FrameCounter(options.mark ?? site.delivery, pong);
  const greeting = greet(site, (text) => void socket.write(clientFrame(text)));
  const reader = new FrameReader((text) => (greeting.over ? onText?.(text) : greeting.hear(text)), pong);
  let upgraded = false;
  const take = (length: number): void => {
    const bytes = SHARED.subarray(HEADROOM, HEADROOM + length);
    if (!upgraded) upgraded = readUpgrade(bytes, reader, greeting);
    else if (!greeting.over || onText) reader.take(bytes);
    else counter.take(SHARED, length);
    if (greeting.over) onRead(counter.counted);
  };
  const onread = { buffer: SHARED.subarray(HEADROOM), callback: (length: number) => (take(length), true) };
  const socket = connect({ host: '127.0.0.1', port: site.port, noDelay: true, onread });
  socket
    .on('error', (error) => greeting.fail(error))
    .once('close', () => greeting.fail(new Error('closed during the greeting')));
  socket.once('connect', () => socket.write(upgrade(site, token)));
  await greeting.done;
  return { send: (text) => void socket.write(clientFrame(text)), close: () => close(socket) };
}

interface Greeting {
  over: boolean;
  done: Promise<void>;
  begin(): void;
  hear(text: string): void;
  fail(error: Error): void;
}

function greet(site: Site, send: (text: string) => void): Greeting {
  const steps = [...site.greeting];
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const greeting: Greeting = { over: false, done, begin: next, hear, fail: reject };
  function next(): void {
    while (steps[0] && steps[0].until === undefined) send((steps.shift() as { say: string }).say);
    if (steps.length > 0) return;
    greeting.over = true;
    resolve();
  }
  function hear(text: string): void {
    const [step] = steps;
    if (!step?.until || !text.includes(step.until)) return;
    steps.shift();
    if (step.say !== undefined) send(step.say);
    next();
  }
  return greeting;
}

function upgrade(site: Site, token: string | undefined): string {
  const lines = [
    `GET ${site.path} HTTP/1.1`,
    `Host: 127.0.0.1:${site.port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: Z3VpbGRoYWxsLWJlbmNoIQ==',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Answers of a loopback server fit one read; what follows the head is already frames. */
function readUpgrade(bytes: Buffer, reader: FrameReader, greeting: Greeting): boolean {
  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.toString('latin1', 0, end);
  if (end < 0 || !head.startsWith('HTTP/1.1 101')) {
    greeting.fail(new Error(`no upgrade: ${head.slice(0, 200) || bytes.toString('utf8', 0, 200)}`));
    return false;
  }
  greeting.begin();
  if (bytes.length > end + 4) reader.take(bytes.subarray(end + 4));
  return true;
}

function close(socket: Socket): void {
  socket.removeAllListeners('error').on('error', () => undefined);
  socket.destroy();
}
