import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { newId } from '#core/ids.ts';
import type { Asker } from '#core/message.ts';
import type { Role } from '#core/roles.ts';
import { firstCommunity } from '#storage/communities.ts';
import { disableAccount } from '#storage/accounts.ts';
import { NO_GATE } from '#core/verification.ts';
import { writeGate } from '#storage/gate.ts';
import { insertIdentity } from '#storage/identities.ts';
import { replaceMappings } from '#storage/role-mappings.ts';
import { ensureSpace, moveSpace } from '#storage/spaces.ts';
import { insertBinding } from '#storage/verifications.ts';
import { freshStorage, somebody } from '#test/contracts/fixtures.ts';
import { isTrusted, secretOwner, whoSpeaks } from './who-speaks.ts';

describe('who speaks on a platform', () => {
  test('has the role that the place’s community gives to what they are there', async (t) => {
    const { vouched, map, roleOf } = await hallFor(t);
    await vouched();
    assert.equal(await roleOf(['administrator']), 'admin');
    await map('123', 'moderator');
    assert.equal(await roleOf(['123']), 'moderator');
    assert.equal(await roleOf(['456']), 'member');
  });

  test('is a member in a guild that came by itself, whatever they are there, once there are several communities', async (t) => {
    const { map, roleOf, storage } = await hallFor(t);
    await map('123', 'moderator');
    assert.equal(await roleOf(['administrator']), 'admin');
    const row = { id: newId('comm'), name: 'Second', created_at: 2, settings: null, made_by: null };
    await storage.write((tx) => tx.db.insertInto('communities').values(row).execute());
    assert.equal(await roleOf(['owner', '123']), 'member');
  });

  test('a guild that came by itself is nobody’s once there are several communities, until somebody connects it', async (t) => {
    const { vouched, storage } = await hallFor(t);
    const community = (await firstCommunity(storage.db)).id;
    const place = { platform: 'discord', platformId: '20', community };
    const row = { id: newId('comm'), name: 'Second', created_at: 2, settings: null, made_by: null };
    assert.equal(await isTrusted(storage, place), true);
    await storage.write((tx) => tx.db.insertInto('communities').values(row).execute());
    assert.equal(await isTrusted(storage, place), false);
    await vouched();
    assert.equal(await isTrusted(storage, place), true);
    assert.equal(await isTrusted(storage, { ...place, community: row.id }), false);
  });

  test('is the account that they linked, with the higher of both roles', async (t) => {
    const { link, vouched, who, account } = await hallFor(t);
    await vouched();
    assert.equal((await who([])).account, 'discord:5');
    await link();
    const linked = await who(['everyone']);
    assert.deepEqual([linked.account, linked.identity, linked.role], [account, 'discord:5', 'moderator']);
    assert.equal((await who(['administrator'])).role, 'admin');
  });

  test('is refused everything where the account is disabled', async (t) => {
    const { link, who, storage, account } = await hallFor(t);
    await link();
    await storage.write((tx) => disableAccount(tx.db, account, 1));
    assert.equal((await who([])).disabled, true);
  });

  test('is a guest while the gate holds them back, and what they are again once they are verified', async (t) => {
    const { roleOf, map, vouched, storage, community } = await hallFor(t);
    await vouched();
    await map('500', 'moderator');
    const gate = { ...NO_GATE, on: true };
    await storage.write((tx) => writeGate(tx.db, community, { gate, by: null, at: 1 }));
    assert.equal(await roleOf([]), 'guest');
    assert.equal(await roleOf(['500']), 'moderator', 'who keeps order there is left alone');
    const binding = { id: 'ver_1', community, key: 'a', subject: 'discord:5', name: 'Mia', how: 'link' } as const;
    await storage.write((tx) => insertBinding(tx.db, { ...binding, verifiedAt: 1 }));
    assert.equal(await roleOf([]), 'member');
  });

  test('owns their secrets by the account that they linked', async (t) => {
    const { link, storage, account } = await hallFor(t);
    assert.equal(await secretOwner(storage)('discord:5'), 'discord:5');
    await link();
    assert.equal(await secretOwner(storage)('discord:5'), account);
  });
});

async function hallFor(t: TestContext) {
  const storage = await freshStorage(t);
  const { account } = await somebody(storage, 'ann', 'moderator');
  const community = (await firstCommunity(storage.db)).id;
  const key = { platform: 'discord', platformId: '20' };
  const space = await storage.write((tx) => ensureSpace(tx.db, { ...key, name: 'Square', community, at: 1 }));
  return {
    vouched: () => storage.write((tx) => moveSpace(tx.db, space.id, { community, by: account, at: 2 })),
    map: (platformRole: string, role: Role) =>
      storage.write((tx) => replaceMappings(tx.db, community, [{ platform: 'discord', platformRole, role }])),
    storage,
    account,
    community,
    link: () => {
      const identity = {
        platform: 'discord',
        platformId: '5',
        account,
        name: 'Mia',
        proof: 'code',
        linkedAt: 1,
      } as const;
      return storage.write((tx) => insertIdentity(tx.db, identity));
    },
    who,
    roleOf: async (platformRoles: string[]): Promise<Role | undefined> => (await who(platformRoles)).role,
  };

  async function who(platformRoles: string[]): Promise<Asker> {
    const asker = { account: 'discord:5', name: 'mia', username: 'mia', role: 'member' as const, platformRoles };
    const from = { platform: 'discord', room: '40', account: 'discord:5' };
    const ask = { text: '/x' };
    const message = { id: newId('job'), from, community, place: '20', who: asker, ask, at: 1 };
    return (await whoSpeaks(storage)(message)).who;
  }
}
