import type { Identity } from '#contracts/web.ts';

const PLATFORMS: Record<string, string> = { discord: 'Discord', slack: 'Slack', twitch: 'Twitch' };

/** The words about people's names on platforms: a part of `texts`. */
export const identityTexts = {
  title: 'Identities',
  what: 'Your names elsewhere. What you may do and how often follows you across all of them.',
  platform: platformName,
  proved: 'proved',
  proof: ({ proof, platform }: Identity, ago: string) => {
    const when = ago === 'now' ? 'just now' : ago;
    return isPlatform(platform)
      ? `by ${proof === 'code' ? 'code' : platformName(platform)}, ${when}`
      : `You can sign in with it. Linked ${when}`;
  },
  notLinked: 'not linked',
  link: (name: string) => `Link ${name}`,
  close: 'Not now',
  linked: (name: string) => `${name} linked`,
  unlink: 'Unlink',
  unlinkLabel: (name: string, who: string) => `Unlink ${who} on ${name}`,
  unlinkTitle: (name: string) => `Unlink ${name}?`,
  unlinkWhat: (name: string, who: string) =>
    `On ${name}, ${who} is nobody’s account then: your role here, waits and secrets do not go there any more. You can link it again.`,
  unlinkSignIn: 'You cannot sign in with it any more. You can link it again.',
  unlinked: (name: string) => `${name} unlinked`,
  keep: 'Keep it',
  ask: (name: string) => `Prove it at ${name}`,
  askWhat: (name: string) => `${name} asks whether you agree, and sends you back here.`,
  orAsk: (name: string) => `Or sign in to ${name}`,
  askAlone: (name: string) => `Sign in to ${name}`,
  code: (name: string) => `Type this to the bot on ${name}`,
  codeLabel: 'Link code',
  codeWhat: (minutes: string) =>
    `Within ${minutes}. It is good once, and whoever types it there becomes you: show it to nobody. This page notices.`,
  typed: (platform: string, code: string) => `${SIGNS[platform] ?? '/'}link ${code}`,
  waiting: (name: string) => `Waiting for ${name}`,
  ended: 'This code has ended.',
  again: 'Make a new code',
  login: 'Your name on Twitch',
  loginHint: 'All can read the chat there, so the code works for this name alone.',
  loginWrong: 'A Twitch name has letters, digits and _ only.',
  make: 'Make a code',
  have: 'I have a code',
  haveHint: 'Type /link to the bot on Discord or Slack, and it shows you one.',
  haveButton: 'Link by code',
  haveMissing: 'The code is missing.',
  none: 'The bot is on no other platform yet.',
  problem: 'Nothing was linked',
  problems: {
    'identity-taken':
      'That person is linked to another account here. If that is you, sign in with it and unlink it there; then come back.',
    'sanctioned-there':
      'That name is banned or muted in a community where you keep order. Have that ended on its page Moderation, then come back.',
    'too-many-identities': 'There is place for no more names. Unlink one first.',
    'not-agreed': 'You did not agree there.',
    'other-workspace': 'The bot is not in that workspace. Sign in to the one where it is.',
    'attempt-foreign': 'That was not begun in this browser, or not by who is signed in now. Begin again.',
    'attempt-expired': 'That took too long. Begin again.',
    'attempt-used': 'That was done already. Look below whether it is linked.',
    'link-failed': 'The platform did not tell who you are there. Try again in a minute, or link by a code.',
  } as Record<string, string>,
  otherProblem: 'Try again in a minute, or link by a code.',
};

/** How the command is written there. */
const SIGNS: Record<string, string> = { discord: '/', slack: '/guildhall ', twitch: '!' };

function isPlatform(platform: string): boolean {
  return Object.hasOwn(PLATFORMS, platform);
}

/** The issuer of a sign-in is called by its address, as it has no other name. */
function platformName(platform: string): string {
  const issuer = platform.replace(/^oidc:/, '');
  if (issuer === 'https://accounts.google.com') return 'Google';
  return PLATFORMS[platform] ?? (URL.canParse(issuer) ? new URL(issuer).host : issuer);
}
