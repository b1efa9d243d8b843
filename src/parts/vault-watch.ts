import type { Vault } from '#clients/vault.ts';
import type { VaultHealth } from '#core/secret.ts';

/** ms between two looks. */
const LOOK_MS = 5_000;

/** Looks in a row without an answer after which a vault of our own is replaced: a busy one answers within that time. */
const MISSED = 4;

export interface Watch {
  begin(): void;
  seen(): VaultHealth;
  stop(): void;
}

/** Looks after the vault. `onLost`: it did not answer for so long that it never will. */
export function watching(vault: Vault, onLost?: () => void): Watch {
  let seen: VaultHealth = { state: 'ready' };
  let missed = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    seen = await vault.health();
    missed = seen.state === 'away' ? missed + 1 : 0;
    if (missed < MISSED) return;
    missed = 0;
    onLost?.();
  };
  return {
    begin() {
      if (timer) return;
      timer = setInterval(() => void look(), LOOK_MS).unref();
      void look();
    },
    seen: () => seen,
    stop: () => clearInterval(timer),
  };
}
