import { toRfc3339 } from '#core/clock.ts';
import { unknown } from '#core/errors.ts';
import type { PersonalData, PersonOnRecord } from '#core/personal-data.ts';
import { findAccount } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { listIdentities } from '#storage/identities.ts';
import type { Tx } from '#storage/storage.ts';
import type { Auth } from './auth.ts';

/** What telling and forgetting people need. */
export interface PersonalParts extends Pick<Auth, 'storage' | 'clock' | 'announce' | 'throttle'> {
  personal: readonly PersonalData[];
}

/** Everything that is known of a person, a record at a time, and first of all what stays should they delete the account. */
export async function* exportAccount(parts: PersonalParts, account: string): AsyncIterable<object> {
  const { storage, personal, clock } = parts;
  const person = await personOf(storage.db, account);
  await storage.write((tx) => record(tx.db, { community: null, account, action: 'account.export', at: clock() }));
  yield { part: 'about', account, at: toRfc3339(clock()), parts: personal.map(({ name }) => name) };
  for (const one of personal)
    for await (const row of one.read(storage.db, person)) yield { part: one.name, ...told(row) };
}

/** Times as they leave us everywhere. */
function told(row: object): object {
  const columns = Object.entries(row).map(([name, value]) => [name, isTime(name, value) ? toRfc3339(value) : value]);
  return Object.fromEntries(columns);
}

function isTime(name: string, value: unknown): value is number {
  return typeof value === 'number' && /(^|_)(at|until|start)$/.test(name);
}

/** The person with all that leads to what is kept of them. */
export async function personOf(db: Tx['db'], account: string): Promise<PersonOnRecord> {
  const found = await findAccount(db, { id: account });
  if (!found) throw unknown('account');
  const identities = await listIdentities(db, account);
  return {
    account,
    username: found.username,
    name: found.name,
    identities: identities.map(({ platform, platformId, name }) => ({ platform, id: platformId, name })),
  };
}
