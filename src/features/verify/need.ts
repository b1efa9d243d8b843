import type { By } from '#core/moderation.ts';
import { whyNot, type Action } from '#core/permission.ts';

/** Throws where somebody may not do it. */
export function need(by: By, action: Action): void {
  const refusal = whyNot(by, action);
  if (refusal) throw refusal;
}
