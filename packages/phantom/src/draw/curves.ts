/** Smooth curves through points (Catmull and Rom 1974). */
import type { Point } from './geometry.ts';
import type { TubePoint } from './tubes.ts';

/** A smooth tube through points (Catmull-Rom), mirrored for the right side. */
export function curve(
  points: readonly Point[],
  sign: number,
  radii: readonly number[],
  steps = 6,
): TubePoint[] {
  const tube: TubePoint[] = [];
  const at = (i: number) => points[Math.min(points.length - 1, Math.max(0, i))] as Point;
  for (let i = 0; i + 1 < points.length; i++) {
    for (let k = i === 0 ? 0 : 1; k <= steps; k++) {
      const t = k / steps;
      const along = (axis: 'x' | 'y' | 'z') =>
        catmullRom(at(i - 1)[axis], at(i)[axis], at(i + 1)[axis], at(i + 2)[axis], t);
      const radius = (radii[i] as number) * (1 - t) + (radii[i + 1] as number) * t;
      tube.push({ x: sign * along('x'), y: along('y'), z: along('z'), radius });
    }
  }
  return tube;
}

/** Between b (t = 0) and c (t = 1), with a before and d behind. */
export function catmullRom(a: number, b: number, c: number, d: number, t: number): number {
  return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t ** 3);
}

/** From 0 at t <= 0 to 1 at t >= 1, level at both ends. */
export function smooth(t: number): number {
  const s = Math.min(1, Math.max(0, t));
  return s * s * (3 - 2 * s);
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}
