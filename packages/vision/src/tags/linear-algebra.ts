/** The little linear algebra that ridge regression asks for: symmetric positive definite matrices, row by row, in float64. */
import { fail } from '@llama-xr/core';

/** The lower Cholesky factor of a symmetric positive definite matrix [n, n]. @throws LlamaXrError INPUT when it is not. */
export function cholesky(matrix: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (factor[i * n + k] as number) * (factor[j * n + k] as number);
      if (i !== j) factor[i * n + j] = sum / (factor[j * n + j] as number);
      else if (sum > 0) factor[i * n + i] = Math.sqrt(sum);
      else fail('INPUT', `ridge: expected a positive definite matrix, got pivot ${sum} in row ${i}`);
    }
  }
  return factor;
}

/** Solves A x = b, given the lower Cholesky factor of A [n, n]. */
export function solve(factor: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    let sum = x[i] as number;
    for (let k = 0; k < i; k++) sum -= (factor[i * n + k] as number) * (x[k] as number);
    x[i] = sum / (factor[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = (x[i] as number) / (factor[i * n + i] as number);
    x[i] = value;
    // Row i of the factor is column i of its transpose: no stride in the inner loop.
    for (let k = 0; k < i; k++) x[k] = (x[k] as number) - (factor[i * n + k] as number) * value;
  }
  return x;
}

/** The inverse of a symmetric positive definite matrix [n, n]. @throws LlamaXrError INPUT when it is not. */
export function inverse(matrix: Float64Array, n: number): Float64Array {
  const factor = cholesky(matrix, n);
  const out = new Float64Array(n * n);
  const unit = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    unit.fill(0);
    unit[i] = 1;
    out.set(solve(factor, unit), i * n);
  }
  return out;
}
