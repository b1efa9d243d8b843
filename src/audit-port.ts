import { badRequest } from '#core/errors.ts';
import { toRfc3339, type Clock } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import type { AuditEntry, AuditPort, AuditQuery } from '#http/hall.ts';
import { findAccount } from '#storage/accounts.ts';
import { DONE, record } from '#storage/audit.ts';
import {
  everyNameOf,
  namesOf,
  pageOfAudit,
  type AuditAsked,
  type AuditNames,
  type AuditPlace,
  type AuditRow,
} from '#storage/audit-pages.ts';
import type { Storage } from '#storage/storage.ts';
import type { Config } from './config.ts';

interface AuditParts {
  storage: Storage;
  clock: Clock;
  config: Pick<Config, 'AUDIT_DAYS'>;
}

/** Reads the audit for people: newest first, with the names that stand behind its ids. */
export function auditPort({ storage, clock, config }: AuditParts): AuditPort {
  return {
    days: config.AUDIT_DAYS,
    exported: (community, account) =>
      storage.write((tx) => record(tx.db, { community, account, action: 'audit.export', at: clock() })),
    async page(query, reader) {
      const asked = await askedFor(storage, query);
      // One more than is shown tells whether there is another page.
      const rows = await pageOfAudit(storage.db, { ...asked, limit: asked.limit + 1 });
      const shown = rows.slice(0, asked.limit);
      const last = rows.length > asked.limit ? shown.at(-1) : undefined;
      return { entries: await present(storage, shown, reader), after: last ? cursorOf(last) : null };
    },
    async *all(query, reader) {
      const asked = { ...(await askedFor(storage, query)), limit: LIMITS.auditPiece };
      for (let after = asked.after; ;) {
        const rows = await pageOfAudit(storage.db, { ...asked, ...(after && { after }) });
        yield* await present(storage, rows, reader);
        after = rows.at(-1);
        if (rows.length < LIMITS.auditPiece) return;
      }
    },
  };
}

async function askedFor({ db }: Storage, query: AuditQuery): Promise<AuditAsked> {
  const { community, who, action, subject, kind, result, from, to, after, limit } = query;
  const prefix = action?.length === 1 && action[0]?.endsWith('.*') ? action[0].slice(0, -1) : undefined;
  const place = after === undefined ? undefined : placeOf(after);
  return {
    community,
    limit,
    ...(who !== undefined && { who: await peopleMeant(db, who) }),
    ...(prefix !== undefined ? { prefix } : action && { actions: action }),
    ...(subject !== undefined && { subject }),
    ...(kind === 'change' && { changes: true }),
    ...(result !== undefined && { refused: result === 'refused' }),
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(to !== undefined && { to: Date.parse(to) }),
    ...(place && { after: place }),
  };
}

/** An account, somebody on a platform, or a username; whoever nobody is finds nothing. */
async function peopleMeant(db: Storage['db'], who: string): Promise<string[]> {
  if (who.startsWith('acct_') || who.includes(':')) return everyNameOf(db, who);
  const account = await findAccount(db, { username: who.replace(/^@/, '') });
  return everyNameOf(db, account?.id ?? who);
}

/** Opaque to whoever pages on. */
function cursorOf({ at, id }: AuditPlace): string {
  return Buffer.from(`${at} ${id}`).toString('base64url');
}

function placeOf(cursor: string): AuditPlace {
  const [, at, id] = /^(\d{1,15}) (evt_\w{1,40})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at === undefined || id === undefined)
    throw badRequest('bad-cursor', 'after is no place in the audit. Begin anew.');
  return { at: Number(at), id };
}

async function present({ db }: Storage, rows: readonly AuditRow[], reader: string): Promise<AuditEntry[]> {
  const names = await namesOf(db, rows, reader);
  return rows.map((row) => entryOf(row, names));
}

function entryOf(row: AuditRow, names: AuditNames): AuditEntry {
  const { id, at, account, action, detail, place, result } = row;
  const named = (it: string): { id: string; name: string | null } => ({ id: it, name: nameOf(it, names) });
  return {
    id,
    at: toRfc3339(at),
    who: account === null ? null : whoIs(account, names),
    identity: identityOf(row, names),
    platform: row.platform,
    action,
    subject: row.subject === null ? null : named(row.subject),
    detail: detail?.startsWith('acct_') ? (nameOf(detail, names) ?? detail) : detail,
    place: place === null ? null : named(place),
    result: result ?? DONE,
  };
}

function whoIs(id: string, { people, identities }: AuditNames): NonNullable<AuditEntry['who']> {
  const person = people.get(identities.get(id)?.account ?? id);
  return { id, name: person?.name ?? identities.get(id)?.name ?? null, username: person?.username ?? null };
}

function identityOf({ platform, platformId }: AuditRow, { identities }: AuditNames): AuditEntry['identity'] {
  if (platform === null || platformId === null) return null;
  return { platform, id: platformId, name: identities.get(`${platform}:${platformId}`)?.name ?? null };
}

function nameOf(id: string, { people, rooms, identities }: AuditNames): string | null {
  return people.get(id)?.name ?? rooms.get(id) ?? identities.get(id)?.name ?? null;
}
