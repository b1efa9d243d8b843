import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { newId } from '#core/ids.ts';
import type { IncomingMessage } from '#core/message.ts';
import type { Role } from '#core/roles.ts';
import { firstCommunity } from '#storage/communities.ts';
import { replaceMappings } from '#storage/role-mappings.ts';
import { ensureSpace, moveSpace } from '#storage/spaces.ts';
import { freshStorage, somebody } from '#test/contracts/fixtures.ts';
import { whoSpeaks } from './who-speaks.ts';

describe('who speaks on a platform', () => {
  test('has the role that the place’s community gives to what they are there', async (t) => {
    const { vouched, map, roleOf } = await hallFor(t);
    await vouched();
    assert.equal(await roleOf(['administrator']), 'admin');
    await map('123', 'moderator');
    assert.equal(await roleOf(['123']), 'moderator');
    assert.equal(await roleOf(['456']), 'member');
  });

  test('is a member in a guild that came by itself, whatever they are there', async (t) => {
    const { map, roleOf } = await hallFor(t);
    await map('123', 'moderator');
    assert.equal(await roleOf(['owner', '123']), 'member');
  });
});

async function hallFor(t: TestContext) {
  const storage = await freshStorage(t);
  const { account } = await somebody(storage, 'ann', 'owner');
  const community = (await firstCommunity(storage.db)).id;
  const key = { platform: 'discord', platformId: '20' };
  const space = await storage.write((tx) => ensureSpace(tx.db, { ...key, name: 'Square', community, at: 1 }));
  return {
    vouched: () => storage.write((tx) => moveSpace(tx.db, space.id, { community, by: account, at: 2 })),
    map: (platformRole: string, role: Role) =>
      storage.write((tx) => replaceMappings(tx.db, community, [{ platform: 'discord', platformRole, role }])),
    async roleOf(platformRoles: string[]): Promise<Role | undefined> {
      const who = { account: 'discord:5', name: 'mia', username: 'mia', role: 'member' as const, platformRoles };
      const from = { platform: 'discord', room: '40', account: 'discord:5' };
      const message: IncomingMessage = {
        id: newId('job'),
        from,
        community,
        place: '20',
        who,
        ask: { text: '/x' },
        at: 1,
      };
      return (await whoSpeaks(storage)(message)).who.role;
    },
  };
}
