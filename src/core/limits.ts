/** How many uses in how many seconds. Written `N/SECONDS` in settings. */
export interface Rate {
  uses: number;
  perSeconds: number;
}

/** Every number that bounds something. A name, a value, its unit and its reason; what operators tune is a setting too. */
export const LIMITS = {
  /** Characters of one message: a screenful; longer things are files. */
  messageText: 4_000,
  /** Messages in one page of history: 200 × 4,000 characters is the largest answer we want to build. */
  historyPage: 200,
  historyDefault: 50,
  /** Characters of a search: more are no question. */
  searchQuery: 500,
  /** Messages replayed over the live connection after a pause; a longer absence reads history by pages. */
  resumeReplay: 500,
  roomName: 60,
  roomTopic: 200,
  personName: 60,
  communityName: 80,
  /** Communities that one account may make: each brings its own rooms, and costs nothing until somebody is in it. */
  communitiesPerAccount: 20,
  /** Rooms of one community: the room list is sent whole. */
  roomsPerCommunity: 500,
  clientId: 64,
  /** Bytes of one HTTP body: a message of 4,000 four-byte characters, escaped, fits. */
  httpBody: 64 * 1024,
  /** Bytes of one live frame from a client: the same. */
  liveFrame: 64 * 1024,
  /** Unsent bytes of one live socket before it is left to read history instead. */
  socketBacklog: 256 * 1024,
  /** ms that frames may wait at most for others to share one socket write. */
  flushWindow: 5,
  /** Live connections of one account and in all: a socket costs about 20 kB. */
  socketsPerAccount: 1_000,
  sockets: 10_000,
  /** Rooms that one socket may follow. */
  roomsPerSocket: 500,
  /** Subscribes of one socket that may wait for their turn: one for each room it may follow. */
  subscribesWaiting: 500,
  /** Frames of one socket per POST_LIMIT window, as a multiple of POST_LIMIT: typing, reads and subscribes come on top of posts. */
  framesPerPost: 20,
  /** Frames of one socket that are handled at once; then it is not read until one is done, so that others get their turn at the database. */
  framesInHand: 64,
  /** People named in one presence frame; the people page has all. */
  presenceListed: 200,
  /** ms that comings and goings are gathered. */
  presenceWindow: 1_000,
  /** ms between two typing notices that are passed on. */
  typingEvery: 2_000,
  /** Seconds between pings to a live client; two missed ends the connection. */
  heartbeat: 30,
  /** Password hashes at once: each takes 19 MiB and one of libuv's four threads. */
  passwordHashes: 2,
  /** Sign-ins that may wait for a hash slot: about 4 s of queue. */
  passwordQueue: 64,
  /** Sessions that one account may hold; the oldest unused ends first. */
  sessionsPerAccount: 100,
  sessionAbsoluteDays: 30,
  sharedIdleMinutes: 30,
  /** Seconds between two writes of a session's last use. */
  sessionTouchEvery: 60,
  /** Seconds that a sign-in at another service may take, from here and back: time for a password and a second factor there. */
  attemptSeconds: 600,
  /** Characters of the address within our pages that a sign-in goes back to. */
  attemptNext: 500,
  /** API tokens of one account that are good: one for each program, with room to spare. */
  tokensPerAccount: 50,
  /** Days that a token is good where nobody says, and at most: a forgotten one must end by itself. */
  tokenDaysDefault: 90,
  tokenDays: 365,
  tokenName: 60,
  /** Seconds between two writes of a token's last use. */
  tokenTouchEvery: 60,
  /** Seconds that a program's sign-in waits for its person (RFC 8628), and between two of its questions. */
  deviceSeconds: 600,
  deviceInterval: 5,
  /** Programs' sign-ins that may wait at once: a row is small, and each ends in minutes. */
  deviceLogins: 10_000,
  /** Sign-ins that programs at one address may begin. */
  deviceBegins: { uses: 30, perSeconds: 600 },
  /** Codes of programs that one person, and one address, may try: eight letters cannot be guessed so. */
  deviceTries: { uses: 20, perSeconds: 600 },
  deviceTriesPerAddress: { uses: 100, perSeconds: 600 },
  /** ms that what the issuer of a sign-in says of itself is kept: its addresses; its keys have a pace of their own. */
  oidcDiscoveryMs: 3_600_000,
  /** Seconds that one answer of the issuer may take: a person waits. */
  oidcSeconds: 8,
  /** Seconds that the issuer's clock may differ from ours. */
  oidcClockSeconds: 60,
  /** ms before a mail is tried again, by how often it was: a server that starts anew, then one that is mended. The last goes on. */
  mailRetries: [5_000, 30_000, 120_000, 600_000],
  /** Minutes that a mail is tried: later nobody waits for it. */
  mailTriedMinutes: 360,
  /** Mails on their way at once in one process: as many as one slow server is asked for in parallel. */
  mailsAtOnce: 4,
  /** ms between two looks for mails that are due. */
  mailsEvery: 500,
  /** ms that a process has a mail in hand alone: longer than all steps of a talk with the server may take. */
  mailTakenFor: 180_000,
  /** Seconds for a step of a talk with the mail server. */
  mailSeconds: 20,
  /** ms between two looks whether the mail server lets us in. */
  mailLookEvery: 300_000,
  /** Mails on the demo's page. */
  mailsShown: 50,
  /** Minutes that a mailed link is good: to set a password anew, and to verify an address. */
  resetMinutes: 30,
  verifyMinutes: 24 * 60,
  /** Mails that one address may ask for from here, and that one account gets: nobody's letter box is filled. */
  mailsAsked: { uses: 20, perSeconds: 3_600 },
  mailsOfAccount: { uses: 3, perSeconds: 3_600 },
  /** Recovery codes of a second factor, each good once. */
  recoveryCodes: 10,
  /** Wrong passwords per username and address before the first wait, and the first wait in seconds; doubled every five more. */
  wrongLogins: 5,
  wrongLoginWait: 10,
  /** Wrong passwords per username from all addresses in an hour: against many addresses guessing one name. */
  wrongLoginsPerName: 200,
  /** After those, wrong passwords that each address has in an hour: the person mistypes, and nobody else can use theirs up. */
  wrongLoginsOfMany: 3,
  /** Keys that a rate table in memory may hold; the oldest go first. */
  rateKeys: 100_000,
  /** Seconds that an outside service has in all: people are answered within 15. */
  jobSeconds: 12,
  jobAttempts: 3,
  /** Jobs and commands worked on at once in one process. */
  busConcurrency: 32,
  /** Jobs worked on at once in one process: they wait for others' services, so there may be many. */
  jobConcurrency: 200,
  /** Answers for one platform that its connector may hold at once: as many as may be on their way, so that one busy room leaves places for others. */
  outboundHeld: 10_000,
  /** Bytes of one event that a platform posts to us: Slack's largest are far smaller. */
  webhookBody: 512 * 1024,
  /** Bytes of one post to an incoming webhook: the largest picture, and a table beside it. */
  webhookPost: 128 * 1024,
  /** Bytes of its picture: it stands in the message, and a page of history holds 200 of these. */
  webhookPicture: 48 * 1024,
  /** Its table: what can still be read in a chat. Characters of a cell. */
  webhookColumns: 20,
  webhookRows: 200,
  webhookCell: 200,
  /** Blocks or attachments of a body made for Slack, which takes 50 itself. */
  webhookParts: 100,
  /** Posts by one webhook: a program that goes wrong must not fill a room. */
  webhookPosts: { uses: 30, perSeconds: 60 },
  /** ms between two notes that a webhook was used: a post must not cost two commits each time. */
  webhookTouchEvery: 60_000,
  /** Webhooks of one community: more than there are programs that somebody keeps in mind. */
  webhooksPerCommunity: 100,
  /** Outbox rows read at once by the relay. */
  outboxBatch: 200,
  /** ms that the record of a message to a platform may wait for others: a fraction of the way to the platform and back. */
  recordWithin: 15,
  /** ms that a sent outbox row may stay until others are deleted with it. */
  outboxForgetWithin: 25,
  /** Outbox rows that are on their way at once: a row is small, and jobs that hang must not hold up the rest. */
  outboxInFlight: 10_000,
  /** Bytes of a quote service's answer: the right one has about 120. */
  quoteBody: 8 * 1024,
  /** ms that a lease holds: with the time between two looks this is how long a platform may be without its connector. */
  leaseFor: 10_000,
  /** ms between two renewals: two may fail before the lease is over. */
  leaseEvery: 3_000,
  /** ms between two signs of life of a process, and the silence after which it counts as gone. */
  heartbeatEvery: 2_000,
  heartbeatGone: 10_000,
  /** Outbox rows on their way to the broker at once: enough to fill its confirms, few enough to go back to the first of them. */
  outboxToBroker: 500,
  /** ms between two looks at the outbox, should no wake-up come. */
  outboxPoll: 1_000,
  /** Seconds an HTTP caller may wait for a command. */
  commandWait: 30,
  /** HTTP callers waiting for a command at once. */
  commandWaiters: 1_000,
  /** Days that inbox records, delivery records and command answers are kept for de-duplication. */
  recordDays: 7,
  /** Seconds that a community's cooldown or the window of its quota may last: a month. Uses are remembered as long. */
  commandWindow: 30 * 86_400,
  /** Uses that a community's quota may give in one window: a number above it holds nobody back. */
  commandUses: 100_000,
  /** People that a community may name for one command: the list is read with each use of it. */
  commandPeople: 200,
  /** Characters of a feature's setting that the audit shows: enough to see which text it was. */
  settingShown: 120,
  /** Members in one page of the list, where nothing is said and at most. */
  membersDefault: 50,
  membersPage: 200,
  /** Accounts or communities in one page of the operator's lists, where nothing is said. */
  instancePage: 50,
  /** People in one answer of a people list. */
  peoplePage: 500,
  /** ms between two notices of the same kind to one person on a platform, whose own send limit they use up. */
  noticeEvery: 30_000,
  /** Bytes of a secret in UTF-8, as the vault takes them (`SECRET_BYTES` of contracts/vault.ts). */
  secretBytes: 8 * 1024,
  /** Secrets of one person or community: far more than there are services to ask. */
  secretsPerOwner: 20,
  /** ms between two notes that a secret was used by the same: a call must not cost a commit each time. */
  secretUseEvery: 60_000,
  /** Guilds, workspaces and channels that a community may connect. */
  spacesPerCommunity: 1_000,
  /** Lines of a community's table of roles: a guild has 250. */
  roleMappings: 500,
  /** ms that a place and what its community decided are remembered: every line of a busy channel asks, and a change is seen within a second. */
  placeKept: 1_000,
  placesKept: 10_000,
  /** Minutes that a code to connect a place, and one to link an identity, can be typed: time to go there, and not to forget it lying about. */
  connectCodeMinutes: 15,
  linkCodeMinutes: 10,
  /** Wrong codes of one person within `codeTrySeconds`: a code has 50 bits, so this only keeps a guesser from being a load. */
  codeTries: 5,
  codeTrySeconds: 900,
  /** Refused commands of one person, and of all people of a community, that are written into the audit: a flood must not fill it. */
  refusalsWritten: { uses: 30, perSeconds: 600 },
  refusalsOfCommunity: { uses: 3_000, perSeconds: 600 },
  /** Entries in one page of the audit, and rows read at once while it is exported. */
  auditPage: 200,
  auditPiece: 1_000,
  /** Exports of the audit by one person: each reads all of it. */
  auditExports: { uses: 10, perSeconds: 3_600 },
  /** Minutes after a sign-in in which an account may be deleted without the password. */
  freshSessionMinutes: 10,
  /** Exports of everything about a person, by that person. */
  dataExports: { uses: 5, perSeconds: 86_400 },
  /** Names on platforms of one account: far more than there are platforms, as some people have several on one. */
  identitiesPerAccount: 20,
  /** ms for which a message may be on its way to its commit: younger ones are not counted yet, as older ones may come between. */
  countedAfter: 15_000,
  /** Days that messages an hour, and hours that waiting jobs a minute, are kept: what the overview shows, and one more to compare. */
  activityDays: 8,
  waitingHours: 25,
  /** ms between two looks of a process at itself, and hours that what it saw is kept: what the operator's page shows, and one more. */
  measureEvery: 60_000,
  measuredHours: 2,
  /** Commands of which the overview takes the answer times: the newest of the last hour. */
  timedCommands: 2_000,
  /** ms that a platform may take for one of the two questions of a proof: a person waits at the browser. */
  proofCall: 5_000,
  /** Characters of its answer: who somebody is takes about 2,000. */
  proofBody: 64 * 1024,
  /** Characters of a reason: a sentence or two, read in a log. */
  reasonText: 300,
  /** Minutes that a mute or a ban with an end may last: a year. */
  sanctionMinutes: 365 * 1_440,
  /** Minutes that a match of the word list mutes for. */
  wordMuteMinutes: 60,
  /** Lines of one place on a platform that the word list takes away in a minute. */
  wordActs: 60,
  /** The same of the verification gate on Twitch, which takes 800 requests of a bot in a minute. */
  gateActs: 300,
  /** Words or phrases of a community: each post is looked through for them. */
  wordRules: 200,
  wordRuleText: 100,
  /** Seconds between two posts of one person that slow mode may ask for: as long as Discord's. */
  slowSeconds: 21_600,
  /** Posts of one person that may wait for a moderator: during a raid each of a thousand people writes. */
  heldPerPerson: 5,
  /** Reports by one person within ten minutes. */
  reports: { uses: 20, perSeconds: 600 },
  /** Reports by one person on a platform, or by a command, that wait: one person must not fill the moderators' list. */
  openReports: 10,
  /** Communities whose rules one process keeps in memory; the rules of one are a few kB. */
  rulesKept: 1_000,
  /** Entries in one page of a list about order. */
  orderPage: 200,
  orderDefault: 50,
  /** ms between two looks at bans whose time is over. */
  bansEndEvery: 30_000,
  /** Minutes that a verification link is good, where nobody says, and at most: a mail is read in a quarter of an hour, or a day later. */
  verifyLinkMinutes: 15,
  verifyLinkMinutesMost: 24 * 60,
  /** Requests to be verified by one person, and mails to one entry of a list: nobody's letter box is filled. */
  verifyRequests: { uses: 5, perSeconds: 900 },
  verifyMails: { uses: 3, perSeconds: 3_600 },
  /** Mails that somebody who sets the gate up sends to themselves: enough to mend a server's setting between them. */
  verifyTestMails: { uses: 10, perSeconds: 3_600 },
  /** Wrong links of one address, or wrong codes of one person, before the first wait, and that wait in seconds; doubled every five more. */
  wrongProofs: 5,
  wrongProofWait: 10,
  /** Seconds that such a wait lasts at most, and after which wrong ones are forgotten: a day, so that the waits of an hour do not begin anew. */
  wrongProofWaitMost: 3_600,
  wrongProofsForgotten: 86_400,
  /** Tries of the code in one mail; then the request is over. */
  verifyCodeTries: 5,
  /** Times in a day that somebody's requests may be answered with "this was not me" before they may ask no more. */
  verifyDenials: { uses: 3, perSeconds: 86_400 },
  /** Hours that a proved request waits for the account before it to give its place back. */
  verifyWaitHours: 72,
  /** Days that requests are kept: what moderators look through. */
  verifyRequestDays: 30,
  /** Characters of a list's user id, name and nickname template. Discord takes 32 of a nickname; the rest is cut there. */
  listUserId: 100,
  listName: 100,
  /** Rows of a list: the largest communities that a bot of a school or a company serves. */
  listRows: 100_000,
  /** Bytes of a list as CSV, which is read as it comes: rows of 160. As JSON, which is read as a whole: some 30,000 rows. */
  listBytes: 16 * 1024 * 1024,
  listJsonBytes: 4 * 1024 * 1024,
  /** Characters of one line of CSV: four fields at their longest are 600. */
  listRecord: 4_000,
  /** Wrong rows that a report names; it counts all of them. */
  listReport: 200,
  /** Rows of a list that one commit writes: some 10 ms, so that a message does not wait behind a list. */
  listSlice: 500,
  /** Changed rows that are written in one commit; more become a new list beside the old one, which is then changed for it. */
  listAtOnce: 500,
  /** Minutes that a list which was looked through waits for a yes, and that it may take to be written. */
  listPreviewMinutes: 60,
  listWriteMinutes: 10,
  /** Imports of a community that are shown, and rows of one for each kind of change. */
  listImportsShown: 20,
  listSample: 20,
  /** Minutes between two times that a database is asked for a list, at least: its query may be a costly one. */
  sourceMinutes: 5,
  /** ms until a database has to be reached, and for each of its answers: whoever asks waits at the page. */
  sourceConnect: 10_000,
  sourceAnswer: 60_000,
  /** Mails a minute of a letter to all: 3,600 an hour, what common mail services take from one sender. */
  reachOutMails: 60,
  /** Minutes that such a mail is tried: it can wait for a server that is away over night. */
  reachOutTriedMinutes: 12 * 60,
  /** Days that the link which ends such mails works; RFC 8058 names no time, and old mails are read late. */
  mailDoorDays: 180,
  /** Lists that one person may send: a program that tells of each payment uses PATCH. */
  listImports: { uses: 60, perSeconds: 3_600 },
  verifyNickname: 100,
  platformNickname: 32,
  /** Entries in one page of the list, and of what became of them. */
  verifyPage: 200,
  /** ms between two looks at what has ended on a list. */
  verifyEndEvery: 60_000,
  /** Bindings that one look ends: a commit each look. */
  verifyEndAtOnce: 500,
  inviteUses: 1_000,
  inviteDays: 365,
} as const;
