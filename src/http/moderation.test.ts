import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { whyNotJoin } from '#auth/may-join.ts';
import { createAccount } from '#auth/sign-up.ts';
import { addMember, firstCommunity } from '#storage/communities.ts';
import { insertIdentity } from '#storage/identities.ts';
import { openHall, roomOf, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { Live } from '#test/support/live.ts';
import { call, PASSWORD, type Answer, type Fields } from '#test/support/person.ts';

let hall: OpenHall;
let community: string;
let owner: Somebody;
let mod: Somebody;
let room: string;

before(async () => {
  hall = await openHall();
  [owner, mod] = [await somebody(hall.storage, 'olga', 'owner'), await somebody(hall.storage, 'mo', 'moderator')];
  community = (await firstCommunity(hall.storage.db)).id;
  room = (await roomOf(hall.storage, owner)).id;
});
after(() => hall.close());

const ask = <Shape = Fields>(who: Somebody, method: string, path: string, body?: unknown): Promise<Answer<Shape>> =>
  call<Shape>(hall, { method, path, body, token: who.token });
const here = (path: string): string => `/v1/communities/${community}/${path}`;
const say = (who: Somebody, text: string, more: Fields = {}): Promise<Answer> =>
  ask(who, 'POST', `/v1/rooms/${room}/messages`, { text, ...more });
const sanction = (who: Somebody, body: Fields): Promise<Answer> => ask(who, 'POST', here('sanctions'), body);
const run = (who: Somebody, name: string, args: Fields = {}): Promise<Answer<{ reply?: { text: string } }>> =>
  ask(who, 'POST', `/v1/commands/${name}`, { args, room });
const log = async (): Promise<{ action: string; by: { name: string } | null; detail: Fields }[]> =>
  (await ask<{ entries: never[] }>(mod, 'GET', here('moderation-log'))).body.entries;

describe('a mute', () => {
  test('keeps a person from writing over HTTP and live, tells why and until when, and ends when it is lifted', async () => {
    const rook = await somebody(hall.storage, 'rook');
    const made = await sanction(mod, { account: rook.account, kind: 'mute', minutes: 10, reason: 'too loud' });
    assert.equal(made.status, 201, made.text);
    const refused = await say(rook, 'hello');
    assert.deepEqual([refused.status, refused.body['code']], [403, 'muted']);
    assert.match(String(refused.body['detail']), /^You are muted until .* UTC: too loud$/);
    assert.match(String(refused.body['rule']), /a moderator can lift it/);
    const live = await Live.open(hall.url, rook.token);
    assert.equal((await live.post(room, 'hello')).code, 'muted');
    const standing = await ask<{ standing: Fields }>(rook, 'GET', here('standing'));
    assert.equal(standing.body.standing['reason'], 'too loud');
    const command = await run(rook, 'help');
    assert.deepEqual([command.status, (command.body as Fields)['code']], [403, 'muted']);
    const lifted = await ask(mod, 'DELETE', here(`sanctions/${String(made.body['id'])}?reason=sorry`));
    assert.equal(lifted.status, 200, lifted.text);
    assert.equal((await say(rook, 'thanks')).status, 201);
    assert.equal((await run(rook, 'help')).status, 200);
    live.close();
  });

  test('is for people below alone: nobody acts on their own role, on themselves, or above', async () => {
    const other = await somebody(hall.storage, 'mia', 'moderator');
    for (const whom of [other, mod, owner]) {
      const answer = await sanction(mod, { account: whom.account, kind: 'mute', minutes: 5, reason: 'no' });
      assert.deepEqual([answer.status, answer.body['code']], [403, 'not-below-you'], answer.text);
    }
    assert.equal(
      (await sanction(owner, { account: other.account, kind: 'mute', minutes: 1, reason: 'x' })).status,
      201,
    );
    assert.equal((await say(other, 'hello')).body['code'], 'muted', 'a moderator who is muted is muted');
    const { body } = await ask<{ sanctions: { id: string; person: { id: string } }[] }>(
      other,
      'GET',
      here('sanctions'),
    );
    const id = body.sanctions.find(({ person }) => person.id === other.account)?.id;
    const lifted = await ask(other, 'DELETE', here(`sanctions/${id}`));
    assert.deepEqual([lifted.status, lifted.body['code']], [403, 'your-own-sanction']);
    assert.equal((await say(other, 'hello')).body['code'], 'muted', 'and does not let themself out');
    assert.equal((await ask(mod, 'DELETE', here(`sanctions/${id}`))).status, 200);
  });

  test('of somebody unknown, without minutes or without a reason is refused', async () => {
    const rook = await somebody(hall.storage, 'rina');
    const of = (body: Fields): Promise<Answer> => sanction(mod, { account: rook.account, ...body });
    assert.equal((await of({ kind: 'mute', reason: 'x' })).body['code'], 'no-minutes');
    assert.equal((await of({ kind: 'mute', minutes: 1, reason: ' ' })).status, 400);
    assert.equal((await of({ kind: 'mute', minutes: 1e9, reason: 'x' })).status, 400);
    assert.equal((await of({ kind: 'ban', reason: 'x', account: 'acct_nobody' })).body['code'], 'unknown-person');
    assert.equal((await sanction(mod, { kind: 'ban', reason: 'x' })).body['code'], 'no-person');
  });
});

describe('a ban', () => {
  test('takes a person out at once, sticks to their name on a platform, and lets them in again when it is over', async () => {
    const rook = await somebody(hall.storage, 'raven');
    await hall.storage.write((tx) =>
      tx.db
        .insertInto('identities')
        .values({
          platform: 'discord',
          platform_id: '77',
          account_id: rook.account,
          name: 'raven#1',
          proof: 'code',
          linked_at: 1,
        })
        .execute(),
    );
    const live = await Live.open(hall.url, rook.token);
    await live.subscribe(room);
    assert.equal((await sanction(mod, { account: rook.account, kind: 'ban', reason: 'spam' })).status, 201);
    assert.deepEqual([(await say(rook, 'x')).status, (await say(rook, 'x')).body['code']], [403, 'banned']);
    assert.equal((await ask(rook, 'GET', `/v1/rooms/${room}/messages`)).status, 403);
    assert.deepEqual((await ask<{ rooms: unknown[] }>(rook, 'GET', '/v1/rooms')).body.rooms, []);
    assert.equal((await ask(rook, 'GET', here('standing'))).body['code'], 'banned');
    const rows = await hall.storage.db.selectFrom('sanctions').selectAll().where('platform_id', '=', '77').execute();
    assert.equal(rows.length, 1, 'it holds for the name too, should they unlink it');
    await live.frame('rooms');
    await say(owner, 'are you there');
    assert.equal((await live.post(room, 'yes')).code, 'banned');
    assert.deepEqual(
      live.frames.filter(({ type }) => type === 'message'),
      [],
      'nothing of the room comes any more',
    );
    const asked = { uses: 5, days: 1 };
    const { invite } = (await ask<{ invite: { code: string } }>(owner, 'POST', '/v1/invites', asked)).body;
    const back = await ask(rook, 'POST', `/v1/invites/${invite.code}/accept`);
    assert.deepEqual([back.status, back.body['code']], [403, 'banned'], 'no invite leads around a ban');
    const unban = await run(mod, 'unban', { person: '@raven' });
    assert.match(unban.body.reply?.text ?? unban.text, /The ban of raven is over/);
    assert.equal((await say(rook, 'thanks')).status, 201);
    live.close();
  });

  test('is not got around by deleting the account and coming again by the same sign-in', async () => {
    const heron = await somebody(hall.storage, 'heron');
    const identity = { platform: 'oidc:https://id.example', platformId: '55', name: 'Heron' };
    await hall.storage.write((tx) =>
      insertIdentity(tx.db, { ...identity, account: heron.account, proof: 'oauth', linkedAt: 1 }),
    );
    assert.equal((await sanction(mod, { account: heron.account, kind: 'ban', reason: 'spam' })).status, 201);
    assert.equal((await ask(heron, 'DELETE', '/v1/me', { username: 'heron' })).status, 200);
    const doors = { ...hall.hall.auth, signup: 'open' } as const;
    const again = (platformId: string) =>
      createAccount(
        doors,
        { username: { from: 'Heron' }, identity: { ...identity, platformId } },
        { by: 'outside', address: '127.0.0.1' },
      );
    await assert.rejects(again('55'), { status: 403, code: 'banned' });
    assert.ok(await again('56'), 'somebody else comes in');
    const { body } = await ask<{ sanctions: { id: string; person: { id: string } }[] }>(mod, 'GET', here('sanctions'));
    const [one, ...others] = body.sanctions.filter(({ person }) => person.id === heron.account);
    assert.deepEqual([body.sanctions.filter(({ person }) => person.id.startsWith('oidc:')), others], [[], []]);
    assert.equal((await ask(mod, 'DELETE', here(`sanctions/${one?.id}`))).status, 200);
    assert.ok(await again('55'), 'and they too, once it is lifted');
    const rows = await hall.storage.db
      .selectFrom('members')
      .selectAll()
      .where('account_id', '=', heron.account)
      .execute();
    assert.deepEqual(rows, [], 'the deleted account is a member of nothing');
  });
});

describe('a kick', () => {
  test('takes a person out, and an invite may let them in again', async () => {
    const rook = await somebody(hall.storage, 'kim');
    const kicked = await run(mod, 'kick', { person: 'kim', reason: 'third warning' });
    assert.match(kicked.body.reply?.text ?? kicked.text, /^kim was taken out/);
    assert.equal((await say(rook, 'x')).body['code'], 'unknown-room');
    await hall.storage.write((tx) => addMember(tx.db, { community, account: rook.account, role: 'member', at: 1 }));
    assert.equal((await say(rook, 'back')).status, 201);
    assert.deepEqual((await log())[0]?.detail, { person: 'kim', reason: 'third warning' });
  });
});

describe('slow mode', () => {
  test('lets a person post once in so many seconds, tells how long to wait, and leaves moderators alone', async () => {
    const sam = await somebody(hall.storage, 'sam');
    const slowed = await ask<{ slowSeconds: number }>(mod, 'PATCH', `/v1/rooms/${room}`, { slowSeconds: 300 });
    assert.equal(slowed.body.slowSeconds, 300, slowed.text);
    assert.equal((await say(sam, 'one', { clientId: 'one' })).status, 201);
    const refused = await say(sam, 'two');
    assert.deepEqual([refused.status, refused.body['code']], [429, 'slow-mode']);
    assert.ok(Number(refused.headers.get('retry-after')) > 290);
    assert.equal((await say(sam, 'one', { clientId: 'one' })).status, 200, 'a repeat is no second post');
    for (const text of ['a', 'b']) assert.equal((await say(mod, text)).status, 201);
    assert.match((await run(mod, 'slow', { seconds: 0 })).body.reply?.text ?? '', /off here/);
    assert.equal((await say(sam, 'two')).status, 201);
    assert.equal((await ask(sam, 'PATCH', `/v1/rooms/${room}`, { slowSeconds: 5 })).status, 403);
  });
});

describe('the word list', () => {
  const add = (words: string, act: string): Promise<Answer> => ask(mod, 'POST', here('word-rules'), { words, act });

  test('refuses, holds or mutes, also what is edited in, and holds from the moment of its change', async () => {
    const wren = await somebody(hall.storage, 'wren');
    const rule = await add('insider tip', 'delete');
    assert.equal(rule.status, 201, rule.text);
    assert.equal((await add('Insider  TIP', 'hold')).body['code'], 'words-there');
    assert.equal((await add('...', 'hold')).body['code'], 'no-words');
    assert.deepEqual((await say(wren, 'an INSIDER, tip')).body['code'], 'words-not-allowed');
    const fine = await say(wren, 'a tip for insiders');
    const edit = await ask(wren, 'PATCH', `/v1/messages/${String(fine.body['id'])}`, { text: 'insider tip' });
    assert.equal(edit.body['code'], 'words-not-allowed');
    assert.equal((await say(mod, 'what an insider tip is')).status, 201, 'moderators may quote it');
    await ask(mod, 'DELETE', here(`word-rules/${String(rule.body['id'])}`));
    assert.equal((await say(wren, 'insider tip')).status, 201);
    await add('schemer', 'mute');
    assert.match(String((await say(wren, 'you schemer')).body['detail']), /muted for 60 minutes/);
    assert.equal((await say(wren, 'fine')).body['code'], 'muted');
    assert.equal((await ask(wren, 'GET', here('word-rules'))).status, 403);
    assert.equal((await log()).find(({ action }) => action === 'moderation.mute')?.by, null);
  });

  test('what it holds waits for a moderator: let through it is said once, refused its author is told so', async () => {
    const hal = await somebody(hall.storage, 'hal');
    await add('lottery', 'hold');
    const live = await Live.open(hall.url, hal.token);
    const modLive = await Live.open(hall.url, mod.token);
    live.send({ type: 'post', room, text: 'a lottery', clientId: 'held-1' });
    await live.frame('held', ({ clientId }) => clientId === 'held-1');
    await modLive.frame('order');
    assert.deepEqual((await say(hal, 'lottery two')).body, { held: true });
    assert.equal((await say(hal, 'a lottery', { clientId: 'held-1' })).status, 202, 'a repeat waits once');
    const page = await ask<{ held: { id: string; text: string }[] }>(mod, 'GET', here('held'));
    assert.deepEqual(
      page.body.held.map(({ text }) => text),
      ['a lottery', 'lottery two'],
    );
    const [first, second] = page.body.held.map(({ id }) => here(`held/${id}`));
    const both = await Promise.all([ask(mod, 'POST', `${first}/approve`), ask(owner, 'POST', `${first}/approve`)]);
    assert.ok(both.every(({ status }) => status === 204 || status === 404));
    const history = await ask<{ messages: { text: string }[] }>(mod, 'GET', `/v1/rooms/${room}/messages`);
    assert.equal(history.body.messages.filter(({ text }) => text === 'a lottery').length, 1);
    assert.equal((await say(hal, 'a lottery', { clientId: 'held-1' })).status, 200, 'and then it is the message');
    assert.equal((await ask(mod, 'POST', `${second}/refuse`, { reason: 'no games' })).status, 204);
    const told = await live.frame('private');
    assert.match(told.reply.text, /no games/);
    assert.equal((await ask(mod, 'POST', `${second}/approve`)).status, 404);
    for (let n = 0; n < 5; n++) await say(hal, `lottery ${n}`);
    assert.equal((await say(hal, 'lottery 9')).body['code'], 'too-many-held');
    live.close();
    modLive.close();
  });
});

describe('a report', () => {
  test('shows a message to moderators; two who settle it at once do so once, and all reports of it are settled', async () => {
    const [bad, pia, tom] = [
      await somebody(hall.storage, 'bad'),
      await somebody(hall.storage, 'pia'),
      await somebody(hall.storage, 'tom'),
    ];
    const said = await say(bad, 'the dumbest question of the year');
    const path = `/v1/messages/${String(said.body['id'])}/report`;
    for (const who of [pia, pia, tom]) assert.equal((await ask(who, 'POST', path, { reason: 'rude' })).status, 204);
    assert.equal((await ask(bad, 'POST', path, { reason: 'x' })).body['code'], 'own-message');
    const standing = await ask<{ waiting: { reports: number } }>(mod, 'GET', here('standing'));
    assert.equal(standing.body.waiting.reports, 1, 'messages are counted, not reports');
    const { reports } = (await ask<{ reports: { id: string; by: { name: string } }[] }>(mod, 'GET', here('reports')))
      .body;
    assert.deepEqual(
      reports.map(({ by }) => by.name),
      ['pia', 'tom'],
    );
    const settle = (who: Somebody, id = reports[0]?.id): Promise<Answer> =>
      ask(who, 'POST', here(`reports/${id}/settle`), { outcome: 'deleted', reason: 'rude' });
    const both = await Promise.all([settle(mod), settle(owner, reports[1]?.id)]);
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [204, 409]);
    assert.equal((await ask(mod, 'DELETE', `/v1/messages/${String(said.body['id'])}`)).status, 404, 'it is gone');
    assert.deepEqual((await ask<{ reports: [] }>(mod, 'GET', here('reports'))).body.reports, []);
    assert.equal((await ask<{ reports: [] }>(mod, 'GET', here('reports?state=settled'))).body.reports.length, 2);
    assert.equal((await ask(pia, 'GET', here('reports'))).status, 403);
  });
});

