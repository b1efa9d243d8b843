import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProviderRequest } from '#contracts/vault.ts';
import { addressOf, isMeantFor, type Provider, providersOf } from './providers.ts';

const settings = { tornUrl: 'https://api.torn.com', twitchAuthUrl: 'https://id.twitch.tv/oauth2' };
const torn = (tornUrl = settings.tornUrl): Provider =>
  providersOf({ ...settings, tornUrl }).get('torn') ?? assert.fail();
const allows = (request: object): boolean => torn().call?.allows(request as ProviderRequest) ?? false;

describe('the vault’s list of providers', () => {
  it('has Torn for calls, Twitch, Discord and Slack for leases, and nobody else', () => {
    const providers = [...providersOf(settings).values()];
    assert.deepEqual(
      providers.map(({ name, call, lease, whole }) => [
        name,
        call !== undefined,
        lease !== undefined,
        whole !== undefined,
      ]),
      [
        ['torn', true, false, false],
        ['twitch', false, true, false],
        ['discord', false, false, true],
        ['slack', false, false, true],
      ],
    );
  });

  const good = [
    '/v2/user',
    '/v2/user/basic',
    '/v2/faction/12/members',
    '/v2/torn/items',
    '/v2/key/info',
    '/v2/market/1/itemmarket',
  ];
  for (const path of good)
    it(`lets Torn be asked for ${path}`, () => assert.equal(allows({ method: 'GET', path }), true));

  const bad = [
    '/',
    '/user',
    '/v1/user',
    '/v2',
    '/v2/',
    '/v2/users',
    '/v2/user/',
    '/v2/user//basic',
    '//v2/user',
    '//evil.example/v2/user',
    '/v2/../v2/user',
    '/v2/user/..',
    '/v2/user/.',
    '/v2/user/%2e%2e/key',
    '/v2/user%2fbasic',
    '/v2/user/a b',
    '/v2/user/a\n',
    '/v2/user\r\nhost: evil',
    '/v2/user/ä',
    '/v2/user/\0',
    '/v2/user?key=1',
    '/v2/user#x',
    '/v2/user;x',
    '/v2/user\\basic',
    '/V2/user',
    '/v2/user/1/2/3/4/5/6',
    `/v2/user/${'x'.repeat(61)}`,
    'v2/user',
    '@evil.example/v2/user',
  ];
  for (const path of bad)
    it(`does not let Torn be asked for ${JSON.stringify(path)}`, () =>
      assert.equal(allows({ method: 'GET', path }), false));

  it('lets Torn only be read', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) assert.equal(allows({ method, path: '/v2/user' }), false);
    assert.equal(allows({ method: 'GET', path: '/v2/user', body: {} }), false);
  });

  it('lets nobody bring another key as a parameter', () => {
    assert.equal(
      allows({ method: 'GET', path: '/v2/user', query: { selections: 'bars,cooldowns', limit: '20' } }),
      true,
    );
    for (const name of ['key', 'KEY', 'a b', 'a\r\nb', ''])
      assert.equal(allows({ method: 'GET', path: '/v2/user', query: { [name]: 'x' } }), false, name);
  });

  it('keeps every address on the provider’s host, also with a path before its own', () => {
    assert.equal(addressOf(torn(), '/v2/user').href, 'https://api.torn.com/v2/user');
    assert.equal(addressOf(torn('http://127.0.0.1:1/torn/'), '/v2/user').href, 'http://127.0.0.1:1/torn/v2/user');
    const url = addressOf(torn(), '/v2/user', { a: 'b&key=c\r\nx: y', d: '#é' });
    assert.equal(url.href, 'https://api.torn.com/v2/user?a=b%26key%3Dc%0D%0Ax%3A+y&d=%23%C3%A9');
  });

  it('sends a secret to the provider it was kept for alone', () => {
    for (const purpose of ['torn', 'torn-faction']) assert.equal(isMeantFor(purpose, torn()), true);
    for (const purpose of ['twitch', 'tornado', 'x-torn', ''])
      assert.equal(isMeantFor(purpose, torn()), false, purpose);
  });

  it('reads what Torn says of a key and of its limits', () => {
    const reads = (body: string): unknown => torn().call?.reads({ status: 200, body });
    const error = (code: unknown): string => JSON.stringify({ error: { code, error: 'says why' } });
    assert.deepEqual(reads(error(5)), { is: 'limited', whom: 'key' });
    assert.deepEqual(reads(error(8)), { is: 'limited', whom: 'all' });
    assert.deepEqual(reads(error(2)), { is: 'refuses' });
    for (const body of [
      error(6),
      error('5'),
      error(null),
      '{"error":5}',
      '{"error":null}',
      '{}',
      'null',
      '[]',
      '',
      '{',
      '5',
    ])
      assert.equal(reads(body), undefined, body);
    assert.equal(reads(`{"error":{"code":5},"x":"${'x'.repeat(2_000)}"}`), undefined);
  });
});
