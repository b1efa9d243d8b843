import { LIMITS } from '#core/limits.ts';
import type { BadRow } from '#core/list-file.ts';
import { nameOf } from '#core/unable.ts';
import type { ImportCounts } from '#core/verification-list.ts';

/** Where people speak, in the platform's own word. */
const THERE: Record<string, string> = { discord: 'in the server', slack: 'in the workspace', twitch: 'in the channel' };

/** All that people read of the gate. */
export const TEXTS = {
  summary: 'Shows that you are on the list here, so that you may speak',
  userId: 'your id on the list of this community',
  code: 'the code from the mail, such as 9C4N-KV7P',
  unverify: 'Gives your place on the list back',
  already: (platform: string) => `This ${account(platform)} has already been verified.`,
  invalid: 'Invalid User ID.',
  sent: 'Link sent!',
  neutral:
    'If you are on the list with that id, and nobody has taken your place, a mail with a link is on its way to the address there. If none comes, ask a moderator.',
  needOne: 'Give your id on the list, or the code from the mail as code:9C4N-KV7P.',
  linked: (platform: string) => `Your ${account(platform)} has been linked. You may now speak ${there(platform)}.`,
  waits: (platform: string) =>
    `It is your address. Another account is verified as you ${there(platform)}: type unverify there, and this one takes its place. A moderator can do it for you.`,
  wrongCode:
    'That is not the code of the newest mail to you, or its time is over. After five wrong ones ask for a new mail.',
  givenBack: 'Your place on the list is free again. You cannot speak here until you verify anew.',
  notVerified: 'You are not verified here, so there is nothing to give back.',
  maySpeak: (platform: string) => `You are verified. You may now speak ${there(platform)}.`,
  asksToReplace: (name: string) =>
    `Somebody who reads your mail, as ${name}, asks to be verified in your place. If that is you, type unverify here. If not, do nothing, and tell a moderator.`,
  taken:
    'Somebody is verified with that id already. If that was you, type unverify with that account, or ask a moderator.',
  banned: 'A ban holds against that id here. A moderator can lift it.',
  barred: 'Too many people said that your requests were not theirs. A moderator can let you ask again.',
  tooMany: (seconds: number) => `You asked ${LIMITS.verifyRequests.uses} times already. Try again in ${wait(seconds)}.`,
  tooManyMails: (seconds: number) => `Too many mails were sent to this person. Try again in ${wait(seconds)}.`,
  tooManyCodes: (seconds: number) => `Too many wrong codes. Try again in ${wait(seconds)}.`,
  badMinutes: `A link is good for 1 to ${LIMITS.verifyLinkMinutesMost} minutes.`,
  noAddress: 'There is no address to send it to. Give yours under “Your profile” and open the link that comes.',
  test: {
    subject: (community: string) => `A test from ${community}`,
    words: (community: string, minutes: number) => [
      `you asked for this mail to see that those of ${community} arrive.`,
      `Whoever types /verify there gets one like it at their address on the list, with a button, a code and a second link that says “This was not me”. They are good for ${wait(minutes * 60)}.`,
    ],
    label: 'Back to the set-up',
    unless: 'If it was not you, somebody else uses your account: set a new password and end all sessions.',
    small: (host: string) => `Sent by ${host}. Your address is used for nothing else.`,
  },
  mail: {
    subject: (platform: string) => `Link your ${account(platform)}?`,
    hello: (name: string) => `Hello ${name}`,
    words: (asked: { name: string; platform: string; community: string; userId: string; minutes: number }) => [
      `“${asked.name}” ${on(asked.platform)} wants to speak in ${asked.community} as you: ${asked.userId} on its list.`,
      `If that is you, open this page within ${wait(asked.minutes * 60)} and press the button there.`,
    ],
    label: 'Yes, link it',
    code: 'Or type this there, with the same account:',
    unless: 'If it was not you, say so, and nothing is linked:',
    deny: 'This was not me',
    small: (host: string) =>
      `Opening a link shows a page with one button and changes nothing. Sent by ${host}, as somebody asked for it; your address is used for nothing else.`,
  },
  list: {
    badRows: (count: number, rows: readonly BadRow[]) =>
      [
        `${count === 1 ? 'One row is' : `${count} rows are`} wrong, so nothing was imported. Mend the list, or leave wrong rows out.`,
        ...rows.slice(0, 5).map(({ line, field, why }) => `Row ${line}${field === null ? '' : `, ${field}`}: ${why}`),
      ].join(' '),
    over: 'This import is over: it was done, dropped, or waited for longer than an hour. Send the list again.',
    changedSince: 'The list was changed while this one waited. Send it again, and look at what it changes now.',
    synced: ({ added, changed, removed, bad }: ImportCounts, taken: boolean) =>
      `${added} new, ${changed} changed, ${removed} removed, ${bad} wrong. ${taken ? 'All good rows are in force.' : 'It waits for a yes.'}`,
    reachingOut: 'A letter to all is on its way already. Stop it, or wait for its end.',
    reach: {
      subject: (community: string) => `Your place in ${community}`,
      words: (community: string, userId: string) => [
        `You are on the list of ${community}, and no account there is verified as you yet.`,
        `To speak there, join, and type /verify ${userId}. A mail to this address then proves that it is you.`,
      ],
      label: 'Open the web chat',
      unless: (community: string) => `You did not ask for this mail. If you want none like it from ${community}:`,
      stop: 'Send me no more',
      small: (host: string) => `Sent by ${host} to everybody on the list who is not verified, once a day at most.`,
    },
  },
};

function account(platform: string): string {
  return platform in THERE ? `${platform} account` : 'account';
}

function there(platform: string): string {
  return THERE[platform] ?? 'here';
}

function on(platform: string): string {
  return platform in THERE ? `on ${nameOf(platform)}` : 'in the web chat';
}

function wait(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}
