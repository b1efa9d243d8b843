import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** What one rule found. `looked` is how many files (or modules) it read: a rule that read none has checked nothing. */
export interface Report {
  looked: number;
  findings: string[];
  note?: string;
}

/** One file of the repository; `path` is relative to its root, with forward slashes. */
export interface TreeFile {
  path: string;
  read(): string;
}

/**
 * Every file under `root` that belongs to the repository, in the order of their paths. Built and private folders are
 * left out by name and not by asking git, so that the rules also work on an unpacked archive and on a planted tree.
 */
export function filesOf(root: string): TreeFile[] {
  return walk(root, '').toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

export const isTest = (path: string): boolean => path.startsWith('test/') || path.endsWith('.test.ts');

export const isCode = (path: string): boolean => ['.ts', '.js', '.cjs', '.mjs', '.svelte'].includes(extname(path));

const LEFT_OUT = new Set(['.git', 'data', 'web/dist', 'test/pictures', 'bench/results', '.env', 'ops/secrets']);

function walk(root: string, folder: string): TreeFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.name === 'node_modules' || entry.name.endsWith('.log') || LEFT_OUT.has(path)) return [];
    if (entry.isDirectory()) return walk(root, path);
    return entry.isFile() ? [{ path, read: () => readFileSync(join(root, path), 'utf8') }] : [];
  });
}
