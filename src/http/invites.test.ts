import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addMember } from '#storage/communities.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';

const SECOND = 'comm_second';
const INVITES = `/v1/communities/${SECOND}/invites`;
let hall: OpenHall;
let people: Record<'olga' | 'mona' | 'ann', Somebody>;

before(async () => {
  hall = await openHall();
  const [olga, mona, ann] = [
    await somebody(hall.storage, 'olga'),
    await somebody(hall.storage, 'mona'),
    await somebody(hall.storage, 'ann'),
  ];
  people = { olga, mona, ann };
  await hall.storage.write(async (tx) => {
    await tx.db.insertInto('communities').values({ id: SECOND, name: 'Second', created_at: 9e12 }).execute();
    await addMember(tx.db, { community: SECOND, account: olga.account, role: 'owner', at: 9 });
    await addMember(tx.db, { community: SECOND, account: mona.account, role: 'moderator', at: 9 });
  });
});
after(() => hall.close());

interface Invite {
  id: string;
  code: string;
  role: string;
  used: number;
}
interface Told {
  invite: Invite;
  invites: Invite[];
  next?: string;
  code?: string;
  community: { id: string; name: string; role: string };
  communities: { id: string; role: string }[];
  token: string;
}

async function ask(
  who: { token: string } | undefined,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: object,
) {
  const headers = who ? { authorization: `Bearer ${who.token}` } : {};
  const answer = await hall.hall.server.app.inject({ method, url, headers, ...(body && { payload: body }) });
  return { status: answer.statusCode, body: (answer.body.startsWith('{') ? answer.json() : {}) as Told };
}

test('an invite leads into its own community, once for each who takes it, in the role that it names', async () => {
  const { olga, mona, ann } = people;
  const { invite } = (await ask(mona, 'POST', INVITES, { uses: 2, days: 1, role: 'guest' })).body;
  const accept = (who: Somebody) => ask(who, 'POST', `/v1/invites/${invite.code.toLowerCase()}/accept`);
  assert.deepEqual((await accept(ann)).body, { community: { id: SECOND, name: 'Second', role: 'guest' } });
  assert.deepEqual((await accept(ann)).body, { community: { id: SECOND, name: 'Second', role: 'guest' } });
  assert.deepEqual((await accept(olga)).body, { community: { id: SECOND, name: 'Second', role: 'owner' } });
  assert.deepEqual(
    (await ask(olga, 'GET', INVITES)).body.invites.map(({ id, used }) => [id, used]),
    [[invite.id, 1]],
  );
  assert.equal((await ask(ann, 'GET', INVITES)).status, 403);
});

test('a newcomer with an invite of a second community is a member there and in the first', async () => {
  const { invite } = (await ask(people.olga, 'POST', INVITES, { uses: 1, days: 1, role: 'moderator' })).body;
  const password = 'correct horse battery';
  const body = { username: 'newcomer', password, invite: invite.code };
  assert.equal((await ask(undefined, 'POST', '/v1/accounts', body)).status, 201);
  const session = (await ask(undefined, 'POST', '/v1/sessions', { username: 'newcomer', password })).body;
  const { communities } = (await ask(session, 'GET', '/v1/communities')).body;
  assert.deepEqual(
    communities.map(({ role }) => role),
    ['member', 'moderator'],
  );
});

test('moderators end their own invites, admins all of the community’s; nobody invites above their own role', async () => {
  const { olga, mona } = people;
  const made = async (who: Somebody) => (await ask(who, 'POST', INVITES, {})).body.invite;
  const [one, two, three] = [await made(olga), await made(mona), await made(mona)];
  assert.equal((await ask(mona, 'DELETE', `${INVITES}/${one.id}`)).status, 404);
  assert.equal((await ask(mona, 'DELETE', `${INVITES}/${two.id}`)).status, 204);
  assert.equal((await ask(olga, 'DELETE', `${INVITES}/${three.id}`)).status, 204);
  assert.equal((await ask(people.ann, 'POST', `/v1/invites/${three.code}/accept`)).body.code, 'unknown-invite');
  assert.equal((await ask(olga, 'POST', INVITES, { role: 'admin' })).status, 400);
  assert.equal((await ask(olga, 'POST', '/v1/communities/comm_none/invites', {})).body.code, 'unknown-community');
});

test('whoever may make no invites any more has none that are good', async () => {
  const { olga, ann } = people;
  const mick = await somebody(hall.storage, 'mick');
  const members = `/v1/communities/${SECOND}/members/${mick.account}`;
  await hall.storage.write((tx) =>
    addMember(tx.db, { community: SECOND, account: mick.account, role: 'moderator', at: 9 }),
  );
  const { invite } = (await ask(mick, 'POST', INVITES, { role: 'moderator' })).body;
  const headers = { authorization: `Bearer ${olga.token}` };
  const demoted = { method: 'PATCH', url: members, headers, payload: { role: 'member' } } as const;
  assert.equal((await hall.hall.server.app.inject(demoted)).statusCode, 204);
  assert.equal((await ask(ann, 'POST', `/v1/invites/${invite.code}/accept`)).body.code, 'unknown-invite');
});

test('a list of invites is read page by page', async () => {
  const { olga } = people;
  for (let n = 0; n < 4; n++) await ask(olga, 'POST', INVITES, {});
  const all = (await ask(olga, 'GET', INVITES)).body.invites.map(({ id }) => id);
  const seen: string[] = [];
  let next: string | undefined;
  do {
    const page = (await ask(olga, 'GET', `${INVITES}?limit=2${next === undefined ? '' : `&after=${next}`}`)).body;
    seen.push(...page.invites.map(({ id }) => id));
    next = page.next;
  } while (next !== undefined);
  assert.deepEqual(seen, all);
});

test('an invite lets nobody in who is banned there, nor anybody while the community is locked down, and keeps its uses', async () => {
  const { olga } = people;
  const [rook, late] = [await somebody(hall.storage, 'rook'), await somebody(hall.storage, 'late')];
  const { invite } = (await ask(olga, 'POST', INVITES, { uses: 2 })).body;
  const accept = (who: Somebody) => ask(who, 'POST', `/v1/invites/${invite.code}/accept`);
  assert.equal((await accept(rook)).status, 200);
  const ban = { account: rook.account, kind: 'ban', reason: 'spam' };
  assert.equal((await ask(olga, 'POST', `/v1/communities/${SECOND}/sanctions`, ban)).status, 201);
  assert.equal((await accept(rook)).status, 403);
  const lockDown = `/v1/communities/${SECOND}/lockdown`;
  assert.equal((await ask(olga, 'PUT', lockDown, { on: true })).status, 204);
  assert.equal((await accept(late)).body.code, 'locked-down');
  assert.equal((await ask(olga, 'PUT', lockDown, { on: false })).status, 204);
  assert.equal((await accept(late)).status, 200);
});
