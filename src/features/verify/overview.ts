import { conflict } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { layOutMail } from '#core/mail-layout.ts';
import type { Mail, MailWriter, WaitingMail } from '#core/mail.ts';
import type { By } from '#core/moderation.ts';
import { needUse } from '#core/rate.ts';
import type { GateOverview } from '#core/verification.ts';
import { findAccount } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { findCommunity } from '#storage/communities.ts';
import { findEmail } from '#storage/emails.ts';
import { findGate } from '#storage/gate.ts';
import { countGate, lastTestMail, TEST_MAIL } from '#storage/gate-overview.ts';
import { insertMail } from '#storage/mail-outbox.ts';
import { need } from './need.ts';
import type { VerifyParts } from './parts.ts';
import { TEXTS } from './texts.ts';

/** How far a community is with its gate, for the page that sets it up. */
export async function overview({ storage, clock }: VerifyParts, by: By): Promise<GateOverview> {
  need(by, 'verification.see');
  const { db } = storage;
  const [counts, reached, testMail] = await Promise.all([
    countGate(db, by.community, clock()),
    findEmail(db, by.account),
    lastTestMail(db, by.community),
  ]);
  return { ...counts, address: reached?.email ?? null, testMail };
}

/** Sends whoever asks a mail, on the way that those of the gate go. */
export async function testMail({ storage, clock, rates }: VerifyParts, by: By): Promise<void> {
  need(by, 'verification.change');
  const { community, account } = by;
  if (!(await findEmail(storage.db, account))) throw conflict('no-address', TEXTS.noAddress);
  await needUse(rates, `verify test ${account}`, LIMITS.verifyTestMails);
  const at = clock();
  await storage.write(async (tx) => {
    const mail = await insertMail(tx.db, { kind: KIND, account, ref: { community }, at });
    await record(tx.db, { community, account, action: TEST_MAIL, subject: mail, at });
  });
}

const KIND = 'verify-test';

export function testMails(parts: () => VerifyParts): Record<string, MailWriter> {
  return { [KIND]: { make: (waiting) => make(parts(), waiting), gaveUp: (waiting) => gaveUp(parts(), waiting) } };
}

async function make({ storage, base }: VerifyParts, { account, ref }: WaitingMail): Promise<Mail | undefined> {
  const { db } = storage;
  const id = account ?? '';
  const [reached, person] = [await findEmail(db, id), await findAccount(db, { id })];
  const community = await findCommunity(db, ref['community'] ?? '');
  if (!reached || !person || !community) return undefined;
  const { linkMinutes } = await findGate(db, community.id);
  const url = `${base()}/c/${community.id}/verification`;
  const { host } = new URL(url);
  const { test, mail } = TEXTS;
  return layOutMail({
    to: reached.email,
    from: community.name,
    host,
    subject: test.subject(community.name),
    hello: mail.hello(person.name),
    words: test.words(community.name, linkMinutes),
    button: { label: test.label, url },
    unless: test.unless,
    small: test.small(host),
  });
}

async function gaveUp({ storage, clock, tellModerators }: VerifyParts, { id, account, ref }: WaitingMail) {
  const community = ref['community'] ?? '';
  const refused = { community, account, action: TEST_MAIL, subject: id, result: 'mail-refused', at: clock() };
  await storage.write((tx) => record(tx.db, refused));
  await tellModerators(community);
}
