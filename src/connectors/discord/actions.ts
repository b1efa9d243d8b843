import { RequestMethod } from '@discordjs/rest';
import type { Clock } from '#core/clock.ts';
import { toRfc3339 } from '#core/clock.ts';
import { AppError, badRequest, notReady } from '#core/errors.ts';
import { cannot, type ActionTarget, type PlatformAction, type PlatformActions } from '#core/platform.ts';
import type { Rest } from './calls.ts';
import { CODE, LIMIT, NO_ENTRY } from './discord.external.ts';
import { faultOf } from './faults.ts';
import type { Guilds } from './guilds.ts';
import { PERMISSION_WORDS, TEXTS } from './texts.ts';

export interface ActionsOptions {
  rest: Rest;
  guilds: Guilds;
  clock: Clock;
}

/** What features may do in a guild. Roles are named by their id or by their name. */
export function actionsOf({ rest, guilds, clock }: ActionsOptions): PlatformActions {
  const member = (target: ActionTarget, body: object, reason?: string) =>
    rest.request({ method: RequestMethod.Patch, fullRoute: memberRoute(target), body, ...(reason && { reason }) });
  const role = async (target: ActionTarget, wanted: string, method: RequestMethod) =>
    rest.request({ method, fullRoute: `${memberRoute(target)}/roles/${await roleId(rest, target, wanted)}` });
  return {
    deleteMessage: (target) =>
      act('deleteMessage', () =>
        rest.request({
          method: RequestMethod.Delete,
          fullRoute: `/channels/${given(target.room, 'a room')}/messages/${given(target.message, 'a message')}`,
        }),
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
    kick: () => act('kick', notYet('kick')),
    ban: () => act('ban', notYet('ban')),
    unban: () => act('unban', notYet('unban')),
    slowMode: () => act('slowMode', notYet('slowMode')),
  };
}

const notYet = (action: PlatformAction) => async (): Promise<void> => {
  throw cannot('Discord', action, TEXTS.notYet);
};

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
