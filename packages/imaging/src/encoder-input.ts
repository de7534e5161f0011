/**
 * A radiograph in the form that TorchXRayVision's networks were trained on: cropped to its central square, resized to
 * 224 x 224, values in [-1024, 1024]. Equal to the package's XRayCenterCrop and XRayResizer with its default engine,
 * scikit-image's `resize`: a Gaussian against aliasing (sigma = (factor - 1) / 2, cut at 4 sigma), then linear
 * interpolation at pixel centres, zero (mid-gray!) beyond the border. The cv2 engine gives other numbers.
 */
import type { Radiograph } from './radiograph.ts';

export const ENCODER_SIZE = 224;

/** @returns [1, size, size] in [-1024, 1024]. */
export function toEncoderInput(
  radiograph: Pick<Radiograph, 'width' | 'height' | 'pixels'>,
  size = ENCODER_SIZE,
): Float32Array {
  const side = Math.min(radiograph.width, radiograph.height);
  const across = resample(centerCrop(radiograph, side), side, size); // [side, side] -> [size, side], transposed
  return resample(across, side, size); // -> [size, size], and upright again
}

/** XRayCenterCrop, and [0, 1] to [-1024, 1024]. */
function centerCrop(
  { width, height, pixels }: Pick<Radiograph, 'width' | 'height' | 'pixels'>,
  side: number,
) {
  const half = Math.floor(side / 2);
  const left = Math.floor(width / 2) - half;
  const top = Math.floor(height / 2) - half;
  const square = new Float32Array(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      square[y * side + x] = ((pixels[(top + y) * width + left + x] as number) * 2 - 1) * 1024;
  return square;
}

/** Smooths and resamples each row of [rows, from] to `to` values, and gives the transpose, [to, rows]. */
function resample(image: Float32Array, from: number, to: number): Float32Array {
  const rows = image.length / from;
  const weights = Array.from({ length: to }, (_, i) => tapsOf(i, from, to));
  const out = new Float32Array(to * rows);
  for (let y = 0; y < rows; y++) {
    const row = y * from;
    for (let i = 0; i < to; i++) {
      const { start, taps } = weights[i] as Taps;
      let sum = 0;
      for (let k = 0; k < taps.length; k++) sum += (taps[k] as number) * (image[row + start + k] as number);
      out[i * rows + y] = sum;
    }
  }
  return out;
}

interface Taps {
  readonly start: number;
  readonly taps: Float64Array;
}

/** Gaussian and linear interpolation in one kernel; what falls outside meets zeros and is left out. */
function tapsOf(i: number, from: number, to: number): Taps {
  const factor = from / to;
  const gaussian = gaussianOf(Math.max(0, (factor - 1) / 2));
  const radius = (gaussian.length - 1) / 2;
  const center = (i + 0.5) * factor - 0.5;
  const near = Math.floor(center);
  const far = center - near;
  const start = Math.max(0, near - radius);
  const taps = new Float64Array(Math.min(from - 1, near + 1 + radius) - start + 1);
  for (const [pixel, weight] of [
    [near, 1 - far],
    [near + 1, far],
  ] as const) {
    if (pixel < 0 || pixel >= from) continue;
    for (let k = -radius; k <= radius; k++) {
      const at = pixel + k - start;
      if (at >= 0 && at < taps.length)
        taps[at] = (taps[at] as number) + weight * (gaussian[k + radius] as number);
    }
  }
  return { start, taps };
}

function gaussianOf(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    sigma === 0 ? 1 : Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const sum = kernel.reduce((a, b) => a + b, 0);
  return kernel.map((value) => value / sum);
}
