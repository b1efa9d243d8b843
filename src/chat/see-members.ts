import { toRfc3339 } from '#core/clock.ts';
import { badRequest } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { whyNot } from '#core/permission.ts';
import { ROLES, type Role } from '#core/roles.ts';
import { countRoles, listMembers, memberDetails, type Member, type MemberDetails } from '#storage/members.ts';
import { enterCommunity, type Chat, type Person } from './chat.ts';

export interface MembersAsked {
  /** The start of a username or name. */
  query?: string;
  roles?: readonly Role[];
  /** What the page before gave as `next`. */
  after?: string;
  limit?: number;
}

/** A member as others see them; when they were here and what they are called elsewhere is for those who keep order. */
export interface SeenMember extends Omit<Member, 'joinedAt'>, Partial<Pick<MemberDetails, 'identities'>> {
  joinedAt: string;
  lastSeenAt?: string | null;
}

export interface MembersPage {
  members: SeenMember[];
  /** Of the whole community, whatever was asked for. */
  counts: Record<Role, number>;
  /** Where the next page begins; null where there is none. */
  next: string | null;
}

/** A page of a community's members. */
export async function seeMembers(
  chat: Chat,
  person: Person,
  community: string,
  asked: MembersAsked,
): Promise<MembersPage> {
  const role = await enterCommunity(chat, person, community, 'member.list');
  const { db } = chat.storage;
  const { query, roles, after, limit = LIMITS.membersDefault } = asked;
  const last = after === undefined ? undefined : readPlace(after);
  const found = await listMembers(db, {
    community,
    limit: limit + 1,
    ...(query !== undefined && { query }),
    ...(roles && { roles }),
    ...(last && { after: last }),
  });
  const page = found.slice(0, limit);
  const keepsOrder = whyNot({ account: person.account, role }, 'member.details') === undefined;
  const details = keepsOrder
    ? await memberDetails(
        db,
        page.map(({ id }) => id),
      )
    : undefined;
  return {
    members: page.map((member) => shape(member, details?.get(member.id))),
    counts: await countRoles(db, community),
    next: found.length > limit ? placeOf(page.at(-1)) : null,
  };
}

function shape({ joinedAt, ...member }: Member, details: MemberDetails | undefined): SeenMember {
  const seen = { ...member, joinedAt: toRfc3339(joinedAt) };
  if (!details) return seen;
  const { lastSeenAt, identities } = details;
  return { ...seen, lastSeenAt: lastSeenAt === null ? null : toRfc3339(lastSeenAt), identities };
}

function placeOf(last: Member | undefined): string | null {
  return last ? `${last.role}.${last.username}` : null;
}

function readPlace(text: string): Pick<Member, 'role' | 'username'> {
  const [, named = '', username = ''] = /^([a-z]+)\.([a-z0-9_.-]{1,30})$/.exec(text) ?? [];
  const role = ROLES.find((one) => one === named);
  if (!role) throw badRequest('bad-after', 'after: as `next` of the page before gave it.');
  return { role, username };
}
