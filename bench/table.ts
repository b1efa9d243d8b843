import type { Result } from './measures/measure.ts';

/** The results for people, 80 columns wide at most: one line a measure, and one below it for each peer. */
export function table(results: Result[]): string {
  return [row(['', 'measure', 'figure', 'ratio', 'goal']), ...results.flatMap(rows)].join('\n');
}

const WIDTHS = [6, 26, 23, 9, 16];

function rows({ measure, ours, peers, unit, ratio, goal, holds }: Result): string[] {
  const [first = '', ...more] = goal.split(', ');
  const state = holds ? 'holds' : 'short';
  const beside = Object.entries(peers).map(([name, figure], index) =>
    row(['', `  ${name}`, `${grouped(figure)}`, '', more[index - 1] ?? '']),
  );
  return [row([state, measure, `${grouped(ours)} ${unit}`, ratio === null ? '' : grouped(ratio), first]), ...beside];
}

function row(cells: string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join('')
    .trimEnd();
}

function grouped(figure: number): string {
  return figure.toLocaleString('en', { maximumSignificantDigits: figure < 100 ? 3 : 9 });
}
