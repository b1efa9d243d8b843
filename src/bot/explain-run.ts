import type { AppError } from '#core/errors.ts';
import { CHECKS, type Wish } from './may-run.ts';

/** One rule that a use of a command meets. `open`: it cannot be told from here. */
export interface RuleMet {
  rule: 'house' | keyof typeof CHECKS | 'pace';
  state: 'passes' | 'refuses' | 'open';
  /** What the bot says to whoever is refused, and who can change it. */
  says?: string;
  change?: string;
}

export interface Asked extends Wish {
  /** Why the bot does not listen to them at all. */
  barred: AppError | undefined;
  /** They are known on a platform alone: their role is what the message brings from there. */
  unlinked?: boolean;
}

/** Every rule that the bot asks, in its order, with what it comes to for one person. The pace is counted only where it is used. */
export function explainRun(asked: Asked): RuleMet[] {
  const { barred, unlinked, setting, command } = asked;
  const byRole = typeof (setting?.allow ?? command.allow) === 'string';
  const { account, on, who } = CHECKS;
  return [
    met('house', barred),
    met('account', account(asked)),
    met('on', on(asked)),
    unlinked && byRole ? { rule: 'who', state: 'open' } : met('who', who(asked)),
    { rule: 'pace', state: 'open' },
  ];
}

function met(rule: RuleMet['rule'], refusal: AppError | undefined): RuleMet {
  if (!refusal) return { rule, state: 'passes' };
  return { rule, state: 'refuses', says: refusal.message, ...(refusal.rule && { change: refusal.rule }) };
}
