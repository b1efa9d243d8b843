/** A figure of a span that begins at `at`. */
export type Timed = { at: string; figure: number };

export type Bar = Timed & { path: string; now: boolean };
export type Mark = { y: number; label: string };
export type Tick = { x: number; label: string; end: boolean };
export type BarPlot = {
  width: number;
  height: number;
  base: number;
  bars: Bar[];
  marks: Mark[];
  ticks: Tick[];
  most: { x: number; y: number; label: string } | null;
};

const LEFT = 32;
const TOP = 26;
const FOOT = 24;

/** Bars over time, drawn to the width there is; the last one is of now. */
export function barPlot(
  figures: Timed[],
  about: { width: number; height: number; every: number; name: (at: string) => string },
): BarPlot {
  const { width, height, every, name } = about;
  const base = height - FOOT;
  const top = Math.max(1, ...figures.map(({ figure }) => figure));
  const mark = roundDown(top / 2);
  const step = (width - LEFT) / Math.max(1, figures.length);
  const y = (figure: number) => round(base - (figure / top) * (base - TOP));
  const x = (index: number) => LEFT + index * step;
  const bars = figures.map((one, index) => {
    const [from, to] = [round(x(index) + step * 0.07), round(x(index) + step * 0.93)];
    return {
      ...one,
      now: index === figures.length - 1,
      path: `M${from} ${base - 0.5}V${y(one.figure)}H${to}V${base - 0.5}Z`,
    };
  });
  const peak = Math.max(...figures.map(({ figure }) => figure));
  const at = figures.findIndex(({ figure }) => figure === peak);
  const middle = (index: number) => round(x(index) + step / 2);
  return {
    width,
    height,
    base,
    bars,
    marks: [0, mark, 2 * mark]
      .filter((figure) => figure === 0 || (mark >= 1 && figure <= top))
      .map((figure) => ({ y: y(figure), label: figure.toLocaleString('en') })),
    ticks: figures.flatMap(({ at: when }, index) =>
      (figures.length - 1 - index) % every === 0
        ? [{ x: middle(index), label: name(when), end: index === figures.length - 1 }]
        : [],
    ),
    most: peak > 0 ? { x: middle(at), y: y(peak) - 6, label: peak.toLocaleString('en') } : null,
  };
}

export type LinePlot = { line: string; area: string; x: number; y: number };

const LINE = { left: 4, right: 312, base: 74, top: 14 };

/** A line over 308 × 60 units whose last point is now; holes are bridged. Null where there is no figure at all. */
export function linePlot(figures: { figure: number | null }[]): LinePlot | null {
  const known = figures.flatMap(({ figure }, index) => (figure === null ? [] : [{ figure, index }]));
  if (known.length === 0) return null;
  const most = Math.max(1, ...known.map(({ figure }) => figure));
  const step = (LINE.right - LINE.left) / Math.max(1, figures.length - 1);
  const points = known.map(({ figure, index }) => ({
    x: round(LINE.left + index * step),
    y: round(LINE.base - (figure / most) * (LINE.base - LINE.top)),
  }));
  const line = `M${points.map(({ x, y }) => `${x} ${y}`).join(' ')}`;
  const [first, last] = [points[0], points.at(-1)];
  return {
    line,
    area: `${line} L${last?.x} ${LINE.base} L${first?.x} ${LINE.base}Z`,
    x: last?.x ?? 0,
    y: last?.y ?? 0,
  };
}

/** The largest of 1, 2, 5, 10, 20, 50 … that is not above. */
function roundDown(figure: number): number {
  const size = 10 ** Math.floor(Math.log10(figure));
  return [5, 2, 1].map((step) => step * size).find((step) => step <= figure) ?? size;
}

function round(figure: number): number {
  return Math.round(figure * 10) / 10;
}
