import { randomBytes } from 'node:crypto';
import { violations } from './texts.ts';
import type { Workspace } from './workspace.ts';
import { keep, keepNewest } from './workspace.ts';

/** A file on its way: announced, then sent, then shared. */
export interface Upload {
  id: string;
  name: string;
  announced: number;
  bytes?: number;
  shared: boolean;
}

/** Files between files.getUploadURLExternal and files.completeUploadExternal. The bytes are counted, not kept. */
export class Uploads {
  readonly #workspace: Workspace;
  readonly #byPath = new Map<string, Upload>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Gives the path at which the bytes are taken, and the file's id. */
  announce(name: string, length: number): { path: string; id: string } {
    const id = `F0${randomBytes(4).toString('hex').toUpperCase()}`;
    const path = `/upload/v1/${randomBytes(16).toString('base64url')}`;
    this.#byPath.set(path, { id, name, announced: length, shared: false });
    keepNewest(this.#byPath);
    return { path, id };
  }

  /** The bytes came. Gives false where no such upload was announced. */
  take(path: string, bytes: number): boolean {
    const upload = this.#byPath.get(path);
    if (!upload) return false;
    upload.bytes = bytes;
    if (bytes !== upload.announced) {
      keep(this.#workspace.violations, violations.upload(upload.name, upload.announced, bytes));
    }
    return true;
  }

  find(id: string): Upload | undefined {
    return [...this.#byPath.values()].find((upload) => upload.id === id);
  }
}
