import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSealed, seal } from '#contracts/sealed.ts';
import type { SealedSecret } from '#contracts/vault.ts';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { bareEnvironment, ROOT } from '#test/support/child.ts';
import { long, seed } from '#test/support/seed.ts';
import { openKeys } from './keys.ts';

const SECRETS = 200;
const KILLS = long ? 60 : 6;

interface Rotating {
  child: ChildProcess;
  /** What it printed, both streams. */
  lines: string[];
  /** It has opened the keys, or ended. */
  first: Promise<unknown>;
  ended: Promise<unknown>;
}

/** A vault of its own that rotates without end, as confined as the real one: it reads the program and writes its folder. */
function rotating(folder: string, rotations = ''): Rotating {
  const may = ['--permission', `--allow-fs-read=${ROOT}`, `--allow-fs-read=${folder}`, `--allow-fs-write=${folder}`];
  const script = join(ROOT, 'test/support/rotating-vault.ts');
  const words = [...may, script, folder, ...(rotations === '' ? [] : [rotations])];
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    env: bareEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const out = createInterface(child.stdout).on('line', (line) => lines.push(line));
  const ended = once(child, 'close');
  return { child, lines, first: Promise.race([once(out, 'line'), ended]), ended };
}

/** What it printed until it was killed, `ms` after it had opened the keys. */
async function killedAfter(ms: number, folder: string): Promise<string[]> {
  const { child, lines, first, ended } = rotating(folder);
  await first;
  await sleep(ms);
  child.kill('SIGKILL');
  await ended;
  assert.equal(child.signalCode, 'SIGKILL', lines.join('\n'));
  return lines;
}

async function filled(folder: string, count = SECRETS): Promise<void> {
  const keys = await openKeys(folder);
  const secrets: SealedSecret[] = [];
  for (let n = 0; n < count; n++) {
    const belonging = { owner: `account_${n}`, purpose: 'torn' };
    secrets.push({ ...belonging, sealed: await seal(keys.publicKey(), Buffer.from(`secret ${n}`), belonging) });
  }
  keys.close();
  writeFileSync(join(folder, 'secrets.json'), JSON.stringify(secrets));
}

/** Each secret opens by the key that seals now or by the one before it. Gives how many each of the two has. */
async function allOpen(folder: string): Promise<{ current: number; next: number }> {
  const keys = await openKeys(folder);
  const { state, current, next } = keys.status();
  assert.equal(state, 'ready');
  const counts = { current: 0, next: 0 };
  for (const [n, secret] of secretsIn(folder).entries()) {
    assert.equal(Buffer.from(await keys.open(secret)).toString(), `secret ${n}`);
    const by = readSealed(secret.sealed)?.key;
    assert.ok(by === current || by === next, `secret ${n} is sealed by ${by}`);
    counts[by === next ? 'next' : 'current']++;
  }
  keys.close();
  return counts;
}

function secretsIn(folder: string): SealedSecret[] {
  return JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8')) as SealedSecret[];
}

/** The same numbers for the same seed, from 0 to 1: mulberry32. */
function drawing(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('a vault that is killed while it rotates', () => {
  test('leaves each secret readable by the current or the next key, and the next one goes on', async (t) => {
    const folder = temporaryFolder(t);
    await filled(folder);
    const draw = drawing(seed);
    for (let n = 0; n < KILLS; n++) {
      const lines = await killedAfter(draw() * 1_200, folder);
      const { current, next } = await allOpen(folder);
      t.diagnostic(
        `kill ${n}: ${lines.length - 1} rotations, then ${current} by the current and ${next} by the next key`,
      );
    }
    const { child, lines, ended } = rotating(folder, '1');
    await ended;
    assert.equal(child.exitCode, 0, lines.join('\n'));
    assert.deepEqual(await allOpen(folder), { current: SECRETS, next: 0 });
  });

  test('leaves a whole key file with every key that was ever told, wherever in its writing it was', async (t) => {
    const folder = temporaryFolder(t);
    await filled(folder, 0);
    const draw = drawing(seed);
    const told = new Set<string>();
    for (let n = 0; n < KILLS; n++) {
      for (const line of await killedAfter(draw() * 300, folder))
        if (line.startsWith('current ')) told.add(line.slice('current '.length));
      const keys = await openKeys(folder);
      const { state, current = '', next = '', retired } = keys.status();
      assert.deepEqual([state, keys.made], ['ready', false]);
      assert.deepEqual(
        [...told].filter((id) => ![current, next, ...retired].includes(id)),
        [],
      );
      keys.close();
    }
    t.diagnostic(`${told.size} rotations, ${KILLS} kills`);
    assert.ok(told.size > KILLS);
  });

  test('keeps the folder for itself while it lives, and not a moment longer', async (t) => {
    const folder = temporaryFolder(t);
    await filled(folder);
    const { child, first, ended } = rotating(folder);
    await first;
    await assert.rejects(openKeys(folder), /Another vault runs on/);
    child.kill('SIGKILL');
    await ended;
    (await openKeys(folder)).close();
  });
});

describe('the memory of a vault', () => {
  test('keeps no private key as a text, which nothing could overwrite', async (t) => {
    const folder = temporaryFolder(t);
    const code = `import { writeHeapSnapshot } from 'node:v8'; import { openKeys } from '#vault/keys.ts';
      const keys = await openKeys(process.argv[1]); await keys.begin(); keys.status();
      writeHeapSnapshot(process.argv[1] + '/heap.json');`;
    const words = ['--input-type=module', '--eval', code, folder];
    const child = spawn(process.execPath, words, { cwd: ROOT, stdio: 'inherit' });
    await once(child, 'close');
    const snapshot = readFileSync(join(folder, 'heap.json'), 'latin1');
    const file = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as {
      keys: Record<'id' | 'private', string>[];
    };
    assert.equal(file.keys.length, 2);
    for (const key of file.keys) {
      assert.ok(snapshot.includes(key.id), 'the ids are there, so it is the right memory');
      for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
        assert.ok(!snapshot.includes(Buffer.from(key.private, 'hex').toString(form)), form);
    }
  });
});
