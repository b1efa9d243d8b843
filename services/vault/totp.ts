import { createHmac, timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import { TOTP_PURPOSE, type TotpAnswer, type TotpBody } from '#contracts/vault.ts';
import type { Audit } from './audit.ts';
import { Bucket } from './bucket.ts';
import { CALL_LIMITS } from './call-limits.ts';
import type { Keys } from './keys.ts';
import { Refusal } from './refusal.ts';

type Asked = z.infer<typeof TotpBody>;

/** Looks whether a code is right by the sealed seed of a second factor, a few times a minute for each owner. Notes each outcome. */
export type TotpChecker = (body: Asked, by: string) => Promise<TotpAnswer>;

export interface TotpParts {
  keys: Pick<Keys, 'open'>;
  audit: Audit;
  clock(): number;
}

export function totpChecker({ keys, audit, clock }: TotpParts): TotpChecker {
  const paces = new Map<string, Bucket>();
  return async (body, by) => {
    const { owner, code, after } = body;
    const told = { at: clock(), by, operation: 'totp', owner, purpose: TOTP_PURPOSE };
    try {
      take(paces, owner, clock());
      const seed = await keys.open({ sealed: body.sealed, owner, purpose: TOTP_PURPOSE });
      const step = stepOf(code, { seed: readBase32(seed), now: clock(), after });
      seed.fill(0);
      audit({ ...told, outcome: step === null ? 'wrong' : 'ok' });
      return { step };
    } catch (error) {
      audit({ ...told, outcome: error instanceof Refusal ? error.code : 'failed' });
      throw error;
    }
  };
}

/** Guessing goes no faster than this, whoever asks and however often. */
function take(paces: Map<string, Bucket>, owner: string, now: number): void {
  const pace = paces.get(owner) ?? new Bucket(CALL_LIMITS.totp, now);
  paces.delete(owner);
  paces.set(owner, pace);
  const oldest = paces.size > CALL_LIMITS.totpOwners ? paces.keys().next().value : undefined;
  if (oldest !== undefined) paces.delete(oldest);
  const wait = pace.readyAt(now, 1) - now;
  if (wait > 0) throw new Refusal(429, 'too-many-tries', 'Those were too many codes.', Math.ceil(wait / 1000));
  pace.take(now);
}

const STEP_MS = 30_000;

/** The time step that the code is of: now, the one before or the next, if it is newer than `after`. https://www.rfc-editor.org/rfc/rfc6238 */
function stepOf(code: string, { seed, now, after }: { seed: Buffer; now: number; after: number }): number | null {
  const current = Math.floor(now / STEP_MS);
  let found: number | null = null;
  // All three are computed, whichever is right.
  for (const step of [current, current - 1, current + 1])
    if (timingSafeEqual(Buffer.from(codeAt(seed, step)), Buffer.from(code)) && step > after) found = step;
  seed.fill(0);
  return found;
}

/** https://www.rfc-editor.org/rfc/rfc4226#section-5.3 with SHA-1 and 6 digits, which every app knows. */
export function codeAt(seed: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', seed).update(counter).digest();
  const at = (mac[19] ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** https://www.rfc-editor.org/rfc/rfc4648#section-6, without padding. It is read from bytes, as a string cannot be overwritten. */
function readBase32(text: Uint8Array): Buffer {
  const bytes = Buffer.alloc(Math.floor((text.length * 5) / 8));
  let [bits, kept, at] = [0, 0, 0];
  for (const letter of text) {
    const value = LETTERS.indexOf(String.fromCharCode(letter));
    if (value < 0) throw new Refusal(409, 'cannot-open', 'It is not the seed of a second factor.');
    bits = ((bits << 5) | value) & 0xfff;
    kept += 5;
    if (kept >= 8) {
      kept -= 8;
      bytes[at++] = (bits >> kept) & 0xff;
    }
  }
  return bytes;
}
