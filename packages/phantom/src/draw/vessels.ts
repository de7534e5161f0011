/**
 * The vessels of a lung: a tree from the hilum outwards, thinner at each fork by Murray's law (1926).
 */
import type { Random } from '@llama-xr/core';
import type { Side } from '../findings.ts';
import { type Anatomy, signOf } from './anatomy.ts';
import { depthIn, type Point, type Stack } from './geometry.ts';
import type { TubePoint } from './tubes.ts';

export interface VesselOptions {
  /** 1 for a normal lung; more for congested vessels. */
  readonly caliber: number;
  /** The lung they must stay in. */
  readonly within: Stack;
}

const FORKS = 4;
/** Murray: r^3 = r1^3 + r2^3. */
const THINNER = 2 ** (-1 / 3);

export function buildVessels(
  anatomy: Anatomy,
  side: Side,
  random: Random,
  options: VesselOptions,
): TubePoint[][] {
  const sign = signOf(side);
  const hilum = anatomy.hila[side];
  const tree: Tree = { tubes: [], random, within: options.within };
  // Directions in the frontal plane, degrees above the horizontal; fewer and thinner ones upwards, against gravity.
  for (const degrees of [80, 58, 36, 14, -8, -28, -48, -66, -84]) {
    const angle = ((degrees + random.between(-9, 9)) * Math.PI) / 180;
    const direction = { x: sign * Math.cos(angle), y: random.between(-0.7, 0.6), z: Math.sin(angle) };
    const radius = options.caliber * (degrees > 20 ? 3.2 : 4.2) * random.between(0.85, 1.15);
    const root = { x: hilum.x + 8 * direction.x, y: hilum.y, z: hilum.z - 10 + 20 * direction.z };
    grow(tree, root, { direction, radius, length: random.between(26, 38), forks: FORKS });
  }
  return tree.tubes;
}

/** The trunk of each hilum, drawn whatever the lung does. */
export function hilarTrunk(anatomy: Anatomy, side: Side, caliber: number): TubePoint[] {
  const { x, y, z } = anatomy.hila[side];
  const sign = signOf(side);
  return [
    { x: x - sign * 14, y, z: z + 6, radius: 8 * caliber },
    { x, y, z, radius: 8 * caliber },
    { x: x + sign * 10, y: y - 4, z: z - 22, radius: 6.5 * caliber },
    { x: x + sign * 12, y: y - 8, z: z - 44, radius: 4.5 * caliber },
  ];
}

interface Tree {
  readonly tubes: TubePoint[][];
  readonly random: Random;
  readonly within: Stack;
}

interface Branch {
  readonly direction: Point;
  readonly radius: number;
  readonly length: number;
  /** How often it may still fork. */
  readonly forks: number;
}

const BRANCH_STEPS = 3;

/** Adds a branch from a point, and those that it forks into, as far as the lung goes. */
function grow(tree: Tree, from: Point, { direction, radius, length, forks }: Branch): void {
  const { tubes, random, within } = tree;
  const step = length / BRANCH_STEPS / Math.hypot(direction.x, direction.y, direction.z);
  const tube: TubePoint[] = [{ ...from, radius }];
  let at = from;
  for (let k = 1; k <= BRANCH_STEPS; k++) {
    at = {
      x: at.x + direction.x * step + random.between(-1.5, 1.5),
      y: at.y + direction.y * step,
      z: at.z + direction.z * step + random.between(-1.5, 1.5),
    };
    if (depthIn(within, at) > 0.94) break;
    tube.push({ ...at, radius: radius * (1 - 0.07 * k) });
  }
  if (tube.length > 1) tubes.push(tube);
  if (forks === 0 || radius < 0.55 || tube.length <= BRANCH_STEPS) return;
  for (const turn of [-1, 1]) {
    grow(tree, at, {
      direction: turned(direction, turn * random.between(0.2, 0.55), random.between(-0.25, 0.25)),
      radius: radius * THINNER * random.between(0.82, 0.98),
      length: length * random.between(0.7, 0.95),
      forks: forks - 1,
    });
  }
}

/** Turned by an angle in the frontal plane, and a little forwards or back. */
function turned({ x, y, z }: Point, angle: number, forwards: number): Point {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return { x: x * cos - z * sin, y: y + forwards, z: x * sin + z * cos };
}
