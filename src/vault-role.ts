import type { FastifyBaseLogger } from 'fastify';
import { notReady } from '#core/errors.ts';
import type { OperatorPort } from '#http/hall.ts';
import { sideServer } from '#http/side-server.ts';
import { ownVault, type VaultPartOptions } from '#parts/vault.ts';
import type { PartHealth } from '#storage/processes.ts';
import type { Config } from './config.ts';
import type { Certificate } from './tls.ts';

/** The role vault: it starts the vault, watches it, and tells how it is. It has no engine and no database. */
export interface RunningVault {
  engines(): PartHealth[];
  /** Fires when it stops. */
  ended: AbortSignal;
  /** Starts the vault without waiting for it, and tells its health at the address. */
  listen(): Promise<string>;
  stop(graceMs?: number): Promise<void>;
}

export interface VaultRoleOptions extends VaultPartOptions {
  logger: FastifyBaseLogger;
  /** For the small server. The vault itself has the certificate of SERVICE_CERT. */
  tls?: Certificate;
}

export async function startVault(config: Config, options: VaultRoleOptions): Promise<RunningVault> {
  const { logger, tls } = options;
  const part = ownVault(config, options, true);
  const stopping = new AbortController();
  const app = await sideServer(
    {
      operator: operatorOf(part.health),
      askDatabase: async () => needVault(part.health()),
      metricsToken: config.METRICS_TOKEN,
      webhooks: [],
    },
    { logger, ...(tls && { tls }) },
  );
  return {
    engines: part.health,
    ended: stopping.signal,
    async listen() {
      part.start();
      return app.listen({ port: config.PORT, host: config.HOST });
    },
    async stop(graceMs = 12_000) {
      stopping.abort();
      await app.close();
      await part.stop(graceMs);
    },
  };
}

/** There is nothing else in this process that could be ready. */
function needVault(health: PartHealth[]): void {
  const away = health.find(({ state }) => state !== 'up');
  if (away) throw notReady('vault-away', `The vault is not ready: ${away.why ?? away.state}`);
}

/** What the small server shows: no jobs, no platforms. */
function operatorOf(health: () => PartHealth[]): OperatorPort {
  return {
    dead: async () => [],
    retry: async () => false,
    forget: async () => false,
    unready: async () => health().flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }])),
    platforms: () => [],
    outbox: async () => 0,
  };
}
