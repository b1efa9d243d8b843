const FORM = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** What a secret is for is a name such as `torn`: small letters, digits and dashes, 40 at most. */
export function purposeWrong(purpose: string): boolean {
  return !FORM.test(purpose);
}
