import assert from 'node:assert/strict';
import { linkIdentity } from '#auth/identities.ts';
import { LIMITS } from '#core/limits.ts';
import { entryKey, type Prover, type Verification } from '#core/verification.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { verifyFeature, type VerifyParts } from '#features/verify/index.ts';
import { settleList } from '#features/verify/settle-list.ts';
import { firstCommunity, roleIn } from '#storage/communities.ts';
import { deleteEntry, putEntry } from '#storage/list-people.ts';
import { takeMails } from '#storage/mail-outbox.ts';
import type { Storage } from '#storage/storage.ts';
import { somebody, type Somebody } from './fixtures.ts';
import type { PostCase } from './posts.contract.ts';

/** The whole gate, as two processes have it on one database. */
export const gateContract: PostCase[] = [
  {
    says: 'of 100 who press the button of one mail at once, in two processes, one is verified, once',
    holds: (storage, other) =>
      atGate({ storage, other }, async ({ here, there, asks, mailed, by }) => {
        await asks('discord:1', 'a');
        const { session } = await mailed();
        const presses = Array.from({ length: 100 }, (_, n) => (n % 2 ? here : there).confirm(session));
        const told = (await Promise.all(presses)).filter(Boolean);
        assert.deepEqual(told, [{ outcome: 'verified', platform: 'discord' }]);
        assert.equal((await here.bindings(by, { active: true, limit: 9 })).length, 1);
      }),
  },
  {
    says: 'of two people who prove at once to be one entry, one is it, and the other is told so',
    holds: (storage, other) =>
      atGate({ storage, other }, async ({ here, there, asks, mailed }) => {
        const links = [];
        for (const person of ['discord:1', 'discord:2']) {
          await asks(person, 'a');
          links.push((await mailed()).session);
        }
        const both = await Promise.all([here.confirm(links[0] ?? ''), there.confirm(links[1] ?? '')]);
        const outcomes = both.map((one) => one?.outcome ?? 'nothing').toSorted();
        assert.equal(outcomes.filter((one) => one === 'verified').length, 1);
        assert.ok(outcomes.includes('taken') || outcomes.includes('nothing'), outcomes.join());
      }),
  },
  {
    says: 'what asks a platform for the role and the name stands in the commit that verifies',
    holds: (storage, other) =>
      atGate({ storage, other }, async ({ here, asks, mailed, by, sent, community }) => {
        await storage.write((tx) =>
          tx.db
            .insertInto('spaces')
            .values({
              id: 'space_1',
              community_id: community,
              platform: 'discord',
              platform_id: '77',
              name: 'guild',
              symbol: null,
              seen_at: 1,
            })
            .execute(),
        );
        await here.change({ by, change: { mode: 'role', roles: { space_1: '88' }, nickname: '{name} (class)' } });
        await asks('discord:1', 'a');
        await here.confirm((await mailed()).session);
        const acts = sent.flatMap((body) => ('act' in body ? [[body.act, body.target, body.value]] : []));
        const target = { space: '77', person: '1' };
        assert.deepEqual(acts, [
          ['grantRole', target, '88'],
          ['setNickname', target, 'Ann Lee (class)'],
        ]);
        const [binding] = await here.bindings(by, { active: true, limit: 9 });
        await here.unlink({ by, id: binding?.id ?? '', reason: 'left' });
        const last = sent.at(-1);
        assert.ok(last && 'act' in last && last.act === 'removeRole');
      }),
  },
  {
    says: 'who is taken from the list, or whose time is over, is a guest; who is on it again is a member',
    holds: (storage, other) =>
      atGate({ storage, other }, async ({ here, by, ann, community, clock, list }) => {
        const is = () => roleIn(storage.db, community, ann.account);
        await here.change({ by, change: { on: true } });
        await here.vouch({ by, userId: 'A', subject: ann.account });
        assert.equal(await is(), 'member');
        await storage.write((tx) => deleteEntry(tx.db, community, 'a'));
        await here.sweep();
        assert.equal(await is(), 'guest');
        await list('a', clock.now + 1_000);
        assert.equal(await is(), 'member');
        clock.now += 1_000;
        await here.sweep();
        assert.equal(await is(), 'guest');
        await list('a', null);
        assert.equal(await is(), 'member');
      }),
  },
  {
    says: 'a verified name that is linked makes its account verified, which cannot be two people of one list',
    holds: (storage, other) =>
      atGate({ storage, other }, async ({ here, by, ann, community, list }) => {
        await list('b', null);
        await here.change({ by, change: { on: true } });
        for (const [userId, subject] of [
          ['a', 'discord:1'],
          ['b', 'discord:2'],
        ] as const)
          await here.vouch({ by, userId, subject });
        const link = (platformId: string) =>
          storage.write((tx) => {
            const name = { platform: 'discord', platformId, account: ann.account, name: 'ann' };
            return linkIdentity(tx, { ...name, proof: 'code', linkedAt: 1 });
          });
        await link('1');
        assert.equal(await roleIn(storage.db, community, ann.account), 'member');
        await assert.rejects(link('2'), { status: 409, code: 'verified-as-another' });
      }),
  },
  {
    says: 'the fifth wrong code ends the request, also when the right one comes after it',
    holds: (storage, other) =>
      atGate({ storage, other }, async ({ here, asks, mailed, prover, by }) => {
        await asks('discord:1', 'a');
        const { code } = await mailed();
        for (let n = 0; n < LIMITS.verifyCodeTries; n++)
          await assert.rejects(here.code(prover('discord:1'), 'AAAA-AAAA'), { code: 'wrong-code' });
        await assert.rejects(here.code(prover('discord:1'), code), { status: 429 });
        const [request] = await here.requests(by, { limit: 9 });
        assert.equal(request?.state, 'over');
      }),
  },
  {
    says: 'a code is good for who asked, and for nobody else',
    holds: (storage, other) =>
      atGate({ storage, other }, async ({ here, there, asks, mailed, prover }) => {
        await asks('discord:1', 'a');
        const { code } = await mailed();
        await assert.rejects(here.code(prover('discord:2'), code), { code: 'wrong-code' });
        assert.match(await there.code(prover('discord:1'), code), /^Your discord account has been linked\./);
      }),
  },
];

