import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { badRequest } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { nicknameBy, pastedCode } from '#core/place-gate.ts';
import type { Overheard } from '#core/platform.ts';
import { NO_GATE, type GateSettings, type Prover } from '#core/verification.ts';
import { firstCommunity } from '#storage/communities.ts';
import { writeGate } from '#storage/gate.ts';
import { insertIdentity } from '#storage/identities.ts';
import { replaceMappings } from '#storage/role-mappings.ts';
import { ensureSpace } from '#storage/spaces.ts';
import { insertBinding } from '#storage/verifications.ts';
import { freshStorage, somebody } from '#test/contracts/fixtures.ts';
import { placeGate } from './place-gate.ts';
import { verifyWatch } from './verify-watch.ts';

describe('the gate in a place of a platform', () => {
  test('has the role and the welcome room of that place, from when it was shut', async (t) => {
    const { gate, place, space, decide } = await hallFor(t);
    assert.equal(await gate.rules(place), undefined);
    await decide({
      mode: 'role',
      roles: { [space]: '77', other: '88' },
      welcome: { [space]: '99' },
      nickname: '{name}',
    });
    const rules = { mode: 'role', since: 5, role: '77', welcome: '99', nickname: '{name}' };
    assert.deepEqual(await gate.rules(place), rules);
  });

  test('is open where nobody vouched that the place is the community’s', async (t) => {
    const { gate, place, decide, storage } = await hallFor(t);
    await decide({});
    assert.ok(await gate.rules(place));
    const row = { id: newId('comm'), name: 'Second', created_at: 2, settings: null, made_by: null };
    await storage.write((tx) => tx.db.insertInto('communities').values(row).execute());
    assert.equal(await gate.rules(place), undefined);
  });

  test('lets be who keeps order there, by the table of the community, or here', async (t) => {
    const { gate, place, decide, storage, community } = await hallFor(t);
    await decide({});
    const { account } = await somebody(storage, 'ann', 'moderator');
    const linked = { platform: 'discord', platformId: '4', account, name: 'x', proof: 'code', linkedAt: 1 } as const;
    await storage.write((tx) => insertIdentity(tx.db, linked));
    const table = [{ platform: 'discord', platformRole: '77', role: 'moderator' as const }];
    await storage.write((tx) => replaceMappings(tx.db, community, table));
    const made = {
      id: newId('ver'),
      community,
      key: 'a',
      subject: 'discord:5',
      name: 'x',
      how: 'link',
      verifiedAt: 1,
    } as const;
    await storage.write((tx) => insertBinding(tx.db, made));
    const roles = { '1': ['administrator'], '2': ['77'], '3': ['78'], '4': [], '5': [] };
    const people = Object.entries(roles).map(([person, platformRoles]) => ({ person, platformRoles }));
    const found = await gate.look(place, people);
    assert.deepEqual(
      [...found.values()].map(({ is }) => is),
      ['free', 'free', 'held', 'free', 'verified'],
    );
  });

  test('notes in the audit whom it told, once', async (t) => {
    const { gate, place, storage } = await hallFor(t);
    assert.deepEqual([await gate.tellOnce(place, '5'), await gate.tellOnce(place, '5')], [true, false]);
    const rows = await storage.db.selectFrom('audit').select(['action', 'subject']).execute();
    assert.deepEqual(
      rows.filter(({ action }) => action === 'verification.held').map(({ subject }) => subject),
      ['discord:5'],
    );
  });

  test('tries a pasted code as its writer’s, and says what is wrong with it', async (t) => {
    const { gate, place, provers } = await hallFor(t);
    const words = await gate.prove(place, { person: '5', name: 'rook', room: '9', code: '9C4N-KV7P' });
    assert.equal(words, 'That is not the code.');
    const { community } = place;
    const name = { platform: 'discord', platformId: '5', name: 'rook', space: '20', room: '9' };
    assert.deepEqual(provers, [{ community, subject: 'discord:5', ...name }]);
  });

  test('keeps for the moderators what it lacks, once for each cause', async (t) => {
    const { gate, place, storage } = await hallFor(t);
    for (const why of [undefined, 'no right', 'no right', 'no role', undefined, 'no right'])
      await gate.lacks(place, why);
    const rows = await storage.db
      .selectFrom('audit')
      .select('detail')
      .where('action', '=', 'verification.lacks')
      .execute();
    assert.deepEqual(
      rows.map(({ detail }) => (JSON.parse(detail ?? '{}') as { why: string }).why),
      ['no right', 'no role', 'no right'],
    );
  });

  test('knows how far a place was looked at', async (t) => {
    const { gate, place } = await hallFor(t);
    assert.equal(await gate.lookedUntil(place), undefined);
    await gate.looked(place, 123);
    assert.equal(await gate.lookedUntil(place), 123);
  });
});

