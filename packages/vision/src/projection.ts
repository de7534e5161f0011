/**
 * Does a view look frontal or lateral? Across the lungs, a frontal chest is nearly its own mirror image, with a bright
 * middle between two dark fields; a lateral one is neither. A cheap guess from 56 x 56 pixels, good enough to warn of
 * swapped views, never to refuse or to correct one: films of the very ill are often not symmetric. README: how often
 * it is right.
 */
import { ENCODER_SIZE } from '@llama-xr/imaging';
import type { ViewInput } from './view-input.ts';

const BLOCK = 4;
const SIDE = ENCODER_SIZE / BLOCK;

/** The rows of the lungs. */
const ROWS = { from: 14, to: 34 };
/** How far the axis may stand off the middle, in half columns. */
const MOST_SHIFT = 10;
/** Columns to each side of the axis that are compared; those of the mediastinum, and those of the lungs. */
const REACH = 12;
const MIDDLE = 3.5;
const LUNGS = { from: 5, to: 11 };

/** Below the first a view looks lateral, above the second frontal; a pair is swapped when it differs by the third. */
const LATERAL_BELOW = 0.55;
const FRONTAL_ABOVE = 1.3;
const PAIR_MARGIN = 0.1;

/**
 * How frontal a view looks: the correlation of its rows with their mirror images about the best axis (-1 to 1), plus
 * half the brightness of the middle above the lungs, in standard deviations and at most 1. Below 0.55 for the lateral
 * films at hand, about 1.3 for frontal ones.
 * @param pixels [224, 224]
 */
export function frontalLook(pixels: Float32Array): number {
  const small = blockMeans(pixels);
  let best = Number.NEGATIVE_INFINITY;
  for (let shift = -MOST_SHIFT; shift <= MOST_SHIFT; shift++)
    best = Math.max(best, lookAbout((SIDE - 1 + shift) / 2, small));
  return best;
}

/**
 * What looks wrong about the projections of one study's views, in sentences; empty where nothing does. With both
 * views, the lateral must not look the more frontal one; a lone view is compared with fixed limits.
 */
export function projectionWarnings(views: readonly ViewInput[]): string[] {
  const frontal = views.find((view) => view.projection === 'frontal');
  const lateral = views.find((view) => view.projection === 'lateral');
  const looks = (view: ViewInput) => frontalLook(view.pixels);
  if (frontal !== undefined && lateral !== undefined) {
    const [f, l] = [looks(frontal), looks(lateral)];
    if (l <= f + PAIR_MARGIN) return [];
    const found = `frontal look ${f.toFixed(2)} and ${l.toFixed(2)}`;
    return [`${frontal.name}, ${lateral.name}: the views may be swapped (${found})`];
  }
  if (frontal !== undefined && looks(frontal) < LATERAL_BELOW)
    return [`${frontal.name}: used as frontal, but looks lateral`];
  if (lateral !== undefined && looks(lateral) > FRONTAL_ABOVE)
    return [`${lateral.name}: used as lateral, but looks frontal`];
  return [];
}

/** [56, 56] */
function blockMeans(pixels: Float32Array): Float64Array {
  const small = new Float64Array(SIDE * SIDE);
  for (let y = 0; y < ENCODER_SIZE; y++)
    for (let x = 0; x < ENCODER_SIZE; x++) {
      const at = Math.floor(y / BLOCK) * SIDE + Math.floor(x / BLOCK);
      small[at] = (small[at] as number) + (pixels[y * ENCODER_SIZE + x] as number) / BLOCK ** 2;
    }
  return small;
}

/** Each row is taken about its own mean, so that a dark background or a bright abdomen says nothing. */
function lookAbout(axis: number, small: Float64Array): number {
  const columns = Array.from({ length: SIDE }, (_, x) => x).filter((x) => {
    const mirrored = 2 * axis - x;
    return mirrored >= 0 && mirrored < SIDE && Math.abs(x - axis) < REACH;
  });
  let [squares, products, middle, lungs, n] = [1e-9, 0, 0, 0, 0];
  const inMiddle = columns.filter((x) => Math.abs(x - axis) < MIDDLE);
  const inLungs = columns.filter((x) => Math.abs(x - axis) > LUNGS.from && Math.abs(x - axis) < LUNGS.to);
  for (let y = ROWS.from; y < ROWS.to; y++) {
    const pixel = (x: number) => small[y * SIDE + x] as number;
    const mean = columns.reduce((sum, x) => sum + pixel(x), 0) / columns.length;
    for (const x of columns) {
      squares += (pixel(x) - mean) ** 2;
      products += (pixel(x) - mean) * (pixel(2 * axis - x) - mean);
      n++;
    }
    middle += inMiddle.reduce((sum, x) => sum + pixel(x) - mean, 0) / inMiddle.length;
    lungs += inLungs.reduce((sum, x) => sum + pixel(x) - mean, 0) / inLungs.length;
  }
  const contrast = (middle - lungs) / (ROWS.to - ROWS.from) / Math.sqrt(squares / n);
  return products / squares + Math.min(contrast, 1) / 2;
}
