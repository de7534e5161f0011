/**
 * Solids and what parallel rays cut out of them. Patient axes in millimetres: x towards the patient's left, y forwards,
 * z upwards, origin in the middle of the chest. A frontal view looks along y, so the patient's left lies on the right
 * of the image, as radiographs are read; a lateral view looks along x, the front of the chest on the left of the image.
 */

export interface View {
  readonly name: 'frontal' | 'lateral';
  /** Rows and columns. */
  readonly size: number;
  readonly pixelMm: number;
  /** Of each column, mm: x in a frontal view, y in a lateral one. */
  readonly across: Float64Array;
  /** Of each row, mm: z. */
  readonly up: Float64Array;
}

const FIELD_MM = 400;

export function viewOf(name: View['name'], size: number): View {
  const pixelMm = FIELD_MM / size;
  const centred = Float64Array.from({ length: size }, (_, i) => (i + 0.5 - size / 2) * pixelMm);
  return {
    name,
    size,
    pixelMm,
    across: name === 'frontal' ? centred : centred.map((mm) => -mm),
    up: centred.map((mm) => -mm),
  };
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Where a point falls in a view: mm across and up. */
export function project({ x, y, z }: Point, view: View): { across: number; up: number } {
  return { across: view.name === 'frontal' ? x : y, up: z };
}

/** What rays cut out of a solid: [size * size] entry and exit, mm along the ray; nothing where near >= far. */
export interface Cut {
  /** First pixel that may be cut, and the one behind the last. */
  readonly begin: number;
  readonly end: number;
  readonly near: Float32Array;
  readonly far: Float32Array;
}

/** One horizontal slice of a stack: a superellipse |x/halfWidth|^n + |y/halfDepth|^n <= 1 about its centre. */
export interface Slice {
  readonly x: number;
  readonly y: number;
  readonly halfWidth: number;
  readonly halfDepth: number;
}

/** A solid of horizontal slices; no slice, nothing there. */
export type Stack = (z: number) => Slice | undefined;

/** Squareness of all slices: between an ellipse (2) and a rectangle. */
const EXPONENT = 2.4;
const ROUND_STEPS = 1024;
/** (1 - t^n)^(1/n) for t = 0 ... 1. */
const ROUND = Float64Array.from(
  { length: ROUND_STEPS + 2 },
  (_, i) => Math.max(0, 1 - (i / ROUND_STEPS) ** EXPONENT) ** (1 / EXPONENT),
);

export function cutStack(stack: Stack, view: View): Cut {
  const { size, across, up } = view;
  const slices = Array.from(up, stack);
  const first = slices.findIndex((slice) => slice !== undefined);
  const last = slices.findLastIndex((slice) => slice !== undefined);
  const cut = emptyCut(size, first, last + 1);
  for (let row = Math.max(0, first); row <= last; row++) {
    const slice = slices[row];
    if (slice === undefined) continue;
    const frontal = view.name === 'frontal';
    const [center, half, middle, reach] = frontal
      ? [slice.x, slice.halfWidth, slice.y, slice.halfDepth]
      : [slice.y, slice.halfDepth, slice.x, slice.halfWidth];
    for (let column = 0; column < size; column++) {
      const t = Math.abs((across[column] as number) - center) / half;
      if (t >= 1) continue;
      const chord = reach * rounded(t);
      cut.near[row * size + column] = middle - chord;
      cut.far[row * size + column] = middle + chord;
    }
  }
  return cut;
}

function rounded(t: number): number {
  const at = t * ROUND_STEPS;
  const i = Math.floor(at);
  const low = ROUND[i] as number;
  return low + (at - i) * ((ROUND[i + 1] as number) - low);
}

/** How far from the axis of a stack a point lies: 0 on it, 1 on the surface. */
export function depthIn(stack: Stack, { x, y, z }: Point): number {
  const slice = stack(z);
  if (slice === undefined) return Number.POSITIVE_INFINITY;
  const dx = Math.abs(x - slice.x) / slice.halfWidth;
  const dy = Math.abs(y - slice.y) / slice.halfDepth;
  return (dx ** EXPONENT + dy ** EXPONENT) ** (1 / EXPONENT);
}

export interface Ellipsoid {
  readonly center: Point;
  /** Half axes, mm. */
  readonly radii: Point;
  /** Turned in the frontal plane, radians, from the patient's left downwards. */
  readonly tilt?: number;
}

export function cutEllipsoid({ center, radii, tilt = 0 }: Ellipsoid, view: View): Cut {
  const { size, across, up } = view;
  const reach = Math.max(radii.x, radii.y, radii.z);
  const rowAt = (z: number) => Math.min(size, Math.max(0, Math.round(size / 2 - z / view.pixelMm)));
  const cut = emptyCut(size, rowAt(center.z + reach), rowAt(center.z - reach));
  // p' M p = 1 with M diagonal but for the tilt between x and z.
  const cos = Math.cos(tilt);
  const sin = Math.sin(tilt);
  const a = 1 / radii.x ** 2;
  const c = 1 / radii.z ** 2;
  const xx = a * cos * cos + c * sin * sin;
  const zz = a * sin * sin + c * cos * cos;
  const xz = (c - a) * sin * cos;
  const yy = 1 / radii.y ** 2;
  const frontal = view.name === 'frontal';
  const middle = frontal ? center.y : center.x;
  for (let row = cut.begin / size; row < cut.end / size; row++) {
    const dz = (up[row] as number) - center.z;
    for (let column = 0; column < size; column++) {
      const u = (across[column] as number) - (frontal ? center.x : center.y);
      // Along the ray: lead t^2 + 2 cross t + rest = 0.
      const lead = frontal ? yy : xx;
      const cross = frontal ? 0 : xz * dz;
      const rest = (frontal ? xx * u * u + 2 * xz * u * dz : yy * u * u) + zz * dz * dz - 1;
      const discriminant = cross * cross - lead * rest;
      if (discriminant <= 0) continue;
      const root = Math.sqrt(discriminant);
      cut.near[row * size + column] = middle + (-cross - root) / lead;
      cut.far[row * size + column] = middle + (-cross + root) / lead;
    }
  }
  return cut;
}

function emptyCut(size: number, firstRow: number, endRow: number): Cut {
  const begin = Math.max(0, firstRow) * size;
  const end = Math.max(begin, endRow * size);
  return { begin, end, near: new Float32Array(size * size), far: new Float32Array(size * size) };
}

/** mm of each ray within a solid. */
export function lengthOf({ near, far, begin, end }: Cut): Float32Array {
  const length = new Float32Array(near.length);
  for (let i = begin; i < end; i++) length[i] = Math.max(0, (far[i] as number) - (near[i] as number));
  return length;
}

/** mm of each ray within `solid` and in none of `others`. */
export function lengthOutside(solid: Cut, others: readonly Cut[]): Float32Array {
  const length = new Float32Array(solid.near.length);
  for (let i = solid.begin; i < solid.end; i++) {
    const near = solid.near[i] as number;
    const far = solid.far[i] as number;
    if (near < far) length[i] = freeLength(near, far, others, i);
  }
  return length;
}

const starts = new Float64Array(16);
const ends = new Float64Array(16);

/** Length of [near, far] outside the union of the others at one pixel: they are sorted as they come, then swept. */
function freeLength(near: number, far: number, others: readonly Cut[], pixel: number): number {
  let count = 0;
  for (const other of others) {
    const start = Math.max(near, other.near[pixel] as number);
    const end = Math.min(far, other.far[pixel] as number);
    if (start >= end) continue;
    let at = count++;
    while (at > 0 && (starts[at - 1] as number) > start) {
      starts[at] = starts[at - 1] as number;
      ends[at] = ends[at - 1] as number;
      at--;
    }
    starts[at] = start;
    ends[at] = end;
  }
  let free = 0;
  let reached = near;
  for (let k = 0; k < count; k++) {
    free += Math.max(0, (starts[k] as number) - reached);
    reached = Math.max(reached, ends[k] as number);
  }
  return free + far - reached;
}
