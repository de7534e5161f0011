/**
 * Dynamic loss scaling (Micikevicius et al. 2018, arXiv 1710.03740, section 3.2): small gradients would vanish in float16, so the
 * loss is multiplied by a power of two, the gradients are divided by it, and a step whose gradients overflow runs again with half
 * of it. The weights of a batch carry the factor, since a loss is linear in them: graphs know nothing of it. A resumed run starts
 * from the first factor again; powers of two change nothing but what vanishes.
 */
import { fail } from '@llama-xr/core';
import type { Batch } from './batch.ts';
import type { Step } from './training-engine.ts';

const FIRST = 2 ** 12;
const LARGEST = 2 ** 24;
/** Steps without an overflow after which a larger factor is tried. */
const PATIENCE = 200;

/** A step in float16 that gives the loss and the gradients of its batch, as the step would in float32. */
export class ScaledStep implements Step {
  readonly #step: Step;
  #scale = FIRST;
  #calm = 0;

  constructor(step: Step) {
    this.#step = step;
  }

  /** The factor of the next step. */
  get scale(): number {
    return this.#scale;
  }

  /** @throws LlamaXrError ENGINE where gradients are no numbers without any scaling: then it is no overflow. */
  async run(
    batch: Batch,
    parameters: Float32Array,
    gradients: Float32Array,
    dropoutSeed?: string,
  ): Promise<number> {
    while (true) {
      const scale = this.#scale;
      const weights = batch.weights.map((weight) => weight * scale);
      const loss = await this.#step.run({ ...batch, weights }, parameters, gradients, dropoutSeed);
      if (Number.isFinite(loss) && gradients.every(Number.isFinite)) {
        for (let i = 0; i < gradients.length; i++) gradients[i] = (gradients[i] as number) / scale;
        this.#grow();
        return loss / scale;
      }
      if (scale <= 1) return fail('ENGINE', 'gradients in float16: expected numbers, got infinity or NaN');
      this.#scale = scale / 2;
      this.#calm = 0;
    }
  }

  #grow(): void {
    if (++this.#calm < PATIENCE) return;
    this.#scale = Math.min(LARGEST, this.#scale * 2);
    this.#calm = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#step[Symbol.asyncDispose]();
  }
}
