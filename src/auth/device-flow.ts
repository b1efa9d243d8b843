import { randomInt } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import { AppError, badRequest, conflict, notReady, tooFast, unknown } from '#core/errors.ts';
import { newSecret } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { RateStore } from '#core/rate.ts';
import type { Scope } from '#core/scopes.ts';
import { record } from '#storage/audit.ts';
import {
  answerDeviceLogin,
  countDeviceLogins,
  deleteDeviceLogin,
  findDeviceLogin,
  insertDeviceLogin,
  notePoll,
  type DeviceLogin,
} from '#storage/device-logins.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { digest } from './auth.ts';
import { network } from './login-throttle.ts';
import { makeTokenIn, needRoom, type Token } from './tokens.ts';

/** What programs that sign in by a person's device need. https://www.rfc-editor.org/rfc/rfc8628 */
export interface DeviceParts {
  storage: Storage;
  clock: Clock;
  rates: RateStore;
}

export interface DeviceAsked {
  /** What the program calls itself. */
  client: string;
  scopes: readonly Scope[];
  address: string;
}

/** What a program asks for, as its person sees it. */
export interface DeviceRequest {
  client: string;
  scopes: Scope[];
  createdAt: number;
  expiresAt: number;
}

/** Begins a program's sign-in: one code for the program to ask with, one for its person to type. */
export async function beginDevice(
  { storage, clock, rates }: DeviceParts,
  { client, scopes, address }: DeviceAsked,
): Promise<{ deviceCode: string; userCode: string }> {
  const taken = await rates.take([{ key: `device ${network(address)}`, rate: LIMITS.deviceBegins }]);
  if (!taken.ok)
    throw tooFast(taken.wait, `${LIMITS.deviceBegins.uses} sign-ins of programs in ten minutes an address`);
  const [deviceCode, userCode] = [newSecret(), newUserCode()];
  const createdAt = clock();
  const times = { createdAt, expiresAt: createdAt + LIMITS.deviceSeconds * 1000 };
  await storage.write(async (tx) => {
    if ((await countDeviceLogins(tx.db)) >= LIMITS.deviceLogins)
      throw notReady('too-many-sign-ins', 'Too many programs wait for their people. Try again in a few minutes.', 60);
    const login = { deviceHash: digest(deviceCode), client, scopes: JSON.stringify(scopes), ...times };
    await insertDeviceLogin(tx.db, hashOf(userCode), login);
  });
  return { deviceCode, userCode };
}

/** Consonants that are not taken for one another: no word comes of them, and a phone's keyboard has them all. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

function newUserCode(): string {
  const letters = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]);
  return `${letters.slice(0, 4).join('')}-${letters.slice(4).join('')}`;
}

/** With or without the line in the middle, in any case. */
function hashOf(typed: string): string {
  return digest(typed.toUpperCase().replaceAll(/[^A-Z]/g, ''));
}

/** Who types a code, and where. */
export interface Typist {
  account: string;
  address: string;
}

/** What the program behind a code asks for. */
export async function lookAtDevice(parts: DeviceParts, who: Typist, typed: string): Promise<DeviceRequest> {
  const { client, scopes, createdAt, expiresAt } = await findTyped(parts, who, typed);
  return { client, scopes: readScopes(scopes), createdAt, expiresAt };
}

/** Lets the program in with some of what it asks for, for so many days. */
export async function grantDevice(
  parts: DeviceParts,
  who: Typist,
  asked: { typed: string; scopes?: readonly Scope[]; days: number },
): Promise<void> {
  const login = await findTyped(parts, who, asked.typed);
  const scopes = readScopes(login.scopes).filter((scope) => asked.scopes?.includes(scope) ?? true);
  if (scopes.length === 0) throw badRequest('no-scope', 'Grant at least one of the things that it asks for.');
  const at = parts.clock();
  await parts.storage.write(async (tx) => {
    await needRoom(tx, who.account, at);
    const said = { account: who.account, state: 'granted', scopes: JSON.stringify(scopes), days: asked.days } as const;
    if (!(await answerDeviceLogin(tx.db, login.deviceHash, said))) throw answeredAlready();
    await note(tx, { account: who.account, action: 'device.grant', detail: { scopes, days: asked.days }, at });
  });
}

