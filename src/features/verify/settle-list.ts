import { record } from '#storage/audit.ts';
import { findGate } from '#storage/gate.ts';
import { inTurn } from '#storage/in-turn.ts';
import { findEntry } from '#storage/list-people.ts';
import type { Tx } from '#storage/storage.ts';
import { dueBindings, endBinding, isEntryBanned, restorableBindings, restoreBinding } from '#storage/verifications.ts';
import { giveRight, takeRight } from './effects.ts';
import { turnOf, type VerifyParts } from './parts.ts';

/**
 * What follows from a change of a community's list, in its commit and in its turn: whose entry is gone or over may speak no
 * more; whose entry is good again may, where nobody has taken their place. Gives the accounts whose role is another now; some
 * at once, so it is called until it gives none. `keys`: of the entries that were changed.
 */
export async function settleList(
  parts: VerifyParts,
  tx: Tx,
  community: string,
  keys: readonly string[],
): Promise<{ some: boolean; accounts: string[] }> {
  if (keys.length === 0) return { some: false, accounts: [] };
  const at = parts.clock();
  const gate = await findGate(tx.db, community);
  const accounts: string[] = [];
  const due = await dueBindings(tx.db, at, { community, keys });
  for (const { id, key, subject, name } of due) {
    const why = (await isListed(tx, community, key)) ? 'expired' : 'removed';
    await endBinding(tx.db, community, id, { why, by: null, at });
    accounts.push(...(await takeRight(parts, tx, { community, subject, gate })));
    await note(tx, { community, subject, detail: { person: name, entry: key, why }, at, action: 'verification.ended' });
  }
  const back = await restorableBindings(tx.db, { community, keys }, at);
  let restored = 0;
  for (const { id, key, subject, name } of back) {
    const entry = await findEntry(tx.db, community, key, at);
    if (!entry || (await isEntryBanned(tx.db, community, key, at))) continue;
    await restoreBinding(tx.db, id);
    restored += 1;
    accounts.push(...(await giveRight(parts, tx, { community, subject, gate, name: entry.name })));
    await note(tx, { community, subject, detail: { person: name, entry: key }, at, action: 'verification.back' });
  }
  return { some: due.length + restored > 0, accounts };
}

/** Until nothing is left to follow. What is due is looked for before the commit, which so keeps nobody waiting. */
export async function settleAll(parts: VerifyParts, community: string): Promise<void> {
  const { storage, clock } = parts;
  for (let some = true; some;) {
    const due = await dueBindings(storage.db, clock(), { community });
    const back = await restorableBindings(storage.db, { community }, clock());
    const keys = [...new Set([...due, ...back].map(({ key }) => key))];
    if (keys.length === 0) return;
    const settled = await storage.write(async (tx) => {
      await inTurn(tx.db, turnOf(community));
      return settleList(parts, tx, community, keys);
    });
    parts.changed(community, settled.accounts);
    ({ some } = settled);
  }
}

async function isListed(tx: Tx, community: string, key: string): Promise<boolean> {
  // Before all time every entry is good.
  return (await findEntry(tx.db, community, key, -1)) !== undefined;
}

async function note(
  tx: Tx,
  { detail, ...entry }: { community: string; subject: string; detail: object; action: string; at: number },
): Promise<void> {
  await record(tx.db, { ...entry, account: null, detail: JSON.stringify(detail) });
}
