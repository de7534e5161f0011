/**
 * Least squares with weights that may not be negative (Lawson and Hanson, 1974), by coordinate descent on the normal
 * equations: for each weight in turn the best value given the others, not below zero, until none moves. Equals
 * scipy.optimize.nnls. For a few columns.
 */

/** @param rows [n, width] @returns the weights, all >= 0 */
export function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
): number[] {
  const width = rows[0]?.length ?? 0;
  const squares = Array.from({ length: width }, () => new Float64Array(width));
  const products = new Float64Array(width);
  rows.forEach((row, i) => {
    row.forEach((value, a) => {
      (products[a] as number) += value * (targets[i] as number);
      row.forEach((other, b) => {
        ((squares[a] as Float64Array)[b] as number) += value * other;
      });
    });
  });
  const weights = new Array<number>(width).fill(0);
  for (let round = 0; round < 100_000; round++) {
    let moved = 0;
    for (let a = 0; a < width; a++) {
      const square = squares[a] as Float64Array;
      if (square[a] === 0) continue;
      const others = weights.reduce(
        (sum, weight, b) => sum + (b === a ? 0 : weight * (square[b] as number)),
        0,
      );
      const next = Math.max(0, ((products[a] as number) - others) / (square[a] as number));
      moved = Math.max(moved, Math.abs(next - (weights[a] as number)));
      weights[a] = next;
    }
    if (moved < 1e-14) break;
  }
  return weights;
}
