import { tidyLists } from '#storage/list-generations.ts';
import { dropOldImports, forgetImportRows } from '#storage/list-imports.ts';
import { dueBindings } from '#storage/verifications.ts';
import { sweepRequests } from '#storage/verify-requests.ts';
import type { VerifyParts } from './parts.ts';
import { sweepReachOuts } from './reach-out.ts';
import { settleAll } from './settle-list.ts';

/** Each minute: ends what has ended by its time, community by community, and goes on with what goes on by itself. */
export async function sweep(parts: VerifyParts): Promise<void> {
  const { storage, clock } = parts;
  const due = await dueBindings(storage.db, clock());
  for (const community of new Set(due.map((one) => one.community))) await settleAll(parts, community);
  await storage.write(async (tx) => {
    await sweepRequests(tx.db, clock());
    await dropOldImports(tx.db, clock());
  });
  // A commit each, so that nobody waits for all of it.
  while (await storage.write((tx) => forgetImportRows(tx.db)));
  while (await storage.write((tx) => tidyLists(tx.db)));
  await sweepReachOuts(parts);
}
