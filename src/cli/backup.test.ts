import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { fullHall } from '#test/support/full-hall.ts';
import { startGuildhall } from '#test/support/guildhall.ts';
import { isSealed, openSealed, sealFile, WrongPassphrase } from './backup-seal.ts';

const PIECE = 64 * 1024;
const CHEAP = { log2N: 4, r: 8, p: 1 };
const RIGHT = 'a heron on one leg';

describe('a sealed file', { concurrency: 2 }, () => {
  const sealed = async (t: TestContext, size: number) => {
    const folder = temporaryFolder(t);
    const [from, to, back] = ['plain', 'sealed', 'back'].map((name) => join(folder, name)) as [string, string, string];
    writeFileSync(from, randomBytes(size));
    const hash = await sealFile({ from, to }, RIGHT, CHEAP);
    return { from, to, back, hash };
  };

  for (const size of [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
    test(`of ${size} bytes is opened as it was`, async (t) => {
      const { from, to, back, hash } = await sealed(t, size);
      assert.equal(await isSealed(to), true);
      assert.equal(await openSealed({ from: to, to: back }, ['not this one', RIGHT]), hash);
      assert.deepEqual(readFileSync(back), readFileSync(from));
      assert.equal(statSync(to).mode & 0o777, 0o600);
    });

  test('opens with no other passphrase, and with the same letters typed on another system', async (t) => {
    const { from, to } = await sealed(t, 100);
    await assert.rejects(openSealed({ from: to }, ['a heron on one lég', '']), WrongPassphrase);
    const [composed, apart] = ['un héron sur une patte', 'un he\u0301ron sur une patte'];
    await sealFile({ from, to: `${to}2` }, composed, CHEAP);
    await openSealed({ from: `${to}2` }, [apart]);
  });

  test('is refused with any one bit of it changed', async (t) => {
    const { to } = await sealed(t, 2 * PIECE + 50);
    const good = readFileSync(to);
    // Every byte of the head, then one byte in each stretch of the pieces.
    const places = [...Array(80).keys(), ...[0.1, 0.3, 0.5, 0.7, 0.9, 1].map((x) => Math.floor((good.length - 1) * x))];
    for (const place of places) {
      const changed = Buffer.from(good);
      changed[place] = (changed[place] ?? 0) ^ (1 << (place % 8));
      writeFileSync(to, changed);
      if (await isSealed(to)) await assert.rejects(openSealed({ from: to }, [RIGHT]), /damaged/, `byte ${place}`);
      else assert.ok(place < 16, `byte ${place}`);
    }
  });

  test('is refused where it was cut, where something was added, and where pieces were moved, taken or doubled', async (t) => {
    const { to } = await sealed(t, 4 * PIECE);
    const good = readFileSync(to);
    const whole = PIECE + 16;
    const start = good.length - 4 * whole;
    const piece = (n: number): Buffer => good.subarray(start + n * whole, start + (n + 1) * whole);
    const first = good.subarray(0, start);
    const wrongs: Buffer[] = [
      ...[10, start - 1, start, start + 5, start + whole, start + 3 * whole, good.length - 1].map((n) =>
        good.subarray(0, n),
      ),
      Buffer.concat([good, Buffer.from('x')]),
      Buffer.concat([good, piece(3)]),
      Buffer.concat([first, piece(1), piece(0), piece(2), piece(3)]),
      Buffer.concat([first, piece(0), piece(2), piece(3)]),
      Buffer.concat([first, piece(0), piece(0), piece(1), piece(2), piece(3)]),
    ];
    for (const [n, wrong] of wrongs.entries()) {
      writeFileSync(to, wrong);
      await assert.rejects(openSealed({ from: to }, [RIGHT]), /damaged|cut off/, `wrong ${n}`);
    }
  });

  test('that asks for all the memory there is, or is of a newer version, is refused before any work', async (t) => {
    const { to } = await sealed(t, 100);
    const good = readFileSync(to);
    for (const [place, value] of [
      [16, 2],
      [17, 40],
      [18, 255],
      [19, 255],
    ] as const) {
      const changed = Buffer.from(good);
      changed[place] = value;
      writeFileSync(to, changed);
      await assert.rejects(openSealed({ from: to }, [RIGHT]), /newer Guildhall/);
    }
  });
});

describe('backup and restore at the command line', { concurrency: 2 }, () => {
  let template: string;
  const above = mkdtempSync(join(tmpdir(), 'guildhall-test-'));
  before(async () => {
    template = await fullHall(above);
  });
  after(() => rmSync(above, { recursive: true, force: true }));
  const CANARY = 'the vicar keeps bees';

  /** A hall's folder, and commands in it as somebody types them whose settings are in `home`. */
  const desk = (t: TestContext) => {
    const folder = temporaryFolder(t);
    const [data, home] = [join(folder, 'data'), join(folder, 'home')];
    cpSync(template, data, { recursive: true });
    mkdirSync(home, { mode: 0o700 });
    const db = new DatabaseSync(join(data, 'hall.db'));
    db.prepare('update messages set text = ?').run(CANARY);
    db.close();
    const run = (words: string, more: { input?: string; env?: NodeJS.ProcessEnv } = {}) =>
      startGuildhall(folder, words.split(' '), {
        ...more,
        env: { GUILDHALL_DATA: data, XDG_CONFIG_HOME: home, ...more.env },
      }).ended;
    const done = async (...asked: Parameters<typeof run>): Promise<string> => {
      const { code, said } = await run(...asked);
      assert.equal(code, 0, said);
      return said;
    };
    const words = (): unknown[] => {
      const opened = new DatabaseSync(join(data, 'hall.db'));
      const rows = opened.prepare('select distinct text from messages').all();
      opened.close();
      return rows.map((row) => row['text']);
    };
    return { folder, data, home, run, done, words, kept: join(home, 'guildhall/backup-passphrase') };
  };

  test('without a word about a passphrase one is made, kept for its owner alone, named, and used again', async (t) => {
    const { folder, kept, done, words, data } = desk(t);
    const first = await done('backup one.db');
    assert.match(first, new RegExp(`made, and kept in ${kept}.*opens nowhere else`));
    assert.equal(statSync(kept).mode & 0o777, 0o600);
    assert.equal(statSync(join(kept, '..')).mode & 0o777, 0o700);
    const passphrase = readFileSync(kept, 'utf8').trim();
    assert.match(passphrase, /^([0-9A-Z]{5}-){4}[0-9A-Z]{5}$/);
    assert.ok(!first.includes(passphrase));
    assert.match(await done('backup two.db'), /"kept in .*3 messages/s);
    assert.equal(readFileSync(kept, 'utf8').trim(), passphrase);

    const bytes = readFileSync(join(folder, 'one.db'));
    for (const word of [CANARY, 'SQLite format', 'messages']) assert.equal(bytes.includes(word), false, word);
    assert.deepEqual(readdirSync(folder).toSorted(), ['data', 'home', 'one.db', 'two.db']);

    const elsewhere = { GUILDHALL_DATA: join(folder, 'other') };
    assert.match(await done('restore one.db', { env: elsewhere }), /3 messages, 6 accounts are back/);
    assert.deepEqual(
      readdirSync(elsewhere.GUILDHALL_DATA).filter((name) => name.startsWith('.')),
      [],
    );
    const other = new DatabaseSync(join(elsewhere.GUILDHALL_DATA, 'hall.db'));
    assert.equal(other.prepare('select text from messages').get()?.['text'], CANARY);
    other.close();
    assert.deepEqual([words(), readdirSync(data).filter((name) => name.startsWith('.'))], [[CANARY], []]);
  });

  test('with a passphrase of one’s own, by the standard input or the setting, no other is made', async (t) => {
    const { kept, home, run, done } = desk(t);
    const said = await done('backup typed.db --passphrase-stdin', { input: `${RIGHT}\n` });
    assert.doesNotMatch(said, /kept in/);
    await done('backup set.db', { env: { BACKUP_PASSPHRASE: RIGHT } });
    assert.deepEqual(readdirSync(home), []);
    await done('restore typed.db', { env: { BACKUP_PASSPHRASE: RIGHT } });
    await done('restore set.db --passphrase-stdin', { input: RIGHT });
    const refused = await run('restore set.db');
    assert.deepEqual(
      [refused.code, /passphrase is not the one.*BACKUP_PASSPHRASE.*Nothing was changed\./.test(refused.said)],
      [1, true],
      refused.said,
    );
    const short = await run('backup short.db --passphrase-stdin', { input: 'too short\n' });
    assert.deepEqual([short.code, /12 characters at least/.test(short.said)], [64, true], short.said);
    const set = await run('backup short.db', { env: { BACKUP_PASSPHRASE: 'tooshort' } });
    assert.deepEqual([set.code, set.said.includes('tooshort')], [78, false], set.said);
    assert.throws(() => statSync(kept));
  });

  test('one that was made before the setting was there opens still', async (t) => {
    const { done } = desk(t);
    await done('backup before.db');
    await done('restore before.db', { env: { BACKUP_PASSPHRASE: RIGHT } });
  });

  test('where the user has no folder that can be written, the passphrase is kept in the data folder', async (t) => {
    const { data, done } = desk(t);
    const env = { XDG_CONFIG_HOME: '/dev/null/none' };
    assert.match(await done('backup one.db', { env }), new RegExp(`kept in ${data}/backup-passphrase`));
    assert.equal(statSync(join(data, 'backup-passphrase')).mode & 0o777, 0o600);
    await done('restore one.db', { env });
  });

  test('a wrong passphrase, a flipped bit and a cut file are told plainly, and nothing has changed', async (t) => {
    const { folder, data, run, done, words } = desk(t);
    await done('backup good.db --passphrase-stdin', { input: RIGHT });
    const db = new DatabaseSync(join(data, 'hall.db'));
    db.exec("update messages set text = 'since then'");
    db.close();
    const good = readFileSync(join(folder, 'good.db'));
    const flipped = Buffer.from(good);
    flipped[good.length >> 1] = (flipped[good.length >> 1] ?? 0) ^ 4;
    writeFileSync(join(folder, 'flipped.db'), flipped);
    writeFileSync(join(folder, 'cut.db'), good.subarray(0, good.length - 1_000));
    for (const [file, input, says] of [
      ['good.db', 'not the passphrase', /passphrase is not the one/],
      ['flipped.db', RIGHT, /damaged or was cut off, at byte/],
      ['cut.db', RIGHT, /damaged or was cut off, at byte/],
    ] as const) {
      const { code, said } = await run(`restore ${file} --passphrase-stdin`, { input });
      assert.deepEqual([code, says.test(said), /Nothing was changed\./.test(said)], [1, true, true], said);
      assert.doesNotMatch(said, /at .*\.ts:|heron/);
      assert.deepEqual(words(), ['since then']);
    }
    assert.deepEqual(
      readdirSync(data).filter((name) => name.startsWith('.')),
      [],
    );
  });

  test('a backup of a version that did not seal them comes back, and it is said that anybody can read it', async (t) => {
    const { folder, data, done, words } = desk(t);
    const [old, db] = [join(folder, 'old.db'), new DatabaseSync(join(data, 'hall.db'))];
    db.prepare('vacuum into ?').run(old);
    db.exec("update messages set text = 'since then'");
    db.close();
    assert.match(await done('restore old.db'), /old\.db is not sealed.*whoever has it can read it/);
    assert.deepEqual(words(), [CANARY]);
  });

  test('a backup whose tables somebody changed is refused, and what their columns are called is not done', async (t) => {
    const { folder, data, run, words } = desk(t);
    const [forged, made] = [join(folder, 'forged.db'), join(folder, 'made.db')];
    const db = new DatabaseSync(join(data, 'hall.db'));
    db.prepare('vacuum into ?').run(forged);
    db.close();
    const forging = new DatabaseSync(forged);
    const evil = `id") select 1 where 0; commit; attach '${made}' as p; create table p.t(x); begin; --`;
    forging.exec(`drop table audit; create table audit ("${evil.replaceAll('"', '""')}" text, community_id, at)`);
    forging.close();
    const { code, said } = await run('restore forged.db');
    assert.notEqual(code, 0);
    assert.match(said, /backup’s table audit is another one/);
    assert.equal(existsSync(made), false);
    assert.deepEqual(words(), [CANARY]);
  });

  test('what a killed backup left is taken away by one on another day', async (t) => {
    const { data, done } = desk(t);
    for (const name of ['.guildhall-backup-left', '.guildhall-backup-new']) {
      mkdirSync(join(data, name));
      writeFileSync(join(data, name, 'backup.db'), CANARY);
    }
    const yesterday = Date.now() / 1_000 - 25 * 3_600;
    utimesSync(join(data, '.guildhall-backup-left'), yesterday, yesterday);
    await done('backup one.db');
    assert.deepEqual(
      readdirSync(data).filter((name) => name.startsWith('.')),
      ['.guildhall-backup-new'],
    );
  });
});
