/**
 * Guards on what the encoder says. A network that was fed the wrong range, or whose weights went wrong on the way,
 * still answers: with NaN, or with the same 18 numbers for every image, which the one published reproduction of
 * LLaMA-XR took for scores. Guards on pixels are in view-input.ts, on labels in checkpoint.ts, on views in projection.ts.
 */
import { fail } from '@llama-xr/core';
import type { ViewInput } from './view-input.ts';

/** Images differ when their pixels do by this much (root mean square; the range is 2048). */
const DIFFERENT_PIXELS = 20;

/** Logits closer than this are the same: three decimals of a score do not tell them apart. */
const SAME_LOGIT = 1e-3;

/** @throws LlamaXrError ENCODER when a number is NaN or infinite. */
export function checkFinite(view: string, what: string, numbers: Float32Array): void {
  const at = numbers.findIndex((number) => !Number.isFinite(number));
  if (at >= 0) fail('ENCODER', `${view}: expected finite ${what}, got ${numbers[at]} at ${at}`);
}

/** Watches the outputs of one encoder over all the images it sees. */
export class ConstantOutputGuard {
  #first: { view: ViewInput; logits: Float32Array } | undefined;
  #passed = false;

  /**
   * @throws LlamaXrError ENCODER when a view that differs from the first one has all its logits equal to the first's.
   * Once two outputs were seen to differ, everything passes.
   */
  check(view: ViewInput, logits: Float32Array): void {
    if (this.#passed) return;
    if (this.#first === undefined) {
      this.#first = { view, logits };
      return;
    }
    const { view: other, logits: before } = this.#first;
    if (logits.some((logit, i) => Math.abs(logit - (before[i] as number)) > SAME_LOGIT)) {
      this.#passed = true;
      return;
    }
    const distance = rootMeanSquare(view.pixels, other.pixels);
    if (distance <= DIFFERENT_PIXELS) return;
    fail(
      'ENCODER',
      `${view.name}: expected scores that depend on the image, got the same ${logits.length} as for ${other.name} (pixels differ by ${distance.toFixed(0)}, no logit by more than ${SAME_LOGIT})`,
      { hint: 'The weights are damaged, or were trained for another range of pixels.' },
    );
  }
}

function rootMeanSquare(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return Math.sqrt(sum / a.length);
}
