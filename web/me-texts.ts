/** The words of the profile: a part of `texts`. */
export const meTexts = {
  title: 'Profile',
  lead: 'You, where you are signed in, and what acts for you.',
  name: 'Name',
  username: 'Username',
  usernameHint: 'The username stays: people mention you with it.',
  save: 'Save',
  nothing: 'Nothing has changed.',
  saved: 'Name saved',
  look: 'Look',
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
  password: 'Password',
  passwordWhat:
    'A new one signs out every other device. API tokens stay. Whoever signs in another way and has none yet leaves the first field empty, within ten minutes of signing in.',
  passwordNow: 'Current password',
  passwordNew: 'New password',
  passwordChange: 'Change it',
  passwordChanging: 'Changing it',
  passwordChanged: 'Password changed',
  sessions: 'Sessions',
  sessionsWhat: 'Each device where you are signed in. Ending one signs it out at once.',
  thisOne: 'this one',
  signedIn: (when: string) => `Signed in ${just(when)}`,
  active: (when: string) => (when === 'now' ? 'active now' : `active ${when}`),
  shared: 'A shared computer.',
  endsItself: (when: string) => `ends by itself ${when}`,
  now: 'now',
  end: 'End',
  endLabel: (device: string) => `End the session on ${device}`,
  endOthers: 'End all others',
  ended: 'Session ended',
  endOthersTitle: 'End all other sessions',
  endOthersWhat: (count: number) =>
    `${count === 1 ? '1 other device is' : `${count} other devices are`} signed out at once. This one stays. API tokens stay too.`,
  othersEnded: 'All other sessions ended',
  keepThem: 'Keep them',
  signOut: 'Sign out here',
  back: 'Back to the rooms',
};

function just(when: string): string {
  return when === 'now' ? 'just now' : when;
}
