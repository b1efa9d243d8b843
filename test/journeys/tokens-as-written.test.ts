import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openHall, somebody } from '#test/contracts/fixtures.ts';
import { call } from '#test/support/person.ts';

const run = promisify(execFile);
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/tokens.md'), 'utf8');

test('what docs/tokens.md says to type works as it stands', async (t) => {
  if (!(await run('curl', ['--version']).catch(() => undefined))) return t.skip('no curl here');
  const hall = await openHall();
  t.after(() => hall.close());
  const ann = await somebody(hall.storage, 'ann');
  const said: Record<string, string> = { SESSION: ann.token };
  const type = async (line: string): Promise<Record<string, unknown>> => {
    const words = `set -eu; ${line.replaceAll('http://127.0.0.1:3000', hall.url).replace('curl', 'curl -s')}`;
    const { stdout } = await run('sh', ['-c', words], { env: { PATH: process.env['PATH'], ...said } });
    return (stdout === '' ? {} : JSON.parse(stdout)) as Record<string, unknown>;
  };
  const [make = '', rooms = '', help = '', list = '', end = '', begin = '', poll = '', ...more] = commands(PAGE);
  assert.deepEqual(more, []);

  said['TOKEN'] = String((await type(make))['token']);
  assert.match(said['TOKEN'], /^guildhall_/);
  assert.ok(Array.isArray((await type(rooms))['rooms']));
  assert.ok((await type(help))['reply']);
  assert.equal(((await type(list))['tokens'] as unknown[]).length, 1);
  assert.deepEqual(await type(end), {});
  assert.equal((await type(rooms))['code'], 'no-session');

  const begun = await type(begin);
  said['DEVICE_CODE'] = String(begun['device_code']);
  assert.equal((await type(poll))['error'], 'authorization_pending');
  const body = { code: begun['user_code'] };
  await call(hall, { method: 'POST', path: '/v1/device/grant', token: ann.token, body });
  assert.match(String((await type(poll))['access_token']), /^guildhall_/);
});

/** Each `curl` of a page with the lines that it goes on in. */
function commands(page: string): string[] {
  return [...page.matchAll(/^ {4}curl (?:.*\\\n)*.*$/gm)].map(([found]) => found.replaceAll(/\\\n\s*/g, ' ').trim());
}
