import type { RateStore } from '#core/rate.ts';
import { newSecret } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { layOutMail } from '#core/mail-layout.ts';
import type { Mail, MailOut, MailWriter, WaitingMail } from '#core/mail.ts';
import { firstCommunity } from '#storage/communities.ts';
import { findAccount } from '#storage/accounts.ts';
import { findReached } from '#storage/emails.ts';
import { insertMail } from '#storage/mail-outbox.ts';
import { findCode, insertCode, spendCode, type KeptCode } from '#storage/one-time-codes.ts';
import type { Tx } from '#storage/storage.ts';
import { unknown } from '#core/errors.ts';
import { digest, type Auth } from './auth.ts';
import { mailTexts } from './mail-texts.ts';

/** What mailing links to people needs. */
export interface MailParts extends Pick<Auth, 'storage' | 'clock'> {
  mailer: Pick<MailOut, 'wake'>;
  rates: RateStore;
}

/** What accounts are mailed: a link to set a password, one that verifies an address, and that the address is another now. */
export type LetterKind = 'password' | 'email' | 'changed';

export interface Letter {
  kind: LetterKind;
  account: string;
  /** Where people reach the hall. */
  base: string;
  /** The address it goes to; for `password` the one that is verified when it is sent. */
  to?: string;
}

/** Whether one more letter may go to an address: each that is asked about counts. */
export async function mayWrite({ rates }: Pick<MailParts, 'rates'>, to: string): Promise<boolean> {
  return (await rates.take([{ key: `mail ${to}`, rate: LIMITS.mailsOfAccount }])).ok;
}

/** Writes to somebody, where `mayWrite` said so. It is made and sent once this is committed, also where the process ends before. */
export async function writeTo({ storage, clock, mailer }: MailParts, letter: Letter): Promise<void> {
  const { kind, account, base, to } = letter;
  const ref = { base, ...(to !== undefined && { to }) };
  const minutes = kind === 'password' ? LIMITS.resetMinutes : LIMITS.verifyMinutes;
  await storage.write((tx) => insertMail(tx.db, { kind, account, ref, at: clock(), minutes }));
  mailer.wake();
}

/** Makes those mails, with a link that is good from then on. An earlier one for the same account and purpose is good no more. */
export function accountMails(parts: Pick<MailParts, 'storage' | 'clock'>): Record<LetterKind, MailWriter> {
  return {
    password: { make: (waiting) => makeReset(parts, waiting) },
    email: { make: (waiting) => makeQuestion(parts, waiting) },
    changed: { make: (waiting) => makeNotice(parts, waiting) },
  };
}

/** Uses a link up. 404 for one that is unknown, used, or over: which of them is nobody's business. */
export async function takeLink(
  tx: Tx,
  { purpose, token, at }: { purpose: 'password' | 'email'; token: string; at: number },
): Promise<KeptCode & { account: string }> {
  const hash = digest(token);
  const found = await findCode(tx.db, hash);
  if (found?.purpose !== purpose || found.account === null || found.expiresAt <= at) throw unknown('link');
  if (found.usedAt !== null || !(await spendCode(tx.db, hash, at))) throw unknown('link');
  return { ...found, account: found.account };
}

type Making = Pick<MailParts, 'storage' | 'clock'>;

async function makeReset(parts: Making, { account, ref }: WaitingMail): Promise<Mail | undefined> {
  const person = account === null ? undefined : await findAccount(parts.storage.db, { id: account });
  const reached = person && (await findReached(parts.storage.db, { username: person.username }));
  if (!reached) return undefined;
  const { account: id, email: to } = reached;
  const token = await makeLink(parts, { purpose: 'password', account: id, to, minutes: LIMITS.resetMinutes });
  return layOut(parts, 'reset', { ...reached, to, url: `${ref['base']}/reset/${token}` });
}

async function makeQuestion(parts: Making, { account, ref }: WaitingMail): Promise<Mail | undefined> {
  const person = account === null ? undefined : await findAccount(parts.storage.db, { id: account });
  const to = ref['to'];
  if (!person || person.disabled || to === undefined) return undefined;
  const token = await makeLink(parts, { purpose: 'email', account: person.id, to, minutes: LIMITS.verifyMinutes });
  return layOut(parts, 'verify', { ...person, to, url: `${ref['base']}/verify-email/${token}` });
}

async function makeNotice(parts: Making, { account, ref }: WaitingMail): Promise<Mail | undefined> {
  const person = account === null ? undefined : await findAccount(parts.storage.db, { id: account });
  const to = ref['to'];
  return person && to !== undefined ? layOut(parts, 'changed', { ...person, to, url: `${ref['base']}/me` }) : undefined;
}

interface LinkWanted {
  purpose: 'password' | 'email';
  account: string;
  /** The address that it is mailed to; for `email` the one that it verifies. */
  to: string;
  minutes: number;
}

/** A link's secret part, good once. */
async function makeLink({ storage, clock }: Making, wanted: LinkWanted): Promise<string> {
  const token = newSecret();
  const at = clock();
  const { purpose, account, to: name, minutes } = wanted;
  const code = { purpose, account, community: null, platform: null, platformId: null, name };
  await storage.write((tx) => insertCode(tx.db, digest(token), code, { at, expiresAt: at + minutes * 60_000 }));
  return token;
}

interface Words {
  to: string;
  username: string;
  name: string;
  /** Where the button leads. */
  url: string;
}

async function layOut({ storage }: Making, kind: 'reset' | 'verify' | 'changed', words: Words): Promise<Mail> {
  const hall = (await firstCommunity(storage.db)).name;
  const { subject, words: said, label, unless } = mailTexts[kind](hall, words.username);
  const { host } = new URL(words.url);
  const button = { label, url: words.url };
  const hello = mailTexts.hello(words.name);
  const small = mailTexts.small(host);
  return layOutMail({ to: words.to, from: hall, host, subject, hello, words: said, button, unless, small });
}
