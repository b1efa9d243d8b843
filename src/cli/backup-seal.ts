import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  scrypt,
  timingSafeEqual,
  type ScryptOptions,
} from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Writes `from` into `to`, sealed with the passphrase: a head, its seal, then pieces of AES-256-GCM, each with its number and
 * whether it is the last in its nonce, so that none can be missing, moved or added. The construction is STREAM:
 * https://eprint.iacr.org/2015/189.pdf . A few pieces are in memory, however large the file is. Gives the SHA-256 of what was sealed.
 */
export async function sealFile({ from, to }: Paths, passphrase: string, cost = COST): Promise<string> {
  const head = newHead(cost);
  const keys = await keysOf(head, passphrase);
  const hash = createHash('sha256');
  const [source, target] = [await open(from, 'r'), await open(to, 'wx', 0o600)];
  try {
    await target.write(Buffer.concat([head, sealOfHead(head, keys)]));
    for await (const { bytes, n, last } of piecesOf(source, { at: 0, size: PIECE })) {
      hash.update(bytes);
      const cipher = createCipheriv('aes-256-gcm', keys.pieces, nonceOf(head, n, last)).setAAD(head);
      await target.write(Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]));
    }
    await target.sync();
  } finally {
    forget(keys);
    await Promise.all([source.close(), target.close()]);
  }
  return hash.digest('hex');
}

/**
 * Reads `from`, trying each passphrase, and writes what was sealed into `to`, where that is given. Gives its SHA-256. Throws a
 * sentence where no passphrase is right, or the file is damaged or cut: what was written until then is of no use.
 */
export async function openSealed({ from, to }: { from: string; to?: string }, passphrases: string[]): Promise<string> {
  const source = await open(from, 'r');
  const target = to === undefined ? undefined : await open(to, 'wx', 0o600);
  try {
    const { head, keys } = await openHead(source, passphrases);
    const hash = createHash('sha256');
    for await (const piece of piecesOf(source, { at: HEAD + SEAL, size: PIECE + TAG })) {
      const bytes = openPiece(piece, { head, keys });
      hash.update(bytes);
      await target?.write(bytes);
    }
    forget(keys);
    return hash.digest('hex');
  } finally {
    await Promise.all([source.close(), target?.close()]);
  }
}

/** Whether a file says of itself that it is sealed. */
export async function isSealed(file: string): Promise<boolean> {
  const source = await open(file, 'r');
  try {
    return (await readAt(source, { at: 0, size: MAGIC.length })).equals(MAGIC);
  } finally {
    await source.close();
  }
}

interface Paths {
  from: string;
  to: string;
}

/** The first bytes of every sealed backup. */
const MAGIC = Buffer.from('guildhall backup');

/** The form that this program writes, and the only one it reads. */
const VERSION = 1;

/** 128 MiB and about half a second for each guess: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt */
const COST = { log2N: 17, r: 8, p: 1 };

/** What a file may ask for at most, so that a foreign one cannot take all memory: 1 GiB. */
const MOST = { log2N: 20, r: 8, p: 4 };

/** Bytes of a piece before it is sealed. */
const PIECE = 64 * 1024;

/** Bytes of a seal of AES-256-GCM. */
const TAG = 16;

/** Bytes: magic, version, the three costs, 16 of salt, 7 that all nonces begin with. */
const HEAD = MAGIC.length + 4 + 16 + 7;

/** Bytes of the head's own seal, an HMAC-SHA-256: it tells a wrong passphrase from a damaged piece. */
const SEAL = 32;

function newHead({ log2N, r, p }: typeof COST): Buffer {
  return Buffer.concat([MAGIC, Buffer.from([VERSION, log2N, r, p]), randomBytes(16), randomBytes(7)]);
}

function nonceOf(head: Buffer, n: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12, 0);
  head.copy(nonce, 0, HEAD - 7);
  nonce.writeUInt32BE(n, 7);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** One seals the head, one the pieces. */
