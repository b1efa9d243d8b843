import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { freePort } from '#test/support/free-port.ts';
import { type Deployment, prepareDeployment, SHAPES } from '#test/support/deployment.ts';
import { call, PASSWORD, type Person, signIn, signUp } from '#test/support/person.ts';
import { play } from '#test/support/play.ts';
import { runProgram, type Said } from '#test/support/program.ts';
import { eventually } from '#test/support/wait.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';

/** A play at the terminal: everything that the operator's command line does, beside a running hall and without one. */
for (const shape of SHAPES)
  describe(`an operator’s day, ${shape}`, { concurrency: 1 }, () => {
    let stock: StockSource;
    let hall: Deployment;
    const alone = shape === 'in one process';
    let olga: Person;
    let room: string;
    const scene = play();
    const guildhall = (words: string, more: { stdin?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Said> =>
      runProgram(hall, ['src/guildhall.ts', ...words.split(' ')], more);
    const done = async (words: string, stdin = ''): Promise<Said> => {
      const said = await guildhall(words, { stdin });
      assert.equal(said.code, 0, said.out + said.err);
      return said;
    };
    const texts = async (): Promise<string[]> => {
      const path = `/v1/rooms/${room}/messages`;
      const { messages } = await olga.done<{ messages: { text: string }[] }>('GET', path);
      return messages.map((message) => message.text);
    };

    before(async () => {
      stock = await startStock();
      hall = await prepareDeployment(shape, { STOCK_URL: stock.url });
    });
    after(async () => {
      await hall?.remove();
      await stock?.stop();
    });

    scene('before the first start the owner is made at the command line', async () => {
      const { out } = await done('account create olga --owner --password-stdin', `${PASSWORD}\n`);
      assert.match(out, /olga made, owner and operator/);
      assert.doesNotMatch(out, new RegExp(PASSWORD));
    });

    scene('the hall starts on that data, prints no one-time link, and she is the operator', async () => {
      await hall.startAgain();
      assert.doesNotMatch(hall.output, /\/first\//);
      olga = await signIn(hall, 'olga');
      const me = await olga.done<{ operator: boolean; communities: { role: string }[] }>('GET', '/v1/me');
      assert.deepEqual([me.operator, me.communities[0]?.role], [true, 'owner']);
      room = await olga.makeRoom('ledger');
    });

    scene(alone ? 'the data is for its owner alone' : 'nothing is kept where the processes run', () => {
      if (!alone) return assert.deepEqual(readdirSync(hall.data), []);
      const folder = join(hall.data, 'data');
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      assert.equal(statSync(join(folder, 'hall.db')).mode & 0o777, 0o600);
    });

    scene('the doctor looks at everything beside the running hall and finds nothing to do', async () => {
      // A process tells every 2 s how it is: the first word may be that it connects.
      const { out } = await eventually('nothing to do', async () => {
        const said = await guildhall('doctor');
        return said.code === 0 ? said : undefined;
      });
      const seen = alone ? [/a hall runs on it/] : [/hall [\d.]+ since/, /bot [\d.]+ since/, /worker [\d.]+ since/];
      for (const one of seen) assert.match(out, one);
      assert.match(out, /Nothing to do\./);
    });

    scene('somebody is let in by hand, and somebody by a link from the terminal', async () => {
      await done('account create ann --password-stdin', PASSWORD);
      await signIn(hall, 'ann');
      const { out } = await done('invite --uses 2 --days 1');
      const code = /\/join\/([\w-]+)/.exec(out)?.[1] ?? '';
      assert.ok(out.startsWith(`${hall.url}/join/`), out);
      await signUp(hall, { username: 'ben', invite: code });
      await signUp(hall, { username: 'cleo', invite: code });
      const third = await call(hall, {
        method: 'POST',
        path: '/v1/accounts',
        body: { username: 'dora', password: PASSWORD, invite: code },
      });
      assert.equal(third.status, 404);
    });

    scene('a new password ends the old sessions, also a live one', async () => {
      const ann = await signIn(hall, 'ann');
      const live = await ann.live();
      await done('account password ann --password-stdin', 'another good horse');
      assert.equal((await ann.get('/v1/me')).status, 401);
      assert.equal(await live.whenClosed(), 4401);
      const body = { username: 'ann', password: 'another good horse' };
      assert.equal((await call(hall, { method: 'POST', path: '/v1/sessions', body })).status, 201);
    });

    scene('a disabled account cannot sign in, and is told no more than a wrong password is', async () => {
      await done('account disable ann');
      const tries = ['another good horse', 'not her password at all'].map((password) =>
        call(hall, { method: 'POST', path: '/v1/sessions', body: { username: 'ann', password } }),
      );
      const [right, wrong] = await Promise.all(tries);
      assert.equal(right?.status, 401);
      assert.equal(right?.text, wrong?.text);
    });

    scene('a backup is taken while the hall runs, for its owner alone, and overwrites nothing', async () => {
      await olga.done('POST', `/v1/rooms/${room}/messages`, { text: 'Before the backup.' });
      const { out } = await done('backup evening.db');
      assert.match(out, /1 messages?, 4 accounts/);
      assert.equal(statSync(join(hall.data, 'evening.db')).mode & 0o777, 0o600);
      const again = await guildhall('backup evening.db');
      assert.notEqual(again.code, 0);
      assert.match(again.err, /is there already/);
    });

    scene('restored beside the running hall: live connections close, and all is as it was', async () => {
      await olga.done('POST', `/v1/rooms/${room}/messages`, { text: 'After the backup.' });
      assert.deepEqual(await texts(), ['Before the backup.', 'After the backup.']);
      const live = await olga.live();
      await done('restore evening.db');
      assert.equal(await live.whenClosed(), 1012);
      assert.deepEqual(await texts(), ['Before the backup.']);
      const posted = await olga.done<{ seq: number }>('POST', `/v1/rooms/${room}/messages`, { text: 'Life goes on.' });
      assert.equal(posted.seq, 2);
    });

    scene(
      alone
        ? 'a second start on the same data is refused and changes nothing'
        : 'a process that lacks an engine of the others is refused and changes nothing',
      async () => {
        const env = { PORT: String(await freePort()), ...(!alone && { REDIS_URL: '' }) };
        const second = await runProgram(hall, ['src/main.ts'], { env });
        assert.notEqual(second.code, 0);
        assert.match(second.out + second.err, alone ? new RegExp(`GUILDHALL_DATA|${hall.pid}`) : /REDIS_URL/);
        assert.deepEqual(await texts(), ['Before the backup.', 'Life goes on.']);
      },
    );

    scene('with the hall stopped a backup is restored as well', async () => {
      assert.equal(await hall.stop(), 0);
      await done('restore evening.db');
      await hall.startAgain();
      assert.deepEqual(await texts(), ['Before the backup.']);
    });

    scene('a file that is no backup is refused, and nothing has changed', async () => {
      writeFileSync(join(hall.data, 'letter.txt'), 'Dear hall');
      const refused = await guildhall('restore letter.txt');
      assert.notEqual(refused.code, 0);
      assert.deepEqual(await texts(), ['Before the backup.']);
    });

    scene('a mistyped command shows how it is typed, a wrong setting is named', async () => {
      const wrong = await guildhall('acount create x');
      assert.equal(wrong.code, 64);
      assert.match(wrong.out + wrong.err, /account create NAME/);
      const setting = await guildhall('doctor', { env: { POST_LIMIT: 'fast' } });
      assert.equal(setting.code, 78);
      assert.match(setting.err, /POST_LIMIT/);
    });
  });
