/**
 * Ridge regression with far more features than rows, so in its dual form: all targets share one [N, N] inverse. What a
 * row's own group would be given by a fit without that group follows from the same inverse, exactly and without
 * fitting again (Cook 1977; for groups, Hastie et al., The Elements of Statistical Learning, 7.10.1).
 */
import { cholesky, inverse, solve } from './linear-algebra.ts';

export interface RidgeOptions {
  /** Weight of the penalty against a mean squared feature of 1. */
  readonly penalty: number;
  /** Group of each row: rows of one patient say nothing new of each other. */
  readonly groups: readonly string[];
}

export interface RidgeFit {
  /** [D] */
  readonly weights: Float32Array;
  readonly bias: number;
  /** [N]: what a fit without the row's group gives for it. */
  readonly heldOut: Float64Array;
}

export class Ridge {
  readonly #features: Float32Array;
  readonly #size: number;
  readonly #inverse: Float64Array;
  readonly #groups: readonly (readonly number[])[];

  /** @param features [N, D], standardised: the penalty is the same for all */
  constructor(features: Float32Array, { penalty, groups }: RidgeOptions) {
    const n = groups.length;
    this.#features = features;
    this.#size = features.length / n;
    const kernel = gram(features, n, this.#size);
    for (let i = 0; i < n; i++) kernel[i * n + i] = (kernel[i * n + i] as number) + penalty;
    this.#inverse = inverse(kernel, n);
    this.#groups = [...Map.groupBy(groups.keys(), (row) => groups[row]).values()];
  }

  /** @param targets [N] */
  fit(targets: Float64Array): RidgeFit {
    const n = targets.length;
    const dual = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += (this.#inverse[i * n + j] as number) * (targets[j] as number);
      dual[i] = sum;
    }
    return { ...this.#primal(dual), heldOut: this.#heldOut(targets, dual) };
  }

  #primal(dual: Float64Array): { weights: Float32Array; bias: number } {
    const sums = new Float64Array(this.#size);
    let bias = 0;
    dual.forEach((a, row) => {
      bias += a;
      const start = row * this.#size;
      for (let d = 0; d < sums.length; d++)
        sums[d] = (sums[d] as number) + a * (this.#features[start + d] as number);
    });
    return { weights: Float32Array.from(sums, (sum) => sum / this.#size), bias };
  }

  /** The residual of a group left out is (G_gg)^-1 (G y)_g, G the inverse. */
  #heldOut(targets: Float64Array, dual: Float64Array): Float64Array {
    const n = targets.length;
    const heldOut = new Float64Array(n);
    for (const rows of this.#groups) {
      const block = Float64Array.from(
        rows.flatMap((i) => rows.map((j) => this.#inverse[i * n + j] as number)),
      );
      const residual = solve(
        cholesky(block, rows.length),
        Float64Array.from(rows, (i) => dual[i] as number),
      );
      rows.forEach((i, k) => {
        heldOut[i] = (targets[i] as number) - (residual[k] as number);
      });
    }
    return heldOut;
  }
}

/** Mean product of the features of each two rows, and 1 for a bias that is fitted like a feature. */
function gram(features: Float32Array, n: number, size: number): Float64Array {
  const kernel = new Float64Array(n * n);
  const rows = Array.from({ length: n }, (_, i) => features.subarray(i * size, (i + 1) * size));
  for (let i = 0; i < n; i++) {
    const a = rows[i] as Float32Array;
    for (let j = 0; j <= i; j++) {
      const b = rows[j] as Float32Array;
      let sum = 0;
      for (let d = 0; d < size; d++) sum += (a[d] as number) * (b[d] as number);
      kernel[i * n + j] = sum / size + 1;
      kernel[j * n + i] = sum / size + 1;
    }
  }
  return kernel;
}
