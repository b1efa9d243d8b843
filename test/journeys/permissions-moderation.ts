import {
  at,
  except,
  from,
  HIDDEN,
  inCommunities,
  signedIn,
  told,
  type Expect,
  type Try,
} from './permissions-callers.ts';

let words = 0;
const NOBODY_THERE = '@nobody-there';

/** Routes about order in the house; they join `ROUTES`. Of somebody who is not there moderators learn that, and others nothing. */
export const MODERATION_ROUTES: Record<string, Try[]> = {
  'GET /v1/communities/{id}/standing': inCommunities('/standing', from('guest', 200)),
  'GET /v1/communities/{id}/sanctions': inCommunities('/sanctions?active=true', from('moderator', 200)),
  'POST /v1/communities/{id}/sanctions': inCommunities('/sanctions', from('moderator', 404), {
    account: 'acct_none',
    kind: 'ban',
    reason: 'None',
  }),
  'DELETE /v1/communities/{id}/sanctions/{sanction}': inCommunities('/sanctions/sanc_none', from('moderator', 404)),
  'PUT /v1/communities/{id}/lockdown': inCommunities('/lockdown', from('moderator', 204), { on: false }),
  'GET /v1/communities/{id}/moderation-log': inCommunities('/moderation-log', from('moderator', 200)),
  'GET /v1/communities/{id}/word-rules': inCommunities('/word-rules', from('moderator', 200)),
  'POST /v1/communities/{id}/word-rules': [
    at('the community at hand', from('moderator', 201), ({ community }) => ({
      path: `/v1/communities/${community}/word-rules`,
      body: { words: `nobody says so ${(words += 1)}`, act: 'hold' },
    })),
    at('one that is not there', HIDDEN, () => ({
      path: '/v1/communities/comm_none/word-rules',
      body: { words: 'nobody says so', act: 'hold' },
    })),
  ],
  'DELETE /v1/communities/{id}/word-rules/{rule}': inCommunities('/word-rules/rule_none', from('moderator', 404)),
  'GET /v1/communities/{id}/reports': inCommunities('/reports', from('moderator', 200)),
  'POST /v1/communities/{id}/reports/{report}/settle': inCommunities(
    '/reports/rep_none/settle',
    from('moderator', 404),
    { outcome: 'left' },
  ),
  'GET /v1/communities/{id}/held': inCommunities('/held', from('moderator', 200)),
  'POST /v1/communities/{id}/held/{held}/approve': inCommunities('/held/held_none/approve', from('moderator', 404)),
  'POST /v1/communities/{id}/held/{held}/refuse': inCommunities('/held/held_none/refuse', from('moderator', 404), {}),
  'POST /v1/messages/{id}/report': [
    at('somebody else’s', from('member', 204), async ({ freshMessage }) => ({
      path: `/v1/messages/${await freshMessage()}/report`,
      body: { reason: 'Look at this' },
    })),
    at('in a private room, from outside', HIDDEN, ({ secret }) => ({
      path: `/v1/messages/${secret}/report`,
      body: { reason: 'Look at this' },
    })),
  ],

  'POST /v1/commands/mute': callsForModerators('mute', { person: NOBODY_THERE, time: '1m' }, 404),
  'POST /v1/commands/unmute': callsForModerators('unmute', { person: NOBODY_THERE }, 404),
  'POST /v1/commands/kick': callsForModerators('kick', { person: NOBODY_THERE }, 404),
  'POST /v1/commands/ban': callsForModerators('ban', { person: NOBODY_THERE }, 404),
  'POST /v1/commands/unban': callsForModerators('unban', { person: NOBODY_THERE }, 404),
  'POST /v1/commands/slow': callsForModerators('slow', { seconds: 0 }, 200).slice(1),
  'POST /v1/commands/lockdown': callsForModerators('lockdown', { state: 'off' }, 200),
  'POST /v1/commands/report': callsForMembers('report', { person: NOBODY_THERE }, 404),
};

export const MODERATION_COMMANDS: Record<string, { line: string; expect: Expect<string> }> = {
  mute: forModerators('/mute @nobody-there 1m'),
  unmute: forModerators('/unmute @nobody-there'),
  kick: forModerators('/kick @nobody-there'),
  ban: forModerators('/ban @nobody-there'),
  unban: forModerators('/unban @nobody-there'),
  slow: forModerators('/slow 0'),
  lockdown: forModerators('/lockdown off'),
  report: { line: '/report @nobody-there', expect: told('member', 'answered') },
};

function forModerators(line: string): { line: string; expect: Expect<string> } {
  return { line, expect: told('moderator', 'answered') };
}

function callsForModerators(name: string, args: unknown, status: number): Try[] {
  return callsFrom('moderator', { name, args, status, below: { stranger: 403, guest: 403, member: 403 } });
}

function callsForMembers(name: string, args: unknown, status: number): Try[] {
  return callsFrom('member', { name, args, status, below: { guest: 403 } });
}

/** A command over HTTP: in one's own community, where the operator and the other owner are owners too, and in rooms. */
function callsFrom(
  least: 'member' | 'moderator',
  {
    name,
    args,
    status,
    below,
  }: { name: string; args: unknown; status: number; below: { stranger?: 403; guest: 403; member?: 403 } },
): Try[] {
  const path = `/v1/commands/${name}`;
  return [
    at('in one’s own community', except(signedIn(status), below), () => ({ path, body: { args } })),
    at('in a room for all', from(least, status), ({ open }) => ({ path, body: { room: open, args } })),
    at('in a private room, from outside', HIDDEN, ({ closed }) => ({ path, body: { room: closed, args } })),
  ];
}
