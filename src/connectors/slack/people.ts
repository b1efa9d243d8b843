import type { Timer } from '#bus/outbound-queue.ts';
import type { PlatformLog } from '#core/platform.ts';
import { mappedRole } from '#core/role-mapping.ts';
import type { Role } from '#core/roles.ts';
import { KEPT, type CallFailed, type SlackUser, type Times } from './slack.external.ts';
import { TEXTS } from './texts.ts';
import type { WebApi } from './web-api.ts';

/** Who somebody is in the workspace. */
export interface Who {
  name: string;
  username: string;
  role: Role;
  /** What they are there, in Slack's words. */
  platformRoles: string[];
}

export interface People {
  /** At once where it is known. Never throws and never takes longer than `times.who`: then a guess has to do. */
  who(user: string, username?: string): Who | Promise<Who>;
  /** Slack says that somebody changed. */
  changed(user: SlackUser): void;
}

export interface PeopleOptions {
  api: WebApi;
  /** The bot's workspace: an admin of another one is none here. */
  team(): string;
  times: Times;
  timer: Timer;
  log: PlatformLog;
}

/** Slack's word on people, asked once for each and remembered. */
export function people({ api, team, times, timer, log }: PeopleOptions): People {
  const known = new Map<string, { who: Who; until: number }>();
  const asking = new Map<string, Promise<Who>>();
  /** Slack limits this method for the whole workspace. */
  let notBefore = -Infinity;

  function keep(user: string, who: Who, ms: number): Who {
    known.delete(user);
    known.set(user, { who, until: timer.now() + ms });
    if (known.size > KEPT) known.delete(known.keys().next().value as string);
    return who;
  }

  /** Goes on behind a guess that somebody had to make do with: the next question finds the answer. */
  async function ask(user: string, username: string): Promise<Who> {
    for (let tries = 1; ; tries++) {
      await until(notBefore);
      try {
        const { user: told } = await api.call<{ user: SlackUser }>('users.info', { user });
        return keep(user, whoOf(told, team()), times.whoKept);
      } catch (error) {
        const { code, trouble, retryAfter } = error as CallFailed;
        if (trouble === 'limited') notBefore = timer.now() + retryAfter;
        else if (trouble === 'passing') await until(timer.now() + times.whoAgain);
        if (tries < MOST_TRIES && (trouble === 'limited' || trouble === 'passing')) continue;
        log.warn({ platform: 'slack', code }, TEXTS.log.noName);
        return keep(user, known.get(user)?.who ?? guess(username), times.whoGuessed);
      }
    }
  }

  function until(time: number): Promise<void> | undefined {
    const ms = time - timer.now();
    return ms > 0 ? new Promise((resolve) => void timer.after(ms, resolve)) : undefined;
  }

  return {
    who(user, username = user) {
      const found = known.get(user);
      if (found && found.until > timer.now()) return found.who;
      let asked = asking.get(user);
      if (!asked) asking.set(user, (asked = ask(user, username).finally(() => asking.delete(user))));
      // What was known longer ago is better than a guess, which would make an admin a member.
      return within(timer, times.who, asked, found?.who ?? guess(username));
    },
    changed(user) {
      if (known.has(user.id)) keep(user.id, whoOf(user, team()), times.whoKept);
    },
  };
}

const MOST_TRIES = 5;

const guess = (username: string): Who => ({ name: username, username, role: 'member', platformRoles: [] });

/** https://docs.slack.dev/reference/objects/user-object */
export function whoOf(user: SlackUser, team: string): Who {
  const { id, name: username = id, profile } = user;
  const name = profile?.display_name || profile?.real_name || user.real_name || username;
  const platformRoles = rolesOf(user, team);
  return { name, username, role: mappedRole({ platform: 'slack', platformRoles }), platformRoles };
}

function rolesOf(user: SlackUser, team: string): string[] {
  if (user.is_stranger || isFromElsewhere(user, team)) return ['stranger'];
  if (user.is_primary_owner || user.is_owner) return ['owner'];
  return user.is_admin ? ['admin'] : [];
}

/** From another workspace, by a channel that both share. */
function isFromElsewhere({ team_id: theirs, enterprise_user: enterprise }: SlackUser, team: string): boolean {
  return theirs !== undefined && theirs !== team && !enterprise?.teams?.includes(team);
}

function within<T>(timer: Timer, ms: number, work: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve) => {
    const cancel = timer.after(ms, () => resolve(otherwise));
    void work.then((value) => {
      cancel();
      resolve(value);
    });
  });
}
