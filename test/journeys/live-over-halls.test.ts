import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '#test/support/cluster.ts';
import { Live } from '#test/support/live.ts';
import { member, owner as makeOwner, type Person } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

const skip = process.env['TEST_ENGINES'] === 'none' && 'no engines here';

describe('live connections to two halls', { skip, concurrency: 1 }, () => {
  let cluster: Cluster;
  let owner: Person;
  let ann: Person;
  let bob: Person;
  before(async () => {
    cluster = await Cluster.start({ counts: { bot: 0, worker: 0 }, settings: { POST_LIMIT: '100000/10' } });
    owner = await makeOwner(cluster);
    [ann, bob] = [await member(owner, 'ann'), await member(owner, 'bob')];
  });
  after(() => cluster?.remove());

  /** A connection to the first or the second hall. */
  const live = (who: Person, hall: number): Promise<Live> => Live.open(cluster.urls[hall] as string, who.token);
  const seqs = (line: Live): number[] =>
    line.frames.flatMap(({ type, message }) => (type === 'message' ? [message.seq] : []));
  const here = async (room: string, who: Person): Promise<boolean[]> =>
    Promise.all(
      cluster.urls.map(async (url) => {
        const answer = await fetch(`${url}/v1/rooms/${room}/people`, {
          headers: { authorization: `Bearer ${owner.token}` },
        });
        const { people } = (await answer.json()) as { people: { id: string; here: boolean }[] };
        return people.some((one) => one.id === who.id && one.here);
      }),
    );

  test('what is said through both at once comes to everybody, each number once and in order', async () => {
    const room = await owner.makeRoom('talk');
    const lines = [await live(ann, 0), await live(bob, 1)];
    for (const line of lines) await line.subscribe(room);
    const expected = Array.from({ length: 200 }, (_, index) => index + 1);
    await Promise.all(lines.map((line, hall) => Promise.all(hundred(line, room, `hall ${hall}`))));
    for (const line of lines) {
      await eventually('all messages', () => (seqs(line).length >= 200 ? true : undefined)).catch(() => undefined);
      assert.deepEqual(seqs(line), expected);
      line.close();
    }
  });

  test('who is here is the same through both; a hall that stops takes its people with it, and they come back', async () => {
    const room = await owner.makeRoom('people');
    const [one, two] = [await live(ann, 0), await live(bob, 1)];
    for (const line of [one, two]) await line.subscribe(room);
    await one.frame('presence', (frame) => frame.here.some(({ id }) => id === bob.id));
    await eventually('both in both', async () =>
      [...(await here(room, ann)), ...(await here(room, bob))].every(Boolean) ? true : undefined,
    );
    await cluster.child('hall-2').end('SIGTERM');
    await one.frame('presence', (frame) => frame.left.some(({ id }) => id === bob.id));
    await cluster.run('hall-2');
    const back = await live(bob, 1);
    await back.subscribe(room);
    await eventually('both in both again', async () =>
      [...(await here(room, ann)), ...(await here(room, bob))].every(Boolean) ? true : undefined,
    );
    for (const line of [one, back]) line.close();
  });

  test('a session, a private room and a name that change through one are changed in the other', async () => {
    const room = await owner.makeRoom('secret', { private: true });
    const carl = await member(owner, 'carl');
    const line = await live(carl, 1);
    const through = async (who: Person, method: string, path: string, body?: unknown): Promise<void> => {
      const headers = {
        authorization: `Bearer ${who.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      const answer = await fetch(`${cluster.url}${path}`, { method, headers, body: JSON.stringify(body) });
      assert.ok(answer.ok, await answer.text());
    };
    await through(owner, 'PUT', `/v1/rooms/${room}/members/${carl.id}`);
    await line.frame('rooms');
    await line.subscribe(room);
    await through(carl, 'PATCH', '/v1/me', { name: 'Carl the Great' });
    await line.frame('presence', (frame) => frame.here.some(({ name }) => name === 'Carl the Great'));
    await through(owner, 'DELETE', `/v1/rooms/${room}/members/${carl.id}`);
    await eventually('the leaving', async () => ((await here(room, carl)).some(Boolean) ? undefined : true));
    await through(carl, 'DELETE', '/v1/sessions/current');
    assert.equal(await line.whenClosed(), 4401);
  });
});

function hundred(line: Live, room: string, from: string): Promise<unknown>[] {
  return Array.from({ length: 100 }, (_, n) => line.post(room, `${from}: ${n}`));
}
