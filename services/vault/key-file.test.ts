import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { seal } from '#contracts/sealed.ts';
import { type Ends, temporaryFolder } from '#test/contracts/fixtures.ts';
import { ROOT } from '#test/support/child.ts';
import { changeKeys, withKeys } from './key-file.ts';
import { type Keys, openKeys } from './keys.ts';
import { Refusal } from './refusal.ts';

const MINE = { owner: 'account_1', purpose: 'torn' };
const isRoot = process.getuid?.() === 0;

/** A folder whose keys were made by a vault that has ended. */
async function usedFolder(t: Ends): Promise<{ folder: string; file: string; id: string; sealed: string }> {
  const folder = temporaryFolder(t);
  const keys = await openKeys(folder);
  const sealed = await seal(keys.publicKey(), Buffer.from('what was typed'), MINE);
  keys.close();
  return { folder, file: join(folder, 'keys.json'), id: keys.publicKey().id, sealed };
}

async function opened(t: Ends, folder: string): Promise<Keys> {
  const keys = await openKeys(folder);
  t.after(() => keys.close());
  return keys;
}

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

/** No key, for this reason; nothing is sealed, opened or rotated, and the file stays as it is. */
async function isTrouble(keys: Keys, says: RegExp, file: string): Promise<void> {
  const was = existsSync(file) ? readFileSync(file) : undefined;
  const refused = (error: unknown): boolean =>
    error instanceof Refusal && error.status === 503 && error.code === 'no-key' && says.test(error.message);
  assert.deepEqual([keys.made, keys.status().state], [false, 'no-key']);
  assert.match(keys.status().why ?? '', says);
  assert.throws(() => keys.publicKey(), refused);
  await assert.rejects(keys.open({ ...MINE, sealed: 'gs1.AAAAAAAAAAAA.AAAA.AAAA' }), refused);
  await assert.rejects(keys.begin(), refused);
  await assert.rejects(keys.end('AAAAAAAAAAAA'), refused);
  await assert.rejects(keys.reseal([{ ...MINE, sealed: 'gs1.AAAAAAAAAAAA.AAAA.AAAA' }]), refused);
  assert.deepEqual(existsSync(file) ? readFileSync(file) : undefined, was);
}

