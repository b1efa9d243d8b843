import { conflict, noSession, unknown, type AppError } from '#core/errors.ts';
import { disableAccount, enableAccount, findAccount, type Account } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import type { Auth } from './auth.ts';
import { endEveryWayIn } from './sessions.ts';

type Keeper = Pick<Auth, 'storage' | 'clock' | 'announce'>;

/** For the command line: the account signs in no more. */
export async function disable(auth: Keeper, username: string): Promise<void> {
  const account = await findAccount(auth.storage.db, { username });
  if (!account) throw unknown('account');
  await close(auth, account, null);
}

/**
 * For an operator: the account signs in no more, or again. Nobody locks themselves out, so that somebody runs the hall; what its
 * person deleted stays deleted, 409 `account-deleted`.
 */
export async function setDisabled(auth: Keeper, by: string, id: string, disabled: boolean): Promise<void> {
  if (disabled && id === by) throw conflict('yourself', 'Another operator can disable your account.');
  const account = await findAccount(auth.storage.db, { id });
  if (!account) throw unknown('account');
  if (disabled) return close(auth, account, by);
  await auth.storage.write(async (tx) => {
    if (!(await enableAccount(tx.db, id))) throw deleted();
    const what = { community: null, account: by, action: 'account.enable', subject: id };
    await record(tx.db, { ...what, at: auth.clock() });
  });
}

function deleted(): AppError {
  return conflict('account-deleted', 'Its person deleted this account. It cannot come back; they may make another.');
}

/** Its sessions and tokens end before and after, so that none slips between. */
async function close(auth: Keeper, { id }: Account, by: string | null): Promise<void> {
  await endEveryWayIn(auth, id);
  await auth.storage.write(async (tx) => {
    await inTurn(tx.db, 'disabled accounts');
    // Of two operators who disable each other one is left.
    if (by !== null && (await findAccount(tx.db, { id: by }))?.disabled !== false) throw noSession();
    await disableAccount(tx.db, id, auth.clock());
    const what = { community: null, account: by, action: 'account.disable', subject: id };
    await record(tx.db, { ...what, at: auth.clock() });
  });
  await endEveryWayIn(auth, id);
}
