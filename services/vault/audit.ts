import { appendFileSync, chmodSync, closeSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VAULT_LIMITS } from './limits.ts';

/** What is written of one request. It holds names alone: nothing sealed, nothing that was sent or answered. */
export interface AuditEntry {
  /** ms since 1970. */
  at: number;
  /** The caller, by its certificate. */
  by: string;
  operation: string;
  /** Empty where it is about no secret. */
  owner: string;
  purpose: string;
  provider?: string;
  /** `ok`, or the code of the refusal. */
  outcome: string;
}

/** Writes one line. It throws nothing: what the vault does goes on where its disk is full, and stderr is told so once. */
export type Audit = (entry: AuditEntry) => void;

export const AUDIT_FILE = 'audit.log';

/** The vault's own record of who asked what: JSON lines in a file of the folder, only added to; the one before is kept as `audit.log.1`. */
export function openAudit(folder: string, { tell = toStderr }: { tell?: (line: string) => void } = {}): Audit {
  const file = new AuditFile(join(folder, AUDIT_FILE));
  let failing = false;
  return (entry) => {
    try {
      file.add(lineOf(entry));
      failing = false;
    } catch (error) {
      if (!failing) tell(`The vault's audit cannot be written to ${file.path}: ${(error as Error).message}`);
      failing = true;
    }
  };
}

class AuditFile {
  readonly path: string;
  /** Bytes; undefined where it has to be looked at: at first, and after a failure. */
  #size: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  add(line: string): void {
    const { size, broken } = this.#size === undefined ? look(this.path) : { size: this.#size, broken: false };
    this.#size = undefined;
    const full = size >= VAULT_LIMITS.audit;
    if (full) renameSync(this.path, `${this.path}.1`);
    const text = `${broken && !full ? '\n' : ''}${line}\n`;
    appendFileSync(this.path, text, { mode: 0o600 });
    this.#size = (full ? 0 : size) + Buffer.byteLength(text);
  }
}

/** How large it is, and whether a kill or a full disk left half a line at its end. */
function look(path: string): { size: number; broken: boolean } {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return { size: 0, broken: false };
  chmodSync(path, 0o600);
  return { size, broken: size > 0 && lastByte(path, size) !== NEW_LINE };
}

const NEW_LINE = 0x0a;

function lastByte(path: string, size: number): number | undefined {
  const byte = Buffer.alloc(1);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, byte, 0, 1, size - 1);
    return byte[0];
  } finally {
    closeSync(fd);
  }
}

/** Only these fields, whatever else the entry carries. */
function lineOf({ at, by, operation, owner, purpose, provider, outcome }: AuditEntry): string {
  const words = { by, operation, owner, purpose, provider, outcome };
  const short = Object.entries(words).map(([name, word]) => [name, word?.slice(0, VAULT_LIMITS.auditWord)]);
  return JSON.stringify({ at: new Date(at).toISOString(), ...Object.fromEntries(short) });
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
