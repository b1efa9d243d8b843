import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SealedSecret } from '#contracts/vault.ts';
import { openKeys } from '#vault/keys.ts';

/**
 * Rotates the keys of a folder over and over, with the secrets of `secrets.json` in it, until it is killed; goes on where the one
 * before was killed. It prints a line after each whole rotation. Words: the folder, and how many rotations at most.
 */
const [folder = '', most = 'Infinity'] = process.argv.slice(2);
const path = join(folder, 'secrets.json');
const keys = await openKeys(folder);
console.log(`pid ${process.pid}`);
for (let round = 0; round < Number(most); round++) {
  const { next = '' } = await keys.begin();
  await resealAll();
  await keys.end(next);
  console.log(`current ${next}`);
}

async function resealAll(): Promise<void> {
  const secrets = JSON.parse(readFileSync(path, 'utf8')) as SealedSecret[];
  for (let at = 0; at < secrets.length; at += 20) {
    const batch = await keys.reseal(secrets.slice(at, at + 20));
    for (const [n, sealed] of batch.entries()) {
      const secret = secrets[at + n];
      if (!secret || sealed === null) throw new Error(`secret ${at + n} does not open`);
      secret.sealed = sealed;
    }
    keep(secrets);
  }
}

/** As a database keeps rows: the ones before or these, never half of them. */
function keep(secrets: SealedSecret[]): void {
  writeFileSync(`${path}.new`, JSON.stringify(secrets), { mode: 0o600 });
  if (existsSync(path)) renameSync(`${path}.new`, path);
}
