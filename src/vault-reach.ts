import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import pino from 'pino';
import { vaultClient, type Vault } from '#clients/vault.ts';
import { ownVault, vaultPart } from '#parts/vault.ts';
import { socketOf } from '#parts/vault-socket.ts';
import type { Config } from './config.ts';
import { isLocked, openFolder } from './data-folder.ts';

/** The vault as a command of the operator reaches it, for one act. */
export interface Reached {
  vault: Vault;
  /** For who reads it. */
  where: string;
  /** Nobody else may be sealing anything meanwhile: no hall runs on the data. */
  alone: boolean;
  close(): Promise<void>;
}

/** At VAULT_URL; else the one that runs on GUILDHALL_DATA; else one that is started for the moment. */
export async function reachVault(config: Config): Promise<Reached> {
  const logger = pino({ level: 'silent' });
  if (config.VAULT_URL !== undefined) {
    const { vault, stop } = vaultPart(config, 'all', { logger });
    return { vault, where: config.VAULT_URL, alone: false, close: () => stop(0) };
  }
  const socket = socketOf(vaultFolder(config));
  if (await listens(socket)) {
    const vault = vaultClient({ socket });
    return { vault, where: 'it runs', alone: false, close: () => vault.close() };
  }
  const { vault, stop } = ownVault(config, { logger });
  return { vault, where: 'started for this look', alone: !mayBeShared(config), close: () => stop(GRACE_MS) };
}

/** ms for what a vault that was started for the moment still does. */
const GRACE_MS = 5_000;

/** Where the keys of this machine are. */
export function vaultFolder({ GUILDHALL_DATA: data }: Pick<Config, 'GUILDHALL_DATA'>): string {
  return join(resolve(data), 'vault');
}

/** Whether this machine has keys, good or bad. */
export function hasKeys(config: Pick<Config, 'GUILDHALL_DATA'>): boolean {
  return existsSync(join(vaultFolder(config), 'keys.json'));
}

function mayBeShared(config: Config): boolean {
  return config.DATABASE_URL !== undefined || isLocked(openFolder(config.GUILDHALL_DATA, { database: false }));
}

function listens(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    const end = (there: boolean) => (): void => {
      socket.destroy();
      done(there);
    };
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}