describe('the gate on Twitch', () => {
  test('has an unverified line deleted, and its writer told once in the chat', async (t) => {
    const { watch, asked, decide } = await hallFor(t, 'twitch');
    await watch('open');
    await decide({});
    await watch('one');
    await watch('two');
    const sent = await asked();
    assert.deepEqual(
      sent.map(({ act, target }) => [act, target?.message]),
      [
        ['deleteMessage', 'one'],
        [undefined, undefined],
        ['deleteMessage', 'two'],
      ],
    );
    assert.match(sent[1]?.reply?.text ?? '', /only verified people write here/);
  });

  test('deletes nothing in the role mode, nor anything on Slack, where no bot can', async (t) => {
    const { watch, asked, decide } = await hallFor(t, 'twitch');
    await decide({ mode: 'role' });
    await watch('one');
    const slack = await hallFor(t, 'slack');
    await slack.decide({});
    await slack.watch('one');
    assert.deepEqual([await asked(), await slack.asked()], [[], []]);
  });
});

test('a nickname is the list’s name in as many letters as Discord takes', () => {
  assert.equal(nicknameBy('{name} ✓', 'Ann Lee'), 'Ann Lee ✓');
  assert.equal(nicknameBy('{name}', '$& Ann'), '$& Ann');
  assert.equal(nicknameBy('{name}', 'x'.repeat(80)).length, 32);
  assert.ok(nicknameBy('{name}', `${'x'.repeat(31)}🙂`).isWellFormed());
});

test('a code alone is one as the mail shows it; a word of eight letters is none', () => {
  assert.equal(pastedCode(' 9c4n-KV7P '), '9c4n-KV7P');
  for (const line of ['9C4NKV7P', 'WELCOMES', 'my 9C4N-KV7P', '9C4N-KV7P!']) assert.equal(pastedCode(line), undefined);
});

interface Sent {
  act?: string;
  target?: { message: string };
  reply?: { text: string };
}

async function hallFor(t: TestContext, platform = 'discord') {
  const storage = await freshStorage(t);
  const community = (await firstCommunity(storage.db)).id;
  const place = { platform, platformId: '20', community };
  const { id: space } = await storage.write((tx) => ensureSpace(tx.db, { ...place, name: 'Square', at: 1 }));
  const provers: Prover[] = [];
  const verification = {
    async code(prover: Prover): Promise<string> {
      provers.push(prover);
      throw badRequest('wrong-code', 'That is not the code.');
    },
  };
  const gate = placeGate({ storage, clock: () => 9, verification });
  const line: Omit<Overheard, 'message'> = {
    platform,
    space: '20',
    room: 'square',
    person: '5',
    name: 'rook',
    text: 'hi',
  };
  const overheard = (): ((line: Overheard) => Promise<void>) =>
    verifyWatch({ storage, clock: () => 9, gate, space: async () => ({ community, symbol: null }) });
  return {
    storage,
    community,
    place,
    space,
    gate,
    provers,
    decide: (change: Partial<GateSettings>) =>
      storage.write((tx) =>
        writeGate(tx.db, community, { gate: { ...NO_GATE, on: true, ...change }, by: null, at: 5 }),
      ),
    /** Of a process that knows nothing of before. */
    watch: (message: string) => overheard()({ ...line, message }),
    asked: async () => {
      const rows = await storage.db.selectFrom('outbox').select('body').orderBy('n').execute();
      return rows.map(({ body }) => JSON.parse(body) as Sent);
    },
  };
}
