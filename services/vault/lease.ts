import { z } from 'zod';
import { seal } from '#contracts/sealed.ts';
import { CALL_LIMITS } from './call-limits.ts';
import type { LeaseAnswer, LeaseBody } from '#contracts/vault.ts';
import { type Asking, heed, noted, notMeant, unknownProvider, type Use, withSecret } from './asking.ts';
import { away, callerGone, echoing } from './call-refusals.ts';
import { holdsSecret } from './echoes.ts';
import { type Answered, createOutgoing, type Outgoing } from './outgoing.ts';
import { addressOf, isMeantFor, type LeaseRules, type WholeRules } from './providers.ts';
import { Refusal } from './refusal.ts';
import { type Shared, sharedLeases } from './shared-leases.ts';

/** Gives short-lived tokens for the refresh tokens that are kept. Throws `Refusal`, and notes each outcome. */
export interface Leaser {
  lease(body: Lease, by: string, signal: AbortSignal): Promise<LeaseAnswer>;
}

type Lease = z.infer<typeof LeaseBody>;

export function leaser(asking: Asking): Leaser {
  const parts = { asking, outgoing: asking.outgoing ?? createOutgoing(), shared: sharedLeases(asking.clock) };
  return {
    lease(body, by, signal) {
      const { owner, purpose, provider } = body;
      return noted(asking, { by, operation: 'lease', owner, purpose, provider }, () => lease(parts, body, signal));
    },
  };
}

interface Parts {
  asking: Asking;
  outgoing: Outgoing;
  shared: Shared;
}

/** Many who ask at once with one refresh token share one request, which goes on when one of them goes away. */
async function lease(parts: Parts, { provider: name, ...secret }: Lease, signal: AbortSignal): Promise<LeaseAnswer> {
  const provider = parts.asking.providers.get(name);
  if (provider?.whole) return whole(parts, { provider, secret, signal }, provider.whole);
  if (!provider?.lease) throw unknownProvider();
  if (!isMeantFor(secret.purpose, provider)) throw notMeant(provider);
  const { client, path } = provider.lease;
  if (!client) throw noApplication(name);
  const use = { provider, secret, signal: new AbortController().signal };
  const run = (): Promise<LeaseAnswer> => refreshed(parts, use, { client, path });
  if (signal.aborted) throw callerGone();
  return unlessGone(parts.shared(JSON.stringify([name, secret.owner, secret.purpose, secret.sealed]), run), signal);
}

/** Of a community's application or workspace, and of nothing else. */
function whole({ asking }: Parts, use: Use, { isFor, owners, forMs }: WholeRules): Promise<LeaseAnswer> {
  if (!isFor(use.secret.purpose) || !use.secret.owner.startsWith(owners)) throw notMeant(use.provider);
  return withSecret(asking, use, async (secret) => ({
    token: new TextDecoder().decode(secret),
    expiresAt: asking.clock() + forMs,
  }));
}

async function unlessGone<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(callerGone());
  signal.addEventListener('abort', leave);
  try {
    return await Promise.race([shared, gone]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

type Client = LeaseRules['client'] & {};

async function refreshed(
  { asking, outgoing }: Parts,
  use: Use,
  { client, path }: { client: Client; path: string },
): Promise<LeaseAnswer> {
  return withSecret(asking, use, async (secret, within) => {
    const got = await outgoing({
      url: addressOf(use.provider, path),
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: formOf(secret, client),
      within,
      most: CALL_LIMITS.leaseAnswer,
      signal: use.signal,
    });
    heed(asking, use, got);
    return granted(asking, use, { got, secret });
  });
}

/** https://dev.twitch.tv/docs/authentication/refresh-tokens/#how-to-use-a-refresh-token */
function formOf(secret: Uint8Array<ArrayBuffer>, { id, secret: clientSecret }: Client): string {
  const refresh_token = new TextDecoder().decode(secret);
  const fields = { grant_type: 'refresh_token', client_id: id, client_secret: clientSecret, refresh_token };
  return new URLSearchParams(fields).toString();
}

interface Got {
  got: Answered;
  secret: Uint8Array<ArrayBuffer>;
}

async function granted({ keys, clock }: Asking, { provider, secret: kept }: Use, parts: Got): Promise<LeaseAnswer> {
  const { got, secret } = parts;
  if (got.status >= 500) throw away();
  if (got.status !== 200) throw refusedBy(provider.name, got);
  const { access_token: token, expires_in, refresh_token: next } = tokenIn(got.body);
  if (holdsSecret(Buffer.from(token), secret)) throw echoing();
  const leased = { token, expiresAt: clock() + expires_in * 1_000 };
  const bytes = Buffer.from(next ?? '');
  if (next === undefined || bytes.equals(secret)) return leased;
  const plain = new Uint8Array(bytes);
  try {
    return { ...leased, resealed: await seal(keys.publicKey(), plain, kept) };
  } finally {
    plain.fill(0);
    bytes.fill(0);
  }
}

/** Seconds; a token that cannot stand in a header is none. */
const Token = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]{1,2000}$/),
  expires_in: z.number().positive(),
  refresh_token: z.string().min(1).max(4_000).optional(),
});

function tokenIn(body: Buffer): z.infer<typeof Token> {
  try {
    return Token.parse(JSON.parse(body.toString()));
  } catch {
    throw new Refusal(502, 'failed', 'The provider’s answer to a refresh token was not a token. Try again later.');
  }
}

/** 400 and 401: the refresh token does not work any more; others, 403 at Twitch: the application’s own words are wrong. */
function refusedBy(name: string, { status, body }: Answered): Refusal {
  const isToken = status === 401 || (status === 400 && /refresh token|invalid_grant/i.test(body.toString()));
  return new Refusal(502, 'failed', isToken ? noLonger(name) : wrongApplication(name));
}

const noLonger = (name: string): string =>
  `${name} does not take this refresh token any more. It has to be given anew: sign in there again and type the new one.`;

const wrongApplication = (name: string): string =>
  `${name} does not take the application’s id and secret. The operator has to look at ${settingsOf(name)}.`;

function noApplication(name: string): Refusal {
  return new Refusal(
    502,
    'failed',
    `The vault has no application at ${name}. The operator has to set ${settingsOf(name)}.`,
  );
}

const settingsOf = (name: string): string => `${name.toUpperCase()}_CLIENT_ID and ${name.toUpperCase()}_CLIENT_SECRET`;