interface Keys {
  head: Buffer;
  pieces: Buffer;
}

async function keysOf(head: Buffer, passphrase: string): Promise<Keys> {
  const [log2N = 0, r = 0, p = 0] = head.subarray(MAGIC.length + 1, MAGIC.length + 4);
  const salt = head.subarray(HEAD - 7 - 16, HEAD - 7);
  const cost = { N: 2 ** log2N, r, p, maxmem: 2 * 128 * 2 ** log2N * r };
  const both = await derive({ passphrase, salt }, cost);
  return { head: both.subarray(0, 32), pieces: both.subarray(32) };
}

function derive({ passphrase, salt }: { passphrase: string; salt: Buffer }, cost: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, key: Buffer): void => (error ? reject(error) : resolve(key));
    scrypt(passphrase.normalize('NFKC'), salt, 64, cost, done);
  });
}

function sealOfHead(head: Buffer, keys: Keys): Buffer {
  return createHmac('sha256', keys.head).update(head).digest();
}

function forget(keys: Keys): void {
  keys.head.fill(0);
  keys.pieces.fill(0);
}

async function openHead(source: FileHandle, passphrases: string[]): Promise<{ head: Buffer; keys: Keys }> {
  const start = await readAt(source, { at: 0, size: HEAD + SEAL });
  const [head, seal] = [start.subarray(0, HEAD), start.subarray(HEAD)];
  const [version, log2N = 0, r = 0, p = 0] = head.subarray(MAGIC.length);
  if (start.length < HEAD + SEAL) throw new Error('It was cut off within its first bytes.');
  if (version !== VERSION || log2N > MOST.log2N || r > MOST.r || p > MOST.p)
    throw new Error('It is of a newer Guildhall, or its first bytes are damaged.');
  for (const passphrase of passphrases) {
    const keys = await keysOf(head, passphrase);
    if (timingSafeEqual(sealOfHead(head, keys), seal)) return { head, keys };
    forget(keys);
  }
  throw new WrongPassphrase();
}

/** None of the passphrases opens the file. */
export class WrongPassphrase extends Error {
  constructor() {
    super('The passphrase is not the one that it was sealed with, or its first bytes are damaged.');
  }
}

/** A part of a file: its number, and whether nothing comes behind it. */
interface Piece {
  bytes: Buffer;
  n: number;
  last: boolean;
}

function openPiece({ bytes, n, last }: Piece, { head, keys }: { head: Buffer; keys: Keys }): Buffer {
  const [sealed, tag] = [bytes.subarray(0, -TAG), bytes.subarray(-TAG)];
  try {
    const decipher = createDecipheriv('aes-256-gcm', keys.pieces, nonceOf(head, n, last), { authTagLength: TAG });
    decipher.setAAD(head).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    forget(keys);
    const where = (HEAD + SEAL + n * (PIECE + TAG)).toLocaleString('en');
    throw new Error(`It is damaged or was cut off, at byte ${where} or soon after.`);
  }
}

/** The file from `at` on, one piece read ahead. There is always a last piece, if only an empty one. */
async function* piecesOf(source: FileHandle, { at, size }: { at: number; size: number }): AsyncGenerator<Piece> {
  let bytes = await readAt(source, { at, size });
  for (let n = 0; ; n++) {
    const next = bytes.length < size ? EMPTY : await readAt(source, { at: at + (n + 1) * size, size });
    const last = next.length === 0;
    yield { bytes, n, last };
    if (last) return;
    bytes = next;
  }
}

const EMPTY = Buffer.alloc(0);

/** Fewer bytes only where the file ends. */
async function readAt(source: FileHandle, { at, size }: { at: number; size: number }): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  let has = 0;
  while (has < size) {
    const { bytesRead } = await source.read(buffer, has, size - has, at + has);
    if (bytesRead === 0) break;
    has += bytesRead;
  }
  return buffer.subarray(0, has);
}
