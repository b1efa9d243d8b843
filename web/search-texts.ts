/** The words of the search page and panel: a part of `texts`. */
export const searchTexts = {
  title: 'Search',
  lead: 'Only rooms that you may read are looked through.',
  words: 'Words',
  placeholder: 'Words, "exact words" or begin*',
  in: 'In',
  everywhere: 'All my rooms',
  since: 'Since',
  submit: 'Search',
  hint: 'Several words are all meant. "Exact words" stand one after the other; begin* finds what begins so.',
  searching: 'Searching',
  found: (count: number, rooms: number, more: boolean) =>
    `${more ? 'The newest ' : ''}${count === 1 ? '1 message' : `${count} messages`} in ${rooms === 1 ? '1 room' : `${rooms} rooms`}, newest first.`,
  foundHere: (count: number, more: boolean) =>
    `${more ? 'The newest ' : ''}${count === 1 ? '1 message' : `${count} messages`}, newest first`,
  inRoom: (count: number) => (count === 1 ? '1 message' : `${count} messages`),
  none: 'Nothing was found',
  noneWhat: 'Try fewer words, or the beginning of one with a star. Emoji and signs are not looked for.',
  noneYet: 'Nothing among the newest. There is more to look through.',
  older: 'Look further back',
  failed: 'The search did not come through.',
  searchIn: (room: string) => `Search in ${room}`,
  all: 'Search all your rooms',
  open: 'Search this room',
};
