import assert from 'node:assert/strict';
import { linkIdentity, unlinkIdentity } from '#auth/identities.ts';
import { approve, refuse, seeHeld } from '#chat/held.ts';
import type { Chat } from '#chat/chat.ts';
import { houseOrder } from '#chat/house-order.ts';
import { endBans, lift, liftFrom } from '#chat/lift-sanction.ts';
import { muteElsewhere } from '#chat/mute-elsewhere.ts';
import { lockDown } from '#chat/order-room.ts';
import { postMessage } from '#chat/post-message.ts';
import { reportElsewhere } from '#chat/report-elsewhere.ts';
import { report, seeReports, settleReport } from '#chat/report.ts';
import { sanction } from '#chat/sanction.ts';
import { seeModerationLog, seeSanctions } from '#chat/see-order.ts';
import { addWordRule } from '#chat/word-rules.ts';
import type { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { By } from '#core/moderation.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { firstCommunity, roleIn } from '#storage/communities.ts';
import { findIdentity, insertIdentity } from '#storage/identities.ts';
import { pageOfMessages } from '#storage/messages.ts';
import { findStanding } from '#storage/sanctions.ts';
import type { Storage } from '#storage/storage.ts';
import { roomOf, somebody, type Somebody } from './fixtures.ts';
import type { PostCase } from './posts.contract.ts';

/** Order in the house, with two processes on one database: what is decided in one holds in the other at once. */
export const moderationContract: PostCase[] = [
  {
    says: 'a mute made in one process holds in the other from its answer on, and ends with its time',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, there, by, rook, room, clock }) => {
        await postMessage(there, rook, { room, text: 'before' });
        await sanction(here, { by, whom: { account: rook.account }, kind: 'mute', minutes: 10, reason: 'loud' });
        await refused(postMessage(there, rook, { room, text: 'x' }), 'muted');
        clock.now += 10 * 60_000;
        await postMessage(there, rook, { room, text: 'after' });
      }),
  },
  {
    says: 'a ban holds against every linked name, after unlinking too, and against names that are linked later',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, by, rook, community, clock }) => {
        const { db } = storage;
        await link(storage, rook, 'discord', '7');
        await sanction(here, { by, whom: { account: rook.account }, kind: 'ban', reason: 'spam' });
        const barred = async (platform: string, platformId: string, account = '') =>
          (await findStanding(db, { community, account, identity: { platform, platformId } }, clock.now))?.kind;
        assert.equal(await barred('discord', '7'), 'ban');
        await storage.write((tx) => tx.db.deleteFrom('identities').execute());
        assert.equal(await barred('discord', '7'), 'ban', 'also unlinked');
        const ann = await somebody(storage, 'later');
        const name = { platform: 'twitch', platformId: '9', name: 'nine' };
        await sanction(here, { by, whom: name, kind: 'ban', reason: 'spam' });
        await link(storage, ann, 'twitch', '9');
        assert.equal(await barred('none', '', ann.account), 'ban', 'also linked later');
        assert.equal(await barred('discord', '8'), undefined);
      }),
  },
  {
    says: 'a ban of a name takes the membership of whoever links it, in that commit, and lifting it gives it back',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, there, by, rook, room, community, clock }) => {
        const name = { platform: 'discord', platformId: '7', name: 'seven' };
        const linked = { ...name, account: rook.account, proof: 'code', linkedAt: clock.now } as const;
        const { id } = await sanction(here, { by, whom: name, kind: 'ban', reason: 'spam' });
        const link = () => storage.write((tx) => linkIdentity(tx, linked));
        assert.deepEqual((await link()).sanctionedIn, [community]);
        assert.equal(await roleIn(storage.db, community, rook.account), undefined);
        await refused(postMessage(there, rook, { room, text: 'x' }), 'banned');
        await unlinkIdentity(here, { ...name, account: rook.account });
        const standing = { community, account: rook.account };
        assert.equal(
          (await findStanding(storage.db, standing, clock.now))?.kind,
          'ban',
          'unlinking is no way around it',
        );
        assert.deepEqual((await link()).sanctionedIn, [], 'it is told once');
        await lift(there, by, { id, reason: '' });
        assert.equal(await roleIn(storage.db, community, rook.account), 'member');
        await postMessage(here, rook, { room, text: 'back' });
      }),
  },
  {
    says: 'a banned name that somebody else links is banned with them, and either is let in without the other',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, by, rook, community, clock }) => {
        const name = { platform: 'discord', platformId: '7', name: 'seven' };
        const nina = await somebody(storage, 'nina');
        await link(storage, rook, 'discord', '7');
        const first = await sanction(here, { by, whom: { account: rook.account }, kind: 'ban', reason: 'spam' });
        await unlinkIdentity(here, { ...name, account: rook.account });
        const wanted = { ...name, account: nina.account, proof: 'code', linkedAt: clock.now } as const;
        await storage.write((tx) => linkIdentity(tx, wanted));
        assert.equal(await roleIn(storage.db, community, nina.account), undefined);
        await lift(here, by, { id: first.id, reason: '' });
        const roles = () => Promise.all([rook, nina].map(({ account }) => roleIn(storage.db, community, account)));
        assert.deepEqual(await roles(), ['member', undefined]);
        await liftFrom(here, { by, whom: { account: nina.account }, kind: 'ban', reason: '' });
        assert.deepEqual(await roles(), ['member', 'member']);
        assert.equal(await findStanding(storage.db, { community, identity: name }, clock.now), undefined);
      }),
  },
  {
    says: 'whoever keeps order is not put out by linking a banned name: the link is refused, and nothing changed',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, by, mod, community, clock }) => {
        const name = { platform: 'discord', platformId: '7', name: 'seven' };
        await sanction(here, { by, whom: name, kind: 'ban', reason: 'spam' });
        const linked = { ...name, account: mod.account, proof: 'code', linkedAt: clock.now } as const;
        const link = storage.write((tx) => linkIdentity(tx, linked));
        await assert.rejects(link, { status: 409, code: 'sanctioned-there' });
        assert.equal(await roleIn(storage.db, community, mod.account), 'moderator');
        assert.equal(await findIdentity(storage.db, name), undefined);
      }),
  },
  {
    says: 'of two bans of one person at once one holds, and lifting it makes them a member again',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, there, by, mod, rook, community }) => {
        const ban = { by, whom: { account: rook.account }, kind: 'ban' as const, reason: 'spam' };
        await Promise.all([sanction(here, ban), sanction(there, ban)]);
        assert.equal(await roleIn(storage.db, community, rook.account), undefined);
        const held = await seeSanctions(here, mod, community, { active: true, limit: 50 });
        assert.equal(held.length, 1);
        const id = held[0]?.id ?? '';
        const both = await Promise.allSettled([
          lift(here, by, { id, reason: '' }),
          liftFrom(there, { ...ban, kind: 'ban' }),
        ]);
        assert.ok(both.some(({ status }) => status === 'fulfilled'));
        assert.equal(await roleIn(storage.db, community, rook.account), 'member');
      }),
  },
  {
    says: 'no post that begins after the answer to a ban is stored, while many are posted',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, there, by, rook, room }) => {
        let banned = false;
        const late: number[] = [];
        const posting = [here, there].map(async (chat) => {
          for (let n = 0; n < 200; n++) {
            const begunLate = banned;
            const done = await postMessage(chat, rook, { room, text: `${n}` }).catch((error: unknown) => error);
            if (done instanceof Error) assert.equal((done as AppError).code, 'banned');
            else if (begunLate) late.push(n);
            if (n === 5 && chat === here) {
              await sanction(here, { by, whom: { account: rook.account }, kind: 'ban', reason: 'spam' });
              banned = true;
            }
          }
        });
        await Promise.all(posting);
        assert.deepEqual(late, []);
      }),
  },
  {
    says: 'a ban whose time is over gives the membership back, once, whoever sweeps',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, by, mod, rook, community, clock }) => {
        const whom = { account: rook.account };
        await sanction(here, { by, whom, kind: 'ban', minutes: 5, reason: 'cool down' });
        await endBans(storage, clock.now);
        assert.equal(await roleIn(storage.db, community, rook.account), undefined);
        clock.now += 5 * 60_000;
        await Promise.all([endBans(storage, clock.now), endBans(other, clock.now)]);
        assert.equal(await roleIn(storage.db, community, rook.account), 'member');
        const log = await seeModerationLog(here, mod, community, { limit: 50 });
        assert.deepEqual(
          log.map(({ action }) => action),
          ['moderation.unban', 'moderation.ban'],
        );
      }),
  },
  {
    says: 'of a held post one moderator’s word counts: it is said once or not at all',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, there, mod, rook, room, community }) => {
        await addWordRule(here, mod, community, { words: 'lottery', act: 'hold' });
        for (let n = 0; n < 5; n++) {
          const posted = await postMessage(there, rook, { room, text: `lottery ${n}`, clientId: `c${n}` });
          assert.equal(posted.held, true);
          const [held] = await seeHeld(here, mod, community, { limit: 50 });
          const id = held?.id ?? '';
          const [yes, no, again] = await Promise.allSettled([
            approve(here, mod, { community, id }),
            refuse(there, mod, { community, id, reason: '' }),
            approve(there, mod, { community, id }),
          ]);
          const said = (await pageOfMessages(storage.db, { room, limit: 50 })).filter(({ text }) =>
            text.endsWith(` ${n}`),
          );
          const approved = [yes, again].some(({ status }) => status === 'fulfilled');
          assert.equal(said.length, approved ? 1 : 0);
          assert.notEqual(no.status === 'fulfilled', approved);
        }
        assert.deepEqual(await seeHeld(here, mod, community, { limit: 50 }), []);
      }),
  },
  {
    says: 'of two who settle a report at once one does, and the message goes once',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, there, mod, rook, room, community }) => {
        const { message } = await postMessage(here, rook, { room, text: 'rude' });
        const pia = await somebody(storage, 'pia');
        await Promise.all([report(here, pia, message.id, 'rude'), report(there, pia, message.id, 'rude')]);
        const open = await seeReports(here, mod, community, { open: true, limit: 50 });
        assert.equal(open.length, 1, 'one person reports a message once');
        const settle = (chat: Chat): Promise<void> =>
          settleReport(chat, mod, { community, id: open[0]?.id ?? '', outcome: 'deleted', reason: 'rude' });
        const both = await Promise.allSettled([settle(here), settle(there)]);
        assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
        assert.deepEqual(await pageOfMessages(storage.db, { room, limit: 50 }), []);
      }),
  },
  {
    says: 'a message of a platform is reported once by each, with its words, place and people as they were called, up to a number',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, there, mod, rook, community }) => {
        await link(storage, rook, 'discord', '7');
        const from = { platform: 'discord', space: '20', room: '30' };
        const by = { account: 'discord:9', role: 'member' as const, community, name: 'nine' };
        const about = { id: '40', author: { platformId: '7', name: 'Rookie' }, text: 'rude' };
        const whom = { platform: 'discord', ...about.author };
        const made = { by, whom, reason: 'insults', from, about };
        await Promise.all([reportElsewhere(here, made), reportElsewhere(there, made)]);
        const open = await seeReports(here, mod, community, { open: true, limit: 50 });
        assert.equal(open.length, 1);
        const [one] = open;
        assert.deepEqual(
          [one?.author, one?.authorName, one?.byName, one?.text],
          [rook.account, 'rook', 'nine', 'rude'],
        );
        assert.deepEqual([one?.there?.person, one?.there?.personName, one?.there?.said], ['7', 'Rookie', true]);
        await settleReport(there, mod, { community, id: one?.id ?? '', outcome: 'deleted', reason: '' });
        await refused(reportElsewhere(here, { ...made, by: { ...by, account: rook.account } }), 'own-message', 400);
        await refused(reportElsewhere(here, { ...made, by: { ...by, role: 'guest' } }), 'not-allowed');
        const { about: _said, ...person } = made;
        const many = Array.from({ length: LIMITS.openReports }, (_, n) =>
          reportElsewhere(n % 2 ? here : there, person),
        );
        await Promise.all(many);
        await refused(reportElsewhere(there, person), 'too-many-reports', 409);
        const [first] = await seeReports(here, mod, community, { open: true, limit: 50 });
        const settled = { community, id: first?.id ?? '', reason: '' };
        await refused(settleReport(here, mod, { ...settled, outcome: 'deleted' }), 'no-message', 400);
        await settleReport(here, mod, { ...settled, outcome: 'left' });
        await reportElsewhere(there, person);
      }),
  },
  {
    says: 'words that mute, said on a platform, mute the person everywhere, once, and no moderator',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, there, mod, rook, room, community }) => {
        await link(storage, rook, 'discord', '7');
        await link(storage, mod, 'discord', '8');
        const said = (platformId: string) => ({
          community,
          person: { platform: 'discord', platformId },
          rule: 'rule_1',
        });
        await Promise.all([
          muteElsewhere(here, said('7')),
          muteElsewhere(there, said('7')),
          muteElsewhere(here, said('8')),
        ]);
        await refused(postMessage(there, rook, { room, text: 'x' }), 'muted');
        await postMessage(there, mod, { room, text: 'still here' });
        const held = await seeSanctions(here, mod, community, { active: true, limit: 50 });
        assert.deepEqual(
          held.map(({ name }) => name),
          ['rook'],
        );
      }),
  },
  {
    says: 'a lock-down holds the first post of whoever never wrote, in either process, until its time is over',
    holds: (storage, other) =>
      inHouse({ storage, other }, async ({ here, there, by, rook, room, clock }) => {
        const fresh = await somebody(storage, 'fresh');
        await postMessage(there, rook, { room, text: 'hello', clientId: 'a' });
        await lockDown(here, { by, on: true, minutes: 30 });
        assert.equal((await postMessage(there, rook, { room, text: 'again' })).held, undefined);
        assert.equal((await postMessage(there, fresh, { room, text: 'hello' })).held, true);
        clock.now += 30 * 60_000;
        assert.equal((await postMessage(there, fresh, { room, text: 'hello again' })).held, undefined);
      }),
  },
];

