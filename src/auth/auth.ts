import { createHash } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import type { LiveEvent } from '#core/live.ts';
import type { Seeds } from '#core/second-factor.ts';
import type { Storage } from '#storage/storage.ts';
import type { LoginThrottle } from './login-throttle.ts';
import type { Oidc } from './oidc.ts';

/** What signing in needs. */
export interface Auth {
  storage: Storage;
  clock: Clock;
  throttle: LoginThrottle;
  /** Accounts made from one address: counts one, or throws 429. */
  signups: { take(address: string): Promise<void> };
  signup: 'invite' | 'open' | 'closed';
  idleMinutes: number;
  /** Another service that people may sign in by. */
  oidc?: Oidc | undefined;
  /** The sealed seeds of second factors. */
  seeds?: Seeds | undefined;
  announce(event: LiveEvent): void;
}

/** What is kept of a secret: enough to know it again, not enough to use it. */
export function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
