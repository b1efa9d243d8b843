import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AppError } from '#core/errors.ts';
import { readConfig } from '#src/config.ts';
import type { Terminal } from '#src/terminal.ts';
import { readCommandSetting } from '#storage/command-settings.ts';
import { firstCommunity } from '#storage/communities.ts';
import { ensureSpace } from '#storage/spaces.ts';
import { openHall, somebody, temporaryFolder, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call } from '#test/support/person.ts';
import { WrongUse } from './command-line.ts';
import { command } from './command.ts';
import { space } from './space.ts';

/** What a line of the command line says, one printed line each, as `state name words`. Throws what it throws. */
async function said(folder: string, words: string): Promise<string> {
  const lines: string[] = [];
  const print = (state: string) => (what: string, told: string) => void lines.push(`${state} ${what} ${told}`);
  const say: Terminal = {
    ok: print('ok'),
    note: print('note'),
    wrong: print('wrong'),
    plain: (told) => void lines.push(told),
  };
  const [name, ...rest] = words.split(' ');
  const config = readConfig({ GUILDHALL_DATA: folder }, folder);
  assert.equal(await (name === 'space' ? space : command)({ config, say, words: rest }), 0);
  return lines.join('\n');
}

describe('a community’s commands at the command line', () => {
  let hall: OpenHall;
  let ann: Somebody;
  let community: string;
  before(async () => {
    hall = await openHall();
    ann = await somebody(hall.storage, 'ann');
    community = (await firstCommunity(hall.storage.db)).id;
  });
  after(() => hall.close());
  const done = (words: string) => said(hall.folder, words);
  const setting = (name = 'stock') => readCommandSetting(hall.storage.db, community, name);
  const useHelp = () => call(hall, { method: 'POST', path: '/v1/commands/help', body: {}, token: ann.token });

  test('are listed with what holds now', async () => {
    const told = await done('command list');
    const names = told.split('\n').map((one) => one.split(' ')[1]);
    assert.deepEqual(names, names.toSorted());
    for (const name of ['ban', 'connect', 'link', 'lockdown']) assert.ok(names.includes(name), name);
    assert.match(told, /^ok help on · for guest and up · 30 in 60 s · no cooldown$/m);
    assert.match(told, /^ok stock on · for member and up · 10 in 60 s · no cooldown$/m);
  });

  test('are changed beside a running hall, which knows it at the next use', async () => {
    assert.equal((await useHelp()).status, 200);
    const told = await done('command set help --cooldown 600 --limit 5/3600');
    assert.equal(told, 'ok help on · for guest and up · 5 in 3600 s · cooldown 600 s');
    assert.equal((await useHelp()).status, 200);
    assert.equal((await useHelp()).body.code, 'too-fast');
    assert.match(await done('command set help --reset'), /30 in 60 s · no cooldown/);
    assert.equal((await useHelp()).status, 200);
    assert.equal(await setting('help'), undefined);
  });

  test('one field at a time leaves the others, and --reset begins anew with what stands beside it', async () => {
    await done('command set /STOCK --off --symbol $');
    assert.match(
      await done('command set stock --cooldown 30'),
      /^note stock off · .* · cooldown 30 s · on Twitch \$stock$/,
    );
    assert.deepEqual(await setting(), { on: false, cooldownSeconds: 30, symbol: '$' });
    await done('command set stock --on --cooldown 0 --symbol none');
    assert.equal(await setting(), undefined);
    await done('command set stock --off --symbol ?');
    await done('command set stock --reset --limit 1/60');
    assert.deepEqual(await setting(), { on: true, limit: { uses: 1, perSeconds: 60 } });
    await done('command set stock --reset');
  });

  test('people are named by username, by account, or by platform and id', async () => {
    const bob = await somebody(hall.storage, 'bob');
    const told = await done(`command set stock --allow ANN,${bob.account},twitch:44`);
    assert.match(told, /for ann, bob, twitch:44/);
    assert.deepEqual((await setting())?.allow, [ann.account, bob.account, 'twitch:44']);
    assert.match(await done('command set stock --allow moderator'), /for moderator and up/);
    await done('command set stock --reset');
  });

  test('a change stands in the audit as the operator’s', async () => {
    await done('command set stock --cooldown 9');
    const [entry] = await hall.storage.db
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'command.settings')
      .orderBy('id', 'desc')
      .limit(1)
      .execute();
    assert.deepEqual([entry?.account_id, entry?.subject, entry?.detail], [null, 'stock', '{"cooldownSeconds":9}']);
    await done('command set stock --reset');
  });

  test('another community is named by its id', async () => {
    const row = { id: 'comm_second', name: 'Another', created_at: 9e15 };
    await hall.storage.write((tx) => tx.db.insertInto('communities').values(row).execute());
    await done('command set stock --off --community comm_second');
    assert.equal((await readCommandSetting(hall.storage.db, 'comm_second', 'stock'))?.on, false);
    assert.equal(await setting(), undefined);
    assert.match(await done('command list --community comm_second'), /^note stock off/m);
    const strange = done(`command set stock --allow ${ann.account} --community comm_second`);
    await assert.rejects(strange, { code: 'not-a-member' });
  });

  const wrong: [words: string, says: RegExp][] = [
    ['command', /One of list, and set/],
    ['command dance', /One of list, and set/],
    ['command set', /One of list, and set/],
    ['command set stock', /Say what to set/],
    ['command set stock --community comm_x', /Say what to set/],
    ['command set stock help --on', /One of list, and set/],
    ['command list --on', /list takes --community only/],
    ['command set stock --on --off', /not both/],
    ['command set stock --cooldown soon', /--cooldown is a whole number/],
    ['command set stock --cooldown 2592001', /--cooldown: /],
    ['command set stock --limit 5', /--limit is USES\/SECONDS/],
    ['command set stock --limit 100001/60', /--limit: /],
    ['command set stock --allow nobody', /no role and nobody called “nobody”/],
    ['command set stock --allow irc:5', /--allow: is nobody: name people as/],
    ['command set stock --symbol x', /--symbol: is 1 to 3 signs/],
    ['command set stock --colour red', /--colour/],
    ['space', /One of list, and set/],
    ['space set', /One of list, and set/],
    ['space set space_none', /One of list, and set/],
    ['space list --symbol ?', /One of list, and set/],
    ['space set space_none --symbol x', /--symbol is 1 to 3 signs/],
  ];
  for (const [words, says] of wrong) {
    test(`“${words}” is a wrong use that is told, and changes nothing`, async () => {
      const refusal = await done(words).catch((error: Error) => error);
      assert.ok(refusal instanceof WrongUse, String(refusal));
      assert.match(refusal.message, says);
      assert.equal(await setting(), undefined);
    });
  }

  const refused: [words: string, code: string][] = [
    ['command set nope --off', 'unknown-command'],
    ['command set help --off', 'help-stays-on'],
    ['command list --community comm_none', 'unknown-community'],
    ['space set space_none --symbol ?', 'unknown-space'],
  ];
  for (const [words, code] of refused) {
    test(`“${words}” is refused as ${code}`, async () => {
      const refusal = await done(words).catch((error: Error) => error);
      assert.ok(refusal instanceof AppError, String(refusal));
      assert.equal(refusal.code, code);
    });
  }

  test('places are listed, and a channel gets another symbol and the usual one back', async () => {
    assert.match(await done('space list'), /none yet/);
    const place = { platform: 'twitch', platformId: '44', name: 'ann_live', community, at: Date.UTC(2026, 10, 21) };
    const { id } = await hall.storage.write((tx) => ensureSpace(tx.db, place));
    assert.match(
      await done('space list'),
      / twitch ann_live \(44\), noted 2026-11-21T00:00:00\.000Z · commands begin with !$/,
    );
    assert.match(await done(`space set ${id} --symbol ?`), /commands begin with \?/);
    assert.match(await done('space list'), /commands begin with \?/);
    assert.match(await done(`space set ${id} --symbol none`), /commands begin with !/);
  });
});

test('without a hall the command line makes the data, and what was set is there the next time', async (t) => {
  const folder = temporaryFolder(t);
  await said(folder, 'command set stock --off');
  assert.match(await said(folder, 'command list'), /^note stock off/m);
});
