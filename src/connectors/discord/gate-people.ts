import { orLater, TryLater } from '#bus/outbound-queue.ts';
import { AppError } from '#core/errors.ts';
import { nicknameBy, type AtPlace, type PlaceGate } from '#core/place-gate.ts';
import type { PlatformActions, PlatformLog } from '#core/platform.ts';
import type { Calls } from './calls.ts';
import { CODE, type MemberPayload } from './discord.external.ts';
import { codeOf } from './faults.ts';
import type { Door } from './gate-lines.ts';

export interface GatePeopleOptions {
  gate: PlaceGate;
  calls: Pick<Calls, 'members' | 'member'>;
  actions: Pick<PlatformActions, 'grantRole' | 'removeRole' | 'setNickname'>;
  log: PlatformLog;
}

/** `role`: the platform's id of the door's role. `joinedSince`: whoever came later gets the name too. */
export interface Settling {
  door: Door;
  role: string | undefined;
  joinedSince: number;
}

/** Gives everybody of a guild what the gate wants for them. Throws `TryLater`. Needs the members intent. */
export async function settleAll(options: GatePeopleOptions, settling: Settling): Promise<void> {
  for (let after: string | undefined = '0'; after !== undefined;) {
    const members: MemberPayload[] = await options.calls.members(settling.door.id, after);
    await settle(options, settling, members);
    after = members.at(-1)?.user.id;
  }
}

/** The same where the bot may not list the members: verified people one by one, so that who came back has what is theirs. */
export async function settleVerified(options: GatePeopleOptions, settling: Settling): Promise<void> {
  const { gate, calls } = options;
  const { id, place } = settling.door;
  for (let after = ''; ;) {
    const people = await orLater(gate.verified(place, after));
    const last = people.at(-1);
    if (last === undefined) return;
    const members: MemberPayload[] = [];
    for (const person of people) members.push(...(await memberOrNone(calls, id, person)));
    await settle(options, settling, members);
    after = last;
  }
}

async function memberOrNone(
  { member }: Pick<Calls, 'member'>,
  guild: string,
  person: string,
): Promise<MemberPayload[]> {
  try {
    return [await member(guild, person)];
  } catch (error) {
    if (codeOf(error) === CODE.unknownMember || codeOf(error) === CODE.unknownUser) return [];
    throw error;
  }
}

/**
 * The same for some. The role is the gate's: verified people have it and others do not, whoever gave or took it. The name is given
 * with the role and to who comes; what somebody is called afterwards is left alone. Whether anything was done.
 */
export async function settle(
  options: GatePeopleOptions,
  settling: Settling,
  members: MemberPayload[],
): Promise<boolean> {
  const { gate } = options;
  const people = members.filter(({ user }) => !user.bot);
  const found = await orLater(
    gate.look(
      settling.door.place,
      people.map(({ user }) => ({ person: user.id, platformRoles: [] })),
    ),
  );
  let done = 0;
  for (const member of people)
    done += await settleOne(options, settling, { member, standing: found.get(member.user.id) });
  return done > 0;
}

/** How much was done. */
async function settleOne(
  { actions, log }: GatePeopleOptions,
  { door, role, joinedSince }: Settling,
  { member, standing }: { member: MemberPayload; standing: AtPlace | undefined },
): Promise<number> {
  const target = { space: door.id, person: member.user.id };
  const has = role !== undefined && member.roles.includes(role);
  const lacks = role !== undefined && !has;
  const acts: (() => Promise<void>)[] = [];
  if (standing?.is === 'held' && has) acts.push(() => actions.removeRole(target, role));
  if (standing?.is === 'verified') {
    if (lacks) acts.push(() => actions.grantRole(target, role));
    const wanted =
      door.rules.nickname !== null && standing.name !== null && nicknameBy(door.rules.nickname, standing.name);
    const isNew = lacks || Date.parse(member.joined_at ?? '') > joinedSince;
    if (isNew && wanted && wanted !== member.nick) acts.push(() => actions.setNickname(target, wanted));
  }
  for (const act of acts) await tried(act, { log, door });
  return acts.length;
}

/** What the guild refuses for one person does not keep the others: the rights are looked at by themselves. */
async function tried(work: () => Promise<void>, { log, door }: { log: PlatformLog; door: Door }): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.status === 429 || error.status === 503) throw new TryLater((error.retryAfter ?? 1) * 1_000);
    log.warn({ platform: 'discord', guild: door.id, code: error.code }, `the gate: ${error.message}`);
  }
}
