import type { Person } from '#test/support/person.ts';

/** Who is tried, in the order of the columns below. A stranger has no session. */
export const WHO = ['stranger', 'guest', 'member', 'moderator'] as const;
export type Who = (typeof WHO)[number];

/** What stands in the hall while the table is tried. Everything belongs to the owner. */
export interface World {
  owner: Person;
  people: Record<Exclude<Who, 'stranger'>, Person>;
  /** The first community. */
  community: string;
  /** A room for all; one that only the owner is in; one that the owner let everybody into. */
  open: string;
  closed: string;
  shared: string;
  /** A message of the owner's in the closed room. */
  secret: string;
  /** A session of the owner's, and a job that the owner asked for. */
  session: string;
  job: string;
  /** Each gives something fresh, so that one caller's success does not spoil the next one's try. */
  freshRoom(): Promise<string>;
  freshMessage(): Promise<string>;
  freshInvite(): Promise<{ id: string; code: string }>;
}

/** One try: the address filled in, the body, and what status each of WHO must get. */
export interface Try {
  about: string;
  expect: readonly [number, number, number, number];
  call(world: World, who: Who): Promise<{ path: string; body?: unknown }> | { path: string; body?: unknown };
}

const ALL_OK = [200, 200, 200, 200] as const;
const SIGNED_IN = [401, 200, 200, 200] as const;
const SIGNED_IN_204 = [401, 204, 204, 204] as const;
const MEMBERS = [401, 403, 200, 200] as const;
const NOBODY = [401, 403, 403, 403] as const;
const MODERATORS = [401, 403, 403, 200] as const;
const HIDDEN = [401, 404, 404, 404] as const;

const at = (about: string, expect: Try['expect'], call: Try['call']): Try => ({ about, expect, call });
const plain = (path: string, expect: Try['expect'], body?: unknown): Try[] => [
  at('as it stands', expect, () => ({ path, body })),
];

/** A room's address in three rooms: one for all, one that hides from everybody here, one that all are in. */
function inRooms(rest: string, expect: { open: Try['expect']; shared?: Try['expect'] }, body?: unknown): Try[] {
  return [
    at('a room for all', expect.open, ({ open }) => ({ path: `/v1/rooms/${open}${rest}`, body })),
    at('a private room, from outside', HIDDEN, ({ closed }) => ({ path: `/v1/rooms/${closed}${rest}`, body })),
    at('a private room, from inside', expect.shared ?? expect.open, ({ shared }) => ({
      path: `/v1/rooms/${shared}${rest}`,
      body,
    })),
    at('a room that is not there', HIDDEN, () => ({ path: `/v1/rooms/room_none${rest}`, body })),
  ];
}

/** A community's address in the first one and in one that is not there. */
function inCommunities(rest: string, expect: Try['expect'], body?: unknown): Try[] {
  return [
    at('the first', expect, ({ community }) => ({ path: `/v1/communities/${community}${rest}`, body })),
    at('one that is not there', HIDDEN, () => ({ path: `/v1/communities/comm_none${rest}`, body })),
  ];
}

let names = 0;
const fresh = (what: string): string => `${what}-${(names += 1)}`;
const PASSWORD = 'correct horse battery';

