/** Means, variances and quantiles of lists of numbers, as the other pages here use them. */

export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}

export function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length;
}

/** The unbiased variance (divided by n - 1); NaN of fewer than two. */
export function variance(values: ArrayLike<number>): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] as number) - centre) ** 2;
  return values.length < 2 ? Number.NaN : sum / (values.length - 1);
}

/** The p-quantile of ascending numbers, interpolated linearly between ranks (Hyndman and Fan's type 7, numpy's default). */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const rank = p * (ascending.length - 1);
  const below = Math.floor(rank);
  const low = ascending[below] as number;
  const high = ascending[Math.min(below + 1, ascending.length - 1)] as number;
  return low + (rank - below) * (high - low);
}

/** Differences pair by pair. */
export function differences(ours: ArrayLike<number>, theirs: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: ours.length }, (_, i) => (ours[i] as number) - (theirs[i] as number));
}

/** Pearson's correlation; NaN where one of the two does not vary. */
export function correlation(xs: ArrayLike<number>, ys: ArrayLike<number>): number {
  const [mx, my] = [mean(xs), mean(ys)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < xs.length; i++) {
    const dx = (xs[i] as number) - mx;
    const dy = (ys[i] as number) - my;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

/** Kendall's tau-b: how far two orders agree, ties counted out. Cost grows with the square of the length. */
export function kendallTau(xs: ArrayLike<number>, ys: ArrayLike<number>): number {
  let [agreeing, xPairs, yPairs] = [0, 0, 0];
  for (let i = 0; i < xs.length; i++) {
    for (let j = 0; j < i; j++) {
      const dx = Math.sign((xs[i] as number) - (xs[j] as number));
      const dy = Math.sign((ys[i] as number) - (ys[j] as number));
      agreeing += dx * dy;
      xPairs += Math.abs(dx);
      yPairs += Math.abs(dy);
    }
  }
  return agreeing / Math.sqrt(xPairs * yPairs);
}
