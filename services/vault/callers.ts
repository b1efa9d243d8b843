import type { Operation } from '#contracts/vault.ts';

/** Who asks over the socket of the machine: the program in one process, and the operator's commands. */
export const ON_THIS_MACHINE = 'all';

/**
 * What each caller may ask, by the common name in its certificate. Whoever is not here may ask nothing, and `docs/threats.md`
 * shows this table. `leases`: the providers whose short-lived tokens it is given.
 */
const CALLERS: Readonly<Record<string, Rights>> = {
  [ON_THIS_MACHINE]: {
    operations: ['public-key', 'check', 'call', 'reseal', 'rotation', 'status', 'lease', 'totp'],
    leases: ['twitch', 'discord', 'slack'],
  },
  hall: { operations: ['public-key', 'check', 'reseal', 'rotation', 'status', 'totp'], leases: [] },
  worker: { operations: ['public-key', 'call'], leases: [] },
  bot: { operations: ['public-key'], leases: [] },
  discord: { operations: ['public-key', 'lease'], leases: ['discord'] },
  slack: { operations: ['public-key', 'lease'], leases: ['slack'] },
  twitch: { operations: ['public-key', 'lease'], leases: ['twitch'] },
};

interface Rights {
  operations: readonly Operation[];
  leases: readonly string[];
}

export function mayAsk(caller: string, operation: Operation): boolean {
  return rightsOf(caller).operations.includes(operation);
}

/** Whether the caller is the one that is given this provider's tokens. */
export function mayLease(caller: string, provider: string): boolean {
  return rightsOf(caller).leases.includes(provider);
}

/** The table, for those who show it. */
export function callers(): ReadonlyMap<string, Rights> {
  return new Map(Object.entries(CALLERS));
}

function rightsOf(caller: string): Rights {
  // Own names alone: nobody is called `constructor`.
  return Object.hasOwn(CALLERS, caller) ? (CALLERS[caller] as Rights) : NONE;
}

const NONE: Rights = { operations: [], leases: [] };
