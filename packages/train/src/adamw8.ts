/**
 * AdamW with both moments in 8 bits (Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization", arXiv
 * 2110.02861): blocks of 256 share a largest magnitude, values are those of the dynamic map. A step takes a block out of 8
 * bits, computes as adamw.ts does, and puts it back. 2.03 bytes a parameter instead of 8.
 *
 * Unlike bitsandbytes a second moment above zero is never rounded to zero: the next step would divide by epsilon alone.
 */
import { nearestCode, SIGNED_MAP, UNSIGNED_MAP } from '@llama-xr/tensor';
import { type AdamWSettings, moveRange, type RateRange } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';

const BLOCK = 256;
/** The place of 0 in each code book. */
const [ZERO, UNSIGNED_ZERO] = [127, 0];

export class AdamW8 implements Optimizer {
  steps = 0;
  readonly state: {
    readonly first_moment: Uint8Array;
    readonly second_moment: Uint8Array;
    /** One a block. */
    readonly first_magnitudes: Float32Array;
    readonly second_magnitudes: Float32Array;
  };
  readonly #settings: AdamWSettings;
  readonly #ranges: readonly RateRange[];
  readonly #m = new Float32Array(BLOCK);
  readonly #v = new Float32Array(BLOCK);

  /** @param ranges parts with a rate of their own, together all parameters in order; one rate for all where absent. */
  constructor(
    size: number,
    settings: AdamWSettings,
    ranges: readonly RateRange[] = [{ from: 0, to: size, factor: 1 }],
  ) {
    this.#settings = settings;
    this.#ranges = ranges;
    this.state = {
      first_moment: new Uint8Array(size).fill(ZERO),
      second_moment: new Uint8Array(size).fill(UNSIGNED_ZERO),
      first_magnitudes: new Float32Array(Math.ceil(size / BLOCK)),
      second_magnitudes: new Float32Array(Math.ceil(size / BLOCK)),
    };
  }

  step(parameters: Float32Array, gradients: Float32Array, rate: number, gradientScale = 1): void {
    this.steps++;
    for (const { from, to, factor } of this.#ranges) {
      // A block may lie in two ranges: each visit moves the moments of its own part alone.
      for (let at = from; at < to; at = (Math.floor(at / BLOCK) + 1) * BLOCK) {
        const block = Math.floor(at / BLOCK);
        const end = Math.min(to, (block + 1) * BLOCK);
        const [firstMoment, secondMoment] = [this.#m, this.#v];
        const moved = { parameters, gradients, firstMoment, secondMoment, momentsFrom: block * BLOCK };
        const { steps } = this;
        this.#unpack(block);
        moveRange(moved, this.#settings, { steps, rate: rate * factor, gradientScale }, at, end);
        this.#pack(block);
      }
    }
  }

  #unpack(block: number): void {
    const { first_moment, second_moment, first_magnitudes, second_magnitudes } = this.state;
    const [largestM, largestV] = [first_magnitudes[block]!, second_magnitudes[block]!];
    const start = block * BLOCK;
    const count = Math.min(BLOCK, first_moment.length - start);
    for (let j = 0; j < count; j++) {
      this.#m[j] = SIGNED_MAP.code[first_moment[start + j]!]! * largestM;
      this.#v[j] = UNSIGNED_MAP.code[second_moment[start + j]!]! * largestV;
    }
  }

  #pack(block: number): void {
    const { first_moment, second_moment, first_magnitudes, second_magnitudes } = this.state;
    const [m, v] = [this.#m, this.#v];
    const start = block * BLOCK;
    const count = Math.min(BLOCK, first_moment.length - start);
    let [largestM, largestV] = [0, 0];
    for (let j = 0; j < count; j++) {
      largestM = Math.max(largestM, Math.abs(m[j]!));
      largestV = Math.max(largestV, v[j]!);
    }
    first_magnitudes[block] = largestM;
    second_magnitudes[block] = largestV;
    const inverseM = largestM === 0 ? 0 : 1 / largestM;
    const inverseV = largestV === 0 ? 0 : 1 / largestV;
    for (let j = 0; j < count; j++) {
      first_moment[start + j] = nearestCode(SIGNED_MAP.bounds, m[j]! * inverseM);
      const code = nearestCode(UNSIGNED_MAP.bounds, v[j]! * inverseV);
      second_moment[start + j] = v[j]! > 0 ? Math.max(1, code) : code;
    }
  }
}
