import { toRfc3339 } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { listAllAccounts, listAllCommunities } from '#storage/instance-lists.ts';
import type { Auth } from './auth.ts';

interface Asked {
  /** The start of a username or name. */
  query?: string;
  /** The id of the last one of the page before. */
  after?: string;
  limit?: number;
}

/** Every account of the instance, the newest first: for its operator. */
export async function seeAccounts({ storage }: Pick<Auth, 'storage'>, asked: Asked) {
  const rows = await listAllAccounts(storage.db, { ...asked, limit: (asked.limit ?? LIMITS.instancePage) + 1 });
  const { page, next } = cut(rows, asked.limit);
  const accounts = page.map(({ createdAt, lastSeenAt, ...account }) => ({
    ...account,
    createdAt: toRfc3339(createdAt),
    lastSeenAt: lastSeenAt === null ? null : toRfc3339(lastSeenAt),
  }));
  return { accounts, next };
}

/** Every community of the instance by name and size, the newest first. What is in them is not the operator's to see. */
export async function seeCommunities({ storage }: Pick<Auth, 'storage'>, asked: Omit<Asked, 'query'>) {
  const rows = await listAllCommunities(storage.db, { ...asked, limit: (asked.limit ?? LIMITS.instancePage) + 1 });
  const { page, next } = cut(rows, asked.limit);
  return { communities: page.map((one) => ({ ...one, createdAt: toRfc3339(one.createdAt) })), next };
}

function cut<Row extends { id: string }>(rows: Row[], limit: number = LIMITS.instancePage) {
  const page = rows.slice(0, limit);
  return { page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}