describe('a lock-down', () => {
  test('holds first posts and lets nobody new in, until it ends', async () => {
    const [old, fresh] = [await somebody(hall.storage, 'old'), await somebody(hall.storage, 'fresh')];
    assert.equal((await say(old, 'I was here before', { clientId: 'before' })).status, 201);
    assert.match((await run(mod, 'lockdown', { state: 'on', time: '2h' })).body.reply?.text ?? '', /Nobody new/);
    assert.equal((await say(old, 'still here')).status, 201);
    assert.equal((await say(fresh, 'hello all')).status, 202);
    const asked = { uses: 5, days: 1 };
    const { invite } = (await ask<{ invite: { code: string } }>(owner, 'POST', '/v1/invites', asked)).body;
    const join = (username: string): Promise<Answer> =>
      call(hall, { method: 'POST', path: '/v1/accounts', body: { username, password: PASSWORD, invite: invite.code } });
    assert.equal((await join('late')).body['code'], 'locked-down');
    const refusal = await whyNotJoin(hall.storage.db, { community, account: null, at: Date.now() });
    assert.deepEqual([refusal?.status, refusal?.code, typeof refusal?.rule], [403, 'locked-down', 'string']);
    assert.equal((await ask(mod, 'PUT', here('lockdown'), { on: false })).status, 204);
    assert.equal((await say(fresh, 'hello again')).status, 201);
    assert.equal((await join('late')).status, 201, 'nobody is lost: the invite is as good as before');
    assert.equal(await whyNotJoin(hall.storage.db, { community, account: null, at: Date.now() }), undefined);
  });
});
