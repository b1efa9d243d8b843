import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mayConnect } from './addresses.ts';

const INWARD = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.8.8.8',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:7f00:1',
  '64:ff9b::7f00:1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
  '2001:db8::1',
  '2002:7f00:1::1',
];

describe('an address that a provider’s name leads to', () => {
  for (const address of INWARD)
    it(`${address} is not connected to`, () => assert.equal(mayConnect('api.torn.com', address), false));

  for (const address of ['104.20.23.5', '172.32.0.1', '100.128.0.1', '2606:4700::6814:1', '192.167.255.255'])
    it(`${address} on the internet is connected to`, () => assert.equal(mayConnect('api.torn.com', address), true));

  it('that is none is not connected to', () => assert.equal(mayConnect('api.torn.com', 'elsewhere'), false));

  for (const host of ['localhost', 'stand-in.localhost', '127.0.0.1', '[::1]', '::1'])
    it(`of ${host} is on this machine, and nowhere else`, () => {
      assert.equal(mayConnect(host, '127.0.0.1'), true);
      assert.equal(mayConnect(host, '::1'), true);
      for (const address of ['10.0.0.1', '104.20.23.5', '169.254.169.254'])
        assert.equal(mayConnect(host, address), false);
    });

  it('of a name that only looks like this machine’s is on the internet', () => {
    assert.equal(mayConnect('localhost.example', '127.0.0.1'), false);
    assert.equal(mayConnect('notlocalhost', '127.0.0.1'), false);
  });
});
