import { posix } from 'node:path';
import type { TreeFile } from './tree.ts';

/**
 * Checks one image file: those rules of https://github.com/hadolint/hadolint and
 * https://docs.docker.com/build/building/best-practices/ that matter for ours. `npm run test:long` runs hadolint itself.
 */
export function checkDockerfile(file: TreeFile, paths: ReadonlySet<string>): string[] {
  const steps = stepsOf(file.read());
  const found = [...steps.flatMap((step) => stepRules(step, paths)), ...lastStage(steps), ...pinned(steps)];
  return found.map((says) => `${file.path}${says}`);
}

/** One instruction with its continued lines as one, and the line that it begins on. */
interface Step {
  line: number;
  word: string;
  rest: string;
}

function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  let open: Step | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const part = line.trim().replace(/\\$/, '').trim();
    if (open) open.rest += ` ${part}`;
    else {
      const [word = '', ...rest] = part.split(/\s+/);
      open = { line: index + 1, word: word.toUpperCase(), rest: rest.join(' ') };
      steps.push(open);
    }
    if (!line.trimEnd().endsWith('\\')) open = undefined;
  }
  return steps;
}

function stepRules({ line, word, rest }: Step, paths: ReadonlySet<string>): string[] {
  const says: string[] = [];
  if (word === 'ADD') says.push('ADD: use COPY');
  if (['ENTRYPOINT', 'CMD'].includes(word) && !rest.startsWith('['))
    says.push(`${word} goes through a shell, and the signal to stop does not come through it`);
  if (word === 'RUN' && /\bnpm (i|install)\b/.test(rest)) says.push('npm install does not hold to the lock: npm ci');
  if (word === 'RUN' && /\b(curl|wget)\b.*\|\s*(ba|da)?sh\b/.test(rest)) says.push('runs what it has just fetched');
  if (word === 'RUN' && /\bsudo\b/.test(rest)) says.push('sudo: use USER');
  if (['ARG', 'ENV'].includes(word) && /\w*(PASSWORD|TOKEN|SECRET)\w*=\S/i.test(rest))
    says.push(`${word} keeps a secret in the image`);
  if (word === 'WORKDIR' && !rest.startsWith('/')) says.push('WORKDIR is not a whole path');
  says.push(...missing({ word, rest }, paths));
  return says.map((one) => `:${line} ${one}`);
}

function missing({ word, rest }: Pick<Step, 'word' | 'rest'>, paths: ReadonlySet<string>): string[] {
  if (word !== 'COPY' || rest.includes('--from=')) return [];
  const names = rest.split(' ').filter((one) => !one.startsWith('--'));
  const there = (path: string): boolean => [...paths].some((one) => one === path || one.startsWith(`${path}/`));
  return names
    .slice(0, -1)
    .filter((name) => !there(posix.normalize(name)))
    .map((name) => `there is no ${name}`);
}

/** What the image starts as. */
function lastStage(steps: Step[]): string[] {
  const from = steps.findLastIndex(({ word }) => word === 'FROM');
  const stage = steps.slice(from);
  const user = stage.findLast(({ word }) => word === 'USER')?.rest ?? '';
  return [
    ...(/^[1-9]\d*(:[1-9]\d*)?$/.test(user) ? [] : [`: USER "${user}" is not a number other than 0`]),
    ...['HEALTHCHECK', 'ENTRYPOINT']
      .filter((word) => !stage.some((step) => step.word === word))
      .map((word) => `: has no ${word}`),
  ];
}

/** Every base is an earlier stage, or an image with its registry and whole version; an argument counts by its default. */
function pinned(steps: Step[]): string[] {
  const stages = new Set(steps.flatMap(({ word, rest }) => (word === 'FROM' ? [/ as (\S+)$/i.exec(rest)?.[1]] : [])));
  const defaults = new Map(
    steps.filter(({ word }) => word === 'ARG').map(({ rest }) => rest.split('=') as [string, string]),
  );
  return steps
    .filter(({ word }) => word === 'FROM')
    .flatMap(({ line, rest }) => {
      const [named = ''] = rest.split(' ');
      const base = named.replace(/^\$\{?(\w+)\}?$/, (_all, name: string) => defaults.get(name) ?? '');
      const good = stages.has(base) || /^[a-z0-9.-]+\.[a-z]+\/\S+(:\d+\.\d+\.\d+\S*|@sha256:[0-9a-f]{64})$/.test(base);
      return good ? [] : [`:${line} the base ${base} is not pinned to a registry and a whole version`];
    });
}
