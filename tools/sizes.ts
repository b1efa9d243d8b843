import ts from 'typescript';
import { treesOf } from './scripts-of.ts';
import { filesOf, isCode, isTest, type Report, type TreeFile } from './tree.ts';

/** The limits, in lines as an editor counts them. */
export const LIMITS = { functionMedian: 10, functionHard: 70, fileMedian: 80, file: 400, longFile: 600 };

/** Checks the length of every function and file of the tree at `root`. */
export function checkSizes(root: string): Report {
  const files = filesOf(root).filter((file) => isCode(file.path));
  const measured = files.map((file) => ({ path: file.path, lines: fileLines(file), functions: functionsOf(file) }));
  const ours = measured.filter(({ path }) => isProgram(path));
  const named = ours.flatMap((file) => file.functions.filter((one) => one.name));
  const functionMedian = median(named.map((one) => one.lines));
  const fileMedian = median(ours.map((file) => file.lines));
  return {
    looked: files.length,
    note: `functions: median ${functionMedian} of ${named.length}; files: median ${fileMedian} of ${ours.length}`,
    findings: [
      ...measured.flatMap(tooLongFile),
      ...measured.flatMap(tooLongFunctions),
      ...over(functionMedian, LIMITS.functionMedian, 'the median function'),
      ...over(fileMedian, LIMITS.fileMedian, 'the median file'),
    ],
  };
}

interface Span {
  /** Empty for a callback that stands in a call: the hard limit holds for it, the median counts named functions. */
  name: string;
  line: number;
  lines: number;
}

interface Measured {
  path: string;
  lines: number;
  functions: Span[];
}

/** What the program itself is made of: the medians are taken over this, not over tests and tools. */
const isProgram = (path: string): boolean => /^(src|web|contracts|services)\//.test(path) && !path.endsWith('.test.ts');

/** Lines of a file; of a .svelte file its script and markup, as styles are a list of values. */
function fileLines(file: TreeFile): number {
  const text = file.path.endsWith('.svelte') ? file.read().replace(/<style\b[\s\S]*?<\/style>/g, '') : file.read();
  return text.trimEnd().split('\n').length;
}

function functionsOf(file: TreeFile): Span[] {
  return treesOf(file).flatMap((tree) => {
    const spans: Span[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node) && 'body' in node && node.body && !isSuite(node)) spans.push(spanOf(node, tree));
      ts.forEachChild(node, visit);
    };
    visit(tree);
    return spans;
  });
}

/** The callback of describe() is a chapter of a test file, not a function. */
function isSuite(node: ts.Node): boolean {
  const call = node.parent;
  return ts.isCallExpression(call) && /^(describe|suite)\b/.test(call.expression.getText());
}

function spanOf(node: ts.SignatureDeclaration, tree: ts.SourceFile): Span {
  const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  const last = tree.getLineAndCharacterOfPosition(node.getEnd()).line;
  return { name: nameOf(node, tree), line: first + 1, lines: last - first + 1 };
}

function nameOf(node: ts.SignatureDeclaration, tree: ts.SourceFile): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (node.name) return node.name.getText(tree);
  const { parent } = node;
  const holds = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent);
  return holds ? parent.name.getText(tree) : '';
}

function tooLongFile({ path, lines }: Measured): string[] {
  const long = isTest(path) || path.startsWith('bench/');
  return over(lines, long ? LIMITS.longFile : LIMITS.file, path);
}

function tooLongFunctions({ path, functions }: Measured): string[] {
  return functions.flatMap(({ name, line, lines }) => over(lines, LIMITS.functionHard, `${path}:${line} ${name}`));
}

function over(lines: number, limit: number, what: string): string[] {
  return lines > limit ? [`${what.trim()} has ${lines} lines, the limit is ${limit}`] : [];
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
