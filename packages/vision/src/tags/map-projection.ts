/**
 * From 7 x 7 maps to features that a small set of studies can be learned from: channels brought to one scale, then a
 * seeded random projection of the 1024 channels to 64 in every cell (Johnson and Lindenstrauss 1984), so that the place
 * stays and a site's few hundred reports are enough. Both views side by side; a missing view is zeros, the mean of all
 * studies, and never the other view.
 */
import { fail, Random } from '@llama-xr/core';
import { MAP_SHAPE } from '../encoder.ts';
import { type Features, SIDES, type Side, type ViewFeatures } from '../features-file.ts';

const [CHANNELS, ROWS, COLUMNS] = MAP_SHAPE;
const CELLS = ROWS * COLUMNS;

/** Channels that are left in each cell. */
export const PROJECTED = 64;
/** Features of a view. */
export const VIEW_SIZE = CELLS * PROJECTED;

/** The maps of a study, each [1024, 7, 7], or null where there is no such view. */
export type StudyMaps = Readonly<Record<Side, Float32Array | null>>;

/** Mean and reciprocal deviation; 0 where a feature never changes. */
export interface Scaling {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

export interface MapProjection {
  /** [1024] a view */
  readonly channels: Readonly<Record<Side, Scaling>>;
  /** [1024, 64] */
  readonly matrix: Float32Array;
  /** Of the projected features, [7, 7, 64] a view */
  readonly features: Readonly<Record<Side, Scaling>>;
}

/** The maps of one row of features that were read with their maps. */
export function studyMaps({ frontal, lateral }: Features, row: number): StudyMaps {
  const of = ({ present, map }: ViewFeatures): Float32Array | null => {
    if (map === undefined) return fail('INPUT', 'tag heads: expected features with maps, got none');
    const size = CHANNELS * CELLS;
    return present[row] === 1 ? map.subarray(row * size, (row + 1) * size) : null;
  };
  return { frontal: of(frontal), lateral: of(lateral) };
}

/** Measures the scales on a training set. @returns them and its features, [N, 2 VIEW_SIZE]: frontal, then lateral. */
export function fitProjection(
  studies: readonly StudyMaps[],
  seed: number,
): { projection: MapProjection; features: Float32Array } {
  const random = new Random(`grid projection:${seed}`);
  const matrix = Float32Array.from(
    { length: CHANNELS * PROJECTED },
    () => random.normal() / Math.sqrt(PROJECTED),
  );
  const out = new Float32Array(studies.length * SIDES.length * VIEW_SIZE);
  const fitSide = (side: Side): { channels: Scaling; features: Scaling } => {
    const present = studies.flatMap(({ [side]: map }, row) => (map === null ? [] : [{ map, row }]));
    const channels = scalingOf(
      present.map(({ map }) => map),
      CHANNELS,
      CELLS,
    );
    const projected = present.map(({ map }) => projectView(map, channels, matrix));
    const features = scalingOf(projected, VIEW_SIZE, 1);
    present.forEach(({ row }, i) => {
      const at = (row * SIDES.length + SIDES.indexOf(side)) * VIEW_SIZE;
      out.set(scaled(projected[i] as Float32Array, features), at);
    });
    return { channels, features };
  };
  const [frontal, lateral] = [fitSide('frontal'), fitSide('lateral')];
  const projection: MapProjection = {
    channels: { frontal: frontal.channels, lateral: lateral.channels },
    matrix,
    features: { frontal: frontal.features, lateral: lateral.features },
  };
  return { projection, features: out };
}

/** [2 VIEW_SIZE] of one study. */
export function projectedFeatures(study: StudyMaps, projection: MapProjection): Float32Array {
  const out = new Float32Array(SIDES.length * VIEW_SIZE);
  SIDES.forEach((side, v) => {
    const map = study[side];
    if (map === null) return;
    const projected = projectView(map, projection.channels[side], projection.matrix);
    out.set(scaled(projected, projection.features[side]), v * VIEW_SIZE);
  });
  return out;
}

/** @param rows each [size, repeats]: all repeats count for one feature */
function scalingOf(rows: readonly Float32Array[], size: number, repeats: number): Scaling {
  const count = Math.max(1, rows.length * repeats);
  const [sum, squares] = [new Float64Array(size), new Float64Array(size)];
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const [feature, value] = [Math.floor(i / repeats), row[i] as number];
      sum[feature] = (sum[feature] as number) + value;
      squares[feature] = (squares[feature] as number) + value * value;
    }
  }
  const mean = Float32Array.from(sum, (total) => total / count);
  const scale = Float32Array.from(squares, (total, i) => {
    const average = (sum[i] as number) / count;
    const variance = total / count - average ** 2;
    return variance > 1e-10 * (1e-10 + average ** 2) ? 1 / Math.sqrt(variance) : 0;
  });
  return { mean, scale };
}

const scaled = (row: Float32Array, { mean, scale }: Scaling): Float32Array =>
  row.map((value, i) => (value - (mean[i] as number)) * (scale[i] as number));

/** [1024, 7, 7] -> [7, 7, 64] */
function projectView(map: Float32Array, { mean, scale }: Scaling, matrix: Float32Array): Float32Array {
  const out = new Float32Array(VIEW_SIZE);
  for (let c = 0; c < CHANNELS; c++) {
    for (let cell = 0; cell < CELLS; cell++) {
      const value = ((map[c * CELLS + cell] as number) - (mean[c] as number)) * (scale[c] as number);
      for (let d = 0; d < PROJECTED; d++) {
        const at = cell * PROJECTED + d;
        out[at] = (out[at] as number) + value * (matrix[c * PROJECTED + d] as number);
      }
    }
  }
  return out;
}
