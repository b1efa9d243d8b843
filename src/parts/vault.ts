import { readFileSync } from 'node:fs';
import type { FastifyBaseLogger } from 'fastify';
import { noVault, vaultClient, type Vault } from '#clients/vault.ts';
import type { VaultHealth } from '#core/secret.ts';
import type { PartHealth } from '#storage/processes.ts';
import type { Config, ProcessRole } from '#src/config.ts';
import type { Part } from './site.ts';
import { VaultProcess, type Ready, type VaultProcessOptions } from './vault-process.ts';
import { watching } from './vault-watch.ts';

export interface VaultPart extends Part {
  vault: Vault;
  /** Where the vault is a child of this process: starts it now, and not at the first need. */
  start(): void;
}

export interface VaultPartOptions {
  logger: FastifyBaseLogger;
  /** Told at each start of a vault of our own, when it can be asked. */
  onReady?(ready: Ready & { folder: string }): void;
}

type VaultConfig = Pick<
  Config,
  | 'GUILDHALL_DATA'
  | 'VAULT_LISTEN'
  | 'VAULT_URL'
  | 'SERVICE_CERT'
  | 'SERVICE_KEY'
  | 'SERVICE_CA'
  | 'TORN_URL'
  | 'TWITCH_AUTH_URL'
  | 'TWITCH_CLIENT_ID'
  | 'TWITCH_CLIENT_SECRET'
>;

/** The way to the vault: at VAULT_URL, or in the role all a child of this process. Nothing is awaited: it comes when it comes. */
export function vaultPart(config: VaultConfig, role: ProcessRole, options: VaultPartOptions): VaultPart {
  if (config.VAULT_URL !== undefined) return vaultElsewhere(config, config.VAULT_URL);
  if (role === 'all') return ownVault(config, options);
  const vault = noVault('is not known to this process, as VAULT_URL is not set');
  return { vault, health: () => [], start: () => undefined, stop: async () => undefined };
}

/** A vault that this process starts and watches, whatever VAULT_URL says. It listens for others where `listen` is there. */
export function ownVault(config: VaultConfig, { logger, onReady }: VaultPartOptions, listen = false): OwnVault {
  const child = new VaultProcess({
    data: config.GUILDHALL_DATA,
    providers: providersOf(config),
    logger,
    onReady(ready) {
      watch.begin();
      onReady?.({ ...ready, folder: child.folder });
    },
    ...(listen && { listen: listenOf(config) }),
  });
  const vault = vaultClient({ socket: child.socket, up: (ms, ended) => child.up(ms, ended) });
  const watch = watching(vault, () => child.replace());
  return {
    vault,
    child,
    start() {
      child.start();
    },
    health() {
      const health = child.health();
      if (!health) return [];
      return [healthOf(health.state === 'away' ? health : watch.seen())];
    },
    async stop(graceMs) {
      watch.stop();
      await child.stop(graceMs);
      await vault.close();
    },
  };
}

export interface OwnVault extends VaultPart {
  child: VaultProcess;
}

function vaultElsewhere(config: VaultConfig, url: string): VaultPart {
  const { cert, key, ca } = filesOf(config);
  const vault = vaultClient({ url, cert: read(cert), key: read(key), ca: read(ca) });
  const watch = watching(vault);
  watch.begin();
  return {
    vault,
    start: () => undefined,
    health: () => [healthOf(watch.seen())],
    async stop() {
      watch.stop();
      await vault.close();
    },
  };
}

function healthOf({ state, why }: VaultHealth): PartHealth {
  return { name: 'vault', state: state === 'ready' ? 'up' : 'down', ...(why !== undefined && { why }) };
}

/** Where other machines reach it; the settings were checked when they were read. */
function listenOf(config: VaultConfig): NonNullable<VaultProcessOptions['listen']> {
  return { ...(config.VAULT_LISTEN as { host: string; port: number }), ...filesOf(config) };
}

function filesOf(config: VaultConfig): { cert: string; key: string; ca: string } {
  const { SERVICE_CERT: cert = '', SERVICE_KEY: key = '', SERVICE_CA: ca = '' } = config;
  return { cert, key, ca };
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

function providersOf(config: VaultConfig): VaultProcessOptions['providers'] {
  const { TWITCH_CLIENT_ID: id, TWITCH_CLIENT_SECRET: secret } = config;
  return {
    tornUrl: config.TORN_URL,
    twitchAuthUrl: config.TWITCH_AUTH_URL,
    ...(id !== undefined && { twitchClientId: id }),
    ...(secret !== undefined && { twitchClientSecret: secret }),
  };
}
