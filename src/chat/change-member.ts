import { conflict, unknown } from '#core/errors.ts';
import { whyNot, type Action } from '#core/permission.ts';
import type { Role } from '#core/roles.ts';
import { record } from '#storage/audit.ts';
import { roleIn } from '#storage/communities.ts';
import { atGate } from '#storage/gate.ts';
import { inTurn } from '#storage/in-turn.ts';
import { deleteInvitesBy, deleteMember, hasOtherOwner, setMemberRole } from '#storage/members.ts';
import type { Tx } from '#storage/storage.ts';
import { announce, type Chat, type Person } from './chat.ts';

export interface About {
  community: string;
  account: string;
}

/** Gives a member another role. The last owner stays one. */
export async function changeRole(
  chat: Chat,
  person: Person,
  { community, account, role }: About & { role: Role },
): Promise<void> {
  await chat.storage.write(async (tx) => {
    const mine = account === person.account;
    const had = await enterAsOver(tx, person, { community, account, action: 'member.role', next: role });
    if (had === role) return;
    if (had === 'owner') await needOtherOwner(tx, community, account);
    if (had === 'guest' && role === 'member' && (await atGate(tx.db, community, account)) === 'unverified')
      throw conflict('not-verified', 'The gate is shut here: they are a member once they are verified.');
    const now = await setMemberRole(tx.db, community, account, role);
    // Else somebody would come by one of them as what its maker is no more.
    if (whyNot({ account, role: now }, 'invite.make')) await deleteInvitesBy(tx.db, community, account);
    const action = mine ? 'member.step-down' : 'member.role';
    const detail = JSON.stringify({ from: had, to: now });
    await record(tx.db, { community, account: person.account, action, subject: account, detail, at: chat.clock() });
  });
  tellOf(chat, { community, account });
}

/** Takes a member out of the community: nothing of it is theirs to see from then on. They may come back by an invite. */
export async function removeMember(chat: Chat, person: Person, { community, account }: About): Promise<void> {
  await chat.storage.write(async (tx) => {
    const mine = account === person.account;
    const had = await enterAsOver(tx, person, { community, account, action: 'member.remove' });
    if (had === 'owner') await needOtherOwner(tx, community, account);
    await deleteMember(tx.db, community, account);
    const action = mine ? 'member.leave' : 'member.remove';
    await record(tx.db, { community, account: person.account, action, subject: account, at: chat.clock() });
  });
  tellOf(chat, { community, account });
}

/** That somebody came, left or has another role: to them, who may see other rooms now, and to all who look at the members. */
export function tellOf(chat: Chat, { community, account }: About): void {
  announce(chat, { kind: 'rooms', community, account });
  announce(chat, { kind: 'members', community });
}

/**
 * The role of the member at hand, if the person may do this to them. It is asked in the commit that does it, one after the
 * other in a community: two who change roles at once must not both go by what held before.
 */
async function enterAsOver(
  tx: Tx,
  person: Person,
  { community, account, action, next }: About & { action: Action; next?: Role },
): Promise<Role> {
  await inTurn(tx.db, `members of ${community}`);
  const role = await roleIn(tx.db, community, person.account);
  if (role === undefined) throw unknown('community');
  const theirs = await roleIn(tx.db, community, account);
  const target = { person: account, role: theirs, ...(next && { next }) };
  const refusal = whyNot({ account: person.account, role }, action, target);
  if (refusal) throw refusal;
  if (theirs === undefined) throw unknown('member');
  return theirs;
}

async function needOtherOwner(tx: Tx, community: string, account: string): Promise<void> {
  if (await hasOtherOwner(tx.db, community, account)) return;
  throw conflict('last-owner', 'A community needs an owner. Make somebody else an owner first.');
}
