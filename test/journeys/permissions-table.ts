import { PASSWORD } from '#test/support/person.ts';
import {
  at,
  everyone,
  except,
  from,
  HIDDEN,
  hiddenRoom,
  inCommunities,
  inRooms,
  NOBODY,
  operatorOnly,
  plain,
  signedIn,
  told,
  type Expect,
  type Try,
  type World,
} from './permissions-callers.ts';
import { MODERATION_COMMANDS, MODERATION_ROUTES } from './permissions-moderation.ts';
import { VERIFICATION_COMMANDS, VERIFICATION_ROUTES } from './permissions-verification.ts';

let names = 0;
const fresh = (what: string): string => `${what}-${(names += 1)}`;

async function freshWebhook({ host, community, open }: World, room = open): Promise<{ id: string; url: string }> {
  const made = await host.done<{ webhook: { id: string }; url: string }>(
    'POST',
    `/v1/communities/${community}/webhooks`,
    {
      room,
      name: 'Deploy',
    },
  );
  return { id: made.webhook.id, url: made.url };
}

/** Every route of /openapi.json. One that is missing here fails the test, and so does one that is here and not there. */
export const ROUTES: Record<string, Try[]> = {
  'GET /v1/hall': plain('/v1/hall', everyone(200)),
  'GET /health/live': plain('/health/live', everyone(200)),
  'GET /health/ready': plain('/health/ready', everyone(200)),

  'POST /v1/accounts': [
    at('without an invite', everyone(403), () => ({
      path: '/v1/accounts',
      body: { username: fresh('new'), password: PASSWORD },
    })),
    at('with one', everyone(201), async ({ freshInvite }) => ({
      path: '/v1/accounts',
      body: { username: fresh('new'), password: PASSWORD, invite: (await freshInvite()).code },
    })),
  ],
  'GET /v1/me': plain('/v1/me', signedIn(200)),
  'PATCH /v1/me': plain('/v1/me', signedIn(200), { name: 'Another name' }),

  'POST /v1/sessions': [
    at('a wrong pair', everyone(401), () => ({
      path: '/v1/sessions',
      body: { username: fresh('nobody'), password: PASSWORD },
    })),
  ],
  'GET /v1/sessions': plain('/v1/sessions', signedIn(200)),
  'DELETE /v1/sessions/{id}': [
    at('somebody else’s', HIDDEN, ({ session }) => ({ path: `/v1/sessions/${session}` })),
    at('one that is not there', HIDDEN, () => ({ path: '/v1/sessions/sess_none' })),
  ],
  'DELETE /v1/sessions': plain('/v1/sessions', signedIn(204)),

  'GET /v1/signin/oidc': plain('/v1/signin/oidc', everyone(303)),
  'GET /v1/signin/oidc/callback': plain('/v1/signin/oidc/callback', everyone(303)),
  'GET /v1/me/identities/oidc/link': plain('/v1/me/identities/oidc/link', signedIn(303)),

  'POST /v1/sessions/second-step': plain('/v1/sessions/second-step', everyone(400), { code: '000000' }),
  'GET /v1/me/sign-in': plain('/v1/me/sign-in', signedIn(200)),
  'POST /v1/me/second-factor': plain('/v1/me/second-factor', signedIn(200), { password: PASSWORD }),
  'POST /v1/me/second-factor/confirm': plain('/v1/me/second-factor/confirm', everyone(401), { code: 'none' }),
  'POST /v1/me/second-factor/recovery-codes': plain('/v1/me/second-factor/recovery-codes', HIDDEN, {
    password: PASSWORD,
  }),
  'DELETE /v1/me/second-factor': plain('/v1/me/second-factor', signedIn(204), { password: PASSWORD }),
  'POST /v1/password-resets': plain('/v1/password-resets', everyone(204), { username: 'nobody-at-all' }),
  'POST /v1/password-resets/{token}': plain('/v1/password-resets/none', everyone(404), { password: PASSWORD }),
  'PUT /v1/me/email': plain('/v1/me/email', signedIn(204), { email: 'one@example.org', password: PASSWORD }),
  'DELETE /v1/me/email': plain('/v1/me/email', signedIn(204), { password: PASSWORD }),
  'POST /v1/email-verifications/{token}': plain('/v1/email-verifications/none', everyone(404)),

  'GET /v1/communities': plain('/v1/communities', signedIn(200)),
  'POST /v1/communities': plain('/v1/communities', operatorOnly(201), { name: 'One more' }),
  'PATCH /v1/communities/{id}': inCommunities('', from('admin', 200), { name: 'Another name' }),
  'DELETE /v1/communities/{id}': [
    ...inCommunities('', from('owner', 400), { name: 'Not its name' }),
    at('one of the operator’s', except(HIDDEN, { operator: 204 }), async ({ freshCommunity }) => ({
      path: `/v1/communities/${await freshCommunity()}`,
      body: { name: 'One more' },
    })),
  ],
  'GET /v1/communities/{id}/members': inCommunities('/members', from('member', 200)),
  'PATCH /v1/communities/{id}/members/{account}': [
    at('the host, an owner', from('owner', 204), ({ community, host }) => ({
      path: `/v1/communities/${community}/members/${host.id}`,
      body: { role: 'owner' },
    })),
    at('a member', from('admin', 204), async ({ community, freshMember }) => ({
      path: `/v1/communities/${community}/members/${await freshMember('member')}`,
      body: { role: 'moderator' },
    })),
    at('a member, to admin', from('owner', 204), async ({ community, freshMember }) => ({
      path: `/v1/communities/${community}/members/${await freshMember('member')}`,
      body: { role: 'admin' },
    })),
    at('oneself, to owner', except(NOBODY, { owner: 204 }), ({ community }) => ({
      path: `/v1/communities/${community}/members/me`,
      body: { role: 'owner' },
    })),
    at('somebody of another community', from('admin', 404), ({ community, people }) => ({
      path: `/v1/communities/${community}/members/${people.stranger.id}`,
      body: { role: 'guest' },
    })),
    at('in one that is not there', HIDDEN, () => ({
      path: '/v1/communities/comm_none/members/me',
      body: { role: 'guest' },
    })),
  ],
  'DELETE /v1/communities/{id}/members/{account}': [
    at('a member', from('moderator', 204), async ({ community, freshMember }) => ({
      path: `/v1/communities/${community}/members/${await freshMember('member')}`,
    })),
    at('a moderator', from('admin', 204), async ({ community, freshMember }) => ({
      path: `/v1/communities/${community}/members/${await freshMember('moderator')}`,
    })),
    at('an owner', from('owner', 204), async ({ community, freshMember }) => ({
      path: `/v1/communities/${community}/members/${await freshMember('owner')}`,
    })),
    at('somebody of another community', from('moderator', 404), ({ community, people }) => ({
      path: `/v1/communities/${community}/members/${people.elsewhere.id}`,
    })),
  ],
  'GET /v1/communities/{id}/people': inCommunities('/people?query=o', from('member', 200)),

  'GET /v1/communities/{id}/commands': inCommunities('/commands', from('member', 200)),
  'PUT /v1/communities/{id}/commands/{name}': [
    ...inCommunities('/commands/stock', from('admin', 200), { on: true }),
    at('a command that is not there', from('admin', 404), ({ community }) => ({
      path: `/v1/communities/${community}/commands/none`,
      body: { on: false },
    })),
  ],
  'GET /v1/communities/{id}/commands/{name}/why': inCommunities(
    '/commands/stock/why?person=acct_none',
    from('admin', 404),
  ),
  'GET /v1/communities/{id}/features': inCommunities('/features', from('member', 200)),
  'GET /v1/communities/{id}/features/{feature}/settings': [
    ...inCommunities('/features/stock/settings', from('moderator', 200)),
    ...inCommunities('/features/none/settings', from('moderator', 404)),
  ],
  'PUT /v1/communities/{id}/features/{feature}/settings': [
    at('a feature of the hall', from('admin', 200), async ({ community, host }) => {
      const path = `/v1/communities/${community}/features/stock/settings`;
      const { version } = await host.done<{ version: number }>('GET', path);
      return { path, body: { version, values: { market: version % 2 === 0 ? 'us' : 'uk' } } };
    }),
    ...inCommunities('/features/none/settings', from('admin', 404), { version: 0, values: {} }),
  ],
  'GET /v1/communities/{id}/overview': inCommunities('/overview', from('member', 200)),
  'POST /v1/communities/{id}/failed-jobs/{job}/retry': inCommunities('/failed-jobs/job_none/retry', from('admin', 404)),
  'DELETE /v1/communities/{id}/failed-jobs/{job}': inCommunities('/failed-jobs/job_none', from('admin', 404)),
  'GET /v1/communities/{id}/spaces': inCommunities('/spaces', from('member', 200)),
  'POST /v1/communities/{id}/spaces': inCommunities('/spaces', from('admin', 409), { platform: 'discord' }),
  'DELETE /v1/communities/{id}/spaces/{space}': inCommunities('/spaces/space_none', from('admin', 404)),
  'POST /v1/communities/{id}/slack-workspaces': inCommunities('/slack-workspaces', from('admin', 409)),
  'GET /v1/slack/callback': plain('/v1/slack/callback', HIDDEN),
  'GET /v1/communities/{id}/apps': inCommunities('/apps', from('admin', 200)),
  'POST /v1/communities/{id}/apps': inCommunities('/apps', from('admin', 409), { platform: 'discord', token: 'a.b.c' }),
  'DELETE /v1/communities/{id}/apps/{app}': inCommunities('/apps/app_none', from('admin', 404)),
  'GET /v1/communities/{id}/role-mappings': inCommunities('/role-mappings', from('member', 200)),
  'PUT /v1/communities/{id}/role-mappings': inCommunities('/role-mappings', from('admin', 200), { mappings: [] }),
  'PATCH /v1/communities/{id}/spaces/{space}': inCommunities('/spaces/space_none', from('admin', 404), { symbol: '?' }),

  'PUT /v1/me/password': plain('/v1/me/password', signedIn(403), { current: 'not this one', new: PASSWORD }),
  'GET /v1/me/tokens': plain('/v1/me/tokens', signedIn(200)),
  'POST /v1/me/tokens': plain('/v1/me/tokens', signedIn(201), { name: 'a script', scopes: ['read'] }),
  'DELETE /v1/me/tokens/{id}': plain('/v1/me/tokens/tok_none', HIDDEN),

  'GET /.well-known/oauth-authorization-server': plain('/.well-known/oauth-authorization-server', everyone(200)),
  'POST /v1/device/code': plain('/v1/device/code', everyone(200), { client: 'a script' }),
  'POST /v1/device/token': plain('/v1/device/token', everyone(400), { device_code: 'none' }),
  'POST /v1/device/request': plain('/v1/device/request', HIDDEN, { code: 'BCDF-GHJK' }),
  'POST /v1/device/grant': plain('/v1/device/grant', HIDDEN, { code: 'BCDF-GHJK' }),
  'POST /v1/device/refuse': plain('/v1/device/refuse', HIDDEN, { code: 'BCDF-GHJK' }),
  'GET /v1/communities/{id}/audit': inCommunities('/audit', from('admin', 200)),
  'GET /v1/communities/{id}/audit/export': inCommunities('/audit/export', from('admin', 200)),
  'GET /v1/operator/audit': plain('/v1/operator/audit', operatorOnly(200)),

  'GET /v1/me/export': plain('/v1/me/export', signedIn(200)),
  'GET /v1/me/export/kept': plain('/v1/me/export/kept', signedIn(200)),
  // What it does when the name is right has tests of its own: the caller would be gone.
  'DELETE /v1/me': plain('/v1/me', signedIn(400), { username: 'somebody-else' }),
  'GET /v1/me/identities': plain('/v1/me/identities', signedIn(200)),
  'POST /v1/me/identities': plain('/v1/me/identities', HIDDEN, { code: 'AAAAA-AAAAA' }),
  'POST /v1/me/identities/codes': plain('/v1/me/identities/codes', signedIn(201)),
  'GET /v1/me/identities/{platform}/link': plain('/v1/me/identities/discord/link', HIDDEN),
  'GET /v1/me/identities/{platform}/callback': plain('/v1/me/identities/discord/callback', HIDDEN),
  'DELETE /v1/me/identities/{platform}/{platformId}': plain('/v1/me/identities/discord/1', HIDDEN),
  'GET /v1/me/secrets': plain('/v1/me/secrets', signedIn(200)),
  'PUT /v1/me/secrets/{purpose}': plain('/v1/me/secrets/torn', signedIn(204), { value: 'a key of mine' }),
  'POST /v1/me/secrets/{purpose}/check': plain('/v1/me/secrets/torn/check', signedIn(204)),
  'DELETE /v1/me/secrets/{purpose}': [
    ...plain('/v1/me/secrets/torn', signedIn(204)),
    at('one that only the host has', HIDDEN, () => ({ path: '/v1/me/secrets/of-the-host' })),
  ],
  'GET /v1/communities/{id}/secrets': inCommunities('/secrets', from('admin', 200)),
  'PUT /v1/communities/{id}/secrets/{purpose}': inCommunities('/secrets/kept', from('admin', 204), { value: 'mine' }),
  'POST /v1/communities/{id}/secrets/{purpose}/check': inCommunities('/secrets/kept/check', from('admin', 204)),
  'DELETE /v1/communities/{id}/secrets/{purpose}': [
    at('the community at hand', from('admin', 204), async ({ community, freshSecret }) => ({
      path: `/v1/communities/${community}/secrets/${await freshSecret()}`,
    })),
    at('one that is not there', HIDDEN, () => ({ path: '/v1/communities/comm_none/secrets/torn' })),
  ],

  'GET /v1/invites/{code}': [
    at('a good one', everyone(200), async ({ freshInvite }) => ({ path: `/v1/invites/${(await freshInvite()).code}` })),
    at('one that is not there', everyone(404), () => ({ path: '/v1/invites/AAAAA-AAAAA' })),
  ],
  'POST /v1/invites/{code}/accept': [
    at('one of another community', signedIn(200), async ({ inviteElsewhere }) => ({
      path: `/v1/invites/${await inviteElsewhere()}/accept`,
    })),
    at('one that is not there', HIDDEN, () => ({ path: '/v1/invites/AAAAA-AAAAA/accept' })),
  ],
  'GET /v1/communities/{id}/invites': inCommunities('/invites', from('moderator', 200)),
  'POST /v1/communities/{id}/invites': inCommunities('/invites', from('moderator', 201), { uses: 1, role: 'guest' }),
  'DELETE /v1/communities/{id}/invites/{invite}': [
    at('the host’s', { ...from('admin', 204), moderator: 404 }, async ({ community, host }) => {
      const path = `/v1/communities/${community}/invites`;
      const { invite } = await host.done<{ invite: { id: string } }>('POST', path, {});
      return { path: `${path}/${invite.id}` };
    }),
    at('one of another community', from('moderator', 404), async ({ community, freshInvite }) => ({
      path: `/v1/communities/${community}/invites/${(await freshInvite()).id}`,
    })),
  ],
  'GET /v1/communities/{id}/webhooks': inCommunities('/webhooks', from('moderator', 200)),
  'POST /v1/communities/{id}/webhooks': [
    at('in a room for all', from('moderator', 201), ({ community, open }) => ({
      path: `/v1/communities/${community}/webhooks`,
      body: { room: open, name: 'Deploy' },
    })),
    at('in a private room, from outside', from('moderator', 404), ({ community, closed }) => ({
      path: `/v1/communities/${community}/webhooks`,
      body: { room: closed, name: 'Deploy' },
    })),
    at('in a community that is not there', HIDDEN, ({ open }) => ({
      path: '/v1/communities/comm_none/webhooks',
      body: { room: open, name: 'Deploy' },
    })),
  ],
  'POST /v1/communities/{id}/webhooks/{webhook}/rotate': [
    at('the host’s', from('moderator', 200), async (world) => ({
      path: `/v1/communities/${world.community}/webhooks/${(await freshWebhook(world)).id}/rotate`,
    })),
    at('one in a private room, from outside', from('moderator', 404), async (world) => ({
      path: `/v1/communities/${world.community}/webhooks/${(await freshWebhook(world, world.closed)).id}/rotate`,
    })),
  ],
  'DELETE /v1/communities/{id}/webhooks/{webhook}': [
    at('the host’s', from('moderator', 204), async (world) => ({
      path: `/v1/communities/${world.community}/webhooks/${(await freshWebhook(world)).id}`,
    })),
    at('one in a private room, from outside', from('moderator', 404), async (world) => ({
      path: `/v1/communities/${world.community}/webhooks/${(await freshWebhook(world, world.closed)).id}`,
    })),
  ],
  'POST /v1/hooks/{id}/{secret}': [
    at('with its secret', everyone(200), async (world) => ({
      path: new URL((await freshWebhook(world)).url).pathname,
      body: { text: 'Build 214 is out' },
    })),
    at('with another', everyone(404), async (world) => ({
      path: `/v1/hooks/${(await freshWebhook(world)).id}/guess`,
      body: { text: 'Build 214 is out' },
    })),
  ],
  'GET /v1/invites': plain('/v1/invites', operatorOnly(200)),
  'POST /v1/invites': plain('/v1/invites', operatorOnly(201), { uses: 1, days: 1 }),
  'DELETE /v1/invites/{id}': [
    at('one of the first community', operatorOnly(204), async ({ freshInvite }) => ({
      path: `/v1/invites/${(await freshInvite()).id}`,
    })),
  ],

  'GET /v1/rooms': plain('/v1/rooms', signedIn(200)),
  'POST /v1/rooms': [
    at('in the community at hand', from('moderator', 201), ({ community }) => ({
      path: '/v1/rooms',
      body: { name: fresh('room'), community },
    })),
    at('in one’s own', except(signedIn(201), { stranger: 403, guest: 403, member: 403 }), () => ({
      path: '/v1/rooms',
      body: { name: fresh('room') },
    })),
    at('in one that is not there', HIDDEN, () => ({
      path: '/v1/rooms',
      body: { name: fresh('room'), community: 'comm_none' },
    })),
  ],
  'PATCH /v1/rooms/{id}': inRooms('', from('moderator', 200), { topic: 'Another topic' }),
  'DELETE /v1/rooms/{id}': [
    at('the host’s', from('admin', 204), async ({ freshRoom }) => ({ path: `/v1/rooms/${await freshRoom()}` })),
    at('a private room, from outside', HIDDEN, ({ closed }) => ({ path: `/v1/rooms/${closed}` })),
  ],
  'GET /v1/rooms/{id}/people': inRooms('/people', from('member', 200)),
  'GET /v1/rooms/{id}/members': inRooms('/members', from('member', 200)),
  'GET /v1/rooms/{id}/members/{account}': [
    at('in a room for all', from('member', 200), ({ open, host }) => ({
      path: `/v1/rooms/${open}/members/${host.id}`,
    })),
    at('a private room, from outside', HIDDEN, ({ closed, host }) => ({
      path: `/v1/rooms/${closed}/members/${host.id}`,
    })),
    at('somebody who is not there', from('member', 404), ({ shared }) => ({
      path: `/v1/rooms/${shared}/members/acct_none`,
    })),
  ],
  'PUT /v1/rooms/{id}/members/{account}': [
    at('a private room, from inside', from('moderator', 204), ({ shared, host }) => ({
      path: `/v1/rooms/${shared}/members/${host.id}`,
    })),
    at('oneself, from outside', HIDDEN, (world, who) => ({
      path: `/v1/rooms/${world.closed}/members/${who === 'anonymous' ? world.host.id : world.people[who].id}`,
    })),
    at('somebody of another community', from('moderator', 404), ({ shared, people }) => ({
      path: `/v1/rooms/${shared}/members/${people.stranger.id}`,
    })),
  ],
  'DELETE /v1/rooms/{id}/members/{account}': [
    at('a private room, from outside', HIDDEN, ({ closed, host }) => ({
      path: `/v1/rooms/${closed}/members/${host.id}`,
    })),
    at('somebody who is not in it', from('moderator', 204), ({ shared }) => ({
      path: `/v1/rooms/${shared}/members/acct_none`,
    })),
  ],
  'POST /v1/rooms/{id}/read': inRooms('/read', from('guest', 204), { seq: 0 }),

  'GET /v1/rooms/{id}/messages': inRooms('/messages', from('guest', 200)),
  'POST /v1/rooms/{id}/messages': inRooms('/messages', from('member', 201), { text: 'I was here' }),
  'GET /v1/search': [
    at('everywhere', signedIn(200), () => ({ path: '/v1/search?query=tea' })),
    at('in a room for all', from('guest', 200), ({ open }) => ({ path: `/v1/search?query=tea&room=${open}` })),
    at('in a private room, from outside', HIDDEN, ({ closed }) => ({ path: `/v1/search?query=tea&room=${closed}` })),
    at('in the community at hand', from('guest', 200), ({ community }) => ({
      path: `/v1/search?query=tea&community=${community}`,
    })),
    at('in none', HIDDEN, () => ({ path: '/v1/search?query=tea&community=comm_none' })),
  ],
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
    at('somebody else’s', from('moderator', 204), async ({ freshMessage }) => ({
      path: `/v1/messages/${await freshMessage()}`,
    })),
    at('in a private room, from outside', HIDDEN, ({ secret }) => ({ path: `/v1/messages/${secret}` })),
  ],

  'GET /v1/commands': plain('/v1/commands', signedIn(200)),
  'POST /v1/commands/connect': [
    at('in one’s own community', signedIn(409), () => ({ path: '/v1/commands/connect', body: { args: CODE } })),
    at('in a private room, from outside', HIDDEN, ({ closed }) => ({
      path: '/v1/commands/connect',
      body: { room: closed, args: CODE },
    })),
  ],
  'POST /v1/commands/help': calls('help', {}, { least: 'guest', ownGuest: 200 }),
  'POST /v1/commands/link': calls('link', {}, { least: 'guest', ownGuest: 200 }),
  'POST /v1/commands/unlink': calls('unlink', {}, { least: 'guest', ownGuest: 200 }),
  'POST /v1/commands/verify': calls('verify', { user_id: 'nobody' }, { least: 'guest', ownGuest: 200 }),
  'POST /v1/commands/unverify': calls('unverify', {}, { least: 'guest', ownGuest: 200 }),
  'POST /v1/commands/stock': calls('stock', { symbol: 'aapl.us' }, { least: 'member', ownGuest: 403 }),
  'GET /v1/jobs/{id}': [
    at('somebody else’s', HIDDEN, ({ job }) => ({ path: `/v1/jobs/${job}` })),
    at('one that is not there', HIDDEN, () => ({ path: '/v1/jobs/job_none' })),
  ],

  'GET /v1/operator/overview': plain('/v1/operator/overview', operatorOnly(200)),
  'GET /v1/operator/accounts': plain('/v1/operator/accounts', operatorOnly(200)),
  'POST /v1/operator/accounts/{id}/disable': plain('/v1/operator/accounts/acct_none/disable', operatorOnly(404)),
  'POST /v1/operator/accounts/{id}/enable': plain('/v1/operator/accounts/acct_none/enable', operatorOnly(404)),
  'GET /v1/operator/communities': plain('/v1/operator/communities', operatorOnly(200)),
  ...MODERATION_ROUTES,
  ...VERIFICATION_ROUTES,

  'GET /v1/operator/dead': plain('/v1/operator/dead', operatorOnly(200)),
  'POST /v1/operator/dead/{id}/retry': plain('/v1/operator/dead/job_none/retry', operatorOnly(404)),
  'DELETE /v1/operator/dead/{id}': plain('/v1/operator/dead/job_none', operatorOnly(404)),
};