interface House {
  here: Chat;
  there: Chat;
  by: By;
  mod: Somebody;
  rook: Somebody;
  room: string;
  community: string;
  clock: { now: number };
}

async function inHouse(
  { storage, other }: { storage: Storage; other: Storage },
  tell: (house: House) => Promise<void>,
): Promise<void> {
  const clock = { now: 1_800_000_000_000 };
  const [mod, rook] = [await somebody(storage, 'mo', 'moderator'), await somebody(storage, 'rook')];
  const { id: room } = await roomOf(storage, mod);
  const community = (await firstCommunity(storage.db)).id;
  const [here, there] = [chatOn(storage, clock), chatOn(other, clock)];
  const by = { account: mod.account, role: 'moderator' as const, community };
  await tell({ here, there, by, mod, rook, room, community, clock });
}

function chatOn(storage: Storage, time: { now: number }): Chat {
  const clock = (): number => time.now;
  const order = houseOrder({ storage, clock, rates: memoryRates(clock) });
  return { storage, clock, bus: { announce: () => undefined }, order };
}

async function link(storage: Storage, { account }: Somebody, platform: string, platformId: string): Promise<void> {
  const linked = { platform, platformId, account, name: platformId, proof: 'code' as const, linkedAt: 1 };
  await storage.write((tx) => insertIdentity(tx.db, linked));
}

async function refused(act: Promise<unknown>, code: string, status = 403): Promise<void> {
  await assert.rejects(act, { status, code });
}
