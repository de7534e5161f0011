/** Intervals that draw whole cases: all that was said of a case goes together, since its readers are not independent. */
import { type Interval, type ResamplingOptions, scoreInterval } from '@llama-xr/metrics';

/** @param statistic of cases drawn with replacement; may be NaN where a draw leaves it undefined */
export function intervalOverCases<T>(
  cases: readonly T[],
  statistic: (sample: readonly T[]) => number,
  { level = 0.95, ...options }: ResamplingOptions = {},
): Interval {
  const nothing = { estimate: Number.NaN, low: Number.NaN, high: Number.NaN, level, n: 0 };
  if (cases.length === 0) return nothing;
  const drawn = (sample: ArrayLike<number>) => statistic(Array.from(sample, (i) => cases[i] as T));
  return scoreInterval(cases.length, drawn, { level, method: 'percentile', ...options });
}