interface World {
  here: Verification;
  there: Verification;
  community: string;
  by: { account: string; role: 'owner'; community: string };
  ann: Somebody;
  clock: { now: number };
  /** What platforms were asked and told. */
  sent: Parameters<VerifyParts['send']>[2][];
  prover(person: string): Prover;
  asks(person: string, userId: string): Promise<void>;
  /** Writes an entry to the list, with all that follows. */
  list(userId: string, until: number | null): Promise<void>;
  /** What stands in the mail that waits. */
  mailed(): Promise<{ session: string; code: string }>;
}

async function atGate(
  { storage, other }: { storage: Storage; other: Storage },
  act: (world: World) => Promise<void>,
): Promise<void> {
  const { id: community } = await firstCommunity(storage.db);
  const [owner, ann] = [await somebody(storage, 'olga', 'owner'), await somebody(storage, 'ann')];
  const clock = { now: 1_000_000 };
  const sent: World['sent'] = [];
  const rates = memoryRates(() => clock.now);
  const of = (store: Storage): VerifyParts => ({
    storage: store,
    clock: () => clock.now,
    rates,
    databases: { named: () => [], rows: () => assert.fail('no database is asked here') },
    base: () => 'https://hall.example',
    send: async (_tx, _platform, body) => void sent.push(body),
    changed: () => undefined,
    tellModerators: async () => undefined,
  });
  const [mine, theirs] = [verifyFeature(() => of(storage)), verifyFeature(() => of(other))];
  const prover = (person: string): Prover => {
    const [platform = '', platformId = ''] = person.split(':');
    return { community, subject: person, platform, platformId, name: person };
  };
  const list = (userId: string, until: number | null): Promise<void> => {
    const entry = { userId, key: entryKey(userId), email: `${userId}@example.org`, name: 'Ann Lee', until };
    return storage.write(async (tx) => {
      await putEntry(tx.db, community, { entry: { ...entry, source: 'http' as const }, at: clock.now });
      await settleList(of(storage), tx, community, [entryKey(userId)]);
    });
  };
  await list('a', null);
  await act({
    here: mine.verification as Verification,
    there: theirs.verification as Verification,
    community,
    by: { account: owner.account, role: 'owner', community },
    ann,
    clock,
    sent,
    prover,
    list,
    async asks(person, userId) {
      assert.equal(await (mine.verification as Verification).ask(prover(person), userId), 'Link sent!');
    },
    async mailed() {
      const [waiting] = await storage.write((tx) => takeMails(tx.db, { at: clock.now, limit: 1 }));
      const mail = waiting && (await theirs.mails?.['verify']?.make(waiting));
      const text = mail?.text ?? '';
      const [, session = ''] = /hall\.example\/verify\/([\w-]+)\n/.exec(text) ?? [];
      const [, code = ''] = /code:(\w{4}-\w{4})/.exec(text) ?? [];
      return { session, code };
    },
  });
}
