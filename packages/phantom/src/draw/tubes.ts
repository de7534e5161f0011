/** Tubes along polylines: ribs, vessels, airways, leads. Where pieces of one tube meet they do not add up. */
import { type Point, project, type View } from './geometry.ts';

/** A point of a tube's axis with the radius there, mm. */
export interface TubePoint extends Point {
  readonly radius: number;
  /** How much of the attenuation is left here; default 1. */
  readonly share?: number;
}

export interface TubeOptions {
  /** Wall, mm: only the wall attenuates. Default: solid. */
  readonly wallMm?: number;
  /** Weight of each pixel of the view, e.g. whether lung is there. */
  readonly mask?: Float32Array;
}

/** A tube that runs along the ray would be endless; real ones bend. */
const MAX_FORESHORTENING = 2.5;
const MIN_RADIUS_PIXELS = 0.6;

/** Adds `weight` times the mm of each ray within the tube to `sum`, [size * size]. */
export class TubeBrush {
  readonly #view: View;
  readonly #scratch: Float32Array;

  constructor(view: View) {
    this.#view = view;
    this.#scratch = new Float32Array(view.size ** 2);
  }

  draw(sum: Float32Array, tube: readonly TubePoint[], weight: number, options: TubeOptions = {}): void {
    const box = { top: this.#view.size, bottom: 0, left: this.#view.size, right: 0 };
    for (let i = 1; i < tube.length; i++) this.#drawPiece(tube, i, options.wallMm, box);
    for (let row = box.top; row < box.bottom; row++) {
      for (let i = row * this.#view.size + box.left; i < row * this.#view.size + box.right; i++) {
        const chord = this.#scratch[i] as number;
        if (chord === 0) continue;
        sum[i] = (sum[i] as number) + weight * chord * (options.mask?.[i] ?? 1);
        this.#scratch[i] = 0;
      }
    }
  }

  /** Keeps the longest chord of the pieces at each pixel, and widens the box of pixels touched. */
  #drawPiece(
    tube: readonly TubePoint[],
    index: number,
    wallMm: number | undefined,
    box: { top: number; bottom: number; left: number; right: number },
  ): void {
    const from = tube[index - 1] as TubePoint;
    const to = tube[index] as TubePoint;
    const { size, pixelMm, across, up } = this.#view;
    const p = project(from, this.#view);
    const q = project(to, this.#view);
    const du = q.across - p.across;
    const dv = q.up - p.up;
    const flat = Math.hypot(du, dv);
    const length = Math.hypot(to.x - from.x, to.y - from.y, to.z - from.z);
    const stretch = Math.min(MAX_FORESHORTENING, length / Math.max(flat, 1e-3));
    const reach = Math.max(from.radius, to.radius, MIN_RADIUS_PIXELS * pixelMm);
    const overlap = (0.3 * reach) / Math.max(flat, 1e-3);
    const columns = [this.#column(p.across), this.#column(q.across)];
    const left = Math.max(0, Math.floor(Math.min(...columns) - reach / pixelMm));
    const right = Math.min(size, Math.ceil(Math.max(...columns) + reach / pixelMm) + 1);
    const top = Math.max(0, Math.floor(size / 2 - (Math.max(p.up, q.up) + reach) / pixelMm));
    const bottom = Math.min(size, Math.ceil(size / 2 - (Math.min(p.up, q.up) - reach) / pixelMm) + 1);
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const u = (across[column] as number) - p.across;
        const v = (up[row] as number) - p.up;
        const along = flat === 0 ? 0 : (u * du + v * dv) / (flat * flat);
        // Ends are round; where pieces meet they are cut square, a little long, or their walls would show as beads.
        const t = Math.min(
          index === tube.length - 1 ? 1 : 1 + overlap,
          Math.max(index === 1 ? 0 : -overlap, along),
        );
        if (t !== along && ((along < 0 && index > 1) || (along > 1 && index < tube.length - 1))) continue;
        const chord = this.#chord(
          Math.hypot(u - t * du, v - t * dv),
          from.radius + t * (to.radius - from.radius),
          wallMm,
        );
        const i = row * size + column;
        const share = (from.share ?? 1) * (1 - t) + (to.share ?? 1) * t;
        this.#scratch[i] = Math.max(this.#scratch[i] as number, chord * stretch * share);
      }
    }
    box.top = Math.min(box.top, top);
    box.bottom = Math.max(box.bottom, bottom);
    box.left = Math.min(box.left, left);
    box.right = Math.max(box.right, right);
  }

  #column(across: number): number {
    const { name, pixelMm, size } = this.#view;
    return (name === 'frontal' ? across : -across) / pixelMm + size / 2;
  }

  /** What is thinner than a pixel is drawn as wide as one, and as much fainter. */
  #chord(distance: number, radius: number, wallMm: number | undefined): number {
    const drawn = Math.max(radius, MIN_RADIUS_PIXELS * this.#view.pixelMm);
    if (distance >= drawn) return 0;
    const outer = 2 * Math.sqrt(drawn * drawn - distance * distance) * (radius / drawn) ** 2;
    if (wallMm === undefined || radius <= wallMm) return outer;
    const inner = radius - wallMm;
    return distance >= inner ? outer : outer - 2 * Math.sqrt(inner * inner - distance * distance);
  }
}
