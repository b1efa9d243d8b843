import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** A key as it lies in the file. Who has read one overwrites `private` after use (`forgetKeys`). */
export interface StoredKey {
  /** The first 9 bytes of the SHA-256 of the public key, base64url. */
  id: string;
  /** current seals, unless there is a next; next is the one of a rotation under way; retired only opens. */
  state: 'current' | 'next' | 'retired';
  /** ms since 1970. */
  madeAt: number;
  /** 32 bytes of X25519, base64url. */
  public: string;
  /** 32 bytes of X25519. */
  private: Buffer;
}

export function makeKey(state: StoredKey['state'], madeAt: number): StoredKey {
  const { publicKey, privateKey } = generateKeyPairSync('x25519', {
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  });
  const key = Buffer.from(privateKey.subarray(-KEY_BYTES));
  privateKey.fill(0);
  const bytes = publicKey.subarray(-KEY_BYTES);
  return { id: idOf(bytes), state, madeAt, public: bytes.toString('base64url'), private: key };
}

export function forgetKeys(keys: StoredKey[]): void {
  for (const key of keys) key.private.fill(0);
}

/** The private key for Node's own functions. Its bytes cannot be read from a `KeyObject` but by export. */
export function privateKeyOf(key: StoredKey): KeyObject {
  const der = Buffer.concat([PKCS8, key.private]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** The text of a file. It holds the private keys: who asked for it overwrites it. */
export function textOf(keys: StoredKey[]): Buffer {
  const bytes = Buffer.from(
    `${JSON.stringify({ format: FORMAT, keys: keys.map((key) => ({ ...key, private: BLANK })) }, null, 2)}\n`,
  );
  const places = privatePlaces(bytes);
  keys.forEach((key, n) => writeHex(bytes, places[n] ?? 0, key.private));
  return bytes;
}

/**
 * The keys in a text, whose bytes are overwritten. Private keys are never part of a string, which nothing could overwrite.
 * Undefined where it is damaged: not ours, cut short, a key that does not fit its id or its public half, no current one or two.
 */
export function keysOf(bytes: Buffer): StoredKey[] | undefined {
  const taken: Buffer[] = [];
  try {
    for (const at of privatePlaces(bytes)) taken.push(takeHex(bytes, at));
    const { data } = KeyFile.safeParse(JSON.parse(bytes.toString()));
    const keys = data?.keys.map((key, n) => ({ ...key, private: taken[n] ?? Buffer.alloc(0) }));
    if (keys && taken.length === keys.length && areWhole(keys)) return keys;
  } catch {
    // What is wrong with it stands in no error: it might quote a key.
  } finally {
    bytes.fill(0);
  }
  for (const key of taken) key.fill(0);
  return undefined;
}

const KEY_BYTES = 32;

const FORMAT = 'guildhall vault keys 1';

const BLANK = '0'.repeat(KEY_BYTES * 2);

const KeyFile = z.strictObject({
  format: z.literal(FORMAT),
  keys: z.array(
    z.strictObject({
      id: z.string(),
      state: z.enum(['current', 'next', 'retired']),
      madeAt: z.number(),
      public: z.string(),
      private: z.literal(BLANK),
    }),
  ),
});

/** What stands before the 32 bytes of an X25519 private key in PKCS #8: https://www.rfc-editor.org/rfc/rfc8410.html#section-7 */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

function areWhole(keys: StoredKey[]): boolean {
  const having = (state: StoredKey['state']): number => keys.filter((key) => key.state === state).length;
  const different = new Set(keys.map(({ id }) => id)).size === keys.length;
  return different && having('current') === 1 && having('next') <= 1 && keys.every(fitsTogether);
}

function fitsTogether(key: StoredKey): boolean {
  const spki = createPublicKey(privateKeyOf(key)).export({ format: 'der', type: 'spki' });
  const bytes = spki.subarray(-KEY_BYTES);
  return key.public === bytes.toString('base64url') && key.id === idOf(bytes);
}

function idOf(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest().subarray(0, 9).toString('base64url');
}

/** Where the digits of each private key begin. */
function privatePlaces(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(NAME); at >= 0; at = bytes.indexOf(NAME, at + 1))
    places.push(bytes.indexOf(QUOTE, at + NAME.length) + 1);
  return places;
}

const NAME = '"private"';

const QUOTE = '"';

/** Takes the digits out of the text, zeros in their place. */
function takeHex(bytes: Buffer, at: number): Buffer {
  const taken = Buffer.alloc(KEY_BYTES);
  for (let n = 0; n < KEY_BYTES; n++) taken[n] = (digitOf(bytes[at + 2 * n]) << 4) | digitOf(bytes[at + 2 * n + 1]);
  bytes.fill('0', at, at + 2 * KEY_BYTES);
  return taken;
}

function digitOf(byte = 0): number {
  const digit = DIGITS.indexOf(byte);
  if (digit < 0) throw new Error('not a digit');
  return digit;
}

function writeHex(bytes: Buffer, at: number, key: Uint8Array): void {
  key.forEach((byte, n) => {
    bytes[at + 2 * n] = DIGITS[byte >> 4] ?? 0;
    bytes[at + 2 * n + 1] = DIGITS[byte & 15] ?? 0;
  });
}

const DIGITS = Buffer.from('0123456789abcdef');
