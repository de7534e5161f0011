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

/** What one case adds to a ratio of sums: a mean of opinions, a share of choices. */
export interface CasePart {
  readonly sum: number;
  readonly of: number;
}

/** The ratio of two sums over cases: the mean of all opinions, however many each case has. */
export function ratioOverCases(parts: readonly CasePart[], options: ResamplingOptions = {}): Interval {
  return intervalOverCases(
    parts,
    (sample) => {
      let [sum, of] = [0, 0];
      for (const part of sample) {
        sum += part.sum;
        of += part.of;
      }
      return sum / of;
    },
    options,
  );
}
