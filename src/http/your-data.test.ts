import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { hashPassword } from '#auth/passwords.ts';
import { setPasswordHash } from '#storage/accounts.ts';
import { addMember, firstCommunity } from '#storage/communities.ts';
import { openHall, roomOf, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { Live } from '#test/support/live.ts';
import { call, PASSWORD, type Answer } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

let hall: OpenHall;
let olga: Somebody;
let ann: Somebody;
let hash: string;
let count = 0;

before(async () => {
  [hall, hash] = await Promise.all([openHall(), hashPassword(PASSWORD)]);
  olga = await somebody(hall.storage, 'olga', 'owner');
});
beforeEach(async () => {
  ann = await somebody(hall.storage, `ann-${(count += 1)}`);
  await hall.storage.write((tx) => setPasswordHash(tx.db, ann.account, hash));
});
after(() => hall.close());

const ask = (method: string, path: string, body?: unknown, who = ann): Promise<Answer> =>
  call(hall, { method, path, body, token: who.token });
const leave = (body: object, who = ann): Promise<Answer> =>
  ask('DELETE', '/v1/me', { username: who.username, ...body }, who);
/** The sign-in of a test is of just now; this one is older. */
const longAgo = (who: Somebody) =>
  hall.storage.writer.updateTable('sessions').set({ created_at: 1 }).where('account_id', '=', who.account).execute();

describe('taking one’s data away', () => {
  test('gives everything as lines of JSON, with what was said and from where', async () => {
    const room = await roomOf(hall.storage, olga);
    await ask('POST', `/v1/rooms/${room.id}/messages`, { text: 'a ladder is a set of rungs' });
    const told = await ask('GET', '/v1/me/export');
    assert.match(told.headers.get('content-type') ?? '', /ndjson/);
    assert.match(told.headers.get('content-disposition') ?? '', new RegExp(`guildhall-${ann.username}\\.ndjson`));
    const lines = told.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { part: string; text?: string });
    assert.equal(lines[0]?.part, 'about');
    assert.ok(lines.some(({ part, text }) => part === 'messages' && text === 'a ladder is a set of rungs'));
    assert.ok(!told.text.includes(hash) && !told.text.includes(ann.token));
  });

  test('can be done five times a day, one after the other', async () => {
    const together = await Promise.all(Array.from({ length: 3 }, () => ask('GET', '/v1/me/export')));
    assert.deepEqual(together.map(({ status }) => status).toSorted(), [200, 409, 409]);
    for (let n = 0; n < 4; n++) assert.equal((await ask('GET', '/v1/me/export')).status, 200);
    for (let n = 0; n < 2; n++)
      assert.equal((await ask('GET', '/v1/me/export')).status, 429, 'and that is no lasting state');
  });
});

describe('deleting one’s account', () => {
  test('ends every session and socket at once, tells what stays and why, and frees the name', async () => {
    const live = await Live.open(hall.url, ann.token);
    const told = await leave({ password: PASSWORD });
    assert.equal(told.status, 200, told.text);
    const { kept } = told.body as { kept: { what: string; why: string }[] };
    assert.ok(kept.some(({ what }) => /What you wrote in rooms/.test(what)));
    assert.equal(await live.whenClosed(), 4401);
    assert.equal((await ask('GET', '/v1/me')).status, 401);
    const pair = { username: ann.username, password: PASSWORD };
    assert.equal((await call(hall, { method: 'POST', path: '/v1/sessions', body: pair })).status, 401);
    assert.ok(await somebody(hall.storage, ann.username), 'somebody else may have the name');
  });

  test('is for good: an operator cannot enable the account again', async () => {
    await leave({ password: PASSWORD });
    const enabled = await ask('POST', `/v1/operator/accounts/${ann.account}/enable`, undefined, olga);
    assert.deepEqual([enabled.status, enabled.body['code']], [409, 'account-deleted']);
    const row = await hall.storage.db
      .selectFrom('accounts')
      .select('disabled_at')
      .where('id', '=', ann.account)
      .executeTakeFirstOrThrow();
    assert.ok(row.disabled_at !== null);
  });

  test('leaves what was said as words of a deleted person, or takes it along', async () => {
    const ben = await somebody(hall.storage, `ben-${count}`);
    const room = await roomOf(hall.storage, olga);
    await ask('POST', `/v1/rooms/${room.id}/messages`, { text: 'stays' });
    await ask('POST', `/v1/rooms/${room.id}/messages`, { text: 'goes' }, ben);
    await leave({});
    await leave({ messages: 'delete' }, ben);
    const left = await eventually('what ben wrote to be gone', async () => {
      const { body } = await ask('GET', `/v1/rooms/${room.id}/messages`, undefined, olga);
      const { messages } = body as { messages: { text: string; author: { name: string } }[] };
      return messages.length < 2 ? messages : undefined;
    });
    assert.deepEqual(
      left.map(({ text, author }) => [author.name, text]),
      [['Deleted person', 'stays']],
    );
  });

  test('takes the name out of what moderators did, which stays', async () => {
    const community = (await firstCommunity(hall.storage.db)).id;
    const room = await roomOf(hall.storage, olga);
    const said = await ask('POST', `/v1/rooms/${room.id}/messages`, { text: 'a rude word' });
    await ask('DELETE', `/v1/messages/${String(said.body['id'])}`, undefined, olga);
    const mute = { account: ann.account, kind: 'mute', minutes: 5, reason: 'rude' };
    assert.equal((await ask('POST', `/v1/communities/${community}/sanctions`, mute, olga)).status, 201);
    const log = () => ask('GET', `/v1/communities/${community}/audit`, undefined, olga);
    assert.match((await log()).text, new RegExp(`person.{0,5}${ann.name}`));
    const told = await leave({});
    assert.match(String(told.body['goesOn']), /Your account has ended/);
    const text = await eventually('the name to be gone from the log', async () => {
      const { text } = await log();
      return text.includes(ann.name) ? undefined : text;
    });
    assert.match(text, /rude/);
  });

  test('needs the name typed, and the password or a sign-in of just now; wrong ones wait', async () => {
    await longAgo(ann);
    const wrong: [body: object, status: number, code: string][] = [
      [{ username: 'someone-else', password: PASSWORD }, 400, 'wrong-name'],
      [{}, 403, 'not-fresh'],
      [{ password: 'not my password at all' }, 403, 'wrong-password'],
    ];
    for (const [body, status, code] of wrong) {
      const told = await leave(body);
      assert.deepEqual([told.status, told.body['code']], [status, code]);
    }
    for (let n = 0; n < 4; n++) await leave({ password: 'not my password at all' });
    assert.equal((await leave({ password: PASSWORD })).status, 429);
    assert.equal((await ask('GET', '/v1/me')).status, 200, 'nothing was deleted');
  });

  test('the last owner hands the community over first, and is told which; the last operator the hall', async () => {
    const told = await leave({}, olga);
    assert.deepEqual([told.status, told.body['code']], [409, 'last-owner']);
    assert.match(String(told.body['detail']), /only owner of Guildhall/);
    const community = (await firstCommunity(hall.storage.db)).id;
    await hall.storage.write((tx) => addMember(tx.db, { community, account: ann.account, role: 'owner', at: 1 }));
    assert.equal((await leave({}, olga)).body['code'], 'last-operator');
  });
});
