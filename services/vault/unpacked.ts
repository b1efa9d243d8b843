import type { IncomingMessage } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { packed } from './call-refusals.ts';

/** The body as it was before it was packed, in small pieces: who reads counts them, and ends it by not reading on. */
export function unpacked(response: IncomingMessage): AsyncIterable<Buffer> {
  const encoding = (response.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return response;
  const make = UNPACKERS[encoding];
  if (!make) throw packed();
  return pipeline(response, make(), () => undefined);
}

const UNPACKERS: Record<string, () => Transform> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
};
