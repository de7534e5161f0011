/**
 * From attenuation to what a computed radiography plate shows: Beer's law, scatter, focal blur, quantum noise, then the
 * logarithm and an S-shaped tone curve (the characteristic curve of film that readers are used to). 12 bits.
 */
import type { Random } from '@llama-xr/core';

export const BITS = 12;
const GREATEST = 2 ** BITS - 1;

export interface Exposure {
  /** Photons a pixel in air: less is noisier. */
  readonly photons: number;
  /** Scattered part, of the mean of the primary beam. */
  readonly scatter: number;
  /** Where the tone curve is steepest, in optical depth, from the middle between lung and heart. */
  readonly brightness: number;
  readonly contrast: number;
}

export function sampleExposure(random: Random): Exposure {
  return {
    photons: 10 ** random.between(4.5, 5),
    scatter: random.between(0.02, 0.05),
    brightness: random.between(-0.15, 0.15),
    contrast: random.between(0.8, 0.95),
  };
}

/** @param depth line integrals of attenuation, [size * size], dimensionless. @returns 12-bit pixels, dense is bright. */
export function expose(depth: Float32Array, size: number, exposure: Exposure, random: Random): Uint16Array {
  const beam = new Float32Array(depth.length);
  let total = 0;
  for (let i = 0; i < beam.length; i++) {
    beam[i] = Math.exp(-(depth[i] as number));
    total += beam[i] as number;
  }
  const scatter = (exposure.scatter * total) / beam.length;
  const blurred = blur(beam, size);
  const shown = new Float32Array(blurred.length);
  for (let i = 0; i < shown.length; i++) {
    const photons = ((blurred[i] as number) + scatter) * exposure.photons;
    // Poisson, which is normal at these counts.
    shown[i] = -Math.log((photons + Math.sqrt(photons) * roughNormal(random)) / exposure.photons);
  }
  return toneMap(shown, exposure);
}

/** Sum of four uniform bytes: near enough to normal, and four times as fast as an exact one. */
function roughNormal(random: Random): number {
  const bits = random.uint32();
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return (sum - 510) / 147.8;
}

/** [1 2 1] / 4 across and down. */
function blur(image: Float32Array, size: number): Float32Array {
  const across = image.slice();
  for (let i = 1; i + 1 < image.length; i++)
    across[i] = ((image[i - 1] as number) + 2 * (image[i] as number) + (image[i + 1] as number)) / 4;
  const down = across.slice();
  for (let i = size; i + size < image.length; i++)
    down[i] = ((across[i - size] as number) + 2 * (across[i] as number) + (across[i + size] as number)) / 4;
  return down;
}

function toneMap(shown: Float32Array, { brightness, contrast }: Exposure): Uint16Array {
  const quantile = quantilesAbove(shown, 0.6);
  const middle = (quantile(0.2) + quantile(0.9)) / 2 + brightness;
  const curve = (value: number) => 1 / (1 + Math.exp(-contrast * (value - middle)));
  const floor = curve(0);
  const scale = (GREATEST - 1) / (curve(quantile(0.995) + 0.3) - floor);
  const pixels = new Uint16Array(shown.length);
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = Math.min(GREATEST, Math.max(0, scale * (curve(shown[i] as number) - floor)));
  return pixels;
}

const BINS_PER_UNIT = 64;

/** Quantiles of the values above `least` (the body, not the air around it), to 1/64. */
function quantilesAbove(values: Float32Array, least: number): (q: number) => number {
  const counts = new Uint32Array(16 * BINS_PER_UNIT);
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) <= least) continue;
    const bin = Math.min(counts.length - 1, Math.floor((values[i] as number) * BINS_PER_UNIT));
    counts[bin] = (counts[bin] as number) + 1;
    total++;
  }
  return (q) => {
    let seen = 0;
    const bin = counts.findIndex((count) => {
      seen += count;
      return seen >= q * total;
    });
    return (bin + 0.5) / BINS_PER_UNIT;
  };
}
