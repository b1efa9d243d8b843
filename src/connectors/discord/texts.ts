/** All that people read of this connector: askers, and whoever looks after the hall. */
export const TEXTS = {
  direct: 'Direct messages',
  notTaken: 'I could not take that in just now, and nothing was done. Try again in a minute.',
  secret: {
    deleted: (name: string) =>
      `A secret does not belong in a channel. I deleted your message and kept nothing of it, but others may have read it: make a new one, and give it to me by /${name} or here, where you alone see it.`,
    stays: (name: string) =>
      `A secret does not belong in a channel, and I may not delete your message there. Delete it yourself and make a new one, as others may have read it. Give it to me by /${name} or here, where you alone see it.`,
    notHere: (name: string) =>
      `That takes a secret, which does not belong in a channel. Use /${name} or ask me here, where you alone see it.`,
    log: 'a command that takes a secret was written where others read it, and refused',
  },
  nothing: 'There is nothing to show.',
  openDirect: (name: string) =>
    `I have a private answer for you. Open your direct messages for this server, or use /${name}.`,
  notAnswered: (why: string) => `I have an answer, but I could not post it in that channel: ${why}`,
  channelGone: 'the channel is not there any more.',
  ours: 'a mistake of mine. The operator sees it in the log.',
  noEntry: 'I may not write there. An admin can let me see the channel and send messages and files in it.',
  discordSays: (code: number | string, words: string) => `Discord says “${words}” (${code}).`,

  starting: 'Connecting to Discord.',
  badToken:
    'Discord does not accept the token. Set DISCORD_TOKEN to a new one and start again; docs/discord.md says how.',
  /** Of a community's own application. */
  badOwnToken:
    'Discord does not accept this token. Make a new one there, under Bot, Reset Token, and give it on the page Spaces.',
  badOwnIntents: (code: number | string) =>
    `Discord refuses what the bot wants to hear (code ${code}). Check that it is the token of a bot.`,
  badVersion: `Discord does not speak this version of its API any more. Update Guildhall; see docs/discord.md.`,
  badIntents: (code: number) =>
    `Discord refuses what the bot wants to hear (code ${code}). Check that DISCORD_TOKEN is a bot’s token; see docs/discord.md.`,
  unreachable: (why: string) => `Discord cannot be reached: ${why}. It is tried again by itself.`,
  badGateway: 'its gateway address is not usable',
  broken: 'the connection broke',
  closed: (code: number) => `Discord ended the connection (code ${code}). It is opened again by itself.`,
  silent: (seconds: number) =>
    `Nothing was heard from Discord for ${seconds} s. The connection is cut and opened again by itself.`,
  noSessions: (at: string) => `Discord allows no further connection before ${at}. It is opened then by itself.`,

  commandsRefused:
    'Discord refuses the bot’s commands in this guild. Open the invite link again, which asks for applications.commands; see docs/discord.md.',
  commandsWrong: (words: string) => `Discord did not take the commands of this guild: ${words}`,
  tooManyCommands: (most: number) =>
    `Discord takes ${most} commands of a guild. The others work where the bot is mentioned.`,

  words: {
    rule: 'Word list of the community',
    told: 'Your message holds words that are not allowed here. Nothing was posted.',
    mayNot: (permission: string) =>
      `The word list is not looked for here: the bot lacks “${permission}”. An admin of the server can give it to the bot’s role, or open the invite link again.`,
    wrong: (words: string) => `The word list is not looked for here: Discord says “${words}”.`,
  },
  gate: {
    notice: (server: string) =>
      `Only verified people write in ${server}, so your message was taken away. Type /verify there with your id on its list; only you see it. A mail tells how it goes on.`,
    cannotDelete: (permission: string) =>
      `What unverified people write stays: the bot lacks “${permission}”. An admin of the server can give it to the bot’s role, or in the channel.`,
    cannotRead:
      'What was written while the bot was away stays: the bot lacks “Read Message History”. An admin of the server can give it to the bot’s role.',
    noRole: 'The gate keeps nobody out: choose the role that verified people get in this server.',
    roleGone: (role: string) => `Verified people get no role: this server has no role “${role}”. Choose another one.`,
    cannotGive: (permission: string) =>
      `Verified people get no role: the bot lacks “${permission}”. An admin of the server can give it to the bot’s role.`,
    roleAbove: (role: string) =>
      `Verified people get no role: “${role}” stands above the bot’s own role, or belongs to another program. An admin can drag the bot’s role above it, under Server Settings, Roles.`,
    cannotName: (permission: string) =>
      `Verified people keep their names: the bot lacks “${permission}”. An admin of the server can give it to the bot’s role.`,
    noMembers:
      'Who comes back waits up to an hour for role and name: switch “Server Members Intent” on in the developer portal, under Bot, and start the hall again.',
  },
  door: {
    mayNot: (permission: string) =>
      `The lock-down does not pause the invites of this server: the bot lacks “${permission}”. An admin of the server can give it to the bot’s role, or pause them in the server’s own menu.`,
    wrong: (words: string) => `The lock-down does not pause the invites of this server: Discord says “${words}”.`,
  },
  noSuch: {
    role: (role: string) => `there is no role “${role}”.`,
    target: 'there is no such room, message, person or role.',
  },
  ownerName: 'the owner of a server cannot be renamed by a bot. The owner can do it in the server’s own menu.',
  mayNot: (permission: string) =>
    `the bot lacks “${permission}” there, or its role stands below that person’s. An admin can change both in the server’s settings.`,
  needs: (what: string) => `This needs ${what}.`,
  tooLongOut: 'A person can be timed out for 28 days at most.',
  tooSlow: 'Slow mode keeps six hours between two messages at most.',
  tooLongName: 'A nickname has 32 characters at most.',
  again: 'Discord could not be reached. Try again in a minute.',
  check: {
    noToken: 'DISCORD_TOKEN is not set. docs/discord.md says where a token comes from.',
    unreachable: (url: string, why: string) => `Discord cannot be reached at ${url}: ${why}.`,
    strange: (status: number) => `Discord answered ${status} to a question about the bot. Try again later.`,
  },
};

/** Permissions as Discord’s own settings name them. */
export const PERMISSION_WORDS = {
  deleteMessage: 'Manage Messages',
  grantRole: 'Manage Roles',
  removeRole: 'Manage Roles',
  setNickname: 'Manage Nicknames',
  timeOut: 'Time out members',
  kick: 'Kick Members',
  ban: 'Ban Members',
  unban: 'Ban Members',
  slowMode: 'Manage Channels',
  wordList: 'Manage Server',
};
