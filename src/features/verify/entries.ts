import { unknown } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { readOne } from '#core/list-file.ts';
import type { By } from '#core/moderation.ts';
import type { EntriesWanted, EntryChange, SeenEntry } from '#core/verification-list.ts';
import { entryKey } from '#core/verification.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { deleteEntry, entriesFrom, findEntry, putEntry } from '#storage/list-people.ts';
import type { Tx } from '#storage/storage.ts';
import { need } from './need.ts';
import { turnOf, type VerifyParts } from './parts.ts';
import { settleList } from './settle-list.ts';

/** Single entries of a list, and looking through all of them. */
export function entries(parts: VerifyParts) {
  return {
    async entry(by: By, userId: string): Promise<SeenEntry> {
      need(by, 'list.see');
      return one(parts, by.community, entryKey(userId));
    },
    changeEntry: (asked: { by: By; userId: string; change: EntryChange }) => changeEntry(parts, asked),
    removeEntry: (asked: { by: By; userId: string }) => removeEntry(parts, asked),
    entries: (by: By, asked: EntriesWanted) => page(parts, by, asked),
    async all(by: By): Promise<AsyncIterable<SeenEntry[]>> {
      need(by, 'list.see');
      const { community, account } = by;
      const at = parts.clock();
      await parts.storage.write((tx) => record(tx.db, { community, account, action: 'list.export', at }));
      return inSlices(parts, community, '');
    },
  };
}

async function one({ storage, clock }: VerifyParts, community: string, key: string): Promise<SeenEntry> {
  const [found] = await entriesFrom(storage.db, { community, key, limit: 1, at: clock() });
  if (!found) throw unknown('entry');
  return found;
}

async function changeEntry(
  parts: VerifyParts,
  { by, userId, change }: { by: By; userId: string; change: EntryChange },
): Promise<SeenEntry> {
  need(by, 'list.change');
  const { community } = by;
  const key = entryKey(userId);
  // What is wrong with it is told whether there is such an entry or not.
  readOne({ ...SOMEBODY, user_id: userId, ...change });
  await changing(parts, by, { key, action: 'list.change' }, async (tx, at) => {
    // Before all time every entry is good.
    const before = await findEntry(tx.db, community, key, -1);
    if (!before) throw unknown('entry');
    const { userId: user_id, email, name, until } = before;
    const given = { user_id, email, name, until: until === null ? null : new Date(until), ...change };
    await putEntry(tx.db, community, { entry: { ...readOne(given), key, source: 'http' }, at });
  });
  return one(parts, community, key);
}

/** Makes a change a whole entry. */
const SOMEBODY = { email: 'somebody@example.org', name: 'Somebody', until: null };

async function removeEntry(parts: VerifyParts, { by, userId }: { by: By; userId: string }): Promise<void> {
  need(by, 'list.change');
  const key = entryKey(userId);
  await changing(parts, by, { key, action: 'list.remove' }, async (tx) => {
    if (!(await deleteEntry(tx.db, by.community, key))) throw unknown('entry');
  });
}

/** A change of one entry, with all that follows from it in its commit. */
async function changing(
  parts: VerifyParts,
  { community, account }: By,
  { key, action }: { key: string; action: string },
  act: (tx: Tx, at: number) => Promise<void>,
): Promise<void> {
  const at = parts.clock();
  const { accounts } = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(community));
    await act(tx, at);
    await record(tx.db, { community, account, action, detail: JSON.stringify({ entry: key }), at });
    return settleList(parts, tx, community, [key]);
  });
  parts.changed(community, accounts);
}

/** Looks some hundred through at a time, so that nobody waits behind somebody who looks for one of 100,000. */
async function page(
  parts: VerifyParts,
  by: By,
  { state, query, after = '', limit }: EntriesWanted,
): Promise<{ entries: SeenEntry[]; next: string | null }> {
  need(by, 'list.see');
  const wanted = query?.trim().toLowerCase() ?? '';
  const found: SeenEntry[] = [];
  for await (const slice of inSlices(parts, by.community, after))
    for (const entry of slice) {
      if ((state !== undefined && entry.state !== state) || !matches(entry, wanted)) continue;
      if (found.length === limit) return { entries: found, next: entryKey(found.at(-1)?.userId ?? '') };
      found.push(entry);
    }
  return { entries: found, next: null };
}

function matches({ userId, name, email }: SeenEntry, wanted: string): boolean {
  return [userId, name, email].some((text) => text.toLowerCase().startsWith(wanted));
}

async function* inSlices({ storage, clock }: VerifyParts, community: string, from: string): AsyncIterable<SeenEntry[]> {
  for (let after = from; ;) {
    const slice = await entriesFrom(storage.db, { community, after, limit: LIMITS.listSlice, at: clock() });
    yield slice;
    const last = slice.at(-1);
    if (!last || slice.length < LIMITS.listSlice) return;
    after = entryKey(last.userId);
    // SQLite answers at once: what waits gets its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