/** Every route of /openapi.json. One that is missing here fails the test, and so does one that is here and not there. */
export const ROUTES: Record<string, Try[]> = {
  'GET /v1/hall': plain('/v1/hall', ALL_OK),
  'GET /health/live': plain('/health/live', ALL_OK),
  'GET /health/ready': plain('/health/ready', ALL_OK),

  'POST /v1/accounts': [
    at('without an invite', [403, 403, 403, 403], () => ({
      path: '/v1/accounts',
      body: { username: fresh('new'), password: PASSWORD },
    })),
    at('with one', [201, 201, 201, 201], async ({ freshInvite }) => ({
      path: '/v1/accounts',
      body: { username: fresh('new'), password: PASSWORD, invite: (await freshInvite()).code },
    })),
  ],
  'GET /v1/me': plain('/v1/me', SIGNED_IN),
  'PATCH /v1/me': plain('/v1/me', SIGNED_IN, { name: 'Another name' }),

  'POST /v1/sessions': [
    at('a wrong pair', [401, 401, 401, 401], () => ({
      path: '/v1/sessions',
      body: { username: fresh('nobody'), password: PASSWORD },
    })),
  ],
  'GET /v1/sessions': plain('/v1/sessions', SIGNED_IN),
  'DELETE /v1/sessions/{id}': [
    at('somebody else’s', HIDDEN, ({ session }) => ({ path: `/v1/sessions/${session}` })),
    at('one that is not there', HIDDEN, () => ({ path: '/v1/sessions/sess_none' })),
  ],
  'DELETE /v1/sessions': plain('/v1/sessions', SIGNED_IN_204),

  'GET /v1/communities': plain('/v1/communities', SIGNED_IN),
  'PATCH /v1/communities/{id}': [
    at('the first', NOBODY, ({ community }) => ({
      path: `/v1/communities/${community}`,
      body: { name: 'Taken over' },
    })),
    at('one that is not there', HIDDEN, () => ({ path: '/v1/communities/comm_none', body: { name: 'Taken over' } })),
  ],
  'GET /v1/communities/{id}/people': [
    at('the first', MEMBERS, ({ community }) => ({ path: `/v1/communities/${community}/people?query=o` })),
    at('one that is not there', HIDDEN, () => ({ path: '/v1/communities/comm_none/people' })),
  ],

  'GET /v1/communities/{id}/commands': inCommunities('/commands', MEMBERS),
  'PUT /v1/communities/{id}/commands/{name}': [
    ...inCommunities('/commands/stock', NOBODY, { on: false }),
    at('a command that is not there', NOBODY, ({ community }) => ({
      path: `/v1/communities/${community}/commands/none`,
      body: { on: false },
    })),
  ],
  'GET /v1/communities/{id}/spaces': inCommunities('/spaces', MEMBERS),
  'PATCH /v1/communities/{id}/spaces/{space}': inCommunities('/spaces/space_none', NOBODY, { symbol: '?' }),

  'GET /v1/me/secrets': plain('/v1/me/secrets', SIGNED_IN),
  'PUT /v1/me/secrets/{purpose}': plain('/v1/me/secrets/torn', SIGNED_IN_204, { value: 'a key of mine' }),
  'POST /v1/me/secrets/{purpose}/check': plain('/v1/me/secrets/torn/check', SIGNED_IN_204),
  'DELETE /v1/me/secrets/{purpose}': [
    ...plain('/v1/me/secrets/torn', SIGNED_IN_204),
    at('one that only the owner has', HIDDEN, () => ({ path: '/v1/me/secrets/of-the-owner' })),
  ],
  'GET /v1/communities/{id}/secrets': inCommunities('/secrets', NOBODY),
  'PUT /v1/communities/{id}/secrets/{purpose}': inCommunities('/secrets/torn', NOBODY, { value: 'taken over' }),
  'POST /v1/communities/{id}/secrets/{purpose}/check': inCommunities('/secrets/torn/check', NOBODY),
  'DELETE /v1/communities/{id}/secrets/{purpose}': inCommunities('/secrets/torn', NOBODY),

  'GET /v1/invites/{code}': [
    at('a good one', ALL_OK, async ({ freshInvite }) => ({ path: `/v1/invites/${(await freshInvite()).code}` })),
    at('one that is not there', [404, 404, 404, 404], () => ({ path: '/v1/invites/AAAAA-AAAAA' })),
  ],
  'GET /v1/invites': plain('/v1/invites', MODERATORS),
  'POST /v1/invites': plain('/v1/invites', [401, 403, 403, 201], { uses: 1, days: 1 }),
  'DELETE /v1/invites/{id}': [
    at('the owner’s', [401, 403, 403, 404], async ({ freshInvite }) => ({
      path: `/v1/invites/${(await freshInvite()).id}`,
    })),
  ],

  'GET /v1/rooms': plain('/v1/rooms', SIGNED_IN),
  'POST /v1/rooms': [
    at('in the first community', [401, 403, 403, 201], () => ({ path: '/v1/rooms', body: { name: fresh('room') } })),
    at('in one that is not there', HIDDEN, () => ({
      path: '/v1/rooms',
      body: { name: fresh('room'), community: 'comm_none' },
    })),
  ],
  'PATCH /v1/rooms/{id}': inRooms('', { open: MODERATORS }, { topic: 'Another topic' }),
  'DELETE /v1/rooms/{id}': [
    at('the owner’s', NOBODY, async ({ freshRoom }) => ({ path: `/v1/rooms/${await freshRoom()}` })),
    at('a private room, from outside', HIDDEN, ({ closed }) => ({ path: `/v1/rooms/${closed}` })),
  ],
  'GET /v1/rooms/{id}/people': inRooms('/people', { open: MEMBERS }),
  'GET /v1/rooms/{id}/members': inRooms('/members', { open: MEMBERS }),
  'GET /v1/rooms/{id}/members/{account}': [
    at('in a room for all', MEMBERS, ({ open, owner }) => ({ path: `/v1/rooms/${open}/members/${owner.id}` })),
    at('a private room, from outside', HIDDEN, ({ closed, owner }) => ({
      path: `/v1/rooms/${closed}/members/${owner.id}`,
    })),
    at('somebody who is not there', [401, 403, 404, 404], ({ shared }) => ({
      path: `/v1/rooms/${shared}/members/acct_none`,
    })),
  ],
  'PUT /v1/rooms/{id}/members/{account}': [
    at('a private room, from inside', [401, 403, 403, 204], ({ shared, owner }) => ({
      path: `/v1/rooms/${shared}/members/${owner.id}`,
    })),
    at('oneself, from outside', HIDDEN, (world, who) => ({
      path: `/v1/rooms/${world.closed}/members/${who === 'stranger' ? world.owner.id : world.people[who].id}`,
    })),
  ],
  'DELETE /v1/rooms/{id}/members/{account}': [
    at('a private room, from outside', HIDDEN, ({ closed, owner }) => ({
      path: `/v1/rooms/${closed}/members/${owner.id}`,
    })),
    at('somebody who is not in it', [401, 403, 403, 204], ({ shared }) => ({
      path: `/v1/rooms/${shared}/members/acct_none`,
    })),
  ],
  'POST /v1/rooms/{id}/read': inRooms('/read', { open: SIGNED_IN_204 }, { seq: 0 }),

  'GET /v1/rooms/{id}/messages': inRooms('/messages', { open: SIGNED_IN }),
  'POST /v1/rooms/{id}/messages': inRooms('/messages', { open: [401, 403, 201, 201] }, { text: 'I was here' }),
  'PATCH /v1/messages/{id}': [
    at('somebody else’s', NOBODY, async ({ freshMessage }) => ({
      path: `/v1/messages/${await freshMessage()}`,
      body: { text: 'Other words' },
    })),
    at('in a private room, from outside', HIDDEN, ({ secret }) => ({
      path: `/v1/messages/${secret}`,
      body: { text: 'Other words' },
    })),
    at('one that is not there', HIDDEN, () => ({ path: '/v1/messages/msg_none', body: { text: 'Other words' } })),
  ],
  'DELETE /v1/messages/{id}': [
    at('somebody else’s', [401, 403, 403, 204], async ({ freshMessage }) => ({
      path: `/v1/messages/${await freshMessage()}`,
    })),
    at('in a private room, from outside', HIDDEN, ({ secret }) => ({ path: `/v1/messages/${secret}` })),
  ],

  'GET /v1/commands': plain('/v1/commands', SIGNED_IN),
  'POST /v1/commands/help': [
    at('anywhere', SIGNED_IN, () => ({ path: '/v1/commands/help', body: {} })),
    at('in a private room, from outside', HIDDEN, ({ closed }) => ({
      path: '/v1/commands/help',
      body: { room: closed },
    })),
  ],
  'POST /v1/commands/stock': [
    at('anywhere', MEMBERS, () => ({ path: '/v1/commands/stock', body: { args: { symbol: 'aapl.us' } } })),
    at('in a room for all', MEMBERS, ({ open }) => ({
      path: '/v1/commands/stock',
      body: { room: open, args: { symbol: 'aapl.us' } },
    })),
    at('in a private room, from outside', HIDDEN, ({ closed }) => ({
      path: '/v1/commands/stock',
      body: { room: closed, args: { symbol: 'aapl.us' } },
    })),
  ],
  'GET /v1/jobs/{id}': [
    at('somebody else’s', HIDDEN, ({ job }) => ({ path: `/v1/jobs/${job}` })),
    at('one that is not there', HIDDEN, () => ({ path: '/v1/jobs/job_none' })),
  ],

  'GET /v1/operator/dead': plain('/v1/operator/dead', NOBODY),
  'POST /v1/operator/dead/{id}/retry': plain('/v1/operator/dead/job_none/retry', NOBODY),
  'DELETE /v1/operator/dead/{id}': plain('/v1/operator/dead/job_none', NOBODY),
};
