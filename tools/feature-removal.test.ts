import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const ROOT = dirname(import.meta.dirname);

const FEATURES = [
  { name: 'stock', line: 'stockFeature(fetch, config.STOCK_URL)', command: /\/stock symbol/ },
  { name: 'verify', line: 'verifyFeature(ports.verify), ', command: /\/verify/ },
];

for (const { name, line, command } of FEATURES)
  test(`deleting the folder of ${name} and its lines in features.ts deletes the feature and breaks nothing`, () => {
    const copy = copyOfTheProgram();
    try {
      rmSync(join(copy, 'src/features', name), { recursive: true });
      const list = readFileSync(join(copy, 'src/features.ts'), 'utf8');
      writeFileSync(join(copy, 'src/features.ts'), without(list, name, line));
      const help = execFileSync(process.execPath, ['ask-help.ts'], { cwd: copy, encoding: 'utf8' });
      assert.match(help, /\/help/);
      assert.doesNotMatch(help, command);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

function copyOfTheProgram(): string {
  const copy = mkdtempSync(join(tmpdir(), 'without-feature-'));
  for (const path of ['src', 'contracts', 'package.json'])
    cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'ask-help.ts'), ASK_HELP);
  return copy;
}

function without(list: string, name: string, line: string): string {
  const left = list.replace(new RegExp(`^import \\{ ${name}Feature.*\\n`, 'm'), '').replace(line, '');
  assert.doesNotMatch(left, new RegExp(`${name}Feature`), 'features.ts names the feature in two places only');
  return left;
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
