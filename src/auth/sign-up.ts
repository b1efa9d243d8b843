import { badRequest, conflict, refused, unknown } from '#core/errors.ts';
import { newCode, newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { Role } from '#core/roles.ts';
import { anyOperator, insertAccount, type Account } from '#storage/accounts.ts';
import { addMember, firstCommunity } from '#storage/communities.ts';
import { record } from '#storage/audit.ts';
import { deleteOwnerInvites, findInvite, insertInvite, useInvite, type Invite } from '#storage/invites.ts';
import type { Tx } from '#storage/storage.ts';
import { digest, type Auth } from './auth.ts';
import { network } from './login-throttle.ts';
import { checkPassword, hashPassword } from './passwords.ts';

export interface SignUp {
  username: string;
  password: string;
  name?: string;
  /** The code of an invite, or of the owner's one-time link. */
  invite?: string;
}

/** Makes an account by whatever way `SIGNUP` allows. The one place where people come in from outside. */
export async function signUp(auth: Auth, asked: SignUp, address: string): Promise<Account> {
  const username = checkUsername(asked.username);
  checkPassword(asked.password);
  const invite = await findWay(auth, asked.invite);
  await auth.signups.take(network(address));
  const passwordHash = await hashPassword(asked.password);
  const role = invite?.role ?? 'member';
  return auth.storage.write(async (tx) => {
    if (invite && !(await useInvite(tx.db, invite.id))) throw unknown('invite');
    if (invite?.role === 'owner' && (await anyOperator(tx.db))) throw unknown('invite');
    const community = invite?.community ?? (await firstCommunity(tx.db)).id;
    return makeAccount(tx, {
      username,
      name: asked.name?.trim() || asked.username,
      passwordHash,
      role,
      community,
      at: auth.clock(),
    });
  });
}

/** For the command line: an account without an invite. */
export async function createAccount(
  auth: Pick<Auth, 'storage' | 'clock'>,
  asked: { username: string; password: string; owner: boolean },
): Promise<Account> {
  const username = checkUsername(asked.username);
  checkPassword(asked.password);
  const passwordHash = await hashPassword(asked.password);
  return auth.storage.write(async (tx) => {
    const community = (await firstCommunity(tx.db)).id;
    const role = asked.owner ? 'owner' : 'member';
    return makeAccount(tx, { username, name: asked.username, passwordHash, role, community, at: auth.clock() });
  });
}

/** A fresh one-time link's code for the owner, where there is none yet; earlier ones end. */
export async function ownerCode(auth: Pick<Auth, 'storage' | 'clock'>): Promise<string | undefined> {
  if (await anyOperator(auth.storage.db)) return undefined;
  const code = newCode(4);
  const at = auth.clock();
  await auth.storage.write(async (tx) => {
    await deleteOwnerInvites(tx.db);
    const community = (await firstCommunity(tx.db)).id;
    const invite: Invite = {
      id: newId('inv', at),
      community,
      code: null,
      role: 'owner',
      uses: 1,
      used: 0,
      expiresAt: null,
      createdBy: null,
      createdAt: at,
    };
    await insertInvite(tx.db, digest(code), invite);
  });
  return code;
}

/** An invite's code as typed: case and the letters that look alike do not matter. */
export function readCode(typed: string): string {
  return typed.trim().toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}

/** 3–30 of `a–z 0–9 _ . -`, kept in lower case. */
export function checkUsername(username: string): string {
  const lower = username.toLowerCase();
  if (/^[a-z0-9_.-]{3,30}$/.test(lower)) return lower;
  throw badRequest('bad-username', 'A username has 3 to 30 of the letters a to z, digits, and _ . -');
}

async function findWay(auth: Auth, code: string | undefined): Promise<Invite | undefined> {
  const invite =
    code === undefined ? undefined : await findInvite(auth.storage.db, digest(readCode(code)), auth.clock());
  if (code !== undefined && !invite) throw unknown('invite');
  if (invite?.role === 'owner' || (auth.signup !== 'closed' && invite)) return invite;
  if (auth.signup === 'open') return undefined;
  if (auth.signup === 'closed')
    throw refused('signup-closed', 'This hall takes no new accounts.', 'SIGNUP=closed; the operator can change it');
  throw refused(
    'invite-needed',
    'This hall is by invitation. Open the link that a member sent you.',
    'SIGNUP=invite; the operator can change it',
  );
}

interface Made {
  username: string;
  name: string;
  passwordHash: string;
  role: Role;
  community: string;
  at: number;
}

async function makeAccount(tx: Tx, made: Made): Promise<Account> {
  const { username, passwordHash, role, community, at } = made;
  const name = [...made.name].slice(0, LIMITS.personName).join('');
  const account = await insertAccount(tx.db, { username, name, passwordHash, operator: role === 'owner', at });
  if (!account) throw conflict('username-taken', `The username ${username} is taken.`);
  // With an owner there, the one-time link is good for nobody.
  if (role === 'owner') await deleteOwnerInvites(tx.db);
  await addMember(tx.db, { community, account: account.id, role, at });
  await record(tx.db, {
    community,
    account: account.id,
    action: 'account.create',
    subject: account.id,
    detail: role,
    at,
  });
  return account;
}
