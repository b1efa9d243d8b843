import { conflict, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { BadRow, ReadRow } from '#core/list-file.ts';
import type { By } from '#core/moderation.ts';
import type { Missing, SeenImport } from '#core/verification-list.ts';
import {
  dropWaiting,
  endReading,
  findImport,
  importRows,
  insertImport,
  listImports,
  moveImport,
  NOTHING,
  stageMissing,
  stageRows,
  type ListImport,
  type NewImport,
  type StagedRow,
} from '#storage/list-imports.ts';
import { listNow, type ListSource } from '#storage/list-people.ts';
import { need } from './need.ts';
import type { VerifyParts } from './parts.ts';
import { TEXTS } from './texts.ts';
import { writeList } from './write-list.ts';

export interface ToRead {
  community: string;
  /** Null where nobody asked for it. */
  account: string | null;
  rows: AsyncIterable<ReadRow>;
  missing: Missing;
  source: ListSource;
  sourceName?: string;
}

/** Looks a list through, row by row, and keeps what it would change. The list itself stays as it is. */
export async function readImport(parts: VerifyParts, asked: ToRead): Promise<ListImport> {
  const { storage, clock } = parts;
  const { community, missing, source, sourceName, account: madeBy } = asked;
  const at = clock();
  const made: NewImport = { id: newId('imp', at), community, source, sourceName, missing, madeBy, madeAt: at };
  await storage.write(async (tx) => {
    await dropWaiting(tx.db, community, { source, at });
    await insertImport(tx.db, made);
  });
  try {
    await lookThrough(parts, made, asked.rows);
  } catch (error) {
    await storage.write((tx) => moveImport(tx.db, made.id, { from: ['reading'], to: 'dropped', at: clock() }));
    throw error;
  }
  return found(parts, community, made.id);
}

async function lookThrough(parts: VerifyParts, made: NewImport, rows: AsyncIterable<ReadRow>): Promise<void> {
  const { storage, clock } = parts;
  const { version: listVersion } = await listNow(storage.db, made.community);
  const counts = { ...NOTHING };
  const report: BadRow[] = [];
  let slice: StagedRow[] = [];
  const keep = async (): Promise<void> => {
    const some = slice;
    slice = [];
    const kept = await storage.write((tx) => stageRows(tx.db, made, some));
    counts.added += kept.added;
    counts.changed += kept.changed;
    counts.same += kept.same;
  };
  for await (const row of rows) {
    if ('wrong' in row) {
      counts.bad += 1;
      if (report.length < LIMITS.listReport) report.push(row.wrong);
    } else slice.push({ ...row.entry, key: row.key });
    if (slice.length >= LIMITS.listSlice) await keep();
  }
  await keep();
  if (made.missing !== 'keep') counts.removed = await lookForMissing(parts, made);
  await storage.write((tx) => endReading(tx.db, made.id, { counts, report, listVersion, at: clock() }));
}

async function lookForMissing({ storage }: VerifyParts, made: NewImport): Promise<number> {
  let removed = 0;
  for (let after: string | undefined = ''; after !== undefined;) {
    const from: string = after;
    const some = await storage.write((tx) => stageMissing(tx.db, made, from));
    removed += some.removed;
    after = some.last;
  }
  return removed;
}

/** 409 where rows are wrong and are not to be left out, where it is over, and where the list was changed since. */
export async function confirmImport(
  parts: VerifyParts,
  { made, by, skipBad }: { made: ListImport; by: string | null; skipBad: boolean },
): Promise<ListImport> {
  if (made.counts.bad > 0 && !skipBad) throw conflict('bad-rows', TEXTS.list.badRows(made.counts.bad, made.report));
  const at = parts.clock();
  const mine = await parts.storage.write((tx) => moveImport(tx.db, made.id, { from: ['preview'], to: 'writing', at }));
  if (!mine) throw conflict('import-over', TEXTS.list.over);
  await writeList(parts, made, by).catch(async (error: unknown) => {
    await parts.storage.write((tx) => moveImport(tx.db, made.id, { from: ['writing'], to: 'dropped', at }));
    throw error;
  });
  return found(parts, made.community, made.id);
}

/** Both at once: nothing is imported where rows are wrong that are not to be left out. */
export async function putList(
  parts: VerifyParts,
  { by, rows, missing, skipBad }: { by: By; rows: AsyncIterable<ReadRow>; missing: Missing; skipBad: boolean },
): Promise<SeenImport> {
  need(by, 'list.change');
  const { community, account } = by;
  const made = await readImport(parts, { community, account, rows, missing, source: 'http' });
  try {
    return await shown(parts, await confirmImport(parts, { made, by: account, skipBad }));
  } catch (error) {
    await drop(parts, made.id);
    throw error;
  }
}

/** What waits for a yes, and what became of the ones before. */
export function imports(parts: VerifyParts) {
  return {
    async preview({ by, rows, missing }: { by: By; rows: AsyncIterable<ReadRow>; missing: Missing }) {
      need(by, 'list.change');
      const { community, account } = by;
      return shown(parts, await readImport(parts, { community, account, rows, missing, source: 'file' }));
    },
    async imports(by: By): Promise<SeenImport[]> {
      need(by, 'list.see');
      const all = await listImports(parts.storage.db, by.community);
      return all.map((one) => seen(one));
    },
    async import(by: By, id: string): Promise<SeenImport> {
      need(by, 'list.see');
      return shown(parts, await found(parts, by.community, id));
    },
    async confirm({ by, id, skipBad }: { by: By; id: string; skipBad: boolean }): Promise<SeenImport> {
      need(by, 'list.change');
      const made = await found(parts, by.community, id);
      return shown(parts, await confirmImport(parts, { made, by: by.account, skipBad }));
    },
    async drop({ by, id }: { by: By; id: string }): Promise<void> {
      need(by, 'list.change');
      await found(parts, by.community, id);
      await drop(parts, id);
    },
  };
}

async function drop({ storage, clock }: VerifyParts, id: string): Promise<void> {
  await storage.write((tx) => moveImport(tx.db, id, { from: ['preview'], to: 'dropped', at: clock() }));
}

async function found({ storage }: VerifyParts, community: string, id: string): Promise<ListImport> {
  const made = await findImport(storage.db, community, id);
  if (!made) throw unknown('import');
  return made;
}

/** With some of the rows that it changes, while they are there. */
export async function shown({ storage }: VerifyParts, made: ListImport): Promise<SeenImport> {
  const rows = (change: string) => importRows(storage.db, made.id, change, LIMITS.listSample);
  const [added, changed, removed] = await Promise.all(['added', 'changed', 'removed'].map(rows));
  return { ...seen(made), sample: { added: added ?? [], changed: changed ?? [], removed: removed ?? [] } };
}

function seen({ id, state, source, sourceName, missing, counts, report, madeAt }: ListImport): SeenImport {
  const sample = { added: [], changed: [], removed: [] };
  return { id, state, source, sourceName, missing, counts, report, madeAt, sample };
}
