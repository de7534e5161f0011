/** Value noise: random numbers on a grid, interpolated between. */
import type { Random } from '@llama-xr/core';
import type { View } from './geometry.ts';

/** For a standard deviation of about 1 between grid points, too. */
const SPREAD = 2.5;

/** [size * size] of about unit variance, in clouds of `cellMm`. */
export function grain(view: View, cellMm: number, random: Random): Float32Array {
  const { size, pixelMm } = view;
  const cells = Math.ceil((size * pixelMm) / cellMm) + 2;
  const grid = Float32Array.from(
    { length: cells * cells },
    () => SPREAD * (random.next() + random.next() - 1),
  );
  const noise = new Float32Array(size * size);
  const step = pixelMm / cellMm;
  for (let row = 0; row < size; row++) {
    const v = Math.floor(row * step);
    const fv = row * step - v;
    for (let column = 0; column < size; column++) {
      const u = Math.floor(column * step);
      const fu = column * step - u;
      const i = v * cells + u;
      const top = (grid[i] as number) * (1 - fu) + (grid[i + 1] as number) * fu;
      const bottom = (grid[i + cells] as number) * (1 - fu) + (grid[i + cells + 1] as number) * fu;
      noise[row * size + column] = top * (1 - fv) + bottom * fv;
    }
  }
  return noise;
}
