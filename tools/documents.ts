import { dirname, join, normalize } from 'node:path/posix';
import { filesOf, type Report, type TreeFile } from './tree.ts';

/** Checks links between documents, the README of every feature and connector, and that no text tells of one machine. */
export function checkDocuments(root: string): Report {
  const files = filesOf(root);
  const paths = new Set(files.flatMap((file) => withFolders(file.path)));
  const pages = files.filter((file) => file.path.endsWith('.md'));
  const anchors = new Map(pages.map((page) => [page.path, anchorsOf(page.read())]));
  return {
    looked: pages.length,
    findings: [
      ...pages.flatMap((page) => deadLinks(page, { paths, anchors })),
      ...missingReadmes(paths),
      ...files.filter((file) => !BINARY.test(file.path)).flatMap(machineTraces),
    ],
  };
}

interface Known {
  paths: Set<string>;
  anchors: Map<string, Set<string>>;
}

const BINARY = /\.(png|jpe?g|gif|ico|woff2?|zip|gz|node|wasm)$/;

/** Folders in which every folder is a thing a reader looks up, and so has a page of its own. */
const WITH_README = /^(src\/(connectors|features)|services)\/[^/]+$/;

function withFolders(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function deadLinks(page: TreeFile, known: Known): string[] {
  return linksOf(page.read()).flatMap((link) => {
    const says = deadLink(page.path, link, known);
    return says ? [`${page.path} links to ${link}: ${says}`] : [];
  });
}

/** Targets of markdown links and pictures, and of src= and href= in the few tags a page may hold; code is left out. */
function linksOf(markdown: string): string[] {
  const prose = withoutCode(markdown);
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const named = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*(\S+)/gm)];
  const tags = [...prose.matchAll(/\b(?:src|href)="([^"]+)"/g)];
  return [...inline, ...named, ...tags].map((match) => match[1] ?? '');
}

const withoutCode = (markdown: string): string =>
  markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');

function deadLink(from: string, link: string, { paths, anchors }: Known): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const [target = '', anchor] = link.split('#');
  const path = target ? normalize(join(dirname(from), decodeURIComponent(target))).replace(/\/$/, '') : from;
  if (path.startsWith('..') || (path !== '.' && !paths.has(path))) return 'no such file';
  const known = anchors.get(path);
  return anchor && known && !known.has(anchor) ? 'no such heading' : undefined;
}

/** Headings as the usual renderers turn them into anchors: lower case, spaces as hyphens, no punctuation. */
function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm);
  return new Set([...headings].map((match) => slugOf(match[1] ?? '')));
}

const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

function missingReadmes(paths: Set<string>): string[] {
  return [...paths]
    .filter((path) => WITH_README.test(path) && !path.endsWith('.md') && !paths.has(`${path}/README.md`))
    .map((path) => `${path} has no README.md`);
}

/** Paths of somebody's machine, and addresses of a package mirror that others cannot reach. */
const TRACES = [
  /(?:^|[\s"'`(=:])\/(?:work|workspace|home|Users)\/[\w.-]+/,
  /\/tmp\/[\w.-]*_jobs\b/,
  /"resolved":\s*"https?:\/\/(?!registry\.npmjs\.org\/)/,
  /^\s*registry\s*=/m,
];

function machineTraces(file: TreeFile): string[] {
  const text = file.read();
  return TRACES.flatMap((trace) => {
    const found = trace.exec(text);
    if (!found) return [];
    const line = text.slice(0, found.index + found[0].length).split('\n').length;
    return [`${file.path}:${line} names a path or mirror of one machine: ${found[0].trim()}`];
  });
}
