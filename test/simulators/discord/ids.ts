import { createHash } from 'node:crypto';

/** Discord's epoch, the first second of 2015: https://discord.com/developers/docs/reference#snowflakes */
const EPOCH_MS = 1_420_070_400_000;

let last = 0n;

/** A new id, greater than every one before: milliseconds since the epoch above 22 bits that tell ids of one moment apart. */
export function nextId(): string {
  const now = BigInt(Date.now() - EPOCH_MS) << 22n;
  last = now > last ? now : last + 1n;
  return String(last);
}

/** The id of something in the sample world: always the same for the same name, also after a restart. */
export function sampleId(kind: string, name: string): string {
  const digest = createHash('sha256').update(`${kind}:${name}`).digest().readBigUInt64BE();
  const moment = SAMPLE_SINCE_MS + ((digest >> 30n) % YEAR_MS);
  return String(((moment - BigInt(EPOCH_MS)) << 22n) | (digest & 0x3fffffn));
}

const SAMPLE_SINCE_MS = 1_672_531_200_000n;
const YEAR_MS = 31_536_000_000n;

/** The moment an id was made, as Discord writes times. */
export const timeOf = (id: string): string => new Date(Number(BigInt(id) >> 22n) + EPOCH_MS).toISOString();

export const isId = (value: unknown): value is string => typeof value === 'string' && /^\d{15,20}$/.test(value);
