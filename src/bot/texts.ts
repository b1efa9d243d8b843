import { LIMITS, type Rate } from '#core/limits.ts';
import type { Role } from '#core/roles.ts';
import { PLAIN } from '#core/styled.ts';

/** All that the bot itself says. */
export const TEXTS = {
  unknownCommand: (name: string, { sign } = PLAIN) =>
    `There is no command ${sign}${name.slice(0, 40)}. ${sign}help lists what there is.`,
  wrongArgument: (wrong: string, usage: string, example: string) =>
    `${wrong} The form is ${usage}, for example ${example}`,
  forRole: (what: string, least: Role, has: Role | undefined) =>
    `${what} asks for ${least}. ${has === undefined ? 'You are not a member here.' : `You are a ${has}.`} An admin or owner can change that, or your role.`,
  commandOff: (what: string) => `${what} is switched off here. An admin or owner can switch it on.`,
  commandOffRule: (what: string) => `${what} is off; ${WHO}`,
  cooldown: (what: string, seconds: number, wait: number) =>
    `${what} has a cooldown of ${lasting(seconds)} here. ${tryAgain(wait)}`,
  cooldownRule: (what: string, seconds: number) => `${what}: a cooldown of ${lasting(seconds)}; ${WHO}`,
  limit: (what: string, rate: Rate, wait: number) => `${what} is limited to ${quota(rate)} here. ${tryAgain(wait)}`,
  limitRule: (what: string, rate: Rate) => `${what}: ${quota(rate)}; ${WHO}`,
  allRule: (rate: Rate) => `COMMAND_LIMIT: ${quota(rate)}; the operator can change it`,
  disabled: 'Your account here is disabled. The operator can enable it again.',
  disabledRule: 'a disabled account; the operator can change it',
  failed: 'This could not be done. The operator sees why. Try again later.',
  link: {
    summary: 'Link your name here with your account in the hall',
    code: 'the code that you were shown at the other end',
    unlinkSummary: 'Undo a link with an account in the hall',
    linkedThere: (username: string, { sign } = PLAIN) =>
      `You are ${username} of the hall now: your role, waits and secrets follow you. If that is not your account, type ${sign}unlink`,
    linkedHere: (platform: string) => `Linked. On ${platform} you are this account from now on.`,
    codeForThere: (code: string) =>
      `Your code is ${code}. Type it on Discord or Slack with the command link, within ${LIMITS.linkCodeMinutes} minutes. Whoever types it there is you: show it to nobody. For Twitch, where all would read it, make one on your profile page.`,
    codeForHere: (code: string, page: string | undefined) =>
      `Your code is ${code}. Type it ${onPage(page)}, within ${LIMITS.linkCodeMinutes} minutes. Whose account it is typed into is yours: show it to nobody.`,
    onlyFromHere: (page: string | undefined, { sign } = PLAIN) =>
      `A code shown here would be read by all. Make one ${onPage(page)}, and type ${sign}link and the code here.`,
    unlinked: (platform: string) => `Unlinked. On ${platform} you are nobody’s account any more.`,
    unlinkOnPage: (page: string | undefined) => `What is linked stands ${onPage(page)}, and is unlinked there.`,
    notLinked: ({ sign } = PLAIN) => `You are linked to no account here. ${sign}link does that.`,
  },
  connect: {
    summary: 'Connects this place to a community of the hall',
    code: 'a code from the page Spaces, such as 9C4NH-KV7PX',
    notHere:
      'This is typed on Discord, Slack or Twitch, by who looks after a place there. The page Spaces of a community makes the code.',
    done: (community: string) => `Done. This place belongs to ${community} now: its commands and rules hold here.`,
  },
  help: {
    summary: 'What the bot can do',
    command: 'the name of a command',
    list: (lines: string[], name: string, { sign } = PLAIN) =>
      ['Commands here:', ...lines, `${sign}help and a name tells more, such as ${sign}help ${name}`].join('\n'),
    briefly: (usages: string[], { sign } = PLAIN) => `${usages.join(' · ')} (${sign}help and a name tells more)`,
    unknown: (name: string, { sign } = PLAIN) =>
      `There is no command ${sign}${name.slice(0, 40)} that you may use. ${sign}help lists what there is.`,
    example: (example: string) => `For example ${example}`,
    limit: (uses: number, seconds: number) => `At most ${counted(uses, 'use')} in ${lasting(seconds)}.`,
    cooldown: (seconds: number) => `After a use it rests for ${lasting(seconds)}.`,
  },
};

function onPage(page: string | undefined): string {
  return page === undefined ? 'on your profile page in the hall' : `on your profile page, ${page}`;
}

const WHO = 'an admin or owner can change it';

function tryAgain(wait: number): string {
  return `Try again in ${waiting(wait)}. An admin or owner can change it.`;
}

function quota({ uses, perSeconds }: Rate): string {
  return `${counted(uses, 'use')} in ${lasting(perSeconds)}`;
}

/** The time as it was set: in the largest unit that tells it exactly. */
function lasting(seconds: number): string {
  const [size, unit] = UNITS.find(([one]) => seconds >= 2 * one && seconds % one === 0) ?? SECOND;
  return counted(seconds / size, unit);
}

/** A time to wait, rounded up: who comes back then is not too early. */
function waiting(seconds: number): string {
  const [size, unit] = UNITS.find(([one]) => seconds >= 2 * one) ?? SECOND;
  return counted(Math.ceil(seconds / size), unit);
}

const SECOND = [1, 'second'] as const;
const UNITS = [[86_400, 'day'], [3_600, 'hour'], [60, 'minute'], SECOND] as const;

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
