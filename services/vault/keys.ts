import { createPublicKey, type webcrypto } from 'node:crypto';
import { boundTo, INFO, type PublicKey, readSealed, SUITE, seal } from '#contracts/sealed.ts';
import type { SealedSecret, VaultStatus } from '#contracts/vault.ts';
import { callerGone } from './call-refusals.ts';
import {
  changeKeys,
  holdFolder,
  KEY_FILE,
  KeyTrouble,
  openKeyFolder,
  VaultInUse,
  versionOf,
  withKeys,
} from './key-file.ts';
import { makeKey, privateKeyOf, type StoredKey } from './key-text.ts';
import { VAULT_LIMITS } from './limits.ts';
import { Refusal } from './refusal.ts';

/** The vault's keys. No private key and no opened secret leaves but by `open`. */
export interface Keys {
  /** There were none, and the first was made: somebody has to be told to back it up. */
  readonly made: boolean;
  /** What to seal with now: the next key while a rotation is under way. 503 `no-key`. */
  publicKey(): PublicKey;
  /** The secret, which the caller overwrites after use. 409 `cannot-open` and why; 503 `no-key`. */
  open(secret: SealedSecret): Promise<Uint8Array<ArrayBuffer>>;
  /** The same secrets by the newest key; null in the place of one that cannot be opened. Ends when nobody waits for it any more. */
  reseal(secrets: SealedSecret[], signal?: AbortSignal): Promise<(string | null)[]>;
  /** Makes the next key, or tells the one that is. From when this is done it seals. */
  begin(): Promise<VaultStatus>;
  /** Makes `next` the current key and the current one a retired one. May be asked again. 409 `malformed` for any other. */
  end(next: string): Promise<VaultStatus>;
  status(): VaultStatus;
  /** Lets another process have the folder. */
  close(): void;
}

/**
 * Opens the keys of a folder, and makes folder and first key where there are none. Throws `VaultInUse` where another vault has it.
 * Trouble with the file is the state `no-key` and no error; the file is left as it is, and looked at again whenever somebody asks.
 */
export async function openKeys(folder: string, { clock = Date.now }: { clock?: () => number } = {}): Promise<Keys> {
  const keys = new FolderKeys(folder, clock);
  keys.start();
  return keys;
}

/** A key for use. Its private half cannot be read out again. */
interface Loaded extends Omit<StoredKey, 'private'> {
  pair: { publicKey: webcrypto.CryptoKey; privateKey: webcrypto.CryptoKey };
}

class FolderKeys implements Keys {
  made = false;
  readonly #folder: string;
  readonly #clock: () => number;
  #lock: { release(): void } | undefined;
  #loaded = new Map<string, Loaded>();
  #trouble: string | undefined;
  /** The version of the file that was read last. */
  #seen = '';

  constructor(folder: string, clock: () => number) {
    this.#folder = folder;
    this.#clock = clock;
  }

