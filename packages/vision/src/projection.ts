/**
 * Does a view look frontal or lateral? A frontal chest is nearly its own mirror image, with a bright middle between
 * two dark lungs; a lateral one is neither. A cheap guess from 56 x 56 pixels, good enough to warn of swapped views,
 * never to refuse or to correct one: bedside films of the very ill are often not symmetric. README: measured accuracy.
 */
import { ENCODER_SIZE } from '@llama-xr/imaging';
import type { ViewInput } from './view-input.ts';

const BLOCK = 4;
const SIDE = ENCODER_SIZE / BLOCK;

/** The rows between neck and abdomen. */
const ROWS = { from: 8, to: 50 };
/** How far the body may stand off the middle, in half columns, and how far to each side it is compared. */
const MOST_SHIFT = 8;
const REACH = 20;

const LATERAL_SYMMETRY = 0.62;
const LATERAL_MIDDLE = 0.45;
const PAIR_MARGIN = 0.1;

export interface Appearance {
  /** Correlation of the view with its mirror image about the best axis, -1 to 1. */
  readonly symmetry: number;
  /** How much brighter the middle is than the brighter side, in standard deviations of the view. */
  readonly middle: number;
}

export function appearance(pixels: Float32Array): Appearance {
  const small = standardised(pixels);
  let symmetry = -1;
  for (let shift = -MOST_SHIFT; shift <= MOST_SHIFT; shift++)
    symmetry = Math.max(symmetry, mirrorCorrelation(small, SIDE - 1 + shift));
  const middle = columnMean(small, 24, 32) - Math.max(columnMean(small, 8, 20), columnMean(small, 36, 48));
  return { symmetry, middle };
}

/**
 * What looks wrong about the projections of one study's views, in sentences; empty where nothing does. With both
 * views, the lateral must not be the more symmetric one; a lone view is compared with fixed limits.
 */
export function projectionWarnings(views: readonly ViewInput[]): string[] {
  const frontal = views.find((view) => view.projection === 'frontal');
  const lateral = views.find((view) => view.projection === 'lateral');
  if (frontal !== undefined && lateral !== undefined) {
    const [f, l] = [appearance(frontal.pixels), appearance(lateral.pixels)];
    if (l.symmetry <= f.symmetry + PAIR_MARGIN) return [];
    return [
      `${frontal.name}, ${lateral.name}: the views may be swapped: symmetry ${f.symmetry.toFixed(2)} for the frontal, ${l.symmetry.toFixed(2)} for the lateral`,
    ];
  }
  if (frontal !== undefined) {
    const { symmetry, middle } = appearance(frontal.pixels);
    if (symmetry < LATERAL_SYMMETRY && middle < LATERAL_MIDDLE)
      return [`${frontal.name}: used as frontal, but looks lateral (symmetry ${symmetry.toFixed(2)})`];
  }
  if (lateral !== undefined) {
    const { symmetry, middle } = appearance(lateral.pixels);
    if (symmetry >= LATERAL_SYMMETRY + PAIR_MARGIN && middle > 0)
      return [`${lateral.name}: used as lateral, but looks frontal (symmetry ${symmetry.toFixed(2)})`];
  }
  return [];
}

/** [56, 56] block means with mean 0 and standard deviation 1. */
function standardised(pixels: Float32Array): Float64Array {
  const small = new Float64Array(SIDE * SIDE);
  for (let y = 0; y < ENCODER_SIZE; y++)
    for (let x = 0; x < ENCODER_SIZE; x++) {
      const at = Math.floor(y / BLOCK) * SIDE + Math.floor(x / BLOCK);
      small[at] = (small[at] as number) + (pixels[y * ENCODER_SIZE + x] as number) / BLOCK ** 2;
    }
  const mean = small.reduce((sum, v) => sum + v, 0) / small.length;
  const deviation = Math.sqrt(small.reduce((sum, v) => sum + (v - mean) ** 2, 0) / small.length);
  return small.map((v) => (v - mean) / (deviation + 1e-9));
}

/** Correlation of columns x and `twiceAxis - x` within reach of the axis. */
function mirrorCorrelation(small: Float64Array, twiceAxis: number): number {
  let [n, sum, squares, products] = [0, 0, 0, 0];
  for (let x = 0; x < SIDE; x++) {
    const mirrored = twiceAxis - x;
    if (mirrored < 0 || mirrored >= SIDE || Math.abs(x - twiceAxis / 2) >= REACH) continue;
    for (let y = ROWS.from; y < ROWS.to; y++) {
      const value = small[y * SIDE + x] as number;
      n++;
      sum += value;
      squares += value * value;
      products += value * (small[y * SIDE + mirrored] as number);
    }
  }
  // Each column meets its mirror once from either side, so both have the same mean and variance.
  const mean = sum / n;
  return (products / n - mean * mean) / (squares / n - mean * mean + 1e-9);
}

function columnMean(small: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let y = ROWS.from; y < ROWS.to; y++)
    for (let x = from; x < to; x++) sum += small[y * SIDE + x] as number;
  return sum / ((ROWS.to - ROWS.from) * (to - from));
}
