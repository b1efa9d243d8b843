import { type SealedSecret, VAULT_MS } from '#contracts/vault.ts';
import type { Audit, AuditEntry } from './audit.ts';
import { CALL_LIMITS } from './call-limits.ts';
import { callerGone, limited, slow } from './call-refusals.ts';
import type { Governor } from './governor.ts';
import type { Keys } from './keys.ts';
import type { Answered, Outgoing } from './outgoing.ts';
import type { Provider, Signal } from './providers.ts';
import { Refusal } from './refusal.ts';

/** What calls and leases are made with. */
export interface Asking {
  keys: Pick<Keys, 'open' | 'publicKey'>;
  providers: Map<string, Provider>;
  governor: Governor;
  audit: Audit;
  clock: () => number;
  outgoing?: Outgoing;
  /** ms for one of them in all; `VAULT_MS` where it is not given. */
  within?: number;
}

/** What the audit tells of a request. */
export type Noted = Omit<AuditEntry, 'at' | 'outcome'>;

/** Does it, and notes how it ended. */
export async function noted<T>({ audit, clock }: Asking, told: Noted, act: () => Promise<T>): Promise<T> {
  try {
    const done = await act();
    audit({ ...told, at: clock(), outcome: 'ok' });
    return done;
  } catch (error) {
    audit({ ...told, at: clock(), outcome: error instanceof Refusal ? error.code : 'failed' });
    throw error;
  }
}

/** One use of a secret at a provider. */
export interface Use {
  provider: Provider;
  secret: SealedSecret;
  signal: AbortSignal;
}

/**
 * Waits for the turn of that secret, opens it then and not before, and overwrites it before anything else happens.
 * `act` has what is left of the time, in ms.
 */
export async function withSecret<T>(
  asking: Asking,
  use: Use,
  act: (secret: Uint8Array<ArrayBuffer>, within: number) => Promise<T>,
): Promise<T> {
  const { provider, secret, signal } = use;
  const until = performance.now() + (asking.within ?? VAULT_MS);
  const left = (): number => until - performance.now();
  const key = keyOf(secret);
  const end = await asking.governor.enter({
    provider: provider.name,
    pace: provider.pace,
    key,
    within: left() * CALL_LIMITS.turnShare,
    signal,
  });
  let opened: Uint8Array<ArrayBuffer> | undefined;
  try {
    opened = await asking.keys.open(secret);
    if (signal.aborted) throw callerGone();
    if (left() <= 0) throw slow();
    return await act(opened, left());
  } finally {
    opened?.fill(0);
    end();
  }
}

/** Leaves the key or the provider alone where it asked for that, and refuses then. */
export function heed({ governor }: Asking, { provider, secret }: Use, answer: Answered, signal?: Signal): void {
  const whom = limitedBy(answer, signal);
  if (!whom) return governor.calm(provider.name, keyOf(secret));
  const key = whom === 'key' ? keyOf(secret) : undefined;
  throw limited(governor.slowDown(provider.name, key, answer.retryAfter));
}

/** 429 is meant for who asked, 503 with a time for everybody: https://www.rfc-editor.org/rfc/rfc9110.html#section-15.6.4 */
function limitedBy({ status, retryAfter }: Answered, signal: Signal | undefined): 'key' | 'all' | undefined {
  if (signal?.is === 'limited') return signal.whom;
  if (status === 429) return 'key';
  return status === 503 && retryAfter !== undefined ? 'all' : undefined;
}

/** What has a pace of its own: the secret of one owner for one purpose, as it is not known which text it is. */
const keyOf = ({ owner, purpose }: SealedSecret): string => JSON.stringify([owner, purpose]);

/** 404. */
export function unknownProvider(): Refusal {
  return new Refusal(404, 'unknown-provider', 'The vault has no such provider on its list.');
}

/** 403, for a secret that was kept for something else. */
export function notMeant({ name }: Provider): Refusal {
  return new Refusal(403, 'not-allowed', `This secret was not kept for ${name}, so it is not sent there.`);
}
