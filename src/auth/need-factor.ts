import { AppError, tooFast } from '#core/errors.ts';
import { record } from '#storage/audit.ts';
import { findFactor, takeStep, useRecoveryCode, type SecondFactor } from '#storage/second-factors.ts';
import type { Tx } from '#storage/storage.ts';
import { digest, type Auth } from './auth.ts';

export interface CodeAsked {
  account: string;
  /** As typed: six digits of the app, or a recovery code. */
  code: string;
  address: string;
}

/**
 * Whoever has a second factor gets no further without it. A code is good once. 401 `second-factor-needed` without a code, 401
 * `wrong-code`, 429 after too many: guessing waits, and the vault lets a few through a minute whoever asks.
 */
export async function needFactor(
  auth: Auth,
  asked: Omit<CodeAsked, 'code'> & { code: string | undefined },
): Promise<void> {
  const { account, code } = asked;
  const factor = await findFactor(auth.storage.db, account);
  if (!factor?.confirmedAt) return;
  if (code === undefined) throw needed();
  const digits = digitsIn(code);
  if (digits !== undefined) await takeDigits(auth, { ...asked, code: digits }, factor);
  else await takeRecovery(auth, { ...asked, code });
}

/** Whether somebody has one that is on. */
export async function hasFactor({ storage }: Pick<Auth, 'storage'>, account: string): Promise<boolean> {
  return Boolean((await findFactor(storage.db, account))?.confirmedAt);
}

async function takeDigits(auth: Auth, asked: CodeAsked, { lastStep }: SecondFactor): Promise<void> {
  const { account, code } = asked;
  const step = await counted(auth, asked, () => seedsIn(auth).stepOf(account, code, lastStep));
  if (!(await auth.storage.write((tx) => takeStep(tx.db, account, step)))) throw wrongCode();
}

async function takeRecovery(auth: Auth, asked: CodeAsked): Promise<void> {
  const { account, code } = asked;
  await counted(auth, asked, () =>
    auth.storage.write(async (tx) => {
      const at = auth.clock();
      if (!(await useRecoveryCode(tx.db, account, digest(letters(code)), at))) return undefined;
      await note(auth, tx, { account, action: 'second-factor.recover' });
      return true;
    }),
  );
}

/** The six digits of an app, which some show in two groups. */
export function digitsIn(code: string): string | undefined {
  const digits = code.replaceAll(/\s/g, '');
  return /^\d{6}$/.test(digits) ? digits : undefined;
}

/** Looks, unless there were too many wrong ones; a wrong one is counted. */
export async function counted<T>(
  auth: Auth,
  { account, address }: CodeAsked,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const name = `code of ${account}`;
  const wait = await auth.throttle.wait(name, address);
  if (wait > 0) throw tooFast(wait);
  const found = await look();
  if (found === undefined) {
    await auth.throttle.failed(name, address);
    throw wrongCode();
  }
  await auth.throttle.succeeded(name, address);
  return found;
}

/** With or without the line between the groups; case and the letters that look alike do not matter. */
export function letters(code: string): string {
  const typed = code.toUpperCase().replaceAll(/[^0-9A-Z]/g, '');
  return typed.replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}

export async function note(
  auth: Pick<Auth, 'clock'>,
  tx: Tx,
  { account, action }: { account: string; action: string },
): Promise<void> {
  await record(tx.db, { community: null, account, action, subject: account, at: auth.clock() });
}

export function seedsIn({ seeds }: Auth) {
  if (seeds) return seeds;
  throw new AppError({ status: 404, code: 'no-second-factor', detail: 'There is no second factor here.' });
}

function needed(): AppError {
  const detail = 'One more step: the code of your app, or a recovery code.';
  return new AppError({ status: 401, code: 'second-factor-needed', detail });
}

export function wrongCode(): AppError {
  const detail = 'That code is not right, or was used already. Wait for the next one.';
  return new AppError({ status: 401, code: 'wrong-code', detail });
}
