import { createHash } from 'node:crypto';
import { conflict, unknown } from '#core/errors.ts';
import { newId, newSecret } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { layOutMail } from '#core/mail-layout.ts';
import type { Mail, MailWriter, WaitingMail } from '#core/mail.ts';
import type { By } from '#core/moderation.ts';
import type { SeenReachOut } from '#core/verification-list.ts';
import { record } from '#storage/audit.ts';
import { findCommunity } from '#storage/communities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { findEntry } from '#storage/list-people.ts';
import { insertMail } from '#storage/mail-outbox.ts';
import {
  findDoor,
  forgetReached,
  goingReachOuts,
  insertDoor,
  insertReachOut,
  moveReachOut,
  newestReachOut,
  nextToReach,
  noteReached,
  refuseMail,
  refusesMail,
  type ReachOut,
} from '#storage/reach-outs.ts';
import { bindingOfEntry, isEntryBanned } from '#storage/verifications.ts';
import type { Tx } from '#storage/storage.ts';
import { need } from './need.ts';
import { turnOf, type VerifyParts } from './parts.ts';
import { linkHash } from './prove.ts';
import { TEXTS } from './texts.ts';

const DAY_MS = 86_400_000;

/** Letters to everybody on a list who is not verified, and how one is taken off them. */
export function reachOuts(parts: VerifyParts) {
  const { storage, clock } = parts;
  return {
    async reachOut(by: By): Promise<SeenReachOut | null> {
      need(by, 'list.see');
      const found = await newestReachOut(storage.db, by.community);
      return found ? seen(found) : null;
    },
    startReachOut: (by: By) => start(parts, by),
    stopReachOut: (by: By) => stop(parts, by),
    async unsubscribing(door: string): Promise<{ community: string } | undefined> {
      const found = await findDoor(storage.db, linkHash(door));
      const community = found && (await findCommunity(storage.db, found.community));
      return community && { community: community.name };
    },
    async unsubscribe(door: string): Promise<boolean> {
      const found = await findDoor(storage.db, linkHash(door));
      if (found) await storage.write((tx) => refuseMail(tx.db, found, clock()));
      return found !== undefined;
    },
  };
}

function seen({ id, state, sent, madeAt }: ReachOut): SeenReachOut {
  return { id, state, sent, madeAt };
}

async function start(parts: VerifyParts, by: By): Promise<SeenReachOut> {
  need(by, 'verification.people');
  const { community, account } = by;
  const at = parts.clock();
  const id = newId('reach', at);
  await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    const last = await newestReachOut(tx.db, community);
    if (last?.state === 'going') throw conflict('reaching-out', TEXTS.list.reachingOut);
    await insertReachOut(tx.db, { id, community, by: account, at });
    await record(tx.db, { community, account, action: 'list.reach-out', at });
  });
  await goOn(parts, id, community);
  const begun = await newestReachOut(parts.storage.db, community);
  if (!begun) throw unknown('reach-out');
  return seen(begun);
}

async function stop({ storage, clock }: VerifyParts, by: By): Promise<void> {
  need(by, 'verification.people');
  const { community, account } = by;
  const stopped = await storage.write(async (tx) => {
    const last = await newestReachOut(tx.db, community);
    if (!last || !(await moveReachOut(tx.db, last.id, { state: 'stopped' }))) return false;
    await record(tx.db, { community, account, action: 'list.stop-reach-out', at: clock() });
    return true;
  });
  if (!stopped) throw unknown('reach-out');
}

/** The next mails of all letters, each minute: a mail server takes no thousand at once from somebody new to it. */
export async function sweepReachOuts(parts: VerifyParts): Promise<void> {
  for (const { id, community } of await goingReachOuts(parts.storage.db)) await goOn(parts, id, community);
  const at = parts.clock();
  const long = { reached: at - DAY_MS, doors: at - LIMITS.mailDoorDays * DAY_MS };
  await parts.storage.write((tx) => forgetReached(tx.db, long));
}

/** The mails, who was written to, and how far it is stand in one commit: a kill loses none and repeats none. */
async function goOn({ storage, clock }: VerifyParts, id: string, community: string): Promise<void> {
  const limit = LIMITS.reachOutMails;
  await storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    const now = await newestReachOut(tx.db, community);
    if (now?.id !== id || now.state !== 'going') return;
    const at = clock();
    const next = await nextToReach(tx.db, { community, after: now.lastKey, at, since: at - DAY_MS, limit });
    let { sent } = now;
    for (const { key, email } of next) if (await write(tx, { community, key, email, at })) sent += 1;
    const state = next.length < limit ? 'done' : 'going';
    await moveReachOut(tx.db, id, { state, lastKey: next.at(-1)?.key ?? now.lastKey, sent });
  });
}

/** False where they want no such mail, or a ban holds against them. */
async function write(
  tx: Tx,
  { community, key, email, at }: { community: string; key: string; email: string; at: number },
): Promise<boolean> {
  if (await refusesMail(tx.db, { community, emailHash: emailHash(email) })) return false;
  if (await isEntryBanned(tx.db, community, key, at)) return false;
  await noteReached(tx.db, community, { key, at });
  await insertMail(tx.db, { kind: 'verify-reach', ref: { community, key }, at, minutes: LIMITS.reachOutTriedMinutes });
  return true;
}

/** What is kept of an address that wants no mail: enough to know it again. */
function emailHash(email: string): string {
  return createHash('sha256').update(email).digest('base64url');
}

/** Writes to somebody who has not asked. Whoever was verified, taken off or said no meanwhile gets none. */
export function reachOutMail(parts: () => VerifyParts): MailWriter {
  return {
    make: (waiting) => make(parts(), waiting),
    gaveUp: (waiting, why) => gaveUp(parts(), waiting, why),
  };
}

async function make({ storage, clock, base }: VerifyParts, { ref }: WaitingMail): Promise<Mail | undefined> {
  const { db } = storage;
  const { community: id = '', key = '' } = ref;
  const community = await findCommunity(db, id);
  const entry = await findEntry(db, id, key, clock());
  if (!community || !entry || (await bindingOfEntry(db, id, key))) return undefined;
  const door = { community: id, emailHash: emailHash(entry.email) };
  if (await refusesMail(db, door)) return undefined;
  const secret = newSecret();
  await storage.write((tx) => insertDoor(tx.db, linkHash(secret), door, clock()));
  const url = `${base()}/unsubscribe/${secret}`;
  const { host } = new URL(url);
  const { reach } = TEXTS.list;
  const mail = layOutMail({
    to: entry.email,
    from: community.name,
    host,
    subject: reach.subject(community.name),
    hello: TEXTS.mail.hello(entry.name),
    words: reach.words(community.name, entry.userId),
    button: { label: reach.label, url: base() },
    unless: reach.unless(community.name),
    unlessLink: { label: reach.stop, url },
    small: reach.small(host),
  });
  // One click in a mail program is enough: https://www.rfc-editor.org/rfc/rfc8058
  const headers = { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
  return { ...mail, headers };
}

async function gaveUp({ storage, clock }: VerifyParts, { ref }: WaitingMail, why: string): Promise<void> {
  const { community = '', key = '' } = ref;
  const detail = JSON.stringify({ entry: key, why });
  const about = { community, account: null, detail, result: 'mail-refused' };
  await storage.write((tx) => record(tx.db, { ...about, action: 'verification.mail', at: clock() }));
}
