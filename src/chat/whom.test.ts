import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { firstCommunity } from '#storage/communities.ts';
import { insertIdentity } from '#storage/identities.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { findWhom } from './whom.ts';

let hall: OpenHall;
let rook: Somebody;
let raven: Somebody;
let community: string;

before(async () => {
  hall = await openHall();
  [rook, raven] = [await somebody(hall.storage, 'rook'), await somebody(hall.storage, 'raven')];
  community = (await firstCommunity(hall.storage.db)).id;
  // Raven of the hall is called rook on Twitch: the trap that these are about.
  await linked(raven, { platform: 'twitch', platformId: '45', name: 'Rook' });
  for (const [n, who] of [rook, raven].entries())
    await linked(who, { platform: 'discord', platformId: `7${n}`, name: 'twin' });
});
after(() => hall.close());

async function linked({ account }: Somebody, name: { platform: string; platformId: string; name: string }) {
  await hall.storage.write((tx) => insertIdentity(tx.db, { ...name, account, proof: 'code', linkedAt: 1 }));
}
const find = (platform: string, typed: string) => findWhom(hall.storage.db, { community, platform, typed });

describe('a name that a moderator types', () => {
  test('means the name there on a platform, and the username in the web chat', async () => {
    for (const typed of ['rook', '@ROOK', 'rook,']) {
      assert.deepEqual(await find('twitch', typed), { account: raven.account });
      assert.deepEqual(await find('webchat', typed), { account: rook.account });
    }
  });

  test('says with hall: or a platform before it which of the two is meant', async () => {
    for (const platform of ['twitch', 'discord', 'webchat']) {
      assert.deepEqual(await find(platform, 'hall:rook'), { account: rook.account });
      assert.deepEqual(await find(platform, 'twitch:rook'), { account: raven.account });
      assert.deepEqual(await find(platform, 'twitch:45'), { platform: 'twitch', platformId: '45', name: '45' });
    }
  });

  test('never falls back to whoever has that username in the hall', async () => {
    const told = /No member is linked to the name raven on Twitch\. Nothing was done\..*hall:raven/;
    await assert.rejects(find('twitch', 'raven'), { status: 404, code: 'unknown-person', message: told });
    await assert.rejects(find('webchat', 'twitch:raven'), { status: 404, message: told });
  });

  test('and that two people have there is nobody’s', async () => {
    await assert.rejects(find('discord', 'twin'), {
      status: 409,
      code: 'which-person',
      message: /More than one member/,
    });
  });
});
