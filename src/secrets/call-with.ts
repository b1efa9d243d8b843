import { unknown } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { ProviderCall, ProviderReply, SecretName } from '#core/secret.ts';
import { noteUse, type FoundSecret } from '#storage/secrets.ts';
import { findOwned } from './owners.ts';
import type { SecretParts } from './secrets.ts';

/** Has the vault ask a provider with the secret. 404 where there is none; what the vault refuses goes up as it is. */
export async function callWith(
  parts: SecretParts,
  { name, asked, signal }: { name: SecretName; asked: ProviderCall; signal: AbortSignal },
): Promise<ProviderReply> {
  const row = await findOwned(parts.storage.db, name);
  if (!row) throw unknown('secret');
  const { provider, ...request } = asked;
  const answer = await parts.vault.call(
    { owner: row.owner, purpose: row.purpose, sealed: row.sealed },
    provider,
    request,
    signal,
  );
  await note(parts, row, provider);
  return answer;
}

/** The answer is there: a database that is away for a moment must not lose it. */
async function note({ storage, clock }: SecretParts, row: FoundSecret, by: string): Promise<void> {
  const at = clock();
  const isFresh = row.lastUsedBy === by && row.lastUsedAt !== null && at - row.lastUsedAt < LIMITS.secretUseEvery;
  if (isFresh) return;
  await storage.write((tx) => noteUse(tx.db, row, { by, at })).catch(() => undefined);
}
