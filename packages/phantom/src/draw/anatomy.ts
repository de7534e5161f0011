/**
 * A chest as simple solids, mm: measured off adult radiographs by eye, varied by seed, and changed by findings where
 * these change the shape of organs (heart, diaphragm, chest). Not anatomy to measure by.
 */
import type { Random } from '@llama-xr/core';
import { findingOf, type PhantomFinding, type Side } from '../findings.ts';
import { catmullRom, mix, smooth } from './curves.ts';
import type { Ellipsoid, Point, Slice, Stack } from './geometry.ts';

export interface Anatomy {
  readonly female: boolean;
  /** Trunk, shoulders and neck; with raised arms, as for a lateral view, the shoulders are narrow. */
  readonly body: (armsRaised: boolean) => Stack;
  readonly breasts: readonly Ellipsoid[];
  readonly lungs: Readonly<Record<Side, Stack>>;
  /** Raised above the head for the lateral view. */
  readonly arms: Stack;
  /** Heart and great vessels; the column of the spine; the descending aorta. */
  readonly mediastinum: readonly Stack[];
  readonly domes: Readonly<Record<Side, Ellipsoid>>;
  /** Air under the left dome. */
  readonly stomach: Ellipsoid | undefined;
  /** Middles of the vertebral bodies, top to bottom, and their distance. */
  readonly vertebrae: readonly Point[];
  readonly spacing: number;
  /** Where vessels enter each lung. */
  readonly hila: Readonly<Record<Side, Point>>;
  /** Half the inner width of the rib cage at a height, mm. */
  readonly cage: (z: number) => number;
  /** Half its depth. */
  readonly cageDepth: number;
  readonly apex: number;
}

/** +1 for the patient's left, which is positive x. */
export const signOf = (side: Side) => (side === 'left' ? 1 : -1);

export function buildAnatomy(findings: readonly PhantomFinding[], random: Random): Anatomy {
  const hyperinflated = findingOf(findings, 'hyperinflation') !== undefined;
  const female = random.chance(0.5);
  const width = random.between(0.92, 1.06) * (female ? 0.95 : 1);
  const depth = random.between(0.92, 1.06) * (hyperinflated ? 1.12 : 1);
  const fat = random.between(10, 30);
  const apex = random.between(122, 134);
  const cage = (z: number) => width * 140 * Math.sqrt(Math.max(0, 1 - ((z + 45) / (apex + 65)) ** 2)) ** 0.9;
  const cageDepth = depth * 92;
  const spacing = random.between(22.5, 25);
  const domes = buildDomes(random, width, hyperinflated);
  return {
    female,
    body: (armsRaised) => (z) => bodySlice(z, cage(-45) + fat, cageDepth + 14 + 0.5 * fat, armsRaised),
    breasts: female ? buildBreasts(random, width, cageDepth + 2 + 0.5 * fat) : [],
    lungs: {
      left: lungStack('left', cage, cageDepth, apex),
      right: lungStack('right', cage, cageDepth, apex),
    },
    arms: armsSlice,
    mediastinum: [buildHeart(findings, random, 2 * cage(-45)), spineSlice, aortaSlice],
    domes,
    stomach: random.chance(0.6) ? stomachUnder(domes.left, random) : undefined,
    vertebrae: buildVertebrae(random, spacing),
    spacing,
    hila: {
      left: { x: 36, y: -8, z: random.between(24, 32) },
      right: { x: -38, y: -8, z: random.between(12, 20) },
    },
    cage,
    cageDepth,
    apex,
  };
}

/** Trunk, shoulders from z = 35 on, neck above. */
function bodySlice(z: number, halfWidth: number, halfDepth: number, armsRaised: boolean): Slice {
  const shoulder = mix(halfWidth, armsRaised ? 150 : 235, smooth((z - 35) / 75));
  const slope = mix(shoulder, 62, smooth((z - 112) / 62) ** 0.8);
  const waist = mix(1, 0.94, smooth((-70 - z) / 120));
  const neck = smooth((z - 95) / 75);
  return { x: 0, y: mix(-8, -14, neck), halfWidth: slope * waist, halfDepth: mix(halfDepth, 62, neck) };
}

function buildBreasts(random: Random, width: number, front: number): Ellipsoid[] {
  const size = random.between(0.75, 1.2);
  return [-1, 1].map((sign) => ({
    center: { x: sign * 80 * width, y: front, z: -62 - 12 * size },
    radii: { x: 64 * size, y: 24 * size, z: 58 * size },
  }));
}

/** The room of one lung; heart, mediastinum and diaphragm are cut out of it by whoever draws it. */
function lungStack(side: Side, cage: (z: number) => number, cageDepth: number, apex: number): Stack {
  const sign = signOf(side);
  const bottom = -165;
  return (z) => {
    if (z > apex || z < bottom) return undefined;
    const inner = 7 + 30 * smooth((z - 70) / (apex - 70));
    const outer = cage(z);
    const roof = Math.sqrt(Math.max(0, 1 - (Math.max(0, z + 20) / (apex + 20)) ** 2));
    const dome = Math.sqrt(1 - Math.max(0, 1 - (apex - z) / 40) ** 2);
    return {
      x: (sign * (inner + outer)) / 2,
      y: -6 - 18 * smooth((z - 40) / 90),
      halfWidth: (dome * (outer - inner)) / 2,
      halfDepth: dome * cageDepth * mix(0.35, 0.97, roof),
    };
  };
}

/** Cardiothoracic ratio, by severity; the borders of the heart follow from it. */
const HEART_SHARE = { none: [0.4, 0.47], mild: [0.54, 0.58], severe: [0.63, 0.68] } as const;

