/** The words of the portal's side: a part of `texts`. Each section brings the words of its own page. */
export const portalTexts = {
  label: 'Portal',
  community: 'Community',
  operator: 'Operator',
  you: 'You',
  instance: 'This instance',
  profile: 'Profile',
  rooms: 'Back to the rooms',
  all: 'All sections',
  portalOf: (name: string) => `Portal of ${name}`,
  manage: 'Manage the community',
  lost: 'There is no such page, or it is not yours to see',
  lostWhat: 'Your role in the community decides which pages you have.',
  members: 'Members',
  settings: 'Settings',
  invites: 'Invites',
  secrets: 'Secrets',
};
