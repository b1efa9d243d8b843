import type { Clock } from '#core/clock.ts';
import { AppError } from '#core/errors.ts';
import { newCode } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { RateStore } from '#core/rate.ts';
import { findCode, insertCode, spendCode, type KeptCode, type OneTimeCode } from '#storage/one-time-codes.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { digest } from './auth.ts';

export type { OneTimeCode } from '#storage/one-time-codes.ts';

/** What codes that are typed elsewhere need. */
export interface CodeParts {
  storage: Storage;
  clock: Clock;
  rates: RateStore;
}

export interface IssuedCode {
  /** Ten characters in two groups, shown once. */
  code: string;
  expiresAt: number;
}

/** Makes a code that is good once, for so many minutes. An earlier one for the same is good no more. */
export async function issueCode(
  { clock }: Pick<CodeParts, 'clock'>,
  tx: Tx,
  wanted: OneTimeCode & { minutes: number },
): Promise<IssuedCode> {
  const code = newCode(2);
  const at = clock();
  const expiresAt = at + wanted.minutes * 60_000;
  await insertCode(tx.db, digest(readTyped(code)), wanted, { at, expiresAt });
  return { code, expiresAt };
}

export interface TypedCode {
  purpose: string;
  /** As the person typed it. */
  typed: string;
  /** Who tries: an account's id, or `platform:id`. Wrong codes are counted by it. */
  who: string;
  /** Where it was typed; a code for another platform stays good there. */
  platform?: string;
}

/**
 * Uses a code up and does what it is for, in one commit: where `act` throws the code stays good. Throws 404 `unknown-code`,
 * 409 `code-used`, `code-ended` and `code-elsewhere`, and 429 after too many wrong ones.
 */
export async function takeCode<T>(
  { storage, clock, rates }: CodeParts,
  asked: TypedCode,
  act: (tx: Tx, code: OneTimeCode) => Promise<T>,
): Promise<T> {
  // Counted before it is looked at, so that a guesser gains nothing by asking many at once.
  const taken = await rates.take([{ key: `code ${asked.who}`, rate: TRIES }]);
  if (!taken.ok) throw tooManyTries(taken.wait);
  try {
    const hash = digest(readTyped(asked.typed));
    const done = await storage.write(async (tx) => {
      const code = check(await findCode(tx.db, hash), asked, clock());
      if (!(await spendCode(tx.db, hash, clock()))) throw new WrongCode('code-used');
      return act(tx, code);
    });
    taken.giveBack();
    return done;
  } catch (error) {
    if (!(error instanceof WrongCode)) taken.giveBack();
    throw error;
  }
}

const TRIES = { uses: LIMITS.codeTries, perSeconds: LIMITS.codeTrySeconds };

/** With or without the line between the groups; case and the letters that look alike do not matter. */
function readTyped(typed: string): string {
  const letters = typed.toUpperCase().replaceAll(/[^0-9A-Z]/g, '');
  return letters.replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}

function check(code: KeptCode | undefined, { purpose, platform }: TypedCode, now: number): OneTimeCode {
  if (code?.purpose !== purpose) throw new WrongCode('unknown-code');
  if (code.usedAt !== null) throw new WrongCode('code-used');
  if (code.expiresAt <= now) throw new WrongCode('code-ended');
  if (platform !== undefined && code.platform !== null && code.platform !== platform)
    throw new WrongCode('code-elsewhere', `This code is for ${capital(code.platform)}. Type it there.`);
  return code;
}

function capital(platform: string): string {
  return platform.slice(0, 1).toUpperCase() + platform.slice(1);
}

const WORDS = {
  'unknown-code': 'There is no such code. Look at it once more, or make a new one.',
  'code-used': 'This code was used already. It is good once: make a new one.',
  'code-ended': 'This code has ended. Make a new one, and type it within a few minutes.',
  'code-elsewhere': 'This code is for another place.',
} as const;

/** A code that is not good here. */
class WrongCode extends AppError {
  constructor(code: keyof typeof WORDS, detail: string = WORDS[code]) {
    super({ status: code === 'unknown-code' ? 404 : 409, code, detail });
  }
}

function tooManyTries(wait: number): AppError {
  const minutes = Math.ceil(wait / 60);
  return new AppError({
    status: 429,
    code: 'too-many-codes',
    detail: `Those were too many wrong codes. Try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`,
    rule: `${LIMITS.codeTries} wrong codes a person in ${LIMITS.codeTrySeconds / 60} minutes`,
    retryAfter: wait,
  });
}
