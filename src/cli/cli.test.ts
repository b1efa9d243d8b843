import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { postMessage } from '#chat/post-message.ts';
import { backTo } from '#test/support/older-version.ts';
import { openHall, roomOf, somebody, temporaryFolder, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { changeBackup } from '#test/support/change-backup.ts';
import { bareEnvironment } from '#test/support/child.ts';
import { Live } from '#test/support/live.ts';
import { call, PASSWORD } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

/** `npm run -s guildhall -- WORDS`, as its own process. */
async function guildhall(folder: string, words: string[], more: { input?: string; env?: Record<string, string> } = {}) {
  const program = join(import.meta.dirname, '../guildhall.ts');
  const child = spawn(process.execPath, [program, ...words], {
    cwd: folder,
    env: { ...bareEnvironment(), GUILDHALL_DATA: folder, STOCK_URL: 'http://127.0.0.1:9/', ...more.env },
    timeout: 20_000,
  });
  child.stdin.end(more.input ?? '');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, said: out + err };
}

describe('the command line without a hall', { concurrency: 2 }, () => {
  test('makes the data folder, an owner, and an invite that is a link', async (t) => {
    const folder = join(temporaryFolder(t), 'data');
    const env = { GUILDHALL_DATA: folder, PUBLIC_URL: 'https://hall.example.org' };
    const made = await guildhall('/', ['account', 'create', 'Olga', '--owner', '--password-stdin'], {
      input: `${PASSWORD}\n`,
      env,
    });
    assert.deepEqual([made.code, /olga made, owner and operator/.test(made.said)], [0, true], made.said);
    assert.equal(statSync(join(folder, 'hall.db')).mode & 0o777, 0o600);
    const invite = await guildhall('/', ['invite', '--uses', '3', '--days', '2'], { env });
    assert.match(invite.out, /^https:\/\/hall\.example\.org\/join\/[0-9A-Z]{5}-[0-9A-Z]{5}\n/);
    const again = await guildhall('/', ['account', 'create', 'OLGA'], { input: PASSWORD, env });
    assert.deepEqual([again.code, /username-taken.*Nothing was changed\./.test(again.said)], [1, true], again.said);
  });

  const wrong: [words: string[], code: number, says: RegExp][] = [
    [[], 64, /npm run -s guildhall -- backup FILE/],
    [['--help'], 0, /account create NAME/],
    [['dance'], 64, /account create NAME/],
    [['constructor'], 64, /account create NAME/],
    [['account', 'create'], 64, /then a name/],
    [['account', 'create', 'ann', '--admin'], 64, /--admin/],
    [['invite', '--uses', '0'], 64, /--uses is a whole number from 1 to 1000/],
    [['backup'], 64, /Name one file/],
    [['command', 'dance'], 64, /command set NAME \[--on\|--off\]/],
    [['command', 'set', 'help', '--off'], 1, /help-stays-on.*Nothing was changed\./],
    [['space', 'set', 'space_none'], 64, /space set ID --symbol/],
    [['restore', 'no-such-file'], 1, /There is no file/],
    [['account', 'disable', 'nobody'], 1, /unknown-account/],
    [['account', 'create', 'ann', '--password-stdin'], 1, /password-too-short/],
  ];
  for (const [words, code, says] of wrong) {
    test(`“${words.join(' ')}” ends with ${code} and says how`, async (t) => {
      const told = await guildhall(temporaryFolder(t), words);
      assert.equal(told.code, code, told.said);
      assert.match(told.said, says);
    });
  }

  test('a wrong setting is named here too', async (t) => {
    const told = await guildhall(temporaryFolder(t), ['doctor'], { env: { SIGNUP: 'nobody' } });
    assert.deepEqual([told.code, /"what":"SIGNUP"/.test(told.said)], [78, true]);
  });

  test('doctor finds nothing to do in a new folder, and says how to mend one that others may read', async (t) => {
    const folder = temporaryFolder(t);
    assert.match((await guildhall(folder, ['invite'])).said, /until/);
    const fine = await guildhall(folder, ['doctor']);
    assert.deepEqual([fine.code, /Nothing to do\./.test(fine.said)], [0, true], fine.said);
    chmodSync(folder, 0o755);
    const open = await guildhall(folder, ['doctor']);
    assert.deepEqual(
      [open.code, /may be read by others \(0755\)\. Mend it: chmod 700/.test(open.said)],
      [1, true],
      open.said,
    );
  });
});

