/** One line of the result. Figures have the unit of the measure; `ratio` is ours ÷ the first peer, null without peers. */
export interface Result {
  measure: string;
  ours: number;
  peers: Record<string, number>;
  unit: string;
  ratio: number | null;
  goal: string;
  /** Whether every goal of the measure holds. */
  holds: boolean;
}

/** What a measure may ask of its surroundings. */
export interface Bench {
  /** Tells the person who waits. Not part of the result. */
  note(words: string): void;
}

export interface Measure {
  name: string;
  run(bench: Bench): Promise<Result>;
}

/** Times that each figure is taken; the median counts. */
export const REPEATS = 5;

/** One goal in words and whether it holds. The first is about the ratio to the first peer, or about the figure itself. */
export interface Goal {
  words: string;
  holds: boolean;
}

export function atLeast(figure: number, bound: number, than = ''): Goal {
  return { words: `>= ${bound}${than}`, holds: figure >= bound };
}

export function atMost(figure: number, bound: number, than = ''): Goal {
  return { words: `<= ${bound}${than}`, holds: figure <= bound };
}

export interface Judged {
  measure: string;
  ours: number;
  peers: Record<string, number>;
  unit: string;
  goals: Goal[];
}

/** Puts a result together. */
export function judge({ measure, ours, peers, unit, goals }: Judged): Result {
  const [first] = Object.values(peers);
  return {
    measure,
    ours: rounded(ours),
    peers: Object.fromEntries(Object.entries(peers).map(([name, figure]) => [name, rounded(figure)])),
    unit,
    ratio: first === undefined ? null : rounded(ours / first),
    goal: goals.map((goal) => goal.words).join(', '),
    holds: goals.every((goal) => goal.holds),
  };
}

/** Takes each figure in turn, and again, so that a slow minute of the machine meets all of them. Returns the medians. */
export async function interleave<N extends string>(
  bench: Bench,
  takers: Record<N, () => Promise<number>>,
): Promise<Record<N, number>> {
  const taken = Object.fromEntries(Object.keys(takers).map((name) => [name, [] as number[]])) as Record<N, number[]>;
  for (let repeat = 1; repeat <= REPEATS; repeat++) {
    for (const name of Object.keys(takers) as N[]) {
      const figure = await takers[name]();
      taken[name].push(figure);
      bench.note(`  ${repeat}/${REPEATS} ${name}: ${rounded(figure)}`);
    }
  }
  return Object.fromEntries(
    Object.entries<number[]>(taken).map(([name, figures]) => [name, median(figures)]),
  ) as Record<N, number>;
}

export function median(figures: number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Three digits that count; whole numbers from 100 on. */
export function rounded(figure: number): number {
  return Math.abs(figure) >= 100 ? Math.round(figure) : Number(figure.toPrecision(3));
}
