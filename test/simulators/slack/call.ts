import type { Messages } from './messages.ts';
import type { Uploads } from './uploads.ts';
import type { Channel, Wire } from './wire.ts';
import type { Workspace } from './workspace.ts';

/** What a Web API method may use. */
export interface Back {
  workspace: Workspace;
  messages: Messages;
  uploads: Uploads;
  /** The address of the stand-in. */
  base: string;
  /** Makes the address of a new Socket Mode link; none where Socket Mode is turned off. */
  linkUrl(): string | undefined;
}

/** One method of the Web API. */
export interface Method {
  /** Scopes of which one is needed. Empty where any token will do. */
  scopes: string[];
  /** Arguments that it knows, beside the token. */
  args: string[];
  /** It wants the app's token (xapp), not the bot's. */
  appToken?: boolean;
  run(args: Args, back: Back): Wire;
}

/** An error that Slack names, answered as `ok: false`. */
export class ApiError extends Error {
  readonly more: Wire;
  /** The call itself was wrong, not only what it was about. */
  readonly malformed: boolean;
  constructor(name: string, more: Wire = {}, malformed = false) {
    super(name);
    this.more = more;
    this.malformed = malformed;
  }
}

/** The arguments of a call; a form gives strings, JSON gives values. */
export class Args {
  readonly given: Wire;
  constructor(given: Wire) {
    this.given = given;
  }

  text(name: string): string | undefined {
    const value = this.given[name];
    if (value === undefined || value === null || value === '') return undefined;
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw invalidArguments(`missing required field: ${name}`);
    return value;
  }

  flag(name: string): boolean {
    return ['1', 'true'].includes(this.text(name) ?? '');
  }

  number(name: string, otherwise: number): number {
    const value = Number(this.text(name) ?? otherwise);
    if (!Number.isFinite(value)) throw invalidArguments(`must be a number: ${name}`);
    return value;
  }

  /** A value that a form carries as JSON text. Throws the error named where it is no JSON. */
  json(name: string, error: string): unknown {
    const value = this.given[name];
    if (typeof value !== 'string') return value;
    if (value === '') return undefined;
    try {
      return JSON.parse(value);
    } catch {
      throw new ApiError(error, {}, true);
    }
  }
}

export function invalidArguments(detail: string): ApiError {
  return new ApiError('invalid_arguments', { response_metadata: { messages: [`[ERROR] ${detail}`] } }, true);
}

/** The conversation with this id. The app sees no direct messages but its own. */
export function conversation({ workspace }: Back, id: string): Channel {
  const channel = workspace.channels.get(id);
  if (!channel) throw new ApiError('channel_not_found');
  return channel;
}

export function needMember(channel: Channel, error = 'not_in_channel'): void {
  if (!channel.members.has(channel.bot.id)) throw new ApiError(error);
}

/** A page of a list, and the cursor of the next one. */
export function pageOf<T>(args: Args, list: T[], otherwise = 100): { page: T[]; more: boolean; metadata: Wire } {
  const cursor = args.text('cursor');
  const start = cursor === undefined ? 0 : Number(Buffer.from(cursor, 'base64url').toString('utf8').replace('at:', ''));
  if (!Number.isInteger(start)) throw new ApiError('invalid_cursor');
  const limit = Math.min(args.number('limit', otherwise) || otherwise, 1_000);
  const more = list.length > start + limit;
  const next = more ? Buffer.from(`at:${start + limit}`).toString('base64url') : '';
  return { page: list.slice(start, start + limit), more, metadata: { next_cursor: next } };
}
