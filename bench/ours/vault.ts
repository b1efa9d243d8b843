import { answerParent } from '#bench/load/answer-parent.ts';
import { source } from './source.ts';

/** A process that seals, and asks a provider through a vault that is its child; and the same provider without one. */
answerParent({ open, seals, calls, fetches, close });

interface Belonging {
  owner: string;
  purpose: string;
}

interface Vault {
  seal(value: string, belonging: Belonging): Promise<string>;
  call(secret: Belonging & { sealed: string }, provider: string, request: object): Promise<{ status: number }>;
}

interface Part {
  vault: Vault;
  start(): void;
  stop(graceMs: number): Promise<void>;
}

interface Source {
  ownVault(config: object, options: { logger: object }): Part;
}

const SECRET = 'a-key-of-a-person-000000000000000000';

let part: Part;
let provider: string;
let turn = 0;
const secrets: (Belonging & { sealed: string })[] = [];

/** Each call has a secret of its own in turn: no person's limit is met. */
async function open({ folder, url, people }: { folder: string; url: string; people: number }): Promise<void> {
  provider = url;
  const { ownVault } = await source<Source>('parts/vault.ts');
  const quiet = (): void => undefined;
  const logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };
  part = ownVault(
    { GUILDHALL_DATA: folder, TORN_URL: url, TWITCH_AUTH_URL: 'https://id.twitch.tv/oauth2' },
    { logger },
  );
  part.start();
  for (let number = 0; number < people; number++) {
    const belonging = { owner: `acct_${number}`, purpose: 'torn' };
    secrets.push({ ...belonging, sealed: await part.vault.seal(SECRET, belonging) });
  }
}

/** ms of the median seal, one after the other. */
function seals({ count }: { count: number }): Promise<number> {
  return medianOf(count, () => part.vault.seal(SECRET, { owner: 'acct_1', purpose: 'torn' }));
}

/** ms of the median call through the vault. */
function calls({ count }: { count: number }): Promise<number> {
  return medianOf(count, async () => {
    const secret = secrets[turn++ % secrets.length] as Belonging & { sealed: string };
    const { status } = await part.vault.call(secret, 'torn', { method: 'GET', path: '/v2/user' });
    if (status !== 200) throw new Error(`the provider answered ${status}`);
  });
}

/** ms of the median fetch of the same from the same provider. */
function fetches({ count }: { count: number }): Promise<number> {
  return medianOf(count, async () => {
    const answer = await fetch(`${provider}/v2/user`, { headers: { authorization: `ApiKey ${SECRET}` } });
    await answer.text();
  });
}

async function close(): Promise<void> {
  await part.stop(2_000);
}

async function medianOf(count: number, act: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    await act();
    taken.push(performance.now() - began);
  }
  return taken.toSorted((a, b) => a - b)[Math.floor(count / 2)] as number;
}
