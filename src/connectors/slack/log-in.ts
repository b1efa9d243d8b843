import { backOff, type Pauses } from './back-off.ts';
import { botOf, type Bot } from './read.ts';
import type { CallFailed, SlackIdentity, Times } from './slack.external.ts';
import type { Standing } from './standing.ts';
import { TEXTS } from './texts.ts';
import type { WebApi } from './web-api.ts';

export interface LogInOptions {
  api: WebApi;
  standing: Standing;
  pauses: Pauses;
  times: Times;
  isStopped(): boolean;
}

/** Asks Slack who the bot is, until it answers. Undefined where the token is refused, or the connector was stopped. */
export async function logIn({ api, standing, pauses, times, isStopped }: LogInOptions): Promise<Bot | undefined> {
  for (let failures = 1; !isStopped(); failures++) {
    try {
      const told = await api.call<SlackIdentity>('auth.test', {});
      return botOf({ user: told.user_id, name: told.user, team: told.team_id, teamName: told.team });
    } catch (error) {
      const { trouble, code, retryAfter } = error as CallFailed;
      if (trouble === 'token') return undefined;
      standing.is('down', TEXTS.noAnswer(code), code);
      await pauses.wait(Math.max(retryAfter, backOff(failures, times)));
    }
  }
  return undefined;
}
