/**
 * One score over several sites, folds or seeds: the mean, how far they differ beyond chance, and what the next one can expect.
 * Random effects: DerSimonian and Laird, Controlled Clinical Trials 1986; I^2 and the prediction interval: Higgins, Thompson and
 * Spiegelhalter, JRSS A 2009.
 */
import { fail } from '@llama-xr/core';
import { type Interval, normalQuantile, studentQuantile } from '@llama-xr/metrics';

export interface Pooled {
  /** The mean, each weighted by 1 / (its variance + the variance between them). */
  readonly mean: Interval;
  /** Standard deviation between them beyond what chance explains. */
  readonly between: number;
  /** Share of the variation that is no chance, in [0, 1]. */
  readonly i2: number;
  /** Where the score of another one is expected to lie, 19 times of 20; absent with fewer than three. */
  readonly prediction?: readonly [low: number, high: number];
}

/** @throws LlamaXrError INPUT without scores, or where one has no interval. */
export function pool(scores: readonly Interval[], level = 0.95): Pooled {
  if (scores.length === 0) fail('INPUT', 'pool: expected at least one score, got none');
  const variances = scores.map(varianceOf);
  const fixed = weighted(scores, variances, 0);
  const q = scores.reduce(
    (sum, { estimate }, i) => sum + (estimate - fixed.mean) ** 2 / (variances[i] as number),
    0,
  );
  const freedom = scores.length - 1;
  const weights = variances.map((variance) => 1 / variance);
  const total = sumOf(weights);
  const scale = total - sumOf(weights.map((weight) => weight ** 2)) / total;
  const betweenVariance = freedom === 0 ? 0 : Math.max(0, (q - freedom) / scale);
  const random = weighted(scores, variances, betweenVariance);
  const half = normalQuantile((1 + level) / 2) * random.error;
  const n = scores.reduce((sum, score) => sum + score.n, 0);
  return {
    mean: { estimate: random.mean, low: random.mean - half, high: random.mean + half, level, n },
    between: Math.sqrt(betweenVariance),
    i2: q > freedom && q > 0 ? (q - freedom) / q : 0,
    ...(scores.length > 2 && { prediction: predictionOf(random, betweenVariance, scores.length, level) }),
  };
}

/** From the width of a 95 % interval, as of a normal score. */
function varianceOf({ estimate, low, high, level }: Interval): number {
  const error = (high - low) / (2 * normalQuantile((1 + level) / 2));
  if (!(error > 0))
    fail('INPUT', `pool: expected a score with an interval, got ${estimate} from ${low} to ${high}`);
  return error ** 2;
}

function weighted(scores: readonly Interval[], variances: readonly number[], between: number) {
  const weights = variances.map((variance) => 1 / (variance + between));
  const total = sumOf(weights);
  const mean = scores.reduce((sum, { estimate }, i) => sum + estimate * (weights[i] as number), 0) / total;
  return { mean, error: Math.sqrt(1 / total) };
}

function predictionOf(
  { mean, error }: { readonly mean: number; readonly error: number },
  between: number,
  count: number,
  level: number,
): readonly [number, number] {
  const half = studentQuantile((1 + level) / 2, count - 2) * Math.sqrt(between + error ** 2);
  return [mean - half, mean + half];
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0);
