import type { z } from 'zod';
import type { CallBody, ProviderAnswer } from '#contracts/vault.ts';
import { type Asking, heed, noted, notMeant, unknownProvider, type Use, withSecret } from './asking.ts';
import { CALL_LIMITS } from './call-limits.ts';
import { echoing } from './call-refusals.ts';
import { holdsSecret } from './echoes.ts';
import { type Answered, createOutgoing, type Outgoing } from './outgoing.ts';
import { addressOf, type CallRules, isMeantFor } from './providers.ts';
import { Refusal } from './refusal.ts';
import { type RefusedKeys, refusedKeys } from './refused-keys.ts';

/** Asks providers with secrets that nobody else sees. Throws `Refusal`, and notes each outcome. */
export interface Caller {
  call(body: Call, by: string, signal: AbortSignal): Promise<ProviderAnswer>;
}

type Call = z.infer<typeof CallBody>;

export function caller(asking: Asking): Caller {
  const parts = { asking, outgoing: asking.outgoing ?? createOutgoing(), refused: refusedKeys(asking.clock) };
  return {
    call(body, by, signal) {
      const { owner, purpose, provider } = body;
      return noted(asking, { by, operation: 'call', owner, purpose, provider }, () => answer(parts, body, signal));
    },
  };
}

interface Parts {
  asking: Asking;
  outgoing: Outgoing;
  refused: RefusedKeys;
}

async function answer(parts: Parts, body: Call, signal: AbortSignal): Promise<ProviderAnswer> {
  const { asking, refused } = parts;
  const { provider, request, ...secret } = body;
  const found = asking.providers.get(provider);
  if (!found?.call) throw unknownProvider();
  if (!found.call.allows(request)) throw notOnList();
  if (!isMeantFor(secret.purpose, found)) throw notMeant(found);
  const before = refused.answerFor(provider, secret);
  if (before) return before;
  const use = { provider: found, secret, signal };
  return withSecret(asking, use, async (opened, within) => {
    const got = await parts.outgoing(outgoingOf(body, use, { headers: headersOf(found.call, opened), within }));
    if (holdsSecret(Buffer.concat([got.body, Buffer.from(got.contentType)]), opened)) throw echoing();
    return judged(parts, use, got);
  });
}

function outgoingOf(
  { request }: Call,
  { provider, signal }: Use,
  { headers, within }: { headers: Record<string, string>; within: number },
): Parameters<Outgoing>[0] {
  const { method, path, query, body } = request;
  const url = addressOf(provider, path, query);
  const asked = { url, method, headers, within, most: CALL_LIMITS.answer, signal };
  if (body === undefined) return asked;
  return { ...asked, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The text has to be one anyway for the header, and cannot be overwritten: docs/threats.md. */
function headersOf(rules: CallRules | undefined, secret: Uint8Array): Record<string, string> {
  const isVisible = secret.every((byte) => byte > 0x20 && byte < 0x7f);
  if (!rules || !isVisible || secret.length < CALL_LIMITS.secretLeast) throw unsendable();
  return rules.headers(Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength).toString('latin1'));
}

/** What the provider says of its limits ends the call; what it says of the key is remembered. */
function judged({ asking, refused }: Parts, use: Use, got: Answered): ProviderAnswer {
  const given = { status: got.status, contentType: got.contentType, body: got.body.toString() };
  const signal = use.provider.call?.reads(given);
  heed(asking, use, got, signal);
  if (signal?.is === 'refuses') refused.remember(use.provider.name, use.secret, given);
  return given;
}

const notOnList = (): Refusal =>
  new Refusal(403, 'not-on-list', 'The vault does not ask that of this provider: it is not on its list.');

const unsendable = (): Refusal =>
  new Refusal(
    502,
    'failed',
    `What was kept cannot be sent: a key has ${CALL_LIMITS.secretLeast} or more letters, digits and signs, and no spaces. Type it again.`,
  );
