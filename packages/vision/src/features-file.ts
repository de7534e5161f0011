/**
 * features.safetensors: what the encoder says of every study, one row a study, with the ids, the encoder's name and
 * hash and all notices in the same file. A missing view is a row of NaN and a 0 in `present`: it is never filled with
 * the other view, as the published method does, and using it by mistake shows.
 */
import { fail } from '@llama-xr/core';
import {
  float32ToFloat16,
  openSafetensors,
  type Safetensors,
  type Tensor,
  tensor,
  toFloat32,
  writeSafetensors,
} from '@llama-xr/tensor';
import { MAP_SHAPE } from './encoder.ts';
import { averageGrid } from './map-grid.ts';
import { PATHOLOGIES } from './pathologies.ts';

export const SIDES = ['frontal', 'lateral'] as const;
export type Side = (typeof SIDES)[number];

/** Features of one projection, a row a study. */
export interface ViewFeatures {
  /** [N]: 1 where the study has this view; its other rows are NaN where it has not. */
  readonly present: Uint8Array;
  /** [N, 18] in (0, 1) */
  readonly raw: Float32Array;
  /** [N, 18] in (0, 1), 0.5 the operating point */
  readonly normalised: Float32Array;
  /** [N, 1024] */
  readonly pooled: Float32Array;
  /** [N, 1024, 7, 7], where maps were kept */
  readonly map?: Float32Array;
  /** [N, g, g, 1024], the maps averaged to a grid, where it was asked for */
  readonly grid?: Float32Array;
}

export interface Features {
  readonly ids: readonly string[];
  readonly frontal: ViewFeatures;
  readonly lateral: ViewFeatures;
  readonly origin: FeaturesOrigin;
}

/** Where features come from, and what a reader of anything made from them must know. */
export interface FeaturesOrigin {
  readonly encoder: string;
  readonly encoderHash: string;
  /** False: there were no operating points, and normalised scores are the raw ones. */
  readonly calibrated: boolean;
  /** Digest of encoder, studies, paths and options: what may be resumed, and what need not be done again. */
  readonly job: string;
  /** Path -> SHA-256 of every image read. */
  readonly images: Readonly<Record<string, string>>;
  readonly notices: readonly string[];
  /** On single studies: views that may be swapped, are missing, or were left out. */
  readonly warnings: readonly string[];
}

const PARTS = {
  raw: { shape: [PATHOLOGIES.length], dtype: 'float32' },
  normalised: { shape: [PATHOLOGIES.length], dtype: 'float32' },
  pooled: { shape: [MAP_SHAPE[0]], dtype: 'float32' },
  map: { shape: MAP_SHAPE, dtype: 'float16' },
} as const;

type Part = keyof typeof PARTS;
const PART_NAMES = Object.keys(PARTS) as Part[];

/** Numbers in one row of a part. */
export function rowSize(part: Part): number {
  return PARTS[part].shape.reduce((product, extent) => product * extent, 1);
}

/** Writes atomically. Maps are kept as float16. */
export function writeFeatures(path: string, features: Features): void {
  const { ids, origin } = features;
  const tensors = new Map<string, Tensor>();
  for (const side of SIDES) {
    tensors.set(`${side}.present`, tensor('uint8', [ids.length], features[side].present));
    for (const part of PART_NAMES) {
      const values = features[side][part];
      if (values === undefined) continue;
      const { shape, dtype } = PARTS[part];
      const data = dtype === 'float16' ? float32ToFloat16(values) : values;
      tensors.set(`${side}.${part}`, tensor(dtype, [ids.length, ...shape], data));
    }
  }
  const { job, encoder, encoderHash, ...rest } = origin;
  writeSafetensors(path, tensors, {
    format: FORMAT,
    job,
    encoder,
    encoderHash,
    ids: JSON.stringify(ids),
    labels: JSON.stringify(PATHOLOGIES),
    origin: JSON.stringify(rest),
  });
}

const FORMAT = 'llama-xr features 1';

export interface ReadFeaturesOptions {
  readonly maps?: boolean;
  readonly grid?: number;
}

/**
 * @param options.maps reads the maps too, where they were kept (200 KB a view)
 * @param options.grid averages the maps to so many by so many cells, study by study: a map at a time is in memory
 * @throws LlamaXrError INPUT where a grid is asked for and maps were not kept; FILE_* for a file that is missing, damaged or of another kind; ENCODER when its scores stand in
 * another order than ours.
 */
