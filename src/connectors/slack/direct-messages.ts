import { CallFailed, KEPT } from './slack.external.ts';
import type { WebApi } from './web-api.ts';
import type { Place } from './write.ts';

/** The bot's direct messages with people, opened where they are needed. Throws `CallFailed`. */
export interface DirectMessages {
  /** The channel's id. */
  with(user: string): Promise<string>;
  /** Where a file or a look-up goes; `isApart`: not where it was asked, as it is for one person alone. */
  placeOf(place: Place, isPrivate: boolean): Promise<{ channel: string; thread: string | undefined; isApart: boolean }>;
}

export function directMessages(api: WebApi): DirectMessages {
  const channels = new Map<string, string>();

  async function open(user: string): Promise<string> {
    const known = channels.get(user);
    if (known !== undefined) return known;
    const { channel } = await api.call<{ channel: { id: string } }>('conversations.open', { users: user });
    channels.set(user, channel.id);
    if (channels.size > KEPT) channels.delete(channels.keys().next().value as string);
    return channel.id;
  }

  return {
    with: open,
    async placeOf({ channel, thread, user, direct }, isPrivate) {
      const isApart = isPrivate && !direct;
      if (!isApart && channel !== undefined) return { channel, thread, isApart };
      return { channel: await open(user), thread: undefined, isApart };
    },
  };
}

export const isRefused = (error: unknown): error is CallFailed =>
  error instanceof CallFailed && error.trouble === 'refused';
