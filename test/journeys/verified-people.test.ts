import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { entryKey } from '#core/verification.ts';
import { addMember, firstCommunity, roleIn } from '#storage/communities.ts';
import { putEntry } from '#storage/list-people.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startMail, type Arrived, type MailServer } from '#test/simulators/mail/index.ts';
import { call, type Answer } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

/** A story: a school and a choir on one instance, each with its own list; Ann's address stands in both. */
describe('only verified people speak', { concurrency: 1 }, () => {
  let mail: MailServer;
  let hall: OpenHall;
  let olga: Somebody;
  let school: { id: string; room: string };
  let choir: { id: string; room: string };

  before(async () => {
    mail = await startMail();
    hall = await openHall({
      SMTP_URL: mail.url,
      MAIL_FROM: 'hall@example.org',
      PUBLIC_URL: 'https://hall.example.org',
    });
    olga = await somebody(hall.storage, 'olga', 'owner');
    const first = (await firstCommunity(hall.storage.db)).id;
    const second = await as(olga, 'POST', '/v1/communities', { name: 'Choir' });
    school = { id: first, room: await roomIn(first, 'school') };
    choir = { id: String(second.body['id']), room: await roomIn(String(second.body['id']), 'choir') };
    await onTheList(school.id, '1234567890', 'ann@example.org', 'Ann Lee');
    await onTheList(school.id, '0987654321', 'bob@example.org', 'Bob');
    await onTheList(choir.id, 'alto-7', 'ann@example.org', 'Ann of the altos');
  });
  after(async () => {
    await hall?.close();
    await mail?.stop();
  });
  beforeEach(() => void (mail.mails.length = 0));

  const as = (who: Somebody, method: string, path: string, body?: unknown): Promise<Answer> =>
    call(hall, { method, path, token: who.token, ...(body !== undefined && { body }) });
  const roomIn = async (community: string, name: string): Promise<string> =>
    String((await as(olga, 'POST', '/v1/rooms', { name, community })).body['id']);
  const onTheList = (community: string, userId: string, email: string, name: string): Promise<void> => {
    const entry = { key: entryKey(userId), userId, email, name, until: null, source: 'file' as const };
    return hall.storage.write((tx) => putEntry(tx.db, community, { entry, at: 1 }));
  };
  const comes = async (username: string): Promise<Somebody> => {
    const one = await somebody(hall.storage, username);
    const joins = { community: choir.id, account: one.account, role: 'member', at: 1 } as const;
    await hall.storage.write((tx) => addMember(tx.db, joins));
    return one;
  };
  const gate = (community: string, change: object): Promise<Answer> =>
    as(olga, 'PATCH', `/v1/communities/${community}/verification`, change);
  const types = async (who: Somebody, room: string, args: object): Promise<string> => {
    const told = await as(who, 'POST', '/v1/commands/verify?wait=10', { room, args });
    return (told.body['reply'] as { text: string } | undefined)?.text ?? String(told.body['detail']);
  };
  const says = (who: Somebody, room: string): Promise<Answer> =>
    as(who, 'POST', `/v1/rooms/${room}/messages`, { text: 'hello' });
  const nextMail = (): Promise<Arrived> => eventually('a mail', () => mail.mails.shift());
  const linkIn = ({ text }: Arrived): string => {
    const [, session] = /https:\/\/hall\.example\.org\/verify\/([\w-]+)\n/.exec(text) ?? [];
    return `/verify/${session}`;
  };
  const open = (path: string, method = 'GET'): Promise<Response> =>
    fetch(hall.url + path, {
      method,
      ...(method === 'POST' && { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    });

  test('who was a member is a guest once the gate is shut, and is told what to do', async () => {
    const ann = await comes('ann');
    assert.equal((await says(ann, school.room)).status, 201);
    for (const { id } of [school, choir]) assert.equal((await gate(id, { on: true })).status, 200);
    const refused = await says(ann, school.room);
    assert.deepEqual([refused.status, refused.body['code']], [403, 'not-verified']);
    assert.match(String(refused.body['detail']), /\/verify/);
    assert.equal((await says(olga, school.room)).status, 201, 'who looks after the place speaks on');
    const late = await comes('late');
    assert.equal(await roleIn(hall.storage.db, school.id, late.account), 'guest');
  });

  test('a link that is looked at does nothing, and the button of its page lets its person speak, there alone', async () => {
    const ann = await comes('ann.lee');
    assert.equal(await types(ann, school.room, { user_id: 'nobody' }), 'Invalid User ID.');
    assert.equal(await types(ann, school.room, { user_id: ' 1234567890 ' }), 'Link sent!');
    const arrived = await nextMail();
    assert.deepEqual(arrived.to, ['ann@example.org']);
    assert.match(arrived.text, /“ann lee” in the web chat wants to speak in Guildhall/);
    const link = linkIn(arrived);
    for (const method of ['GET', 'HEAD', 'GET'])
      for (const path of [link, `${link}/deny`]) assert.equal((await open(path, method)).status, 200);
    const page = await open(link);
    const html = await page.text();
    assert.match(html, /<form method="post"><button>/);
    assert.ok(!/<script|<input|<img|<link/.test(html));
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('set-cookie'), null);
    assert.equal((await says(ann, school.room)).status, 403);
    const done = await open(link, 'POST');
    assert.equal(done.status, 200);
    assert.match(await done.text(), /Your account has been linked\. You may now speak here\./);
    assert.equal((await says(ann, school.room)).status, 201);
    assert.equal((await says(ann, choir.room)).status, 403, 'the other list is another community’s');
    const again = await open(link, 'POST');
    assert.equal(again.status, 404);
    assert.match(await again.text(), /Invalid Session\. Please request a new link from the bot\./);
    assert.equal(await types(ann, school.room, { user_id: '1234567890' }), 'This account has already been verified.');
    assert.equal(await types(ann, choir.room, { user_id: 'ALTO-7' }), 'Link sent!');
    const [, code] = /code:(\w{4}-\w{4})/.exec((await nextMail()).text) ?? [];
    assert.match(await types(ann, choir.room, { code: 'AAAA-AAAA' }), /not the code/);
    assert.match(await types(ann, choir.room, { code: String(code).toLowerCase() }), /You may now speak here\./);
    assert.equal((await says(ann, choir.room)).status, 201);
  });

  test('a second account for the same person is refused; where it may follow, the first one’s person says so', async () => {
    const bob = await comes('bob');
    await types(bob, school.room, { user_id: '0987654321' });
    await open(linkIn(await nextMail()), 'POST');
    const other = await comes('bob.two');
    assert.match(
      await types(other, school.room, { user_id: '0987654321' }),
      /Somebody is verified with that id already/,
    );
    await gate(school.id, { second: 'replace' });
    assert.equal(await types(other, school.room, { user_id: '0987654321' }), 'Link sent!');
    const waits = await open(linkIn(await nextMail()), 'POST');
    assert.match(await waits.text(), /type unverify there, and this one takes its place/);
    assert.equal((await says(other, school.room)).status, 403);
    const given = await as(bob, 'POST', '/v1/commands/unverify?wait=10', { room: school.room, args: {} });
    assert.match(given.text, /free again/);
    assert.deepEqual([(await says(bob, school.room)).status, (await says(other, school.room)).status], [403, 201]);
  });

  test('a ban sticks to the entry, whatever new account comes', async () => {
    const people = await as(olga, 'GET', `/v1/communities/${school.id}/verification/people?query=098`);
    const [holder] = people.body['people'] as { subject: string; userId: string }[];
    assert.equal(holder?.userId, '0987654321');
    const ban = { account: holder?.subject, kind: 'ban', reason: 'cheating' };
    assert.equal((await as(olga, 'POST', `/v1/communities/${school.id}/sanctions`, ban)).status, 201);
    const third = await comes('bob.three');
    assert.match(await types(third, school.room, { user_id: '0987654321' }), /A ban holds against that id/);
  });

  test('three people who say “this was not me” end somebody’s asking, until a moderator lifts it', async () => {
    const rook = await comes('rook');
    for (const userId of ['s-1', 's-2', 's-3']) {
      await onTheList(school.id, userId, `${userId}@example.org`, userId);
      assert.equal(await types(rook, school.room, { user_id: userId }), 'Link sent!');
      const link = linkIn(await nextMail());
      assert.match(await (await open(`${link}/deny`, 'POST')).text(), /Nothing was linked/);
      assert.equal((await open(link, 'POST')).status, 404);
    }
    assert.match(await types(rook, school.room, { user_id: 's-1' }), /A moderator can let you ask again/);
    const lift = `/v1/communities/${school.id}/verification/bars/${rook.account}`;
    assert.equal((await as(olga, 'DELETE', lift)).status, 204);
    assert.equal(await types(rook, school.room, { user_id: 's-1' }), 'Link sent!');
    assert.deepEqual((await nextMail()).to, ['s-1@example.org']);
    const asked = await as(olga, 'GET', `/v1/communities/${school.id}/verification/requests?state=denied`);
    assert.equal((asked.body['requests'] as unknown[]).length, 3);
  });

  test('where a community wants it so, nobody learns from the answer who is on the list', async () => {
    await gate(choir.id, { neutral: true });
    const kim = await comes('kim');
    await onTheList(choir.id, 'bass-1', 'kim@example.org', 'Kim');
    const told = new Set<string>();
    for (const userId of ['nobody', 'alto-7', 'bass-1']) told.add(await types(kim, choir.room, { user_id: userId }));
    assert.equal(told.size, 1);
    assert.deepEqual((await nextMail()).to, ['kim@example.org']);
    assert.equal(mail.mails.length, 0);
  });

  test('nobody asks more than five times in a quarter of an hour, and no address gets more than three mails in an hour', async () => {
    const [one, two] = [await comes('asks.much'), await comes('asks.too')];
    await onTheList(school.id, 'm-1', 'much@example.org', 'Much');
    const said = [];
    for (let n = 0; n < 3; n++) said.push(await types(one, school.room, { user_id: 'm-1' }));
    said.push(await types(two, school.room, { user_id: 'm-1' }));
    assert.deepEqual(
      said.slice(0, 3),
      Array.from({ length: 3 }, () => 'Link sent!'),
    );
    assert.match(said[3] ?? '', /Too many mails were sent to this person\. Try again in/);
    for (let n = 0; n < 2; n++) await types(one, school.room, { user_id: 'nobody' });
    assert.match(await types(one, school.room, { user_id: 'nobody' }), /You asked 5 times already\. Try again in/);
  });

  test('wrong links make their network wait', async () => {
    let last = await open('/verify/wrong');
    for (let n = 0; n < 20 && last.status !== 429; n++) last = await open('/verify/wrong', n % 2 ? 'POST' : 'GET');
    assert.equal(last.status, 429);
    assert.ok(Number(last.headers.get('retry-after')) > 0);
  });

  test('the gate opens, and everybody is what they were', async () => {
    const late = await hall.storage.db
      .selectFrom('accounts')
      .select('id')
      .where('username', '=', 'late')
      .executeTakeFirst();
    await gate(school.id, { on: false });
    assert.equal(await roleIn(hall.storage.db, school.id, late?.id ?? ''), 'member');
  });
});
