import { type Answer, type Asked, failure } from './rest.ts';
import type { Access } from './tokens.ts';
import { type Account, type Channel, findChannel, mayModerate } from './world.ts';

/** A call of the API, with whose token it came. */
export interface Call extends Asked {
  access: Access;
}

/** `scopes`: one of them is needed. `user`: a token of a person, not of the application. */
export interface Endpoint {
  scopes?: string[];
  user?: boolean;
  run: (call: Call) => Answer;
}

/** A list of the API, in its envelope. */
export const list = (data: unknown[], more: Record<string, unknown> = {}): Answer => ({
  status: 200,
  body: { data, ...more },
});

export const refuse = ({ path }: Asked, status: number, message: string): Answer => failure(path, status, message);

/** A field of the body, or of the query: some calls take both. */
export const given = ({ body, query }: Call, name: string): unknown => body[name] ?? query.get(name) ?? undefined;

/** The first of these that is not there makes the call malformed. */
export function missing(call: Call, source: 'query' | 'body' | 'either', ...names: string[]): Answer | undefined {
  const has = (name: string): boolean => {
    if (source === 'either') return given(call, name) !== undefined;
    return source === 'query' ? call.query.has(name) : call.body[name] !== undefined;
  };
  const absent = names.find((name) => !has(name));
  return absent === undefined ? undefined : refuse(call, 400, `Missing required parameter "${absent}"`);
}

/** The channel of a broadcaster_id, where the token's own user may moderate it; else why not. */
export function moderated(call: Call): { channel: Channel } | { refused: Answer } {
  const absent = missing(call, 'query', 'broadcaster_id', 'moderator_id');
  if (absent) return { refused: absent };
  const moderator = call.query.get('moderator_id') ?? '';
  if (moderator !== call.access.account?.id) return { refused: refuse(call, 401, WRONG_MODERATOR) };
  const channel = findChannel(call.hub.world, call.query.get('broadcaster_id') ?? '');
  if (!channel) return { refused: refuse(call, 400, 'The broadcaster_id is not valid') };
  return mayModerate(channel, moderator) ? { channel } : { refused: refuse(call, 403, NO_MODERATOR) };
}

const WRONG_MODERATOR = 'The ID in moderator_id must match the user ID found in the request’s OAuth token';
const NO_MODERATOR = 'The user is not one of the broadcaster’s moderators';

/** The user of an id in a query or body, or undefined. */
export const userAt = ({ hub }: Asked, asked: unknown): Account | undefined =>
  hub.world.accounts.find(({ id }) => id === asked);
