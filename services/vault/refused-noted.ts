import type { Audit, AuditEntry } from './audit.ts';
import { LISTENING } from './listening.ts';

/**
 * Notes who was not let in: each while they are few, and of more in a minute how many. Whoever can reach the vault could else fill
 * the audit until nothing of what was done is left in it.
 */
export function refusedNoted(audit: Audit, minute = MINUTE): Audit {
  const told = new Map<string, { lines: number; more: number }>();
  const end = (who: string, last: AuditEntry): void => {
    const more = told.get(who)?.more ?? 0;
    told.delete(who);
    if (more > 0)
      audit({ ...last, at: Date.now(), operation: 'refused', outcome: `refused: ${more} more in a minute` });
  };
  return (entry) => {
    // Strangers may come from as many addresses as they like.
    const who = entry.operation === 'connect' ? '' : entry.by;
    const so = told.get(who) ?? { lines: 0, more: 0 };
    if (so.lines === 0) setTimeout(end, minute, who, entry).unref();
    told.set(who, so);
    if (so.lines >= LISTENING.refusedLines) return void so.more++;
    so.lines++;
    audit(entry);
  };
}

/** ms. */
const MINUTE = 60_000;
