import { AppError, unknown } from '#core/errors.ts';
import { readRows } from '#core/list-file.ts';
import type { By } from '#core/moderation.ts';
import type { SeenImport, SeenSource } from '#core/verification-list.ts';
import { record } from '#storage/audit.ts';
import type { ListImport } from '#storage/list-imports.ts';
import { countEntries } from '#storage/list-people.ts';
import {
  chooseSource,
  dueSources,
  findChosen,
  forgetSource,
  noteAsked,
  takeSource,
  type ChosenSource,
} from '#storage/list-sources.ts';
import { confirmImport, readImport, shown } from './import-list.ts';
import { need } from './need.ts';
import type { VerifyParts } from './parts.ts';
import { TEXTS } from './texts.ts';

/** Lists that come from a database of the operator's. */
export function sources(parts: VerifyParts) {
  return {
    sources: (by: By) => list(parts, by),
    sync: (asked: { by: By; name: string }) => sync(parts, asked),
    async leaveSource({ by, name }: { by: By; name: string }): Promise<void> {
      need(by, 'list.change');
      const { community, account } = by;
      const left = await parts.storage.write(async (tx) => {
        if (!(await forgetSource(tx.db, community, name))) return false;
        const detail = JSON.stringify({ source: name });
        await record(tx.db, { community, account, action: 'list.leave-source', detail, at: parts.clock() });
        return true;
      });
      if (!left) throw unknown('source');
    },
  };
}

async function list({ storage, databases }: VerifyParts, by: By): Promise<SeenSource[]> {
  need(by, 'list.see');
  const chosen = await findChosen(storage.db, by.community);
  return databases.named(by.community).map(({ name }) => {
    const mine = chosen?.name === name ? chosen : undefined;
    return {
      name,
      chosen: mine !== undefined,
      agreed: typeof mine?.agreedAt === 'number',
      askedAt: mine?.askedAt ?? null,
      nextAt: mine?.nextAt ?? null,
      result: mine?.result ?? null,
    };
  });
}

/** Asks the database. 404 for one that the operator did not name for the community; 502 where it gives no list. */
async function sync(parts: VerifyParts, { by, name }: { by: By; name: string }): Promise<SeenImport> {
  need(by, 'list.change');
  const { community, account } = by;
  const source = parts.databases.named(community).find((one) => one.name === name);
  if (!source) throw unknown('source');
  const at = parts.clock();
  const before = await findChosen(parts.storage.db, community);
  if (before?.name !== name)
    await parts.storage.write(async (tx) => {
      await chooseSource(tx.db, { community, name, by: account, at, nextAt: at + source.everyMs });
      const detail = JSON.stringify({ source: name });
      await record(tx.db, { community, account, action: 'list.choose-source', detail, at });
    });
  return shown(
    parts,
    await ask(parts, { community, name, account, agreed: before?.name === name && before.agreedAt !== null }),
  );
}

interface Asking {
  community: string;
  name: string;
  account: string | null;
  agreed: boolean;
}

/** What it says is taken where somebody agreed to it before, and not more than half would go; else it waits for a yes. */
async function ask(parts: VerifyParts, { community, name, account, agreed }: Asking): Promise<ListImport> {
  const rows = readRows(parts.databases.rows(community, name));
  const asked = { community, account, rows, missing: 'source', source: 'sql', sourceName: name } as const;
  try {
    const made = await readImport(parts, asked);
    const there = await countEntries(parts.storage.db, community, 'sql');
    const takes = agreed && made.counts.removed * 2 <= there;
    const done = takes ? await confirmImport(parts, { made, by: account, skipBad: true }) : made;
    await noteResult(parts, asked, TEXTS.list.synced(done.counts, takes));
    if (agreed && !takes) await parts.tellModerators(community);
    return done;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await noteResult(parts, asked, error.message);
    throw error;
  }
}

async function noteResult(
  { storage, clock, databases }: VerifyParts,
  { community, sourceName: name }: { community: string; sourceName: string },
  result: string,
): Promise<void> {
  const at = clock();
  const every = databases.named(community).find((one) => one.name === name)?.everyMs ?? HOUR_MS;
  await storage.write((tx) => noteAsked(tx.db, community, { at, nextAt: at + every, result }));
}

const HOUR_MS = 3_600_000;

/** Asks those whose time has come. One that fails says so in its result, and is asked again next time. */
export async function askSources(parts: VerifyParts): Promise<void> {
  const { storage, clock } = parts;
  for (const due of await dueSources(storage.db, clock())) {
    if (!isNamed(parts, due)) continue;
    if (!(await storage.write((tx) => takeSource(tx.db, due, clock() + HOUR_MS)))) continue;
    const { community, name, agreedAt } = due;
    await ask(parts, { community, name, account: null, agreed: agreedAt !== null }).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
    });
  }
}

function isNamed({ databases }: VerifyParts, { community, name }: ChosenSource): boolean {
  return databases.named(community).some((one) => one.name === name);
}
