import { VaultProblem, type VaultCode } from '#contracts/vault.ts';
import { AppError, notReady, type AppErrorInput } from '#core/errors.ts';

/** 503: nobody answered, or not in time. `what` goes on from "The vault …", without a full stop. */
export function vaultAway(what: string): AppError {
  return notReady('vault-away', `The vault, which keeps secrets, ${what}. Try again in a moment.`);
}

/** The vault did not let the request in, so that nothing of it was done. */
export class NotTaken extends AppError {}

/** A refusal of the vault as the rest of the program knows errors; its sentence says what to do. */
export function vaultError(status: number, body: unknown): AppError {
  const read = VaultProblem.safeParse(body);
  if (!read.success) return vaultAway(`answered ${status} and nothing that can be read`);
  const { code, detail, retryAfter } = read.data;
  const { says = detail, adds, retryAfter: usual, ...shown } = SHOWN[code];
  const seconds = retryAfter ?? usual;
  const Made = code === 'replayed' ? NotTaken : AppError;
  return new Made({
    code,
    ...shown,
    detail: adds === undefined ? says : `${says} ${adds}`,
    ...(seconds !== undefined && { retryAfter: Math.max(1, Math.ceil(seconds)) }),
  });
}

interface Shown extends Pick<AppErrorInput, 'status' | 'fault' | 'retryAfter'> {
  /** Where the rest of the program has another name for it. */
  code?: string;
  /** Instead of the vault's own sentence, or behind it. */
  says?: string;
  adds?: string;
}

const PLATFORM = { status: 502, fault: 'platform' } as const;

const SHOWN: Record<VaultCode, Shown> = {
  'cannot-open': { status: 409, adds: 'Enter the secret anew.' },
  'not-allowed': { status: 403 },
  malformed: { status: 400 },
  replayed: {
    status: 503,
    code: 'vault-away',
    fault: 'ours',
    retryAfter: 5,
    adds: 'Try again in a moment. Where it stays so, the clocks of two machines differ.',
  },
  'unknown-provider': { status: 404 },
  'not-on-list': { status: 403 },
  'provider-away': PLATFORM,
  'provider-slow': PLATFORM,
  'provider-limited': { status: 429, fault: 'platform', retryAfter: 30 },
  'provider-redirects': { ...PLATFORM, adds: 'The operator sees to it: is the provider’s address right?' },
  'provider-too-large': PLATFORM,
  'provider-echoes': { ...PLATFORM, adds: 'Make a new key there, to be safe.' },
  'too-many-tries': { status: 429, code: 'too-fast', retryAfter: 10 },
  busy: { status: 503, fault: 'ours', retryAfter: 5 },
  // The vault's own sentence names files of its machine, and is for the operator: vault status.
  'no-key': {
    status: 503,
    fault: 'ours',
    retryAfter: 60,
    says: 'The vault has lost its key, so no secret can be kept or used. The operator sees to it: npm run -s guildhall -- vault status',
  },
  failed: PLATFORM,
};
