import { REST, RequestMethod, type RESTOptions } from '@discordjs/rest';
import {
  API_URL,
  API_VERSION,
  CALLBACK,
  FLAG,
  LIMIT,
  type AutoModRule,
  type ChannelPayload,
  type CommandPayload,
  type GatewayBot,
  type MemberPayload,
  type MenuPayload,
  type MessagePayload,
  type RolePayload,
} from './discord.external.ts';
import type { Body } from './write.ts';

/** What requests go through. */
export type Rest = Pick<REST, 'request'>;

/** An interaction's own address: its answers need no token of the bot. */
export interface Token {
  interaction: string;
  token: string;
  app: string;
}

export interface RestOptions {
  token: string;
  /** Without the version. */
  apiUrl?: string;
  /** ms until a request without an answer is given up. */
  timeoutMs: number;
  makeRequest?: RESTOptions['makeRequest'];
  /** Discord's own limit for a bot is the default, 50. */
  globalRequestsPerSecond?: number;
}

/** The library's requests, with Discord's rate limits counted. It tries nothing twice: the queue does, and knows what came before. */
export function restOf({ token, apiUrl = API_URL, timeoutMs, ...given }: RestOptions): REST {
  const rest = new REST({
    ...given,
    api: apiUrl.replace(/\/+$/, ''),
    version: API_VERSION,
    retries: 0,
    timeout: timeoutMs,
    rejectOnRateLimit: ({ route, method, retryAfter }) => retryAfter > PATIENCE_MS || isAnswer(route, method),
    handlerSweepInterval: SWEEP_MS,
  });
  return rest.setToken(token);
}

/** ms that a request which is no answer may be held back by the library itself. */
const PATIENCE_MS = 5_000;

/** ms. Each interaction leaves a rate limit behind; an hour of them, the library's own measure, is much. */
const SWEEP_MS = 5 * 60_000;

/** Answers are waited for in the queue, where others can overtake. */
function isAnswer(route: string, method: string): boolean {
  if (route.endsWith('/bulk-delete')) return false;
  return route.startsWith('/webhooks') || (method === 'POST' && /^\/(channels|users|interactions)/.test(route));
}

/** Every request that the connector makes. Each rejects with the library's errors; `faultOf` reads them. */
export type Calls = ReturnType<typeof callsOf>;

export function callsOf(rest: Rest) {
  const post = (fullRoute: `/${string}`, body: Body) =>
    rest.request({ method: RequestMethod.Post, fullRoute, ...body }) as Promise<{ id: string }>;
  return {
    gateway: () => rest.request({ method: RequestMethod.Get, fullRoute: '/gateway/bot' }) as Promise<GatewayBot>,
    message: (channel: string, body: Body) => post(`/channels/${channel}/messages`, body),
    typing: (channel: string) => rest.request({ method: RequestMethod.Post, fullRoute: `/channels/${channel}/typing` }),
    direct: (user: string) => post('/users/@me/channels', { body: { recipient_id: user } }),
    ...interactionCalls(rest),
    ...commandCalls(rest),
    ...keptCalls(rest),
    ...gateCalls(rest),
  };
}

/** Without the bot's token: Discord answers 401 where an interaction's is over, which must not end the bot's own. */
function interactionCalls(rest: Rest) {
  const original = ({ app, token }: Token): `/${string}` => `/webhooks/${app}/${token}/messages/@original`;
  const callback = ({ interaction, token }: Omit<Token, 'app'>, body: Body) =>
    rest.request({
      method: RequestMethod.Post,
      fullRoute: `/interactions/${interaction}/${token}/callback`,
      auth: false,
      ...body,
    });
  return {
    callback,
    defer: (to: Token) => callback(to, { body: { type: CALLBACK.deferred, data: { flags: FLAG.ephemeral } } }),
    choices: (to: Omit<Token, 'app'>, choices: { name: string; value: string | number }[]) =>
      callback(to, { body: { type: CALLBACK.choices, data: { choices } } }),
    original: (to: Token) =>
      rest.request({ method: RequestMethod.Get, fullRoute: original(to), auth: false }) as Promise<{ flags?: number }>,
    edit: (to: Token, body: Body) =>
      rest.request({ method: RequestMethod.Patch, fullRoute: original(to), auth: false, ...body }),
    drop: (to: Token) => rest.request({ method: RequestMethod.Delete, fullRoute: original(to), auth: false }),
    followUp: ({ app, token }: Token, body: Body) =>
      rest.request({ method: RequestMethod.Post, fullRoute: `/webhooks/${app}/${token}`, auth: false, ...body }),
  };
}

