import { firstCommunity } from '#storage/communities.ts';
import { buryJob, insertJob } from '#storage/work.ts';
import { type OpenHall, roomOf, type Somebody, somebody } from '#test/contracts/fixtures.ts';
import { call } from './person.ts';

/** What addresses of pages need. */
export type Places = Record<'community' | 'room' | 'invite', string>;

/** Makes a hall in which something happened: no list of its pages is empty, and names are as long as they may be. */
export async function livedIn(hall: OpenHall, owner: Somebody): Promise<Places> {
  const { id: community } = await firstCommunity(hall.storage.db);
  const room = await roomOf(hall.storage, owner);
  const as = (who: Somebody) => (method: string, path: string, body: unknown) =>
    call(hall, { method, path, body, token: who.token });
  const [made, of] = [as(owner), `/v1/communities/${community}`];
  for (let n = 0; n < 24; n++) await somebody(hall.storage, `a-person-with-a-long-name-${n}`);
  for (let n = 0; n < 24; n++) await made('POST', `/v1/rooms/${room.id}/messages`, { text: 'w'.repeat(1 + n * 11) });
  await made('POST', `${of}/word-rules`, { words: 'lottery', act: 'hold' });
  await made('PUT', '/v1/me/secrets/torn', { value: 'a key' });
  await made('PUT', `${of}/secrets/torn`, { value: 'a key' });
  await made('POST', '/v1/me/tokens', { name: 'price board', scopes: ['read'] });
  await made('POST', '/v1/commands/help', { room: room.id });
  const hook = (await made('POST', `${of}/webhooks`, { room: room.id, name: 'Deploy' })).body['url'];
  await call(hall, { method: 'POST', path: new URL(String(hook)).pathname, body: SHOWN });
  const max = await somebody(hall.storage, 'max');
  await as(max)('POST', `/v1/rooms/${room.id}/messages`, { text: 'and who are you?' });
  await made('PUT', `${of}/people`, LISTED);
  await made('POST', `${of}/verification/people`, { userId: 'n-0', subject: max.account });
  await linked(hall, owner.account, community);
  const { invite } = (await made('POST', `${of}/invites`, { uses: 5 })).body as { invite: { code: string } };
  return { community, room: room.id, invite: invite.code };
}

/** Two more of all that a press takes out of a list, and one where a row comes before it. */
export async function twoOfEach(hall: OpenHall, owner: Somebody, { community, room }: Places): Promise<void> {
  const of = `/v1/communities/${community}`;
  const as = (who: Somebody) => (method: string, path: string, body?: unknown) =>
    call(hall, { method, path, body, token: who.token });
  const [made, mara] = [as(owner), await somebody(hall.storage, 'mara')];
  const mappings = ['1', '2'].map((platformRole) => ({ platform: 'slack', platformRole, role: 'member' }));
  await made('PUT', `${of}/role-mappings`, { mappings });
  for (const n of [1, 2]) {
    const rude = await somebody(hall.storage, `rude-${n}`);
    await made('POST', `${of}/invites`, {});
    await made('POST', `${of}/webhooks`, { room, name: `Hook ${n}` });
    await made('POST', `${of}/word-rules`, { words: `free gold ${n}`, act: 'hold' });
    await made('POST', '/v1/me/tokens', { name: `board ${n}`, scopes: ['read'] });
    const { id } = (await as(rude)('POST', `/v1/rooms/${room}/messages`, { text: `rude ${n}` })).body;
    await as(mara)('POST', `/v1/messages/${String(id)}/report`, { reason: 'rude' });
    await as(rude)('POST', `/v1/rooms/${room}/messages`, { text: `the lottery ${n}` });
    await made('POST', `${of}/sanctions`, { account: rude.account, kind: 'mute', minutes: 60, reason: 'rude' });
    await failed(hall, { community, room, n });
  }
}

/** A job that was tried as often as it may be. */
async function failed({ storage }: OpenHall, { community, room, n }: { community: string; room: string; n: number }) {
  const [id, at] = [`job_failed_${n}`, Date.now() - n];
  const to = { platform: 'webchat', room, account: 'acct_1' };
  const request = { id, to, community, cause: { account: 'acct_1', name: 'ann', text: `/stock ${n}` } };
  await storage.write(async (tx) => {
    await insertJob(tx.db, { id, name: 'stock.quote', payload: {}, request, at });
    await buryJob(tx.db, id, 'TypeError: fetch failed', at);
  });
}
/** People of the community's list, one with a name as long as it may be. */
const LISTED = [
  { user_id: 'n-0', email: 'max@example.org', name: 'Max' },
  { user_id: 'n-1', email: 'ann@example.org', name: 'w'.repeat(100) },
];

/** The smallest picture there is, and a table. */
const SHOWN = {
  text: 'Build 214 is out',
  table: { columns: [{ name: 'part' }, { name: 'seconds', numeric: true }], rows: [['tests', '61']] },
  picture: {
    data: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    alt: 'seconds a build',
  },
};

/** Somebody's name elsewhere, a verified address, one more session, a place that they connected, and a workspace that they added. */
async function linked(hall: OpenHall, account: string, community: string): Promise<void> {
  const at = Date.now();
  await hall.storage.write(async ({ db }) => {
    const name = { platform: 'slack', platform_id: 'U1', account_id: account, name: 'mia' };
    await db
      .insertInto('identities')
      .values({ ...name, proof: 'code', linked_at: at })
      .execute();
    const verified = { email: 'olga@example.org', email_verified_at: at };
    await db.updateTable('accounts').set(verified).where('id', '=', account).execute();
    await db.updateTable('spaces').set({ connected_at: at, connected_by: account }).execute();
    const workspace = { platform: 'slack', platform_id: 'T1', name: 'Traders', state: 'live', why: null };
    await db
      .insertInto('platform_apps')
      .values({ id: 'app_traders', community_id: community, ...workspace, created_by: account, created_at: at })
      .execute();
    const mine = await db
      .selectFrom('sessions')
      .selectAll()
      .where('account_id', '=', account)
      .executeTakeFirstOrThrow();
    await db
      .insertInto('sessions')
      .values({ ...mine, id: 'sess_other', token_hash: 'other' })
      .execute();
  });
}
