import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { Cluster } from '#test/support/cluster.ts';
import { type Deployment, SHAPES } from '#test/support/deployment.ts';
import { freshEngines, type Engines } from '#test/support/engines.ts';
import { Hall } from '#test/support/hall.ts';
import { Person, member, owner, signUp } from '#test/support/person.ts';
import { play } from '#test/support/play.ts';
import { runProgram, type Said } from '#test/support/program.ts';
import { eventually } from '#test/support/wait.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';

/** A community outgrows its one file: it is carried over to PostgreSQL, and then to processes of their own. */
describe('a hall moves house', { concurrency: 1, skip: SHAPES.length < 2 ? 'no engines here' : false }, () => {
  let stock: StockSource;
  let engines: Engines;
  let file: Hall;
  let olga: Person;
  let ben: Person;
  let square: string;
  let back: string;
  let asked: string;
  let invite: string;
  let cluster: Cluster | undefined;
  const scene = play();

  before(async () => {
    stock = await startStock();
    engines = await freshEngines();
    file = await Hall.start({ STOCK_URL: stock.url });
  });
  after(async () => {
    await file?.remove();
    await cluster?.remove();
    await engines?.remove();
    await stock?.stop();
  });

  const guildhall = (where: Deployment, words: string, env: NodeJS.ProcessEnv = {}): Promise<Said> =>
    runProgram(where, ['src/guildhall.ts', ...words.split(' ')], { env });
  const done = async (where: Deployment, words: string, env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const { code, out, err } = await guildhall(where, words, env);
    assert.equal(code, 0, out + err);
    return out;
  };
  const texts = async (who: Person, room: string): Promise<string[]> => {
    const path = `/v1/rooms/${room}/messages`;
    const { messages } = await who.done<{ messages: { text: string }[] }>('GET', path);
    return messages.map(({ text }) => text);
  };
  const say = (who: Person, room: string, text: string) =>
    who.done<{ seq: number }>('POST', `/v1/rooms/${room}/messages`, { text });
  /** With the session that they have. */
  const at = (where: Deployment, who: Person): Person => new Person(where, who);

  scene('an evening on SQLite: rooms, words, a mention, an invite, and a rule', async () => {
    olga = await owner(file);
    ben = await member(olga, 'ben');
    square = await olga.makeRoom('square');
    back = await olga.makeRoom('back-room', { private: true });
    await say(olga, square, 'Good evening, @ben! “Grüße” 😀');
    await say(olga, back, 'Nobody but me sees this.');
    await done(file, 'command set help --cooldown 60');
    const made = await olga.done<{ invite: { code: string } }>('POST', '/v1/invites', { uses: 1 });
    invite = made.invite.code;
  });

  scene('while the hall runs it is not moved', async () => {
    const { code, err } = await guildhall(file, `move --to ${engines.settings.DATABASE_URL}`);
    assert.equal(code, 1);
    assert.match(err, new RegExp(`process ${file.pid}\\. Stop it first`));
  });

  scene('the power goes while a quote is looked up', async () => {
    stock.behave('slow');
    const { job } = (
      await olga.post<{ job: string }>('/v1/commands/stock?wait=0', { room: square, args: { symbol: 'aapl.us' } })
    ).body;
    asked = job;
    await eventually('the source to be asked', () => stock.asked.length > 0 || undefined);
    await file.kill();
    stock.behave('good');
  });

  scene('the hall is carried over, and the file stays as it was', async () => {
    const hash = (): string =>
      createHash('sha256')
        .update(readFileSync(join(file.data, 'data/hall.db')))
        .digest('hex');
    const before = hash();
    assert.match(await done(file, 'move', engines.settings), /are the same on both sides/);
    assert.equal(hash(), before);
  });

  scene('on PostgreSQL everybody finds what they left, and what was asked for is answered', async () => {
    await file.startAgain({ DATABASE_URL: engines.settings.DATABASE_URL });
    await eventually(
      'the answer',
      async () => (await texts(ben, square)).includes('AAPL.US quote is 126.85') || undefined,
    );
    assert.equal((await olga.get(`/v1/jobs/${asked}`)).body['state'], 'done');
    assert.deepEqual((await texts(ben, square))[0], 'Good evening, @ben! “Grüße” 😀');
    assert.deepEqual(await texts(olga, back), ['Nobody but me sees this.']);
    assert.equal((await ben.get(`/v1/rooms/${back}/messages`)).status, 404);
    const { rooms } = await ben.done<{ rooms: { id: string; mentions: number }[] }>('GET', '/v1/rooms');
    assert.equal(rooms.find(({ id }) => id === square)?.mentions, 1);
    await signUp(file, { username: 'cleo', invite });
    assert.equal((await say(ben, square, 'Here I am.')).seq, 3);
    assert.match(await done(file, 'command list'), /cooldown 60 s/);
  });

  scene('it is used, so a second move of the old file is refused', async () => {
    const { code, err } = await guildhall(file, 'move', engines.settings);
    assert.equal(code, 1);
    assert.match(err, /A hall runs on/);
    assert.equal(await file.stop(), 0);
    assert.match((await guildhall(file, 'move', engines.settings)).err, /used since.*Nothing was changed/);
  });

  scene('then it goes on in processes of their own, and the doctor finds all of them', async () => {
    cluster = await Cluster.start({ settings: { STOCK_URL: stock.url }, engines });
    const there = cluster;
    assert.deepEqual((await texts(at(there, ben), square)).at(-1), 'Here I am.');
    assert.equal((await say(at(there, olga), square, 'And on.')).seq, 4);
    // Each tells how it is every two seconds; the first word of some is that they are still connecting.
    const told = await eventually('the doctor to see everybody, and well', async () => {
      const { code, out, err } = await guildhall(there, 'doctor');
      if (code !== 0) throw new Error(err);
      return out.includes('is down') ? undefined : out;
    });
    assert.equal(told.match(/"state":"ok","what":"process"/g)?.length, 5, told);
    for (const role of ['hall', 'bot', 'worker']) assert.match(told, new RegExp(`"says":"${role} \\d`));
    assert.match(told, /RabbitMQ \d.*\d+ queues, nothing waits/);
    assert.match(told, /relay by (hall|bot|worker)/);
    assert.match(told, /Nothing to do\./);
  });

  scene('a backup beside the running halls brings everything back, and live pages begin anew', async () => {
    const there = cluster as Cluster;
    const people = [at(there, olga), at(there, ben)] as const;
    await done(there, 'backup evening.db');
    const before = await texts(people[0], square);
    await say(people[1], square, 'This will be forgotten.');
    const live = await people[1].live();
    await done(there, 'restore evening.db');
    assert.equal(await live.whenClosed(), 1012);
    assert.deepEqual(await texts(people[0], square), before);
    assert.equal((await say(people[1], square, 'Life goes on.')).seq, 5);
  });

  scene('the same backup opens as one file on one machine again', async () => {
    const home = await Hall.prepare({ STOCK_URL: stock.url });
    try {
      const evening = join((cluster as Cluster).data, 'evening.db');
      await done(home, `restore ${evening}`);
      await home.startAgain();
      assert.equal((await texts(at(home, ben), square)).at(-1), 'And on.');
    } finally {
      await home.remove();
    }
  });
});
