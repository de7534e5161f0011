/** Draws one lung: its air, what keeps air out, its vessels and grain, and the findings within it. */
import { MU } from './attenuation.ts';
import { type Cut, type Ellipsoid, lengthOf, lengthOutside } from './geometry.ts';
import { withoutSkin } from './lesions.ts';
import type { Painter } from './painter.ts';
import type { Lung } from './scene.ts';

/** What vessels and lesions need to know of the lung around them. */
interface Aerated {
  /** mm of each ray in aerated lung. */
  readonly length: Float32Array;
  /** 0 to 1: less where only a thin layer of lung is left, as in front of and behind the heart. */
  readonly mask: Float32Array;
  /** What soft tissue adds to lung, per mm. */
  readonly gain: number;
}

/** Lung this thick shows its vessels in full, mm. */
const THICK_MM = 50;

/** @param hidden what takes room from the lung: heart, spine, diaphragm. */
export function drawLung(painter: Painter, lung: Lung, hidden: readonly Cut[]): void {
  const cut = painter.stack(lung.aerated);
  const length = lengthOutside(cut, hidden);
  painter.addLengths(length, lung.mu - MU.soft);
  if (lung.rest === 'air') drawPneumothorax(painter, lung, cut, length, hidden);
  const mask = new Float32Array(length.length);
  for (let i = 0; i < mask.length; i++) mask[i] = Math.min(1, (length[i] as number) / THICK_MM);
  const aerated: Aerated = { length, mask, gain: MU.soft - lung.mu };
  for (const vessel of lung.vessels) painter.addTube(vessel, 1.4 * aerated.gain, { mask });
  painter.addTube(lung.trunk, 0.8 * aerated.gain, { mask });
  drawGrain(painter, lung, length);
  if (lung.haze !== undefined) drawHaze(painter, lung.haze, aerated);
  for (const band of lung.bands) painter.addTube(band, 1.9 * aerated.gain, { mask });
  if (lung.consolidation.length > 0) drawConsolidation(painter, lung.consolidation, aerated);
  if (lung.nodule !== undefined) drawNodule(painter, lung.nodule, aerated);
}

/** A pleural line where the lung ends, and nothing but air outside it. */
function drawPneumothorax(
  painter: Painter,
  { room, aerated }: Lung,
  cut: Cut,
  length: Float32Array,
  hidden: readonly Cut[],
): void {
  const all = lengthOutside(painter.stack(room), hidden);
  const whole = lengthOf(cut);
  const inside = lengthOf(painter.stack(withoutSkin(aerated, 0.9)));
  for (let i = 0; i < all.length; i++) {
    const air = Math.max(0, (all[i] as number) - (length[i] as number));
    const pleura = (length[i] as number) > 0 ? Math.min(40, (whole[i] as number) - (inside[i] as number)) : 0;
    all[i] = pleura - air;
  }
  painter.addLengths(all, MU.soft);
}

/** Grain in proportion to the lung along the ray. */
function drawGrain({ depth, grain }: Painter, { mu }: Lung, length: Float32Array): void {
  for (let i = 0; i < depth.length; i++)
    depth[i] = (depth[i] as number) + 0.07 * mu * (length[i] as number) * (grain[i] as number);
}

/** Edema: haze about the hilum, less towards the wall, and septal lines at the base. */
function drawHaze(
  painter: Painter,
  { center, lines }: NonNullable<Lung['haze']>,
  { length, mask, gain }: Aerated,
): void {
  const { view, grain } = painter;
  const middle = view.name === 'frontal' ? center.x : center.y;
  const filled = new Float32Array(length.length);
  for (let row = 0; row < view.size; row++) {
    const dv = ((view.up[row] as number) - center.z) / 66;
    for (let column = 0; column < view.size; column++) {
      const i = row * view.size + column;
      const du = ((view.across[column] as number) - middle) / 52;
      const share = 0.06 + 0.62 * Math.exp(-du * du - dv * dv) * (1 + 0.25 * (grain[i] as number));
      filled[i] = share * (length[i] as number);
    }
  }
  painter.addLengths(filled, gain);
  for (const line of lines) painter.addTube(line, 6 * MU.soft, { mask });
}

/** How much consolidated lung a ray meets at most, mm. */
const FULL_MM = 70;

function drawConsolidation(painter: Painter, puffs: readonly Ellipsoid[], { length, gain }: Aerated): void {
  const cloud = new Float32Array(length.length);
  for (const puff of puffs) addPuff(cloud, puff, painter);
  for (let i = 0; i < cloud.length; i++) {
    const filled = FULL_MM * (1 - Math.exp(-(cloud[i] as number) / FULL_MM));
    cloud[i] = Math.min(filled, length[i] as number) * (0.85 + 0.14 * (painter.grain[i] as number));
  }
  painter.addLengths(cloud, gain);
}

/** mm within an ellipsoid, faded as its chord shortens: a border that cannot be told. */
function addPuff(cloud: Float32Array, puff: Ellipsoid, painter: Painter): void {
  const longest = 2 * (painter.view.name === 'frontal' ? puff.radii.y : puff.radii.x);
  const chords = lengthOf(painter.ellipsoid(puff));
  for (let i = 0; i < cloud.length; i++) {
    const mm = chords[i] as number;
    if (mm > 0) cloud[i] = (cloud[i] as number) + mm * Math.min(1, (mm / longest) ** 2);
  }
}

/** Denser than soft tissue, as many nodules hold some calcium. */
function drawNodule(painter: Painter, nodule: Ellipsoid, { length, gain }: Aerated): void {
  const chords = lengthOf(painter.ellipsoid(nodule));
  for (let i = 0; i < chords.length; i++) chords[i] = Math.min(chords[i] as number, length[i] as number);
  painter.addLengths(chords, 1.9 * gain);
}
