/** Results computed again, held against those that were published: every number and text must be the same. */

export interface Difference {
  /** `protocols.coco.all.model.CIDEr` */
  readonly path: string;
  readonly published: unknown;
  readonly recomputed: unknown;
}

/** Numbers may differ by rounding in the last places: sums are not taken in the same order on every machine. */
const TOLERANCE = 1e-9;

/** Where two JSON values differ; at most `most` places. */
export function differencesOf(published: unknown, recomputed: unknown, most = 20): Difference[] {
  const differences: Difference[] = [];
  const compare = (path: string, a: unknown, b: unknown): void => {
    if (differences.length >= most || same(a, b)) return;
    if (isTree(a) && isTree(b)) {
      const [ours, theirs] = [a as Record<string, unknown>, b as Record<string, unknown>];
      for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)]))
        compare(path === '' ? key : `${path}.${key}`, ours[key], theirs[key]);
    } else differences.push({ path, published: a, recomputed: b });
  };
  compare('', published, recomputed);
  return differences;
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
  return a === b;
}

function isTree(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
