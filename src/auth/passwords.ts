import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from 'node:crypto';
import { promisify } from 'node:util';
import { badRequest, notReady } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';

/** Cost of a hash: 19 MiB, two passes. https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;

const hash = promisify(argon2) as (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>;

/** `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, the usual notation. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await inTurn(() => hash('argon2id', { message: password, nonce, ...COST }));
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${encode(nonce)}$${encode(tag)}`;
}

/** Compares with a kept hash, or with nobody's where there is none, which takes as long. */
export async function passwordMatches(password: string, kept: string | undefined): Promise<boolean> {
  const { parameters, tag } = parse(kept ?? NOBODY);
  const made = await inTurn(() => hash('argon2id', { message: password, ...parameters, tagLength: tag.length }));
  return timingSafeEqual(made, tag) && kept !== undefined;
}

/** Refuses a password outside 12–1,024 characters. */
export function checkPassword(password: string): void {
  const length = [...password].length;
  if (length < 12)
    throw badRequest(
      'password-too-short',
      `The password has ${length} characters; it needs at least 12. Four plain words do well.`,
    );
  if (length > 1024) throw badRequest('password-too-long', 'The password has more than 1,024 characters.');
}

const NOBODY = `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=1$${encode(Buffer.alloc(16, 1))}$${encode(Buffer.alloc(32, 2))}`;

function parse(kept: string) {
  const [, , , costs = '', salt = '', tag = ''] = kept.split('$');
  const [memory, passes, parallelism] = costs.split(',').map((cost) => Number(cost.slice(2)));
  return {
    parameters: {
      memory: memory ?? 0,
      passes: passes ?? 0,
      parallelism: parallelism ?? 0,
      nonce: Buffer.from(salt, 'base64'),
    },
    tag: Buffer.from(tag, 'base64'),
  };
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

let running = 0;
const queue: (() => void)[] = [];

/** Few at once: hashing would otherwise take all of libuv's threads and 19 MiB for every caller. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= LIMITS.passwordHashes) {
    if (queue.length >= LIMITS.passwordQueue)
      throw notReady('busy', 'Too many people are signing in at this moment. Try again in a few seconds.', 3);
    await new Promise<void>((resolve) => queue.push(resolve));
  } else running++;
  try {
    return await work();
  } finally {
    const next = queue.shift();
    if (next) next();
    else running--;
  }
}