describe('the key file', () => {
  test('is never written larger than it would be read', async (t) => {
    const { folder, file, sealed } = await usedFolder(t);
    const was = readFileSync(file);
    const many = (): void =>
      changeKeys(folder, (keys = []) => keys.flatMap((key) => Array.from({ length: 6_000 }, () => key)));
    assert.throws(many, /no room for 6000 keys/);
    assert.deepEqual(readFileSync(file), was);
    await (await opened(t, folder)).open({ ...MINE, sealed });
  });

  test('is for its owner alone, and so is its folder, whatever the mask', async (t) => {
    const folder = join(temporaryFolder(t), 'deep/vault');
    const mask = process.umask(0);
    t.after(() => process.umask(mask));
    const keys = await opened(t, folder);
    const files = ['keys.json', 'keys.lock', 'vault.lock'].map((name) => mode(join(folder, name)));
    assert.deepEqual([mode(folder), ...files], ['700', '600', '600', '600']);
    await keys.begin();
    assert.deepEqual([mode(join(folder, 'keys.json')), existsSync(join(folder, 'keys.json.new'))], ['600', false]);
  });

  test('lies in a folder that is closed to others where it was open', async (t) => {
    const { folder, file, sealed } = await usedFolder(t);
    chmodSync(folder, 0o755);
    const keys = await opened(t, folder);
    assert.deepEqual([mode(folder), mode(file)], ['700', '600']);
    assert.equal(Buffer.from(await keys.open({ ...MINE, sealed })).toString(), 'what was typed');
  });

  for (const open of [0o640, 0o604, 0o620, 0o666])
    test(`that others may touch (${open.toString(8)}) is not used until that is mended`, async (t) => {
      const { folder, file, sealed } = await usedFolder(t);
      chmodSync(file, open);
      const keys = await opened(t, folder);
      await isTrouble(keys, /can be read or changed by others.*chmod 600 .*vault rotate/, file);
      assert.equal(mode(file), open.toString(8));
      chmodSync(file, 0o600);
      assert.equal(keys.status().state, 'ready');
      assert.equal(Buffer.from(await keys.open({ ...MINE, sealed })).toString(), 'what was typed');
    });

  test('of another user is not used', { skip: !isRoot && 'only root gives a file away' }, async (t) => {
    const { folder, file, id } = await usedFolder(t);
    chownSync(file, 12_345, 12_345);
    const keys = await opened(t, folder);
    await isTrouble(keys, /belongs to user 12345, and this process runs as user 0/, file);
    chownSync(file, 0, 0);
    assert.deepEqual([keys.status().state, keys.publicKey().id], ['ready', id]);
  });

  test('in a folder of another user is not looked for, and nothing is left there', { skip: !isRoot }, async (t) => {
    const folder = temporaryFolder(t);
    chownSync(folder, 12_345, 12_345);
    const keys = await opened(t, folder);
    await isTrouble(keys, /belongs to user 12345/, join(folder, 'keys.json'));
    assert.deepEqual(existsSync(join(folder, 'vault.lock')) || existsSync(join(folder, 'keys.lock')), false);
  });

  test('that is damaged is left as it is, told, and taken again when it is mended', async (t) => {
    const { folder, file, id } = await usedFolder(t);
    const good = readFileSync(file, 'utf8');
    const other = JSON.parse(readFileSync((await usedFolder(t)).file, 'utf8')).keys[0];
    const json = JSON.parse(good);
    const [key] = json.keys;
    const damages: Record<string, string> = {
      empty: '',
      'cut short': good.slice(0, 150),
      'cut in the key': good.slice(0, good.indexOf('private') + 30),
      binary: '\u0000\u0001\ufffd'.repeat(90),
      'another format': good.replace('vault keys 1', 'vault keys 9'),
      'not a number in the key': good.replace(key.private, `${key.private.slice(0, 63)}x`),
      'another private key': good.replace(key.private, other.private),
      'another public key': good.replace(key.public, other.public),
      'another id': good.replace(key.id, other.id),
      'no key': JSON.stringify({ ...json, keys: [] }),
      'two current keys': JSON.stringify({ ...json, keys: [key, other] }),
      'one key twice': JSON.stringify({ ...json, keys: [key, { ...key, state: 'retired' }] }),
      'no current key': good.replace('"current"', '"retired"'),
      'a field more': good.replace('"id"', '"more": 1, "id"'),
      'too large': good.replace('{', `{${' '.repeat(1024 * 1024)}`),
    };
    for (const [what, text] of Object.entries(damages))
      await t.test(what, async (t) => {
        assert.notEqual(text, good);
        writeFileSync(file, text);
        const keys = await openKeys(folder);
        t.after(() => keys.close());
        await isTrouble(keys, /is damaged.*backup.*import-key/, file);
        writeFileSync(file, good);
        assert.deepEqual([keys.status().state, keys.publicKey().id], ['ready', id]);
      });
  });

  test('is no link: a change would leave behind what it leads to, and one that leads nowhere is not taken for no keys', async (t) => {
    const { folder, file, sealed } = await usedFolder(t);
    const elsewhere = join(temporaryFolder(t), 'keys.json');
    cpSync(file, elsewhere);
    rmSync(file);
    symlinkSync(elsewhere, file);
    const keys = await opened(t, folder);
    await isTrouble(keys, /keys\.json is a link/, elsewhere);
    renameSync(elsewhere, `${elsewhere}.away`);
    await isTrouble(keys, /keys\.json is a link/, elsewhere);
    rmSync(file);
    renameSync(`${elsewhere}.away`, file);
    await keys.open({ ...MINE, sealed });
  });

  test('has locks that are no links, so that nothing else of its user is closed or locked', async (t) => {
    const folder = temporaryFolder(t);
    const notes = join(temporaryFolder(t), 'notes');
    writeFileSync(notes, 'mine', { mode: 0o644 });
    symlinkSync(notes, join(folder, 'vault.lock'));
    const keys = await opened(t, folder);
    assert.match(keys.status().why ?? '', /vault\.lock is a link/);
    assert.equal(mode(notes), '644');
  });

  test('may be a folder, or unreadable, without a crash', async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'keys.json'), { mode: 0o700 });
    const keys = await openKeys(folder);
    t.after(() => keys.close());
    assert.match(keys.status().why ?? '', /cannot be read: EISDIR/);
    const under = join(folder, 'file');
    writeFileSync(under, '');
    const nowhere = await openKeys(join(under, 'vault'));
    assert.match(nowhere.status().why ?? '', /cannot be made: ENOTDIR/);
  });

  test('that vanished is not made anew while the vault runs; what is known still opens', async (t) => {
    const { folder, file, sealed } = await usedFolder(t);
    const keys = await opened(t, folder);
    renameSync(file, `${file}.away`);
    await isTrouble(keys, /no keys.json in .* any more.*import-key/, file);
    assert.equal(Buffer.from(await keys.open({ ...MINE, sealed })).toString(), 'what was typed');
    renameSync(`${file}.away`, file);
    assert.equal(keys.status().state, 'ready');
  });

  test('that another process changed is read again: a key that was not known opens', async (t) => {
    const { folder } = await usedFolder(t);
    const keys = await opened(t, folder);
    const other = await usedFolder(t);
    const secret = { ...MINE, sealed: other.sealed };
    await assert.rejects(keys.open(secret), /not here/);
    takeKeys(folder, other.folder);
    assert.equal(Buffer.from(await keys.open(secret)).toString(), 'what was typed');
    assert.deepEqual(keys.status().retired, [other.id]);
  });

  test('keeps every change of several processes at once', async (t) => {
    const { folder, file } = await usedFolder(t);
    const code = `import { changeKeys } from '#vault/key-file.ts'; import { makeKey } from '#vault/key-text.ts';
      for (let n = 0; n < 10; n++) changeKeys(${JSON.stringify(folder)}, (keys) => [...keys, makeKey('retired', n)]);`;
    const words = ['--input-type=module', '--eval', code];
    const one = async (): Promise<unknown> => run(process.execPath, words, { cwd: ROOT, timeout: 60_000 });
    await Promise.all([one(), one(), one()]);
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).keys.length, 31);
    assert.equal((await opened(t, folder)).status().retired.length, 30);
  });

  test('is a whole one whenever somebody looks, and so whenever its writer is killed', async (t) => {
    const { folder, file } = await usedFolder(t);
    const code = `import { openKeys } from '#vault/keys.ts'; const keys = await openKeys(${JSON.stringify(folder)});
      for (let n = 0; n < 40; n++) await keys.end((await keys.begin()).next);`;
    const words = ['--input-type=module', '--eval', code];
    let ended = false;
    const rotated = run(process.execPath, words, { cwd: ROOT, timeout: 60_000 }).finally(() => (ended = true));
    // A whole one ends with a brace and a new line.
    const looks = { whole: 0, half: 0 };
    while (!ended) {
      for (let n = 0; n < 500; n++) looks[readFileSync(file).at(-2) === 0x7d ? 'whole' : 'half']++;
      await setImmediate();
    }
    await rotated;
    t.diagnostic(JSON.stringify(looks));
    assert.equal(looks.half, 0);
  });

  test('is never a half one: what was being written at a kill is thrown away', async (t) => {
    const { folder, file, id } = await usedFolder(t);
    writeFileSync(`${file}.new`, readFileSync(file).subarray(0, 200), { mode: 0o600 });
    const keys = await opened(t, folder);
    assert.equal(keys.publicKey().id, id);
    await keys.begin();
    assert.ok(!existsSync(`${file}.new`));
  });
});

/** Adds the keys of another folder as retired ones. */
function takeKeys(folder: string, from: string): void {
  withKeys(from, (theirs = []) =>
    changeKeys(folder, (mine = []) => [...mine, ...theirs.map((key) => ({ ...key, state: 'retired' as const }))]),
  );
}

const run = promisify(execFile);
