import assert from 'node:assert/strict';
import type { AppError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { RoleMapping } from '#core/role-mapping.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { askToConnect, connectSpace } from '#spaces/connect-space.ts';
import { giveBack } from '#spaces/give-back.ts';
import { setMappings } from '#spaces/map-roles.ts';
import type { SpaceParts } from '#spaces/spaces.ts';
import { addMember, firstCommunity } from '#storage/communities.ts';
import { listMappings } from '#storage/role-mappings.ts';
import { ensureSpace, findSpace } from '#storage/spaces.ts';
import type { Storage } from '#storage/storage.ts';
import { somebody } from './fixtures.ts';
import type { PostCase } from './posts.contract.ts';

/** Places that come and go while others do the same, through two processes at once. */
export const spacesContract: PostCase[] = [
  {
    says: 'one code typed in two places at once moves one of them',
    async holds(storage, other) {
      const { parts, second, ann } = await two(storage, ['20', '21']);
      const { code } = await askToConnect(parts, { community: second, by: ann, platform: 'discord' });
      const told = await Promise.allSettled([
        connectSpace(parts, owner('20'), code),
        connectSpace({ ...parts, storage: other }, owner('21'), code),
      ]);
      const codes = told.map((one) => (one.status === 'rejected' ? (one.reason as AppError).code : 'moved'));
      assert.deepEqual(codes.toSorted(), ['code-used', 'moved']);
      const moved = await storage.db.selectFrom('spaces').select('id').where('community_id', '=', second).execute();
      assert.equal(moved.length, 1);
    },
  },
  {
    says: 'a place that two give back at once goes back once, and comes again by another code',
    async holds(storage, other) {
      const { parts, first, second, ann } = await two(storage, ['20']);
      const connect = async (): Promise<string> => {
        const { code } = await askToConnect(parts, { community: second, by: ann, platform: 'discord' });
        return (await connectSpace(parts, owner('20'), code)).space.id;
      };
      const asked = { community: second, by: ann, space: await connect() };
      const told = await Promise.allSettled([giveBack(parts, asked), giveBack({ ...parts, storage: other }, asked)]);
      assert.equal(told.filter(({ status }) => status === 'fulfilled').length, 1);
      const back = await findSpace(storage.db, 'discord', '20');
      assert.deepEqual([back?.community, back?.connectedBy, back?.connectedAt], [first, null, null]);
      await connect();
      const acts = await storage.db.selectFrom('audit').select('action').where('action', 'like', 'space.%').execute();
      const count = (name: string): number => acts.filter(({ action }) => action === `space.${name}`).length;
      assert.deepEqual([count('connect'), count('disconnect'), count('leave')], [2, 1, 2]);
    },
  },
  {
    says: 'of two tables of roles that are set at once one is there whole',
    async holds(storage, other) {
      const { parts, first, ann } = await two(storage, []);
      const table = (role: 'admin' | 'member'): RoleMapping[] =>
        ['1', '2', '3'].map((platformRole) => ({ platform: 'discord', platformRole, role }));
      const set = (role: 'admin' | 'member', through: Storage) =>
        setMappings(
          { ...parts, storage: through },
          { community: first, by: ann, role: 'owner', mappings: table(role) },
        );
      await Promise.all([set('admin', storage), set('member', other), set('admin', other), set('member', storage)]);
      const kept = await listMappings(storage.db, first);
      assert.equal(kept.length, 3);
      assert.equal(new Set(kept.map(({ role }) => role)).size, 1);
    },
  },
];

const owner = (place: string) => ({
  platform: 'discord',
  place,
  identity: `discord:${place}0`,
  platformRoles: ['owner'],
});

/** A hall with a second community, and guilds that came by themselves. */
async function two(storage: Storage, guilds: string[]) {
  const { account: ann } = await somebody(storage, 'ann', 'owner');
  const first = (await firstCommunity(storage.db)).id;
  const second = newId('comm');
  await storage.write(async (tx) => {
    const row = { id: second, name: 'Second', created_at: Date.now(), settings: null, made_by: null };
    await tx.db.insertInto('communities').values(row).execute();
    await addMember(tx.db, { community: second, account: ann, role: 'owner', at: 1 });
    for (const platformId of guilds)
      await ensureSpace(tx.db, { platform: 'discord', platformId, name: platformId, community: first, at: 1 });
  });
  const parts: SpaceParts = { storage, clock: Date.now, rates: memoryRates(Date.now), health: () => ({ state: 'up' }) };
  return { parts, first, second, ann };
}
