import { may } from './permissions.ts';
import { type Wrong, wrong } from './problems.ts';
import type { Guild, Json, Mentions, User } from './world.ts';

/** What decides whom a message calls. */
export interface Calling {
  content: string;
  /** `allowed_mentions` of the body, as it came. */
  allowed: unknown;
  guild: Guild | undefined;
  /** Everyone who could be called. */
  people: User[];
  /** The author of the message that is answered. */
  answered: User | undefined;
  /** What the author may do in the channel. */
  held: bigint;
}

/**
 * Whom a message calls: the mentions in its text, less what `allowed_mentions` leaves out, and everyone or a role only
 * where the author may. https://discord.com/developers/docs/resources/message#allowed-mentions-object
 */
export function mentionsOf(calling: Calling): Mentions {
  const { content, guild, people, answered, held } = calling;
  const allowed = allowedOf(calling.allowed);
  const ids = new Set([...content.matchAll(/<@!?(\d+)>/g)].map((match) => match[1]));
  const named = ids.size === 0 ? [] : people.filter((one) => ids.has(one.id));
  const users = named.filter((one) => allows(allowed, 'users', one.id));
  if (answered && allowed.answered && !users.includes(answered)) users.push(answered);
  const roles = [...(guild?.roles.values() ?? [])]
    .filter((role) => content.includes(`<@&${role.id}>`) && allows(allowed, 'roles', role.id))
    .filter((role) => role.mentionable || may(held, 'MENTION_EVERYONE'));
  const everyone = /@(everyone|here)\b/.test(content) && allowed.kinds.has('everyone') && may(held, 'MENTION_EVERYONE');
  return { users, roles: roles.map((role) => role.id), everyone };
}

/** What is wrong with an `allowed_mentions`; nothing where it is left out. */
export function wrongMentions(given: unknown): Wrong[] {
  if (given === undefined || given === null) return [];
  if (typeof given !== 'object') return [wrong.type('DICT', 'allowed_mentions')];
  const { parse, users, roles }: Json = { ...given };
  const kinds = Array.isArray(parse) ? parse : [];
  return [
    ...kinds
      .filter((kind) => !KINDS.includes(kind))
      .map(() => wrong.choice(`(${KINDS.join(', ')})`, 'allowed_mentions')),
    ...[users, roles]
      .filter((list) => Array.isArray(list) && list.length > MOST_NAMED)
      .map(() => wrong.longerThan(MOST_NAMED, 'allowed_mentions')),
    ...(bothWays(kinds, 'users', users) || bothWays(kinds, 'roles', roles) ? [EXCLUSIVE] : []),
  ];
}

interface Allowed {
  kinds: Set<string>;
  users: string[];
  roles: string[];
  answered: boolean;
}

const KINDS = ['users', 'roles', 'everyone'];
const MOST_NAMED = 100;

const EXCLUSIVE = wrong.because(
  'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
  'parse and the list of the same kind are mutually exclusive.',
  'allowed_mentions',
);

const bothWays = (kinds: unknown[], kind: string, list: unknown): boolean =>
  kinds.includes(kind) && Array.isArray(list) && list.length > 0;

/** Left out, everything in the text calls, and so does an answer. Given, only what it says. */
function allowedOf(given: unknown): Allowed {
  if (typeof given !== 'object' || given === null)
    return { kinds: new Set(KINDS), users: [], roles: [], answered: true };
  const { parse, users, roles, replied_user: answered }: Json = { ...given };
  return { kinds: new Set(listOf(parse)), users: listOf(users), roles: listOf(roles), answered: answered === true };
}

const listOf = (given: unknown): string[] => (Array.isArray(given) ? given.map(String) : []);

const allows = (allowed: Allowed, kind: 'users' | 'roles', id: string): boolean =>
  allowed.kinds.has(kind) || allowed[kind].includes(id);
