/** What a program may do with a person's token; never more than the person may. */
export const SCOPES = ['read', 'post', 'commands', 'manage', 'people', 'me'] as const;

export type Scope = (typeof SCOPES)[number];

/** Each in a few words, for people who decide whether to grant it. */
export const SCOPE_WORDS: Record<Scope, string> = {
  read: 'read rooms, messages and people',
  post: 'write, edit and delete messages',
  commands: 'run commands and see their answers',
  manage: 'change rooms, members and settings, as far as its person may',
  people: 'read and change the list of people who may be verified, as far as its person may',
  me: 'see and change its person’s profile, secrets and data',
};
