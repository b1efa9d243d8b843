import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '#test/support/cluster.ts';
import { call, member, owner as makeOwner, PASSWORD, type Answer, type Person } from '#test/support/person.ts';

/** So long that no window ends while the test runs. */
const SETTINGS = { POST_LIMIT: '5/3600', COMMAND_LIMIT: '4/3600' };

const skip = process.env['TEST_ENGINES'] === 'none' && 'no engines here';

describe('limits, where people come through two halls and are answered by two bots', { skip, concurrency: 1 }, () => {
  let cluster: Cluster;
  let owner: Person;
  before(async () => {
    cluster = await Cluster.start({ settings: SETTINGS, counts: { worker: 0 } });
    owner = await makeOwner(cluster);
  });
  after(() => cluster?.remove());

  test('posts through both count together', async () => {
    const ann = await member(owner, 'ann');
    const room = await owner.makeRoom('one');
    const posted = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ann.post(`/v1/rooms/${room}/messages`, { text: `number ${n}` })),
    );
    assert.deepEqual(counted(posted), { 201: 5, 429: 15 });
    for (const url of cluster.urls) {
      const late = await call(
        { url },
        { method: 'POST', path: `/v1/rooms/${room}/messages`, body: { text: 'x' }, token: ann.token },
      );
      assert.equal(late.status, 429);
      assert.ok(Number(late.headers.get('retry-after')) > 3_000);
    }
  });

  test('of commands at once in several rooms no more are run than the limit has uses', async () => {
    const bob = await member(owner, 'bob');
    // Each has its own way to a bot; POST_LIMIT is spent elsewhere.
    const rooms = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => owner.makeRoom(name)));
    const asked = await Promise.all(rooms.map((room) => bob.post('/v1/commands/help?wait=20', { room, args: {} })));
    assert.deepEqual(counted(asked), { 200: 4, 429: 1 });
    assert.match(asked.find(({ status }) => status === 429)?.text ?? '', /COMMAND_LIMIT/);
  });

  test('wrong guesses through both add up, and the right pair through one is forgiven by both', async () => {
    await member(owner, 'carl');
    const guess = (n: number, password = 'not this one') =>
      call(
        { url: cluster.urls[n % 2] as string },
        { method: 'POST', path: '/v1/sessions', body: { username: 'carl', password } },
      );
    for (let n = 0; n < 4; n++) assert.equal((await guess(n)).status, 401);
    assert.equal((await guess(0, PASSWORD)).status, 201);
    for (let n = 0; n < 5; n++) assert.equal((await guess(n)).status, 401);
    for (const n of [0, 1]) {
      const late = await guess(n, PASSWORD);
      assert.equal(late.status, 429, 'the right one waits too');
      assert.ok(Number(late.headers.get('retry-after')) <= 10);
    }
  });
});

function counted(answers: Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
