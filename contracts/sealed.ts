import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

/** Whose a secret is and what it is for. What was sealed for one pair opens for no other. */
export interface Belonging {
  /** An account, a community, or `platform:id` for a person of a platform. */
  owner: string;
  /** What it is for, such as `torn`. */
  purpose: string;
}

/** The key that everybody may seal with. */
export interface PublicKey {
  id: string;
  /** 32 bytes of X25519, base64url. */
  key: string;
}

/** HPKE with X25519, HKDF-SHA256 and AES-256-GCM: https://www.rfc-editor.org/rfc/rfc9180.html */
export const SUITE = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** Bound to everything that is sealed, so that nothing sealed here opens elsewhere. */
export const INFO = new TextEncoder().encode('guildhall vault 1');

/** Seals for one owner and purpose: only the vault opens it. The text holds the key's id and no part of the secret. */
export async function seal(
  to: PublicKey,
  secret: Uint8Array<ArrayBuffer>,
  belonging: Belonging,
  suite: CipherSuite = SUITE,
): Promise<string> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(Buffer.from(to.key, 'base64url'));
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: INFO }, secret, boundTo(belonging));
  return [VERSION, to.id, encoded(enc), encoded(ct)].join('.');
}

/** What a sealed text says of itself; undefined for any other text. */
export function readSealed(text: string): Sealed | undefined {
  const [version, key = '', enc = '', ct = '', ...rest] = text.split('.');
  const good = version === VERSION && rest.length === 0 && [key, enc, ct].every((part) => /^[\w-]+$/.test(part));
  return good ? { key, enc, ct } : undefined;
}

/** The parts of a sealed text, base64url. `key`: the id of the key that opens it. */
export interface Sealed {
  key: string;
  enc: string;
  ct: string;
}

/** The associated data: JSON quotes both, so that no other pair gives the same bytes. */
export function boundTo({ owner, purpose }: Belonging): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify([owner, purpose]));
}

const VERSION = 'gs1';

function encoded(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('base64url');
}
