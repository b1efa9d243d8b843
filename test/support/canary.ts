import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A secret that is nowhere else in the world, and every form in which it could turn up. */
export interface Canary {
  value: string;
  /** By name: the text to look for. */
  forms: Record<string, string>;
}

export function canaryOf(value: string): Canary {
  const bytes = Buffer.from(value);
  const forms: Record<string, string> = {
    plain: value,
    reversed: [...value].toReversed().join(''),
    hex: bytes.toString('hex'),
    'hex in capitals': bytes.toString('hex').toUpperCase(),
    'percent-encoded': encodeURIComponent(value),
    'in JSON': JSON.stringify(value).slice(1, -1),
    'two bytes a letter': Buffer.from(value, 'utf16le').toString('latin1'),
  };
  // Where it stands in the middle of other bytes its base64 has one of three forms; the letters at both ends are the neighbours'.
  for (const shift of [0, 1, 2])
    for (const encoding of ['base64', 'base64url'] as const) {
      const whole = Buffer.concat([Buffer.alloc(shift), bytes])
        .toString(encoding)
        .replace(/=+$/, '');
      forms[`${encoding} ${shift}`] = whole.slice(shift === 0 ? 0 : 4, -2);
    }
  return { value, forms };
}

/** The names of the forms that stand in some bytes or words. */
export function formsIn(canary: Canary, where: Uint8Array | string): string[] {
  const text = typeof where === 'string' ? where : Buffer.from(where).toString('latin1');
  return Object.entries(canary.forms)
    .filter(([, form]) => text.includes(form))
    .map(([name]) => name);
}

/** Every file below a folder in which the canary is, `path: form`. Files of any size are read in pieces that overlap. */
export async function formsBelow(
  canary: Canary,
  folder: string,
  skip: (path: string) => boolean = () => false,
): Promise<string[]> {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, entry);
    if (skip(path) || !statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
    for (const form of await formsInFile(canary, path)) found.push(`${entry}: ${form}`);
  }
  return found;
}

/** Characters that two pieces share: more than the longest form has. */
const SHARED = 4_096;

export async function formsInFile(canary: Canary, path: string): Promise<string[]> {
  const found = new Set<string>();
  let before = '';
  for await (const chunk of createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const piece = before + String(chunk);
    for (const form of formsIn(canary, piece)) found.add(form);
    before = piece.slice(-SHARED);
  }
  return [...found];
}
