import { conflict } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { whyNotOperator } from '#core/permission.ts';
import { record } from '#storage/audit.ts';
import { addMember, countMadeBy, insertCommunity, type Membership } from '#storage/communities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { announce, type Chat } from './chat.ts';
import { insertFirstRoom } from './first-room.ts';

/** Who may make communities: the setting COMMUNITIES. */
export type MadeBy = 'operator' | 'anyone';

/** Makes a community with a first room; its maker is its owner. */
export async function makeCommunity(
  chat: Chat,
  maker: { account: string; operator: boolean },
  { name, madeBy }: { name: string; madeBy: MadeBy },
): Promise<Membership> {
  const refusal = madeBy === 'anyone' ? undefined : whyNotOperator(maker.operator);
  if (refusal) throw refusal;
  const { account } = maker;
  const at = chat.clock();
  const id = await chat.storage.write(async (tx) => {
    await inTurn(tx.db, `communities of ${account}`);
    if ((await countMadeBy(tx.db, account)) >= LIMITS.communitiesPerAccount)
      throw conflict('too-many-communities', `One account makes at most ${LIMITS.communitiesPerAccount} communities.`);
    const community = await insertCommunity(tx.db, { name, by: account, at });
    await addMember(tx.db, { community, account, role: 'owner', at });
    await insertFirstRoom(tx.db, community, at);
    await record(tx.db, { community, account, action: 'community.make', subject: community, at });
    return community;
  });
  announce(chat, { kind: 'rooms', community: id, account });
  return { id, name, role: 'owner' };
}
