import type { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';

/** A platform that tells who somebody is there. */
export interface Prover {
  platform: string;
  /** Where the browser is sent, to agree there. */
  address(asked: ProofAsked): string;
  /** Asks who came back, once. The token that this takes is given back, and not kept. */
  identify(came: ProofCame): Promise<Proved>;
}

export interface ProofAsked {
  /** The address that is registered at the platform, exactly. */
  redirect: string;
  state: string;
  nonce: string;
  /** PKCE, method S256. */
  challenge: string;
}

export interface ProofCame {
  redirect: string;
  code: string;
  nonce: string;
  verifier: string;
}

/** Who somebody is there. `space`: the workspace in which that holds, where the platform's ids hold in one alone. */
export interface Proved {
  platformId: string;
  name: string;
  space?: string;
}

/** What an application at a platform is known by there. */
export interface ProverApp {
  clientId: string;
  clientSecret: string;
}

/** One call, whose JSON answer is of the shape that is expected. Any other is the platform's trouble: 502 `link-failed`. */
export async function askPlatform<T>(
  platform: string,
  { url, ...init }: RequestInit & { url: string },
  shape: z.ZodType<T>,
): Promise<T> {
  try {
    const signal = AbortSignal.timeout(LIMITS.proofCall);
    const response = await fetch(url, { ...init, redirect: 'error', signal });
    const read = shape.safeParse(JSON.parse(await textOf(response)));
    if (response.ok && read.success) return read.data;
    throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  } catch (cause) {
    throw notProved(platform, cause);
  }
}

/** Tells the platform that the token is not needed any more. It ends by itself where that does not arrive. */
export async function giveBack(url: string, init: RequestInit): Promise<void> {
  const asked = { ...init, method: 'POST', redirect: 'error', signal: AbortSignal.timeout(LIMITS.proofCall) } as const;
  await fetch(url, asked).then(
    (response) => response.body?.cancel(),
    () => undefined,
  );
}

/** `cause` says for the log which call failed; it holds neither code nor token. */
export function notProved(platform: string, cause: unknown): AppError {
  const detail = `${platform} did not tell who you are there. Nothing was linked. Try again in a minute, or link by a code.`;
  const error = new AppError({ status: 502, code: 'link-failed', detail, fault: 'platform' });
  error.cause = cause;
  return error;
}

export function form(fields: Record<string, string>): Pick<RequestInit, 'method' | 'body'> {
  return { method: 'POST', body: new URLSearchParams(fields) };
}

export function addressOf(base: string, query: Record<string, string>): string {
  return `${base}?${new URLSearchParams(query)}`;
}

async function textOf({ body }: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > LIMITS.proofBody) throw new Error('the answer is too long');
  }
  return text;
}
