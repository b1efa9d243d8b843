import type { SignInFacts } from '#contracts/web.ts';
import { call } from './api.ts';

/** What I sign in by, for the parts of the profile that show and change it. */
class Facts {
  now = $state<SignInFacts | null>(null);

  async load(): Promise<void> {
    this.now = await call<SignInFacts>('/v1/me/sign-in');
  }
}

export const signInFacts = new Facts();
