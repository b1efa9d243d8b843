import { from, inCommunities, told, type Expect, type Try } from './permissions-callers.ts';

/** Routes of the verification gate; they join `ROUTES`. Of what is not there moderators learn that, and others nothing. */
export const VERIFICATION_ROUTES: Record<string, Try[]> = {
  'GET /v1/communities/{id}/verification': inCommunities('/verification', from('moderator', 200)),
  'PATCH /v1/communities/{id}/verification': inCommunities('/verification', from('admin', 200), { mode: 'delete' }),
  'GET /v1/communities/{id}/verification/overview': inCommunities('/verification/overview', from('moderator', 200)),
  // None of them gave an address.
  'POST /v1/communities/{id}/verification/test-mail': inCommunities('/verification/test-mail', from('admin', 409)),
  'GET /v1/communities/{id}/verification/requests': inCommunities('/verification/requests', from('moderator', 200)),
  'GET /v1/communities/{id}/verification/people': inCommunities('/verification/people', from('moderator', 200)),
  'POST /v1/communities/{id}/verification/people': inCommunities('/verification/people', from('moderator', 404), {
    userId: 'nobody',
    subject: 'discord:1',
  }),
  'DELETE /v1/communities/{id}/verification/people/{verification}': inCommunities(
    '/verification/people/ver_none',
    from('moderator', 404),
  ),
  'GET /v1/communities/{id}/verification/bars': inCommunities('/verification/bars', from('moderator', 200)),
  'DELETE /v1/communities/{id}/verification/bars/{subject}': inCommunities(
    '/verification/bars/acct_none',
    from('moderator', 404),
  ),
  'PUT /v1/communities/{id}/people': inCommunities('/people', from('admin', 200), []),
  'GET /v1/communities/{id}/people/{user_id}': inCommunities('/people/nobody', from('moderator', 404)),
  'PATCH /v1/communities/{id}/people/{user_id}': inCommunities('/people/nobody', from('admin', 404), { until: null }),
  'DELETE /v1/communities/{id}/people/{user_id}': inCommunities('/people/nobody', from('admin', 404)),
  'GET /v1/communities/{id}/verification/list': inCommunities('/verification/list', from('moderator', 200)),
  'GET /v1/communities/{id}/verification/list/export': inCommunities(
    '/verification/list/export',
    from('moderator', 200),
  ),
  'GET /v1/communities/{id}/verification/imports': inCommunities('/verification/imports', from('moderator', 200)),
  'POST /v1/communities/{id}/verification/imports': inCommunities('/verification/imports', from('admin', 201), []),
  'GET /v1/communities/{id}/verification/imports/{import}': inCommunities(
    '/verification/imports/imp_none',
    from('moderator', 404),
  ),
  'POST /v1/communities/{id}/verification/imports/{import}/confirm': inCommunities(
    '/verification/imports/imp_none/confirm',
    from('admin', 404),
    {},
  ),
  'DELETE /v1/communities/{id}/verification/imports/{import}': inCommunities(
    '/verification/imports/imp_none',
    from('admin', 404),
  ),
  'GET /v1/communities/{id}/verification/sources': inCommunities('/verification/sources', from('moderator', 200)),
  'POST /v1/communities/{id}/verification/sources/{name}/sync': inCommunities(
    '/verification/sources/none/sync',
    from('admin', 404),
  ),
  'DELETE /v1/communities/{id}/verification/sources/{name}': inCommunities(
    '/verification/sources/none',
    from('admin', 404),
  ),
  'GET /v1/communities/{id}/verification/reach-out': inCommunities('/verification/reach-out', from('moderator', 200)),
  'POST /v1/communities/{id}/verification/reach-out': inCommunities('/verification/reach-out', from('moderator', 201)),
  'DELETE /v1/communities/{id}/verification/reach-out': inCommunities(
    '/verification/reach-out',
    from('moderator', 404),
  ),
};

export const VERIFICATION_COMMANDS: Record<string, { line: string; expect: Expect<string> }> = {
  verify: { line: '/verify nobody', expect: told('guest', 'answered') },
  unverify: { line: '/unverify', expect: told('guest', 'answered') },
};