const CODE = { code: 'AAAAA-AAAAA' };

/** A command over HTTP: in one's own community, and in rooms. */
function calls(name: string, args: unknown, of: { least: 'guest' | 'member'; ownGuest: number }): Try[] {
  const path = `/v1/commands/${name}`;
  return [
    at('in one’s own community', except(signedIn(200), { guest: of.ownGuest }), () => ({ path, body: { args } })),
    at('in a room for all', from(of.least, 200), ({ open }) => ({ path, body: { room: open, args } })),
    at('in a private room, from outside', HIDDEN, ({ closed }) => ({ path, body: { room: closed, args } })),
  ];
}

/** One try of a frame, and what comes back: a frame's type, `typing` at the others’, an error's code, or nothing. */
export interface FrameTry {
  about: string;
  expect: Expect<string>;
  frame(world: World): Record<string, unknown>;
}

/** Every frame that a live client may send. */
export const FRAMES: Record<string, FrameTry[]> = {
  subscribe: framesIn(told('guest', 'subscribed'), {}),
  post: framesIn(told('member', 'posted'), { text: 'I was here' }),
  typing: framesIn(told('member', 'typing'), {}),
  // Leaving a room tells nothing, of rooms that are not one's own as well.
  unsubscribe: [
    { about: 'a private room, from outside', expect: same(''), frame: ({ closed }) => ({ room: closed }) },
    { about: 'a room for all', expect: same(''), frame: ({ open }) => ({ room: open }) },
  ],
};

