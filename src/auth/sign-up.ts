import { badRequest, conflict, refused, unknown } from '#core/errors.ts';
import { newCode, newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { Role } from '#core/roles.ts';
import { anyOperator, insertAccount, type Account } from '#storage/accounts.ts';
import { addMember, firstCommunity } from '#storage/communities.ts';
import { record } from '#storage/audit.ts';
import { deleteOwnerInvites, findInvite, insertInvite, useInvite, type Invite } from '#storage/invites.ts';
import { insertIdentity, type Identity } from '#storage/identities.ts';
import type { Tx } from '#storage/storage.ts';
import { digest, type Auth } from './auth.ts';
import { network } from './login-throttle.ts';
import { whyNotJoin } from './may-join.ts';
import { checkPassword, hashPassword } from './passwords.ts';

/** Who is to have an account. */
export interface Newcomer {
  /** As the person chose it; or made of these words where another service vouches for them: the first that is free. */
  username: string | { from: string };
  name?: string;
  /** Left out where another service vouches for the person: they may set one later. */
  password?: string;
  /** Who they are at that service. */
  identity?: Pick<Identity, 'platform' | 'platformId' | 'name'>;
}

/** By what right: from outside by whatever `SIGNUP` allows, with the code of an invite or of the owner's one-time link; or at the command line. */
export type Right = { by: 'outside'; address: string; invite?: string } | { by: 'operator'; owner: boolean };

/** Makes an account: the one way in for everybody, however they sign in. */
export async function createAccount(auth: Doors, asked: Newcomer, right: Right): Promise<Account> {
  const usernames = proposals(asked.username);
  if (asked.password !== undefined) checkPassword(asked.password);
  const invite = right.by === 'operator' ? undefined : await admit(auth, right);
  const passwordHash = asked.password === undefined ? '' : await hashPassword(asked.password);
  return auth.storage.write(async (tx) => {
    if (invite && !(await useInvite(tx.db, invite.id))) throw unknown('invite');
    if (invite?.role === 'owner' && (await anyOperator(tx.db))) throw unknown('invite');
    const role = right.by === 'operator' && right.owner ? 'owner' : (invite?.role ?? 'member');
    const made = { ...asked, usernames, passwordHash, role, at: auth.clock() };
    if (right.by === 'outside' && role !== 'owner') await needOpen(tx, { ...made, invited: invite?.community });
    return makeAccount(tx, { ...made, community: invite?.community });
  });
}

/** Throws where a community that the newcomer would be in, of the invite or the first one, lets nobody in just now, or has banned who they are elsewhere. */
async function needOpen(
  tx: Tx,
  { invited, identity, at }: Pick<Newcomer, 'identity'> & { invited: string | undefined; at: number },
): Promise<void> {
  for (const community of new Set([invited ?? [], (await firstCommunity(tx.db)).id].flat())) {
    const refusal = await whyNotJoin(tx.db, { community, account: null, identity, at });
    if (refusal) throw refusal;
  }
}

/** Where accounts are made, and who is let in from outside. */
export type Doors = Pick<Auth, 'storage' | 'clock' | 'signup' | 'signups'>;

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

/** The name that was chosen; or made of a person's words, and then with numbers behind, the last of them by chance. */
function proposals(asked: Newcomer['username']): string[] {
  if (typeof asked === 'string') return [checkUsername(asked)];
  const letters = asked.from.normalize('NFKD').toLowerCase().replaceAll(/\p{M}/gu, '');
  const words = letters.replaceAll(/[^a-z0-9]+/g, '.').replaceAll(/^\.+|\.+$/g, '');
  const base = words.length < 3 ? 'person' : words.slice(0, 20).replace(/\.$/, '');
  const numbered = Array.from({ length: 8 }, (_, n) => `${base}.${n + 2}`);
  return [base, ...numbered, `${base}.${newCode(1).toLowerCase()}`];
}

/** Looks whether somebody may come in, and counts it. Gives the invite to use. */
async function admit(auth: Doors, { invite: code, address }: Extract<Right, { by: 'outside' }>) {
  const invite = await findWay(auth, code);
  await auth.signups.take(network(address));
  return invite;
}

async function findWay(auth: Doors, code: string | undefined): Promise<Invite | undefined> {
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

interface Made extends Newcomer {
  usernames: string[];
  passwordHash: string;
  role: Role;
  /** Where the invite leads; the first community where there is none. */
  community: string | undefined;
  at: number;
}

async function makeAccount(tx: Tx, made: Made): Promise<Account> {
  const { role, at } = made;
  const account = await insertFirstFree(tx, made);
  // With an owner there, the one-time link is good for nobody.
  if (role === 'owner') await deleteOwnerInvites(tx.db);
  const first = (await firstCommunity(tx.db)).id;
  const community = made.community ?? first;
  await addMember(tx.db, { community, account: account.id, role, at });
  // Whoever signs up, by whatever way, is in the first one too.
  if (community !== first) await addMember(tx.db, { community: first, account: account.id, role: 'member', at });
  if (made.identity) await needIdentity(tx, made.identity, account.id, at);
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

async function insertFirstFree(tx: Tx, { usernames, passwordHash, role, at, ...asked }: Made): Promise<Account> {
  const typed = typeof asked.username === 'string' ? asked.username : undefined;
  for (const username of usernames) {
    const name = [...(asked.name?.trim() || typed || username)].slice(0, LIMITS.personName).join('');
    const account = await insertAccount(tx.db, { username, name, passwordHash, operator: role === 'owner', at });
    if (account) return account;
  }
  throw conflict('username-taken', `The username ${usernames[0]} is taken.`);
}

/** Of two who come at once with the same identity the second finds an account, if they come again. */
async function needIdentity(tx: Tx, identity: NonNullable<Newcomer['identity']>, account: string, at: number) {
  if (!(await insertIdentity(tx.db, { ...identity, account, proof: 'oauth', linkedAt: at })))
    throw conflict('identity-taken', 'This sign-in belongs to an account already. Sign in again.');
  await record(tx.db, { community: null, account, action: 'identity.link', subject: identity.platform, at });
}
