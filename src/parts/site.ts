import type { FastifyBaseLogger } from 'fastify';
import type { Bus } from '#bus/bus.ts';
import type { Vault } from '#clients/vault.ts';
import type { Leases } from '#cluster/leases.ts';
import type { Clock } from '#core/clock.ts';
import type { AnyCommand } from '#core/command.ts';
import type { Feature } from '#core/feature.ts';
import type { RateStore } from '#core/rate.ts';
import type { PartHealth, SeenProcess } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';
import type { Config, ProcessRole } from '#src/config.ts';

/** What every part of a process stands on. */
export interface Site {
  /** This process, as the others know it. */
  id: string;
  role: ProcessRole;
  config: Config;
  clock: Clock;
  logger: FastifyBaseLogger;
  storage: Storage;
  bus: Bus;
  rates: RateStore;
  features: readonly Feature[];
  commands: ReadonlyMap<string, AnyCommand>;
  /** What keeps secrets: in another process, whatever the role. */
  vault: Vault;
  /** Where several processes share the work; undefined where this one is alone. */
  leases: Leases | undefined;
  /** The processes that were there at the last look; empty where this one is alone. */
  others(): readonly SeenProcess[];
}

/** A long-running piece of a process. */
export interface Part {
  health(): PartHealth[];
  /** Takes nothing more and ends what is in hand, `graceMs` at most. */
  stop(graceMs: number): Promise<void>;
  /** Told after each look which processes are there. */
  seen?(all: readonly SeenProcess[]): void;
}
