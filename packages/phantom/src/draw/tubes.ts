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

/** Pixels [top, bottom) x [left, right). */
interface Box {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** One straight piece of a tube as a view shows it. */
interface Piece {
  readonly from: TubePoint;
  readonly to: TubePoint;
  /** Its start, and where it leads, mm across and up. */
  readonly across: number;
  readonly up: number;
  readonly du: number;
  readonly dv: number;
  /** How far t may run: 0 to 1 where the tube ends, with round ends; a little more where the next piece joins. */
  readonly least: number;
  readonly most: number;
  readonly stretch: number;
  readonly reach: number;
}

/** Adds the attenuation of tubes to line integrals, [size * size]. */
export class TubeBrush {
  readonly #view: View;
  readonly #scratch: Float32Array;

  constructor(view: View) {
    this.#view = view;
    this.#scratch = new Float32Array(view.size ** 2);
  }

  /** Adds `weight` times the mm of each ray within the tube to `sum`. */
  draw(sum: Float32Array, tube: readonly TubePoint[], weight: number, options: TubeOptions = {}): void {
    const { size } = this.#view;
    const touched: Box = { top: size, bottom: 0, left: size, right: 0 };
    for (let i = 1; i < tube.length; i++) {
      const piece = this.#pieceOf(tube, i);
      const box = this.#boxOf(piece);
      this.#keepLongest(piece, box, options.wallMm);
      touched.top = Math.min(touched.top, box.top);
      touched.bottom = Math.max(touched.bottom, box.bottom);
      touched.left = Math.min(touched.left, box.left);
      touched.right = Math.max(touched.right, box.right);
    }
    for (let row = touched.top; row < touched.bottom; row++) {
      for (let i = row * size + touched.left; i < row * size + touched.right; i++) {
        const chord = this.#scratch[i] as number;
        if (chord === 0) continue;
        sum[i] = (sum[i] as number) + weight * chord * (options.mask?.[i] ?? 1);
        this.#scratch[i] = 0;
      }
    }
  }

  #pieceOf(tube: readonly TubePoint[], index: number): Piece {
    const from = tube[index - 1] as TubePoint;
    const to = tube[index] as TubePoint;
    const p = project(from, this.#view);
    const q = project(to, this.#view);
    const flat = Math.max(1e-3, Math.hypot(q.across - p.across, q.up - p.up));
    const length = Math.hypot(to.x - from.x, to.y - from.y, to.z - from.z);
    const reach = Math.max(from.radius, to.radius, MIN_RADIUS_PIXELS * this.#view.pixelMm);
    const overlap = (0.3 * reach) / flat;
    return {
      from,
      to,
      across: p.across,
      up: p.up,
      du: q.across - p.across,
      dv: q.up - p.up,
      least: index === 1 ? 0 : -overlap,
      most: index === tube.length - 1 ? 1 : 1 + overlap,
      stretch: Math.min(MAX_FORESHORTENING, length / flat),
      reach,
    };
  }

  #boxOf({ across, up, du, dv, reach }: Piece): Box {
    const { name, pixelMm, size } = this.#view;
    const mirror = name === 'frontal' ? 1 : -1;
    const columns = [mirror * across, mirror * (across + du)];
    const rows = [-up, -up - dv];
    const first = (mm: number[]) => Math.max(0, Math.floor((Math.min(...mm) - reach) / pixelMm + size / 2));
    const end = (mm: number[]) =>
      Math.min(size, Math.ceil((Math.max(...mm) + reach) / pixelMm + size / 2) + 1);
    return { top: first(rows), bottom: end(rows), left: first(columns), right: end(columns) };
  }

  /** Keeps the longest chord of the pieces at each pixel: where they meet, they are one tube. */
  #keepLongest(
    { from, to, across, up, du, dv, least, most, stretch }: Piece,
    box: Box,
    wallMm?: number,
  ): void {
    const { size } = this.#view;
    const square = Math.max(1e-6, du * du + dv * dv);
    for (let row = box.top; row < box.bottom; row++) {
      const v = (this.#view.up[row] as number) - up;
      for (let column = box.left; column < box.right; column++) {
        const u = (this.#view.across[column] as number) - across;
        const along = (u * du + v * dv) / square;
        // A joint is cut square: round ends of a walled tube would show as beads.
        if ((along < least && least < 0) || (along > most && most > 1)) continue;
        const t = Math.min(most, Math.max(least, along));
        const radius = from.radius + t * (to.radius - from.radius);
        const share = (from.share ?? 1) * (1 - t) + (to.share ?? 1) * t;
        const chord = share * stretch * this.#chord(Math.hypot(u - t * du, v - t * dv), radius, wallMm);
        const i = row * size + column;
        if (chord > (this.#scratch[i] as number)) this.#scratch[i] = chord;
      }
    }
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
