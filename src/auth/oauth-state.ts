import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { badRequest, conflict, type AppError } from '#core/errors.ts';
import { newSecret } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { keepFact, readFact } from '#storage/instance.ts';
import { useOnce } from '#storage/used-once.ts';
import { digest, type Auth } from './auth.ts';

type Keeper = Pick<Auth, 'storage' | 'clock'>;

/** What somebody set out to do at another service, to be known again when they come back from it. */
export interface Attempt {
  purpose: 'sign-in' | 'link' | 'add-app' | 'second-step';
  /** Where they were sent, such as `oidc`, `discord`. */
  provider: string;
  /** Whose session it was begun in, where it needs one. Nobody else may end it. */
  by?: { account: string; session: string };
  /** Whom the other service vouched for already: what is left is their second factor. */
  account?: string;
  community?: string;
  /** The invite of a newcomer, as typed. */
  invite?: string;
  /** "This is a shared computer". */
  shared?: boolean;
  /** The page to go to afterwards. */
  next?: string;
}

/** An attempt under way. `state`, `nonce` and `challenge` go to the other service, `sealed` to the browser as a cookie. */
export interface Begun {
  state: string;
  nonce: string;
  /** PKCE, method S256: https://www.rfc-editor.org/rfc/rfc7636 */
  challenge: string;
  sealed: string;
}

/** What comes back with the browser. */
export interface CameBack {
  /** One of these. */
  purpose: Attempt['purpose'] | readonly Attempt['purpose'][];
  provider: string;
  /** The cookie, and `state` of the address. */
  sealed: string | undefined;
  state: string | undefined;
  /** Whose session the browser has now. */
  by?: Attempt['by'];
}

/** Begins an attempt. All of it is sealed into the browser that began it: no other browser can end it. */
export async function beginAttempt(keeper: Keeper, asked: Attempt): Promise<Begun> {
  const [state, nonce, verifier] = [newSecret(), newSecret(), newSecret()];
  const expiresAt = keeper.clock() + LIMITS.attemptSeconds * 1000;
  const kept: Kept = { ...asked, state, nonce, verifier, expiresAt };
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  return { state, nonce, challenge, sealed: sealWith(await keyOf(keeper), JSON.stringify(kept)) };
}

/**
 * Ends an attempt: once, in the browser and the session that began it, for the same purpose and service, and in time.
 * 400 `attempt-foreign` or `attempt-expired`, 409 `attempt-used`.
 */
export async function takeAttempt(keeper: Keeper, came: CameBack): Promise<Kept> {
  const kept = await openedHere(keeper, came.sealed);
  if (!isTheSame(kept, came)) throw foreign();
  needTime(kept, keeper);
  await useAttempt(keeper, kept);
  return kept;
}

/** Whom another service vouched for in this browser. It stays good, as a code may be mistyped: `useAttempt` ends it. */
export async function readSecondStep(keeper: Keeper, sealed: string | undefined): Promise<Kept & { account: string }> {
  const kept = await openedHere(keeper, sealed);
  const { account } = kept;
  if (kept.purpose !== 'second-step' || account === undefined) throw foreign();
  needTime(kept, keeper);
  return { ...kept, account };
}

/** Uses it up. 409 `attempt-used`. */
export async function useAttempt(keeper: Keeper, kept: Kept): Promise<void> {
  const fresh = await keeper.storage.write((tx) => useOnce(tx.db, `attempt ${digest(kept.state)}`, kept.expiresAt));
  if (!fresh) throw used();
}

/** A page of ours to go to: anything else, such as another site's address, is the front page. */
export function ownPath(next: string | undefined): string {
  const good = next !== undefined && next.length <= LIMITS.attemptNext && /^\/(?![/\\])[\x21-\x7e]*$/.test(next);
  return good && !next.includes('\\') ? next : '/';
}

const Kept = z.object({
  purpose: z.enum(['sign-in', 'link', 'add-app', 'second-step']),
  provider: z.string(),
  by: z.object({ account: z.string(), session: z.string() }).exactOptional(),
  account: z.string().exactOptional(),
  community: z.string().exactOptional(),
  invite: z.string().exactOptional(),
  shared: z.boolean().exactOptional(),
  next: z.string().exactOptional(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  expiresAt: z.number(),
});

/** An attempt with what proves the answer to it. */
export type Kept = Attempt & { state: string; nonce: string; verifier: string; expiresAt: number };

async function openedHere(keeper: Keeper, sealed: string | undefined): Promise<Kept> {
  const kept = sealed === undefined ? undefined : opened(await keyOf(keeper), sealed);
  if (!kept) throw foreign();
  return kept;
}

function needTime({ expiresAt }: Kept, { clock }: Keeper): void {
  if (expiresAt <= clock()) throw expired();
}

function isTheSame(kept: Kept, came: CameBack): boolean {
  const sameWay = [came.purpose].flat().includes(kept.purpose) && kept.provider === came.provider;
  const samePerson =
    kept.by === undefined || (kept.by.account === came.by?.account && kept.by.session === came.by.session);
  return sameWay && samePerson && isEqual(kept.state, came.state ?? '');
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const KEY = 'attempts.key';

/** One key for all halls of the instance. Whoever reads it can seal an attempt, but not put it into somebody's browser. */
async function keyOf({ storage }: Pick<Keeper, 'storage'>): Promise<Buffer> {
  const known = await readFact(storage.db, KEY);
  const key = known ?? (await storage.write((tx) => keepFact(tx.db, KEY, newSecret())));
  return Buffer.from(key, 'base64url');
}

/** Nothing that is sealed with the key for another use opens here. */
const USE = Buffer.from('guildhall attempt 1');
const IV_BYTES = 12;
const TAG_BYTES = 16;

function sealWith(key: Buffer, text: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(USE);
  const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), bytes]).toString('base64url');
}

function opened(key: Buffer, sealed: string): Kept | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES)).setAAD(USE);
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    return Kept.parse(JSON.parse(text.toString('utf8')));
  } catch {
    return undefined;
  }
}

function foreign(): AppError {
  return badRequest(
    'attempt-foreign',
    'This was not begun in this browser, or not by who is signed in now. Begin again.',
  );
}

function expired(): AppError {
  return badRequest('attempt-expired', `This took longer than ${LIMITS.attemptSeconds / 60} minutes. Begin again.`);
}

function used(): AppError {
  return conflict('attempt-used', 'This was done already. If you are not signed in, begin again.');
}
