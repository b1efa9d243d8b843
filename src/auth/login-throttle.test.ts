import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryRates } from '#expiring/memory-rates.ts';
import { loginThrottle, network } from './login-throttle.ts';

describe('wrong sign-ins', () => {
  const held = () => {
    const time = { now: 1_000_000 };
    const throttle = loginThrottle(memoryRates(() => time.now));
    const wrong = async (times: number, name = 'ann', address = '10.0.0.1') => {
      for (let n = 0; n < times; n++) await throttle.failed(name, address);
    };
    return { time, throttle, wrong, wait: (name = 'ann', address = '10.0.0.1') => throttle.wait(name, address) };
  };

  test('four are free; 5 wait 10 s, 10 wait 20 s, 15 wait 40 s, doubling on up to an hour', async () => {
    const { time, wrong, wait } = held();
    await wrong(4);
    assert.equal(await wait(), 0);
    await wrong(1);
    for (const seconds of [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]) {
      assert.equal(await wait(), seconds);
      time.now += seconds * 1_000 - 1;
      assert.equal(await wait(), 1);
      time.now += 1;
      assert.equal(await wait(), 0);
      await wrong(5);
    }
    assert.equal(await wait(), 10, 'an hour without a guess begins anew');
  });

  test('those already under way when the wait began do not end it', async () => {
    const { wrong, wait } = held();
    await wrong(8);
    assert.equal(await wait(), 10);
  });

  test('the name in another case is the same name; another name or address is not held up', async () => {
    const { wrong, wait } = held();
    await wrong(5, 'Ann');
    assert.deepEqual([await wait('aNN'), await wait('bob'), await wait('ann', '10.0.0.2')], [10, 0, 0]);
  });

  test('a right one forgets the wrong ones before it', async () => {
    const { throttle, wrong, wait } = held();
    await wrong(4);
    await throttle.succeeded('ann', '10.0.0.1');
    await wrong(4);
    assert.equal(await wait(), 0);
  });

  test('after an hour without any the count begins anew', async () => {
    const { time, wrong, wait } = held();
    await wrong(4);
    time.now += 3_600_000;
    await wrong(1);
    assert.equal(await wait(), 0);
  });

  test('many addresses that guess one name have three tries each, and keep nobody out', async () => {
    const { time, wrong, wait } = held();
    for (let n = 0; n < 200; n++) await wrong(1, 'ann', `10.0.${n}.1`);
    assert.equal(await wait('ann', '10.9.9.9'), 0, 'the person, from an address of their own');
    await wrong(2, 'ann', '10.9.9.9');
    assert.equal(await wait('ann', '10.9.9.9'), 0, 'who mistypes');
    await wrong(2, 'ann', '10.0.7.1');
    assert.ok((await wait('ann', '10.0.7.1')) > 3_500, 'one of those who guess');
    assert.equal(await wait('bob', '10.0.7.1'), 0);
    time.now += 3_600_000;
    assert.equal(await wait('ann', '10.0.7.1'), 0);
  });
});

describe('one address', () => {
  const same: [string, string][] = [
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::1'],
    ['::1', '::2'],
    ['fe80::1', 'fe80::ffff:1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
  ];
  for (const [a, b] of same) test(`${a} and ${b} are one person’s`, () => assert.equal(network(a), network(b)));

  const apart: [string, string][] = [
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['10.0.0.1', '10.0.0.2'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.2'],
    ['1:2::3', '1::2:3'],
  ];
  for (const [a, b] of apart) test(`${a} and ${b} are not`, () => assert.notEqual(network(a), network(b)));
});
