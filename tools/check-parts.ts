import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkDocuments } from './documents.ts';
import { checkImports } from './import-rules.ts';
import { checkNames } from './names.ts';
import { checkOps } from './ops.ts';
import { type Ended, runNode, runNpm } from './run-command.ts';
import { checkSizes } from './sizes.ts';
import { filesOf, isCode, type Report } from './tree.ts';

/** One part of `npm run check`: what it is called, and how to run it on the tree at `root`. */
export interface Part {
  name: string;
  run(root: string): Promise<Report>;
}

/** All parts, the slow ones first, so that two at a time end soonest. */
export const parts: Part[] = [
  { name: 'types of the interface (svelte-check)', run: webTypes },
  { name: 'types of the server (TypeScript 7)', run: serverTypes },
  { name: 'the lock can be installed (npm ci --dry-run)', run: (root) => lock(root, '.') },
  { name: 'the lock of the benchmarks', run: (root) => lock(root, 'bench') },
  { name: 'lint (oxlint)', run: lint },
  { name: 'format (oxfmt)', run: format },
  { name: 'who may import whom', run: async (root) => readSomething(checkImports(root)) },
  { name: 'sizes of functions and files', run: async (root) => readSomething(checkSizes(root)) },
  { name: 'names', run: async (root) => readSomething(checkNames(root)) },
  { name: 'documents: links, READMEs, no machine of ours', run: async (root) => readSomething(checkDocuments(root)) },
  { name: 'ops: compose files, image, units', run: async (root) => readSomething(checkOps(root)) },
];

/** TypeScript 7 by path: the `tsc` command may be either of the two that are installed. */
async function serverTypes(root: string): Promise<Report> {
  const ended = await runNode([tool('typescript7', 'bin/tsc'), '-p', 'tsconfig.json', '--pretty', 'false'], root);
  return report(ended, codeCount(root));
}

async function webTypes(root: string): Promise<Report> {
  const args = ['--tsconfig', 'web/tsconfig.json', '--fail-on-warnings', '--output', 'human'];
  const ended = await runNode([tool('svelte-check', 'bin/svelte-check'), ...args], root);
  return report(ended, filesOf(root).filter((file) => file.path.startsWith('web/')).length);
}

async function lint(root: string): Promise<Report> {
  const args = ['--deny-warnings', '--format=unix', '.'];
  return report(await runNode([tool('oxlint', 'bin/oxlint'), ...args], root), codeCount(root));
}

async function format(root: string): Promise<Report> {
  return report(await runNode([tool('oxfmt', 'bin/oxfmt'), '--check', '.'], root), codeCount(root));
}

async function lock(root: string, folder: string): Promise<Report> {
  const where = join(root, folder);
  if (!existsSync(join(where, 'package-lock.json'))) {
    return { looked: 0, findings: [`${folder}/package-lock.json is not there`] };
  }
  return report(await runNpm(['ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund'], where), 1);
}

const tool = (name: string, path: string): string => join('node_modules', name, path);

const codeCount = (root: string): number => filesOf(root).filter((file) => isCode(file.path)).length;

function report(ended: Ended, looked: number): Report {
  const lines = ended.output.split('\n').filter((line) => line.trim());
  return { looked, findings: ended.code === 0 ? [] : lines };
}

/** A rule that read nothing is broken, however clean its result looks. */
function readSomething(result: Report): Report {
  return result.looked > 0 ? result : { ...result, findings: ['read no file at all: the rule is broken'] };
}
