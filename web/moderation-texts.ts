/** The words about order in the house: a part of `texts`. */
export const moderationTexts = {
  title: 'Moderation',
  lead: (reports: number, held: number, locked: boolean) =>
    [
      reports === 0 ? 'No report waits.' : `${counted(reports, 'report')} ${reports === 1 ? 'waits' : 'wait'}.`,
      held === 0 ? '' : `${counted(held, 'message')} ${held === 1 ? 'is' : 'are'} held.`,
      locked ? 'The community is locked down.' : 'No lock-down.',
    ]
      .filter(Boolean)
      .join(' '),
  waiting: (count: number) => `, ${count} wait`,
  older: 'Show more',
  acts: 'Acts',
  reports: 'Reports',
  reportsNone: 'Nothing waits. Members report a message from its menu.',
  inRoom: (room: string) => `in ${room}, `,
  goneRoom: 'a room that is gone',
  ourChat: 'the web chat',
  onPlatform: (platform: string, place: string | null) => `on ${platform}${place === null ? '' : `, ${place}`}, `,
  personReported: 'No message was chosen: the person was reported.',
  noWords: 'A message without words, such as a picture.',
  reportedBy: (names: string, reason: string) => `Reported by ${names}: “${reason}”`,
  deleteMessage: 'Delete message',
  muteHour: 'Mute for 1 h',
  banPerson: 'Ban',
  leaveIt: 'Leave it',
  settled: { deleted: 'Message deleted', muted: 'Muted for an hour', banned: 'Banned', left: 'Left as it is' },
  held: 'Held messages',
  heldWhat: { words: 'The word list holds it.', lockdown: 'A first message during the lock-down.' },
  heldNone: 'No message waits to be let through.',
  letThrough: 'Let it through',
  refuse: 'Refuse it',
  lockDown: 'Lock-down',
  lockedSince: (when: string, until: string | null) =>
    `Locked down since ${when}${until === null ? '' : `, until ${until}`}.`,
  lockedWhat:
    'Nobody new comes in, and first messages wait here until a moderator has seen them. Invites stay good; nobody is lost.',
  open: 'No lock-down.',
  openWhat:
    'A lock-down lets nobody new in and holds first messages until a moderator has seen them. Invites stay good; nobody is lost.',
  howLong: 'For how long',
  times: { '30': 'For 30 minutes', '120': 'For 2 hours', '1440': 'For a day', '': 'Until I end it' },
  lock: (name: string) => `Lock down ${name}`,
  unlock: 'End the lock-down',
  slow: 'Slow mode',
  slowWhat: 'Between two messages of one person. Moderators are not slowed.',
  slowNone: 'There is no room yet.',
  room: 'Room',
  slowOf: (name: string) => `Slow mode of ${name}`,
  slowTimes: {
    '0': 'Off',
    '5': 'One message in 5 s',
    '10': 'One message in 10 s',
    '30': 'One message in 30 s',
    '60': 'One message in a minute',
    '300': 'One message in 5 min',
    '3600': 'One message in an hour',
  } as Record<string, string>,
  slowOther: (seconds: number) => `One message in ${seconds} s`,
  words: 'Word list',
  wordsWhat:
    'Whole words and phrases, whatever their case and what stands between them. Moderators may write what they like.',
  wordsNone: 'No words yet.',
  wordsLabel: 'Words or a phrase',
  wordsThen: 'What happens',
  wordActs: {
    delete: 'Take no such message',
    hold: 'Hold it until a moderator looks',
    mute: 'Take none, and mute for 1 h',
  },
  addWords: 'Add words',
  removeWords: (words: string) => `Take ${words} off the list`,
  remove: 'Remove',
  inForce: 'In force',
  inForceNone: 'Nobody is muted or banned.',
  person: 'Person',
  what: 'What and why',
  until: 'Until',
  ends: 'ends',
  noEnd: 'no end',
  kinds: { mute: 'Muted', ban: 'Banned', kick: 'Taken out' },
  lift: 'Lift',
  liftOf: (name: string) => `Lift what holds for ${name}`,
  lifted: (name: string) => `${name} is free again`,
  log: 'Log',
  logWhat: 'Every act, with its reason. The newest first.',
  logNone: 'Nothing was done yet.',
  when: 'When',
  who: 'Who',
  result: 'Result',
  done: 'Done',
  refusedThere: 'Refused there',
  machine: 'The hall',
  entry: (action: string, facts: Record<string, unknown>) => entry(action, facts),
  report: 'Report',
  reportTitle: (name: string) => `Report ${name}’s message`,
  reportWhat: 'The moderators see the message and why you report it. Others do not.',
  reportWhy: 'What is wrong with it',
  reportSend: 'Report it',
  reported: 'Reported. The moderators see it now.',
  order: 'Mute or ban',
  orderTitle: (name: string) => `Mute, take out or ban ${name}`,
  orderKind: 'What',
  orderKinds: {
    mute: 'Mute: they cannot write',
    kick: 'Take out: an invite lets them in again',
    ban: 'Ban: out, and kept out',
  },
  orderTime: 'For how long',
  orderTimes: {
    '10': '10 minutes',
    '60': 'an hour',
    '1440': 'a day',
    '10080': 'a week',
    '43200': '30 days',
  } as Record<string, string>,
  orderForGood: 'until it is lifted',
  orderWhy: 'Why. The person reads it, and it stands in the log.',
  orderWhat: 'It follows the person: it holds for the account and for their linked names on every platform.',
  orderDo: { mute: 'Mute', kick: 'Take out', ban: 'Ban' },
  orderDone: {
    mute: (name: string) => `${name} is muted`,
    kick: (name: string) => `${name} was taken out`,
    ban: (name: string) => `${name} is banned`,
  },
  whyDelete: 'Why, for the log',
  muted: (until: string | null, reason: string) => `You are muted${until === null ? '' : ` until ${until}`}: ${reason}`,
  slowLeft: (seconds: number) => `Slow mode: you can send in ${seconds} s`,
  slowHint: (seconds: number) => `Slow mode: one message in ${seconds} s`,
  waits: 'Your message waits for a moderator. Only you see it.',
};

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** What an entry of the log says was done, without who did it. */
function entry(action: string, facts: Record<string, unknown>): string {
  const person = text(facts['person']) || 'somebody';
  const sentences: Record<string, string> = {
    'moderation.mute': `muted ${person}`,
    'moderation.unmute': `let ${person} write again`,
    'moderation.kick': `took ${person} out`,
    'moderation.ban': `banned ${person}`,
    'moderation.unban': `lifted the ban of ${person}`,
    'moderation.carry': `the ${text(facts['kind'])} of ${person} holds for the account that linked this name`,
    'moderation.delete': `deleted a message of ${person}`,
    'moderation.settle': `settled a report about ${person}: ${text(facts['outcome'])}`,
    'moderation.approve': `let a message of ${person} through`,
    'moderation.refuse': `refused a message of ${person}`,
    'moderation.slow':
      Number(facts['seconds']) > 0 ? `set slow mode to ${text(facts['seconds'])} s` : 'ended slow mode',
    'moderation.lock-down': facts['on'] === true ? 'began a lock-down' : 'ended the lock-down',
    'moderation.word-add': 'added to the word list',
    'moderation.word-remove': 'took something off the word list',
    'moderation.words': `kept a line back on ${text(facts['platform'])}: “${text(facts['words'])}”`,
    'moderation.platform': `asked ${text(facts['platform'])}: ${text(facts['act'])}`,
  };
  return sentences[action] ?? action.replace('moderation.', '');
}

function text(fact: unknown): string {
  return typeof fact === 'string' || typeof fact === 'number' ? String(fact) : '';
}
