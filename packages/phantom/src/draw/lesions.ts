/** Findings as solids: where consolidations, nodules and bands lie, how effusions and collapsed lungs are shaped. */
import type { Random } from '@llama-xr/core';
import type { FindingOf, Side, Zone } from '../findings.ts';
import { type Anatomy, signOf } from './anatomy.ts';
import { curve } from './curves.ts';
import type { Ellipsoid, Point, Stack } from './geometry.ts';
import type { TubePoint } from './tubes.ts';

/** Heights of the zones' middles in a normally inflated lung, mm. */
const ZONE_UP: Record<Zone, number> = { upper: 74, mid: 14, lower: -40 };

/** Where lung can be seen beside the heart at a height: distances from the midline, mm. */
function visibleLung(
  { mediastinum, cage }: Anatomy,
  side: Side,
  z: number,
): { inner: number; outer: number } {
  const heart = mediastinum[0]?.(z);
  const border = heart === undefined ? 20 : signOf(side) * heart.x + heart.halfWidth;
  const outer = cage(z);
  return { inner: Math.min(border, outer - 30), outer };
}

/** A point within the lung at the middle of a zone, `outward` of the way from mediastinum to chest wall. */
function pointIn(anatomy: Anatomy, side: Side, zone: Zone, outward: number, random: Random): Point {
  const z = ZONE_UP[zone] + random.between(-8, 8);
  const slice = anatomy.lungs[side](z);
  const { inner, outer } = visibleLung(anatomy, side, z);
  return {
    x: signOf(side) * (inner + (outer - inner) * outward),
    y: (slice?.y ?? 0) + random.between(-0.35, 0.35) * (slice?.halfDepth ?? 0),
    z,
  };
}

/** A cloud of overlapping puffs about one middle; each fades towards its surface. */
export function buildConsolidation(
  anatomy: Anatomy,
  { side, zone }: FindingOf<'consolidation'>,
  random: Random,
): Ellipsoid[] {
  const middle = pointIn(anatomy, side, zone, random.between(0.42, 0.6), random);
  return Array.from({ length: 7 }, () => ({
    center: {
      x: middle.x + random.between(-17, 17),
      y: middle.y + random.between(-16, 16),
      z: middle.z + random.between(-14, 14),
    },
    radii: { x: random.between(20, 34), y: random.between(28, 44), z: random.between(18, 30) },
    tilt: random.between(-0.6, 0.6),
  }));
}

export function buildNodule(
  anatomy: Anatomy,
  { side, zone }: FindingOf<'nodule'>,
  random: Random,
): Ellipsoid {
  const radius = random.between(11, 16);
  return {
    center: pointIn(anatomy, side, zone, random.between(0.35, 0.72), random),
    radii: { x: radius, y: radius * 1.1, z: radius * random.between(0.9, 1.1) },
  };
}

/** A band of collapsed lung above the dome, nearly horizontal: a flat fan of tubes from front to back. */
export function buildAtelectasis(anatomy: Anatomy, side: Side, random: Random): TubePoint[][] {
  const sign = signOf(side);
  const dome = anatomy.domes[side];
  const z = dome.center.z + dome.radii.z + random.between(12, 22);
  const lung = visibleLung(anatomy, side, z);
  const inner = Math.min(lung.inner + random.between(0, 8), lung.outer - 56);
  const outer = Math.min(lung.outer - 8, inner + random.between(50, 66));
  const rise = random.between(-10, 14);
  return [-30, -10, 10, 30].map((y) =>
    [0, 0.5, 1].map((t) => ({
      x: sign * (inner + (outer - inner) * t),
      y: y - 8,
      z: z + rise * t + 0.04 * y,
      radius: 3,
    })),
  );
}

/** How high fluid stands, and how far it climbs along the chest wall (the meniscus), mm. */
const FLUID = { small: { level: -12, climb: 42 }, large: { level: 48, climb: 62 } } as const;

/**
 * The lung that an effusion leaves: below the level none; above it the fluid is a shell along the wall that thins
 * upwards as the fourth root of the height, which is what gives the meniscus its shape.
 */
export function aboveFluid(lung: Stack, anatomy: Anatomy, side: Side, severity: 'small' | 'large'): Stack {
  const dome = anatomy.domes[side];
  const level = dome.center.z + dome.radii.z + FLUID[severity].level;
  return (z) => {
    const slice = lung(z);
    if (slice === undefined || z < level) return undefined;
    const scale = Math.min(1, ((z - level) / FLUID[severity].climb) ** 0.25);
    return { ...slice, halfWidth: slice.halfWidth * scale, halfDepth: slice.halfDepth * scale };
  };
}

/** The lung that a pneumothorax leaves: drawn back from apex and wall towards the hilum. */
export function collapsed(lung: Stack, { apex }: Anatomy, side: Side, severity: 'small' | 'large'): Stack {
  const share = severity === 'large' ? 0.52 : 0.8;
  const top = apex - (severity === 'large' ? 62 : 30);
  return (z) => {
    const slice = lung(z);
    if (slice === undefined || z > top) return undefined;
    const roof = Math.sqrt(Math.max(0, 1 - (Math.max(0, z - 10) / (top - 9)) ** 2));
    const halfWidth = slice.halfWidth * share * (0.25 + 0.75 * roof);
    // Its medial surface stays where it was.
    const medial = Math.abs(slice.x) - slice.halfWidth;
    return {
      x: signOf(side) * (medial + halfWidth),
      y: slice.y,
      halfWidth,
      halfDepth: slice.halfDepth * (0.3 + 0.7 * roof) * (share + 0.1),
    };
  };
}

/** The visceral pleura of a collapsed lung, which shows as a line: the lung less a skin of `mm`. */
export function withoutSkin(lung: Stack, mm: number): Stack {
  return (z) => {
    const slice = lung(z + mm) && lung(z);
    if (slice === undefined || slice.halfWidth <= mm || slice.halfDepth <= mm) return undefined;
    return { ...slice, halfWidth: slice.halfWidth - mm, halfDepth: slice.halfDepth - mm };
  };
}

/** Short lines from the chest wall inwards (Kerley B). */
export function septalLines(sign: number, cage: (z: number) => number): TubePoint[][] {
  return Array.from({ length: 7 }, (_, k) => {
    const z = -100 + 9 * k;
    const x = sign * cage(z);
    return [
      { x, y: 0, z, radius: 0.9 },
      { x: 0.84 * x, y: 0, z: z + 2, radius: 0.9 },
    ];
  });
}

/** A generator below the left clavicle, and a lead through the great veins to the apex of the right ventricle. */
export function buildPacemaker(anatomy: Anatomy, random: Random): { box: Ellipsoid[]; lead: TubePoint[] } {
  const x = random.between(90, 106);
  const z = random.between(72, 86);
  const y = anatomy.cageDepth + 6;
  const points: Point[] = [
    { x: x - 10, y, z: z + 18 },
    { x: 60, y: 50, z: z + 34 },
    { x: 8, y: 10, z: z + 26 },
    { x: -20, y: 0, z: 55 },
    { x: -26, y: 8, z: 0 },
    { x: -14, y: 24, z: -58 },
    { x: random.between(38, 50), y: 46, z: -68 },
  ];
  return {
    box: [
      { center: { x, y, z }, radii: { x: 21, y: 5, z: 17 }, tilt: 0.3 },
      { center: { x: x - 4, y, z: z + 12 }, radii: { x: 15, y: 5, z: 8 }, tilt: 0.3 },
    ],
    lead: curve(
      points,
      1,
      points.map(() => 1.1),
    ),
  };
}
