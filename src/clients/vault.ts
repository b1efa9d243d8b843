import { seal, type Belonging, type PublicKey } from '#contracts/sealed.ts';
import {
  LeaseAnswer,
  ProviderAnswer,
  PUBLIC_KEY_MS,
  PublicKeyAnswer,
  ResealAnswer,
  TotpAnswer,
  VaultStatus,
  type ProviderRequest,
  type SealedSecret,
} from '#contracts/vault.ts';
import type { AppError } from '#core/errors.ts';
import type { VaultHealth } from '#core/secret.ts';
import type { z } from 'zod';
import { quickSuite } from './quick-suite.ts';
import { vaultAway } from './vault-errors.ts';
import { vaultLine, type Asked, type VaultAddress } from './vault-line.ts';

/** The vault as the rest of the program sees it. Everything throws `AppError`: 503 `vault-away` where it cannot be reached. */
export interface Vault {
  /** Seals here, with the vault's public key. */
  seal(value: string, belonging: Belonging): Promise<string>;
  /** Throws 409 `cannot-open`. */
  check(secret: SealedSecret): Promise<void>;
  call(secret: SealedSecret, provider: string, request: ProviderRequest, signal?: AbortSignal): Promise<ProviderAnswer>;
  lease(secret: SealedSecret, provider: string): Promise<LeaseAnswer>;
  /** The time step that a code is of, by a sealed seed; undefined where it is wrong or not newer than `after`. */
  totp(seed: SealedSecret, code: string, after: number): Promise<number | undefined>;
  /** The same secrets by the newest key; undefined in the place of one that cannot be opened. */
  reseal(secrets: SealedSecret[]): Promise<(string | undefined)[]>;
  /** begin: makes the next key, or tells the one of a rotation under way. end: makes `next` the current one. */
  rotation(step: { step: 'begin' } | { step: 'end'; next: string }): Promise<VaultStatus>;
  status(signal?: AbortSignal): Promise<VaultStatus>;
  /** Never throws, and answers within 2 s. */
  health(): Promise<VaultHealth>;
  close(): Promise<void>;
}

const SUITE = quickSuite();

/** The vault at an address. Connections are made as they are needed, and kept. */
export function vaultClient(address: VaultAddress): Vault {
  const line = vaultLine(address);
  const ask = async <S extends z.ZodType>(schema: S, asked: Asked): Promise<z.infer<S>> => {
    const read = schema.safeParse(await line.ask(asked));
    if (!read.success) throw vaultAway('answered what it should not: it and this process are of two versions');
    return read.data;
  };
  const publicKey = kept(() => ask(PublicKeyAnswer, { method: 'GET', path: '/v1/public-key', again: true }));
  const status = (signal?: AbortSignal): Promise<VaultStatus> =>
    ask(VaultStatus, { method: 'GET', path: '/v1/status', again: true, ...(signal && { signal }) });
  return {
    async seal(value, belonging) {
      const bytes = new TextEncoder().encode(value);
      try {
        return await seal(await publicKey(), bytes, belonging, SUITE);
      } finally {
        bytes.fill(0);
      }
    },
    async check(secret) {
      await line.ask({ ...post('check', only(secret)), again: true });
    },
    call: (secret, provider, request, signal) =>
      ask(ProviderAnswer, { ...post('call', { ...only(secret), provider, request }), ...(signal && { signal }) }),
    lease: (secret, provider) => ask(LeaseAnswer, post('lease', { ...only(secret), provider })),
    async totp(seed, code, after) {
      const { step } = await ask(TotpAnswer, post('totp', { ...only(seed), code, after }));
      return step ?? undefined;
    },
    async reseal(secrets) {
      const answer = await ask(ResealAnswer, { ...post('reseal', { secrets: secrets.map(only) }), again: true });
      return answer.secrets.map(({ sealed }) => sealed ?? undefined);
    },
    rotation: (step) => ask(VaultStatus, { ...post('rotation', step), again: true }),
    status,
    health: () => healthBy(line.ask({ method: 'GET', path: '/v1/public-key', signal: AbortSignal.timeout(LOOK_MS) })),
    close: () => line.close(),
  };
}

/** No vault, where there can be none: everything is refused with why. */
export function noVault(why: string): Vault {
  const refuse = (): Promise<never> => Promise.reject(vaultAway(why));
  return {
    seal: refuse,
    check: refuse,
    call: refuse,
    lease: refuse,
    totp: refuse,
    reseal: refuse,
    rotation: refuse,
    status: refuse,
    health: () => healthBy(refuse()),
    close: async () => undefined,
  };
}

/** ms that a look at the vault may take. */
const LOOK_MS = 1_800;

/** Everybody may ask for the public key: whether there is one tells how the vault is. */
async function healthBy(asking: Promise<unknown>): Promise<VaultHealth> {
  try {
    await asking;
    return { state: 'ready' };
  } catch (error) {
    const { code, message: why } = error as AppError;
    // One that refuses is there, and is not to be replaced.
    if (code === 'busy') return { state: 'ready' };
    return { state: code === 'no-key' ? 'no-key' : 'away', why };
  }
}

function post(operation: string, body: unknown): Asked {
  return { method: 'POST', path: `/v1/${operation}`, body };
}

/** Of a row of the database the three that the vault takes. */
function only({ sealed, owner, purpose }: SealedSecret): SealedSecret {
  return { sealed, owner, purpose };
}

/** The vault's key, asked anew after a while, as a rotation brings another. Those who ask at once share one question. */
function kept(ask: () => Promise<PublicKey>): () => Promise<PublicKey> {
  let asked: { key: Promise<PublicKey>; until: number } | undefined;
  return () => {
    if (asked && performance.now() < asked.until) return asked.key;
    const mine = { key: ask(), until: performance.now() + PUBLIC_KEY_MS };
    asked = mine;
    mine.key.catch(() => {
      if (asked === mine) asked = undefined;
    });
    return mine.key;
  };
}
