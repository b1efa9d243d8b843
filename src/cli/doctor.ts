import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { actsOf } from '#core/feature.ts';
import type { Finding } from '#src/deployment-checks.ts';
import { features } from '#src/features.ts';
import { checkPlatforms } from '#src/platform-checks.ts';
import { certificate } from '#src/tls.ts';
import type { Terminal } from '#src/terminal.ts';
import { checkServiceCertificate, checkVault, hasNoDatabase } from '#src/vault-check.ts';
import { hasKeys } from '#src/vault-reach.ts';
import type { CommandLine } from './command-line.ts';
import { lookAtFolder, lookAtKeys, lookAtSchema } from './doctor-data.ts';
import { lookAtModes } from './doctor-modes.ts';

/** `doctor`: looks at everything the hall stands on and says what to mend, each with how. Returns 1 where there is something. */
export async function doctor({ config, say }: CommandLine): Promise<number> {
  const found = counting(say);
  const { envFile, set } = config.source;
  found.ok(
    'node',
    `${process.versions.node}, ${process.execPath.includes('node_modules') ? 'our own copy' : 'the machine’s'}`,
  );
  found.ok('settings', `${envFile ? '.env' : 'no .env'}, ${set} set, all known`);
  const isVaults = hasNoDatabase(config);
  if (isVaults) lookAtKeys(found, config.GUILDHALL_DATA);
  else if (config.DATABASE_URL === undefined) await lookAtFolder(found, config.GUILDHALL_DATA);
  else await lookAtDeployment(found, config);
  await lookAtVault(found, config);
  await lookAtTls(found, config);
  if (!isVaults) {
    await lookAtQuotes(found, config.STOCK_URL);
    await lookAtPlatforms(found, config);
  }
  say.plain(
    found.wrongs === 0 ? 'Nothing to do.' : `${found.wrongs} ${found.wrongs === 1 ? 'thing' : 'things'} to do.`,
  );
  return found.wrongs === 0 ? 0 : 1;
}

/** What was found, told at once and counted. */
type Found = Terminal & { wrongs: number };

function counting(say: Terminal): Found {
  return {
    ...say,
    wrongs: 0,
    wrong(what, ...lines) {
      this.wrongs++;
      say.wrong(what, ...lines);
    },
  };
}

/** The engines, the processes on them, and what stands in the database. */
async function lookAtDeployment(found: Found, config: CommandLine['config']): Promise<void> {
  const { checkDeployment } = await import('#src/deployment-checks.ts');
  tell(found, await checkDeployment(config));
  await lookAtSchema(found, config);
}

/** Where nothing was ever started there is no vault to look at, and looking at it would make a folder. */
async function lookAtVault(found: Found, config: CommandLine['config']): Promise<void> {
  tell(found, checkServiceCertificate(config));
  const hasData = config.DATABASE_URL !== undefined || existsSync(resolve(config.GUILDHALL_DATA));
  if (hasData || config.VAULT_URL !== undefined) tell(found, await checkVault(config));
  // With PostgreSQL the folder holds the keys alone.
  if (config.DATABASE_URL !== undefined && hasKeys(config)) lookAtModes(found, resolve(config.GUILDHALL_DATA));
}

function tell(found: Found, findings: Finding[]): void {
  for (const { state, what, lines } of findings) {
    if (state === 'note') found.note(what, lines.join(' '));
    else found[state](what, ...lines);
  }
}

async function lookAtTls(found: Found, config: CommandLine['config']): Promise<void> {
  if (config.TLS !== 'files')
    return found.ok('tls', config.TLS === 'off' ? `off, on ${config.HOST}` : 'by a certificate of its own');
  try {
    const days = (await certificate(config, ''))?.daysLeft ?? 0;
    if (days < 14) found.wrong('tls', `The certificate ends in ${days} days. Renew it.`);
    else found.ok('tls', `from files, ${days} days left`);
  } catch (error) {
    found.wrong('tls', `The certificate cannot be read: ${(error as Error).message}`);
  }
}

async function lookAtQuotes(found: Found, stockUrl: string): Promise<void> {
  try {
    await fetch(stockUrl, { method: 'HEAD', signal: AbortSignal.timeout(4_000) });
    found.ok('stock', `${new URL(stockUrl).host} answers`);
  } catch {
    found.note('stock', `${new URL(stockUrl).host} does not answer; /stock says so when it is used`);
  }
}

/** The invite link asks for what answering needs, and for what the features do; no more. */
async function lookAtPlatforms(found: Found, config: CommandLine['config']): Promise<void> {
  const acts = actsOf(features(config));
  for (const { name, state, lines } of await checkPlatforms(config, acts)) {
    if (state === 'wrong') found.wrong(name, ...lines);
    else if (state === 'skipped') found.note(name, lines.join(' '));
    else found.ok(name, ...lines);
  }
}
