import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { generate } from 'selfsigned';
import { type HostileProvider, startHostileProvider } from '#test/support/hostile-provider.ts';
import { type Asked, createOutgoing, type Outgoing, type OutgoingOptions } from './outgoing.ts';
import { Refusal } from './refusal.ts';

const asked = (url: string, more: Partial<Asked> = {}): Asked => ({
  url: new URL(url),
  method: 'GET',
  headers: { authorization: 'ApiKey canary-canary-1' },
  within: 5_000,
  most: 1024 * 1024,
  signal: new AbortController().signal,
  ...more,
});

const codeOf = async (answer: Promise<unknown>): Promise<string> => {
  const error = await answer.then(
    () => assert.fail('it was answered'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Refusal, String(error));
  assert.doesNotMatch(`${error.message} ${error.stack}`, /canary/);
  return error.code;
};

describe('a request to a provider', () => {
  let provider: HostileProvider;
  let send: Outgoing;
  const url = (name: string): string => `${provider.url}/v2/torn/${name}`;
  beforeEach(async () => {
    provider = await startHostileProvider();
    send = createOutgoing();
  });
  afterEach(() => provider.stop());

  it('is answered with status, type and body', async () => {
    const { status, contentType, body } = await send(asked(url('fine')));
    assert.deepEqual([status, contentType, body.toString()], [200, 'application/json; charset=utf-8', '{"fine":true}']);
    assert.equal(provider.seen[0]?.authorization, 'ApiKey canary-canary-1');
  });

  it('uses a connection again that was opened before', async () => {
    for (let n = 0; n < 5; n++) await send(asked(url('fine')));
    assert.equal(provider.connections(), 1);
  });

  it('is sent once more when the provider ended the kept connection just then, but only when it reads', async () => {
    const fine = async (): Promise<unknown> => (await send(asked(url('fine-once')))).status;
    assert.deepEqual([await fine(), await fine(), provider.connections()], [200, 200, 2]);
    assert.equal((await send(asked(url('fine-once'), { method: 'POST' }))).status, 200);
    assert.equal(await codeOf(send(asked(url('fine-once'), { method: 'POST' }))), 'provider-away');
  });

  it('opens no more connections than the limits say', async () => {
    await Promise.all(Array.from({ length: 60 }, () => send(asked(url('fine')))));
    assert.ok(provider.connections() <= 16, `${provider.connections()}`);
  });

  it('follows no redirect', async () => {
    assert.equal(await codeOf(send(asked(url('redirect')))), 'provider-redirects');
    assert.equal(provider.seen.length, 1);
  });

  it('takes a megabyte, and cuts a gigabyte off before it fills the memory', async () => {
    const { body } = await send(asked(url('large-but-fine')));
    assert.ok(body.length > 1_000_000);
    const before = process.memoryUsage().rss;
    assert.equal(await codeOf(send(asked(url('huge')))), 'provider-too-large');
    assert.equal(await codeOf(send(asked(url('huge-told')))), 'provider-too-large');
    assert.ok(provider.sent() < 64 * 1024 * 1024, `${provider.sent()} bytes were sent`);
    assert.ok(process.memoryUsage().rss - before < 128 * 1024 * 1024);
  });

  it('cuts off what was packed although it asked for it unpacked', async () => {
    assert.equal((await send(asked(url('packed')))).body.toString(), '{"fine":true}');
    assert.equal(await codeOf(send(asked(url('gzip-bomb')))), 'provider-too-large');
    assert.ok(provider.sent() < 256 * 1024 * 1024, `${provider.sent()} bytes were packed`);
    assert.equal(await codeOf(send(asked(url('packed-strangely')))), 'failed');
  });

  for (const name of ['drip', 'drip-headers', 'silent'])
    it(`ends within its time when the answer is ${name}`, async () => {
      const began = performance.now();
      assert.equal(await codeOf(send(asked(url(name), { within: 300 }))), 'provider-slow');
      const took = performance.now() - began;
      assert.ok(took > 250 && took < 5_000, `${took} ms`);
    });

  it('ends at headers without end', async () => {
    assert.equal(await codeOf(send(asked(url('endless-headers')))), 'provider-too-large');
  });

  for (const name of ['cut', 'cut-at-once', 'noise', 'switching', 'switching-half'])
    it(`says that the provider is away when the connection is ${name}`, async () => {
      assert.equal(await codeOf(send(asked(url(name)))), 'provider-away');
    });

  it('says that the provider is away when nobody is there', async () => {
    const away = url('fine');
    await provider.stop();
    assert.equal(await codeOf(send(asked(away))), 'provider-away');
    provider = await startHostileProvider();
  });

  it('ends when who asked went away', async () => {
    const caller = new AbortController();
    const answer = codeOf(send(asked(url('silent'), { signal: caller.signal })));
    setTimeout(() => caller.abort(), 50);
    assert.equal(await answer, 'failed');
    assert.equal(await codeOf(send(asked(url('fine'), { signal: caller.signal }))), 'failed');
  });

  it('is good again after every one of these', async () => {
    for (const name of ['huge', 'cut', 'redirect', 'endless-headers']) await codeOf(send(asked(url(name))));
    assert.equal((await send(asked(url('fine')))).status, 200);
  });

  it('tells how long the provider wants to be left alone', async () => {
    assert.equal((await send(asked(url('limited')))).retryAfter, 7_000);
    assert.equal((await send(asked(url('fine')))).retryAfter, undefined);
  });

  it('uses no proxy, whatever the environment says', async () => {
    process.env['HTTP_PROXY'] = process.env['http_proxy'] = 'http://127.0.0.1:1';
    try {
      assert.equal((await createOutgoing()(asked(url('fine')))).status, 200);
    } finally {
      delete process.env['HTTP_PROXY'];
      delete process.env['http_proxy'];
    }
  });
});

describe('the name of a provider', () => {
  const servers: { close(): void; closeAllConnections(): void }[] = [];
  after(() => servers.forEach((server) => (server.close(), server.closeAllConnections())));

  async function listen(host: string, port: number, listener: RequestListener): Promise<number> {
    const server = createServer(listener).listen(port, host);
    await once(server, 'listening');
    servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  const leads = (...addresses: string[]): NonNullable<OutgoingOptions['resolve']> => {
    let n = 0;
    return async () => [{ address: addresses[Math.min(n++, addresses.length - 1)] ?? '', family: 4 }];
  };

  it('is looked up once, and the address that was checked is the one that is connected to', async () => {
    let stolen = 0;
    const port = await listen('127.0.0.2', 0, (_request, response) => response.end('good'));
    await listen('127.0.0.3', port, (_request, response) => (stolen++, response.end('evil')));
    const may = (_host: string, address: string): boolean => address === '127.0.0.2';
    const send = createOutgoing({ resolve: leads('127.0.0.2', '127.0.0.3'), may });
    const ask = asked(`http://provider.test:${port}/`, { method: 'POST' });
    assert.equal((await send(ask)).body.toString(), 'good');
    servers[0]?.closeAllConnections();
    assert.equal(await codeOf(send(ask)), 'provider-away');
    assert.equal(await codeOf(send(ask)), 'provider-away');
    assert.equal(stolen, 0);
  });

  it('is not connected to when it leads to this machine, a private network or the cloud’s own services', async () => {
    let seen = 0;
    const port = await listen('127.0.0.1', 0, (_request, response) => (seen++, response.end('stolen')));
    for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '0.0.0.0', '::ffff:127.0.0.1']) {
      const send = createOutgoing({ resolve: async () => [{ address, family: address.includes(':') ? 6 : 4 }] });
      assert.equal(await codeOf(send(asked(`http://provider.test:${port}/`))), 'provider-away');
    }
    assert.equal(seen, 0);
  });

  it('is not connected to when only one of its addresses is bad', async () => {
    const port = await listen('127.0.0.1', 0, (_request, response) => response.end('stolen'));
    const both = [
      { address: '104.20.23.5', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const send = createOutgoing({ resolve: async () => both });
    assert.equal(await codeOf(send(asked(`http://provider.test:${port}/`))), 'provider-away');
  });

  it('is not connected to when it leads nowhere', async () => {
    const none = createOutgoing({ resolve: async () => [] });
    assert.equal(await codeOf(none(asked('http://provider.test/'))), 'provider-away');
    const unknown = createOutgoing({ resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    assert.equal(await codeOf(unknown(asked('http://provider.test/'))), 'provider-away');
  });

  it('may be an address of this machine, but not of a private network', async () => {
    for (const host of ['10.0.0.1', '169.254.169.254', '[fd00::1]', '0.0.0.0'])
      assert.equal(await codeOf(createOutgoing()(asked(`http://${host}/`))), 'provider-away');
  });

  it('has to be in a certificate that is trusted, whatever the environment says', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    let seen = 0;
    const server = createSecureServer({ key, cert }, (_request, response) => (seen++, response.end('stolen')));
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const { port } = server.address() as AddressInfo;
      assert.equal(await codeOf(createOutgoing()(asked(`https://localhost:${port}/`))), 'provider-away');
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    assert.equal(seen, 0);
  });
});
