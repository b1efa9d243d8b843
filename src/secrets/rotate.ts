import { setTimeout as pause } from 'node:timers/promises';
import type { Vault } from '#clients/vault.ts';
import { readSealed } from '#contracts/sealed.ts';
import { PUBLIC_KEY_MS, RESEAL_MOST } from '#contracts/vault.ts';
import { notReady } from '#core/errors.ts';
import type { SecretName } from '#core/secret.ts';
import { replaceSealed, secretsNotBy, type SealedRow } from '#storage/secrets.ts';
import type { Storage } from '#storage/storage.ts';

export interface Rotation {
  storage: Storage;
  vault: Vault;
  /** After each batch, and when the wait before the second pass begins. */
  onProgress?(so: RotationProgress): void;
  /** Waits so many ms; tests need not. */
  wait?(ms: number): Promise<void>;
}

export interface RotationProgress {
  /** 1: all that is there. 2: what was sealed with the old key meanwhile. */
  pass: 1 | 2;
  /** Secrets that the new key opens now, in all. */
  resealed: number;
  /** Secrets that no key of the vault opens. They are left as they are. */
  unopened: number;
}

/**
 * Makes a new key and seals every secret with it. It may be ended anywhere and begun again, and two at once do no harm: the
 * vault gives both the same next key until one of them ends, and a row is only put in the place of exactly the one that was read.
 */
export async function rotateSecrets(rotation: Rotation): Promise<Omit<RotationProgress, 'pass'> & { key: string }> {
  const { vault, wait = pause } = rotation;
  const { next, why } = await vault.rotation({ step: 'begin' });
  if (next === undefined) throw notReady('no-key', why ?? 'The vault has no key, and so none to change.');
  const first = await pass(rotation, { pass: 1, key: next, resealed: 0 });
  // Who asked for the public key before the next one was there may still seal with the old one, and be about to store it.
  rotation.onProgress?.({ pass: 2, ...first });
  await wait(PUBLIC_KEY_MS + STORED_WITHIN_MS);
  const second = await pass(rotation, { pass: 2, key: next, resealed: first.resealed });
  await vault.rotation({ step: 'end', next });
  return { ...second, key: next };
}

/** ms between sealing and the commit, at most: people are answered within 15 s. */
const STORED_WITHIN_MS = 15_000;

interface Pass {
  pass: 1 | 2;
  key: string;
  /** By passes before. */
  resealed: number;
}

/** Once through all rows that another key sealed, a batch at a time. */
async function pass(rotation: Rotation, { pass, key, resealed }: Pass): Promise<Omit<RotationProgress, 'pass'>> {
  const so = { resealed, unopened: 0 };
  let after: SecretName | undefined;
  for (;;) {
    const rows = await secretsNotBy(rotation.storage.db, key, { after, most: RESEAL_MOST });
    if (rows.length === 0) return so;
    const done = await resealBatch(rotation, rows);
    so.resealed += done.resealed;
    so.unopened += done.unopened;
    rotation.onProgress?.({ pass, ...so });
    after = rows.at(-1);
  }
}

async function resealBatch({ storage, vault }: Rotation, rows: SealedRow[]): Promise<Omit<RotationProgress, 'pass'>> {
  const sealed = await vault.reseal(rows.map(({ owner, purpose, sealed }) => ({ owner, purpose, sealed })));
  const made = rows.flatMap((was, place) => {
    const now = sealed[place];
    const key = now === undefined ? undefined : readSealed(now)?.key;
    return now === undefined || key === undefined ? [] : [{ was, now: { sealed: now, key } }];
  });
  const resealed = await storage.write(async (tx) => {
    let count = 0;
    for (const { was, now } of made) if (await replaceSealed(tx.db, was, now)) count += 1;
    return count;
  });
  return { resealed, unopened: rows.length - made.length };
}
