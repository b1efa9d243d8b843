import { createCipheriv, createHmac, diffieHellman, generateKeyPairSync, KeyObject } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256, type SenderContextParams } from '@hpke/core';

/**
 * The suite of `contracts/sealed.ts` for who only seals: the library's construction over Node's own functions, which answer at
 * once. The library's take some twenty trips to the thread pool for one seal, and twice the time. Tests open with the library's.
 */
export function quickSuite(): CipherSuite {
  return new CipherSuite({ kem: new QuickKem(), kdf: new QuickKdf(), aead: new QuickAead() });
}

type Bytes = ArrayBufferLike | ArrayBufferView;

/** https://www.rfc-editor.org/rfc/rfc5869.html, for at most one block: no key here is longer. */
class QuickKdf extends HkdfSha256 {
  override async extract(salt: Bytes, ikm: Bytes): Promise<ArrayBuffer> {
    return hmac(salt.byteLength === 0 ? new Uint8Array(BLOCK) : bytesOf(salt), bytesOf(ikm));
  }

  override async expand(prk: Bytes, info: Bytes, length: number): Promise<ArrayBuffer> {
    if (length > BLOCK) throw new RangeError('one block at most');
    return hmac(bytesOf(prk), bytesOf(info), FIRST).slice(0, length);
  }

  override async extractAndExpand(salt: Bytes, ikm: Bytes, info: Bytes, length: number): Promise<ArrayBuffer> {
    return this.expand(await this.extract(salt, ikm), info, length);
  }
}

/** Encap and ExtractAndExpand: https://www.rfc-editor.org/rfc/rfc9180.html#section-4.1 */
class QuickKem extends DhkemX25519HkdfSha256 {
  readonly #kdf = new QuickKdf();

  constructor() {
    super();
    this.#kdf.init(KEM_ID);
  }

  override async encap({ recipientPublicKey }: SenderContextParams): Promise<Encapsulated> {
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const recipient = KeyObject.from(recipientPublicKey);
    const enc = rawOf(publicKey);
    const shared = diffieHellman({ privateKey, publicKey: recipient });
    const ikm = this.#kdf.buildLabeledIkm(word('eae_prk'), shared);
    const both = Buffer.concat([enc, rawOf(recipient)]);
    const info = this.#kdf.buildLabeledInfo(word('shared_secret'), both, BLOCK);
    const sharedSecret = await this.#kdf.extractAndExpand(new Uint8Array(0), ikm, info, BLOCK);
    shared.fill(0);
    return { enc: enc.buffer, sharedSecret };
  }
}

interface Encapsulated {
  sharedSecret: ArrayBuffer;
  enc: ArrayBuffer;
}

class QuickAead extends Aes256Gcm {
  override createEncryptionContext(key: Bytes): ReturnType<Aes256Gcm['createEncryptionContext']> {
    return {
      async seal(iv, data, aad) {
        const cipher = createCipheriv('aes-256-gcm', bytesOf(key), bytesOf(iv)).setAAD(bytesOf(aad));
        return own(Buffer.concat([cipher.update(bytesOf(data)), cipher.final(), cipher.getAuthTag()])).buffer;
      },
      async open() {
        throw new Error('who only seals opens nothing');
      },
    };
  }
}

/** Bytes of a SHA-256, and of every key and secret here. */
const BLOCK = 32;

/** The number of HKDF-Expand's first block. */
const FIRST = Uint8Array.of(1);

/** "KEM" and the KEM's number: https://www.rfc-editor.org/rfc/rfc9180.html#section-7.1 */
const KEM_ID = Uint8Array.of(...word('KEM'), 0x00, 0x20);

function hmac(key: Uint8Array, ...parts: Uint8Array[]): ArrayBuffer {
  const made = createHmac('sha256', key);
  for (const part of parts) made.update(part);
  return own(made.digest()).buffer;
}

/** The 32 bytes at the end of its SubjectPublicKeyInfo: https://www.rfc-editor.org/rfc/rfc8410.html#section-4 */
function rawOf(key: KeyObject): Uint8Array<ArrayBuffer> {
  return own(key.export({ type: 'spki', format: 'der' }).subarray(-BLOCK));
}

function bytesOf(given: Bytes): Uint8Array {
  return ArrayBuffer.isView(given)
    ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
    : new Uint8Array(given);
}

/** Node's buffers may be part of a larger one. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function word(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
