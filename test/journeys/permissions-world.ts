import type { Deployment } from '#test/support/deployment.ts';
import { call, member, owner as makeOwner } from '#test/support/person.ts';
import { giveRole } from '#test/support/roles.ts';
import type { World } from './permissions-table.ts';

/** The table makes hundreds of calls in seconds; the limits have tests of their own. */
export const GENEROUS = {
  READ_LIMIT: '100000/60',
  POST_LIMIT: '100000/60',
  COMMAND_LIMIT: '100000/60',
  SIGNUP_LIMIT: '1000/60',
};

/** An owner, three people with three roles, three rooms, and something of the owner's in each place. */
export async function makeWorld(hall: Deployment): Promise<World> {
  const owner = await makeOwner(hall);
  const people = {
    guest: await member(owner, 'greta'),
    member: await member(owner, 'max'),
    moderator: await member(owner, 'moira'),
  };
  await giveRole(people.guest, 'guest');
  await giveRole(people.moderator, 'moderator');
  const { communities } = await owner.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
  const [open, closed, shared] = [
    await owner.makeRoom('for-all'),
    await owner.makeRoom('closed', { private: true }),
    await owner.makeRoom('shared', { private: true }),
  ];
  for (const person of Object.values(people)) await owner.done('PUT', `/v1/rooms/${shared}/members/${person.id}`);
  const say = async (room: string): Promise<string> =>
    (await owner.done<{ id: string }>('POST', `/v1/rooms/${room}/messages`, { text: 'Words of the owner' })).id;
  await owner.done('PUT', '/v1/me/secrets/of-the-owner', { value: 'a key of the owner' });
  await owner.done('PUT', `/v1/communities/${communities[0]?.id}/secrets/torn`, { value: 'a key of the community' });
  const { sessions } = await owner.done<{ sessions: { id: string }[] }>('GET', '/v1/sessions');
  const asked = await owner.done<{ command: string }>('POST', `/v1/rooms/${closed}/messages`, { text: '/help' });
  return {
    owner,
    people,
    community: communities[0]?.id ?? '',
    open,
    closed,
    shared,
    secret: await say(closed),
    session: sessions[0]?.id ?? '',
    job: asked.command,
    freshRoom: () => owner.makeRoom('fresh'),
    freshMessage: () => say(open),
    freshInvite: async () => {
      const made = await owner.done<{ invite: { id: string; code: string } }>('POST', '/v1/invites', {});
      return made.invite;
    },
  };
}

/** All that the owner can see, as it came from one hall: links begin with its address. */
export async function everything({ owner, community, open, closed, shared }: World): Promise<Record<string, string>> {
  const rooms = [open, closed, shared].map((room) => `/v1/rooms/${room}`);
  const decided = ['people', 'commands', 'spaces', 'secrets'].map((what) => `/v1/communities/${community}/${what}`);
  const paths = ['/v1/rooms', '/v1/invites', '/v1/communities', '/v1/me/secrets', ...decided].concat(
    rooms.flatMap((room) => [`${room}/messages?limit=200`, `${room}/members`]),
  );
  const seen: Record<string, string> = {};
  for (const path of paths) seen[path] = (await call(owner.hall, { method: 'GET', path, token: owner.token })).text;
  return seen;
}
