import { newCode, newSecret } from '#core/ids.ts';
import { layOutMail } from '#core/mail-layout.ts';
import type { Mail, MailWriter, WaitingMail } from '#core/mail.ts';
import { readProofCode } from '#core/verification.ts';
import { record } from '#storage/audit.ts';
import { findCommunity } from '#storage/communities.ts';
import { findGate } from '#storage/gate.ts';
import { findEntry } from '#storage/list-people.ts';
import { findRequest, setProofs, settleRequest } from '#storage/verify-requests.ts';
import type { VerifyParts } from './parts.ts';
import { codeHash, linkHash } from './prove.ts';
import { TEXTS } from './texts.ts';

/** Writes to the address of an entry that somebody asks to be it. The link and the code are made with the mail, and good from then on. */
export function verifyMails(parts: () => VerifyParts): Record<string, MailWriter> {
  return {
    verify: { make: (waiting) => make(parts(), waiting), gaveUp: (waiting, why) => gaveUp(parts(), waiting, why) },
  };
}

async function make({ storage, clock, base }: VerifyParts, { ref }: WaitingMail): Promise<Mail | undefined> {
  const { db } = storage;
  const asked = await findRequest(db, ref['request'] ?? '');
  const community = asked && (await findCommunity(db, asked.community));
  const entry = asked && (await findEntry(db, asked.community, asked.key, clock()));
  if (!asked || !community || !entry) return undefined;
  const { linkMinutes: minutes } = await findGate(db, community.id);
  const [session, code] = [newSecret(), newCode(2, 4)];
  const made = {
    linkHash: linkHash(session),
    codeHash: codeHash(asked.id, readProofCode(code) ?? ''),
    expiresAt: clock() + minutes * 60_000,
  };
  if (!(await storage.write((tx) => setProofs(tx.db, asked.id, made)))) return undefined;
  const url = `${base()}/verify/${session}`;
  const { host } = new URL(url);
  const { platform } = asked;
  const { mail } = TEXTS;
  const said = { name: harmless(asked.name), platform, community: community.name, userId: entry.userId, minutes };
  return layOutMail({
    to: entry.email,
    from: community.name,
    host,
    subject: mail.subject(platform),
    hello: mail.hello(entry.name),
    words: mail.words(said),
    button: { label: mail.label, url },
    code: { words: mail.code, code: `/verify code:${code}` },
    unless: mail.unless,
    unlessLink: { label: mail.deny, url: `${url}/deny` },
    small: mail.small(host),
  });
}

/** Strangers choose their name and who reads it: no mail program may make a link of it. */
function harmless(name: string): string {
  const words = name.replaceAll(/[^\p{L}\p{N}\p{M} _#'-]+/gu, ' ').trim();
  return [...words].slice(0, 60).join('') || '?';
}

async function gaveUp(parts: VerifyParts, { ref }: WaitingMail, why: string): Promise<void> {
  const { storage, clock, tellModerators } = parts;
  const asked = await findRequest(storage.db, ref['request'] ?? '');
  if (!asked) return;
  const { id, community, subject, name, key } = asked;
  const at = clock();
  await storage.write(async (tx) => {
    await settleRequest(tx.db, { id, state: 'over', at });
    const detail = JSON.stringify({ person: name, entry: key, why });
    const about = { community, account: null, subject, detail, result: 'mail-refused' };
    await record(tx.db, { ...about, action: 'verification.mail', at });
  });
  await tellModerators(community);
}