/** Every command, as a line in a room for all: who is answered, and who is refused with the rule. */
export const COMMANDS: Record<string, { line: string; expect: Expect<string> }> = {
  // What it does is for other platforms: here all are told so.
  connect: { line: '/connect AAAAA-AAAAA', expect: told('guest', 'answered') },
  help: { line: '/help', expect: told('guest', 'answered') },
  link: { line: '/link', expect: told('guest', 'answered') },
  unlink: { line: '/unlink', expect: told('guest', 'answered') },
  stock: { line: '/stock aapl.us', expect: told('member', 'answered') },
  ...MODERATION_COMMANDS,
  ...VERIFICATION_COMMANDS,
};

function framesIn(expect: Expect<string>, more: Record<string, unknown>): FrameTry[] {
  return [
    { about: 'a room for all', expect, frame: ({ open }) => ({ room: open, ...more }) },
    { about: 'a private room, from outside', expect: hiddenRoom, frame: ({ closed }) => ({ room: closed, ...more }) },
    { about: 'a private room, from inside', expect, frame: ({ shared }) => ({ room: shared, ...more }) },
    { about: 'a room that is not there', expect: hiddenRoom, frame: () => ({ room: 'room_none', ...more }) },
  ];
}

function same(answer: string): Expect<string> {
  return Object.fromEntries(Object.keys(hiddenRoom).map((who) => [who, answer])) as unknown as Expect<string>;
}
