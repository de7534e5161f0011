/**
 * AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019) on flat float32 arrays:
 *
 *   m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
 *   p = (1 - rate * weightDecay) p - rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 */

import type { Optimizer } from './optimizer.ts';

export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Parameters from .. to - 1 learn at `factor` times the rate: a parameter group. */
export interface RateRange {
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

export class AdamW implements Optimizer {
  /** First and second moments, laid out as the parameters are. */
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Steps taken so far (t). */
  steps = 0;
  readonly #settings: AdamWSettings;
  readonly #ranges: readonly RateRange[];

  /** @param ranges parts with a rate of their own, together all parameters in order; one rate for all where absent. */
  constructor(
    size: number,
    settings: AdamWSettings,
    ranges: readonly RateRange[] = [{ from: 0, to: size, factor: 1 }],
  ) {
    this.#settings = settings;
    this.#ranges = ranges;
    this.firstMoment = new Float32Array(size);
    this.secondMoment = new Float32Array(size);
  }

  get state() {
    return { first_moment: this.firstMoment, second_moment: this.secondMoment };
  }

  /** One step in place. `gradientScale` multiplies each gradient first (clipping, accumulation). */
  step(parameters: Float32Array, gradients: Float32Array, rate: number, gradientScale = 1): void {
    this.steps++;
    const { firstMoment, secondMoment, steps } = this;
    const moved = { parameters, gradients, firstMoment, secondMoment, momentsFrom: 0 };
    for (const { from, to, factor } of this.#ranges)
      moveRange(moved, this.#settings, { steps, rate: rate * factor, gradientScale }, from, to);
  }
}

/** What one step moves. */
interface Moved {
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** Moments of the parameters from `momentsFrom` on. */
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  readonly momentsFrom: number;
}

/** Moves parameters from .. to - 1 and their moments by step `steps`, which counts from 1. */
export function moveRange(
  { parameters, gradients, firstMoment: m, secondMoment: v, momentsFrom }: Moved,
  { beta1, beta2, epsilon, weightDecay }: AdamWSettings,
  { steps, rate, gradientScale }: { steps: number; rate: number; gradientScale: number },
  from: number,
  to: number,
): void {
  const rate1 = rate / (1 - beta1 ** steps);
  const correction2 = 1 / (1 - beta2 ** steps);
  const keep = 1 - rate * weightDecay;
  for (let i = from; i < to; i++) {
    const j = i - momentsFrom;
    const g = gradients[i]! * gradientScale;
    const mi = beta1 * m[j]! + (1 - beta1) * g;
    const vi = beta2 * v[j]! + (1 - beta2) * g * g;
    m[j] = mi;
    v[j] = vi;
    parameters[i] = keep * parameters[i]! - (rate1 * mi) / (Math.sqrt(vi * correction2) + epsilon);
  }
}

/** Euclidean norm of all gradients together. */
export function globalNorm(gradients: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < gradients.length; i++) sum += gradients[i]! * gradients[i]!;
  return Math.sqrt(sum);
}

/** The factor that clips a gradient of this norm to `limit`, as torch.nn.utils.clip_grad_norm_ computes it. */
export function clipFactor(norm: number, limit: number): number {
  return Math.min(1, limit / (norm + 1e-6));
}
