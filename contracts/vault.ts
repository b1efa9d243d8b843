/**
 * What the vault and the rest of the program say to each other: JSON over HTTP, on a socket of the machine or over mutual TLS.
 * The vault opens what was sealed for it and gives nothing of it back, but the token of a community's own application, or of
 * its Slack workspace, to the connector that signs in with it; a caller is who its certificate says.
 */
import { z } from 'zod';

/** Bytes of a secret as it is typed: the longest in use are tokens of about 4,000. */
export const SECRET_BYTES = 8 * 1024;

/** Characters of a sealed text: a secret in base64, its key and its seal. */
const SEALED_LENGTH = 12 * 1024;

/** A sealed text and whose it is. The vault opens it for that pair alone. */
export const SealedSecret = z.strictObject({
  sealed: z.string().min(1).max(SEALED_LENGTH),
  owner: z.string().min(1).max(200),
  purpose: z.string().min(1).max(60),
});

export type SealedSecret = z.infer<typeof SealedSecret>;

/** `GET /v1/public-key`: what to seal with now. */
export const PublicKeyAnswer = z.object({ id: z.string(), key: z.string() });

/** `POST /v1/check`: 204 where it can be opened, 409 `cannot-open` where not. */
export const CheckBody = SealedSecret;

/** What the seed of a second factor is sealed for. Nobody else's secret may have that name. */
export const TOTP_PURPOSE = 'totp';

/** `POST /v1/totp`: whether a code is right by a sealed seed (RFC 6238). `after`: the newest time step that counted. */
export const TotpBody = SealedSecret.extend({
  purpose: z.literal(TOTP_PURPOSE),
  code: z.string().regex(/^\d{6}$/),
  after: z.int().min(0),
});

/** The code's time step; null where it is wrong. */
export const TotpAnswer = z.object({ step: z.number().nullable() });

export type TotpAnswer = z.infer<typeof TotpAnswer>;

/** What a provider is asked. `path` begins with a slash and has no query; the secret goes where the vault's list says. */
export const ProviderRequest = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z
    .string()
    .regex(/^\/[^?#\s\\]*$/)
    .max(1_000),
  query: z.record(z.string().max(200), z.string().max(2_000)).optional(),
  /** JSON. */
  body: z.unknown().optional(),
});

export type ProviderRequest = z.infer<typeof ProviderRequest>;

/** `POST /v1/call`: asks a provider of the vault's own list with the secret. */
export const CallBody = SealedSecret.extend({ provider: z.string().max(60), request: ProviderRequest });

/** What the provider answered: its status, and its body as text. */
export const ProviderAnswer = z.object({ status: z.number(), contentType: z.string(), body: z.string() });

export type ProviderAnswer = z.infer<typeof ProviderAnswer>;

/** ms that whoever seals may go on with a public key before asking for it again. A rotation waits as long before it ends. */
export const PUBLIC_KEY_MS = 30_000;

/** Secrets in one `POST /v1/reseal`. */
export const RESEAL_MOST = 100;

/** `POST /v1/reseal`: the same secrets, sealed with the newest key. Of one that cannot be opened `sealed` is null. */
export const ResealBody = z.strictObject({ secrets: z.array(SealedSecret).min(1).max(RESEAL_MOST) });

export const ResealAnswer = z.object({ secrets: z.array(z.object({ sealed: z.string().nullable() })) });

/** `POST /v1/rotation`: `begin` makes the next key, which seals from then on; `end` makes it the current one. Each may be asked again. */
export const RotationBody = z.strictObject({ step: z.enum(['begin', 'end']), next: z.string().optional() });

/** `GET /v1/status`. `next`: a rotation is under way. `retired`: keys that only open what a restored backup holds. */
export const VaultStatus = z.object({
  state: z.enum(['ready', 'no-key']),
  why: z.string().optional(),
  current: z.string().optional(),
  next: z.string().optional(),
  retired: z.array(z.string()),
  /** When the current key was made, ms since 1970. */
  madeAt: z.number().optional(),
});

export type VaultStatus = z.infer<typeof VaultStatus>;

/** Of all keys that the vault has: what another sealed does not open. */
export const keyIds = ({ current, next, retired }: VaultStatus): ReadonlySet<string> =>
  new Set([current, next, ...retired].filter((id) => id !== undefined));

/** What a community's own Discord application is kept for. The vault gives its token to Discord's connector alone. */
export const APPLICATION_PURPOSE = 'discord-app';

/** What the bot token of a Slack workspace that joined by “Add to Slack” is kept for, with the workspace's id behind it. */
export const WORKSPACE_PURPOSE = 'slack-app-';

/** What the token for one workspace is kept for. `team`: Slack's id of it, letters and digits. */
const workspacePurpose = (team: string): string => `${WORKSPACE_PURPOSE}${team.toLowerCase()}`;

/** What the token of a community's application is kept for. */
export function applicationPurpose({ platform, platformId }: { platform: string; platformId: string }): string {
  return platform === 'slack' ? workspacePurpose(platformId) : APPLICATION_PURPOSE;
}

/** `POST /v1/lease`: a short-lived token for a connection. `provider` is one that has such tokens. */
export const LeaseBody = SealedSecret.extend({ provider: z.string().max(60) });

/** `resealed`: what to keep instead, where the provider gave a new refresh token. */
export const LeaseAnswer = z.object({
  token: z.string(),
  /** ms since 1970. */
  expiresAt: z.number(),
  resealed: z.string().optional(),
});

export type LeaseAnswer = z.infer<typeof LeaseAnswer>;

/** What each caller may ask, by the name in its certificate: the table that the vault holds and `docs/threats.md` shows. */
export type Operation = 'public-key' | 'check' | 'call' | 'reseal' | 'rotation' | 'status' | 'lease' | 'totp';

/**
 * Every refusal: problem+json with one of these codes. cannot-open: sealed for another pair or by a key that is not here.
 * not-allowed: this caller may not ask that. replayed: the same request was here before, or is too old. unknown-provider,
 * not-on-list: the vault does not call that. provider-*: what came back, or did not. busy: too many wait. too-many-tries: of codes, for one owner. no-key: no master key.
 */
export const VAULT_CODES = [
  'cannot-open',
  'not-allowed',
  'malformed',
  'replayed',
  'unknown-provider',
  'not-on-list',
  'provider-away',
  'provider-slow',
  'provider-limited',
  'provider-redirects',
  'provider-too-large',
  'provider-echoes',
  'busy',
  'too-many-tries',
  'no-key',
  'failed',
] as const;

export type VaultCode = (typeof VAULT_CODES)[number];

export const VaultProblem = z.object({
  status: z.number(),
  code: z.enum(VAULT_CODES),
  detail: z.string(),
  retryAfter: z.number().optional(),
});

/** Each request has both: a name that no other has, and when it was made (ms since 1970). What is older than `REQUEST_AGE_MS` is refused. */
export const REQUEST_HEADERS = { id: 'x-request-id', at: 'x-request-at' } as const;

/** ms: longer than a request waits in any queue, short enough to remember all ids of it. */
export const REQUEST_AGE_MS = 30_000;

/** ms that the vault has for one request in all: people are answered within 15 s. */
export const VAULT_MS = 12_000;
