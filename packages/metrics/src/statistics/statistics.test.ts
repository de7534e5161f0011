/** Against scipy where it has the same; by simulation where only the promise can be checked: coverage, uniform p-values. */
import { readFileSync } from 'node:fs';
import { Random } from '@llama-xr/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  approximateRandomisation,
  bcaEnds,
  comparisonsNote,
  corpusDifference,
  corpusOf,
  correlation,
  countRows,
  holm,
  kendallTau,
  meanDifference,
  meanInterval,
  meanOf,
  minimumDetectableDifference,
  nonNegativeLeastSquares,
  normalCdf,
  normalQuantile,
  overSeeds,
  pairedBootstrap,
  percentileEnds,
  reportsNeeded,
  scoreInterval,
  shareInterval,
  studentCdf,
  studentQuantile,
} from './index.ts';

const golden = JSON.parse(readFileSync(new URL('../goldens/statistics.json', import.meta.url), 'utf8'));

/** Relative where the value is large or a tail. */
function expectClose(got: number, wanted: number, tolerance = 1e-10): void {
  expect(Math.abs(got - wanted), `${got} to ${wanted}`).toBeLessThanOrEqual(
    tolerance * Math.max(Math.abs(wanted), 1e-10),
  );
}

describe('distributions equal scipy', () => {
  const { points, shares, degrees, ...values } = golden.distributions;

  test('normal', () => {
    points.forEach((x: number, i: number) => {
      expectClose(normalCdf(x), values.normalCdf[i]);
    });
    shares.forEach((p: number, i: number) => {
      expectClose(normalQuantile(p), values.normalQuantile[i]);
    });
  });

  test('Student', () => {
    degrees.forEach((d: number, k: number) => {
      points.forEach((x: number, i: number) => {
        expectClose(studentCdf(x, d), values.studentCdf[k][i]);
      });
      shares.forEach((p: number, i: number) => {
        expectClose(studentQuantile(p, d), values.studentQuantile[k][i], 1e-8);
      });
    });
  });
});

test('t intervals, Pearson and Kendall equal scipy', () => {
  for (const { values, low, high } of golden.meanIntervals) {
    const interval = meanInterval(values);
    expectClose(interval.low, low);
    expectClose(interval.high, high);
  }
  const { xs, ys, pearson, kendall } = golden.correlation;
  expectClose(correlation(xs, ys), pearson);
  expectClose(kendallTau(xs, ys), kendall);
});

test('weights that may not be negative equal scipy', () => {
  for (const { rows, targets, weights } of golden.leastSquares) {
    nonNegativeLeastSquares(rows, targets).forEach((weight, k) => {
      expect(weight).toBeCloseTo(weights[k], 9);
    });
  }
});

test("Wilson's interval of a share equals scipy", () => {
  for (const { successes, n, low, high } of golden.wilson) {
    const interval = shareInterval(successes, n);
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
  }
});

