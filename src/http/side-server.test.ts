import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import pino from 'pino';
import { notReady } from '#core/errors.ts';
import type { OperatorPort } from './hall.ts';
import { sideServer, type SideParts } from './side-server.ts';

describe('a process that is no hall', () => {
  const operator: OperatorPort = {
    dead: async () => [],
    retry: async () => false,
    forget: async () => false,
    unready: async () => [{ name: 'rabbitmq', why: 'not connected to the broker yet' }],
    platforms: () => [],
    outbox: async () => 7,
  };
  const parts: SideParts = { operator, askDatabase: async () => undefined, metricsToken: undefined, webhooks: [] };
  const open = (more: Partial<SideParts> = {}) =>
    sideServer({ ...parts, ...more }, { logger: pino({ level: 'silent' }) });

  test('is live, is ready with what is not, and shows its figures to this machine', async () => {
    const app = await open();
    assert.deepEqual((await app.inject('/health/live')).json(), { status: 'live' });
    assert.deepEqual((await app.inject('/health/ready')).json(), {
      status: 'ready',
      notReady: [{ name: 'rabbitmq', why: 'not connected to the broker yet' }],
    });
    assert.match((await app.inject('/metrics')).body, /^guildhall_outbox_rows 7$/m);
    await app.close();
  });

  test('is not ready without its database', async () => {
    const app = await open({ askDatabase: () => Promise.reject(notReady('not-ready', 'Away.')) });
    const answer = await app.inject('/health/ready');
    assert.deepEqual([answer.statusCode, answer.json().code], [503, 'not-ready']);
    await app.close();
  });

  test('takes what its platform posts, as it came', async () => {
    const handle = async (_: unknown, body: Buffer) => ({ status: 200, body: `got ${body.length}` });
    const app = await open({ webhooks: [{ path: '/slack/events', handle }] });
    const answer = await app.inject({ method: 'POST', url: '/slack/events', payload: '{"a":1}' });
    assert.deepEqual([answer.statusCode, answer.body], [200, 'got 7']);
    await app.close();
  });

  test('shows its figures to nobody else, and says where the pages are', async () => {
    const app = await open();
    const far = await app.inject({ url: '/metrics', remoteAddress: '192.0.2.7' });
    assert.deepEqual([far.statusCode, far.json().code], [403, 'metrics-only']);
    const page = await app.inject('/');
    assert.equal(page.statusCode, 404);
    assert.match(page.json().detail, /role hall/);
    await app.close();
  });
});
