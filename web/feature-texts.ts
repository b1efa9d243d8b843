/** The words of the features page: a part of `texts`. What each field is called, its feature says. */
export const featureTexts = {
  title: 'Features',
  lead: 'What each feature does in this community. It holds from the next use on, wherever it is asked.',
  none: 'No feature has anything to set.',
  nothing: 'none',
  on: 'on',
  off: 'off',
  unit: (label: string, unit: string) => `${label}, ${unit}`,
  figure: (value: string, unit: string | undefined) => (unit ? `${value} ${unit}` : value),
  words: 'One a line.',
  blanks: (names: readonly string[]) => `${names.map((name) => `{${name}}`).join(', ')} can stand in it.`,
  noRole: 'No role',
  goneRole: (id: string) => `${id}, which is gone there`,
  noRoles: 'No connected space has told its roles yet.',
  back: (value: string) => `Back to the default: ${value}`,
  backOf: (label: string, value: string) => `${label}: back to the default, ${value}`,
  unsaved: (count: number) => (count === 1 ? 'One change is not saved.' : `${count} changes are not saved.`),
  from: (label: string, was: string, is: string) => `${label}: ${was} to ${is}`,
  /** The first of many: the bar must not cover the page. */
  changes: (all: readonly string[]) => {
    const left = all.length - 3;
    return left > 0 ? `${all.slice(0, 3).join('; ')}; and ${left} more.` : `${all.join('; ')}.`;
  },
  discard: 'Discard',
  save: 'Save changes',
  saved: 'Saved. It holds from the next use on.',
};
