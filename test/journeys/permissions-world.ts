import { newId } from '#core/ids.ts';
import type { Role } from '#core/roles.ts';
import type { Deployment } from '#test/support/deployment.ts';
import { call, member, owner, type Person } from '#test/support/person.ts';
import { moveTo } from '#test/support/roles.ts';
import type { SignedIn, World } from './permissions-callers.ts';

/** The tables make thousands of calls in seconds; the limits have tests of their own. */
export const GENEROUS = {
  READ_LIMIT: '100000/60',
  POST_LIMIT: '100000/60',
  COMMAND_LIMIT: '100000/60',
  SIGNUP_LIMIT: '1000/60',
};

/** Everybody who is tried, in the community they are in alone; three rooms, and something of the host's in each place. */
export async function makeWorld(hall: Deployment): Promise<World> {
  const operator = await owner(hall);
  const [community, other] = [await make(operator, 'Annex'), await make(operator, 'Elsewhere')];
  const comes = async (name: string, to: string, role: Role): Promise<Person> => {
    const person = await member(operator, name);
    await moveTo(person, to, role);
    return person;
  };
  const host = await comes('hana', community, 'owner');
  const people: World['people'] = {
    operator,
    guest: await comes('greta', community, 'guest'),
    member: await comes('max', community, 'member'),
    moderator: await comes('moira', community, 'moderator'),
    admin: await comes('adam', community, 'admin'),
    owner: await comes('orla', community, 'owner'),
    stranger: await comes('stan', other, 'member'),
    elsewhere: await comes('elsa', other, 'owner'),
  };
  // Whoever runs the instance made both, and is in neither now.
  await hall.rows('delete from members where account_id = ? and community_id in (?, ?)', [
    operator.id,
    community,
    other,
  ]);
  return { host, people, community, other, ...(await furnish(host, people)) };
}

type Furniture = Omit<World, 'host' | 'people' | 'community' | 'other'>;

/** Rooms, words, secrets and all else that is the host's. */
async function furnish(host: Person, people: Record<SignedIn, Person>): Promise<Furniture> {
  const [open, closed, shared] = [
    await host.makeRoom('for-all'),
    await host.makeRoom('closed', { private: true }),
    await host.makeRoom('shared', { private: true }),
  ];
  for (const who of ['guest', 'member', 'moderator', 'admin', 'owner'] as const)
    await host.done('PUT', `/v1/rooms/${shared}/members/${people[who].id}`);
  const say = async (room: string): Promise<string> =>
    (await host.done<{ id: string }>('POST', `/v1/rooms/${room}/messages`, { text: 'Words of the host' })).id;
  await host.done('PUT', '/v1/me/secrets/of-the-host', { value: 'a key of the host' });
  const [{ id: community } = { id: '' }] = (await host.done<Communities>('GET', '/v1/communities')).communities;
  const keep = async (purpose: string): Promise<string> => {
    await host.done('PUT', `/v1/communities/${community}/secrets/${purpose}`, { value: 'a key of the community' });
    return purpose;
  };
  await keep('kept');
  const { sessions } = await host.done<{ sessions: { id: string }[] }>('GET', '/v1/sessions');
  const inviting = await make(people.operator, 'By invitation');
  const asked = await host.done<{ command: string }>('POST', `/v1/rooms/${closed}/messages`, { text: '/help' });
  return {
    open,
    closed,
    shared,
    secret: await say(closed),
    session: sessions[0]?.id ?? '',
    job: asked.command,
    freshRoom: () => host.makeRoom('fresh'),
    freshMessage: () => say(open),
    freshInvite: async () => {
      const made = await people.operator.done<{ invite: { id: string; code: string } }>('POST', '/v1/invites', {});
      return made.invite;
    },
    inviteElsewhere: async () => {
      const path = `/v1/communities/${inviting}/invites`;
      return (await people.operator.done<{ invite: { code: string } }>('POST', path, {})).invite.code;
    },
    freshCommunity: () => make(people.operator, 'One more'),
    freshMember: (role) => insertMember(host.hall, community, role),
    freshSecret: () => keep('torn'),
  };
}

interface Communities {
  communities: { id: string }[];
}

async function make(operator: Person, name: string): Promise<string> {
  return (await operator.done<{ id: string }>('POST', '/v1/communities', { name })).id;
}

/** Somebody new, without the cost of a password. */
async function insertMember(hall: Deployment, community: string, role: Role): Promise<string> {
  const id = newId('acct');
  const account = [id, id.slice(-20).toLowerCase(), 'Somebody new', 'none', Date.now()];
  const columns = 'id, username, name, password_hash, created_at, operator';
  await hall.rows(`insert into accounts (${columns}) values (?, ?, ?, ?, ?, 0)`, account);
  const member = [community, id, role, Date.now()];
  await hall.rows('insert into members (community_id, account_id, role, joined_at) values (?, ?, ?, ?)', member);
  return id;
}

/** All that the host can see, as it came from one hall: links begin with its address. */
export async function everything({ host, community, open, closed, shared }: World): Promise<Record<string, string>> {
  const rooms = [open, closed, shared].map((room) => `/v1/rooms/${room}`);
  const decided = ['people', 'members', 'commands', 'features', 'features/stock/settings', 'spaces', 'secrets'].map(
    (what) => `/v1/communities/${community}/${what}`,
  );
  const paths = ['/v1/rooms', '/v1/communities', '/v1/me/secrets', ...decided].concat(
    rooms.flatMap((room) => [`${room}/messages?limit=200`, `${room}/members`]),
  );
  const seen: Record<string, string> = {};
  for (const path of paths) {
    const { text } = await call(host.hall, { method: 'GET', path, token: host.token });
    // Looking is a use of the host's session, too.
    seen[path] = text.replaceAll(/"lastSeenAt":"[^"]*"/g, '"lastSeenAt":"…"');
  }
  return seen;
}
