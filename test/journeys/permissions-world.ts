import type { Hall } from '#test/support/hall.ts';
import { member, owner as makeOwner } from '#test/support/person.ts';
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
export async function makeWorld(hall: Hall): Promise<World> {
  const owner = await makeOwner(hall);
  const people = {
    guest: await member(owner, 'greta'),
    member: await member(owner, 'max'),
    moderator: await member(owner, 'moira'),
  };
  giveRole(people.guest, 'guest');
  giveRole(people.moderator, 'moderator');
  const { communities } = await owner.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
  const [open, closed, shared] = [
    await owner.makeRoom('for-all'),
    await owner.makeRoom('closed', { private: true }),
    await owner.makeRoom('shared', { private: true }),
  ];
  for (const person of Object.values(people)) await owner.done('PUT', `/v1/rooms/${shared}/members/${person.id}`);
  const say = async (room: string): Promise<string> =>
    (await owner.done<{ id: string }>('POST', `/v1/rooms/${room}/messages`, { text: 'Words of the owner' })).id;
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

/** All that the owner can see, as it came. */
export async function everything({ owner, community, open, closed, shared }: World): Promise<Record<string, string>> {
  const rooms = [open, closed, shared].map((room) => `/v1/rooms/${room}`);
  const decided = ['people', 'commands', 'spaces'].map((what) => `/v1/communities/${community}/${what}`);
  const paths = ['/v1/rooms', '/v1/invites', '/v1/communities', ...decided].concat(
    rooms.flatMap((room) => [`${room}/messages?limit=200`, `${room}/members`]),
  );
  const seen: Record<string, string> = {};
  for (const path of paths) seen[path] = (await owner.get(path)).text;
  return seen;
}
