import { LIMITS } from '#core/limits.ts';

/** Every word that accounts are mailed. */
export const mailTexts = {
  hello: (name: string) => `Hello ${name}`,
  reset: (hall: string, username: string) => ({
    subject: 'Set a new password',
    words: [
      `somebody asked to set a new password for ${username} in ${hall}.`,
      `If that was you, open this page within ${LIMITS.resetMinutes} minutes and choose one. All your sessions end then.`,
    ],
    label: 'Set a new password',
    unless: 'If it was not you, do nothing. Your password stays as it is, and nobody was let in.',
  }),
  verify: (hall: string, username: string) => ({
    subject: 'Is this your address?',
    words: [
      `${username} in ${hall} gave this as their e-mail address.`,
      'If that was you, say so within a day. From then on a lost password can be set anew by mail.',
    ],
    label: 'Yes, this is mine',
    unless: 'If it was not you, do nothing. The address is not used.',
  }),
  changed: (hall: string, username: string) => ({
    subject: 'Your address was changed',
    words: [`another e-mail address stands for ${username} in ${hall} now. Nothing more comes to this one.`],
    label: 'Look at your profile',
    unless: 'If it was not you, sign in, set a new password, end all sessions, and tell the operator.',
  }),
  small: (host: string) =>
    `Opening the link shows a page with one button and changes nothing. It works once. Sent by ${host}, which uses your address for nothing else.`,
};
