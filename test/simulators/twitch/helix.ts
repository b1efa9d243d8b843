import type { Call, Endpoint } from './helix-call.ts';
import { refuse } from './helix-call.ts';
import { channelRoutes } from './helix-channels.ts';
import { chatRoutes } from './helix-chat.ts';
import { moderationRoutes } from './helix-moderation.ts';
import type { Answer, Asked, Router } from './rest.ts';
import { texts } from './texts.ts';
import { type Access, remember } from './tokens.ts';

/** The API: https://dev.twitch.tv/docs/api/reference/. `more` are the routes of other parts. */
export function helixRouter(more: Record<string, Endpoint>): Router {
  const endpoints = { ...channelRoutes, ...chatRoutes, ...moderationRoutes, ...more };
  const budget = createBudget();
  return (method, path) => {
    const name = `${method} ${path.replace(/^\/(helix|mock)\//, '/')}`;
    const ours = /^\/(helix|mock)\//.test(path) || path === '/eventsub/subscriptions';
    const endpoint = ours ? endpoints[name] : undefined;
    return endpoint && ((asked) => answer(asked, endpoint, budget));
  };
}

const LIMIT = 800;

interface Budget {
  take(owner: string, now: number): { left: number; reset: number };
}

/** 800 points a minute for each application and user: https://dev.twitch.tv/docs/api/guide/#twitch-rate-limits */
function createBudget(): Budget {
  const windows = new Map<string, { left: number; reset: number }>();
  return {
    take(owner, now) {
      const known = windows.get(owner);
      const current = known && known.reset > now ? known : { left: LIMIT, reset: now + 60_000 };
      remember(windows, owner, current);
      current.left -= 1;
      return current;
    },
  };
}

function answer(asked: Asked, endpoint: Endpoint, budget: Budget): Answer {
  const access = accessOf(asked);
  if ('refused' in access) return access.refused;
  const owner = `${access.app}/${access.account?.id ?? ''}`;
  const { left, reset } = budget.take(owner, asked.hub.clock());
  const limit = {
    'ratelimit-limit': String(LIMIT),
    'ratelimit-remaining': String(Math.max(0, left)),
    'ratelimit-reset': String(Math.ceil(reset / 1_000)),
  };
  if (left < 0) asked.hub.log.violation(texts.apiLimit(access.app));
  const says = left < 0 ? refuse(asked, 429, 'Too Many Requests') : allowed({ ...asked, access }, endpoint);
  return { ...says, headers: { ...limit, ...says.headers } };
}

function accessOf(asked: Asked): Access | { refused: Answer } {
  const [, token] = /^Bearer (\S+)$/i.exec(asked.headers.authorization ?? '') ?? [];
  const app = asked.headers['client-id'];
  if (token === undefined) return { refused: refuse(asked, 401, 'OAuth token is missing') };
  if (!app) return { refused: refuse(asked, 401, 'Client ID is missing') };
  const access = asked.hub.tokens.find(token);
  if (!access) return { refused: refuse(asked, 401, 'Invalid OAuth token') };
  return access.app === app ? access : { refused: refuse(asked, 401, 'Client ID and OAuth token do not match') };
}

function allowed(call: Call, { scopes, user, run }: Endpoint): Answer {
  const { account, scopes: has } = call.access;
  if (user && !account) return refuse(call, 401, 'Missing User OAUTH Token');
  if (account && scopes && !scopes.some((scope) => has.includes(scope))) {
    return refuse(call, 401, `Missing scope: ${scopes.join(' or ')}`);
  }
  return run(call);
}
