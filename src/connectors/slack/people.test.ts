import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { whoOf } from './people.ts';
import type { SlackUser } from './slack.external.ts';

const user = (more: Partial<SlackUser> = {}): SlackUser => ({ id: 'U1', team_id: 'T1', name: 'mia', ...more });

describe('who somebody is', () => {
  const roles: [what: string, user: SlackUser, role: string][] = [
    ['a member', user(), 'member'],
    ['an admin', user({ is_admin: true }), 'admin'],
    ['an owner', user({ is_owner: true, is_admin: true }), 'owner'],
    ['the primary owner', user({ is_primary_owner: true, is_owner: true, is_admin: true }), 'owner'],
    ['a stranger', user({ is_stranger: true }), 'guest'],
    ['an admin of another workspace', user({ team_id: 'T2', is_admin: true, is_owner: true }), 'guest'],
    ['somebody of the same company', user({ team_id: 'T2', enterprise_user: { teams: ['T2', 'T1'] } }), 'member'],
    ['somebody without a workspace', { id: 'U1' }, 'member'],
  ];
  for (const [what, one, role] of roles) test(`${what} is ${role}`, () => assert.equal(whoOf(one, 'T1').role, role));

  test('is called as the profile shows, else by the real name, else by the login, else by the id', () => {
    const names = [
      user({ real_name: 'Mia M', profile: { display_name: 'Mimi', real_name: 'Mia' } }),
      user({ real_name: 'Mia M', profile: { display_name: '', real_name: 'Mia' } }),
      user({ real_name: 'Mia M' }),
      user(),
      { id: 'U1' },
    ].map((one) => whoOf(one, 'T1').name);
    assert.deepEqual(names, ['Mimi', 'Mia', 'Mia M', 'mia', 'U1']);
  });
});
