import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { barPlot, linePlot } from './plots.ts';

const hours = (figures: number[]) =>
  figures.map((figure, hour) => ({ at: `2026-03-03T${String(hour).padStart(2, '0')}:00:00Z`, figure }));
const about = { width: 760, height: 168, every: 4, name: (at: string) => at.slice(11, 16) };

describe('plots', () => {
  test('bars stand on the foot, the highest above the marks, and the last is of now', () => {
    const { bars, marks, most, ticks, base } = barPlot(hours([0, 231, 64]), about);
    assert.deepEqual(
      marks.map(({ label }) => label),
      ['0', '100', '200'],
    );
    assert.ok(bars.every(({ path }) => path.endsWith(`V${base - 0.5}Z`)));
    assert.deepEqual(
      bars.map(({ now }) => now),
      [false, false, true],
    );
    assert.equal(most?.label, '231');
    assert.deepEqual(
      ticks.map(({ label }) => label),
      ['02:00'],
    );
  });

  test('nothing at all is a flat plot without a peak', () => {
    const { bars, most, marks } = barPlot(hours([0, 0]), about);
    assert.equal(most, null);
    assert.ok(bars.every(({ path }) => !path.includes('NaN')));
    assert.equal(marks.length, 1);
  });

  test('a line bridges what is not known, and there is none where nothing is', () => {
    assert.equal(linePlot([{ figure: null }, { figure: null }]), null);
    const plot = linePlot([{ figure: 10 }, { figure: null }, { figure: 20 }]);
    assert.equal(plot?.line, 'M4 44 312 14');
    assert.deepEqual([plot?.x, plot?.y], [312, 14]);
  });

  test('one figure alone is a point, and no path that is broken', () => {
    assert.doesNotMatch(linePlot([{ figure: 3 }])?.area ?? 'NaN', /NaN|undefined/);
  });
});
