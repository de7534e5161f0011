/** Several tests at once, several seeds of one recipe, and how small a difference a test set can show. */
import { fail } from '@llama-xr/core';
import { type Interval, meanInterval } from './bootstrap.ts';
import { normalQuantile } from './distributions.ts';
import { variance } from './samples.ts';

/**
 * Holm's step-down adjustment (Scandinavian Journal of Statistics, 1979): the k-th smallest of m p-values times m - k + 1, never
 * less than the one before. Whatever is below alpha afterwards may be called a difference, and the chance of one false call among all
 * is at most alpha.
 * @returns adjusted values in the order given
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => (pValues[i] as number) - (pValues[j] as number));
  const adjusted = new Array<number>(pValues.length);
  let before = 0;
  order.forEach((index, k) => {
    before = Math.max(before, Math.min(1, (pValues[index] as number) * (pValues.length - k)));
    adjusted[index] = before;
  });
  return adjusted;
}

/** The words that stand below a table of several comparisons. */
export function comparisonsNote(comparisons: number, alpha = 0.05): string {
  if (comparisons < 2) return `One comparison, judged at ${alpha}.`;
  const byChance = (comparisons * alpha).toFixed(comparisons * alpha < 1 ? 2 : 1);
  return (
    `${comparisons} comparisons: unadjusted, ${byChance} of them would fall below ${alpha} by chance alone. ` +
    "The p-values are adjusted by Holm's method."
  );
}

export interface OverSeeds extends Interval {
  /** Standard deviation between runs; NaN of one. */
  readonly standardDeviation: number;
  readonly lowest: number;
  readonly highest: number;
}

/** One score of several runs that differ in their seed alone: t interval of the mean run, n = runs. */
export function overSeeds(scores: readonly number[], level = 0.95): OverSeeds {
  if (scores.length === 0) fail('INPUT', 'overSeeds: expected at least one run, got none');
  return {
    ...meanInterval(scores, level),
    standardDeviation: Math.sqrt(variance(scores)),
    lowest: Math.min(...scores),
    highest: Math.max(...scores),
  };
}

export interface PowerOptions {
  /** Chance of a false call, two-sided. Default 0.05. */
  readonly alpha?: number;
  /** Chance to see a difference that is there. Default 0.8. */
  readonly power?: number;
}

/**
 * The smallest true mean difference that a paired test on n reports sees with the given power:
 * (z(1 - alpha / 2) + z(power)) * sd / sqrt(n), sd that of the paired differences. Normal approximation: with 30 reports it is
 * 5 % too small.
 */
export function minimumDetectableDifference(
  paired: ArrayLike<number> | { readonly n: number; readonly variance: number },
  options: PowerOptions = {},
): number {
  const { n, variance: spread } = 'n' in paired ? paired : { n: paired.length, variance: variance(paired) };
  return zSum(options) * Math.sqrt(spread / n);
}

/** How many reports it takes to see this mean difference, the variance of the paired differences being this. */
export function reportsNeeded(
  difference: number,
  pairedVariance: number,
  options: PowerOptions = {},
): number {
  if (!(difference !== 0)) fail('INPUT', 'reportsNeeded: expected a difference that is not zero, got 0');
  return Math.ceil((zSum(options) ** 2 * pairedVariance) / difference ** 2);
}

function zSum({ alpha = 0.05, power = 0.8 }: PowerOptions): number {
  return normalQuantile(1 - alpha / 2) + normalQuantile(power);
}

/** Wilson's score interval of a share (JASA 1927): it stays within [0, 1] and holds for few studies too. */
export function shareInterval(successes: number, n: number, level = 0.95): Interval {
  const z = normalQuantile((1 + level) / 2);
  const share = successes / n;
  const centre = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  return { estimate: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half), level, n };
}
