/** One view in the making: the attenuation met by each ray, and what the drawing of solids and tubes needs. */
import type { Random } from '@llama-xr/core';
import { type Cut, cutEllipsoid, cutStack, type Ellipsoid, type Stack, type View } from './geometry.ts';
import { grain } from './grain.ts';
import { TubeBrush, type TubeOptions, type TubePoint } from './tubes.ts';

export class Painter {
  readonly view: View;
  /** Line integrals of attenuation, [size * size], dimensionless. */
  readonly depth: Float32Array;
  readonly random: Random;
  /** What is too fine to draw, in clouds of 9 and of 3.5 mm; of about unit variance. */
  readonly grain: Float32Array;
  readonly #brush: TubeBrush;

  constructor(view: View, random: Random) {
    this.view = view;
    this.random = random;
    this.depth = new Float32Array(view.size ** 2);
    this.#brush = new TubeBrush(view);
    this.grain = grain(view, [9, 3.5], random);
  }

  stack(stack: Stack): Cut {
    return cutStack(stack, this.view);
  }

  ellipsoid(ellipsoid: Ellipsoid): Cut {
    return cutEllipsoid(ellipsoid, this.view);
  }

  /** Adds `mu` per mm for `lengths` mm of each ray. */
  addLengths(lengths: Float32Array, mu: number): void {
    const { depth } = this;
    for (let i = 0; i < depth.length; i++) depth[i] = (depth[i] as number) + mu * (lengths[i] as number);
  }

  addSolid({ near, far, begin, end }: Cut, mu: number): void {
    const { depth } = this;
    for (let i = begin; i < end; i++)
      depth[i] = (depth[i] as number) + mu * Math.max(0, (far[i] as number) - (near[i] as number));
  }

  addTube(tube: readonly TubePoint[], mu: number, options: TubeOptions = {}): void {
    this.#brush.draw(this.depth, tube, mu, options);
  }
}
