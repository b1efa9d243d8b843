import assert from 'node:assert/strict';
import type { CommandChange } from '#core/command-setting.ts';
import {
  changeCommandSetting,
  listCommandSettings,
  readCommandSetting,
  strangersAmong,
} from '#storage/command-settings.ts';
import { deleteOldUses, findUse, keepUse } from '#storage/command-uses.ts';
import { firstCommunity } from '#storage/communities.ts';
import { ensureSpace, findSpace, listSpaces, setSpaceSymbol } from '#storage/spaces.ts';
import type { Storage } from '#storage/storage.ts';
import { somebody } from './fixtures.ts';
import type { StorageCase } from './storage.contract.ts';

/** What a community decides about its commands, what was used of them, and its places on platforms. */
export const commandSettingsContract: StorageCase[] = [
  {
    says: 'a command is as declared until the community decides something, and again once it took all back',
    async holds(storage) {
      const { change, read } = await deciding(storage);
      assert.equal(await read(), undefined);
      const limit = { uses: 3, perSeconds: 60 };
      const all = { on: false, allow: ['acct_x', 'discord:5'], cooldownSeconds: 30, limit, symbol: '$' };
      assert.deepEqual(await change(all), all);
      assert.deepEqual(await read(), all);
      const none = { on: null, allow: null, cooldownSeconds: null, limit: null, symbol: null };
      assert.deepEqual(await change(none), { on: true });
      assert.equal(await read(), undefined);
    },
  },
  {
    says: 'a role and a list of people are told apart',
    async holds(storage) {
      const { change, read } = await deciding(storage);
      await change({ allow: 'admin' });
      assert.deepEqual(await read(), { on: true, allow: 'admin' });
      await change({ allow: ['slack:U1'] });
      assert.deepEqual(await read(), { on: true, allow: ['slack:U1'] });
    },
  },
  {
    says: 'of two who change a command at once neither undoes the other’s field, and of one field the last stays',
    async holds(storage) {
      const { change, read } = await deciding(storage);
      await Promise.all([change({ on: false }), change({ cooldownSeconds: 30 }), change({ allow: 'admin' })]);
      await Promise.all([change({ symbol: '?' }), change({ cooldownSeconds: 60 })]);
      assert.deepEqual(await read(), { on: false, allow: 'admin', cooldownSeconds: 60, symbol: '?' });
    },
  },
  {
    says: 'what is decided holds for one command of one community',
    async holds(storage) {
      const { change, community } = await deciding(storage);
      await change({ on: false });
      assert.equal(await readCommandSetting(storage.db, community, 'help'), undefined);
      assert.equal(await readCommandSetting(storage.db, 'comm_other', 'stock'), undefined);
      assert.deepEqual([...(await listCommandSettings(storage.db, community))], [['stock', { on: false }]]);
      assert.equal((await listCommandSettings(storage.db, 'comm_other')).size, 0);
    },
  },
  {
    says: 'a change that is part of a work that fails is undone with it',
    async holds(storage) {
      const { community, read } = await deciding(storage);
      const failing = storage.write(async (tx) => {
        await changeCommandSetting(tx.db, { community, command: 'stock', change: { on: false } });
        throw new Error('a change of mind');
      });
      await assert.rejects(failing, /a change of mind/);
      assert.equal(await read(), undefined);
    },
  },
  {
    says: 'who of some accounts is not in a community is known',
    async holds(storage) {
      const { community } = await deciding(storage);
      const ann = await somebody(storage, 'ann');
      assert.deepEqual(await strangersAmong(storage.db, community, []), []);
      assert.deepEqual(await strangersAmong(storage.db, community, [ann.account, 'acct_x']), ['acct_x']);
      assert.deepEqual(await strangersAmong(storage.db, 'comm_other', [ann.account]), [ann.account]);
    },
  },
  {
    says: 'uses are remembered as they last stood, and one that comes late changes nothing',
    async holds(storage) {
      const { community } = await deciding(storage);
      const key = { community, command: 'stock', person: 'twitch:44' };
      assert.equal(await findUse(storage.db, key), undefined);
      const [early, late] = [
        { windowStart: 1_790_000_000_000, used: 1, lastAt: 1_790_000_000_000 },
        { windowStart: 1_790_000_000_000, used: 2, lastAt: 1_790_000_000_005 },
      ];
      for (const count of [early, late, early]) await storage.write((tx) => keepUse(tx.db, { ...key, ...count }));
      assert.deepEqual(await findUse(storage.db, key), late);
      const same = { ...late, used: 3 };
      await storage.write((tx) => keepUse(tx.db, { ...key, ...same }));
      assert.deepEqual(await findUse(storage.db, key), same, 'two in one ms both count');
      assert.equal(await findUse(storage.db, { ...key, person: 'twitch:4' }), undefined);
    },
  },
  {
    says: 'who used nothing since a time is forgotten, and nobody else',
    async holds(storage) {
      const { community } = await deciding(storage);
      const key = (person: string) => ({ community, command: 'stock', person });
      for (const [person, lastAt] of [['old', 99] as const, ['new', 100] as const])
        await storage.write((tx) => keepUse(tx.db, { ...key(person), windowStart: 1, used: 1, lastAt }));
      await storage.write((tx) => deleteOldUses(tx.db, 100));
      assert.equal(await findUse(storage.db, key('old')), undefined);
      assert.equal((await findUse(storage.db, key('new')))?.lastAt, 100);
    },
  },
  {
    says: 'a place on a platform is noted once, keeps its id, its community and its symbol, and has its newest name',
    async holds(storage) {
      const { community } = await deciding(storage);
      const other = await secondCommunity(storage);
      const place = { platform: 'twitch', platformId: '44', name: 'ann', community, at: 5 };
      const first = await storage.write((tx) => ensureSpace(tx.db, place));
      assert.match(first.id, /^space_[0-9A-Z]{26}$/);
      const bare = { symbol: null, seenAt: 5, connectedBy: null, connectedAt: null, app: null, goneAt: null };
      assert.deepEqual(first, { ...withoutTime(place), id: first.id, ...bare });
      await storage.write((tx) => setSpaceSymbol(tx.db, { community, space: first.id, symbol: '?' }));
      const later = { ...place, name: 'ann_live', community: other, at: 9 };
      const again = await storage.write((tx) => ensureSpace(tx.db, later));
      assert.deepEqual(again, { ...first, name: 'ann_live', symbol: '?', seenAt: 9 });
      assert.deepEqual(await findSpace(storage.db, 'twitch', '44'), again);
      assert.equal(await findSpace(storage.db, 'discord', '44'), undefined);
    },
  },
  {
    says: 'two who note a new place at once get the same one',
    async holds(storage) {
      const { community } = await deciding(storage);
      const place = { platform: 'slack', platformId: 'T1', name: 'guild', community, at: 5 };
      const noted = await Promise.all([1, 2, 3].map(() => storage.write((tx) => ensureSpace(tx.db, place))));
      assert.equal(new Set(noted.map(({ id }) => id)).size, 1);
    },
  },
  {
    says: 'a community lists its own places, and changes the symbol of its own alone',
    async holds(storage) {
      const { community } = await deciding(storage);
      const other = await secondCommunity(storage);
      let at = 5;
      const note = (platform: string, name: string, of: string) =>
        storage.write((tx) => ensureSpace(tx.db, { platform, platformId: name, name, community: of, at: at++ }));
      const [twitch] = [await note('twitch', 'ann', community), await note('discord', 'zoo', community)];
      const foreign = await note('twitch', 'bob', other);
      const names = async () => (await listSpaces(storage.db, community, { limit: 50 })).map(({ name }) => name);
      assert.deepEqual(await names(), ['ann', 'zoo']);
      const set = (space: string, symbol: string | null) =>
        storage.write((tx) => setSpaceSymbol(tx.db, { community, space, symbol }));
      assert.equal((await set(twitch.id, '$$'))?.symbol, '$$');
      assert.equal((await set(twitch.id, null))?.symbol, null);
      assert.equal(await set(foreign.id, '?'), undefined);
      assert.equal((await findSpace(storage.db, 'twitch', 'bob'))?.symbol, null);
    },
  },
  {
    says: 'what a community decided, used and joined goes with it',
    async holds(storage) {
      await deciding(storage);
      const community = await secondCommunity(storage);
      const key = { community, command: 'stock', person: 'twitch:44' };
      await storage.write(async (tx) => {
        await changeCommandSetting(tx.db, { community, command: 'stock', change: { on: false } });
        await keepUse(tx.db, { ...key, windowStart: 1, used: 1, lastAt: 1 });
        await ensureSpace(tx.db, { platform: 'twitch', platformId: '44', name: 'ann', community, at: 1 });
      });
      await storage.write((tx) => tx.db.deleteFrom('communities').where('id', '=', community).execute());
      assert.equal(await readCommandSetting(storage.db, community, 'stock'), undefined);
      assert.equal(await findUse(storage.db, key), undefined);
      assert.equal(await findSpace(storage.db, 'twitch', '44'), undefined);
    },
  },
];

/** The first community, which decides about `stock`. */
async function deciding(storage: Storage) {
  const community = (await firstCommunity(storage.db)).id;
  return {
    community,
    read: () => readCommandSetting(storage.db, community, 'stock'),
    change: (change: CommandChange) =>
      storage.write((tx) => changeCommandSetting(tx.db, { community, command: 'stock', change })),
  };
}

async function secondCommunity(storage: Storage): Promise<string> {
  const row = { id: 'comm_second', name: 'Another', created_at: 2 };
  await storage.write((tx) => tx.db.insertInto('communities').values(row).execute());
  return row.id;
}

function withoutTime({
  at: _at,
  ...place
}: {
  platform: string;
  platformId: string;
  name: string;
  community: string;
  at: number;
}) {
  return place;
}
