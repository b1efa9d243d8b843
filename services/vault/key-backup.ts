import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { z } from 'zod';
import { changeKeys, KeyTrouble, withKeys } from './key-file.ts';
import { forgetKeys, keysOf, type StoredKey, textOf } from './key-text.ts';
import { VAULT_LIMITS } from './limits.ts';

/**
 * The keys of a folder as a text to keep elsewhere: JSON, sealed with a passphrase (scrypt, AES-256-GCM). Throws `KeyTrouble`.
 * A vault may run on the folder meanwhile. `work` is less in tests alone; who imports does as much.
 */
export function exportKeys(folder: string, passphrase: string, work: Work = VAULT_LIMITS.scrypt): string {
  refuseShort(passphrase);
  return withKeys(folder, (keys) => {
    if (!keys)
      throw new KeyTrouble(
        `There are no keys in ${folder}. The first start makes them. Lost ones are brought back by what export-key wrote: npm run -s guildhall -- vault import-key FILE`,
      );
    const bytes = textOf(keys);
    try {
      return sealedText(bytes, keys.find(({ state }) => state === 'current')?.id ?? '', { passphrase, work });
    } finally {
      bytes.fill(0);
    }
  });
}

/** What scrypt does for a passphrase. */
export type Work = Record<keyof typeof VAULT_LIMITS.scrypt, number>;

/** What an import did. `added` are keys that were not here. */
export interface Imported {
  /** The current key from now on. */
  current: string;
  added: string[];
}

/**
 * Takes the keys of an exported text into a folder, which is made where it is absent. None that is there is thrown away.
 * A vault that runs on the folder notices by itself. Throws `KeyTrouble`.
 */
export function importKeys(
  folder: string,
  text: string,
  passphrase: string,
  work: Work = VAULT_LIMITS.scrypt,
): Imported {
  const imported = openText(text, { passphrase, work });
  const done: Imported = { current: '', added: [] };
  try {
    changeKeys(folder, (here = []) => {
      const merged = mergeKeys(here, imported);
      done.current = merged.find(({ state }) => state === 'current')?.id ?? '';
      done.added = imported.map(({ id }) => id).filter((id) => !here.some((key) => key.id === id));
      return done.added.length === 0 ? here : merged;
    });
    return done;
  } finally {
    forgetKeys(imported);
  }
}

/**
 * Where the current key of the export is known here, what is here is as new or newer: its states stand, and what it lacks is added.
 * Otherwise the export's states stand, and keys that only this folder has are retired ones. Either way all of them open.
 */
function mergeKeys(here: StoredKey[], imported: StoredKey[]): StoredKey[] {
  const theirs = imported.find(({ state }) => state === 'current');
  const mine = here.find(({ id }) => id === theirs?.id);
  if (!mine) return [...imported, ...lacking(imported, here).map(asRetired)];
  const mayRotate = mine.state === 'current' && !here.some(({ state }) => state === 'next');
  const added = lacking(here, imported);
  return [...here, ...added.map((key) => (mayRotate && key.state === 'next' ? key : asRetired(key)))];
}

function lacking(having: StoredKey[], of: StoredKey[]): StoredKey[] {
  return of.filter(({ id }) => !having.some((key) => key.id === id));
}

function asRetired(key: StoredKey): StoredKey {
  return { ...key, state: 'retired' };
}

const FORMAT = 'guildhall exported vault keys 1';

const Base64 = z.string().regex(/^[A-Za-z0-9+/]+=*$/);

const Exported = z.strictObject({
  format: z.literal(FORMAT),
  /** The current key, for who looks for the right file. */
  current: z.string(),
  salt: Base64,
  nonce: Base64,
  sealed: Base64,
});

type Exported = z.infer<typeof Exported>;

const TAG_BYTES = 16;

interface Words {
  passphrase: string;
  work: Work;
}

function sealedText(bytes: Buffer, current: string, words: Words): string {
  const head = { format: FORMAT, current, salt: random(16), nonce: random(12) } as const;
  const key = keyFrom(words, head.salt);
  const cipher = createCipheriv(CIPHER, key, Buffer.from(head.nonce, 'base64')).setAAD(boundTo(head));
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  key.fill(0);
  return `${JSON.stringify({ ...head, sealed: sealed.toString('base64') }, null, 2)}\n`;
}

function openText(text: string, words: Words): StoredKey[] {
  const { sealed, ...head } = readText(text);
  const key = keyFrom(words, head.salt);
  try {
    const keys = keysOf(opened(Buffer.from(sealed, 'base64'), key, head));
    if (!keys) throw new KeyTrouble('The file holds no whole set of keys.');
    return keys;
  } finally {
    key.fill(0);
  }
}

function opened(sealed: Buffer, key: Buffer, head: Omit<Exported, 'sealed'>): Buffer {
  let bytes: Buffer | undefined;
  try {
    const decipher = createDecipheriv(CIPHER, key, Buffer.from(head.nonce, 'base64'), { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(head)).setAuthTag(sealed.subarray(-TAG_BYTES));
    bytes = decipher.update(sealed.subarray(0, -TAG_BYTES));
    decipher.final();
    return bytes;
  } catch {
    bytes?.fill(0);
    throw new KeyTrouble('The passphrase is wrong, or the file was changed.');
  }
}

function readText(text: string): Exported {
  const refuse = (): never => {
    throw new KeyTrouble('This is not a file that vault export-key wrote.');
  };
  if (text.length > VAULT_LIMITS.keyBackup) return refuse();
  try {
    return Exported.parse(JSON.parse(text));
  } catch {
    return refuse();
  }
}

const CIPHER = 'aes-256-gcm';

/** Whatever keyboard and system it is typed on, the same letters give the same key. */
function keyFrom({ passphrase, work }: Words, salt: string): Buffer {
  const { scryptMemory: maxmem } = VAULT_LIMITS;
  return scryptSync(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), 32, { ...work, maxmem });
}

function boundTo({ format, current, salt, nonce }: Omit<Exported, 'sealed'>): Buffer {
  return Buffer.from(JSON.stringify([format, current, salt, nonce]));
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64');
}

function refuseShort(passphrase: string): void {
  if ([...passphrase.normalize('NFKC')].length < VAULT_LIMITS.passphrase)
    throw new KeyTrouble(`The passphrase has to have ${VAULT_LIMITS.passphrase} characters at least.`);
}
