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
  const replicates = scoresOf(resamplesOf(reports, { resamples, seed }), statistic);
  return replicates.filter((value) => !Number.isNaN(value)).sort();
}

/** Sample by sample: a typed array's own `from` would hold all samples before it scores the first. */
function scoresOf(samples: Iterable<Int32Array>, statistic: Statistic): Float64Array {
  return Float64Array.from(Array.from(samples, statistic));
}

/** Indices drawn with replacement, in one buffer that each draw overwrites. Equal seeds give equal draws. */
function* resamplesOf(
  reports: number,
  { resamples = 2000, seed = 3407 }: ResamplingOptions,
): Generator<Int32Array> {
  if (reports < 1) fail('INPUT', 'bootstrap: expected at least one report, got none');
  const random = new Random(`${seed}:bootstrap`);
  const sample = new Int32Array(reports);
  for (let draw = 0; draw < resamples; draw++) {
    for (let i = 0; i < reports; i++) sample[i] = random.int(reports);
    yield sample;
  }
}

export function percentileEnds(replicates: ArrayLike<number>, level: number): { low: number; high: number } {
  return { low: quantile(replicates, (1 - level) / 2), high: quantile(replicates, (1 + level) / 2) };
}

/** Past so many reports they are left out in groups: the acceleration barely moves and the cost stays linear. */
const MOST_LEFT_OUT = 400;

/** The score with each report (or group of them) left out in turn. */
export function jackknife(reports: number, statistic: Statistic): Float64Array {
  return scoresOf(leaveOutsOf(reports), statistic);
}

function* leaveOutsOf(reports: number): Generator<Int32Array> {
  const all = everyReport(reports);
  const groups = Math.min(reports, MOST_LEFT_OUT);
  for (let g = 0; g < groups; g++) yield all.filter((i) => i % groups !== g);
}

/** Draws of one score, in the order drawn: those of another score or system on as many reports and the same seed pair up. */
export interface ScoreDraws {
  readonly estimate: number;
  readonly replicates: Float64Array;
  readonly jackknife: Float64Array;
}

/** Several scores on the same draws, for the price of one: where they share their work. */
export function drawScores(
  reports: number,
  scores: (sample: ArrayLike<number>) => readonly number[],
  options: ResamplingOptions = {},
): ScoreDraws[] {
  const estimates = scores(everyReport(reports));
  const replicates = Array.from(resamplesOf(reports, options), (sample) => scores(sample));
  const left = Array.from(leaveOutsOf(reports), (sample) => scores(sample));
  const column = (rows: readonly (readonly number[])[], v: number) =>
    Float64Array.from(rows, (row) => row[v] as number);
  return estimates.map((estimate, v) => ({
    estimate,
    replicates: column(replicates, v),
    jackknife: column(left, v),
  }));
}

/** BCa interval and two-sided p (see {@link PairedComparison}) from draws, as of a difference. */
export function intervalOfDraws(
  { estimate, replicates, jackknife: left }: ScoreDraws,
  n: number,
  level = 0.95,
): PairedComparison {
  const defined = replicates.filter((value) => !Number.isNaN(value)).sort();
  const ends = bcaEnds({ estimate, replicates: defined, jackknife: left }, level);
  return { estimate, ...ends, level, n, p: signChanges(defined) };
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
