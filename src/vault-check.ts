import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { keyIds, type VaultStatus } from '#contracts/vault.ts';
import { AppError } from '#core/errors.ts';
import { countByKey } from '#storage/secrets.ts';
import type { Config } from './config.ts';
import { openFolder } from './data-folder.ts';
import type { Finding } from './deployment-checks.ts';
import { openStorage } from './engines.ts';
import { hasKeys, reachVault } from './vault-reach.ts';

/** How the vault is, which keys it has, and whether they open every secret that is kept. Changes nothing. */
export async function checkVault(config: Config): Promise<Finding[]> {
  const sealed = await sealedBy(config);
  const secrets = sum(sealed);
  if (config.VAULT_URL === undefined && !hasKeys(config)) return [noKeyYet(secrets, config)];
  const reached = await reachVault(config);
  try {
    const status = await reached.vault.status();
    return [stateOf(status, reached.where), ...keysOf(status, sealed), ...unknownKeys(status, sealed)];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'not-allowed') return [answers(reached.where)];
    return [{ state: 'wrong', what: 'vault', lines: [error.message, 'Chat works without it; secrets do not.'] }];
  } finally {
    await reached.close();
  }
}

/** How long this role's certificate holds, where it has one. */
export function checkServiceCertificate({ SERVICE_CERT: path }: Pick<Config, 'SERVICE_CERT'>): Finding[] {
  if (path === undefined || !existsSync(path)) return [];
  const what = 'certificate';
  try {
    const { subject, validToDate } = new X509Certificate(readFileSync(path));
    const days = Math.floor((validToDate.getTime() - Date.now()) / DAY_MS);
    const name = subject.replace(/^CN=/, '');
    if (days >= FEW_DAYS) return [{ state: 'ok', what, lines: [`${path} for ${name}, ${days} days left`] }];
    const ends = days < 0 ? 'has ended' : `ends in ${days} days`;
    return [
      {
        state: 'wrong',
        what,
        lines: [`${path} ${ends}.`, 'Renew it: npm run -s guildhall -- certs DIR, then restart.'],
      },
    ];
  } catch (error) {
    return [{ state: 'wrong', what, lines: [`${path} cannot be read: ${(error as Error).message}`] }];
  }
}

const DAY_MS = 86_400_000;

/** Days: `certs` renews in the last month, so that somebody who does it monthly is never warned. */
const FEW_DAYS = 14;

/** How many secrets each key has sealed; undefined where this machine has no database, or it cannot be asked. */
export async function sealedBy(config: Config): Promise<ReadonlyMap<string, number> | undefined> {
  if (hasNoDatabase(config)) return undefined;
  const database = config.DATABASE_URL === undefined ? openFolder(config.GUILDHALL_DATA).database : '';
  const storage = await openStorage(config, { database, role: 'doctor' });
  try {
    return await countByKey(storage.db);
  } catch (error) {
    if (isNoTable(error)) return new Map();
    if (error instanceof AppError) return undefined;
    throw error;
  } finally {
    await storage.close();
  }
}

/** The vault's own machine in the split has a data folder for its keys alone. */
export function hasNoDatabase({ DATABASE_URL, VAULT_LISTEN }: Config): boolean {
  return DATABASE_URL === undefined && VAULT_LISTEN !== undefined;
}

/** Nobody has started this version on the database yet. */
function isNoTable(error: unknown): boolean {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string };
  return code === '42P01' || message.includes('no such table');
}

/** A role whose certificate may not ask how it is has found it there, which is all that this role needs. */
function answers(where: string): Finding {
  return {
    state: 'ok',
    what: 'vault',
    lines: [`it answers at ${where}`, 'How it is, “doctor” tells where a hall runs.'],
  };
}

function noKeyYet(secrets: number, { DATABASE_URL }: Config): Finding {
  if (secrets === 0) return { state: 'note', what: 'vault', lines: ['no key yet; the first start makes it'] };
  return {
    state: 'wrong',
    what: 'vault',
    lines: [
      `${counted(secrets)} kept, and there is no key for them here.`,
      'A start would make a new key, which opens none of them.',
      'Bring it back first: npm run -s guildhall -- vault import-key FILE',
      ...(DATABASE_URL === undefined ? [] : ['Where the vault is a process of its own: set VAULT_URL.']),
    ],
  };
}

function stateOf({ state, why }: VaultStatus, where: string): Finding {
  if (state === 'ready') return { state: 'ok', what: 'vault', lines: [`ready, ${where}`] };
  return { state: 'wrong', what: 'vault', lines: [why ?? 'It has no key.'] };
}

function keysOf({ current, next, retired, madeAt }: VaultStatus, sealed: Sealed): Finding[] {
  const made = madeAt === undefined ? '' : `, made ${new Date(madeAt).toISOString().slice(0, 10)}`;
  const by = (key: string): string => (sealed ? `, ${counted(sealed.get(key) ?? 0)}` : '');
  const used = retired.filter((key) => sealed?.get(key));
  const found: Finding[] = [];
  const tell = (state: Finding['state'], ...lines: string[]): void => void found.push({ state, what: 'key', lines });
  if (current !== undefined) tell('ok', `${current}, current${made}${by(current)}`);
  if (next !== undefined)
    tell(
      'note',
      `${next}, next${by(next)}: a rotation is under way. Where none runs: npm run -s guildhall -- vault rotate`,
    );
  for (const key of used)
    tell('note', `${key}, retired${by(key)}. To seal them anew: npm run -s guildhall -- vault rotate`);
  const idle = retired.length - used.length;
  if (idle > 0) tell('ok', `${idle} more retired, for restored backups`);
  return found;
}

type Sealed = ReadonlyMap<string, number> | undefined;

function unknownKeys(status: VaultStatus, sealed: Sealed): Finding[] {
  const known = keyIds(status);
  const unknown = [...(sealed ?? [])].filter(([key]) => !known.has(key));
  return unknown.map(([key, count]) => ({
    state: 'wrong',
    what: 'secrets',
    lines: [
      `${counted(count)} sealed by the key ${key}, which the vault does not have.`,
      'Where it is lost, whose they are has to type them anew.',
      'Else bring it back: npm run -s guildhall -- vault import-key FILE',
    ],
  }));
}

function counted(secrets: number): string {
  return `${secrets.toLocaleString('en')} ${secrets === 1 ? 'secret' : 'secrets'}`;
}

function sum(sealed: Sealed): number {
  return [...(sealed?.values() ?? [])].reduce((all, one) => all + one, 0);
}