describe('the command line beside a running hall', () => {
  let hall: OpenHall;
  let ann: Somebody;
  let room: string;
  before(async () => {
    hall = await openHall();
    ann = await somebody(hall.storage, 'ann', 'owner');
    room = (await roomOf(hall.storage, ann)).id;
  });
  after(() => hall.close());
  const history = async () => {
    const told = await call<{ messages: { text: string }[] }>(hall, {
      method: 'GET',
      path: `/v1/rooms/${room}/messages`,
      token: ann.token,
    });
    return told.body.messages.map((message) => message.text);
  };
  const say = (words: string) =>
    call(hall, { method: 'POST', path: `/v1/rooms/${room}/messages`, body: { text: words }, token: ann.token });

  test('an account that is made there signs in here at once, and one that is disabled does not', async () => {
    const signIn = () =>
      call(hall, { method: 'POST', path: '/v1/sessions', body: { username: 'bob', password: PASSWORD } });
    assert.equal((await signIn()).status, 401);
    await guildhall(hall.folder, ['account', 'create', 'bob'], { input: PASSWORD });
    const bob = await signIn();
    assert.equal(bob.status, 201);
    await guildhall(hall.folder, ['account', 'disable', 'bob']);
    assert.equal((await signIn()).status, 401);
    assert.equal((await call(hall, { method: 'GET', path: '/v1/me', token: String(bob.body.token) })).status, 401);
  });

  test('what a backup holds is what a restore brings back, and nothing that came after; live connections begin anew', async (t) => {
    const file = join(temporaryFolder(t), 'it’s a backup.db');
    await say('before');
    const [message] = (
      await call<{ messages: { id: string }[] }>(hall, {
        method: 'GET',
        path: `/v1/rooms/${room}/messages`,
        token: ann.token,
      })
    ).body.messages;
    const backup = await guildhall(hall.folder, ['backup', file]);
    assert.match(backup.said, /1 messages?, 2 accounts.*Read back: whole\./);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(!existsSync(`${file}.half`));
    assert.equal((await guildhall(hall.folder, ['backup', file])).code, 1, 'a backup never overwrites');

    await say('after');
    await call(hall, {
      method: 'PATCH',
      path: `/v1/messages/${message?.id}`,
      body: { text: 'changed' },
      token: ann.token,
    });
    const eve = await somebody(hall.storage, 'eve');
    const line = await Live.open(hall.url, ann.token);
    assert.deepEqual(await history(), ['changed', 'after']);
    const restore = await guildhall(hall.folder, ['restore', file]);
    assert.equal(restore.code, 0, restore.said);
    assert.deepEqual(await history(), ['before']);
    assert.equal((await call(hall, { method: 'GET', path: '/v1/me', token: eve.token })).status, 401);
    assert.equal(await line.whenClosed(), 1012);
    await say('and on');
    assert.deepEqual(await history(), ['before', 'and on']);
  });

  test('a backup of an older version is brought up to date on its way back, one of a newer version is refused', async (t) => {
    const [older, newer] = [join(temporaryFolder(t), 'older.db'), join(temporaryFolder(t), 'newer.db')];
    await say('kept');
    const before = await history();
    for (const file of [older, newer]) await guildhall(hall.folder, ['backup', file]);
    await changeBackup(older, await backTo('0001-first'));
    const made = "insert into kysely_migration (name, timestamp) values ('9999-later', '2027-01-01T00:00:00.000Z')";
    await changeBackup(newer, (db) => db.exec(made));
    await say('gone');
    chmodSync(older, 0o400);
    const restore = await guildhall(hall.folder, ['restore', older]);
    assert.equal(restore.code, 0, restore.said);
    assert.deepEqual(await history(), before);
    const told = await guildhall(hall.folder, ['restore', newer]);
    assert.deepEqual([told.code, /of another version.*Nothing was changed\./.test(told.said)], [1, true], told.said);
    assert.deepEqual(await history(), before);
    assert.ok(!existsSync(join(hall.folder, 'hall.db.restoring')));
  });

  test('what a backup had still to do is done after its restore', async (t) => {
    const file = join(temporaryFolder(t), 'backup.db');
    await guildhall(hall.folder, ['backup', file]);
    const asked = await leaveInOutbox(file, ann, room);
    assert.equal((await guildhall(hall.folder, ['restore', file])).code, 0);
    const path = `/v1/jobs/${asked}`;
    await eventually('the answer', async () => {
      const { state } = (await call(hall, { method: 'GET', path, token: ann.token })).body;
      return state === 'done' || undefined;
    });
  });

  test('what is not a backup is refused, and nothing has changed', async (t) => {
    const folder = temporaryFolder(t);
    const [picture, half] = [join(folder, 'picture.png'), join(folder, 'half.db')];
    writeFileSync(picture, 'not a database at all, but long enough to look like one'.repeat(100));
    const db = new DatabaseSync(half);
    db.exec('create table messages (id text)');
    db.close();
    const before = await history();
    for (const file of [picture, half]) {
      const told = await guildhall(hall.folder, ['restore', file]);
      assert.equal(told.code, 1);
      assert.match(told.said, /not a whole backup of a hall.*Nothing was changed\./);
    }
    assert.deepEqual(await history(), before);
    const post = await postMessage(
      { storage: hall.storage, bus: { announce: () => undefined }, clock: Date.now },
      ann,
      { room, text: 'still open' },
    );
    assert.ok(post.fresh);
  });
});

/** Writes into a backup a command that was taken in and not yet answered. Returns its id. */
async function leaveInOutbox(file: string, who: Somebody, room: string): Promise<string> {
  const id = 'job_LEFT';
  const person = { account: who.account, name: who.name, username: who.username, role: 'owner' };
  const from = { platform: 'webchat', room, account: who.account };
  const message = { id, from, community: 'comm_x', who: person, ask: { text: '/help' }, at: 1 };
  await changeBackup(file, (db) => {
    db.prepare('insert into answers (id, account_id, state, created_at) values (?, ?, ?, ?)').run(
      id,
      who.account,
      'waiting',
      Date.now(),
    );
    db.prepare('insert into outbox (n, channel, body, created_at) values (1, ?, ?, 1)').run(
      'incoming',
      JSON.stringify(message),
    );
  });
  return id;
}
