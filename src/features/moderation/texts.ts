import type { PlatformAction } from '#core/platform.ts';
import { nameOf, unableTo } from '#core/unable.ts';

/** All that people read of moderation by commands. */
export const TEXTS = {
  person: 'a person: a mention, the name where you type it, or hall:username',
  time: 'a time such as 10m, 2h or 7d',
  reason: 'why, for the log',
  noReason: 'No reason was given.',
  mute: 'Lets a person not write for a time',
  unmute: 'Ends a mute',
  kick: 'Takes a person out; an invite lets them in again',
  ban: 'Takes a person out and keeps them out, on every platform',
  unban: 'Ends a ban',
  report: 'Shows somebody to the moderators, and nobody else',
  reportMenu: 'Report to moderators',
  what: 'what happened',
  reported: 'Thank you. The moderators see it now.',
  slow: 'Seconds between two messages of one person here; 0 ends it',
  seconds: 'seconds, 0 to 21600',
  lockdown: 'Lets nobody new in and holds first messages',
  state: 'on or off',
  noRoom: 'Slow mode is for a room. Type this in one.',
  badTime: (typed: string) => `“${typed.slice(0, 40)}” is not a time such as 10m, 2h or 7d, a year at most.`,
  muted: (name: string, time: string, there: string[]) =>
    `${name} is muted for ${time} in the community.${elsewhere(there, 'timeOut')}`,
  unmuted: (name: string, there: string[]) => `${name} may write again.${elsewhere(there, 'timeOut', 'ends')}`,
  kicked: (name: string, there: string[]) =>
    `${name} was taken out of the community. An invite lets them in again.${elsewhere(there, 'kick')}`,
  banned: (name: string, time: string | undefined, there: string[]) =>
    `${name} is banned from the community${time === undefined ? '' : ` for ${time}`}. A ban follows the person.${elsewhere(there, 'ban')}`,
  unbanned: (name: string, there: string[]) => `The ban of ${name} is over.${elsewhere(there, 'unban')}`,
  slowed: (seconds: number) =>
    seconds === 0 ? 'Slow mode is off here.' : `One message in ${seconds} s here. Moderators are not slowed.`,
  locked: (time: string | undefined) =>
    `Nobody new comes in, and first messages wait for a moderator${time === undefined ? '' : `, for ${time}`}.`,
  unlocked: 'The lock-down is over.',
};

/**
 * The platforms that can are asked, and what they make of it stands in the log; of the others it is said who can. How high the
 * person stands there is not known here: it is looked up when the platform is asked, so the answer promises nothing.
 */
function elsewhere(platforms: string[], act: PlatformAction, ends?: 'ends'): string {
  const able = platforms.filter((one) => unableTo(one, act) === undefined);
  const rank = ends ? '' : ', unless the person stands as high there as you do here';
  const asked = able.length === 0 ? '' : ` ${listed(able)} asked to do the same${rank}; the log says what came of it.`;
  if (ends) return asked;
  const unable = platforms.flatMap((one) => {
    const why = unableTo(one, act);
    return why === undefined ? [] : [` ${nameOf(one)}: ${why}`];
  });
  return asked + unable.join('');
}

function listed(platforms: string[]): string {
  return `${platforms.map(nameOf).join(' and ')} ${platforms.length === 1 ? 'is' : 'are'}`;
}