  start(): void {
    try {
      this.#hold();
      changeKeys(this.#folder, (keys) => {
        this.made = keys === undefined;
        return keys ?? [makeKey('current', this.#clock())];
      });
    } catch (error) {
      if (!(error instanceof KeyTrouble) || error instanceof VaultInUse) throw error;
      this.made = false;
      this.#trouble = error.message;
    }
    this.#look();
  }

  publicKey(): PublicKey {
    this.#look();
    const key = this.#in('next') ?? this.#in('current');
    if (this.#trouble !== undefined || !key) throw this.#noKey();
    return { id: key.id, key: key.public };
  }

  async open(secret: SealedSecret): Promise<Uint8Array<ArrayBuffer>> {
    const sealed = readSealed(secret.sealed);
    if (!sealed) throw cannotOpen('It is not a sealed text, or is damaged.');
    const key = this.#find(sealed.key);
    const enc = Buffer.from(sealed.enc, 'base64url');
    const ct = Buffer.from(sealed.ct, 'base64url');
    try {
      return new Uint8Array(await SUITE.open({ recipientKey: key.pair, info: INFO, enc }, ct, boundTo(secret)));
    } catch {
      throw cannotOpen('It was sealed for somebody or something else, or is damaged.');
    }
  }

  async reseal(secrets: SealedSecret[], signal?: AbortSignal): Promise<(string | null)[]> {
    const to = this.publicKey();
    const resealed: (string | null)[] = [];
    for (const secret of secrets) {
      if (signal?.aborted) throw callerGone();
      resealed.push(await this.#reseal(secret, to));
    }
    return resealed;
  }

  async begin(): Promise<VaultStatus> {
    return this.#change((keys) => {
      if (keys.some(({ state }) => state === 'next')) return keys;
      if (keys.length >= VAULT_LIMITS.keys)
        throw new Refusal(409, 'failed', `There are ${keys.length} keys, and there is no room for more.`);
      return [...keys, makeKey('next', this.#clock())];
    });
  }

  async end(next: string): Promise<VaultStatus> {
    return this.#change((keys) => {
      const is = keys.find(({ id }) => id === next)?.state;
      if (is === 'current') return keys;
      if (is !== 'next') throw new Refusal(409, 'malformed', `No rotation to the key ${next} is under way.`);
      return keys.map((key) => ({ ...key, state: stateAfter(key) }));
    });
  }

  status(): VaultStatus {
    this.#look();
    const current = this.#in('current');
    return {
      state: this.#trouble === undefined && current ? 'ready' : 'no-key',
      why: this.#trouble,
      current: current?.id,
      next: this.#in('next')?.id,
      retired: [...this.#loaded.values()].filter(({ state }) => state === 'retired').map(({ id }) => id),
      madeAt: current?.madeAt,
    };
  }

  close(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  async #reseal(secret: SealedSecret, to: PublicKey): Promise<string | null> {
    let plain: Uint8Array<ArrayBuffer>;
    try {
      plain = await this.open(secret);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'cannot-open') return null;
      throw error;
    }
    try {
      return readSealed(secret.sealed)?.key === to.id ? secret.sealed : await seal(to, plain, secret);
    } finally {
      plain.fill(0);
    }
  }

  #find(id: string): Loaded {
    if (!this.#loaded.has(id)) this.#look();
    const key = this.#loaded.get(id);
    if (key) return key;
    if (this.#trouble !== undefined) throw this.#noKey();
    throw cannotOpen(`It was sealed by the key ${id.slice(0, 20)}, which is not here.`);
  }

  #in(state: StoredKey['state']): Loaded | undefined {
    return [...this.#loaded.values()].find((key) => key.state === state);
  }

  #change(change: (keys: StoredKey[]) => StoredKey[]): VaultStatus {
    try {
      this.#hold();
      changeKeys(this.#folder, (keys) => change(keys ?? gone(this.#folder)));
    } catch (error) {
      if (error instanceof KeyTrouble) throw new Refusal(503, 'no-key', error.message);
      throw error;
    }
    return this.status();
  }

  /** Reads the file where it changed since, or where there was trouble with it. Keys that were read stay in use until others are. */
  #look(): void {
    const version = versionOf(this.#folder);
    if (this.#trouble === undefined && version === this.#seen) return;
    try {
      this.#hold();
      this.#loaded = withKeys(this.#folder, (keys) => loaded(keys ?? gone(this.#folder)));
      this.#seen = version;
      this.#trouble = undefined;
    } catch (error) {
      if (!(error instanceof KeyTrouble)) throw error;
      this.#trouble = error.message;
    }
  }

  #hold(): void {
    openKeyFolder(this.#folder);
    this.#lock ??= holdFolder(this.#folder);
  }

  #noKey(): Refusal {
    return new Refusal(503, 'no-key', this.#trouble ?? 'The vault has no key.');
  }
}

function loaded(keys: StoredKey[]): Map<string, Loaded> {
  return new Map(
    keys.map((key) => {
      const privateKey = privateKeyOf(key);
      const pair = {
        privateKey: privateKey.toCryptoKey('X25519', false, ['deriveBits']),
        publicKey: createPublicKey(privateKey).toCryptoKey('X25519', true, []),
      };
      return [key.id, { id: key.id, state: key.state, madeAt: key.madeAt, public: key.public, pair }];
    }),
  );
}

function stateAfter({ state }: StoredKey): StoredKey['state'] {
  return state === 'next' ? 'current' : 'retired';
}

/** In a folder that had keys none is made: nothing that was sealed before would open. */
function gone(folder: string): never {
  throw new KeyTrouble(
    `There is no ${KEY_FILE} in ${folder} any more. Put back the one of a backup, or what export-key wrote: npm run -s guildhall -- vault import-key FILE. Without either: start the vault again, which makes a new key, and everybody types their secrets anew.`,
  );
}

function cannotOpen(why: string): Refusal {
  return new Refusal(409, 'cannot-open', why);
}