describe('bootstrap', () => {
  test('BCa and percentile ends equal scipy on its own draws', () => {
    for (const { values, level, replicates, bca, percentile } of golden.bootstrap) {
      const n = values.length;
      const sum = values.reduce((a: number, b: number) => a + b, 0);
      const jackknife = values.map((value: number) => (sum - value) / (n - 1));
      const ends = bcaEnds({ estimate: sum / n, replicates, jackknife }, level);
      expectClose(ends.low, bca[0]);
      expectClose(ends.high, bca[1]);
      const plain = percentileEnds(replicates, level);
      expectClose(plain.low, percentile[0]);
      expectClose(plain.high, percentile[1]);
    }
  });

  test.each(['bca', 'percentile'] as const)(
    '%s intervals of a skewed mean hold the truth about 19 times of 20',
    (method) => {
      const random = new Random('coverage');
      let held = 0;
      const trials = 300;
      for (let trial = 0; trial < trials; trial++) {
        const values = Array.from({ length: 60 }, () => -Math.log(1 - random.next()));
        const { low, high } = scoreInterval(60, meanOf(values), { method, resamples: 500, seed: trial });
        if (low <= 1 && 1 <= high) held++;
      }
      expect(held / trials).toBeGreaterThan(0.9);
      expect(held / trials).toBeLessThan(0.985);
    },
  );

  test('a corpus score holds the truth about as often', () => {
    const random = new Random('corpus coverage');
    const f1 = corpusFormula;
    let held = 0;
    for (let trial = 0; trial < 300; trial++) {
      const rows = Array.from({ length: 80 }, () => {
        const [truth, stated] = [random.chance(0.5), random.chance(0.5)];
        return [Number(truth && stated), Number(stated), Number(truth)];
      });
      const statistic = corpusOf(countRows(rows), f1);
      const { low, high } = scoreInterval(80, statistic, { resamples: 400, seed: trial });
      if (low <= 0.5 && 0.5 <= high) held++;
    }
    expect(held / 300).toBeGreaterThan(0.9);
    expect(held / 300).toBeLessThan(0.985);
  });

  test('a mean is the same as a statistic, as values and as sums; a seed decides all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 20 }),
        (values) => {
          const n = values.length;
          const asMean = scoreInterval(n, meanOf(values), { resamples: 50 });
          const rows = countRows(values.map((value) => [value, 1]));
          const asSums = scoreInterval(
            n,
            corpusOf(rows, ([sum, count]) => sum! / count!),
            { resamples: 50 },
          );
          expect(asSums.low).toBeCloseTo(asMean.low, 12);
          expect(asSums.high).toBeCloseTo(asMean.high, 12);
          expect(scoreInterval(n, meanOf(values), { resamples: 50 })).toEqual(asMean);
          expect(asMean.low).toBeLessThanOrEqual(asMean.high);
        },
      ),
    );
  });

  test('equal systems differ by nothing; a constant has an interval of no width', () => {
    const values = [0.1, 0.5, 0.9, 0.3];
    expect(pairedBootstrap(values, values)).toMatchObject({ estimate: 0, low: 0, high: 0, p: 1 });
    expect(scoreInterval(3, meanOf([0.25, 0.25, 0.25]))).toMatchObject({ low: 0.25, high: 0.25 });
  });

  test('a clear difference is seen, and what cannot be compared is refused', () => {
    const ours = Array.from({ length: 50 }, (_, i) => 0.5 + (i % 5) / 50);
    const theirs = ours.map((value, i) => value - 0.05 - (i % 3) / 100);
    const { estimate, low, high, p } = pairedBootstrap(ours, theirs);
    expect(estimate).toBeCloseTo(0.0598, 4);
    expect(low).toBeGreaterThan(0.05);
    expect(high).toBeLessThan(0.07);
    expect(p).toBe(1 / 2000);
    expect(() => pairedBootstrap(ours, [1])).toThrow(/expected 50 values.*got 1/);
    expect(() => scoreInterval(0, () => 0)).toThrow(/at least one report/);
    expect(() => countRows([[1], [1, 2]])).toThrow(/report 1: expected 1, got 2/);
  });
});

const corpusFormula = (sums: Float64Array) =>
  (2 * (sums[0] as number)) / ((sums[1] as number) + (sums[2] as number));

