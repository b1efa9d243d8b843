import { badRequest, type AppError } from './errors.ts';
import { cannot, type PlatformAction } from './platform.ts';

/** What no bot can do on a platform, whatever its rights: who can, and what happens instead. */
export const UNABLE = {
  slack: {
    timeOut:
      'no app can silence people. The bot does not answer them meanwhile; an admin can remove the person from the channel, or deactivate the account.',
    kick: 'no app can remove people. An admin of the workspace can, under “Manage members”.',
    ban: 'no app can remove people. The bot does not answer them any more; an admin of the workspace must deactivate the account, under “Manage members”.',
    unban: 'the bot answers them again. Where an admin deactivated the account, an admin must activate it again.',
    slowMode: 'there is no slow mode. Whoever owns a channel can say who may post there, in its settings.',
  },
  twitch: {
    kick: 'nobody can be taken out of a chat. Time them out by a mute, or ban them.',
  },
} as const satisfies Record<string, Partial<Record<PlatformAction, string>>>;

/** Seconds of slow mode at most. https://discord.com/developers/docs/resources/channel, https://dev.twitch.tv/docs/api/reference/#update-chat-settings */
export const SLOWEST = { discord: 21_600, twitch: 120 } as const;

/** The same for a platform that is known by name alone; undefined where its bot can, with the right to it. */
export function unableTo(platform: string, action: PlatformAction): string | undefined {
  const all: Record<string, Partial<Record<PlatformAction, string>>> = UNABLE;
  return all[platform]?.[action];
}

/** Why a room there cannot be slowed so; undefined where it can. */
export function whyNotSlow(platform: string, seconds: number): AppError | undefined {
  const never = unableTo(platform, 'slowMode');
  if (never !== undefined) return cannot(nameOf(platform), 'slowMode', never);
  const most = (SLOWEST as Record<string, number>)[platform];
  if (most === undefined || seconds <= most) return undefined;
  return badRequest('slow-mode-too-long', `${nameOf(platform)} keeps ${most} s between two messages at most.`);
}

/** A platform as people write it. */
export function nameOf(platform: string): string {
  return platform.charAt(0).toUpperCase() + platform.slice(1);
}