export function readFeatures(path: string, options: ReadFeaturesOptions = {}): Features {
  using file = openSafetensors(path);
  const { metadata } = file;
  if (metadata.format !== FORMAT)
    fail('FILE_FORMAT', `${path}: expected features (${FORMAT}), got ${metadata.format ?? 'other tensors'}`);
  const labels = metadataJson<readonly string[]>(file, 'labels');
  const wrong = PATHOLOGIES.findIndex((label, i) => labels[i] !== label);
  if (wrong >= 0)
    fail('ENCODER', `${path}: score ${wrong}: expected ${PATHOLOGIES[wrong]}, got ${labels[wrong]}`);
  const ids = metadataJson<readonly string[]>(file, 'ids');
  const origin = {
    job: metadata.job ?? '',
    encoder: metadata.encoder ?? '',
    encoderHash: metadata.encoderHash ?? '',
    ...metadataJson<Omit<FeaturesOrigin, 'job' | 'encoder' | 'encoderHash'>>(file, 'origin'),
  };
  const [frontal, lateral] = SIDES.map((side) => readSide(file, side, ids.length, options));
  return { ids, frontal: frontal as ViewFeatures, lateral: lateral as ViewFeatures, origin };
}

/** The job that made this file, or undefined where it is no features file. */
export function jobOf(path: string): string | undefined {
  using file = openSafetensors(path);
  return file.metadata.format === FORMAT ? file.metadata.job : undefined;
}

function readSide(
  file: Safetensors,
  side: Side,
  count: number,
  { maps = false, grid = 0 }: ReadFeaturesOptions,
): ViewFeatures {
  const read = (part: Part | 'present', shape: readonly number[]) => {
    const found = file.read(`${side}.${part}`);
    if (found.shape.join() !== [count, ...shape].join())
      fail(
        'FILE_FORMAT',
        `${file.path}: ${side}.${part}: expected [${[count, ...shape]}], got [${found.shape}]`,
      );
    return found;
  };
  const values = (part: Part) => toFloat32(read(part, PARTS[part].shape));
  const present = Uint8Array.from(toFloat32(read('present', [])));
  return {
    present,
    raw: values('raw'),
    normalised: values('normalised'),
    pooled: values('pooled'),
    ...(maps && file.tensors.has(`${side}.map`) && { map: values('map') }),
    ...(grid > 0 && { grid: readGrids(file, side, present, grid) }),
  };
}

/** The maps of a side at a grid, [N, grid, grid, 1024]; NaN where the view is missing, as all its features are. */
function readGrids(file: Safetensors, side: Side, present: Uint8Array, grid: number): Float32Array {
  const name = `${side}.map`;
  const [channels, height] = MAP_SHAPE;
  const entry = file.tensors.get(name);
  if (entry === undefined)
    fail('INPUT', `${file.path}: expected the maps that a grid of ${grid} is made of, got none`, {
      hint: 'Make the features with llama-xr encode --maps, or set the visual grid of the recipe to 0.',
    });
  if (entry.shape.join() !== [present.length, ...MAP_SHAPE].join())
    fail(
      'FILE_FORMAT',
      `${file.path}: ${name}: expected [${[present.length, ...MAP_SHAPE]}], got [${entry.shape}]`,
    );
  const size = grid * grid * channels;
  const grids = new Float32Array(present.length * size).fill(Number.NaN);
  present.forEach((taken, row) => {
    if (taken === 1) grids.set(averageGrid(toFloat32(file.readRows(name, row, 1)), height, grid), row * size);
  });
  return grids;
}

function metadataJson<T>(file: Safetensors, name: string): T {
  try {
    return JSON.parse(file.metadata[name] ?? '') as T;
  } catch (error) {
    fail('FILE_FORMAT', `${file.path}: metadata ${name}: expected JSON`, { cause: error });
  }
}

/** Puts features of parts of a data set one after the other; all from one encoder. */
export function joinFeatures(parts: readonly Features[], origin: FeaturesOrigin): Features {
  const join = (side: Side): ViewFeatures => {
    const views = parts.map((part) => part[side]);
    const joined = (part: Part) => concatenated(views.map((view) => view[part] as Float32Array));
    return {
      present: Uint8Array.from(views.flatMap((view) => [...view.present])),
      raw: joined('raw'),
      normalised: joined('normalised'),
      pooled: joined('pooled'),
      ...(views.every((view) => view.map !== undefined) && { map: joined('map') }),
    };
  };
  return {
    ids: parts.flatMap((part) => part.ids),
    frontal: join('frontal'),
    lateral: join('lateral'),
    origin,
  };
}

function concatenated(arrays: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}
