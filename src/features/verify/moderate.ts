import { badRequest, conflict, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { By } from '#core/moderation.ts';
import { LIMITS } from '#core/limits.ts';
import {
  entryKey,
  type GateChange,
  type GateSettings,
  type Prover,
  type SeenBinding,
  type SeenRequest,
  type Verification,
} from '#core/verification.ts';
import { findAccount } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { roleIn } from '#storage/communities.ts';
import { findIdentity } from '#storage/identities.ts';
import type { Tx } from '#storage/storage.ts';
import { identityOf } from '#core/message.ts';
import { isAccount } from './effects.ts';
import { findGate, openGate, shutGate, writeGate } from '#storage/gate.ts';
import { inTurn } from '#storage/in-turn.ts';
import { RULES_CHANGED, writeFact } from '#storage/instance.ts';
import { findEntry } from '#storage/list-people.ts';
import { bindingOf, bindingOfEntry, isEntryBanned, listBindings } from '#storage/verifications.ts';
import { liftBar, listBars } from '#storage/verify-bars.ts';
import { listRequests } from '#storage/verify-requests.ts';
import { bind, unbind } from './bind.ts';
import { need } from './need.ts';
import { turnOf, type VerifyParts } from './parts.ts';
import { TEXTS } from './texts.ts';

/** Changes what was decided about the gate. Whoever is to be a guest from now on, or a member again, is so in the same commit. */
export async function changeGate(
  parts: VerifyParts,
  { by, change }: { by: By; change: GateChange },
): Promise<GateSettings> {
  need(by, 'verification.change');
  const { linkMinutes = 1, nickname } = change;
  if (linkMinutes < 1 || linkMinutes > LIMITS.verifyLinkMinutesMost) throw badRequest('bad-minutes', TEXTS.badMinutes);
  const { community, account } = by;
  const at = parts.clock();
  const { gate, moved } = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    const before = await findGate(tx.db, community);
    const gate = { ...before, ...change, ...(nickname === '' && { nickname: null }), version: before.version + 1 };
    await writeGate(tx.db, community, { gate, by: account, at });
    const moved = gate.on === before.on ? [] : await (gate.on ? shutGate : openGate)(tx.db, community);
    const detail = JSON.stringify(change);
    await record(tx.db, { community, account, action: 'verification.settings', detail, at });
    await writeFact(tx.db, RULES_CHANGED, newId('evt'));
    return { gate, moved };
  });
  parts.changed(community, moved);
  return gate;
}

/** Ends somebody's verification. 404 where there is none. */
export async function unlink(
  parts: VerifyParts,
  { by, id, reason }: { by: By; id: string; reason: string },
): Promise<void> {
  need(by, 'verification.people');
  const { community, account } = by;
  const settled = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    const how = { why: 'unlinked', by: account, action: 'verification.unlink', reason } as const;
    return unbind(parts, tx, { community, id, ...how, at: parts.clock() });
  });
  if (!settled) throw unknown('verification');
  parts.changed(community, settled.accounts);
}

/** Gives one's entry back. */
export async function giveBack(parts: VerifyParts, { community, subject }: Prover): Promise<string> {
  const settled = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    const mine = await bindingOf(tx.db, community, subject);
    if (!mine) return undefined;
    const how = { why: 'given-back', by: subject, action: 'verification.give-back' } as const;
    return unbind(parts, tx, { community, id: mine.id, ...how, at: parts.clock() });
  });
  if (!settled) return TEXTS.notVerified;
  parts.changed(community, settled.accounts);
  return TEXTS.givenBack;
}

/** A moderator knows who it is: no mail is needed. */
export async function vouch(parts: VerifyParts, asked: Parameters<Verification['vouch']>[0]): Promise<void> {
  const { by, userId } = asked;
  need(by, 'verification.people');
  const { community } = by;
  const key = entryKey(userId);
  const accounts = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    const { subject, name } = await personMeant(tx, community, asked);
    const entry = await findEntry(tx.db, community, key, parts.clock());
    if (!entry) throw unknown('entry');
    if (await isEntryBanned(tx.db, community, key, parts.clock())) throw conflict('entry-banned', TEXTS.banned);
    const taken = (await bindingOfEntry(tx.db, community, key)) ?? (await bindingOf(tx.db, community, subject));
    if (taken) throw conflict('entry-taken', TEXTS.taken);
    return bind(parts, tx, { entry, community, subject, name, how: 'moderator', by: by.account });
  });
  parts.changed(community, accounts);
}

/** A member here, or somebody of a platform; one whose name there is linked is the account. */
async function personMeant(
  tx: Tx,
  community: string,
  { subject: meant, name }: { subject: string; name?: string },
): Promise<{ subject: string; name: string }> {
  const linked = isAccount(meant) ? undefined : await findIdentity(tx.db, identityOf(meant));
  const subject = linked?.account ?? meant;
  if (!isAccount(subject)) return { subject, name: name ?? subject };
  const account = await findAccount(tx.db, { id: subject });
  if (!account || (await roleIn(tx.db, community, subject)) === undefined) throw unknown('member');
  return { subject, name: account.name };
}

/** Lets somebody ask again. */
export async function lift(parts: VerifyParts, { by, subject }: { by: By; subject: string }): Promise<void> {
  need(by, 'verification.people');
  const { community, account } = by;
  const at = parts.clock();
  const done = await parts.storage.write(async (tx) => {
    if (!(await liftBar(tx.db, { community, subject, by: account, at }))) return false;
    await record(tx.db, { community, account, action: 'verification.lift-bar', subject, at });
    return true;
  });
  if (!done) throw unknown('bar');
}

/** What moderators look through. */
export function seeing(parts: VerifyParts): Pick<Verification, 'requests' | 'bindings' | 'bars'> {
  const { db } = parts.storage;
  return {
    async requests(by, page) {
      need(by, 'verification.see');
      const found = await listRequests(db, { ...page, community: by.community });
      return found.map(({ id, userId, subject, name, platform, state, createdAt, expiresAt, endedAt }): SeenRequest => {
        return { id, userId, subject, name, platform, state, createdAt, expiresAt, endedAt };
      });
    },
    async bindings(by, page) {
      need(by, 'verification.see');
      const { community } = by;
      const found = await listBindings(db, { ...page, community });
      return Promise.all(
        found.map(async ({ key, community: _in, ...one }): Promise<SeenBinding> => {
          return { ...one, banned: await isEntryBanned(db, community, key, parts.clock()) };
        }),
      );
    },
    async bars(by) {
      need(by, 'verification.see');
      return listBars(db, by.community, LIMITS.verifyPage);
    },
  };
}
