import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const ROOT = dirname(import.meta.dirname);

test('deleting a feature’s folder and its lines in features.ts deletes the feature and breaks nothing', () => {
  const copy = copyOfTheProgram();
  try {
    rmSync(join(copy, 'src/features/stock'), { recursive: true });
    const list = readFileSync(join(copy, 'src/features.ts'), 'utf8');
    writeFileSync(join(copy, 'src/features.ts'), withoutStock(list));
    const help = execFileSync(process.execPath, ['ask-help.ts'], { cwd: copy, encoding: 'utf8' });
    assert.match(help, /\/help/);
    assert.doesNotMatch(help, /\/stock symbol/);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

function copyOfTheProgram(): string {
  const copy = mkdtempSync(join(tmpdir(), 'without-stock-'));
  for (const path of ['src', 'contracts', 'package.json'])
    cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'ask-help.ts'), ASK_HELP);
  return copy;
}

function withoutStock(list: string): string {
  const without = list
    .replace(/^import \{ stockFeature \}.*\n/m, '')
    .replace('stockFeature(fetch, config.STOCK_URL)', '');
  assert.doesNotMatch(without, /stock/i, 'features.ts names the feature in two places only');
  return without;
}

/** Starts the whole hall and asks the bot what it can do. */
const ASK_HELP = `
import pino from 'pino';
import { createAccount } from '#auth/sign-up.ts';
import { readConfig } from '#src/config.ts';
import { startHall } from '#src/roles.ts';

const hall = await startHall(readConfig({ PORT: '0' }, '/nowhere'), { database: ':memory:', logger: pino({ level: 'error' }) });
const address = await hall.listen();
await createAccount(hall.auth, { username: 'ann', password: 'four plain words do' }, { by: 'operator', owner: true });
const post = async (path: string, body: object, token = ''): Promise<{ token: string }> => {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: 'Bearer ' + token }) };
  return (await fetch(address + path, { method: 'POST', headers, body: JSON.stringify(body) })).json() as Promise<{ token: string }>;
};
const { token } = await post('/v1/sessions', { username: 'ann', password: 'four plain words do' });
console.log(JSON.stringify(await post('/v1/commands/help', {}, token)));
await hall.stop();
`;
