import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { seal } from '#contracts/sealed.ts';
import { type Ends, temporaryFolder } from '#test/contracts/fixtures.ts';
import { exportKeys, type Imported, importKeys } from './key-backup.ts';
import { type Keys, openKeys } from './keys.ts';

const MINE = { owner: 'account_1', purpose: 'torn' };
const PASSPHRASE = 'correct horse battery';

async function vault(t: Ends, folder = temporaryFolder(t)): Promise<Keys & { folder: string }> {
  const keys = await openKeys(folder);
  t.after(() => keys.close());
  return Object.assign(keys, { folder });
}

/** The first test does the real work for the passphrase; in the others it is what takes no time. */
const LITTLE = { N: 2, r: 8, p: 1 };

const exported = (folder: string, passphrase: string): string => exportKeys(folder, passphrase, LITTLE);

const imported = (folder: string, text: string, passphrase: string): Imported =>
  importKeys(folder, text, passphrase, LITTLE);

/** What the vault seals now, to be opened later. */
async function sealedBy(keys: Keys, value: string): Promise<() => Promise<void>> {
  const secret = { ...MINE, sealed: await seal(keys.publicKey(), Buffer.from(value), MINE) };
  return async () => assert.equal(Buffer.from(await keys.open(secret)).toString(), value);
}

async function opensThere(from: Keys, there: Keys, value = 'what was typed'): Promise<void> {
  const secret = { ...MINE, sealed: await seal(from.publicKey(), Buffer.from(value), MINE) };
  assert.equal(Buffer.from(await there.open(secret)).toString(), value);
}

describe('the vault’s keys, kept elsewhere', () => {
  test('come back to a machine that has none', async (t) => {
    const lost = await vault(t);
    await lost.begin();
    const text = exportKeys(lost.folder, PASSPHRASE);
    const folder = join(temporaryFolder(t), 'deep/vault');
    const done = importKeys(folder, text, PASSPHRASE);
    const { current, next } = lost.status();
    assert.deepEqual([done.current, done.added], [current, [current, next]]);
    assert.equal(statSync(join(folder, 'keys.json')).mode & 0o777, 0o600);
    const found = await vault(t, folder);
    assert.deepEqual([found.made, found.status()], [false, lost.status()]);
    await opensThere(lost, found);
  });

  test('are the current ones again where a vault runs that made its own, whose key still opens', async (t) => {
    const [lost, fresh] = [await vault(t), await vault(t)];
    const typedMeanwhile = await sealedBy(fresh, 'typed meanwhile');
    const ownKey = fresh.status().current;
    imported(fresh.folder, exported(lost.folder, PASSPHRASE), PASSPHRASE);
    await opensThere(lost, fresh);
    await typedMeanwhile();
    assert.deepEqual([fresh.status().current, fresh.status().retired], [lost.status().current, [ownKey]]);
  });

  test('from before a rotation undo nothing of it', async (t) => {
    const keys = await vault(t);
    const text = exported(keys.folder, PASSPHRASE);
    const { next = '' } = await keys.begin();
    const file = readFileSync(join(keys.folder, 'keys.json'));
    assert.deepEqual(imported(keys.folder, text, PASSPHRASE).added, []);
    assert.deepEqual(readFileSync(join(keys.folder, 'keys.json')), file);
    await keys.end(next);
    imported(keys.folder, text, PASSPHRASE);
    assert.equal(keys.status().current, next);
  });

  test('from after a rotation bring it to an older copy, with all that this one has', async (t) => {
    const keys = await vault(t);
    const older = temporaryFolder(t);
    imported(older, exported(keys.folder, PASSPHRASE), PASSPHRASE);
    const copy = await vault(t, older);
    const { next: ownNext = '' } = await copy.begin();
    const byOwnNext = await sealedBy(copy, 'by a rotation that is given up');
    const old = keys.status().current;
    await keys.end((await keys.begin()).next ?? '');
    imported(older, exported(keys.folder, PASSPHRASE), PASSPHRASE);
    assert.equal(copy.status().current, keys.status().current);
    assert.deepEqual([copy.status().next, copy.status().retired.toSorted()], [undefined, [old, ownNext].toSorted()]);
    await byOwnNext();
  });

  test('from the middle of a rotation let an older copy go on with it', async (t) => {
    const keys = await vault(t);
    const older = temporaryFolder(t);
    imported(older, exported(keys.folder, PASSPHRASE), PASSPHRASE);
    const { next = '' } = await keys.begin();
    imported(older, exported(keys.folder, PASSPHRASE), PASSPHRASE);
    const copy = await vault(t, older);
    assert.equal(copy.status().next, next);
    await opensThere(keys, copy);
  });

  test('need the passphrase, however its letters are composed', async (t) => {
    const keys = await vault(t);
    const text = exported(keys.folder, 'Grüße aus der Gilde');
    const there = temporaryFolder(t);
    for (const wrong of ['', 'grüße aus der gilde'])
      assert.throws(() => imported(there, text, wrong), /passphrase is wrong, or the file was changed/);
    assert.equal(imported(there, text, 'Grüße aus der Gilde'.normalize('NFD')).current, keys.status().current);
  });

  test('are not exported with a short passphrase, nor from a folder without keys', async (t) => {
    const { folder } = await vault(t);
    assert.throws(() => exported(folder, 'eleven char'), /12 characters at least/);
    assert.throws(() => exported(temporaryFolder(t), PASSPHRASE), /There are no keys in/);
  });

  test('are not in the exported text, and a changed text brings nothing', async (t) => {
    const { folder } = await vault(t);
    const text = exported(folder, PASSPHRASE);
    assert.notEqual(exported(folder, PASSPHRASE), text, 'salt and nonce are new each time');
    const { keys } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as { keys: { private: string }[] };
    const bytes = Buffer.from(JSON.parse(text).sealed, 'base64').toString('latin1');
    for (const key of keys) assert.ok(![text, bytes].some((each) => each.includes(key.private)));
    const there = temporaryFolder(t);
    const json = JSON.parse(text);
    const flipped = Buffer.from(json.sealed, 'base64');
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    for (const changed of [{ sealed: flipped.toString('base64') }, { current: 'another' }, { sealed: 'AAAA' }])
      assert.throws(() => imported(there, JSON.stringify({ ...json, ...changed }), PASSPHRASE), /file was changed/);
    for (const other of ['', 'hello', '{}', text.slice(0, 90), JSON.stringify({ ...json, more: 1 })])
      assert.throws(() => imported(there, other, PASSPHRASE), /not a file that vault export-key wrote/);
    assert.throws(() => statSync(join(there, 'keys.json')), /ENOENT/);
  });

  test('do not overwrite a damaged file', async (t) => {
    const keys = await vault(t);
    const text = exported(keys.folder, PASSPHRASE);
    const there = temporaryFolder(t);
    writeFileSync(join(there, 'keys.json'), 'damaged', { mode: 0o600 });
    assert.throws(() => imported(there, text, PASSPHRASE), /is damaged.*move it away/);
    assert.equal(readFileSync(join(there, 'keys.json'), 'utf8'), 'damaged');
  });
});
