/**
 * From 7 x 7 maps to features that a small set of studies can be learned from: channels brought to one scale, then a
 * seeded random projection of the 1024 channels to 64 in every cell (Johnson and Lindenstrauss 1984), so that the place
 * stays and a site's few hundred reports are enough. Both views side by side; a missing view is zeros, the mean of all
 * studies, and never the other view.
 */
import { Random } from '@llama-xr/core';
import { MAP_SHAPE } from '../encoder.ts';
import { SIDES, type Side } from '../features-file.ts';

const [CHANNELS, ROWS, COLUMNS] = MAP_SHAPE;
const CELLS = ROWS * COLUMNS;
/** Channels that are left in each cell. */
export const PROJECTED = 64;
/** Features of a study: those of the frontal view, then those of the lateral. */
export const GRID_FEATURES = SIDES.length * CELLS * PROJECTED;

/** The maps of a study, each [1024, 7, 7], or null where there is no such view. */
export type StudyMaps = Readonly<Record<Side, Float32Array | null>>;

/** Mean and reciprocal deviation; 0 where a feature never changes. */
export interface Scaling {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

export interface GridParameters {
  /** [1024] a view */
  readonly channels: Readonly<Record<Side, Scaling>>;
  /** [1024, 64] */
  readonly projection: Float32Array;
  /** [GRID_FEATURES] */
  readonly features: Scaling;
}

/** Measures the scales on a training set. @returns them and its features, [N, GRID_FEATURES]. */
export function fitGrid(
  studies: readonly StudyMaps[],
  seed: number,
): { grid: GridParameters; features: Float32Array } {
  const random = new Random(`grid projection:${seed}`);
  const projection = Float32Array.from(
    { length: CHANNELS * PROJECTED },
    () => random.normal() / Math.sqrt(PROJECTED),
  );
  const channels = {
    frontal: channelScaling(studies, 'frontal'),
    lateral: channelScaling(studies, 'lateral'),
  };
  const projected = studies.map((study) => project(study, channels, projection));
  const features = scalingOf(GRID_FEATURES, (add) => {
    studies.forEach((study, i) => {
      SIDES.forEach((side, v) => {
        if (study[side] === null) return;
        const [start, end] = [v * (GRID_FEATURES / 2), (v + 1) * (GRID_FEATURES / 2)];
        for (let d = start; d < end; d++) add(d, projected[i]?.[d] as number);
      });
    });
  });
  const out = new Float32Array(studies.length * GRID_FEATURES);
  studies.forEach((study, i) => {
    out.set(standardised(study, projected[i] as Float32Array, features), i * GRID_FEATURES);
  });
  return { grid: { channels, projection, features }, features: out };
}

/** [GRID_FEATURES] of one study. */
export function gridFeatures(study: StudyMaps, { channels, projection, features }: GridParameters) {
  return standardised(study, project(study, channels, projection), features);
}

function channelScaling(studies: readonly StudyMaps[], side: Side): Scaling {
  return scalingOf(CHANNELS, (add) => {
    for (const { [side]: map } of studies) map?.forEach((value, i) => add(Math.floor(i / CELLS), value));
  });
}

/** @param each gives every value to `add` with the number of its feature. */
function scalingOf(size: number, each: (add: (feature: number, value: number) => void) => void): Scaling {
  const [count, sum, squares] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  each((feature, value) => {
    count[feature] = (count[feature] as number) + 1;
    sum[feature] = (sum[feature] as number) + value;
    squares[feature] = (squares[feature] as number) + value * value;
  });
  const mean = Float32Array.from(sum, (s, i) => s / Math.max(1, count[i] as number));
  const scale = Float32Array.from(squares, (s, i) => {
    const average = (sum[i] as number) / Math.max(1, count[i] as number);
    const variance = s / Math.max(1, count[i] as number) - average ** 2;
    return variance > 1e-12 * (1 + average ** 2) ? 1 / Math.sqrt(variance) : 0;
  });
  return { mean, scale };
}

function project(
  study: StudyMaps,
  channels: GridParameters['channels'],
  projection: Float32Array,
): Float32Array {
  const out = new Float32Array(GRID_FEATURES);
  SIDES.forEach((side, v) => {
    const map = study[side];
    if (map === null) return;
    const { mean, scale } = channels[side];
    for (let c = 0; c < CHANNELS; c++) {
      const row = projection.subarray(c * PROJECTED, (c + 1) * PROJECTED);
      for (let cell = 0; cell < CELLS; cell++) {
        const value = ((map[c * CELLS + cell] as number) - (mean[c] as number)) * (scale[c] as number);
        const at = (v * CELLS + cell) * PROJECTED;
        for (let d = 0; d < PROJECTED; d++)
          out[at + d] = (out[at + d] as number) + value * (row[d] as number);
      }
    }
  });
  return out;
}

function standardised(study: StudyMaps, projected: Float32Array, { mean, scale }: Scaling): Float32Array {
  const half = GRID_FEATURES / 2;
  return projected.map((value, d) =>
    study[SIDES[d < half ? 0 : 1] as Side] === null
      ? 0
      : (value - (mean[d] as number)) * (scale[d] as number),
  );
}
