import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * A live connection whose client, after subscribing, reads nothing: the worst of slow phones. It speaks just enough of
 * the protocol for that. `readAll` begins to read and gives what came, until `enough` says so.
 */
export class QuietReader {
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
  }

  static async open(url: string, token: string): Promise<QuietReader> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    const lines = [
      'GET /v1/live HTTP/1.1',
      `Host: ${host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Authorization: Bearer ${token}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(answer.toString('latin1'));
    return new QuietReader(socket);
  }

  /** Subscribes, waits for the confirmation, and then reads no more. */
  async subscribe(room: string): Promise<void> {
    let came = '';
    const confirmed = new Promise<void>((resolve) => {
      this.socket.on('data', (chunk: Buffer) => {
        came += chunk.toString('latin1');
        if (came.includes('"subscribed"')) resolve();
      });
    });
    this.socket.write(textFrame(JSON.stringify({ type: 'subscribe', room })));
    await confirmed;
    this.socket.removeAllListeners('data');
    this.socket.pause();
  }

  /** Reads until what came holds `mark`; gives how many bytes that took. */
  async readUntil(mark: string): Promise<number> {
    let tail = '';
    let bytes = 0;
    await new Promise<void>((resolve, reject) => {
      this.socket.once('close', () => reject(new Error(`closed after ${bytes} bytes, before ${mark}`)));
      this.socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        tail = (tail + chunk.toString('latin1')).slice(-chunk.length - mark.length);
        if (tail.includes(mark)) resolve();
      });
      this.socket.resume();
    });
    return bytes;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A masked text frame of less than 126 bytes, as a client sends it (RFC 6455, section 5.2). The mask is zero. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length > 125) throw new Error('too long for a short frame');
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
