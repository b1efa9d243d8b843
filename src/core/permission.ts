import { refused, type AppError } from './errors.ts';
import { atLeast, type Role } from './roles.ts';
import { SCOPE_WORDS, type Scope } from './scopes.ts';

/**
 * Everything that somebody may be asked for, with the least role. `own`: also whoever made the thing. `below`: it is done to
 * a person, who must stand below; an owner may do it to everybody. `notOwners`: but to no owner.
 */
const RULES = {
  'room.read': { least: 'guest' },
  'room.post': { least: 'member' },
  'room.create': { least: 'moderator' },
  'room.change': { least: 'moderator' },
  'room.delete': { least: 'admin', own: true },
  'room.members': { least: 'moderator', own: true },
  'message.edit': { least: 'owner', own: true, ownOnly: true },
  'message.delete': { least: 'moderator', own: true },
  'message.search': { least: 'guest' },
  'message.report': { least: 'member' },
  'person.mute': { least: 'moderator', below: true, notOwners: true },
  'person.kick': { least: 'moderator', below: true, notOwners: true },
  'person.ban': { least: 'moderator', below: true, notOwners: true },
  'sanction.list': { least: 'moderator' },
  'sanction.lift': { least: 'moderator' },
  'order.see': { least: 'moderator' },
  'order.lock-down': { least: 'moderator' },
  'order.words': { least: 'moderator' },
  'order.settle': { least: 'moderator' },
  'room.slow': { least: 'moderator' },
  'people.list': { least: 'member' },
  'invite.make': { least: 'moderator' },
  'invite.list': { least: 'admin' },
  'webhook.list': { least: 'moderator' },
  'webhook.change': { least: 'moderator' },
  'community.change': { least: 'admin' },
  'overview.read': { least: 'member' },
  'work.read': { least: 'moderator' },
  'work.change': { least: 'admin' },
  'community.end': { least: 'owner' },
  'member.list': { least: 'member' },
  'member.details': { least: 'moderator' },
  'member.role': { least: 'admin', below: true },
  'member.remove': { least: 'moderator', below: true },
  'command.list': { least: 'member' },
  'command.change': { least: 'admin' },
  'feature.list': { least: 'member' },
  // Their texts and lists are for those who keep order.
  'feature.read': { least: 'moderator' },
  'feature.change': { least: 'admin' },
  'space.list': { least: 'member' },
  'space.change': { least: 'admin' },
  'audit.read': { least: 'admin' },
  'secret.list': { least: 'admin' },
  'secret.change': { least: 'admin' },
  'verification.see': { least: 'moderator' },
  'verification.change': { least: 'admin' },
  'verification.people': { least: 'moderator' },
  'list.see': { least: 'moderator' },
  'list.change': { least: 'admin' },
} as const satisfies Record<string, Rule>;

export type Action = keyof typeof RULES;

interface Rule {
  least: Role;
  own?: boolean;
  ownOnly?: boolean;
  below?: boolean;
  notOwners?: boolean;
}

export interface Actor {
  account: string;
  /** Their role in the community at hand; undefined for a stranger. */
  role: Role | undefined;
}

export interface Target {
  /** Who made it, for rules that ask. */
  owner?: string;
  /** The person to whom it is done, their role, and the one that they are to have. */
  person?: string;
  role?: Role | undefined;
  next?: Role | undefined;
}

/**
 * The one permission function: every route, frame and command asks it (commands with their own least role).
 * Returns the refusal to throw, or undefined where it is allowed.
 */
export function whyNot(actor: Actor, action: Action, target: Target = {}): AppError | undefined {
  const rule: Rule = RULES[action];
  const mine =
    rule.own === true && target.owner === actor.account && actor.role !== undefined && actor.role !== 'guest';
  if (mine) return undefined;
  if (rule.below && givesUp(actor, target)) return undefined;
  if (rule.ownOnly) return refused('not-yours', 'Only its author can do that.', `${action}: the author alone`);
  return (
    whyNotRole(actor.role, rule.least, action) ?? (rule.below ? whyNotTo({ actor, target, rule, action }) : undefined)
  );
}

