import { INFO, boundTo, readSealed, seal, SUITE, type Belonging } from '#contracts/sealed.ts';
import { secret, word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import { notReady } from '#core/errors.ts';
import { say } from '#core/message.ts';
import type { SecretName, Sealer } from '#core/secret.ts';
import { canaryOf } from './canary.ts';

/** A key pair as the vault has one, with real sealing. */
export interface KeyPair {
  seal: Sealer;
  /** What the vault alone can do. Throws where it was sealed for somebody or something else. */
  open(sealed: string, belonging: Belonging): Promise<string>;
}

export async function keyPair(): Promise<KeyPair> {
  const { publicKey, privateKey } = await SUITE.kem.generateKeyPair();
  const raw = await SUITE.kem.serializePublicKey(publicKey);
  const to = { id: 'test', key: Buffer.from(raw).toString('base64url') };
  return {
    seal: (value, belonging) => seal(to, new TextEncoder().encode(value), belonging),
    async open(sealed, belonging) {
      const { enc, ct } = readSealed(sealed) ?? { enc: '', ct: '' };
      const of = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64url'));
      const opened = await SUITE.open(
        { recipientKey: privateKey, info: INFO, enc: of(enc) },
        of(ct),
        boundTo(belonging),
      );
      return new TextDecoder().decode(opened);
    },
  };
}

/** Seals nothing: the vault is away. */
export const noVault: Sealer = () =>
  Promise.reject(notReady('vault-away', 'The vault is away. Try again in a moment.'));

/** `/keep-key name key`: keeps the key and says so to all. */
export function keepKey(keep: (name: SecretName, sealed: string) => unknown = () => undefined): AnyCommand {
  return command({
    name: 'keep-key',
    summary: 'Keeps a key of yours',
    args: { name: word('a name for it', /^[a-z]{2,12}$/), key: secret('the key', 'torn') },
    example: '/keep-key mine KEY',
    allow: 'member',
    limit: { uses: 1_000, perSeconds: 1 },
    async run({ message, args }) {
      await keep({ owner: message.who.account, purpose: 'torn' }, args.key);
      return say(`Kept ${args.name}.`);
    },
  });
}

/** A key that is nowhere else, and the forms in which it could turn up. */
export const KEY = 'Kanarie-7f3Q9xZp';
export const CANARY = canaryOf(KEY);