function commandCalls(rest: Rest) {
  const commands = (app: string, guild: string): `/${string}` => `/applications/${app}/guilds/${guild}/commands`;
  return {
    commands: (app: string, guild: string) =>
      rest.request({ method: RequestMethod.Get, fullRoute: commands(app, guild) }) as Promise<unknown>,
    setCommands: (app: string, guild: string, body: (CommandPayload | MenuPayload)[]) =>
      rest.request({ method: RequestMethod.Put, fullRoute: commands(app, guild), body }),
  };
}

/** What is kept in a guild; each but the guild itself needs Manage Server. https://discord.com/developers/docs/resources/auto-moderation */
function keptCalls(rest: Rest) {
  const rules = (guild: string): `/${string}` => `/guilds/${guild}/auto-moderation/rules`;
  return {
    rules: (guild: string) =>
      rest.request({ method: RequestMethod.Get, fullRoute: rules(guild) }) as Promise<AutoModRule[]>,
    addRule: (guild: string, body: object) =>
      rest.request({ method: RequestMethod.Post, fullRoute: rules(guild), body }) as Promise<AutoModRule>,
    changeRule: (guild: string, rule: string, body: object) =>
      rest.request({ method: RequestMethod.Patch, fullRoute: `${rules(guild)}/${rule}`, body }),
    guild: (guild: string) =>
      rest.request({ method: RequestMethod.Get, fullRoute: `/guilds/${guild}` }) as Promise<{
        incidents_data?: { invites_disabled_until?: string | null } | null;
      }>,
    /** https://discord.com/developers/docs/resources/guild#modify-guild-incident-actions */
    pauseInvites: (guild: string, until: string | null) =>
      rest.request({
        method: RequestMethod.Put,
        fullRoute: `/guilds/${guild}/incident-actions`,
        body: { invites_disabled_until: until },
      }),
    dropRule: (guild: string, rule: string) =>
      rest.request({ method: RequestMethod.Delete, fullRoute: `${rules(guild)}/${rule}` }),
  };
}

/** What the verification gate looks at and deletes. The list of members needs the members intent switched on. */
function gateCalls(rest: Rest) {
  const get = <T>(fullRoute: `/${string}`, query: Record<string, string> = {}): Promise<T> =>
    rest.request({ method: RequestMethod.Get, fullRoute, query: new URLSearchParams(query) }) as Promise<T>;
  return {
    application: () => get<{ flags?: number }>('/applications/@me'),
    channels: (guild: string) => get<ChannelPayload[]>(`/guilds/${guild}/channels`),
    threads: (guild: string) => get<{ threads: ChannelPayload[] }>(`/guilds/${guild}/threads/active`),
    /** Newest first. */
    messages: (channel: string, after: string) =>
      get<MessagePayload[]>(`/channels/${channel}/messages`, { after, limit: String(LIMIT.messages) }),
    members: (guild: string, after: string) =>
      get<MemberPayload[]>(`/guilds/${guild}/members`, { after, limit: String(LIMIT.members) }),
    member: (guild: string, person: string) => get<MemberPayload>(`/guilds/${guild}/members/${person}`),
    roles: (guild: string) => get<RolePayload[]>(`/guilds/${guild}/roles`),
    remove: (channel: string, message: string) =>
      rest.request({ method: RequestMethod.Delete, fullRoute: `/channels/${channel}/messages/${message}` }),
    removeMany: (channel: string, messages: string[]) =>
      rest.request({
        method: RequestMethod.Post,
        fullRoute: `/channels/${channel}/messages/bulk-delete`,
        body: { messages },
      }),
  };
}
