/**
 * Agreement beyond chance between two readers (Cohen 1960; weighted: Cohen 1968) and among several (Fleiss 1971).
 *
 *   kappa = (observed - expected) / (1 - expected)
 *
 * Standard errors are those for an interval, not for a test of kappa = 0 (Fleiss, Cohen and Everitt 1969). Kappa falls
 * with a rare category although readers agree as often as before: print the observed agreement beside it.
 */
import { fail } from '@llama-xr/core';
import { normalQuantile } from '../statistics/distributions.ts';
import { sum } from '../statistics/samples.ts';

export type KappaWeights = 'none' | 'linear' | 'quadratic';

export interface KappaOptions<T> {
  /** All categories, in their order where there is one. Default: those that occur, sorted. */
  readonly categories?: readonly T[];
  /** How much a near miss counts: not at all, or by the distance of the categories or its square. Default none. */
  readonly weights?: KappaWeights;
  /** Level of the interval. Default 0.95. */
  readonly level?: number;
}

export interface Kappa {
  /** In [-1, 1]; NaN where all ratings are one category, so that nobody could disagree. */
  readonly kappa: number;
  /** Share of equal ratings, near misses counted by their weight. */
  readonly observed: number;
  readonly expected: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** @throws LlamaXrError INPUT: lists of other lengths, empty, or with a value outside the categories. */
export function cohenKappa<T extends string | number>(
  first: readonly T[],
  second: readonly T[],
  { categories = categoriesOf(first, second), weights = 'none', level = 0.95 }: KappaOptions<T> = {},
): Kappa {
  const share = contingency(first, second, categories);
  const weight = weightTable(categories.length, weights);
  const rows = share.map(sum);
  const columns = categories.map((_, j) => sum(share.map((row) => row[j] as number)));
  const over = (value: (i: number, j: number) => number) =>
    sum(share.map((row, i) => sum(row.map((_, j) => value(i, j)))));
  const p = (i: number, j: number) => (share[i] as number[])[j] as number;
  const w = (i: number, j: number) => (weight[i] as number[])[j] as number;
  const row = (i: number) => rows[i] as number;
  const column = (j: number) => columns[j] as number;
  const observed = over((i, j) => p(i, j) * w(i, j));
  const expected = over((i, j) => row(i) * column(j) * w(i, j));
  const kappa = expected === 1 ? Number.NaN : (observed - expected) / (1 - expected);
  const rowMean = categories.map((_, i) => sum(categories.map((_, j) => column(j) * w(i, j))));
  const columnMean = categories.map((_, j) => sum(categories.map((_, i) => row(i) * w(i, j))));
  const spread = over((i, j) => {
    const mean = (rowMean[i] as number) + (columnMean[j] as number);
    return p(i, j) * (w(i, j) - mean * (1 - kappa)) ** 2;
  });
  const variance = (spread - (kappa - expected * (1 - kappa)) ** 2) / (first.length * (1 - expected) ** 2);
  // Rounding can leave a perfect agreement a hair below no variance.
  const standardError = Math.sqrt(Math.max(0, variance));
  const reach = normalQuantile((1 + level) / 2) * standardError;
  return {
    kappa,
    observed,
    expected,
    standardError,
    low: kappa - reach,
    high: kappa + reach,
    n: first.length,
  };
}

/** Cohen's kappa with near misses counted, quadratic where nothing is said. */
export function weightedKappa<T extends string | number>(
  first: readonly T[],
  second: readonly T[],
  options: KappaOptions<T> = {},
): Kappa {
  return cohenKappa(first, second, { weights: 'quadratic', ...options });
}

/**
 * @param counts for each case, how many readers chose each category; every case with as many readers as the others
 * @returns NaN where all ratings are one category
 * @throws LlamaXrError INPUT
 */
export function fleissKappa(counts: readonly (readonly number[])[]): number {
  const readers = sum(counts[0] ?? []);
  if (readers < 2) fail('INPUT', `fleissKappa: expected at least 2 readers a case, got ${readers}`);
  counts.forEach((row, i) => {
    if (sum(row) !== readers)
      fail(
        'INPUT',
        `fleissKappa: case ${i}: expected ${readers} ratings as in the first case, got ${sum(row)}`,
      );
  });
  const total = counts.length * readers;
  const shares = (counts[0] ?? []).map((_, j) => sum(counts.map((row) => row[j] as number)) / total);
  const expected = sum(shares.map((p) => p * p));
  const agreement = counts.map((row) => (sum(row.map((n) => n * n)) - readers) / (readers * (readers - 1)));
  const observed = sum(agreement) / counts.length;
  return expected === 1 ? Number.NaN : (observed - expected) / (1 - expected);
}

/** Shares of the cases by what the first and the second reader said. [categories, categories] */
function contingency<T>(first: readonly T[], second: readonly T[], categories: readonly T[]): number[][] {
  if (first.length !== second.length || first.length === 0)
    fail(
      'INPUT',
      `cohenKappa: expected two lists of the same length from 1, got ${first.length} and ${second.length}`,
    );
  const index = new Map(categories.map((category, i) => [category, i]));
  const place = (value: T): number =>
    index.get(value) ?? fail('INPUT', `cohenKappa: expected one of ${categories.join(', ')}, got ${value}`);
  const share = categories.map(() => categories.map(() => 0));
  first.forEach((value, n) => {
    const row = share[place(value)] as number[];
    const j = place(second[n] as T);
    row[j] = (row[j] as number) + 1 / first.length;
  });
  return share;
}

/** How much two categories agree: 1 on the diagonal, 0 for the farthest apart. */
function weightTable(size: number, weights: KappaWeights): number[][] {
  const farthest = Math.max(1, size - 1);
  const agree = (distance: number): number => {
    if (weights === 'none') return distance === 0 ? 1 : 0;
    return 1 - (distance / farthest) ** (weights === 'linear' ? 1 : 2);
  };
  const places = Array.from({ length: size }, (_, i) => i);
  return places.map((i) => places.map((j) => agree(Math.abs(i - j))));
}

function categoriesOf<T extends string | number>(first: readonly T[], second: readonly T[]): T[] {
  return [...new Set([...first, ...second])].sort((a, b) => (a < b ? -1 : 1));
}
