import { z } from 'zod';

/** The seed of a second factor: it is set up, used and ended as one, and not as a secret of a person's. */
export const SEED_PURPOSE = 'totp';

/** What has a place of its own, and is no secret that people store or forget by name. */
const KEPT_FOR = new Map([
  [SEED_PURPOSE, 'is kept for the second factor, which has a place of its own'],
  // `APPLICATION_PURPOSE` of contracts/vault.ts: a token whose application nobody asked about would be leased.
  ['discord-app', 'is kept for the community’s own application, which stands with its spaces'],
]);

/** `WORKSPACE_PURPOSE` there, with a workspace's id behind it. */
const WORKSPACES = 'slack-app';

const keptFor = (purpose: string): string | undefined =>
  purpose.startsWith(WORKSPACES)
    ? 'is kept for a Slack workspace, which stands with the community’s spaces'
    : KEPT_FOR.get(purpose);

/** What a secret is for: a name of the kind of `torn`. */
export const SecretPurpose = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'is not a name such as torn')
  .refine((purpose) => keptFor(purpose) === undefined, { error: ({ input }) => keptFor(String(input)) ?? '' });

/** What is told of a secret: never its value. */
export interface SecretFacts {
  purpose: string;
  setAt: number;
  lastUsedAt: number | null;
  /** What used it last, such as `check` or `torn`. */
  lastUsedBy: string | null;
  /** The vault has not the key that sealed it: it cannot be used until that is brought back, or the secret is typed anew. */
  lost?: boolean;
}

/** A secret's owner (an account, a community, `platform:id`) and what it is for. */
export interface SecretName {
  owner: string;
  purpose: string;
}

/** ready: secrets can be sealed and used. away: it starts or was lost a moment ago. no-key: somebody has to do something. */
export interface VaultHealth {
  state: 'ready' | 'away' | 'no-key';
  why?: string;
}

/** The secrets of people and communities. Whether one may ask is the caller's question. Nothing here gives a value back. */
export interface Secrets {
  /** Seals and keeps it, in the place of the one before. 503 `vault-away`, 409 `too-many-secrets`. */
  set(name: SecretName, value: string, by: string): Promise<void>;
  list(owner: string): Promise<SecretFacts[]>;
  /** Asks the vault whether it can open it. 404, 409 `cannot-open`, 503 `vault-away`. */
  check(name: SecretName, by: string): Promise<void>;
  /** 404 where there is none. */
  forget(name: SecretName, by: string): Promise<void>;
  /** How the vault is now; never throws. */
  health(): Promise<VaultHealth>;
}

/** What features are given: they keep what a connector sealed, and have the vault ask providers with it. */
export interface SecretUses {
  /** Keeps what a `secret(…)` argument holds. It opens for this owner and purpose alone. */
  keep(name: SecretName, sealed: string): Promise<void>;
  has(name: SecretName): Promise<boolean>;
  /** Throws `AppError`: 404 where there is none, 409 `cannot-open`, 429 and 503 with when to try again, 502 for the provider's own trouble. */
  call(name: SecretName, asked: ProviderCall, signal: AbortSignal): Promise<ProviderReply>;
}

/** A request to a provider that the vault knows. */
export interface ProviderCall {
  provider: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
}

export interface ProviderReply {
  status: number;
  contentType: string;
  body: string;
}

/** Seals what somebody typed, at the place where it came in. Throws 503 `vault-away`. */
export type Sealer = (value: string, name: SecretName) => Promise<string>;
