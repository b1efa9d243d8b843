/** All that this connector says to people: in chat, in the health page, and to who calls an action. */
export const TEXTS = {
  notTaken: 'That could not be taken down just now. Please ask again in a minute.',
  heldBack: 'Twitch held my answer back. Ask in the web chat to see it.',
  secret: {
    deleted:
      'a secret does not belong in this chat. I deleted your line and kept nothing of it, but others may have read it: make a new one, and enter it in the web chat.',
    stays:
      'a secret does not belong in this chat, and I may not delete your line. Others may have read it: make a new one, and enter it in the web chat.',
    notHere: 'that takes a secret, which does not belong in this chat. Enter it in the web chat.',
  },
  nothing: 'Done, with nothing to show.',
  cut: '… (ask in the web chat for the rest)',
  inWebChat: 'this picture can be seen in the web chat',

  starting: 'The bot is signing in to Twitch.',
  refusedToken: (said: string) =>
    `Twitch refuses the bot’s refresh token (${said}). Its account took the permission back, or changed its password: put a new one into TWITCH_BOT_REFRESH_TOKEN, see docs/twitch.md.`,
  refusedClient: (said: string) =>
    `Twitch does not know this application (${said}). Set TWITCH_CLIENT_ID and TWITCH_CLIENT_SECRET as the developer console shows them, see docs/twitch.md.`,
  refusedLogin: (said: string) =>
    `Twitch’s chat refuses a fresh token of the bot (“${said}”). Make a new TWITCH_BOT_REFRESH_TOKEN with the scopes that docs/twitch.md names, and look whether the account may chat.`,
  missingScopes: (missing: string[]) =>
    `The bot’s token may not chat: the scopes ${missing.join(' ')} are missing. Make a new TWITCH_BOT_REFRESH_TOKEN, see docs/twitch.md.`,
  noAnswer: (what: string, why: string) => `Twitch’s ${what} cannot be reached (${why}). It is tried again.`,
  cutOff: (why: string) => `The connection to Twitch’s chat ended (${why}). A new one is made.`,
  noLogin: 'no answer to the login',
  silent: (seconds: number) => `Twitch’s chat was silent for ${seconds} s. The connection is replaced.`,
  notIn: (channels: string[]) =>
    `Not in ${channels.join(', ')}: look at TWITCH_CHANNELS. The other channels work, these are tried again.`,
  noSuchChannel: 'no answer to the join: is there such a channel?',
  sentAway: 'the bot was removed from it',
  notListed: 'it is not in TWITCH_CHANNELS',

  rolesAreTheirs: 'moderators and VIPs are made by the broadcaster. Type /mod NAME or /vip NAME in the channel’s chat.',
  ownNames: 'everybody chooses their own name, nobody else can set it.',
  tooSlow: (most: number) => `Slow mode keeps ${most} s between two lines at most on Twitch.`,
  noMessage: 'name the message that is to be deleted.',
  noPerson: 'name the person by their user id.',
  tooLong: 'a time-out lasts two weeks at most.',
  noScope: (scope: string) =>
    `Twitch did not let the bot do this: its token lacks ${scope}. Make a new TWITCH_BOT_REFRESH_TOKEN, see docs/twitch.md.`,
  forbidden: (said: string) =>
    `Twitch did not let the bot do this (${said}). Make the bot a moderator of the channel: /mod and its name.`,
  refusedAction: (said: string) => `Twitch did not do this: ${said}`,
  apiDown: (why: string) => `Twitch’s API cannot be reached (${why}). Try again later.`,
};
