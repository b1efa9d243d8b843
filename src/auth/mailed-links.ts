import type { RateStore } from '#core/rate.ts';
import { newSecret } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { layOutMail } from '#core/mail-layout.ts';
import type { Mailer } from '#core/mail.ts';
import { firstCommunity } from '#storage/communities.ts';
import { findCode, insertCode, spendCode, type KeptCode } from '#storage/one-time-codes.ts';
import type { Tx } from '#storage/storage.ts';
import { unknown } from '#core/errors.ts';
import { digest, type Auth } from './auth.ts';
import { mailTexts } from './mail-texts.ts';

/** What mailing links to people needs. */
export interface MailParts extends Pick<Auth, 'storage' | 'clock'> {
  mailer: Mailer;
  rates: RateStore;
}

export interface LinkWanted {
  purpose: 'password' | 'email';
  account: string;
  /** The address that it is mailed to; for `email` the one that it verifies. */
  to: string;
  minutes: number;
}

/** Whether one more letter may go to an address: each that is asked about counts. */
export async function mayWrite({ rates }: Pick<MailParts, 'rates'>, to: string): Promise<boolean> {
  return (await rates.take([{ key: `mail ${to}`, rate: LIMITS.mailsOfAccount }])).ok;
}

/** Makes a link's secret part, good once. An earlier one for the same account and purpose is good no more: look first whether it may be mailed. */
export async function makeLink({ storage, clock }: MailParts, wanted: LinkWanted): Promise<string> {
  const token = newSecret();
  const at = clock();
  const { purpose, account, to: name, minutes } = wanted;
  const code = { purpose, account, community: null, platform: null, platformId: null, name };
  await storage.write((tx) => insertCode(tx.db, digest(token), code, { at, expiresAt: at + minutes * 60_000 }));
  return token;
}

/** Uses a link up. 404 for one that is unknown, used, or over: which of them is nobody's business. */
export async function takeLink(
  tx: Tx,
  { purpose, token, at }: { purpose: LinkWanted['purpose']; token: string; at: number },
): Promise<KeptCode & { account: string }> {
  const hash = digest(token);
  const found = await findCode(tx.db, hash);
  if (found?.purpose !== purpose || found.account === null || found.expiresAt <= at) throw unknown('link');
  if (found.usedAt !== null || !(await spendCode(tx.db, hash, at))) throw unknown('link');
  return { ...found, account: found.account };
}

export interface Letter {
  kind: 'reset' | 'verify' | 'changed';
  to: string;
  username: string;
  name: string;
  /** Where the button leads. */
  url: string;
}

/** Writes to somebody, where `mayWrite` said so. */
export async function writeTo({ storage, mailer }: MailParts, letter: Letter): Promise<void> {
  const hall = (await firstCommunity(storage.db)).name;
  const { subject, words, label, unless } = mailTexts[letter.kind](hall, letter.username);
  const { host } = new URL(letter.url);
  const button = { label, url: letter.url };
  const hello = mailTexts.hello(letter.name);
  const small = mailTexts.small(host);
  mailer.send(layOutMail({ to: letter.to, from: hall, host, subject, hello, words, button, unless, small }));
}
