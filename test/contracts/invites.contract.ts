import assert from 'node:assert/strict';
import { acceptInvite, makeInvite, seeInvites } from '#auth/invites.ts';
import { addMember, roleIn } from '#storage/communities.ts';
import type { Storage } from '#storage/storage.ts';
import { somebody, type Somebody } from './fixtures.ts';
import type { StorageCase } from './storage.contract.ts';

/** Ways into a community for people who have an account. */
export const invitesContract: StorageCase[] = [
  {
    says: 'of many who come at once by one invite as many get in as it has uses, and whoever comes twice counts once',
    async holds(storage) {
      const { auth, community, olga } = await second(storage);
      const { code } = await makeInvite(auth, olga.account, { uses: 3, days: 1, community });
      const people = await Promise.all(['ann', 'bob', 'cem', 'dan', 'eve'].map((name) => somebody(storage, name)));
      const told = await Promise.allSettled(
        people.flatMap(({ account }) => [acceptInvite(auth, account, code), acceptInvite(auth, account, code)]),
      );
      const roles = await Promise.all(people.map(({ account }) => roleIn(storage.db, community, account)));
      assert.equal(roles.filter((role) => role === 'member').length, 3);
      assert.equal(told.filter(({ status }) => status === 'fulfilled').length, 6);
      const { invites } = await seeInvites(auth, olga.account, { community });
      assert.deepEqual([invites[0]?.used, invites[0]?.uses], [3, 3]);
    },
  },
];

async function second(storage: Storage): Promise<{ auth: Inviter; community: string; olga: Somebody }> {
  const olga = await somebody(storage, 'olga');
  const community = 'comm_second';
  await storage.write(async (tx) => {
    await tx.db.insertInto('communities').values({ id: community, name: 'Second', created_at: 9 }).execute();
    await addMember(tx.db, { community, account: olga.account, role: 'owner', at: 9 });
  });
  return { auth: { storage, clock: Date.now, announce: () => undefined }, community, olga };
}

type Inviter = Parameters<typeof acceptInvite>[0];