/** Turns the program away. */
export async function refuseDevice(parts: DeviceParts, who: Typist, typed: string): Promise<void> {
  const login = await findTyped(parts, who, typed);
  await parts.storage.write(async (tx) => {
    const said = { account: who.account, state: 'refused', days: null } as const;
    if (!(await answerDeviceLogin(tx.db, login.deviceHash, said))) throw answeredAlready();
    await note(tx, { account: who.account, action: 'device.refuse', detail: {}, at: parts.clock() });
  });
}

/** Wrong codes count, for the person and for the address; a right one costs nothing. */
async function findTyped({ storage, clock, rates }: DeviceParts, who: Typist, typed: string): Promise<DeviceLogin> {
  const taken = await rates.take([
    { key: `device code ${who.account}`, rate: LIMITS.deviceTries },
    { key: `device code ${network(who.address)}`, rate: LIMITS.deviceTriesPerAddress },
  ]);
  if (!taken.ok) throw tooFast(taken.wait, `${LIMITS.deviceTries.uses} wrong codes in ten minutes a person`);
  const login = await findDeviceLogin(storage.db, { userCode: hashOf(typed) });
  if (!login || login.expiresAt <= clock()) throw unknown('code');
  taken.giveBack();
  if (login.state !== 'waiting') throw answeredAlready();
  return login;
}

function answeredAlready(): AppError {
  return conflict('code-used', 'This code was answered already. The program can ask for another.');
}

interface Noted {
  account: string;
  action: string;
  detail: object;
  at: number;
}

async function note(tx: Tx, { account, action, detail, at }: Noted): Promise<void> {
  await record(tx.db, { community: null, account, action, subject: account, detail: JSON.stringify(detail), at });
}

/** The RFC's words for a program that gets no token, now or ever. */
export type NotYet = 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token' | 'invalid_grant';

export type Polled = { token: Token & { token: string } } | { error: NotYet };

/** The program asks whether its person has answered. Only once does it get the token. */
export async function pollDevice({ storage, clock }: DeviceParts, deviceCode: string): Promise<Polled> {
  const hash = digest(deviceCode);
  const at = clock();
  return storage.write(async (tx): Promise<Polled> => {
    const login = await findDeviceLogin(tx.db, { device: hash });
    if (!login) return { error: 'invalid_grant' };
    if (login.expiresAt <= at) return { error: 'expired_token' };
    if (login.state === 'waiting') return { error: await askAgain(tx, login, at) };
    // Of two that ask at once only one takes the row away.
    if (!(await deleteDeviceLogin(tx.db, hash))) return { error: 'invalid_grant' };
    return login.state === 'granted' ? fetchToken(tx, login, at) : { error: 'access_denied' };
  });
}

async function askAgain(tx: Tx, login: DeviceLogin, at: number): Promise<'authorization_pending' | 'slow_down'> {
  await notePoll(tx.db, login.deviceHash, at);
  // A little early is not too fast: the program's clock and the way here differ each time.
  const soonest = (login.polledAt ?? 0) + LIMITS.deviceInterval * 900;
  return at < soonest ? 'slow_down' : 'authorization_pending';
}

async function fetchToken(tx: Tx, login: DeviceLogin, at: number): Promise<Polled> {
  const { account, client: name, days } = login;
  if (account === null) return { error: 'invalid_grant' };
  const asked = { account, name, scopes: readScopes(login.scopes), days: days ?? LIMITS.tokenDaysDefault, at };
  try {
    return { token: await makeTokenIn(tx, asked) };
  } catch (error) {
    // The account was disabled, or holds as many tokens as it may by now.
    if (error instanceof AppError) return { error: 'access_denied' };
    throw error;
  }
}

function readScopes(text: string): Scope[] {
  return JSON.parse(text) as Scope[];
}
