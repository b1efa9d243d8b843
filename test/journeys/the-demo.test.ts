import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '#test/support/free-port.ts';
import { ROOT } from '#test/support/child.ts';
import { call } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

/** In one process alone: a demo is one command that needs nothing else. */
describe('npm run demo', { concurrency: 1 }, () => {
  let demo: ChildProcess;
  let url: string;
  let said = '';

  before(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const env = { PATH: process.env['PATH'], PORT: String(port), LOG_LEVEL: 'warn' };
    demo = spawn(process.execPath, [join(ROOT, 'tools/demo.ts')], { cwd: ROOT, env });
    for (const stream of [demo.stdout, demo.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk));
    await eventually('the demo to be ready', async () => (await fetch(`${url}/health/ready`)).ok || undefined);
  });
  after(() => demo.kill('SIGKILL'));

  for (const username of ['plutothedog', 'john']) {
    test(`${username} signs in with the password that was printed, sees rooms, and gets a quote`, async () => {
      const password = new RegExp(`${username}[^\\n]*?([a-z]+(?:-[a-z]+){3,})`).exec(said)?.[1];
      assert.ok(password, said);
      const body = { username, password };
      const signed = await call<{ token: string }>({ url }, { method: 'POST', path: '/v1/sessions', body });
      assert.equal(signed.status, 201, signed.text);
      const { token } = signed.body;
      const { body: seen } = await call<{ rooms: { seq: number }[] }>(
        { url },
        { method: 'GET', path: '/v1/rooms', token },
      );
      assert.ok(seen.rooms.length >= 2 && seen.rooms.every((room) => room.seq > 0));
      const quote = await call<{ reply: { text: string } }>(
        { url },
        { method: 'POST', path: '/v1/commands/stock', body: { args: { symbol: 'aapl.us' } }, token },
      );
      assert.equal(quote.body.reply.text, 'AAPL.US quote is 126.85');
    });
  }

  test('it says that it is a demo, and ends when it is told to', async () => {
    const { body } = await call({ url }, { method: 'GET', path: '/v1/hall' });
    assert.equal(body['demo'], true);
    const ended = once(demo, 'exit');
    demo.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });
});
