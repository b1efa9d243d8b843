import { conflict } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { beginGeneration, copyNamed, copyOthers, switchTo, writeChanges } from '#storage/list-generations.ts';
import { moveImport, touchedKeys, type ListImport } from '#storage/list-imports.ts';
import { listNow } from '#storage/list-people.ts';
import { agreeToSource } from '#storage/list-sources.ts';
import type { Tx } from '#storage/storage.ts';
import { turnOf, type VerifyParts } from './parts.ts';
import { settleAll, settleList } from './settle-list.ts';
import { TEXTS } from './texts.ts';

/**
 * Puts what an import changes in force, all of it in one commit: few changes are written there; many are written beside the
 * list before, some at a time, so that nobody waits behind them, and that commit says which list is in force. Whoever is on it
 * no more may speak no more from that commit on. 409 where the list was changed since it was compared.
 */
export async function writeList(parts: VerifyParts, made: ListImport, by: string | null): Promise<void> {
  const { added, changed, removed } = made.counts;
  const few = added + changed + removed <= LIMITS.listAtOnce;
  const generation = few ? undefined : await writeBeside(parts, made);
  const keys = await touchedKeys(parts.storage.db, made);
  const at = parts.clock();
  const { accounts } = await parts.storage.write(async (tx) => {
    await inTurn(tx.db, turnOf(made.community));
    await needSame(tx, made);
    if (generation === undefined) await writeChanges(tx.db, made, at);
    else await switchTo(tx.db, made.community, generation);
    await moveImport(tx.db, made.id, { from: ['writing'], to: 'done', at });
    if (made.sourceName !== null) await agreeToSource(tx.db, made.community, { name: made.sourceName, at });
    await note(tx, made, { by, at });
    return settleList(parts, tx, made.community, keys);
  });
  parts.changed(made.community, accounts);
  await settleAll(parts, made.community);
}

async function writeBeside({ storage, clock }: VerifyParts, made: ListImport): Promise<number> {
  const at = clock();
  const generation = await storage.write((tx) => beginGeneration(tx.db, made));
  await someAtATime((after) => storage.write((tx) => copyNamed(tx.db, { made, generation, at }, after)));
  if (made.missing !== 'remove')
    await someAtATime((after) => storage.write((tx) => copyOthers(tx.db, { made, generation }, after)));
  return generation;
}

/** Until it gives no place to go on from. */
async function someAtATime(write: (after: string) => Promise<string | undefined>): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined;) after = await write(after);
}

async function needSame(tx: Tx, { community, listVersion }: ListImport): Promise<void> {
  const { version } = await listNow(tx.db, community);
  if (version !== listVersion) throw conflict('list-changed', TEXTS.list.changedSince);
}

async function note(tx: Tx, made: ListImport, { by, at }: { by: string | null; at: number }): Promise<void> {
  const { community, counts, source, sourceName } = made;
  const detail = JSON.stringify({ source: sourceName ?? source, ...counts });
  await record(tx.db, { community, account: by, action: 'list.import', detail, at });
}
