import ts from 'typescript';
import { treesOf } from './scripts-of.ts';
import { filesOf, isCode, type Report, type TreeFile } from './tree.ts';

/** Checks the names of files and folders, and that nothing is exported without a name. */
export function checkNames(root: string): Report {
  const files = filesOf(root);
  return { looked: files.length, findings: files.flatMap((file) => [...badNames(file.path), ...defaultExports(file)]) };
}

/** Kebab-case with any number of endings: `rate-limit.test.ts`, `.oxlintrc.json`, `0001-fastify-not-nest.md`. */
const KEBAB = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** Names that everybody looks for under just this spelling. */
const KNOWN = /^([A-Z]+\.md|LICENSE|Dockerfile(\.[a-z-]+)?|Caddyfile|Modelfile|__init__\.py|[a-z-]+@\.service)$/;

/** A name that says nothing about what is inside. */
const EMPTY = /(^|[-.])(utils?|helpers?|managers?)([-.]|$)/i;

/** Tools that load a default export and nothing else. */
const DEFAULT_ALLOWED = new Set(['vite.config.ts', 'svelte.config.js']);

function badNames(path: string): string[] {
  const parts = path.split('/');
  return parts.flatMap((part, index) => {
    const says = badName(part, index === parts.length - 1);
    return says ? [`${path}: ${says}`] : [];
  });
}

function badName(part: string, isFile: boolean): string | undefined {
  if (EMPTY.test(part)) return `'${part}' says nothing about what is inside`;
  if (KEBAB.test(part) || (isFile && KNOWN.test(part)) || part.endsWith('.py')) return undefined;
  return `'${part}' is not kebab-case`;
}

function defaultExports(file: TreeFile): string[] {
  if (!isCode(file.path) || DEFAULT_ALLOWED.has(file.path)) return [];
  const found = treesOf(file).some((tree) => tree.statements.some(isDefaultExport));
  return found ? [`${file.path} has a default export: give it a name`] : [];
}

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
    return statement.exportClause.elements.some((element) => element.name.text === 'default');
  }
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return (modifiers ?? []).some((one) => one.kind === ts.SyntaxKind.DefaultKeyword);
}
