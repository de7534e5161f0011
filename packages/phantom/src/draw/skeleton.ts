/** Bones as tubes with a dense wall: ribs, clavicles, shoulder blades, spine, breastbone, upper arms. */
import type { Random } from '@llama-xr/core';
import type { Anatomy } from './anatomy.ts';
import { curve, smooth } from './curves.ts';
import type { Point } from './geometry.ts';
import type { TubePoint } from './tubes.ts';

/** One bone: its axis, the thickness of its wall, and how dense it is, in parts of cortical bone. */
export interface Bone {
  readonly tube: readonly TubePoint[];
  readonly wallMm: number;
  readonly density: number;
  /** Out of the way when the arms are raised for a lateral view. */
  readonly ofShoulder?: true;
}

const RIBS = 10;
const RIB_STEPS = 20;

export function buildSkeleton(anatomy: Anatomy, random: Random): Bone[] {
  const slope = random.between(0.9, 1.1);
  return [
    ...[-1, 1].flatMap((sign) => buildRibs(anatomy, sign, slope)),
    ...[-1, 1].flatMap((sign) => [buildClavicle(anatomy, sign), ...buildShoulder(anatomy, sign)]),
    ...buildProcesses(anatomy),
    ...buildSternum(anatomy),
  ];
}

/** From the spine around the side to the front, falling on the way; the front end is cartilage, which X-rays pass. */
function buildRibs({ cage, cageDepth, apex, spacing }: Anatomy, sign: number, slope: number): Bone[] {
  return Array.from({ length: RIBS }, (_, i): Bone => {
    const head = apex + 4 - i * spacing;
    const fall = slope * Math.min(108, 42 + 13 * i);
    const reach = i === 0 ? 2.2 : Math.min(2.85, 2.35 + 0.06 * i);
    const wide = Math.max(i === 0 ? 62 : 84, cage(head - 0.42 * fall) + 3);
    const deep = cageDepth * Math.min(1, 0.62 + 0.09 * i) + 2;
    const tube = Array.from({ length: RIB_STEPS + 1 }, (_, k): TubePoint => {
      // Angle from straight back (0) through the side (pi/2) to the front.
      const t = k / RIB_STEPS;
      const angle = 0.16 + t * (reach - 0.16);
      return {
        x: sign * (wide * Math.sin(angle) ** 0.85),
        y: -6 - deep * Math.cos(angle),
        z: head - fall * (0.18 * t + 0.82 * t ** 1.5),
        radius: 5.2 - 0.5 * t,
        share: 1 - smooth((t - 0.7) / 0.3),
      };
    });
    return { tube, wallMm: 1.1, density: i < 8 ? 1 : 0.7 };
  });
}

function buildClavicle({ apex, cageDepth }: Anatomy, sign: number): Bone {
  const axis: Point[] = [
    { x: 17, y: cageDepth - 25, z: apex - 32 },
    { x: 50, y: cageDepth - 22, z: apex - 22 },
    { x: 95, y: 30, z: apex - 8 },
    { x: 140, y: 5, z: apex + 6 },
    { x: 168, y: -5, z: apex + 4 },
  ];
  return { tube: curve(axis, sign, [8, 6, 5.5, 5.6, 6.5]), wallMm: 1.6, density: 1.2, ofShoulder: true };
}

/** Borders of the shoulder blade, its spine, and the upper arm. */
function buildShoulder({ apex, cageDepth, cage }: Anatomy, sign: number): Bone[] {
  const back = -cageDepth - 4;
  const outside = cage(0) + 2;
  const border = (axis: Point[], radius: number): Bone => ({
    tube: curve(
      axis,
      sign,
      axis.map(() => radius),
    ),
    wallMm: 3,
    density: 0.35,
    ofShoulder: true,
  });
  return [
    border(
      [
        { x: outside - 28, y: back, z: apex - 22 },
        { x: outside - 18, y: back, z: 50 },
        { x: outside + 2, y: back, z: -8 },
      ],
      2.6,
    ),
    border(
      [
        { x: outside + 2, y: back, z: -8 },
        { x: outside + 22, y: back, z: 50 },
        { x: 172, y: -20, z: apex - 32 },
      ],
      4,
    ),
    border(
      [
        { x: outside - 26, y: back, z: apex - 30 },
        { x: 140, y: back, z: apex - 8 },
        { x: 176, y: -20, z: apex + 8 },
      ],
      4.5,
    ),
    {
      tube: curve(
        [
          { x: 186, y: -8, z: apex - 18 },
          { x: 196, y: -8, z: apex - 50 },
          { x: 214, y: -6, z: apex - 70 },
        ],
        sign,
        [23, 13, 11],
      ),
      wallMm: 2,
      density: 0.8,
      ofShoulder: true,
    },
  ];
}

/** Transverse and spinous processes; the bodies are drawn as a stack. */
function buildProcesses({ vertebrae }: Anatomy): Bone[] {
  const bar = (from: Point, to: Point, density: number): Bone => ({
    tube: [
      { ...from, radius: 3.2 },
      { ...to, radius: 3.2 },
    ],
    wallMm: 1.2,
    density,
  });
  return vertebrae.flatMap(({ x, y, z }) => [
    bar({ x: x - 26, y: y - 16, z: z + 5 }, { x: x + 26, y: y - 16, z: z + 5 }, 0.45),
    bar({ x, y: y - 20, z }, { x, y: y - 40, z: z - 14 }, 0.6),
  ]);
}

function buildSternum({ cageDepth, apex }: Anatomy): Bone[] {
  const front = cageDepth - 8;
  const axis: Point[] = [
    { x: 0, y: front - 26, z: apex - 36 },
    { x: 0, y: front - 6, z: 60 },
    { x: 0, y: front + 2, z: 10 },
    { x: 0, y: front + 4, z: -50 },
  ];
  return [{ tube: curve(axis, 1, [6, 5, 5, 4.5]), wallMm: 1.2, density: 0.8 }];
}
