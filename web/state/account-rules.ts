/** What is wrong with a username; the words for it stand in the catalogue. */
export type UsernameWrong = { kind: 'needed' } | { kind: 'short' } | { kind: 'form'; good: string };

const FORM = /^[a-z0-9_.-]{3,30}$/;

/** Usernames are 3 to 30 of `a–z 0–9 _ . -`. Null where nothing is wrong. */
export function usernameWrong(username: string): UsernameWrong | null {
  if (username === '') return { kind: 'needed' };
  const good = username
    .toLowerCase()
    .replace(/\s+/g, '-')
    .replace(/[^a-z0-9_.-]/g, '')
    .slice(0, 30);
  if (good === username && username.length < 3) return { kind: 'short' };
  return FORM.test(username) ? null : { kind: 'form', good: FORM.test(good) ? good : '' };
}

/** Passwords have at least this many characters. */
export const PASSWORD_LEAST = 12;
