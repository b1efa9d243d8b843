import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { CallFailed } from './slack.external.ts';
import { pauseOf, webApi } from './web-api.ts';

/** What a call makes of an answer of Slack's. */
async function outcome(answer: () => Response | Promise<Response>): Promise<Partial<CallFailed> | 'ok'> {
  const fetch = async (): Promise<Response> => answer();
  const api = webApi({
    token: 'xoxb-secret',
    apiUrl: 'https://slack.test/',
    fetch,
    timeout: 50,
    heard: () => undefined,
  });
  try {
    await api.call('auth.test', {});
    return 'ok';
  } catch (error) {
    const { trouble, code, unsure } = error as CallFailed;
    assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('secret'));
    return { trouble, code, unsure };
  }
}

const json =
  (body: object, status = 200, headers = {}) =>
  () =>
    new Response(JSON.stringify(body), { status, headers });
const network = (code: string) => () =>
  Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code } }));

describe('what an answer of Slack’s means', () => {
  const table: [
    what: string,
    answer: () => Response | Promise<Response>,
    trouble: string,
    code: string,
    unsure: boolean,
  ][] = [
    ['an unknown channel', json({ ok: false, error: 'channel_not_found' }), 'refused', 'channel_not_found', false],
    ['a revoked token', json({ ok: false, error: 'token_revoked' }), 'token', 'token_revoked', false],
    ['an expired token', json({ ok: false, error: 'token_expired' }), 'token', 'token_expired', false],
    [
      'too many calls',
      json({ ok: false, error: 'ratelimited' }, 429, { 'retry-after': '1' }),
      'limited',
      'ratelimited',
      false,
    ],
    ['too many calls, told in the body', json({ ok: false, error: 'ratelimited' }), 'limited', 'ratelimited', false],
    ['Slack’s own trouble', json({ ok: false, error: 'internal_error' }), 'passing', 'internal_error', true],
    ['a broken gateway', () => new Response('<html>', { status: 502 }), 'passing', 'http_502', true],
    ['a page of somebody in between', () => new Response('<html>', { status: 403 }), 'passing', 'http_403', true],
    ['half an answer', () => new Response('{"ok":tr', { status: 200 }), 'passing', 'http_200', true],
    ['nobody there', network('ECONNREFUSED'), 'passing', 'ECONNREFUSED', false],
    ['a name that is none', network('ENOTFOUND'), 'passing', 'ENOTFOUND', false],
    ['a connection that was cut', network('UND_ERR_SOCKET'), 'passing', 'UND_ERR_SOCKET', true],
    ['no answer in time', () => Promise.reject(new DOMException('', 'TimeoutError')), 'passing', 'TimeoutError', true],
  ];
  for (const [what, answer, trouble, code, unsure] of table)
    test(`${what} is ${trouble}`, async () => assert.deepEqual(await outcome(answer), { trouble, code, unsure }));

  test('all well is all well', async () => assert.equal(await outcome(json({ ok: true })), 'ok'));

  test('a pause is what Slack says and a little more, and half a minute where it says nothing', () =>
    assert.deepEqual([pauseOf('3'), pauseOf('0'), pauseOf(null), pauseOf('soon')], [3_500, 500, 30_500, 30_500]));
});

test('a channel that was told to wait is left alone until then, whoever writes there; another one is not', async () => {
  const called: string[] = [];
  let isFull = true;
  const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    called.push(new URLSearchParams(String(init?.body)).get('channel') ?? '');
    return isFull ? json({ ok: false }, 429, { 'retry-after': '0' })() : json({ ok: true })();
  };
  const api = webApi({ token: 'xoxb', apiUrl: 'https://slack.test/', fetch, timeout: 50, heard: () => undefined });
  const post = (channel: string): Promise<string> =>
    api.call('chat.postMessage', { channel }).then(
      () => 'said',
      (error: CallFailed) => `${error.trouble}, ${error.retryAfter > 0 && error.retryAfter <= 500}`,
    );
  assert.equal(await post('one'), 'limited, true');
  isFull = false;
  assert.deepEqual([await post('one'), await post('other')], ['limited, true', 'said']);
  await pause(550);
  assert.equal(await post('one'), 'said');
  assert.deepEqual(called, ['one', 'other', 'one']);
});
