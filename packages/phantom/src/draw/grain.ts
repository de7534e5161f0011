/** Value noise: random numbers on a grid, interpolated between. */
import type { Random } from '@llama-xr/core';
import type { View } from './geometry.ts';

/** For a standard deviation of about 1 between grid points, too. */
const SPREAD = 2.5;

/** [size * size] of about unit variance: clouds of each of these sizes, all of equal strength. */
export function grain(view: View, cellsMm: readonly number[], random: Random): Float32Array {
  const noise = new Float32Array(view.size ** 2);
  for (const cellMm of cellsMm) addClouds(noise, view, cellMm, SPREAD / Math.sqrt(cellsMm.length), random);
  return noise;
}

function addClouds(
  noise: Float32Array,
  { size, pixelMm }: View,
  cellMm: number,
  spread: number,
  random: Random,
): void {
  const cells = Math.ceil((size * pixelMm) / cellMm) + 2;
  const grid = new Float32Array(cells * cells);
  for (let i = 0; i < grid.length; i++) grid[i] = spread * (random.next() + random.next() - 1);
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
      const pixel = row * size + column;
      noise[pixel] = (noise[pixel] as number) + top * (1 - fv) + bottom * fv;
    }
  }
}
