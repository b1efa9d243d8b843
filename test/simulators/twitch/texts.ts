/** What the platform says to programs, what the simulator says to people, and what it notes of wrong use. */
export const texts = {
  // Notices, in the platform's own words: https://dev.twitch.tv/docs/chat/irc/#notice-message-ids
  badLogin: 'Login authentication failed',
  badPass: 'Improperly formatted auth',
  slowMode: (seconds: number): string =>
    `This room is in slow mode and you are sending messages too quickly. You will be able to talk again in ${seconds} seconds.`,
  tooQuick: 'Your message was not sent because you are sending messages too quickly.',
  repeated: 'Your message was not sent because it is identical to the previous one you sent, less than 30 seconds ago.',
  banned: (channel: string): string => `You are permanently banned from talking in ${channel}.`,
  timedOut: (seconds: number): string => `You are timed out for ${seconds} more seconds.`,
  suspended: 'This channel does not exist or has been suspended.',
  noPermission: "You don't have permission to perform that action.",
  noCommands: 'Your client is using IRC commands that are no longer supported.',
  unknownCommand: 'Unknown command',

  // What a person's own client would say.
  noChannel: (room: string): string => `There is no channel ${room}.`,
  noPerson: (person: string): string => `There is no user ${person}.`,
  noMessage: (id: string): string => `There is no message ${id}.`,
  noSlash: (word: string): string => `Unrecognized command: ${word}`,
  nothingTyped: 'There is nothing to send.',
  tooLong: 'A message has 500 characters at most.',

  // Violations: what no program should do.
  overLimit: (account: string, most: number, windowMs: number): string =>
    `${account} sent more than ${most} messages in ${windowMs / 1_000} s: nothing of it comes through for half an hour.`,
  manyJoins: (account: string): string => `${account} joins too often.`,
  manyLogins: (account: string): string => `${account} logs in too often.`,
  overLong: (length: number): string => `A message of ${length} characters was sent; 500 is the most.`,
  overSlash: (text: string): string => `${text.slice(0, 40)} was sent as a message; commands need the API.`,
  unknownLine: (command: string): string => `The IRC command ${command || '(empty)'} is not known.`,
  earlyLine: (command: string): string => `${command} was sent before the login.`,
  wrongNick: (nick: string, login: string): string => `NICK was ${nick}, but the token is of ${login}.`,
  mute: (nick: string): string => `${nick} is not logged in and cannot speak.`,
  unknownCap: (caps: string): string => `Unknown capabilities were asked for: ${caps}.`,
  unknownCall: (call: string): string => `The call ${call} is not known.`,
  unknownSocket: (path: string): string => `A socket was opened at ${path}, where there is none.`,
  badBody: (call: string): string => `The body of ${call} is malformed.`,
  apiLimit: (client: string): string => `${client} went over the rate limit of the API.`,
  ownFault: (error: string): string => `The simulator itself failed: ${error}`,
  chattySocket: 'A client sent a message to the EventSub socket.',
};
