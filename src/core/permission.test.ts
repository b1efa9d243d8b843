import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { whyNot, whyNotNamed, whyNotRole, type Action } from './permission.ts';
import { ROLES, type Role } from './roles.ts';

/** Who may do what: the roles that may, and those that may with what is their own. Written out, so that a changed rule is seen. */
const TABLE: Record<Action, { any: Role[]; own: Role[] }> = {
  'room.read': { any: ['guest', 'member', 'moderator', 'admin', 'owner'], own: [] },
  'room.post': { any: ['member', 'moderator', 'admin', 'owner'], own: [] },
  'room.create': { any: ['moderator', 'admin', 'owner'], own: [] },
  'room.change': { any: ['moderator', 'admin', 'owner'], own: [] },
  'room.delete': { any: ['admin', 'owner'], own: ['member', 'moderator'] },
  'room.members': { any: ['moderator', 'admin', 'owner'], own: ['member'] },
  'message.edit': { any: [], own: ['member', 'moderator', 'admin', 'owner'] },
  'message.delete': { any: ['moderator', 'admin', 'owner'], own: ['member'] },
  'message.search': { any: ['guest', 'member', 'moderator', 'admin', 'owner'], own: [] },
  'message.report': { any: ['member', 'moderator', 'admin', 'owner'], own: [] },
  'person.mute': { any: ['moderator', 'admin', 'owner'], own: [] },
  'person.kick': { any: ['moderator', 'admin', 'owner'], own: [] },
  'person.ban': { any: ['moderator', 'admin', 'owner'], own: [] },
  'sanction.list': { any: ['moderator', 'admin', 'owner'], own: [] },
  'sanction.lift': { any: ['moderator', 'admin', 'owner'], own: [] },
  'order.see': { any: ['moderator', 'admin', 'owner'], own: [] },
  'order.lock-down': { any: ['moderator', 'admin', 'owner'], own: [] },
  'order.words': { any: ['moderator', 'admin', 'owner'], own: [] },
  'order.settle': { any: ['moderator', 'admin', 'owner'], own: [] },
  'room.slow': { any: ['moderator', 'admin', 'owner'], own: [] },
  'people.list': { any: ['member', 'moderator', 'admin', 'owner'], own: [] },
  'invite.make': { any: ['moderator', 'admin', 'owner'], own: [] },
  'invite.list': { any: ['admin', 'owner'], own: [] },
  'webhook.list': { any: ['moderator', 'admin', 'owner'], own: [] },
  'webhook.change': { any: ['moderator', 'admin', 'owner'], own: [] },
  'community.change': { any: ['admin', 'owner'], own: [] },
  'overview.read': { any: ['member', 'moderator', 'admin', 'owner'], own: [] },
  'work.read': { any: ['moderator', 'admin', 'owner'], own: [] },
  'work.change': { any: ['admin', 'owner'], own: [] },
  'community.end': { any: ['owner'], own: [] },
  'member.list': { any: ['member', 'moderator', 'admin', 'owner'], own: [] },
  'member.details': { any: ['moderator', 'admin', 'owner'], own: [] },
  'member.role': { any: ['admin', 'owner'], own: [] },
  'member.remove': { any: ['moderator', 'admin', 'owner'], own: [] },
  'command.list': { any: ['member', 'moderator', 'admin', 'owner'], own: [] },
  'command.change': { any: ['admin', 'owner'], own: [] },
  'feature.list': { any: ['member', 'moderator', 'admin', 'owner'], own: [] },
  'feature.read': { any: ['moderator', 'admin', 'owner'], own: [] },
  'feature.change': { any: ['admin', 'owner'], own: [] },
  'space.list': { any: ['member', 'moderator', 'admin', 'owner'], own: [] },
  'space.change': { any: ['admin', 'owner'], own: [] },
  'audit.read': { any: ['admin', 'owner'], own: [] },
  'secret.list': { any: ['admin', 'owner'], own: [] },
  'secret.change': { any: ['admin', 'owner'], own: [] },
  'verification.see': { any: ['moderator', 'admin', 'owner'], own: [] },
  'verification.change': { any: ['admin', 'owner'], own: [] },
  'verification.people': { any: ['moderator', 'admin', 'owner'], own: [] },
  'list.see': { any: ['moderator', 'admin', 'owner'], own: [] },
  'list.change': { any: ['admin', 'owner'], own: [] },
};

