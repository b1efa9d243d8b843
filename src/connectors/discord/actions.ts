import { RequestMethod } from '@discordjs/rest';
import type { Clock } from '#core/clock.ts';
import { toRfc3339 } from '#core/clock.ts';
import { AppError, badRequest, notReady } from '#core/errors.ts';
import { cannot, type ActionTarget, type PlatformAction, type PlatformActions } from '#core/platform.ts';
import type { Rest } from './calls.ts';
import { CODE, LIMIT, NO_ENTRY } from './discord.external.ts';
import { codeOf, faultOf } from './faults.ts';
import { permissionsOf, standingBy, type Guilds } from './guilds.ts';
import { PERMISSION_WORDS, TEXTS } from './texts.ts';

export interface ActionsOptions {
  rest: Rest;
  guilds: Guilds;
  clock: Clock;
}

/** What features may do in a guild. Roles are named by their id or by their name. */
export function actionsOf({ rest, guilds, clock }: ActionsOptions): PlatformActions {
  const member = (target: ActionTarget, body: object, reason = '') =>
    rest.request({ method: RequestMethod.Patch, fullRoute: memberRoute(target), body, ...because(reason) });
  const role = async (target: ActionTarget, wanted: string, method: RequestMethod) =>
    rest.request({ method, fullRoute: `${memberRoute(target)}/roles/${await roleId(rest, target, wanted)}` });
  return {
    deleteMessage: (target) =>
      act('deleteMessage', () =>
        unlessDone(CODE.unknownMessage, () =>
          rest.request({
            method: RequestMethod.Delete,
            fullRoute: `/channels/${given(target.room, 'a room')}/messages/${given(target.message, 'a message')}`,
          }),
        ),
      ),
    grantRole: (target, wanted) => act('grantRole', () => role(target, wanted, RequestMethod.Put)),
    removeRole: (target, wanted) => act('removeRole', () => role(target, wanted, RequestMethod.Delete)),
    setNickname: (target, nickname) =>
      act('setNickname', () => {
        if (nickname.length > LIMIT.nickname) throw badRequest('nickname-too-long', TEXTS.tooLongName);
        if (guilds.get(target.space)?.owner === target.person) throw cannot('Discord', 'setNickname', TEXTS.ownerName);
        return member(target, { nick: nickname === '' ? null : nickname });
      }),
    timeOut: (target, seconds, reason) =>
      act('timeOut', () => {
        if (seconds > LIMIT.timeOutSeconds) throw badRequest('time-out-too-long', TEXTS.tooLongOut);
        const until = seconds > 0 ? toRfc3339(clock() + seconds * 1_000) : null;
        return member(target, { communication_disabled_until: until }, reason);
      }),
    ...outActionsOf(rest),
    rolesOf: (target) => rolesThere(target, { rest, guilds }),
    slowMode: (target, seconds) =>
      act('slowMode', () => {
        if (seconds > LIMIT.slowSeconds) throw badRequest('slow-mode-too-long', TEXTS.tooSlow);
        const fullRoute = `/channels/${given(target.room, 'a room')}` as const;
        return rest.request({ method: RequestMethod.Patch, fullRoute, body: { rate_limit_per_user: seconds } });
      }),
  };
}

/** The owner, what somebody may do by their roles, and the roles themselves. A guild that is not known yet is asked for again. */
async function rolesThere(
  target: ActionTarget,
  { rest, guilds }: Pick<ActionsOptions, 'rest' | 'guilds'>,
): Promise<string[]> {
  const guild = guilds.get(target.space);
  if (!guild) throw notReady('platform-unreachable', TEXTS.again, AGAIN_MS / 1_000);
  if (guild.owner === target.person) return ['owner'];
  const asked = { method: RequestMethod.Get, fullRoute: memberRoute(target) } as const;
  const member = await unlessDone(CODE.unknownMember, () => rest.request(asked)).catch((error: unknown) => {
    throw error instanceof AppError ? error : errorOf('ban', error);
  });
  const { roles = [] } = Object(member) as { roles?: string[] };
  return [...standingBy(permissionsOf(guild, roles)), ...roles];
}

