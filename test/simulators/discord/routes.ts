import { autoModerationRoutes } from './routes-auto-moderation.ts';
import type { Upload } from './message-body.ts';
import type { Limit, Platform } from './platform.ts';
import { channelRoutes } from './routes-channels.ts';
import { commandRoutes } from './routes-commands.ts';
import { guildRoutes } from './routes-guilds.ts';
import { interactionRoutes } from './routes-interactions.ts';
import { orderRoutes } from './routes-order.ts';
import { selfRoutes } from './routes-self.ts';
import { webhookRoutes } from './routes-webhooks.ts';

/** A call as a route gets it. `path` is without `/api/v10`; `params` are the parts of it that the route names. */
export interface Asked {
  platform: Platform;
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
  uploads: Upload[];
  /** For the guild’s audit log. */
  reason: string | undefined;
}

export interface Reply {
  status: number;
  body?: unknown;
}

export interface Route {
  method: string;
  /** As Discord's documents write it, with `:name` for a part that changes. */
  path: string;
  /** Needs no Authorization: its token stands in the path. */
  open?: true;
  limit?: 'messageLimit' | 'followUpLimit' | 'bulkLimit';
  answer(asked: Asked): Reply;
}

export interface Found {
  route: Route;
  params: Record<string, string>;
  /** What shares one rate limit: the route, and the channel, guild or webhook it is for. */
  bucket: string;
}

/** The route of a call, or undefined where Discord has none, or this stand-in does not know it. */
export function findRoute(method: string, path: string): Found | undefined {
  const parts = path.split('/');
  for (const route of ROUTES) {
    const params = route.method === method ? paramsOf(route.path.split('/'), parts) : undefined;
    if (params) return { route, params, bucket: `${method} ${route.path}|${majorOf(params)}` };
  }
  return undefined;
}

/** Whether some method is known for this path. */
export const isPath = (path: string): boolean =>
  ROUTES.some((route) => paramsOf(route.path.split('/'), path.split('/')) !== undefined);

/** https://discord.com/developers/docs/topics/rate-limits: these parts of a path have limits of their own. */
const majorOf = ({ channel, guild, application, token }: Record<string, string>): string =>
  [channel, guild, application, token].join('/');

export const limitOf = ({ settings }: Platform, { limit }: Route): Limit => (limit ? settings[limit] : ORDINARY);

const ORDINARY: Limit = { calls: 50, perMs: 1_000 };

/** Fixed parts stand before named ones: `/users/@me` is not a user. */
const ROUTES: Route[] = [
  ...selfRoutes,
  ...guildRoutes,
  ...orderRoutes,
  ...autoModerationRoutes,
  ...channelRoutes,
  ...interactionRoutes,
  ...webhookRoutes,
  ...commandRoutes,
];

function paramsOf(wanted: string[], given: string[]): Record<string, string> | undefined {
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':') && value) params[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return params;
}
