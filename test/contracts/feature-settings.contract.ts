import assert from 'node:assert/strict';
import { firstCommunity } from '#storage/communities.ts';
import { keepChosen, listChosen, readChosen } from '#storage/feature-settings.ts';
import type { Storage } from '#storage/storage.ts';
import type { StorageCase } from './storage.contract.ts';

const CHOSEN = { values: { market: 'us', tells: false, names: ['a', 'ß', '\u0000'] }, version: 1 };

/** What communities choose of features. */
export const featureSettingsContract: StorageCase[] = [
  {
    says: 'nothing is chosen of a feature until somebody chooses, and then the newest holds',
    async holds(storage) {
      const { community, choose } = await choosing(storage);
      assert.deepEqual(await readChosen(storage.db, community, 'stock'), { values: {}, version: 0 });
      await choose(community, 'stock', CHOSEN);
      assert.deepEqual(await readChosen(storage.db, community, 'stock'), CHOSEN);
      await choose(community, 'stock', { values: {}, version: 2 });
      assert.deepEqual(await readChosen(storage.db, community, 'stock'), { values: {}, version: 2 });
    },
  },
  {
    says: 'what is chosen holds for one feature of one community, and goes with it',
    async holds(storage) {
      const { community, choose } = await choosing(storage);
      const row = { id: 'comm_second', name: 'Another', created_at: 2 };
      await storage.write((tx) => tx.db.insertInto('communities').values(row).execute());
      await choose(row.id, 'stock', CHOSEN);
      await choose(row.id, 'gone', CHOSEN);
      assert.equal((await readChosen(storage.db, community, 'stock')).version, 0);
      assert.equal((await readChosen(storage.db, row.id, 'door')).version, 0);
      assert.deepEqual([...(await listChosen(storage.db, row.id)).keys()].toSorted(), ['gone', 'stock']);
      assert.equal((await listChosen(storage.db, community)).size, 0);
      await storage.write((tx) => tx.db.deleteFrom('communities').where('id', '=', row.id).execute());
      assert.equal((await listChosen(storage.db, row.id)).size, 0);
    },
  },
];

/** The first community, and how something is chosen. */
async function choosing(storage: Storage) {
  return {
    community: (await firstCommunity(storage.db)).id,
    choose: (community: string, feature: string, chosen: typeof CHOSEN | { values: object; version: number }) =>
      storage.write((tx) =>
        keepChosen(tx.db, { community, feature, chosen: { ...chosen, values: { ...chosen.values } } }),
      ),
  };
}
