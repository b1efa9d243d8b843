import { createServer, type Socket } from 'node:net';
import { answerParent } from './answer-parent.ts';

/**
 * The simplest server that coalesces: after a hand-shake it writes the same 64 frames to each socket again and again,
 * as fast as the socket takes them. What a load client counts beside it is the most that the client can count.
 */
const FRAMES = 64;
const PAYLOAD = Buffer.from(`{"type":"message","message":"${'x'.repeat(250)}"}`);
const CHUNK = Buffer.concat(Array.from({ length: FRAMES }, () => frame(PAYLOAD)));

answerParent({
  listen: () =>
    new Promise<number>((resolve) => {
      const server = createServer({ noDelay: true }, (socket) => void socket.once('data', () => welcome(socket)));
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    }),
});

function welcome(socket: Socket): void {
  socket.on('error', () => undefined).resume();
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  const blast = (): void => void setImmediate(() => (socket.write(CHUNK) ? blast() : socket.once('drain', blast)));
  setTimeout(blast, 500);
}

function frame(payload: Buffer): Buffer {
  const head = Buffer.from([0x81, 126, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