/** Borders at heights z, top to bottom: left and right ones in parts of the heart's, front and back ones in mm. */
const BORDERS: readonly (readonly [z: number, left: number, right: number, front: number, back: number])[] = [
  [210, 0.3, -0.6, 30, -60],
  [140, 0.32, -0.64, 34, -60],
  [100, 0.34, -0.66, 36, -56],
  [72, 0.36, -0.66, 38, -52],
  [57, 0.45, -0.64, 40, -50],
  [42, 0.41, -0.63, 42, -47],
  [26, 0.44, -0.66, 46, -45],
  [6, 0.55, -0.76, 58, -42],
  [-20, 0.8, -0.95, 74, -40],
  [-45, 0.98, -1, 82, -38],
  [-65, 1, -0.96, 84, -37],
  [-85, 0.88, -0.85, 84, -36],
  [-110, 0.6, -0.7, 82, -36],
  [-150, 0.4, -0.6, 80, -36],
];

function buildHeart(findings: readonly PhantomFinding[], random: Random, chest: number): Stack {
  const slender = findingOf(findings, 'hyperinflation') !== undefined;
  const severity = findingOf(findings, 'cardiomegaly')?.severity ?? 'none';
  const [low, high] = HEART_SHARE[severity];
  const share = slender ? random.between(0.34, 0.37) : random.between(low, high);
  const right = random.between(0.29, 0.34) * share * chest;
  const left = share * chest - right;
  const knob = random.between(0.9, 1.35);
  // Great vessels keep their width whatever the heart does.
  const usual = 0.44 * chest;
  const border = (z: number, column: 1 | 2 | 3 | 4) => interpolate(BORDERS, z, column);
  return (z) => {
    const grown = smooth((30 - z) / 40);
    const atKnob = 1 + (knob - 1) * Math.exp(-(((z - 57) / 13) ** 2));
    const l = border(z, 1) * mix(0.68 * usual, left, grown) * atKnob;
    const r = border(z, 2) * mix(0.32 * usual, right, grown);
    const back = border(z, 4) - grown * Math.max(0, share - 0.45) * 120;
    const front = border(z, 3);
    return { x: (l + r) / 2, y: (front + back) / 2, halfWidth: (l - r) / 2, halfDepth: (front - back) / 2 };
  };
}

/** Cubic between rows (Catmull-Rom on their order): smooth borders. */
function interpolate(rows: typeof BORDERS, z: number, column: 1 | 2 | 3 | 4): number {
  const at = (i: number) =>
    (rows[Math.min(rows.length - 1, Math.max(0, i))] as (typeof BORDERS)[number])[column];
  const i = Math.max(0, rows.findIndex(([next]) => next <= z) - 1);
  const [high, low] = [rows[i]?.[0] ?? 0, rows[i + 1]?.[0] ?? 0];
  const t = Math.min(1, Math.max(0, (high - z) / (high - low || 1)));
  return catmullRom(at(i - 1), at(i), at(i + 1), at(i + 2), t);
}

function buildVertebrae(random: Random, spacing: number): Point[] {
  const bend = random.between(-5, 5);
  return Array.from({ length: 19 }, (_, i) => {
    const z = 195 - i * spacing;
    return { x: bend * Math.sin((z + 150) / 110), y: -72 + 10 * Math.sin((z - 20) / 120) ** 2, z };
  });
}

/** Spongy bone of the vertebral bodies, or their dense end plates; between bodies lie discs. */
export function vertebralBodies({ vertebrae, spacing }: Anatomy, part: 'bodies' | 'plates'): Stack {
  const top = vertebrae[0] as Point;
  const half = 0.5 * spacing - 2.2;
  return (z) => {
    const i = Math.round((top.z - z) / spacing);
    const center = vertebrae[i];
    if (center === undefined) return undefined;
    const dz = Math.abs(z - center.z);
    if (dz > half || (part === 'plates' && dz < half - 2)) return undefined;
    const flare = 1 + 0.12 * (dz / half) ** 2;
    const width = (14 + 0.35 * i) * flare;
    return { x: center.x, y: center.y, halfWidth: width, halfDepth: 0.95 * width };
  };
}

const spineSlice: Stack = () => ({ x: 0, y: -76, halfWidth: 19, halfDepth: 30 });
const aortaSlice: Stack = (z) => (z > 62 ? undefined : { x: 19, y: -51, halfWidth: 13, halfDepth: 17 });

function armsSlice(z: number): Slice | undefined {
  if (z < 92) return undefined;
  return { x: 0, y: 1.1 * (z - 92) + 8, halfWidth: 118, halfDepth: 30 + 12 * smooth((z - 92) / 40) };
}

function buildDomes(random: Random, width: number, flat: boolean): Record<Side, Ellipsoid> {
  // Drawn in any case, so that a patient's later numbers do not depend on findings.
  const usual = random.between(-78, -62);
  const right = flat ? -112 : usual;
  const left = right - random.between(7, 16);
  const dome = (sign: number, top: number): Ellipsoid => ({
    center: { x: sign * 70 * width, y: 14, z: flat ? top - 62 : top - 140 },
    radii: flat ? { x: 150, y: 150, z: 62 } : { x: 92 * width, y: 138, z: 140 },
  });
  return { left: dome(1, left), right: dome(-1, right) };
}

function stomachUnder(dome: Ellipsoid, random: Random): Ellipsoid {
  const top = dome.center.z + dome.radii.z;
  return {
    center: { x: random.between(52, 72), y: 18, z: top - random.between(20, 26) },
    radii: { x: random.between(16, 28), y: 26, z: random.between(8, 13) },
  };
}
