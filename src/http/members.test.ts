import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Role } from '#core/roles.ts';
import { insertIdentity } from '#storage/identities.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { Live } from '#test/support/live.ts';
import { call, type Answer, type Fields } from '#test/support/person.ts';

let hall: OpenHall;
let olga: Somebody;
let ann: Somebody;
let max: Somebody;
/** A club that ann owns and max is in; olga runs the hall and is not. */
let club: string;

before(async () => {
  hall = await openHall({ COMMUNITIES: 'anyone' });
  olga = await somebody(hall.storage, 'olga', 'owner');
  [ann, max] = [await somebody(hall.storage, 'ann'), await somebody(hall.storage, 'max')];
  club = (await as<{ id: string }>(ann, 'POST', '/v1/communities', { name: 'Club' })).body.id;
  await comes(max);
});
after(() => hall.close());

const as = <Shape = Fields>(
  { token }: Somebody,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer<Shape>> => call<Shape>(hall, { method, path, token, body });
const at = (rest = ''): string => `/v1/communities/${club}${rest}`;
const role = ({ account }: Somebody, to: Role, by = ann): Promise<Answer> =>
  as(by, 'PATCH', at(`/members/${account}`), { role: to });
const out = ({ account }: Somebody, by = ann): Promise<Answer> => as(by, 'DELETE', at(`/members/${account}`));

/** Puts somebody into the club, as an invite would. */
async function comes({ account }: Somebody, as_: Role = 'member'): Promise<void> {
  const row = { community_id: club, account_id: account, role: as_, joined_at: Date.now() };
  await hall.storage.write((tx) => tx.db.insertInto('members').values(row).execute());
}

async function roomsOf(who: Somebody): Promise<{ id: string; community: string }[]> {
  return (await as<{ rooms: { id: string; community: string }[] }>(who, 'GET', '/v1/rooms')).body.rooms;
}

describe('communities over HTTP', () => {
  test('whoever makes one is its owner and stands in its first room; what is said there is its members’ alone', async () => {
    const { body } = await as<{ communities: { name: string; role: string }[] }>(ann, 'GET', '/v1/communities');
    assert.deepEqual(
      body.communities.map(({ name, role: mine }) => [name, mine]),
      [
        ['Guildhall', 'member'],
        ['Club', 'owner'],
      ],
    );
    const room = (await roomsOf(ann)).find(({ community }) => community === club)?.id ?? '';
    assert.equal((await as(max, 'POST', `/v1/rooms/${room}/messages`, { text: 'Hello' })).status, 201);
    for (const path of [`/v1/rooms/${room}/messages`, at('/people'), at('/members'), at('/commands'), at('/spaces')])
      assert.equal((await as(olga, 'GET', path)).status, 404, path);
  });

  test('a room, a command and what is offered belong to the community that is named, else to the first of one’s own', async () => {
    const made = await as(ann, 'POST', '/v1/rooms', { name: 'cellar', community: club });
    assert.deepEqual([made.status, made.body['community']], [201, club]);
    assert.equal((await as(ann, 'POST', '/v1/rooms', { name: 'attic' })).status, 403, 'a member of the first one');
    await as(ann, 'PUT', at('/commands/stock'), { allow: 'admin' });
    const offered = async (who: Somebody, query = ''): Promise<string[]> => {
      const { body } = await as<{ commands: { name: string }[] }>(who, 'GET', `/v1/commands${query}`);
      return body.commands.map(({ name }) => name);
    };
    assert.ok((await offered(max)).includes('stock'));
    assert.ok(!(await offered(max, `?community=${club}`)).includes('stock'));
    assert.equal((await as(olga, 'GET', `/v1/commands?community=${club}`)).status, 404);
    const asked = { args: { symbol: 'aapl.us' }, community: club };
    assert.equal((await as(max, 'POST', '/v1/commands/stock', asked)).status, 403);
    assert.equal((await as(olga, 'POST', '/v1/commands/help', { community: club })).status, 404);
    const elsewhere = (await roomsOf(max)).find(({ community }) => community !== club)?.id;
    const both = await as(max, 'POST', '/v1/commands/help', { community: club, room: elsewhere });
    assert.deepEqual([both.status, both.body['code']], [400, 'another-community']);
  });

  test('it ends for whoever types its name, and nothing of it is there any more', async () => {
    const { id } = (await as<{ id: string }>(ann, 'POST', '/v1/communities', { name: 'For a day' })).body;
    const live = await Live.open(hall.url, ann.token);
    const room = (await roomsOf(ann)).find(({ community }) => community === id)?.id ?? '';
    await live.subscribe(room);
    assert.equal((await as(ann, 'DELETE', `/v1/communities/${id}`, { name: 'for a day' })).body['code'], 'wrong-name');
    assert.equal((await as(ann, 'DELETE', `/v1/communities/${id}`, { name: 'For a day' })).status, 204);
    await live.frame('rooms');
    assert.equal((await live.post(room, 'Still here?')).code, 'unknown-room');
    live.close();
    assert.equal((await as(ann, 'GET', `/v1/communities/${id}/members`)).status, 404);
    assert.ok(!(await roomsOf(ann)).some(({ community }) => community === id));
  });
});

describe('members over HTTP', () => {
  test('are listed for members; when they were here and what they are called elsewhere is for those who keep order', async () => {
    const linked = {
      platform: 'discord',
      platformId: '7',
      account: max.account,
      name: 'maxi',
      proof: 'code',
      linkedAt: 1,
    };
    const google = { ...linked, platform: 'oidc:https://accounts.google.com', platformId: '9', name: 'Max Private' };
    for (const one of [linked, google])
      await hall.storage.write((tx) => insertIdentity(tx.db, one as Parameters<typeof insertIdentity>[1]));
    const seen = async (who: Somebody): Promise<Fields> => {
      const { body } = await as<{ members: Fields[] }>(who, 'GET', at('/members?query=MA'));
      assert.equal(body.members.length, 1);
      return body.members[0] ?? {};
    };
    const { joinedAt, lastSeenAt, identities, ...plain } = await seen(ann);
    assert.deepEqual(plain, { id: max.account, username: 'max', name: 'max', role: 'member' });
    assert.deepEqual(identities, [{ platform: 'discord', name: 'maxi' }]);
    assert.match(String(lastSeenAt), /^20.*Z$/);
    assert.deepEqual(await seen(max), { ...plain, joinedAt });
  });

  test('a change of role counts at once, on a connection that is open too, and everybody’s page hears of it', async () => {
    const [his, hers] = [await Live.open(hall.url, max.token), await Live.open(hall.url, ann.token)];
    const away = await Live.open(hall.url, olga.token);
    const room = (await roomsOf(ann)).find(({ community }) => community === club)?.id ?? '';
    await Promise.all([his.subscribe(room), hers.subscribe(room)]);
    await away.subscribe((await roomsOf(olga))[0]?.id ?? '');
    assert.equal((await role(max, 'guest')).status, 204);
    await his.frame('rooms');
    await hers.frame('members', (frame) => (frame as unknown as { community: string }).community === club);
    assert.equal((await his.post(room, 'A guest’s words')).code, 'not-allowed');
    await role(max, 'member');
    assert.equal((await his.post(room, 'A member’s words')).type, 'posted');
    assert.ok(!away.frames.some(({ type }) => type === 'members' || type === 'activity'));
    for (const live of [his, hers, away]) live.close();
  });

  test('whoever is put out hears nothing more of any room of it, on the connection that is open', async () => {
    const live = await Live.open(hall.url, max.token);
    const mine = (await roomsOf(max)).filter(({ community }) => community === club);
    const fresh = await as<{ id: string }>(ann, 'POST', '/v1/rooms', { name: 'fresh', community: club });
    const rooms = [...mine.map(({ id }) => id), fresh.body.id];
    for (const room of rooms) await live.subscribe(room);
    assert.equal((await out(max)).status, 204);
    await live.frame('rooms');
    live.frames.length = 0;
    for (const room of rooms)
      assert.equal((await as(ann, 'POST', `/v1/rooms/${room}/messages`, { text: '@max?' })).status, 201);
    await role(ann, 'owner');
    // What comes after is there, and of the rooms nothing came before it.
    const first = (await roomsOf(max))[0]?.id ?? '';
    await live.subscribe(first);
    assert.deepEqual(
      live.frames.filter((frame) => rooms.some((room) => JSON.stringify(frame).includes(room))),
      [],
    );
    for (const room of rooms) assert.equal((await live.post(room, 'Let me in')).code, 'unknown-room');
    live.close();
    await comes(max);
  });

  test('one leaves by oneself, and the last owner does not; ownership is given on first', async () => {
    assert.equal((await as(max, 'DELETE', at('/members/me'))).status, 204);
    assert.equal((await as(max, 'GET', at('/members'))).status, 404);
    await comes(max);
    const last = [await as(ann, 'DELETE', at('/members/me')), await role(ann, 'admin')];
    for (const { status, body } of last) assert.deepEqual([status, body['code']], [409, 'last-owner']);
    assert.equal((await role(max, 'owner')).status, 204);
    assert.equal((await role(ann, 'admin')).status, 204);
    const refused = await role(ann, 'owner');
    assert.deepEqual([refused.status, refused.body['code']], [403, 'not-below-you']);
    await role(ann, 'owner', max);
    await role(max, 'member', max);
  });
});

describe('the operator', () => {
  test('sees accounts and the names of communities, by pages, and not what is in them', async () => {
    const page = async (path: string): Promise<{ names: string[]; next: string | null }> => {
      const { body } = await as<{ accounts?: Fields[]; communities?: Fields[]; next: string | null }>(
        olga,
        'GET',
        path,
      );
      const names = (body.accounts ?? body.communities ?? []).map(({ name }) => String(name));
      return { names, next: body.next };
    };
    const [first, second] = [await page('/v1/operator/accounts?limit=2'), await page('/v1/operator/accounts?query=OL')];
    assert.deepEqual([first.names, second.names], [['max', 'ann'], ['olga']]);
    const rest = await page(`/v1/operator/accounts?limit=2&after=${first.next}`);
    assert.deepEqual(rest, { names: ['olga'], next: null });
    assert.deepEqual((await page('/v1/operator/communities')).names, ['Club', 'Guildhall']);
    const { body } = await as<{ communities: Fields[] }>(olga, 'GET', '/v1/operator/communities?limit=1');
    assert.deepEqual([body.communities[0]?.['members'], body.communities[0]?.['rooms']], [2, 3]);
  });

  test('disables an account: its connections close with 4401, its tokens go, and it comes back when enabled', async () => {
    const path = `/v1/operator/accounts/${max.account}`;
    const token = { id: 'tok_1', account_id: max.account, name: 't', token_hash: 'h', scopes: '[]', created_at: 1 };
    await hall.storage.write((tx) =>
      tx.db
        .insertInto('tokens')
        .values({ ...token, expires_at: null, last_used_at: null })
        .execute(),
    );
    const live = await Live.open(hall.url, max.token);
    assert.equal((await as(olga, 'POST', `${path}/disable`)).status, 204);
    assert.equal(await live.whenClosed(), 4401);
    assert.equal((await as(max, 'GET', '/v1/me')).status, 401);
    assert.equal((await hall.storage.db.selectFrom('tokens').selectAll().execute()).length, 0);
    const { body } = await as<{ members: Fields[] }>(ann, 'GET', at('/members'));
    assert.ok(!body.members.some(({ username }) => username === 'max'));
    assert.equal((await as(olga, 'POST', `${path}/enable`)).status, 204);
    assert.equal((await as(ann, 'GET', at('/members?query=max'))).status, 200);
    const own = await as(olga, 'POST', `/v1/operator/accounts/${olga.account}/disable`);
    assert.deepEqual([own.status, own.body['code']], [409, 'yourself']);
  });
});
