import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { call, member, owner as makeOwner, type Person } from '#test/support/person.ts';
import { QuietReader } from '#test/support/quiet-reader.ts';
import { eventually } from '#test/support/wait.ts';

const MIB = 1024 * 1024;

/** Nobody asks for a command. */
const HALLS_ALONE = { bot: 0, worker: 0 };

for (const shape of SHAPES)
  describe(`too much at once, ${shape}`, { concurrency: 1 }, () => {
    describe('with the limits that a hall has by default', () => {
      let hall: Deployment;
      let owner: Person;
      let room: string;
      before(async () => {
        hall = await startDeployment(shape, {}, HALLS_ALONE);
        owner = await makeOwner(hall);
        room = await owner.makeRoom('busy');
      });
      after(() => hall?.remove());

      test('of 10,000 posts at once 30 are taken, the rest is told of, and others go on talking', async () => {
        const [loud, quiet] = [await member(owner, 'loud'), await member(owner, 'quiet')];
        const [flood, other] = [await loud.live(), await quiet.live()];
        await other.subscribe(room);
        for (let n = 0; n < 10_000; n += 1) flood.send({ type: 'post', room, text: `number ${n}`, clientId: `n${n}` });
        const talked = await other.post(room, 'Is anybody else here?');
        assert.equal(talked.type, 'posted');
        await flood.frame('error', (frame) => frame.code === 'too-fast');
        const areTaken = (): true | undefined =>
          flood.frames.filter(({ type }) => type === 'posted').length >= 30 || undefined;
        await eventually('30 to be taken', areTaken);
        assert.equal((await call(hall, { method: 'GET', path: '/health/live' })).status, 200);
        const { messages } = await owner.done<{ messages: { author: { id: string }; text: string }[] }>(
          'GET',
          `/v1/rooms/${room}/messages?limit=200`,
        );
        const taken = messages.filter((message) => message.author.id === loud.id).map((message) => message.text);
        assert.deepEqual(
          taken,
          Array.from({ length: 30 }, (_, n) => `number ${n}`),
        );
        flood.close();
        other.close();
      });

      test('over HTTP the limit answers 429 with the seconds to wait', async () => {
        const hasty = await member(owner, 'hasty');
        const posts = await Promise.all(
          Array.from({ length: 60 }, (_, n) => hasty.post(`/v1/rooms/${room}/messages`, { text: `post ${n}` })),
        );
        assert.equal(posts.filter((post) => post.status === 201).length, 30);
        const late = posts.filter((post) => post.status !== 201);
        assert.deepEqual([...new Set(late.map((post) => post.status))], [429]);
        for (const post of late) {
          assert.equal(post.body['code'], 'too-fast');
          assert.match(post.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
        }
      });

      test('five wrong passwords make the sixth try wait, and the right one has to wait too', async () => {
        const guess = (password: string) =>
          call({ url: hall.next() }, { method: 'POST', path: '/v1/sessions', body: { username: 'loud', password } });
        for (let n = 0; n < 5; n += 1) assert.equal((await guess(`wrong password ${n}`)).status, 401);
        const sixth = await guess('correct horse battery');
        assert.equal(sixth.status, 429);
        assert.ok(Number(sixth.headers.get('retry-after')) > 0);
      });
    });

    describe('with the limits taken away', () => {
      let hall: Deployment;
      let owner: Person;
      let room: string;
      before(async () => {
        hall = await startDeployment(shape, { POST_LIMIT: '10000000/1', READ_LIMIT: '10000000/1' }, HALLS_ALONE);
        owner = await makeOwner(hall);
        room = await owner.makeRoom('busy');
      });
      after(() => hall?.remove());

      test('40 clients that never read cost no memory to speak of, and one of them catches up when it reads', async () => {
        const readers = await Promise.all(Array.from({ length: 40 }, () => QuietReader.open(hall.url, owner.token)));
        for (const reader of readers) await reader.subscribe(room);
        const live = await owner.live();
        const before = await memory(hall);
        const posts = 3_000;
        for (let n = 0; n < posts; n += AT_ONCE)
          await Promise.all(bulky(n).map(([text, id]) => live.post(room, text, id)));
        const grown = (await memory(hall)) - before;
        // All that they did not read would be 40 × 3,000 × 8 kB = 900 MB; the kernel may hold a tenth of it.
        assert.ok(grown < 250 * MIB, `grew by ${Math.round(grown / MIB)} MiB`);
        const [first] = readers;
        const bytes = await first!.readUntil('"gap"');
        assert.ok(bytes < 40 * MIB, `${bytes} bytes before the gap`);
        for (const reader of readers) reader.close();
        live.close();
      });

      test('what a lagging client missed is there to be read by number', async () => {
        let after = 0;
        let count = 0;
        for (let page = await pageAfter(after); page.length > 0; page = await pageAfter(after)) {
          count += page.length;
          after = page.at(-1)!.seq;
        }
        assert.equal(count, 3_000);
      });

      test('a body that never ends is cut off, 200 of them at once change nothing', async () => {
        const before = await memory(hall);
        const bodies = Array.from({ length: 200 }, () =>
          owner.post(`/v1/rooms/${room}/messages`, { text: 'x'.repeat(2 * MIB) }).catch(() => undefined),
        );
        const answers = await Promise.all(bodies);
        assert.ok(answers.every((answer) => answer === undefined || answer.status === 413));
        assert.ok((await memory(hall)) - before < 150 * MIB);
      });

      const pageAfter = async (after: number): Promise<{ seq: number }[]> => {
        const path = `/v1/rooms/${room}/messages?limit=200&after=${after}`;
        return (await owner.done<{ messages: { seq: number }[] }>('GET', path)).messages;
      };
    });
  });

/** Posts that a client has on their way: another one's patience is not what is tried here. */
const AT_ONCE = 100;

/** Posts of 8 kB each, from this number on. */
function bulky(from: number): [text: string, clientId: string][] {
  return Array.from({ length: AT_ONCE }, (_, n) => [`${from + n} `.padEnd(3_900, '·'), `n${from + n}`]);
}

/** Bytes of memory that the hall's process holds, from its own /metrics. */
function memory(hall: Deployment): Promise<number> {
  return eventually('the metrics', async () => {
    const { text } = await call(hall, { method: 'GET', path: '/metrics' });
    const found = /^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  });
}
