/**
 * Block-wise dynamic quantization to 8 bits (Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization", arXiv
 * 2110.02861, section 2; the dynamic tree: arXiv 1511.04561). Leading zeros of a byte choose a power of ten, the bits that
 * are left one of the equal steps within it, so that seven orders of magnitude fit. The values are those of bitsandbytes.
 */
const { fround } = Math;

/** A code book of 256 values in [-1, 1] or [0, 1], in rising order, and the middles between them. */
export interface DynamicMap {
  readonly code: Float32Array;
  /** [255] */
  readonly bounds: Float32Array;
}

export const SIGNED_MAP = dynamicMap(true);
export const UNSIGNED_MAP = dynamicMap(false);

function dynamicMap(signed: boolean): DynamicMap {
  const exponents = 7;
  const values = [0, 1];
  for (let i = 0; i < exponents; i++) {
    const steps = 2 ** (signed ? i : i + 1);
    for (const mean of meansOfSteps(steps)) {
      const value = fround(fround(10 ** (i - (exponents - 1))) * mean);
      values.push(value, ...(signed ? [-value] : []));
    }
  }
  const code = Float32Array.from(values).sort();
  const bounds = Float32Array.from({ length: code.length - 1 }, (_, i) =>
    fround(fround((code[i] as number) + (code[i + 1] as number)) / 2),
  );
  return { code, bounds };
}

/** Middles of equal steps from 0.1 to 1, rounded as torch.linspace does: the second half from its end. */
function meansOfSteps(steps: number): number[] {
  const [start, end] = [fround(0.1), 1];
  const step = fround(fround(end - start) / steps);
  const edge = (i: number) =>
    i < (steps + 1) / 2 ? fround(start + step * i) : fround(end - step * (steps - i));
  return Array.from({ length: steps }, (_, i) => fround(fround(edge(i) + edge(i + 1)) / 2));
}

/** The place of the value nearest to x; of two as near the lower. */
export function nearestCode(bounds: Float32Array, x: number): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bounds[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** x / magnitude as bitsandbytes rounds it: times the rounded inverse. */
export function scaled(x: number, magnitude: number): number {
  const inverse = fround(1 / Math.max(magnitude, 1e-38));
  return Math.min(1, Math.max(-1, fround(x * inverse)));
}

export function largestOfBlocks(values: Float32Array, blockSize: number): Float32Array {
  const largest = new Float32Array(Math.ceil(values.length / blockSize));
  for (let i = 0; i < values.length; i++) {
    const block = Math.floor(i / blockSize);
    largest[block] = Math.max(largest[block] as number, Math.abs(values[i] as number));
  }
  return largest;
}
