import type { Clock } from '#core/clock.ts';
import type { OutgoingMessage } from '#core/message.ts';
import type { PlatformAct } from '#core/platform.ts';
import type { RateStore } from '#core/rate.ts';
import type { ListDatabases } from '#core/verification-list.ts';
import type { Storage, Tx } from '#storage/storage.ts';

/** What the gate is given. */
export interface VerifyParts {
  storage: Storage;
  clock: Clock;
  rates: RateStore;
  /** Databases of the operator's that lists may come from. */
  databases: ListDatabases;
  /** Where people reach the hall, without a slash at the end. */
  base(): string;
  /** Asks a platform, or tells somebody there, in the commit of what it follows. */
  send(tx: Tx, platform: string, body: PlatformAct | OutgoingMessage): Promise<void>;
  /** Tells the pages, after the commit: these accounts have another role now; moderators have something to look at. */
  changed(community: string, accounts: readonly string[]): void;
  tellModerators(community: string): Promise<void>;
}

/** Everything that decides who is verified in a community does so one after the other. */
export function turnOf(community: string): string {
  return `verification of ${community}`;
}
