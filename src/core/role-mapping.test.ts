import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mappedRole, roleOf, type RoleMapping } from './role-mapping.ts';

const onDiscord = (...platformRoles: string[]) => ({ platform: 'discord', platformRoles });

describe('what somebody is on a platform is worth here', () => {
  test('by default: who runs the place runs it here, everybody else is a member', () => {
    const worth = { 'discord:owner': 'owner', 'discord:administrator': 'admin', 'discord:moderator': 'moderator' };
    const others = { 'slack:owner': 'owner', 'slack:admin': 'admin', 'slack:stranger': 'guest' };
    const rest = { 'twitch:broadcaster': 'owner', 'twitch:moderator': 'moderator', 'twitch:vip': 'member' };
    for (const [name, role] of Object.entries({ ...worth, ...others, ...rest })) {
      const [platform = '', one = ''] = name.split(':');
      assert.equal(mappedRole({ platform, platformRoles: [one] }), role, name);
      assert.equal(mappedRole({ platform, platformRoles: [] }), 'member');
    }
  });

  test('the highest of several counts', () => {
    assert.equal(mappedRole(onDiscord('123', 'moderator', 'administrator')), 'admin');
  });

  test('a community may give a role of theirs a worth, and the platform’s own another one', () => {
    const own: RoleMapping[] = [
      { platform: 'discord', platformRole: '123', role: 'moderator' },
      { platform: 'discord', platformRole: 'administrator', role: 'member' },
      { platform: 'slack', platformRole: '123', role: 'owner' },
    ];
    assert.equal(mappedRole(onDiscord('123'), own), 'moderator');
    assert.equal(mappedRole(onDiscord('administrator'), own), 'member');
    assert.equal(mappedRole(onDiscord('owner', 'administrator'), own), 'owner');
  });

  test('a community may take everybody for guests', () => {
    const gate: RoleMapping[] = [{ platform: 'discord', platformRole: 'everyone', role: 'guest' }];
    assert.equal(mappedRole(onDiscord('999'), gate), 'guest');
    assert.equal(mappedRole(onDiscord('administrator'), gate), 'admin');
  });

  test('who comes from another Slack workspace is a guest whatever everybody is', () => {
    assert.equal(mappedRole({ platform: 'slack', platformRoles: ['stranger'] }), 'guest');
  });
});

describe('the role of somebody who speaks on a platform', () => {
  const known = { ...onDiscord('administrator'), mappings: [], trusted: true, membership: undefined };

  test('is the higher of what they are there and what their account is here', () => {
    assert.equal(roleOf(known), 'admin');
    assert.equal(roleOf({ ...known, membership: 'guest' }), 'admin');
    assert.equal(roleOf({ ...known, membership: 'owner' }), 'owner');
    assert.equal(roleOf({ ...known, platformRoles: [], membership: 'moderator' }), 'moderator');
  });

  test('in a place that nobody gave to the community its roles are worth no more than anybody’s', () => {
    const stray = { ...known, platformRoles: ['owner'], trusted: false };
    assert.equal(roleOf(stray), 'member');
    assert.equal(roleOf({ ...stray, membership: 'admin' }), 'admin');
    assert.equal(roleOf({ ...stray, platform: 'slack', platformRoles: ['stranger'] }), 'guest');
  });
});
