import ts from 'typescript';
import type { TreeFile } from './tree.ts';

/** The TypeScript of a file: all of a .ts or .js file, the script blocks of a .svelte file. */
export function scriptsOf(file: TreeFile): string[] {
  const text = file.read();
  if (!file.path.endsWith('.svelte')) return [text];
  return [...text.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? '');
}

/** The syntax trees of a file, with parents set. */
export function treesOf(file: TreeFile): ts.SourceFile[] {
  return scriptsOf(file).map((text) => ts.createSourceFile(`${file.path}.ts`, text, ts.ScriptTarget.Latest, true));
}

/** Every module that a file names: import, export … from, import type and import(). */
export function importsOf(file: TreeFile): string[] {
  return scriptsOf(file).flatMap((text) =>
    ts.preProcessFile(text, true, true).importedFiles.map((one) => one.fileName),
  );
}
