/** All that this connector says: in Slack, in the health report and in the log. */
export const TEXTS = {
  notTaken: 'That could not be taken in just now, and nothing was done. Try again in a minute.',
  strange:
    'This workspace is not connected to a community any more. Whoever looks after it can add it again there, or remove this app.',
  fileByDirectMessage: 'The file is for you alone, so I sent it to you as a direct message.',
  secret: {
    deleted: (name: string) =>
      `A secret does not belong in a channel. I deleted your message and kept nothing of it, but others may have read it: make a new one, and give it to me by /guildhall ${name} or as a direct message.`,
    stays: (name: string) =>
      `A secret does not belong in a channel, and Slack does not let me delete your message. Delete it yourself and make a new one, as others may have read it. Give it to me by /guildhall ${name} or as a direct message.`,
    notHere: (name: string) =>
      `That takes a secret, which does not belong in a channel. Use /guildhall ${name} or send me a direct message.`,
  },
  empty: 'There is nothing to show.',

  away: (bot: string) =>
    `I have an answer, but I am not in that channel. Type /invite @${bot} there and ask again, or ask me in a direct message.`,
  archived: 'I have an answer, but that channel is archived, so nobody can write there.',
  scope: (scope: string) =>
    `I have an answer, but my Slack app lacks the right “${scope}”. The operator can add it: docs/slack.md says how.`,
  refused: (code: string) =>
    `I have an answer, but Slack did not take it (${code}). The operator sees more in the log.`,

  ours: 'I have an answer, but I could not post it by a mistake of mine. The operator sees it in the log.',

  starting: 'Connecting to Slack.',
  stopped: 'The connection to Slack was ended here.',
  token: (setting: string, code: string) =>
    `Slack refuses the token in ${setting} (${code}). Put a valid one there and start again: docs/slack.md says where to find it.`,
  addedToken: (code: string) =>
    `Slack refuses the token of this workspace (${code}). Press “Add to Slack” again on the page Spaces, or take the workspace away.`,
  noAnswer: (code: string) => `Slack cannot be reached (${code}). It is tried again by itself.`,
  noLink: (code: string) =>
    `Slack opens no Socket Mode link (${code}). It is tried again by itself; see docs/slack.md.`,
  cut: 'The connection to Slack was cut. A new one is being opened.',
  silent: (seconds: number) => `Nothing was heard from Slack for ${seconds} s. The connection is being replaced.`,
  switchedOff:
    'Socket Mode is switched off for this Slack app. Switch it on under “Socket Mode” at api.slack.com/apps: docs/slack.md.',

  log: {
    connected: 'Slack is connected',
    refused: 'Slack refused an answer for good',
    ours: 'an answer was given up by a mistake of ours',
    notTold: 'the asker could not be told that Slack refused the answer',
    secret: 'a command that takes a secret was written where others read it, and refused',
    notStored: 'a request from Slack could not be stored',
    noLookUp: 'it could not be looked up whether an answer is in Slack already; it is sent',
    takenAway: 'an answer is dropped: its workspace was taken away',
    notRemembered: 'it could not be noted which workspace is the operator’s own',
    badFrame: 'a frame from Slack could not be read',
    noName: 'Slack did not say who somebody is; they are taken as a member',
    rejected: 'Slack took nothing of a call yet, it is tried again',
  },

  actions: {
    nobodyThere: 'the bot is in no such workspace.',
    othersMessages:
      'bots may delete their own messages only. The writer or a workspace admin can delete this one in Slack.',
    notDeleted: (code: string) => `the message was not deleted (${code}).`,
    noMessage: 'a channel and a message are needed.',
    roles: 'bots may not change roles. A workspace admin can, under “Manage members”.',
    nickname: 'bots may not change names. People change their own in their profile, admins under “Manage members”.',
  },

  check: {
    noToken: 'SLACK_BOT_TOKEN is not set.',
    unreachable: (url: string, code: string) => `Slack cannot be reached at ${url} (${code}).`,
  },

  manifest: {
    description: 'The bot of your own community server',
    umbrella: 'Ask Guildhall; without anything it lists what it can do',
  },
};