/** Who is out, or banned, or not banned any more, when the same comes a second time, is as was asked. */
function outActionsOf(rest: Rest): Pick<PlatformActions, 'kick' | 'ban' | 'unban'> {
  const { Delete, Put } = RequestMethod;
  return {
    kick: (target, reason) =>
      act('kick', () =>
        unlessDone(CODE.unknownMember, () =>
          rest.request({ method: Delete, fullRoute: memberRoute(target), ...because(reason) }),
        ),
      ),
    // What they said stays: what is deleted is deleted by somebody who read it.
    ban: (target, reason) =>
      act('ban', () =>
        rest.request({
          method: Put,
          fullRoute: banRoute(target),
          body: { delete_message_seconds: 0 },
          ...because(reason),
        }),
      ),
    unban: (target, reason) =>
      act('unban', () =>
        unlessDone(CODE.unknownBan, () =>
          rest.request({ method: Delete, fullRoute: banRoute(target), ...because(reason) }),
        ),
      ),
  };
}

/** For the guild’s audit log. Half a character would not go into a header. */
function because(reason: string): { reason?: string } {
  const words = reason.slice(0, LIMIT.reason).toWellFormed();
  return words === '' ? {} : { reason: words };
}

async function unlessDone(code: number, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === code) return undefined;
    throw error;
  }
}

async function act(action: PlatformAction, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof AppError ? error : errorOf(action, error);
  }
}

function errorOf(action: PlatformAction, error: unknown): AppError {
  const fault = faultOf(error);
  if (fault.kind !== 'refused') return notReady('platform-unreachable', TEXTS.again, Math.ceil(waitOf(fault) / 1_000));
  if (NO_ENTRY.has(fault.code)) return cannot('Discord', action, TEXTS.mayNot(PERMISSION_WORDS[action]));
  if (UNKNOWN.has(fault.code)) return cannot('Discord', action, TEXTS.noSuch.target);
  return cannot('Discord', action, TEXTS.discordSays(fault.code, fault.words));
}

function waitOf(fault: ReturnType<typeof faultOf>): number {
  return (fault.kind === 'later' && fault.ms) || AGAIN_MS;
}

/** ms after which another try makes sense, where Discord does not say. */
const AGAIN_MS = 60_000;

const UNKNOWN: ReadonlySet<number> = new Set([
  CODE.unknownChannel,
  CODE.unknownGuild,
  CODE.unknownMember,
  CODE.unknownMessage,
  CODE.unknownRole,
  CODE.unknownUser,
]);

function memberRoute(target: ActionTarget): `/${string}` {
  return `/guilds/${given(target.space, 'a server')}/members/${given(target.person, 'a person')}`;
}

function banRoute(target: ActionTarget): `/${string}` {
  return `/guilds/${given(target.space, 'a server')}/bans/${given(target.person, 'a person')}`;
}

/** An id in an address; nothing else fits there. */
function given(id: string | undefined, what: string): string {
  if (id === undefined || !/^\d{1,20}$/.test(id)) throw badRequest('bad-target', TEXTS.needs(what));
  return id;
}

async function roleId(rest: Rest, target: ActionTarget, wanted: string): Promise<string> {
  if (/^\d{17,20}$/.test(wanted)) return wanted;
  const roles = (await rest.request({
    method: RequestMethod.Get,
    fullRoute: `/guilds/${given(target.space, 'a server')}/roles`,
  })) as { id: string; name: string }[];
  const found = roles.find((one) => one.name === wanted) ?? roles.find((one) => same(one.name, wanted));
  if (!found) throw badRequest('unknown-role', TEXTS.noSuch.role(wanted));
  return found.id;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
