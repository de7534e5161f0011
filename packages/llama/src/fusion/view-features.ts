/** From what an encoder gives of the views to one row of features a soft token, and these to one scale. */
import { fail } from '@llama-xr/core';
import { type SoftInput, type SoftSettings, type SoftView, softSlots } from './soft-input.ts';

/** What an encoder gives of one view. */
export interface ViewVectors {
  /** [C] */
  readonly pooled: Float32Array;
  /** [g, g, C], the view's map averaged to a grid; needed where the settings have one. */
  readonly grid?: Float32Array;
}

/** null where no such view was taken: it stays absent, and is never filled with the other one. */
export type StudyVectors = Readonly<Record<SoftView, ViewVectors | null>>;

/**
 * The features of a study's soft tokens, as the encoder gave them.
 * @throws LlamaXrError INPUT where a view that is there lacks the grid that the settings ask for.
 */
export function gatherFeatures(views: StudyVectors, settings: SoftSettings, width: number): SoftInput {
  const slots = softSlots(settings);
  const features = new Float32Array(slots.length * width);
  const present = new Uint8Array(slots.length);
  slots.forEach(({ view, cell }, k) => {
    const vectors = views[view];
    if (vectors === null) return;
    const { grid } = settings;
    const cells =
      cell === undefined
        ? vectors.pooled
        : (vectors.grid ?? fail('INPUT', `visual grid ${grid}: expected the ${view} view's map, got none`));
    const at = cell === undefined ? 0 : (cell[0] * grid + cell[1]) * width;
    if (cells.length !== (cell === undefined ? 1 : grid * grid) * width)
      fail('INPUT', `visual: ${view}: expected ${width} features a token, got ${cells.length} in all`);
    features.set(cells.subarray(at, at + width), k * width);
    present[k] = 1;
  });
  return { features, present };
}

/** Mean and deviation of each slot's features over the training studies, [K, C]; a deviation of 0: it never changes. */
export interface FeatureScale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Measures the scale on training studies, each slot on those that have its view. */
export function measureScale(inputs: readonly SoftInput[]): FeatureScale {
  const size = inputs[0]?.features.length ?? fail('INPUT', 'visual: expected training studies, got none');
  const mean = new Float64Array(size);
  const squares = new Float64Array(size);
  const counts = new Float64Array(size);
  for (const { features, present } of inputs) {
    const width = size / present.length;
    for (let i = 0; i < size; i++) {
      if (present[Math.floor(i / width)] !== 1) continue;
      // Welford's update: exact where a feature is nearly constant.
      const count = (counts[i] as number) + 1;
      counts[i] = count;
      const off = (features[i] as number) - (mean[i] as number);
      mean[i] = (mean[i] as number) + off / count;
      squares[i] = (squares[i] as number) + off * ((features[i] as number) - (mean[i] as number));
    }
  }
  const deviation = Float32Array.from(squares, (sum, i) => {
    const found = Math.sqrt(sum / Math.max(1, counts[i] as number));
    return found > 1e-6 * Math.abs(mean[i] as number) ? found : 0;
  });
  return { mean: Float32Array.from(mean), deviation };
}

/** Farther out than this many deviations a feature counts no more: one odd image must not drown its prompt. */
const FARTHEST = 8;

/** (f - mean) / deviation, at most {@link FARTHEST} either way; 0 where absent, and where training features never change. */
export function standardise(input: SoftInput, { mean, deviation }: FeatureScale): SoftInput {
  const { features, present } = input;
  if (features.length !== mean.length)
    fail('INPUT', `visual: expected ${mean.length} features a study, got ${features.length}`);
  const width = features.length / present.length;
  const scaled = features.map((feature, i) => {
    const spread = deviation[i] as number;
    if (spread === 0 || present[Math.floor(i / width)] !== 1) return 0;
    return Math.max(-FARTHEST, Math.min(FARTHEST, (feature - (mean[i] as number)) / spread));
  });
  return { features: scaled, present };
}
