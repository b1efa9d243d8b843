import { firstCommunity } from '#storage/communities.ts';
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
  await as(await somebody(hall.storage, 'max'))('POST', `/v1/rooms/${room.id}/messages`, { text: 'and who are you?' });
  await linked(hall, owner.account, community);
  const { invite } = (await made('POST', `${of}/invites`, { uses: 5 })).body as { invite: { code: string } };
  return { community, room: room.id, invite: invite.code };
}

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
