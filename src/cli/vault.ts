import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '#core/errors.ts';
import { rotateSecrets, type RotationProgress } from '#secrets/rotate.ts';
import { checkVault, hasNoDatabase } from '#src/vault-check.ts';
import { exportKeys, importKeys } from '#src/vault-keys.ts';
import { hasKeys, reachVault, vaultFolder } from '#src/vault-reach.ts';
import { countByKey } from '#storage/secrets.ts';
import { WrongUse, type CommandLine } from './command-line.ts';
import { withData } from './open-data.ts';
import { askPassphrase, parsePassphraseWords, passphraseFromStdin } from './passphrase.ts';

/** `vault status|rotate|export-key FILE|import-key FILE`: what an operator does about the key that opens all secrets. */
export async function vault(line: CommandLine): Promise<number> {
  const { values, positionals } = parsePassphraseWords(line.words);
  const [act = '', file, ...rest] = positionals;
  const stdin = values['passphrase-stdin'];
  if ((act === 'status' || act === 'rotate') && file === undefined && !stdin)
    return act === 'status' ? status(line) : rotate(line);
  if ((act !== 'export-key' && act !== 'import-key') || file === undefined || rest.length > 0)
    throw new WrongUse('One of status, rotate, and export-key or import-key with one file.');
  refuseElsewhere(line);
  const asked = { file: resolve(file), stdin };
  return act === 'export-key' ? exportTo(line, asked) : importFrom(line, asked);
}

/** Returns 1 where there is something to do. */
async function status({ config, say }: CommandLine): Promise<number> {
  const findings = await checkVault(config);
  for (const { state, what, lines } of findings) {
    if (state === 'note') say.note(what, lines.join(' '));
    else say[state](what, ...lines);
  }
  if (hasNoDatabase(config)) say.note('secrets', 'are counted where the database is');
  return findings.some(({ state }) => state === 'wrong') ? 1 : 0;
}

/** May be ended anywhere and run again; everything goes on meanwhile. */
async function rotate({ config, say }: CommandLine): Promise<number> {
  if (hasNoDatabase(config))
    throw new Error('The secrets are in a database that this machine does not know. Run it where a hall runs.');
  // A vault that is started for this would make a key, which opens nothing that is kept.
  if (config.VAULT_URL === undefined && !hasKeys(config)) throw new Error(NO_KEYS);
  const reached = await reachVault(config);
  try {
    const { alone, vault: asked } = reached;
    // Nobody else has the old key in hand, so nobody has to be waited for.
    const wait = alone ? async () => undefined : pause;
    const done = await withData(config, async (storage) => {
      const { unopened, key } = await rotateSecrets({ storage, vault: asked, wait, onProgress: tell(say, alone) });
      // Another run may have sealed some of them.
      return { unopened, key, sealed: (await countByKey(storage.db)).get(key) ?? 0 };
    });
    return tellRotated(say, done);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    say.wrong(error.code, error.message, 'A rotation goes on where it was when it is run again.');
    return 1;
  } finally {
    await reached.close();
  }
}

const NO_KEYS =
  'There is no key to rotate: the first start makes it. A lost one has to be brought back first: npm run -s guildhall -- vault import-key FILE';

/** A line where there is a wait, and otherwise every other second. */
function tell(say: CommandLine['say'], alone: boolean): (so: RotationProgress) => void {
  let last = performance.now();
  let pass = 1;
  return (so) => {
    const now = performance.now();
    if (so.pass > pass && !alone)
      say.note('vault', 'Waits for what was sealed with the old key a moment ago; less than a minute.');
    else if (now - last < TELL_EVERY) return;
    else say.note('vault', `${so.resealed.toLocaleString('en')} so far`);
    [last, pass] = [now, so.pass];
  };
}

/** ms between two lines. */
const TELL_EVERY = 2_000;

function tellRotated(
  say: CommandLine['say'],
  { sealed, unopened, key }: { sealed: number; unopened: number; key: string },
): number {
  say.ok('vault', `The key is ${key} now; ${counted(sealed)} sealed with it.`);
  say.plain('An older copy does not have this key. Make a new one: npm run -s guildhall -- vault export-key FILE');
  if (unopened === 0) return 0;
  say.wrong(
    'secrets',
    `${counted(unopened)} could not be opened and stay as they are.`,
    'See: npm run -s guildhall -- vault status',
  );
  return 1;
}

function counted(secrets: number): string {
  return `${secrets.toLocaleString('en')} ${secrets === 1 ? 'secret' : 'secrets'}`;
}

/** The keys leave the vault's machine in no way but these files. */
function refuseElsewhere({ config: { VAULT_URL: url, VAULT_LISTEN: here } }: CommandLine): void {
  if (url !== undefined && here === undefined)
    throw new Error(`The vault is at ${url}, and its keys are on its machine. Run this there, with its settings.`);
}

interface Asked {
  file: string;
  stdin: boolean;
}

async function exportTo({ config, say }: CommandLine, { file, stdin }: Asked): Promise<number> {
  if (existsSync(file)) throw new Error(`${file} is there already; an export never overwrites.`);
  const passphrase = stdin ? await passphraseFromStdin() : await askPassphrase({ isNew: true });
  const text = exportKeys(vaultFolder(config), passphrase);
  mkdirSync(dirname(file), { recursive: true });
  const target = await open(file, 'wx', 0o600);
  try {
    await target.writeFile(text);
    await target.sync();
  } finally {
    await target.close();
  }
  say.ok('vault', `The keys are in ${file}, sealed with the passphrase.`);
  say.plain('Keep it apart from the backups, and the passphrase apart from both.');
  return 0;
}

async function importFrom({ config, say }: CommandLine, { file, stdin }: Asked): Promise<number> {
  if (!existsSync(file)) throw new Error(`There is no file ${file}.`);
  if (statSync(file).size > MOST_BYTES) throw new Error(`${file} is not a file that vault export-key wrote.`);
  const passphrase = stdin ? await passphraseFromStdin() : await askPassphrase({ isNew: false });
  const { current, added } = importKeys(vaultFolder(config), readFileSync(file, 'utf8'), passphrase);
  if (added.length === 0) say.ok('vault', `All keys of ${file} were here already; ${current} is the current one.`);
  else
    say.ok(
      'vault',
      `${added.length} of its keys ${added.length === 1 ? 'is' : 'are'} new here; ${current} is the current one.`,
    );
  say.plain(
    'A vault that runs takes them up by itself. Whether all secrets open: npm run -s guildhall -- vault status',
  );
  return 0;
}

/** An exported file has some kilobytes. */
const MOST_BYTES = 2 * 1024 * 1024;
