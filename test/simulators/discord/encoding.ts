import { constants, createDeflate, deflateSync } from 'node:zlib';

/** Turns one payload after another into frames. `send` gets them in the same order. */
export type Encoder = (text: string) => void;
type Send = (frame: string | Buffer) => void;

export const plain = (send: Send): Encoder => send;

/** Each payload is compressed by itself: what a client asks for with `compress: true` in its identify. */
export const payloadCompression =
  (send: Send): Encoder =>
  (text) =>
    send(deflateSync(text));

/**
 * One compression context for the life of the connection; every payload ends in a sync flush (00 00 FF FF):
 * https://discord.com/developers/docs/events/gateway#transport-compression
 */
export function zlibStream(send: Send): Encoder {
  const deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH });
  const pieces: Buffer[] = [];
  deflate.on('data', (piece: Buffer) => pieces.push(piece));
  return (text) => void deflate.write(text, () => send(Buffer.concat(pieces.splice(0))));
}
