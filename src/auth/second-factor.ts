import { randomBytes } from 'node:crypto';
import { conflict, unknown } from '#core/errors.ts';
import { newCode } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { findAccount } from '#storage/accounts.ts';
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
  type SecondFactor,
} from '#storage/second-factors.ts';
import type { Tx } from '#storage/storage.ts';
import { digest, type Auth } from './auth.ts';
import { counted, digitsIn, letters, note, seedsIn, wrongCode, type CodeAsked } from './need-factor.ts';
import { needProof, type ProofAsked } from './need-proof.ts';

/** What is shown once, for an app that makes codes. */
export interface NewFactor {
  /** In base 32, to type. */
  key: string;
  /** The same as an address for a QR code. */
  uri: string;
}

/** Begins to set one up. It asks for nothing until a code confirms it. 409 `second-factor-on`. */
export async function beginFactor(auth: Auth, asked: ProofAsked): Promise<NewFactor> {
  await needProof(auth, asked);
  const { account, username } = asked.session;
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

/** Ends it: by the password and a code of it, as else a stolen password would take away what guards against that. */
export async function endFactor(auth: Auth, asked: ProofAsked): Promise<void> {
  const { account } = asked.session;
  await needProof(auth, asked);
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
export async function renewCodes(auth: Auth, asked: ProofAsked): Promise<string[]> {
  const { account } = asked.session;
  await needProof(auth, asked);
  const codes = recoveryCodes();
  await auth.storage.write(async (tx) => {
    if (!(await factorOf(tx, account))?.confirmedAt) throw unknown('second-factor');
    await keepCodes(tx, account, codes);
    await note(auth, tx, { account, action: 'second-factor.codes' });
  });
  return codes;
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

/** Alone with the account's second factor until the commit. */
async function factorOf(tx: Tx, account: string): Promise<SecondFactor | undefined> {
  await inTurn(tx.db, `second factor of ${account}`);
  return findFactor(tx.db, account);
}

function isOn() {
  return conflict('second-factor-on', 'Your second factor is on already. Turn it off before you set up another.');
}
