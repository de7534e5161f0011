/**
 * Krippendorff's alpha (Krippendorff, Content Analysis, 2004, chapter 11; "Computing Krippendorff's Alpha-Reliability",
 * 2011): agreement of any number of readers, of whom each may leave out cases.
 *
 *   alpha = 1 - observed disagreement / disagreement expected by chance
 *
 * Disagreement of two values: nominal 1; interval the square of their difference; ordinal the square of the number of
 * ratings between them. Ratio and polar data are not covered.
 */
import { fail } from '@llama-xr/core';
import { sum } from '../statistics/samples.ts';

export type MeasurementLevel = 'nominal' | 'ordinal' | 'interval';

/**
 * @param cases for each case the readers' values, null where one is missing; ordinal values by their rank or number
 * @returns alpha, at most 1; NaN where all values are equal or no case was read twice
 * @throws LlamaXrError INPUT when a value is no finite number
 */
export function krippendorffAlpha(
  cases: readonly (readonly (number | null)[])[],
  level: MeasurementLevel,
): number {
  const paired = cases.map((row) => row.filter((value) => value !== null)).filter((row) => row.length > 1);
  const values = [...new Set(paired.flat())].sort((a, b) => a - b);
  for (const value of values)
    if (!Number.isFinite(value)) fail('INPUT', `krippendorffAlpha: expected finite numbers, got ${value}`);
  const index = new Map(values.map((value, i) => [value, i]));
  const coincidences = coincidenceMatrix(
    paired.map((row) => row.map((value) => index.get(value) as number)),
    values.length,
  );
  const totals = coincidences.map(sum);
  const distance = distanceTable(values, totals, level);
  const n = sum(totals);
  const weighed = (share: (i: number, j: number) => number) =>
    sum(distance.map((row, i) => sum(row.map((d, j) => d * share(i, j)))));
  const observed = weighed((i, j) => (coincidences[i] as number[])[j] as number) / n;
  const expected = weighed((i, j) => (totals[i] as number) * (totals[j] as number)) / (n * (n - 1));
  return n === 0 || expected === 0 ? Number.NaN : 1 - observed / expected;
}

/** How often two readers of one case gave values i and j; each case counts once a reader. [values, values] */
function coincidenceMatrix(cases: readonly (readonly number[])[], size: number): number[][] {
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const row of cases) {
    for (const [r, i] of row.entries()) {
      const line = matrix[i] as number[];
      for (const [s, j] of row.entries()) if (r !== s) line[j] = (line[j] as number) + 1 / (row.length - 1);
    }
  }
  return matrix;
}

/** Squared differences of the values, [values, values]. */
function distanceTable(
  values: readonly number[],
  totals: readonly number[],
  level: MeasurementLevel,
): number[][] {
  const difference = (i: number, j: number): number => {
    if (level === 'nominal') return i === j ? 0 : 1;
    if (level === 'interval') return (values[i] as number) - (values[j] as number);
    const [low, high] = i < j ? [i, j] : [j, i];
    const between = sum(totals.slice(low, high + 1));
    return between - ((totals[i] as number) + (totals[j] as number)) / 2;
  };
  return values.map((_, i) => values.map((_, j) => difference(i, j) ** 2));
}
