import { createHash } from 'node:crypto';
import type { ProviderAnswer, SealedSecret } from '#contracts/vault.ts';
import { CALL_LIMITS } from './call-limits.ts';

/** The keys that a provider refused a moment ago, and its words: it is not asked again with them, as it may ban who does. */
export interface RefusedKeys {
  answerFor(provider: string, secret: SealedSecret): ProviderAnswer | undefined;
  /** Until a while is over, or another secret is kept. Long answers are not remembered. */
  remember(provider: string, secret: SealedSecret, answer: ProviderAnswer): void;
}

export function refusedKeys(clock: () => number): RefusedKeys {
  const kept = new Map<string, { until: number; answer: ProviderAnswer }>();
  return {
    answerFor(provider, secret) {
      const name = nameOf(provider, secret);
      const found = kept.get(name);
      if (found && found.until > clock()) return found.answer;
      kept.delete(name);
      return undefined;
    },
    remember(provider, secret, answer) {
      if (answer.body.length > CALL_LIMITS.refusal) return;
      kept.set(nameOf(provider, secret), { until: clock() + CALL_LIMITS.refusalKept, answer });
      const oldest = kept.size > CALL_LIMITS.refusals ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
    },
  };
}

function nameOf(provider: string, { owner, purpose, sealed }: SealedSecret): string {
  return createHash('sha256')
    .update(JSON.stringify([provider, owner, purpose, sealed]))
    .digest('base64url');
}