describe('approximate randomisation', () => {
  test('equals scipy where every way is tried', () => {
    for (const { ours, theirs, p } of golden.permutations) {
      const result = approximateRandomisation(ours.length, meanDifference(ours, theirs));
      expect(result.exact).toBe(true);
      expectClose(result.p, p);
    }
  });

  test('coins come near the exact value', () => {
    const { ours, theirs, p } = golden.permutations[2];
    const result = approximateRandomisation(ours.length, meanDifference(ours, theirs), { rounds: 4000 });
    expect(result.exact).toBe(false);
    expect(Math.abs(result.p - p)).toBeLessThan(3 * Math.sqrt((p * (1 - p)) / 4000) + 1 / 4000);
  });

  test('p-values are uniform where the systems are the same', () => {
    const random = new Random('null');
    const pValues = Array.from({ length: 400 }, (_, trial) => {
      const [ours, theirs] = [0, 1].map(() => Array.from({ length: 25 }, () => random.normal()));
      return approximateRandomisation(25, meanDifference(ours!, theirs!), { rounds: 199, seed: trial }).p;
    }).sort((a, b) => a - b);
    // Kolmogorov and Smirnov: 1.63 / sqrt(n) at one in a hundred.
    const farthest = Math.max(...pValues.map((p, i) => Math.abs(p - (i + 0.5) / pValues.length)));
    expect(farthest).toBeLessThan(1.63 / Math.sqrt(400));
  });

  test('eight coins at a time give what one at a time gives', () => {
    const random = new Random('coins');
    const [ours, theirs] = [0, 1].map(() => Array.from({ length: 29 }, () => random.normal()));
    const rows = (values: readonly number[]) => countRows(values.map((value) => [value]));
    const byReport = corpusDifference(rows(ours!), rows(theirs!), ([sum]) => (sum as number) / 29);
    const byEight = meanDifference(ours!, theirs!);
    for (let round = 0; round < 50; round++) {
      const coins = Uint8Array.from({ length: 4 }, () => random.int(256));
      expect(byEight(coins)).toBeCloseTo(byReport(coins), 12);
    }
  });

  test('corpus scores change sides with their counts', () => {
    const ours = countRows([
      [1, 1, 1],
      [1, 1, 1],
      [1, 2, 1],
    ]);
    const theirs = countRows([
      [0, 1, 1],
      [1, 1, 1],
      [0, 2, 1],
    ]);
    const difference = corpusDifference(ours, theirs, corpusFormula);
    expect(difference(new Uint8Array(1))).toBeCloseTo(6 / 7 - 2 / 7, 12);
    expect(difference(new Uint8Array([0b111]))).toBeCloseTo(2 / 7 - 6 / 7, 12);
    // Of 8 ways: report 2 makes no difference, reports 1 and 3 must stand on the same side.
    expect(approximateRandomisation(3, difference)).toMatchObject({ p: 0.5, exact: true, rounds: 8 });
  });
});

describe('several comparisons, seeds, power', () => {
  test('Holm', () => {
    expect(holm([0.04, 0.01, 0.03, 0.005])).toEqual([0.06, 0.03, 0.06, 0.02]);
    expect(holm([])).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (pValues) => {
        holm(pValues).forEach((adjusted, i) => {
          expect(adjusted).toBeGreaterThanOrEqual(pValues[i] as number);
          expect(adjusted).toBeLessThanOrEqual(Math.min(1, (pValues[i] as number) * pValues.length) + 1);
        });
      }),
    );
    expect(comparisonsNote(20)).toMatch(/^20 comparisons: unadjusted, 1\.0 of them/);
  });

  test('seeds', () => {
    const runs = overSeeds([0.3, 0.32, 0.34]);
    expect(runs).toMatchObject({ n: 3, lowest: 0.3, highest: 0.34 });
    expect(runs.standardDeviation).toBeCloseTo(0.02, 12);
    expect(runs.high - runs.estimate).toBeCloseTo((4.302652729749 * 0.02) / Math.sqrt(3), 9);
    expect(overSeeds([0.3]).low).toBeNaN();
  });

  test('the minimum detectable difference has the power that it names, by the noncentral t', () => {
    for (const { n, variance, difference, exactPower } of golden.powers) {
      expectClose(minimumDetectableDifference({ n, variance }), difference);
      expect(exactPower).toBeGreaterThan(0.77);
      expect(exactPower).toBeLessThan(0.81);
      expect(Math.abs(reportsNeeded(difference, variance) - n)).toBeLessThanOrEqual(1);
    }
  });
});
