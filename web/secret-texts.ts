/** The words about secrets: a part of `texts`. */
export const secretTexts = {
  title: 'Secrets',
  mineWhat:
    'Keys of other services that you entrust to the bot. Each is sealed as it comes in, and is never shown again, not to you either.',
  lead: (name: string) => `Keys of other services that ${name} entrusts to the bot.`,
  kept: 'Kept here',
  communityWhat: 'Each is sealed as it comes in, and is never shown again. Admins can replace and forget it.',
  /** Without what every object has: a secret may be called `constructor`. */
  known: Object.assign(Object.create(null) as Record<string, { name: string; what: string }>, {
    torn: { name: 'Torn API key', what: 'for questions to Torn' },
  }),
  none: 'Nothing is kept yet.',
  set: (when: string) => `Set ${just(when)}`,
  unused: 'not used yet',
  used: (by: string | null, when: string) =>
    by === 'check' ? `last opened for a check ${just(when)}` : `last used for ${by ?? 'the bot'} ${just(when)}`,
  add: 'Add a secret',
  check: 'Check',
  checkLabel: (name: string) => `Check ${name}`,
  checked: (name: string) => `The vault can open ${name}`,
  replace: 'Replace',
  replaceTitle: (name: string) => `Replace ${name}`,
  forget: 'Forget',
  forgetTitle: (name: string) => `Forget ${name}`,
  forgetWhat:
    'It is deleted here for good. Whatever needs it asks for it again. At the other service the key still works.',
  forgetButton: 'Forget it',
  forgotten: (name: string) => `${name} forgotten`,
  keep: 'Keep it',
  for: 'What it is for',
  other: 'Something else',
  name: 'Name',
  nameHint: 'Small letters, digits and dashes, for example calendar',
  nameWrong: 'Small letters, digits and dashes only, 40 at most.',
  value: 'Secret',
  valueHint: 'It is sealed at once and never shown again.',
  valueReplaces: 'It takes the place of the one that is kept, and is never shown again.',
  valueNeeded: 'The secret is missing.',
  store: 'Store it',
  storing: 'Storing',
  stored: (name: string) => `${name} stored`,
  away: {
    title: 'The vault does not answer',
    what: 'Nothing can be stored or checked until it is back. What is kept is safe, and you can forget it as ever.',
  },
  lost: 'cannot be opened any more',
  lostKeys: {
    title: 'The vault does not have the key of some secrets',
    what: 'They cannot be used until the operator brings that key back. Whoever cannot wait for it types them anew with Replace.',
  },
  noKey: {
    title: 'The vault has lost its key',
    what: 'What is kept cannot be used until the operator brings the key back. It is not lost, and you can forget it as ever.',
  },
};

function just(when: string): string {
  return when === 'now' ? 'just now' : when;
}
