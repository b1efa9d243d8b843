/** The words of the audit: a part of `texts`. */
export const auditTexts = {
  title: 'Audit',
  lead: (days: number | null) =>
    `Every command run and every change in the portal${days === null ? '' : `, kept for ${counted(days, 'day')}`}. Nobody can edit it.`,
  export: 'Export NDJSON',
  exportHint: 'All entries that the filters leave, one a line',
  caption: 'Audit entries, newest first',
  columns: { who: 'Who', as: 'As', what: 'What', where: 'Where', result: 'Result' },
  person: 'Person',
  personHint: 'A username, such as juno',
  what: 'What',
  result: 'Result',
  from: 'From',
  to: 'Up to',
  everything: 'Everything',
  anyResult: 'Any result',
  done: 'Done',
  refused: 'Refused',
  none: 'Nothing yet',
  noneWhat: 'What people do with the bot and in the portal is written down here as it happens.',
  noneFound: 'Nothing matches these filters',
  noneFoundWhat: 'Take one away, or look at an earlier day.',
  clear: 'Clear the filters',
  failed: 'The entries could not be read',
  newer: 'Newer',
  older: 'Older',
  range: (from: number, to: number) => `${from} to ${to}`,
  operator: 'The operator, at the server',
  somebody: (platform: string) => `Somebody on ${platform}`,
  web: 'web',
  program: 'program',
  portal: 'portal',
  privateRoom: 'a private room',
  there: (platform: string) => `on ${platform}`,
  more: 'More refusals of these ten minutes are not written down',
  platforms: { discord: 'Discord', slack: 'Slack', twitch: 'Twitch' } as Record<string, string>,
  used: 'used',
  tried: 'tried',
  /** What can be chosen, each with its actions. */
  kinds: [
    { name: 'Commands', actions: 'command.*' },
    { name: 'Settings of commands', actions: 'command.settings' },
    {
      name: 'Rooms and messages',
      actions: 'room.create,room.change,room.delete,room.let-in,room.take-out,message.delete',
    },
    {
      name: 'Members and roles',
      actions: 'member.role,member.erase,member.kick,member.ban,member.mute,account.create',
    },
    { name: 'Invites', actions: 'invite.make,invite.end' },
    { name: 'Spaces', actions: 'space.symbol,space.connect,space.disconnect' },
    { name: 'Secrets', actions: 'secret.set,secret.check,secret.forget' },
    { name: 'The community itself', actions: 'community.make,community.rename,audit.export' },
  ],
  /** What was done, after the name of who did it. `it`: what it was done to; `more`: a little more, as the entry has it. */
  acts: {
    'account.create': () => 'came in with a new account',
    'account.disable': (it) => `disabled the account of ${it}`,
    'account.erase': () => 'deleted the account',
    'account.export': () => 'took all their data away',
    'audit.export': () => 'exported the audit',
    'community.make': () => 'made the community',
    'community.rename': () => 'renamed the community',
    'identity.link': (it) => `linked ${it}`,
    'identity.unlink': (it) => `unlinked ${it}`,
    'invite.make': () => 'made an invite',
    'invite.end': () => 'ended an invite',
    'job.retry': () => 'had a failed job done again',
    'job.drop': () => 'let a failed job go',
    'member.erase': () => 'left and deleted the account',
    'member.role': (it, more) => `made ${it} ${withArticle(more)}`,
    'message.delete': () => 'deleted somebody’s message',
    'room.create': (it) => `made the room ${it}`,
    'room.change': (it) => `changed the room ${it}`,
    'room.delete': (_, more) => `deleted the room ${more}`,
    'room.let-in': (it, more) => `let ${more} into ${it}`,
    'room.take-out': (it, more) => `took ${more} out of ${it}`,
    'secret.set': (it) => `gave the vault a secret for ${it}`,
    'secret.check': (it) => `had the secret for ${it} checked`,
    'secret.forget': (it) => `had the secret for ${it} forgotten`,
    'space.symbol': () => 'changed the sign before commands in a space',
  } as Record<string, (it: string, more: string) => string>,
  /** For an act that is not among them. */
  act: (action: string, it: string) => `${action.replace('.', ': ')}${it === '' ? '' : ` ${it}`}`,
  changed: 'changed',
  changes: {
    on: (on: boolean) => (on ? 'switched on' : 'switched off'),
    allow: (allow: string | string[]) =>
      typeof allow === 'string' ? `for ${allow}s and up` : `for ${counted(allow.length, 'person', 'people')} by name`,
    cooldown: (seconds: number) => (seconds === 0 ? 'no cooldown' : `a cooldown of ${counted(seconds, 'second')}`),
    limit: ({ uses, perSeconds }: { uses: number; perSeconds: number }) =>
      `${counted(uses, 'use')} in ${counted(perSeconds, 'second')}`,
    symbol: (symbol: string) => `${symbol} before its name on Twitch`,
    back: (what: string) => `${what} as declared`,
    names: { on: 'on', allow: 'who', cooldownSeconds: 'cooldown', limit: 'limit', symbol: 'sign' } as Record<
      string,
      string
    >,
  },
  /** Results as people say them; others are told by their code. */
  results: {
    'not-allowed': 'Refused: role',
    'not-verified': 'Refused: not verified',
    'command-off': 'Refused: switched off',
    'too-fast': 'Refused: too fast',
    'bad-argument': 'Wrong argument',
    'unknown-command': 'No such command',
    'our-mistake': 'Failed',
  } as Record<string, string>,
  otherResult: (code: string) => `Refused: ${code.replaceAll('-', ' ')}`,
};

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function withArticle(role: string): string {
  return `${/^[aeio]/.test(role) ? 'an' : 'a'} ${role}`;
}
