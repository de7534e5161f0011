/** Intervals for reader studies: of a share (Wilson 1927) and, by resampling whole cases, of anything else (Efron 1979). */
import { fail, Random } from '@llama-xr/core';
import { normalQuantile } from './normal.ts';

export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A share with its score interval, which stays inside [0, 1] and holds its level for few cases. NaN for none. */
export function wilsonInterval(successes: number, cases: number, level = 0.95): Estimate {
  if (!(successes >= 0 && successes <= cases))
    fail('INPUT', `wilsonInterval: expected 0 to ${cases} successes, got ${successes}`);
  const share = successes / cases;
  const z2 = normalQuantile((1 + level) / 2) ** 2;
  const centre = (share + z2 / (2 * cases)) / (1 + z2 / cases);
  const reach = Math.sqrt(z2 * ((share * (1 - share)) / cases + z2 / (4 * cases * cases))) / (1 + z2 / cases);
  return { value: share, low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) };
}

export interface BootstrapOptions {
  readonly seed?: number | string;
  readonly resamples?: number;
  readonly level?: number;
}

/**
 * Percentile interval of a statistic over cases: a case is drawn with all that belongs to it, so that the ratings of one
 * case by several readers are not taken for independent ones. Resamples without a value (NaN) are left out.
 */
export function bootstrapInterval<T>(
  cases: readonly T[],
  statistic: (sample: readonly T[]) => number,
  { seed = 3407, resamples = 1000, level = 0.95 }: BootstrapOptions = {},
): Estimate {
  const value = statistic(cases);
  const random = new Random(`bootstrap:${seed}`);
  const drawn = Array.from({ length: cases.length === 0 ? 0 : resamples }, () =>
    statistic(cases.map(() => random.pick(cases))),
  )
    .filter((x) => !Number.isNaN(x))
    .sort((a, b) => a - b);
  const at = (share: number) => drawn[Math.round(share * (drawn.length - 1))] ?? Number.NaN;
  return { value, low: at((1 - level) / 2), high: at((1 + level) / 2) };
}