/** What one has, one may give up. */
function givesUp({ account, role }: Actor, { person, next }: Target): boolean {
  return person === account && role !== undefined && (next === undefined || atLeast(role, next));
}

/** Nobody acts on whoever stands as high, nor gives a role as high as their own; owners stand above all. */
function whyNotTo({
  actor: { role: mine },
  target: { role, next },
  rule,
  action,
}: {
  actor: Actor;
  target: Target;
  rule: Rule;
  action: Action;
}): AppError | undefined {
  const safe = rule.notOwners === true && role === 'owner';
  if (mine === undefined || (mine === 'owner' && !safe)) return undefined;
  const tooHigh = [role, next].find((one) => one !== undefined && atLeast(one, mine));
  if (tooHigh === undefined) return undefined;
  return refused(
    'not-below-you',
    `You are ${a(mine)}, and this is about the role ${tooHigh}. Somebody who stands above both can do it.`,
    `${action}: for roles below one’s own; an owner can do it`,
  );
}

function a(role: Role): string {
  return role === 'admin' || role === 'owner' ? `an ${role}` : `a ${role}`;
}

/** The same question for what concerns the whole instance: it asks for the operator's mark and for no role. */
export function whyNotOperator(operator: boolean): AppError | undefined {
  if (operator) return undefined;
  return refused(
    'operator-only',
    'Only the operator of this hall can do that.',
    'operator: npm run -s guildhall -- account create NAME --owner --password-stdin makes one',
  );
}

/** The same question for a command, whose least role is declared or set by the community. */
export function whyNotRole(role: Role | undefined, least: Role, what: string): AppError | undefined {
  if (role !== undefined && atLeast(role, least)) return undefined;
  const has = role === undefined ? 'You are not a member here.' : `You are a ${role}.`;
  return refused(
    'not-allowed',
    `This asks for ${least}. ${has} An admin or owner can change roles.`,
    `${what}: ${least} and up; an admin or owner can change it`,
  );
}

/** The same question for a command that a community keeps for people by name: these alone, whatever their role. */
export function whyNotNamed(names: readonly string[], people: readonly string[], what: string): AppError | undefined {
  if (names.some((name) => people.includes(name))) return undefined;
  return refused(
    'not-allowed',
    `${what} is for named people here. An admin or owner can change that.`,
    `${what}: named people; an admin or owner can change it`,
  );
}

/** The same question for a program: what its token was made for. Without scopes it is a person's own session, which may all. */
export function whyNotScope(scopes: ReadonlySet<Scope> | undefined, needed: Scope): AppError | undefined {
  if (scopes === undefined || scopes.has(needed)) return undefined;
  return refused(
    'scope-missing',
    `This token may not ${SCOPE_WORDS[needed]}: it was made without the scope ${needed}.`,
    `${needed}: the token’s scopes; its person can make a token with it`,
  );
}

/** The same question for a program that runs a command: nothing is done by one that its token may not do over HTTP. */
export function whyNotCommand(
  scopes: ReadonlySet<Scope> | undefined,
  needed: Scope | 'session' | undefined,
): AppError | undefined {
  const refusal = whyNotScope(scopes, 'commands');
  if (refusal || needed === undefined) return refusal;
  return needed === 'session' ? whyNotProgram(scopes) : whyNotScope(scopes, needed);
}

/** The same question for what a person does alone: no token may, whatever its scopes. */
export function whyNotProgram(scopes: ReadonlySet<Scope> | undefined): AppError | undefined {
  if (scopes === undefined) return undefined;
  return refused(
    'session-needed',
    'No token may do this. Sign in and do it yourself.',
    'session: the person alone, signed in; no token has this',
  );
}
