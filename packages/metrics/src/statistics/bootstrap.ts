/**
 * Bootstrap intervals (Efron, Better bootstrap confidence intervals, JASA 1987): reports are drawn with replacement, the score is
 * taken anew, and the middle 95 % of what comes out is the interval. BCa shifts the ends for bias and for a spread that
 * changes with the score; it equals scipy.stats.bootstrap on the same draws.
 *
 * It covers the chance of which studies were tested. It does not cover training again: see seeds.ts.
 */
import { fail, Random } from '@llama-xr/core';
import { normalCdf, normalQuantile, studentQuantile } from './distributions.ts';
import { mean, quantile, variance } from './samples.ts';
import { everyReport, meanOf, type Statistic } from './statistic.ts';

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Such as 0.95. */
  readonly level: number;
  /** Reports it rests on. */
  readonly n: number;
}

export interface ResamplingOptions {
  /** Default 0.95. */
  readonly level?: number;
  /** Default 2000. */
  readonly resamples?: number;
  /** Default 3407. */
  readonly seed?: number | string;
  /** Default `bca`. */
  readonly method?: 'bca' | 'percentile';
}

/** Student's interval of a mean: exact for normal values, quick for all. A single value has no interval. */
export function meanInterval(values: ArrayLike<number>, level = 0.95): Interval {
  const n = values.length;
  const estimate = mean(values);
  const half = n < 2 ? Number.NaN : studentQuantile((1 + level) / 2, n - 1) * Math.sqrt(variance(values) / n);
  return { estimate, low: estimate - half, high: estimate + half, level, n };
}

/** @param reports how many there are to draw from */
export function scoreInterval(
  reports: number,
  statistic: Statistic,
  { level = 0.95, method = 'bca', ...options }: ResamplingOptions = {},
): Interval {
  const estimate = statistic(everyReport(reports));
  const replicates = bootstrapReplicates(reports, statistic, options);
  const ends =
    method === 'bca'
      ? bcaEnds({ estimate, replicates, jackknife: jackknife(reports, statistic) }, level)
      : percentileEnds(replicates, level);
  return { estimate, ...ends, level, n: reports };
}

/** The score of each resample, ascending. A resample on which it is not defined (NaN) is left out. */
export function bootstrapReplicates(
  reports: number,
  statistic: Statistic,
  { resamples = 2000, seed = 3407 }: ResamplingOptions = {},
): Float64Array {
  if (reports < 1) fail('INPUT', 'bootstrap: expected at least one report, got none');
  const random = new Random(`${seed}:bootstrap`);
  const sample = new Int32Array(reports);
  const replicates = Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < reports; i++) sample[i] = random.int(reports);
    return statistic(sample);
  });
  return replicates.filter((value) => !Number.isNaN(value)).sort();
}

export function percentileEnds(replicates: ArrayLike<number>, level: number): { low: number; high: number } {
  return { low: quantile(replicates, (1 - level) / 2), high: quantile(replicates, (1 + level) / 2) };
}

/** Past so many reports they are left out in groups: the acceleration barely moves and the cost stays linear. */
const MOST_LEFT_OUT = 400;

/** The score with each report (or group of them) left out in turn. */
export function jackknife(reports: number, statistic: Statistic): Float64Array {
  const all = everyReport(reports);
  const groups = Math.min(reports, MOST_LEFT_OUT);
  return Float64Array.from({ length: groups }, (_, g) => statistic(all.filter((i) => i % groups !== g)));
}

export interface BootstrapDraws {
  readonly estimate: number;
  /** Ascending. */
  readonly replicates: ArrayLike<number>;
  readonly jackknife: ArrayLike<number>;
}

/**
 * Ends at the quantiles Φ(z0 + (z0 + z) / (1 - a (z0 + z))) of the replicates, z0 = Φ⁻¹(share below the estimate, ties by half),
 * a = Σ d³ / (6 (Σ d²)^1.5), d = mean of the jackknife - jackknife.
 */
export function bcaEnds(
  { estimate, replicates, jackknife: left }: BootstrapDraws,
  level: number,
): { low: number; high: number } {
  if (replicates.length === 0) return { low: Number.NaN, high: Number.NaN };
  const bias = normalQuantile(shareBelow(replicates, estimate));
  const centre = mean(left);
  let [cubes, squares] = [0, 0];
  for (let i = 0; i < left.length; i++) {
    const d = centre - (left[i] as number);
    cubes += d ** 3;
    squares += d ** 2;
  }
  const acceleration = squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
  const share = (p: number) => {
    const z = bias + normalQuantile(p);
    return normalCdf(bias + z / (1 - acceleration * z));
  };
  // All resamples on one side of the estimate: no correction can be read from them.
  if (!Number.isFinite(bias) || !Number.isFinite(acceleration)) return percentileEnds(replicates, level);
  return {
    low: quantile(replicates, share((1 - level) / 2)),
    high: quantile(replicates, share((1 + level) / 2)),
  };
}

function shareBelow(replicates: ArrayLike<number>, estimate: number): number {
  let [below, upTo] = [0, 0];
  for (let i = 0; i < replicates.length; i++) {
    if ((replicates[i] as number) < estimate) below++;
    if ((replicates[i] as number) <= estimate) upTo++;
  }
  return (below + upTo) / (2 * replicates.length);
}

export interface PairedComparison extends Interval {
  /** Two-sided: how often the resamples fall on the other side of zero, doubled; never below 1 / resamples. */
  readonly p: number;
}

/**
 * The difference of two systems on the same reports, drawn together (Koehn, EMNLP 2004).
 * @param ours a statistic, or one value a report
 */
export function pairedBootstrap(
  ours: Statistic | ArrayLike<number>,
  theirs: Statistic | ArrayLike<number>,
  { reports, ...options }: ResamplingOptions & { readonly reports?: number } = {},
): PairedComparison {
  const n = reports ?? (typeof ours === 'function' ? undefined : ours.length);
  if (n === undefined) fail('INPUT', 'pairedBootstrap: expected the number of reports beside a statistic');
  if (typeof theirs !== 'function' && theirs.length !== n)
    fail('INPUT', `pairedBootstrap: expected ${n} values of the other system, got ${theirs.length}`);
  const [a, b] = [asStatistic(ours), asStatistic(theirs)];
  const difference: Statistic = (sample) => a(sample) - b(sample);
  const { level = 0.95, method = 'bca' } = options;
  const estimate = difference(everyReport(n));
  const replicates = bootstrapReplicates(n, difference, options);
  const ends =
    method === 'bca'
      ? bcaEnds({ estimate, replicates, jackknife: jackknife(n, difference) }, level)
      : percentileEnds(replicates, level);
  return { estimate, ...ends, level, n, p: signChanges(replicates) };
}

const asStatistic = (score: Statistic | ArrayLike<number>): Statistic =>
  typeof score === 'function' ? score : meanOf(score);

function signChanges(replicates: Float64Array): number {
  if (replicates.length === 0) return Number.NaN;
  const upTo = replicates.filter((value) => value <= 0).length;
  const from = replicates.filter((value) => value >= 0).length;
  return Math.min(1, Math.max(1, 2 * Math.min(upTo, from)) / replicates.length);
}