describe('who may do what', () => {
  for (const [action, { any, own }] of Object.entries(TABLE) as [Action, (typeof TABLE)[Action]][]) {
    for (const role of [...ROLES, undefined]) {
      const may = { others: has(any, role), own: has(any, role) || has(own, role) };
      test(`${role ?? 'a stranger'}: ${action} ${may.others ? 'yes' : 'no'}, with their own ${may.own ? 'yes' : 'no'}`, () => {
        const actor = { account: 'acct_ann', role };
        assert.equal(whyNot(actor, action) === undefined, may.others);
        assert.equal(whyNot(actor, action, { owner: 'acct_bob' }) === undefined, may.others);
        assert.equal(whyNot(actor, action, { owner: 'acct_ann' }) === undefined, may.own);
      });
    }
  }

  test('a refusal is a 403 that names the rule and who can change it', () => {
    const refusal = whyNot({ account: 'acct_ann', role: 'member' }, 'room.create');
    assert.equal(refusal?.status, 403);
    assert.equal(refusal?.message, 'This asks for moderator. You are a member. An admin or owner can change roles.');
    assert.match(refusal?.rule ?? '', /^room\.create: moderator and up; an admin or owner/);
  });

  test('nobody acts on whoever stands as high, nor gives a role as high as their own; an owner may all', () => {
    const may = (mine: Role, role: Role, next?: Role): boolean =>
      whyNot({ account: 'acct_ann', role: mine }, 'member.role', { person: 'acct_bob', role, next }) === undefined;
    const ways = ROLES.flatMap((mine) => ROLES.flatMap((role) => ROLES.map((next) => [mine, role, next] as const)));
    const low: Role[] = ['guest', 'member', 'moderator'];
    for (const [mine, role, next] of ways)
      assert.equal(
        may(mine, role, next),
        mine === 'owner' || (mine === 'admin' && low.includes(role) && low.includes(next)),
      );
    const refusal = whyNot({ account: 'acct_ann', role: 'admin' }, 'member.role', { role: 'member', next: 'admin' });
    assert.deepEqual([refusal?.status, refusal?.code], [403, 'not-below-you']);
    assert.match(refusal?.rule ?? '', /an owner can do it$/);
  });

  test('what one has one may give up, and nobody gives themselves more', () => {
    for (const mine of ROLES)
      for (const next of ROLES) {
        const target = { person: 'acct_ann', role: mine, next };
        const less = ROLES.indexOf(next) <= ROLES.indexOf(mine);
        assert.equal(whyNot({ account: 'acct_ann', role: mine }, 'member.role', target) === undefined, less);
        assert.equal(whyNot({ account: 'acct_ann', role: mine }, 'member.remove', { person: 'acct_ann' }), undefined);
      }
  });

  test('a command asks for its own least role in the same way', () => {
    for (const least of ROLES)
      for (const role of ROLES)
        assert.equal(whyNotRole(role, least, '/x') === undefined, ROLES.indexOf(role) >= ROLES.indexOf(least));
    assert.equal(whyNotRole(undefined, 'guest', '/x')?.status, 403);
  });

  test('a command for people by name is for these alone, and says who can change that', () => {
    const people = ['acct_ann', 'twitch:44'];
    for (const one of people) assert.equal(whyNotNamed([one], people, '/x'), undefined);
    for (const other of ['acct_bob', 'twitch:4', 'discord:44', '']) {
      const refusal = whyNotNamed([other], people, '/x');
      assert.deepEqual([refusal?.status, refusal?.code], [403, 'not-allowed'], other);
      assert.equal(refusal?.message, '/x is for named people here. An admin or owner can change that.');
      assert.equal(refusal?.rule, '/x: named people; an admin or owner can change it');
    }
  });
});

function has(roles: Role[], role: Role | undefined): boolean {
  return role !== undefined && roles.includes(role);
}
