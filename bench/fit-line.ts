/** A line through points by least squares, with the 95 % interval of its slope (Student's t, independent errors). */
import { studentQuantile } from '../packages/metrics/src/statistics/index.ts';

export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** 95 % interval of the slope. */
  readonly interval: readonly [number, number];
  /** Share of the variance that the line explains. */
  readonly r2: number;
}

/** At least three points. */
export function fitLine(xs: readonly number[], ys: readonly number[]): Line {
  const n = xs.length;
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / n;
  const [mx, my] = [mean(xs), mean(ys)];
  let [xx, xy, yy] = [0, 0, 0];
  for (const [i, x] of xs.entries()) {
    const y = (ys[i] as number) - my;
    xx += (x - mx) ** 2;
    xy += (x - mx) * y;
    yy += y * y;
  }
  const slope = xy / xx;
  const residual = Math.max(0, yy - slope * xy);
  const half = studentQuantile(0.975, n - 2) * Math.sqrt(residual / (n - 2) / xx);
  return {
    slope,
    intercept: my - slope * mx,
    interval: [slope - half, slope + half],
    r2: 1 - residual / yy,
  };
}
