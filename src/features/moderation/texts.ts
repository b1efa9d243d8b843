/** All that people read of moderation by commands. */
export const TEXTS = {
  person: 'a person: @username, or a mention',
  time: 'a time such as 10m, 2h or 7d',
  reason: 'why, for the log',
  noReason: 'No reason was given.',
  mute: 'Lets a person not write for a time',
  unmute: 'Ends a mute',
  kick: 'Takes a person out; an invite lets them in again',
  ban: 'Takes a person out and keeps them out, on every platform',
  unban: 'Ends a ban',
  slow: 'Seconds between two messages of one person here; 0 ends it',
  seconds: 'seconds, 0 to 21600',
  lockdown: 'Lets nobody new in and holds first messages',
  state: 'on or off',
  noRoom: 'Slow mode is for a room. Type this in one.',
  badTime: (typed: string) => `“${typed.slice(0, 40)}” is not a time such as 10m, 2h or 7d, a year at most.`,
  muted: (name: string, time: string, there: string[]) => `${name} is muted for ${time}${also(there)}.`,
  unmuted: (name: string, there: string[]) => `${name} may write again${also(there)}.`,
  kicked: (name: string, there: string[]) => `${name} was taken out${also(there)}. An invite lets them in again.`,
  banned: (name: string, time: string | undefined, there: string[]) =>
    `${name} is banned${time === undefined ? '' : ` for ${time}`}${also(there)}. A ban follows the person.`,
  unbanned: (name: string, there: string[]) => `The ban of ${name} is over${also(there)}.`,
  slowed: (seconds: number) =>
    seconds === 0 ? 'Slow mode is off here.' : `One message in ${seconds} s here. Moderators are not slowed.`,
  locked: (time: string | undefined) =>
    `Nobody new comes in, and first messages wait for a moderator${time === undefined ? '' : `, for ${time}`}.`,
  unlocked: 'The lock-down is over.',
};

/** The platforms are asked; what they make of it stands in the log. */
function also(platforms: string[]): string {
  if (platforms.length === 0) return '';
  return `, and ${platforms.map((one) => one[0]?.toUpperCase() + one.slice(1)).join(' and ')} is asked to do the same`;
}
