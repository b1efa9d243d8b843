import { randomBytes } from 'node:crypto';
import { AppError, conflict, tooFast, unknown } from '#core/errors.ts';
import { newCode } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { findAccount } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { firstCommunity } from '#storage/communities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { deleteSecret, putSecret } from '#storage/secrets.ts';
import {
  confirmFactor,
  deleteFactor,
  findFactor,
  putFactor,
  putRecoveryCodes,
  takeStep,
  useRecoveryCode,
  type SecondFactor,
} from '#storage/second-factors.ts';
import type { Tx } from '#storage/storage.ts';
import { digest, type Auth } from './auth.ts';
import { needPassword, type PasswordAsked } from './need-password.ts';

/** What is shown once, for an app that makes codes. */
export interface NewFactor {
  /** In base 32, to type. */
  key: string;
  /** The same as an address for a QR code. */
  uri: string;
}

/** Begins to set one up. It asks for nothing until a code confirms it. 409 `second-factor-on`. */
export async function beginFactor(auth: Auth, asked: PasswordAsked): Promise<NewFactor> {
  await needPassword(auth, asked);
  const { account, username } = asked;
  const key = base32(randomBytes(SEED_BYTES));
  const row = await seedsIn(auth).seal(account, key);
  const at = auth.clock();
  await auth.storage.write(async (tx) => {
    if ((await factorOf(tx, account))?.confirmedAt) throw isOn();
    await putSecret(tx.db, { ...row, at });
    await putFactor(tx.db, account, at);
  });
  const hall = (await firstCommunity(auth.storage.db)).name;
  const label = encodeURIComponent(`${hall}:${username}`);
  return { key, uri: `otpauth://totp/${label}?secret=${key}&issuer=${encodeURIComponent(hall)}` };
}

/** Turns it on by a first code. Gives the recovery codes, which are shown once. */
export async function confirmFactorBy(auth: Auth, asked: CodeAsked): Promise<string[]> {
  const { account } = asked;
  const begun = await findFactor(auth.storage.db, account);
  if (!begun) throw unknown('second-factor');
  if (begun.confirmedAt) throw isOn();
  const code = digitsIn(asked.code);
  if (code === undefined) throw wrongCode();
  const step = await counted(auth, asked, () => seedsIn(auth).stepOf(account, code, begun.lastStep));
  const codes = recoveryCodes();
  await auth.storage.write(async (tx) => {
    const now = await factorOf(tx, account);
    // Begun anew meanwhile: the code was one for the seed before.
    if (now?.createdAt !== begun.createdAt || now.confirmedAt || !(await takeStep(tx.db, account, step)))
      throw wrongCode();
    await confirmFactor(tx.db, account, auth.clock());
    await keepCodes(tx, account, codes);
    await note(auth, tx, { account, action: 'second-factor.on' });
  });
  return codes;
}

/** Ends it: by the password, or by a code where the account has none. */
export async function endFactor(auth: Auth, asked: PasswordAsked & { code?: string }): Promise<void> {
  const { account, code } = asked;
  if ((await needPassword(auth, asked)) === '') await needFactor(auth, { ...asked, code });
  await auth.storage.write((tx) => dropFactor(auth, tx, account));
}

/** For the command line: whoever lost both app and recovery codes gets in by the password again. */
export async function endFactorOf(auth: Pick<Auth, 'storage' | 'clock'>, username: string): Promise<void> {
  const account = await findAccount(auth.storage.db, { username });
  if (!account) throw unknown('account');
  await auth.storage.write((tx) => dropFactor(auth, tx, account.id));
}

async function dropFactor(auth: Pick<Auth, 'clock'>, tx: Tx, account: string): Promise<void> {
  await factorOf(tx, account);
  await deleteSecret(tx.db, { owner: account, purpose: 'totp' });
  if (!(await deleteFactor(tx.db, account))) throw unknown('second-factor');
  await note(auth, tx, { account, action: 'second-factor.off' });
}

/** New recovery codes in the place of all before. */
export async function renewCodes(auth: Auth, asked: PasswordAsked & { code?: string }): Promise<string[]> {
  const { account, code } = asked;
  if ((await needPassword(auth, asked)) === '') await needFactor(auth, { ...asked, code });
  const codes = recoveryCodes();
  await auth.storage.write(async (tx) => {
    if (!(await factorOf(tx, account))?.confirmedAt) throw unknown('second-factor');
    await keepCodes(tx, account, codes);
    await note(auth, tx, { account, action: 'second-factor.codes' });
  });
  return codes;
}

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
function digitsIn(code: string): string | undefined {
  const digits = code.replaceAll(/\s/g, '');
  return /^\d{6}$/.test(digits) ? digits : undefined;
}

/** Looks, unless there were too many wrong ones; a wrong one is counted. */
async function counted<T>(auth: Auth, { account, address }: CodeAsked, look: () => Promise<T | undefined>): Promise<T> {
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

/** Bytes of a seed, as RFC 4226 has it. */
const SEED_BYTES = 20;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('');
}

function recoveryCodes(): string[] {
  return Array.from({ length: LIMITS.recoveryCodes }, () => newCode(2));
}

async function keepCodes(tx: Tx, account: string, codes: string[]): Promise<void> {
  await putRecoveryCodes(
    tx.db,
    account,
    codes.map((code) => digest(letters(code))),
  );
}

/** With or without the line between the groups; case and the letters that look alike do not matter. */
function letters(code: string): string {
  const typed = code.toUpperCase().replaceAll(/[^0-9A-Z]/g, '');
  return typed.replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}

/** Alone with the account's second factor until the commit. */
async function factorOf(tx: Tx, account: string): Promise<SecondFactor | undefined> {
  await inTurn(tx.db, `second factor of ${account}`);
  return findFactor(tx.db, account);
}

async function note(
  auth: Pick<Auth, 'clock'>,
  tx: Tx,
  { account, action }: { account: string; action: string },
): Promise<void> {
  await record(tx.db, { community: null, account, action, subject: account, at: auth.clock() });
}

function seedsIn({ seeds }: Auth) {
  if (seeds) return seeds;
  throw new AppError({ status: 404, code: 'no-second-factor', detail: 'There is no second factor here.' });
}

function needed(): AppError {
  const detail = 'The password is right. Type the code of your app too, or a recovery code.';
  return new AppError({ status: 401, code: 'second-factor-needed', detail });
}

function wrongCode(): AppError {
  const detail = 'That code is not right, or was used already. Wait for the next one.';
  return new AppError({ status: 401, code: 'wrong-code', detail });
}

function isOn(): AppError {
  return conflict('second-factor-on', 'Your second factor is on already. Turn it off before you set up another.');
}
